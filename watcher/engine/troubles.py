"""What went wrong with jobs: how it is told, and how long such a job rests. The same in every engine."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection

from watcher.engine.port import Job, JobKind
from watcher.errors import StoreError

__all__ = ["REST_SECONDS", "Due", "Troubles"]

log = logging.getLogger(__name__)

# (kind, how many at most, keys not to be given) -> keys of jobs that are due. Must see what committed before the call.
Due = Callable[[JobKind, int, Collection[str]], Awaitable[tuple[str, ...]]]

# A job that raised met a trouble of ours, such as a full disk; its filing is not to blame and is not counted. It rests,
# each time twice as long.
REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0


class Troubles:
    """The jobs that raised and were not done since, and the kinds that the store cannot be asked about."""

    def __init__(self, rest_seconds: float = REST_SECONDS) -> None:
        self._rest_seconds = rest_seconds
        self.failures = 0  # since the start
        self._failed: dict[Job, int] = {}  # how often in a row
        self._refused: set[Job] = set()  # of these, those that the store is to blame for
        self._unanswered: set[JobKind] = set()
        self._text = ""

    @property
    def is_any(self) -> bool:
        """Whether there is trouble now."""
        return bool(self._failed or self._unanswered)

    @property
    def text(self) -> str:
        """The last trouble in words, while there is any."""
        return self._text if self.is_any else ""

    @property
    def failed(self) -> Collection[Job]:
        """The jobs whose last run raised."""
        return self._failed.keys()

    async def ask(self, due: Due, kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
        """Ask what is due; nothing is, while the store cannot be asked."""
        try:
            keys = await due(kind, limit, busy)
        except StoreError as error:
            # A full disk passes; the next tick asks again.
            if kind not in self._unanswered:
                log.error("the store cannot be asked what is due", extra={"job": kind, "reason": str(error)})
            self._unanswered.add(kind)
            self._text = str(error)
            return ()
        if kind in self._unanswered:
            log.info("the store can be asked what is due again", extra={"job": kind})
            self._unanswered.remove(kind)
        return keys

    def note_failure(self, job: Job, error: Exception, times: int = 0) -> float:
        """Tell of it, and return for how many seconds the job rests. ``times`` in a row, or as often as noted here."""
        self.failures += 1
        refusal = _refusal(error)
        self._text = str(refusal or f"{type(error).__name__}: {error}")
        self._failed[job] = times = times or self._failed.get(job, 0) + 1
        rest: float = min(self._rest_seconds * 2 ** min(times - 1, 10), LONGEST_REST_SECONDS)
        if refusal is None:
            self._note_taken(job)
            subject = "accession" if job.kind is JobKind.FILING else "endpoint"
            facts = {"job": job.kind, subject: job.key, "rest_seconds": rest}
            log.error("job failed; it will be handed out again", extra=facts, exc_info=error if times == 1 else None)
            return rest
        # Told once for all jobs: a disk that stays full must not fill what is left of it with words.
        if not self._refused:
            reason = {"reason": self._text}
            log.error("the store does not take what is done; jobs are handed out again", extra=reason)
        self._refused.add(job)
        return rest

    def note_done(self, job: Job) -> None:
        """It was done, here or elsewhere."""
        self._failed.pop(job, None)
        self._note_taken(job)

    def _note_taken(self, job: Job) -> None:
        if job in self._refused:
            self._refused.remove(job)
            if not self._refused:
                log.info("the store takes what is done again")


def _refusal(error: Exception) -> StoreError | None:
    """The store's own error, alone or as a group of tasks tells it; None when something else is wrong, too."""
    if isinstance(error, ExceptionGroup):
        refusals = [_refusal(one) for one in error.exceptions]
        return refusals[0] if all(refusals) else None
    return error if isinstance(error, StoreError) else None
