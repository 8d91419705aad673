"""Who spots: of the daemons that share a store, one at a time. Alone with its store, a daemon always does.

The right to it is a lock of the database's own, which ends with the connection that has it, however that ends. Whoever
has it looks every half second whether it still does, and stops before anybody else begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from watcher.errors import StoreError
from watcher.store.database import Store
from watcher.store.postgresql import SpotterLock
from watcher.tasks import end_loops

__all__ = ["LOOK_SECONDS", "Leader"]

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
ANSWER_SECONDS = 1.0  # a server that takes longer to say who has the lock counts as gone
# From when the lock was had until it is used: whoever had it before has noticed by then, and stopped.
GRACE_SECONDS = LOOK_SECONDS + ANSWER_SECONDS + 0.5


class Leader:
    """``is_leading``: whether this daemon spots for all."""

    def __init__(self, store: Store) -> None:
        self._lock = SpotterLock(store.url, ANSWER_SECONDS) if store.is_shared else None
        self._is_away = False
        self.is_leading = self._lock is None

    async def run(self, lead: Callable[[], Coroutine[None, None, None]]) -> None:
        """Await ``lead`` whenever it is this daemon's turn, cancelled when that ends; until cancelled."""
        if self._lock is None:
            await lead()
            return
        try:
            while True:
                await self._until_had()
                await asyncio.sleep(GRACE_SECONDS)
                if await self._is_had():
                    await self._lead(lead)
        finally:
            await self._lock.release()

    async def try_to_lead(self) -> bool:
        """Take the turn if nobody has it, for as long as this process lasts or until `release`."""
        if self._lock is not None and not self.is_leading:
            self.is_leading = await self._is_had()
        return self.is_leading

    async def release(self) -> None:
        """Let another one spot. May be called at any time."""
        if self._lock is not None:
            self.is_leading = False
            await self._lock.release()

    async def _lead(self, lead: Callable[[], Coroutine[None, None, None]]) -> None:
        log.info("this daemon spots filings now, for all that share the store")
        self.is_leading = True
        leading = asyncio.create_task(lead())
        try:
            while await self._is_had():
                done, _ = await asyncio.wait({leading}, timeout=LOOK_SECONDS)
                if done:
                    leading.result()  # it does not end by itself but by an error
                    return
            log.warning("another daemon may spot filings now: the lock for it was lost")
        finally:
            self.is_leading = False
            await end_loops([leading])

    async def _until_had(self) -> None:
        # Who has the lock is a question to the server, not an event.
        while not await self._is_had():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_had(self) -> bool:
        if self._lock is None:
            return True
        try:
            had = await self._lock.is_had()
        except StoreError as error:
            if not self._is_away:
                log.error("cannot ask who spots filings", extra={"reason": str(error)})
            self._is_away = True
            return False
        self._is_away = False
        return had
