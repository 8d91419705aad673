"""How many requests EDGAR may count within one second, whatever happens to them on the way."""

from __future__ import annotations

import asyncio
from collections import deque

from watcher.clock import Clock

__all__ = ["Window"]

_SECOND = 1.0


class Window:
    """Lets at most ``most`` requests out that can be counted within one second of ``clock`` where they arrive.

    EDGAR counts a request at some moment between its leaving and its answer. So each counts here from its leaving until
    a second after its answer began: what a busy machine or a slow network holds up cannot arrive as a burst.
    ``asked_until`` is when others may have asked last who are gone, as a Unix time: they count as well.
    """

    def __init__(self, clock: Clock, most: int, *, asked_until: float | None = None) -> None:
        self._clock = clock
        self._most = most
        self._under_way = 0
        self._answered: deque[float] = deque([] if asked_until is None else [asked_until] * most, maxlen=most)
        self._door = asyncio.Lock()  # who came first goes first
        self._freed = asyncio.Event()

    async def room(self) -> None:
        """Wait until one more may leave; `leave` must follow before anything else is awaited."""
        async with self._door:
            while (seconds := self._seconds_until_room()) != 0:
                if seconds is None:
                    self._freed.clear()
                    await self._freed.wait()
                else:
                    await self._clock.sleep(seconds)

    def leave(self) -> None:
        """Count a request that leaves now."""
        self._under_way += 1

    def answered(self) -> None:
        """Note that one is answered, or has failed."""
        self._under_way -= 1
        self._answered.append(self._clock.time())
        self._freed.set()

    def _seconds_until_room(self) -> float | None:
        """Seconds until one more may leave if nothing is answered meanwhile; None: only then."""
        free = self._most - self._under_way
        if free <= 0:
            return None
        now = self._clock.time()
        # What lies in the future was noted before the clock was set back.
        counted = [at for at in self._answered if at <= now < at + _SECOND]
        return counted[-free] + _SECOND - now if len(counted) >= free else 0
