"""What is done each night: what receivers answered is not kept for ever."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta

from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK
from watcher.errors import StoreError
from watcher.store import deliveries
from watcher.store.database import Store

__all__ = ["forget_old_answers", "keep_house", "seconds_until_night"]

log = logging.getLogger(__name__)

_NIGHT = time(3, 10)  # in New York: EDGAR is closed, and the evening's audit is over
_AT_ONCE = 5_000  # in one transaction, so that nobody else waits for long


async def keep_house(store: Store, clock: Clock, keep_days: float) -> None:
    """Do it at the start and each night, until cancelled."""
    while True:
        try:
            await forget_old_answers(store, clock.now() - timedelta(days=keep_days))
        except StoreError as error:
            log.error("old answers cannot be dropped; next night again", extra={"reason": str(error)})
        await clock.sleep(seconds_until_night(clock.now()))


async def forget_old_answers(store: Store, before: datetime) -> int:
    """Drop what receivers answered to deliveries that were settled before then; return to how many attempts.

    Raises ``StoreError``.
    """
    dropped = 0
    while count := await store.write(deliveries.forget_answers, before, _AT_ONCE):
        dropped += count
    if dropped:
        log.info("old answers dropped", extra={"attempts": dropped})
    return dropped


def seconds_until_night(now: datetime) -> float:
    """Seconds until it is the next time ten past three in New York."""
    here = now.astimezone(NEW_YORK)
    night = datetime.combine(here.date(), _NIGHT, NEW_YORK)
    if night <= here:
        night = datetime.combine(here.date() + timedelta(days=1), _NIGHT, NEW_YORK)
    return (night.astimezone(UTC) - now).total_seconds()
