"""The embedded engine: one process, fed from the store.

Nothing is kept in memory but what runs now. What is due is asked of the store whenever something was submitted or
ended, and once a second besides, so a crash at any point costs that second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

from sqlalchemy import Connection

from watcher.engine.port import EngineHealth, Job, JobKind, Work
from watcher.errors import StoreError

__all__ = ["Due", "EmbeddedEngine"]

log = logging.getLogger(__name__)

# (kind, how many at most, keys that run now) -> keys of jobs that are due. Must see what committed before the call.
Due = Callable[[JobKind, int, Collection[str]], Awaitable[tuple[str, ...]]]

TICK_SECONDS = 1.0
# A job that raised met a trouble of ours, such as a full disk; its filing is not to blame and is not counted. It rests,
# each time twice as long.
REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 300.0


class EmbeddedEngine:
    """Runs jobs as tasks of the daemon's own loop. ``slots`` is how many of each kind run at once."""

    def __init__(
        self,
        due: Due,
        slots: Mapping[JobKind, int],
        *,
        tick_seconds: float = TICK_SECONDS,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._due = due
        self._slots = slots
        self._tick_seconds = tick_seconds
        self._rest_seconds = rest_seconds
        self._running: dict[Job, asyncio.Task[None]] = {}
        self._resting: dict[Job, float] = {}
        self._failed: dict[Job, int] = {}  # how often in a row
        self._refused: set[Job] = set()  # of these, those that the store is to blame for
        self._unanswered: set[JobKind] = set()
        self._trouble = ""
        self._wake = {kind: asyncio.Event() for kind in JobKind}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failures = 0
        self._is_stopping = False
        self._grace_seconds = 0.0

    def submit(self, job: Job, connection: Connection | None = None) -> None:
        """Wake the engine. The row that says what is owed is the job itself, so nothing else is written.

        Inside a transaction this may wake it early; `Due` then waits its turn behind the transaction.
        """
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._wake[job.kind].set)

    async def work(self, do: Work) -> None:
        """Hand out jobs until stopped, then wait for those that run."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                for kind in JobKind:
                    group.create_task(self._feed(kind, do))
            await self._drain()
        finally:
            await _end(self._running.values())
            self._loop = None

    def health(self) -> EngineHealth:
        """Tell what runs now."""
        is_in_trouble = bool(self._failed or self._unanswered)
        trouble = self._trouble if is_in_trouble else ""
        return EngineHealth(tuple(self._running), self._failures, self._is_stopping, is_in_trouble, trouble)

    async def stop(self, seconds: float) -> None:
        """Hand out nothing more; ``work`` returns when what runs has ended, or was cancelled after ``seconds``."""
        self._grace_seconds = seconds
        self._is_stopping = True
        for event in self._wake.values():
            event.set()

    async def _feed(self, kind: JobKind, do: Work) -> None:
        while not self._is_stopping:
            self._wake[kind].clear()
            busy = {job.key for job in (*self._running, *self._rested()) if job.kind is kind}
            free = self._slots[kind] - sum(job.kind is kind for job in self._running)
            for key in await self._ask(kind, free, busy):
                # Asking took its time, in which the engine may have been told to stop.
                if not self._is_stopping:
                    job = Job(kind, key)
                    self._running[job] = asyncio.create_task(self._do(job, do), name=f"{kind} {key}")
            try:
                async with asyncio.timeout(self._tick_seconds):
                    await self._wake[kind].wait()
            except TimeoutError:
                continue

    async def _ask(self, kind: JobKind, free: int, busy: Collection[str]) -> tuple[str, ...]:
        if free <= 0:
            return ()
        try:
            keys = await self._due(kind, free, busy)
        except StoreError as error:
            # A full disk passes; the next tick asks again.
            if kind not in self._unanswered:
                log.error("the store cannot be asked what is due", extra={"job": kind, "reason": str(error)})
            self._unanswered.add(kind)
            self._trouble = str(error)
            return ()
        if kind in self._unanswered:
            log.info("the store can be asked what is due again", extra={"job": kind})
            self._unanswered.remove(kind)
        return keys

    async def _do(self, job: Job, do: Work) -> None:
        try:
            await do(job)
        except Exception as error:  # noqa: BLE001  # told below
            # The border between handing out and doing: one job's trouble must not end the others.
            self._note_failure(job, error)
        else:
            self._failed.pop(job, None)
            self._note_taken(job)
        finally:
            self._running.pop(job, None)
            self._wake[job.kind].set()

    def _note_failure(self, job: Job, error: Exception) -> None:
        self._failures += 1
        refusal = _refusal(error)
        self._trouble = str(refusal or f"{type(error).__name__}: {error}")
        self._failed[job] = times = self._failed.get(job, 0) + 1
        rest = min(self._rest_seconds * 2 ** (times - 1), LONGEST_REST_SECONDS)
        self._resting[job] = time.monotonic() + rest
        if refusal is None:
            self._note_taken(job)
            subject = "accession" if job.kind is JobKind.FILING else "endpoint"
            facts = {"job": job.kind, subject: job.key, "rest_seconds": rest}
            log.error("job failed; it will be handed out again", extra=facts, exc_info=error if times == 1 else None)
            return
        # Told once for all jobs: a disk that stays full must not fill what is left of it with words.
        if not self._refused:
            reason = {"reason": self._trouble}
            log.error("the store does not take what is done; jobs are handed out again", extra=reason)
        self._refused.add(job)

    def _note_taken(self, job: Job) -> None:
        if job in self._refused:
            self._refused.remove(job)
            if not self._refused:
                log.info("the store takes what is done again")

    def _rested(self) -> tuple[Job, ...]:
        """The jobs that still rest after a failure."""
        now = time.monotonic()
        self._resting = {job: until for job, until in self._resting.items() if until > now}
        return tuple(self._resting)

    async def _drain(self) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running.values(), timeout=self._grace_seconds)
        await _end(late)


def _refusal(error: Exception) -> StoreError | None:
    """The store's own error, alone or as a group of tasks tells it; None when something else is wrong, too."""
    if isinstance(error, ExceptionGroup):
        refusals = [_refusal(one) for one in error.exceptions]
        return refusals[0] if all(refusals) else None
    return error if isinstance(error, StoreError) else None


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them, and return when they have ended: what they use may be closed next."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
