"""Who is who, kept up to date: EDGAR's list of companies, had anew each day; a failed try keeps the old one.

That list tells no former names. Filings do, of their own filers; EDGAR's file of a company does, and is had when
somebody asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from watcher.clock import Clock
from watcher.edgar.companies import parse_companies
from watcher.edgar.submissions_api import parse_company_file
from watcher.errors import EdgarError
from watcher.sources._outage import Outage
from watcher.store import companies
from watcher.store.companies import KnownCompany
from watcher.store.database import Store

__all__ = ["CompanySource", "WhoIsWho"]

log = logging.getLogger(__name__)

OLD_DAYS = 7
# How often is looked whether it is time: a machine that slept goes on soon after.
_LOOK_SECONDS = 600.0
_AGAIN_HOURS = 1.0


class CompanySource(Protocol):
    """What can fetch EDGAR's list of companies, and its file of one; `EdgarClient` does."""

    async def company_tickers(self) -> bytes:
        """Return the list (JSON). Raises ``EdgarError``."""

    async def company(self, cik: int) -> bytes:
        """Return EDGAR's own file of one company (JSON). Raises ``EdgarError``, and ``ValueError`` for no CIK."""


class WhoIsWho:
    """Keeps the store's companies as EDGAR's list has them, ``hours`` old at most; 0: it is never asked.

    ``tickers`` are those by which the settings name wanted companies: one that nobody has is told.
    """

    def __init__(
        self, edgar: CompanySource, *, store: Store, clock: Clock, hours: float, tickers: Collection[str] = ()
    ) -> None:
        self._edgar = edgar
        self._store = store
        self._clock = clock
        self._hours = hours
        self._tickers = tickers
        self._tried_at: datetime | None = None
        self._listed_at: datetime | None = None
        self._outage = Outage(
            "EDGAR's list of companies cannot be had; the old one stays", "EDGAR's list of companies came", clock=clock
        )

    async def run(self) -> None:
        """Refresh when it is time, until cancelled; at once while there is no list."""
        while self._hours:
            await self.refresh_when_due()
            await self._clock.sleep(_LOOK_SECONDS)

    async def refresh_when_due(self) -> None:
        """Refresh if the list is too old. What goes wrong is told, and tried again in an hour."""
        now = self._clock.now()
        was_tried = self._tried_at is not None and abs(now - self._tried_at) < timedelta(hours=_AGAIN_HOURS)
        if self._hours and self._is_old(now) and not was_tried:
            self._tried_at = now
            await self._outage.guard(self._refresh_if_old)

    async def refresh(self) -> int:
        """Fetch the list and keep it; return how many companies changed. Raises ``EdgarError``, and all stays then."""
        now = self._clock.now()
        listed = await asyncio.to_thread(parse_companies, await self._edgar.company_tickers(), fetched_at=now)
        changed = await self._store.write(companies.note_list, listed)
        self._listed_at = listed.fetched_at
        for problem in listed.problems:
            log.info("odd row in EDGAR's list of companies", extra={"problem": problem})
        log.info("companies refreshed", extra={"companies": len(listed.companies), "changed": changed})
        if strangers := sorted(ticker for ticker in self._tickers if not listed.by_ticker(ticker)):
            log.warning("no company has a ticker that is wanted", extra={"names": ", ".join(strangers)})
        return changed

    async def look_up(self, cik: int) -> KnownCompany:
        """Fetch EDGAR's own file of one company, keep its former names, and return what is known of it then.

        Raises ``EdgarError``, with the status 404 when there is none, and ``ValueError`` for what can be no CIK.
        """
        facts = (await asyncio.to_thread(parse_company_file, await self._edgar.company(cik))).company
        if facts.cik != cik:
            raise EdgarError(f"expected company {cik}, came {facts.cik}")
        await self._store.write(companies.note_filers, [facts.filer], self._clock.now())
        known = await self._store.read(companies.get, cik)
        if known is None:
            raise EdgarError(f"company {cik}: EDGAR tells no name")
        return known

    def trouble(self) -> str:
        """Say what is wrong, for whoever looks after it; "" when nothing is."""
        if not self._hours or (self._listed_at is None and self._outage.since is None):
            return ""
        if self._listed_at is None:
            return f"EDGAR's list of companies was never had: {self._outage.failure}"
        days = (self._clock.now() - self._listed_at).days
        return f"EDGAR's list of companies is {days} days old" if days >= OLD_DAYS else ""

    async def _refresh_if_old(self) -> None:
        """Refresh, unless the list that an earlier run left will do."""
        self._listed_at = await self._store.read(companies.listed_at)
        if self._is_old(self._clock.now()):
            await self.refresh()

    def _is_old(self, now: datetime) -> bool:
        return self._listed_at is None or now - self._listed_at >= timedelta(hours=self._hours)
