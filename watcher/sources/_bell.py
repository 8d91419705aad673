"""Wakes who waits: at an instant of the clock, whenever a cron expression says, or when somebody rings."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self

from watcher.clock import Clock
from watcher.schedule import Scheduler

__all__ = ["Bell"]

# Real ones, after which the clock is looked at again: it may have been set meanwhile, or the machine have slept.
LOOK_SECONDS = 30.0


class Bell:
    """One waiter's bell. It only rings: what is then done is the waiter's own to end. Works inside ``with``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()
        self._scheduler = Scheduler()

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._scheduler.stop()

    def by_cron(self, expression: str) -> None:
        """Ring whenever the cron expression says. Raises ``ValueError``."""
        self._scheduler.by_cron(expression, "cron", self._ring)

    def ring(self) -> None:
        """Wake the waiter now, or let it not begin to wait."""
        self._rung.set()

    def forget(self) -> None:
        """Take back what rang until now."""
        self._rung.clear()

    async def wait(self, until: datetime | None = None, *, since: datetime | None = None) -> None:
        """Wait until it rings: at this instant at the latest, if one is given.

        ``since`` is the instant that ``until`` was reckoned from: the wait is no longer than from one to the other,
        though the clock was set back after it.
        """
        if until is None:
            await self._rung.wait()
        else:
            await self._wait_until(until, since or self._clock.now())
        self._rung.clear()

    async def _wait_until(self, until: datetime, since: datetime) -> None:
        """Wait as long as it was to be, or until the clock shows it: one that was set back shows it hours late."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + min(self._real(until - since), self._left(until))
        while not self._rung.is_set() and (left := min(ends_at - loop.time(), self._left(until))) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await self._rung.wait()

    def _left(self, until: datetime) -> float:
        return self._real(until - self._clock.now())

    def _real(self, wait: timedelta) -> float:
        return self._clock.real_seconds(wait.total_seconds())

    async def _ring(self) -> None:
        self.ring()
