"""Wakes who waits: at an instant of the clock, or when somebody rings."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from watcher.clock import Clock

__all__ = ["Bell"]

# Real ones, after which the clock is looked at again: it may have been set meanwhile, or the machine have slept.
LOOK_SECONDS = 30.0


class Bell:
    """One waiter's bell. It only rings: what is then done is the waiter's own to end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter now, or let it not begin to wait."""
        self._rung.set()

    async def wait(self, until: datetime, *, since: datetime | None = None) -> None:
        """Wait until it rings: at this instant at the latest.

        ``since`` is the instant that ``until`` was reckoned from: the wait is no longer than from one to the other,
        though the clock was set back after it, and would show it hours late.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + min(self._real(until - (since or self._clock.now())), self._left(until))
        while not self._rung.is_set() and (left := min(ends_at - loop.time(), self._left(until))) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await self._rung.wait()
        self._rung.clear()

    def _left(self, until: datetime) -> float:
        return self._real(until - self._clock.now())

    def _real(self, wait: timedelta) -> float:
        return self._clock.real_seconds(wait.total_seconds())
