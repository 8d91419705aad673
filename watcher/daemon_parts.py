"""What a daemon is made of, each from the settings."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from pathlib import Path

from watcher.clock import Clock, shared_clock
from watcher.disk import in_words
from watcher.edgar.client import EdgarClient
from watcher.errors import StoreError
from watcher.lock import StoreLock
from watcher.logs import LogForm
from watcher.meters import Meters
from watcher.minding import BLOCKED_KEY
from watcher.ready import Ready
from watcher.settings import EdgarSettings, Settings
from watcher.sharing import SharedLimit
from watcher.store.database import Store, get_meta
from watcher.workers import Bounds, Workers

__all__ = ["clock_of", "make_client", "make_folder", "make_workers"]

log = logging.getLogger(__name__)

MEGABYTE = 2**20


async def clock_of(edgar: EdgarSettings) -> Clock:
    """Return the clock by which everything runs. Asked again at each start, a simulator tells the same one."""
    if edgar.clock == "real":
        return Clock()
    clock = await asyncio.to_thread(shared_clock, edgar.base_url)
    log.warning("on the simulator's clock", extra={"now": clock.now(), "scale": clock.scale})
    return clock


def make_client(settings: Settings, store: Store, clock: Clock, lock: StoreLock, meters: Meters) -> EdgarClient | None:
    """Return the way to EDGAR; None while no contact is configured."""
    edgar = settings.edgar
    if not edgar.contact:
        return None
    # A restart must not end the silence that EDGAR asked for.
    blocked = store.read_now(get_meta, BLOCKED_KEY)
    # When the process that had the data folder before may have asked last: the limit counts over both.
    idle = lock.idle_seconds
    return EdgarClient(
        contact=edgar.contact,
        clock=clock,
        base_url=edgar.base_url,
        requests_per_second=edgar.requests_per_second,
        max_bytes=settings.limits.submission_megabytes * MEGABYTE,
        blocked_until=datetime.fromisoformat(blocked) if blocked else None,
        meters=meters,
        asked_until=None if idle is None else clock.now() - timedelta(seconds=idle * clock.scale),
        shared=SharedLimit(store, clock, edgar.requests_per_second).turn if store.is_shared else None,
    )


def make_folder(folder: Path) -> None:
    """Make the data folder, also where the store lies elsewhere. Raises ``StoreError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {in_words(error)}") from error


def make_workers(ready: Ready, meters: Meters) -> Workers:
    """Return the processes that read filings."""
    limits, log_settings = ready.settings.limits, ready.settings.log
    return Workers(
        ready.spec,
        count=limits.workers,
        bounds=Bounds(limits.handle_seconds, limits.memory_megabytes),
        log=LogForm(log_settings.level, log_settings.format),
        meters=meters,
    )
