"""Noting attempts in the store: all that ended while one transaction was written go into the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from watcher.store import settling
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.settling import Settled, Settlement

__all__ = ["Noting"]

_Waiting = tuple[Settled, "asyncio.Future[Settlement]"]


class Noting:
    """Writes what attempts came to. A disk that is slow to confirm makes transactions larger, not deliveries slower."""

    def __init__(self, store: Store, owner: Callable[[], Owner]) -> None:
        self._store = store
        self._owner = owner
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    def note(self, settled: Settled) -> asyncio.Future[Settlement]:
        """Have it written; the future is done when it is on the disk, or has the error, such as ``StoreError``."""
        future: asyncio.Future[Settlement] = asyncio.get_running_loop().create_future()
        self._waiting.append((settled, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="noting")
        return future

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                if not await self._write_batch(batch):
                    # Perhaps one of them cannot be noted: it must not keep the others from it.
                    for one in batch:
                        await self._write_batch([one], is_last_try=True)
        finally:
            self._writing = None
            for _, future in self._waiting:
                future.cancel()  # when this is cancelled: nobody would ever hear of them

    async def _write_batch(self, batch: Sequence[_Waiting], *, is_last_try: bool = False) -> bool:
        try:
            settlements = await self._store.write(settling.settle_all, [one for one, _ in batch], self._owner())
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told to those who wait, who would wait for ever
            if is_last_try or len(batch) == 1:
                _refuse(batch, error)
                return True
            return False
        for (_, future), settlement in zip(batch, settlements, strict=True):
            if not future.done():
                future.set_result(settlement)
        return True


def _refuse(batch: Sequence[_Waiting], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
