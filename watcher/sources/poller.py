"""The poller: EDGAR's list of latest filings, read page by page until nothing on a page is new.

The cursor is the set of accession numbers in the store, never a time: held filings surface in the morning deep in the
list with last evening's time. "New" means not in the store when the last complete poll ended, so that a poll that was
cut off after its first page leaves no gap behind: the next one pages on past what that first page brought.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.feed import CurrentPage, merge_co_filers
from watcher.errors import EdgarError, StoreError
from watcher.models import EIGHT_K_FORMS, Filing, FilingState, Origin
from watcher.store import filings
from watcher.store.database import Store, get_meta, set_meta

__all__ = ["CurrentList", "Poller"]

log = logging.getLogger(__name__)

CHANNEL = "getcurrent"
PAGE_SIZE = 100
# EDGAR serves no more than 51 of them.
MAX_PAGES = 60
# When the last complete poll ended, and the acceptance time below which the list is from before the watcher began.
COMPLETE_KEY = "poller.complete_at"
FLOOR_KEY = "poller.floor"


class CurrentList(Protocol):
    """What can read EDGAR's list of latest filings; `EdgarClient` does."""

    async def current_filings(self, start: int, count: int = PAGE_SIZE, form: str = "8-K") -> CurrentPage:
        """Return one page, newest first. Raises ``EdgarError``."""


class Poller:
    """Spots what EDGAR lists. ``submit`` asks for work on a new filing, inside the transaction that spots it."""

    def __init__(
        self,
        edgar: CurrentList,
        *,
        store: Store,
        clock: Clock,
        submit: Callable[[Connection, str], None],
    ) -> None:
        self._edgar = edgar
        self._store = store
        self._clock = clock
        self._submit = submit
        self.failing_since: datetime | None = None
        self.failure = ""
        self._told: frozenset[str] = frozenset()  # odd entries of the page before, which need no second word
        self.polled_at: datetime | None = None  # when the last complete poll of this run ended

    async def poll(self) -> int:
        """Read the list until nothing is new; return how many filings were spotted.

        Raises ``EdgarError``; what was spotted by then stays, and the next poll goes on past it.
        """
        complete_at = _instant(await self._store.read(get_meta, COMPLETE_KEY))
        if complete_at is None:
            return await self._first_poll()
        floor = _instant(await self._store.read(get_meta, FLOOR_KEY))
        spotted = 0
        async for page in self._pages():
            found = _wanted(page)
            known = await self._store.read(filings.known_since, [one.accession for one in found], complete_at)
            spotted += await self._store.write(self._spot, found, floor)
            if found and all(one.accession in known or _is_below(one, floor) for one in found):
                break
        await self._store.write(set_meta, COMPLETE_KEY, self._clock.now().isoformat())
        return spotted

    async def poll_and_tell(self) -> None:
        """Poll, and log an outage once when it begins and once when it ends."""
        try:
            spotted = await self.poll()
        except (EdgarError, StoreError) as error:
            if self.failing_since is None:
                log.error("EDGAR cannot be polled; trying on", extra={"reason": str(error)})
                self.failing_since = self._clock.now()
            self.failure = str(error)
            return
        except Exception as error:
            # The border to whatever EDGAR, or who stands for it, may answer: a poll must not end the daemon.
            log.exception("poll failed")
            self.failing_since = self.failing_since or self._clock.now()
            self.failure = f"{type(error).__name__}: {error}"
            return
        if self.failing_since is not None:
            log.info("EDGAR can be polled again", extra={"failing_since": self.failing_since})
        self.failing_since = None
        self.polled_at = self._clock.now()
        if spotted:
            log.info("spotted", extra={"source": "poller", "filings": spotted})

    async def _first_poll(self) -> int:
        """Take what the list has of its last EDGAR day as backfill: it was there before the watcher began.

        One transaction, so that a crash in between cannot make half of it look live.
        """
        found: list[Filing] = []
        async for page in self._pages():
            found += _wanted(page)
            if _reaches_back(found):
                break
        spotted = await self._store.write(self._begin, merge_co_filers(found))
        log.info("began to watch EDGAR", extra={"backfill": spotted})
        return spotted

    async def _pages(self) -> AsyncIterator[CurrentPage]:
        """Give page after page, to the end of the list unless the caller stops before."""
        for number in range(MAX_PAGES):
            page = await self._edgar.current_filings(number * PAGE_SIZE, PAGE_SIZE)
            for problem in page.problems:
                if problem not in self._told:
                    log.warning("odd entry in EDGAR's list", extra={"problem": problem})
            self._told = frozenset(page.problems)
            yield page
            if page.is_last:
                return

    def _begin(self, connection: Connection, found: tuple[Filing, ...]) -> int:
        last_day = _edgar_day(found[0]) if found else None
        floor = min((one.accepted_at for one in found if one.accepted_at is not None), default=None)
        wanted = [_as(one, Origin.BACKFILL) for one in found if _edgar_day(one) == last_day]
        older = [_as(one, Origin.BACKFILL) for one in found if _edgar_day(one) != last_day]
        now = self._clock.now()
        new = filings.spot(connection, wanted, now, submit=self._submit)
        filings.spot(connection, older, now, state=FilingState.LISTED)
        set_meta(connection, COMPLETE_KEY, now.isoformat())
        if floor is not None:
            set_meta(connection, FLOOR_KEY, floor.isoformat())
        return len(new)

    def _spot(self, connection: Connection, found: tuple[Filing, ...], floor: datetime | None) -> int:
        """Take in a page: what lies below the floor was listed before the watcher began and is not wanted."""
        now = self._clock.now()
        wanted = [_as(one, Origin.LIVE) for one in found if not _is_below(one, floor)]
        older = [_as(one, Origin.BACKFILL) for one in found if _is_below(one, floor)]
        filings.spot(connection, older, now, state=FilingState.LISTED)
        return len(filings.spot(connection, wanted, now, submit=self._submit))


def _wanted(page: CurrentPage) -> tuple[Filing, ...]:
    """The 8-K family on a page: the list's own filter takes every form that begins alike."""
    return merge_co_filers(one for one in page.filings if one.form in EIGHT_K_FORMS)


def _is_below(one: Filing, floor: datetime | None) -> bool:
    return floor is not None and one.accepted_at is not None and one.accepted_at < floor


def _as(one: Filing, origin: Origin) -> Filing:
    return replace(one, origin=origin, source="poller", channel=CHANNEL)


def _edgar_day(one: Filing) -> object:
    return one.accepted_at and one.accepted_at.astimezone(NEW_YORK).date()


def _reaches_back(found: list[Filing]) -> bool:
    """Whether the list was read down to an earlier EDGAR day than its first."""
    return bool(found) and _edgar_day(found[-1]) != _edgar_day(found[0])


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
