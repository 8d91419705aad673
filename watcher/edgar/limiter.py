"""When a request may leave: in its turn, and not at all while EDGAR wants silence. One limiter serves all hosts."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

from watcher.clock import Clock
from watcher.errors import BlockedError

__all__ = ["BLOCK_SECONDS", "LONGEST_SILENCE_SECONDS", "MAX_REQUESTS_PER_SECOND", "Limiter", "backoff_seconds"]

MAX_REQUESTS_PER_SECOND = 10.0  # the SEC's own limit, over all hosts and all machines of one user
BLOCK_SECONDS = 600.0  # what the block page says; asking earlier prolongs it
LONGEST_SILENCE_SECONDS = 1_800.0  # a Retry-After beyond it is a mistake that would stop us for a day


class Limiter:
    """Gives each request its turn, evenly apart, and refuses all of them in a silence.

    ``silent_until`` is that of a limiter before this one. All times are of ``clock``.
    """

    def __init__(self, clock: Clock, requests_per_second: float, *, silent_until: datetime | None = None) -> None:
        if not 0 < requests_per_second <= MAX_REQUESTS_PER_SECOND:
            raise ValueError(f"requests_per_second: expected more than 0 and at most 10, came {requests_per_second}")
        if silent_until is not None and silent_until.tzinfo is None:
            raise ValueError(f"blocked_until: expected a time with a zone, came {silent_until}")
        self._clock = clock
        self._interval = 1.0 / requests_per_second
        self._next_slot = 0.0
        self._waiting = 0
        self._silent_until = silent_until.timestamp() if silent_until is not None else 0.0
        self._silence_seconds = LONGEST_SILENCE_SECONDS
        self._reason = "EDGAR blocked us before this start"

    @property
    def silent_until(self) -> datetime | None:
        """Until when every request is refused; None when EDGAR may be asked."""
        remaining = self._silent_until - self._clock.time()
        if not 0 < remaining <= self._silence_seconds:  # more than that: the clock was set back
            return None
        return datetime.fromtimestamp(self._silent_until, UTC)

    def silence(self, seconds: float, reason: str) -> None:
        """Refuse every request for so many seconds, half an hour at most. Ends no silence that lasts longer."""
        seconds = min(seconds, LONGEST_SILENCE_SECONDS)
        until = self._clock.time() + seconds
        if self.silent_until is not None and self._silent_until >= until:
            return
        self._silent_until, self._silence_seconds, self._reason = until, seconds, reason

    async def turn(self) -> None:
        """Wait for this request's turn. Raises ``BlockedError`` in a silence, also in one that began meanwhile."""
        # At once, so that nobody queues up for the end of a silence.
        self._refuse_in_silence()
        now = self._clock.time()
        # Never later than the queue is long: a clock that was set back must not stop us for as long.
        slot = min(max(self._next_slot, now), now + (self._waiting + 1) * self._interval)
        self._next_slot = slot + self._interval
        self._waiting += 1
        try:
            await self._clock.sleep(slot - now)
        finally:
            self._waiting -= 1
        self._refuse_in_silence()

    def _refuse_in_silence(self) -> None:
        until = self.silent_until
        if until is not None:
            raise BlockedError(f"{self._reason}; nothing is asked until {until:%Y-%m-%dT%H:%M:%SZ}")


def backoff_seconds(
    failures: int, *, first: float = 30.0, longest: float = 600.0, draw: Callable[[], float] = random.random
) -> float:
    """Return how long to wait after so many failures in a row, from 1: each time twice as long, up to ``longest``.

    Somewhere in the upper half of it, by ``draw`` (0 to 1), so that programs that failed together do not come back
    together.
    """
    whole = min(longest, first * 2.0 ** min(failures - 1, 60))
    return whole * (0.5 + draw() / 2)
