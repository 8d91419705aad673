"""Wakes who waits: at an instant of the clock, whenever a cron expression says, or when somebody rings."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Self

from watcher.clock import Clock
from watcher.schedule import Scheduler

__all__ = ["Bell"]


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

    async def wait(self, until: datetime | None = None) -> None:
        """Wait until it rings: at this instant at the latest, if one is given."""
        if until is not None:
            seconds = (until - self._clock.now()).total_seconds()
            self._scheduler.after(self._clock.real_seconds(seconds), "instant", self._ring)
        await self._rung.wait()
        self._rung.clear()

    async def _ring(self) -> None:
        self.ring()
