"""Keeps the disk within its bound: takes away what is old, in small portions, and tells what went.

Oldest first, raw filings before reports; never what is owed or failed, nor a filing's own row (`store.retention`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from watcher.clock import Clock
from watcher.disk import GIGABYTE, Disk
from watcher.errors import StoreError
from watcher.meters import Meters
from watcher.settings.retention import RetentionSettings
from watcher.store import retention, standing
from watcher.store.database import Store
from watcher.store.retention import Kind

__all__ = ["Retention", "due_before"]

log = logging.getLogger(__name__)

LOOK_SECONDS = 3_600.0
PORTION = 50  # in one transaction, so that nobody waits for long
PAUSE_SECONDS = 0.05


def due_before(settings: RetentionSettings, now: datetime) -> dict[Kind, datetime]:
    """Return the instant before which what was spotted goes, by kind; a kind that is kept for ever is not there."""
    days = {Kind.RAW: settings.days_of_raw, Kind.REPORT: settings.reports_days}
    return {kind: now - timedelta(days=kept) for kind, kept in days.items() if kept}


class Retention:
    """Cleans one store and its archive."""

    def __init__(self, settings: RetentionSettings, *, store: Store, disk: Disk, clock: Clock, meters: Meters) -> None:
        self._settings = settings
        self._store = store
        self._disk = disk
        self._clock = clock
        self._meters = meters
        self._is_over_told = False

    async def run(self) -> None:
        """Measure and clean at the start and each hour, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._disk.measure)
                await self.clean()
            except (StoreError, OSError) as error:
                log.error("what is old cannot be taken away; tried again", extra={"reason": str(error)})
            await self._clock.sleep(LOOK_SECONDS)

    async def clean(self) -> Counter[Kind]:
        """Take away what is due by age, then what exceeds the bound; return how many of each kind went.

        Raises ``StoreError``, and ``OSError`` for a file that cannot be deleted.
        """
        gone: Counter[Kind] = Counter()
        for kind, before in due_before(self._settings, self._clock.now()).items():
            gone[kind] += await self._drop(kind, before, _never)
        if self._settings.max_gigabytes:
            for kind in Kind:
                gone[kind] += await self._drop(kind, None, self._is_within_bound)
            await self._tell_bound()
        if gone.total():
            log.info("old ones taken away", extra={kind.value: gone[kind] for kind in Kind})
        return +gone

    async def _drop(self, kind: Kind, before: datetime | None, is_enough: Callable[[], Awaitable[bool]]) -> int:
        """Drop portion after portion until nothing is left that may go, or it is enough."""
        count, after = 0, None
        while not await is_enough():
            some = await self._store.read(retention.find_old, kind, before, after, PORTION)
            after = some.after
            if after is None:
                break
            count += await self._drop_some(kind, some.accessions) if some.accessions else 0
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    async def _drop_some(self, kind: Kind, accessions: Sequence[str]) -> int:
        now = self._clock.now()
        dropped = await self._store.write(retention.drop, kind, accessions, self._disk.archive, now)
        for accession in dropped.accessions:
            log.debug("taken away", extra={"accession": accession, "what": kind.value})
        if kind is Kind.RAW and self._disk.archive_bytes is not None:
            self._disk.archive_bytes = max(0, self._disk.archive_bytes - dropped.bytes)
        self._meters.removed(kind.value, len(dropped.accessions), dropped.bytes)
        return len(dropped.accessions)

    async def _is_within_bound(self) -> bool:
        if self._disk.archive_bytes is None:
            await asyncio.to_thread(self._disk.measure)
        taken = (self._disk.archive_bytes or 0) + await self._store.read(standing.used_bytes)
        return taken <= self._settings.max_gigabytes * GIGABYTE

    async def _tell_bound(self) -> None:
        """Say once that all that may go has gone, and it is not enough."""
        is_over = not await self._is_within_bound()
        if is_over and not self._is_over_told:
            bound = {"max_gigabytes": self._settings.max_gigabytes}
            log.warning("what must be kept takes more than retention.max_gigabytes", extra=bound)
        self._is_over_told = is_over


async def _never() -> bool:
    return False
