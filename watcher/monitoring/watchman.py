"""Watches over the watcher: what would be silence is told to its operator, when it begins and when it is over.

What is wrong is a pure function of what is known (`wrong_now`); the telling goes by the outbox, like any alert.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK, is_business_day
from watcher.errors import StoreError
from watcher.store import alarms
from watcher.store.database import Store
from watcher.tasks import wait

__all__ = ["Knowledge", "Watchman", "busy_minutes_between", "wrong_now"]

log = logging.getLogger(__name__)

KINDS = ("quiet", "blocked", "outage", "audit", "rules", "settings", "disk")
LOOK_SECONDS = 30.0
OUTAGE_MINUTES = 10.0
# EDGAR shows 8-Ks from 06:00; what is accepted after 17:30 is held until the next morning, so an evening is quiet.
_BUSY_FROM, _BUSY_UNTIL = time(6, 0), time(17, 30)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of the sources. Instants are aware; None means never, or not now."""

    is_polling: bool = False
    newest_listed_at: datetime | None = None  # when a list of EDGAR last brought a filing that was new
    blocked_until: datetime | None = None
    failing_since: datetime | None = None
    failure: str = ""
    missed_audits: tuple[date, ...] = ()  # business days whose index should be there, and was not read
    rules: str = ""  # why the rule files as they stand are not in force
    settings: str = ""  # why the settings, read again for their endpoints, are not in force
    disk: str = ""  # how little is free on the disk


def wrong_now(known: Knowledge, now: datetime, *, quiet_minutes: float) -> dict[str, str]:
    """Return what the operator should be told now: a sentence by kind. ``quiet_minutes`` of 0 is never quiet."""
    wrong: dict[str, str] = {}
    if known.blocked_until is not None:
        wrong["blocked"] = f"EDGAR blocks us: nothing is asked until {known.blocked_until:%Y-%m-%d %H:%M} UTC"
    if known.failing_since is not None and now - known.failing_since >= timedelta(minutes=OUTAGE_MINUTES):
        wrong["outage"] = f"EDGAR cannot be polled since {known.failing_since:%Y-%m-%d %H:%M} UTC: {known.failure}"
    if known.missed_audits:
        days = ", ".join(day.isoformat() for day in known.missed_audits)
        wrong["audit"] = f"not compared with EDGAR's index yet: {days}"
    if known.rules:
        wrong["rules"] = known.rules
    if known.settings:
        wrong["settings"] = known.settings
    if known.disk:
        wrong["disk"] = known.disk
    if quiet_minutes and known.is_polling and known.newest_listed_at is not None:
        minutes = busy_minutes_between(known.newest_listed_at, now)
        if minutes >= quiet_minutes:
            wrong["quiet"] = f"no new 8-K for {minutes:.0f} minutes of EDGAR's busy hours (06:00 to 17:30 in New York)"
    return wrong


def busy_minutes_between(start: datetime, end: datetime) -> float:
    """Count the minutes between two instants in which 8-Ks appear on EDGAR: 06:00 to 17:30, on business days."""
    minutes = 0.0
    day, last = start.astimezone(NEW_YORK).date(), end.astimezone(NEW_YORK).date()
    while day <= last:
        if is_business_day(day):
            opens = datetime.combine(day, _BUSY_FROM, NEW_YORK).astimezone(UTC)
            closes = datetime.combine(day, _BUSY_UNTIL, NEW_YORK).astimezone(UTC)
            minutes += max(0.0, (min(end, closes) - max(start, opens)).total_seconds() / 60)
        day += timedelta(days=1)
    return minutes


class Watchman:
    """Looks each half minute and when asked, and tells what began and what is over.

    ``owed`` is called with each endpoint to tell.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        look: Callable[[], Awaitable[Knowledge]],
        owed: Callable[[str], None],
        endpoints: Callable[[], tuple[str, ...]],
        quiet_minutes: float,
        url: Callable[[], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._look = look
        self._owed = owed
        self._endpoints = endpoints
        self._quiet_minutes = quiet_minutes
        self._url = url
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it look now, as something may have gone wrong."""
        self._asked.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._asked.clear()
            try:
                await self.look()
            except StoreError as error:
                # A full disk, say: looked at again, and what is wrong by then is told by then.
                log.error("alarms cannot be kept", extra={"reason": str(error)})
            await wait(self._asked, self._clock.real_seconds(LOOK_SECONDS))

    async def look(self) -> None:
        """Begin and end alarms as things stand now. Raises ``StoreError``."""
        now = self._clock.now()
        wrong = wrong_now(await self._look(), now, quiet_minutes=self._quiet_minutes)
        is_open = {one.kind: one for one in await self._store.read(alarms.find_open)}
        whom, url = self._endpoints(), self._url()
        for kind, text in wrong.items():
            if kind not in is_open:
                log.error("alarm", extra={"kind": kind, "reason": text})
                self._tell(await self._store.write(alarms.begin, kind, text, now, endpoints=whom, url=url))
        for kind in is_open.keys() - wrong.keys():
            over = f"over: {is_open[kind].text}"
            log.info("alarm is over", extra={"kind": kind, "reason": is_open[kind].text})
            self._tell(await self._store.write(alarms.end, kind, over, now, endpoints=whom, url=url))

    def _tell(self, endpoints: tuple[str, ...]) -> None:
        for endpoint in endpoints:
            self._owed(endpoint)
