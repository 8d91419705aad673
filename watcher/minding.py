"""What a daemon must not lose: its store's own files, EDGAR's silence when it is started again, and the time of day."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from watcher.clock import Clock
from watcher.edgar.client import EdgarClient
from watcher.errors import StoreError
from watcher.lock import StoreLock
from watcher.store.clock_set_back import bring_forward
from watcher.store.database import Store, set_meta

__all__ = ["BLOCKED_KEY", "Minder"]

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
BLOCKED_KEY = "edgar.blocked_until"


class Minder:
    """``stop`` is called once the store was taken away; ``ruin`` then says how."""

    def __init__(
        self, *, store: Store, lock: StoreLock, clock: Clock, edgar: EdgarClient | None, stop: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._showed = math.inf  # what the clock showed at the last look; before the first one it may have been ahead
        self._lock = lock
        self._edgar = edgar
        self._stop = stop
        self.ruin = ""

    async def look_after(self) -> None:
        """Watch over the store's own files and the clock, until cancelled."""
        while True:
            await self._watch_over_clock()
            await asyncio.sleep(LOOK_SECONDS)
            await self._watch_over_files()

    async def note_blocks(self, edgar: EdgarClient) -> None:
        """Keep each block for the next start, as soon as it is there: who is killed then must not ask EDGAR again."""
        while True:
            await edgar.silenced.wait()
            edgar.silenced.clear()
            if not await self.note_block():
                await asyncio.sleep(LOOK_SECONDS)
                edgar.silenced.set()

    async def note_block(self) -> bool:
        """Keep a block that lasts for the next start; False when the store would not take it."""
        blocked = self._edgar.blocked_until if self._edgar is not None else None
        try:
            if blocked is not None:
                await self._store.write(set_meta, BLOCKED_KEY, blocked.isoformat())
        except StoreError as error:
            log.error("block cannot be noted", extra={"reason": str(error)})
            return False
        return True

    async def _watch_over_clock(self) -> None:
        """Have nothing wait for a clock that was ahead, and was set back: now, or while no daemon ran."""
        shows, showed = self._clock.time(), self._showed
        if shows < showed:
            if showed < math.inf:
                log.warning("the clock was set back", extra={"seconds": round(showed - shows)})
            try:
                brought = await self._store.write(bring_forward, self._clock.now())
            except StoreError as error:
                log.error("what waits for the clock cannot be had", extra={"reason": str(error)})
                return  # and is asked for at the next look
            if brought:
                log.info("what waited for a clock that was ahead is due now", extra={"count": brought})
        self._showed = shows

    async def _watch_over_files(self) -> None:
        """Stop when the database or its lock file was deleted or replaced: what is written now would be lost."""
        for what, is_in_place in (("database", self._store.is_in_place), ("lock file", self._lock.is_in_place)):
            if not self.ruin and not await asyncio.to_thread(is_in_place):
                self.ruin = f"{self._store.name}: its {what} was deleted or replaced while in use; start again"
                log.critical("stopping: the store was taken away", extra={"reason": self.ruin})
                self._stop()
