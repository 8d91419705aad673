"""The poller: EDGAR's list of latest filings, read page by page until nothing on a page is new.

The cursor is the set of accession numbers that this list has shown, never a time: held filings surface in the morning
deep in the list with last evening's time. "New" means not shown when the last complete poll ended, so that a poll that
was cut off after its first page leaves no gap behind: the next one pages on past what that first page brought.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.edgar.calendar import filing_day
from watcher.edgar.feed import CurrentPage, merge_co_filers
from watcher.errors import EdgarError
from watcher.meters import PollOutcome
from watcher.models import EIGHT_K_FORMS, Filing, FilingState, Origin
from watcher.sources._outage import Outage
from watcher.sources.intake import SOURCE, Intake, is_below
from watcher.store import filings, sightings
from watcher.store.database import Store, get_meta, set_meta

__all__ = ["CHANNEL", "CurrentList", "Poller", "beginning"]

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
    """Spots what EDGAR lists, and gives it to the ``intake``.

    ``lost`` is called with the instant from which on something may have been listed that we have not seen: after an
    outage, and when the list no longer reaches back to what was known.
    """

    def __init__(
        self,
        edgar: CurrentList,
        *,
        store: Store,
        clock: Clock,
        intake: Intake,
        lost: Callable[[datetime], None] = lambda since: None,
    ) -> None:
        self._edgar = edgar
        self._store = store
        self._clock = clock
        self._intake = intake
        self._lost = lost
        self._outage = Outage("EDGAR cannot be polled; trying on", "EDGAR can be polled again", clock=clock)
        self._told: frozenset[str] = frozenset()  # odd entries of the page before, which need no second word
        self.polled_at: datetime | None = None  # when the last complete poll of this run ended

    @property
    def failing_since(self) -> datetime | None:
        """Since when no poll got through; None when the last one did."""
        return self._outage.since

    @property
    def failure(self) -> str:
        """Why the last poll failed that did."""
        return self._outage.failure

    async def poll(self) -> int:
        """Read the list until nothing is new; return how many filings were spotted.

        Raises ``EdgarError``; what was spotted by then stays, and the next poll goes on past it.
        """
        began = await self._store.read(beginning)
        if began is None:
            return await self._first_poll()
        complete_at, floor = began
        spotted, has_entries, reaches_back = 0, False, False
        async for page in self._pages():
            found = _of_the_family(page)
            accessions = [one.accession for one in found]
            known = await self._store.read(sightings.seen_by, accessions, CHANNEL, complete_at)
            new = await self._store.write(self._show, found, floor)
            self._intake.tell(found, new, self._clock.now(), CHANNEL)
            spotted += len(new)
            are_old = [one.accession in known or is_below(one, floor) for one in found]
            has_entries = has_entries or bool(found)
            reaches_back = reaches_back or any(are_old)
            if found and all(are_old):
                break
        # Not only when this poll spotted something: one that was cut off before it may have taken in all there is.
        if has_entries and not reaches_back and await self._has_shown(complete_at):
            log.warning("EDGAR's list does not reach back to what was known", extra={"known_at": complete_at})
            self._lost(complete_at)
        await self._store.write(set_meta, COMPLETE_KEY, self._clock.now().isoformat())
        return spotted

    async def poll_and_tell(self) -> None:
        """Poll, and log an outage once when it begins and once when it ends."""
        failing_since = self.failing_since
        spotted = await self._outage.guard(self.poll)
        self._intake.meters.polled(PollOutcome.FAILED if spotted is None else PollOutcome.COMPLETE)
        if spotted is None:
            return
        if failing_since is not None:
            self._lost(failing_since)
        self.polled_at = self._clock.now()

    async def _first_poll(self) -> int:
        """Take what the list has of its last EDGAR day as backfill: it was there before the watcher began.

        One transaction, so that a crash in between cannot make half of it look live.
        """
        found: list[Filing] = []
        async for page in self._pages():
            found += _of_the_family(page)
            if _reaches_back(found):
                break
        listed = merge_co_filers(found)
        new = await self._store.write(self._begin, listed)
        there = [replace(one, origin=Origin.BACKFILL) for one in listed]
        self._intake.tell(there, new, self._clock.now(), CHANNEL)
        log.info("began to watch EDGAR", extra={"backfill": len(new)})
        return len(new)

    async def _has_shown(self, until: datetime) -> bool:
        """Whether the list had shown anything by then: before its first filing it reaches back to nothing."""
        return await self._store.read(sightings.seen_until, CHANNEL, until)

    async def _pages(self) -> AsyncIterator[CurrentPage]:
        """Give page after page, to the end of the list unless the caller stops before."""
        for number in range(MAX_PAGES):
            page = await self._edgar.current_filings(number * PAGE_SIZE, PAGE_SIZE)
            self._tell_problems(page)
            if not page.filings and (page.entries or (not number and await self._has_shown(self._clock.now()))):
                raise EdgarError(_why_unbelieved(page))
            yield page
            if page.is_last:
                return

    def _tell_problems(self, page: CurrentPage) -> None:
        for problem in page.problems:
            if problem not in self._told:
                log.warning("odd entry in EDGAR's list", extra={"problem": problem})
        self._told = frozenset(page.problems)

    def _begin(self, connection: Connection, found: tuple[Filing, ...]) -> tuple[str, ...]:
        last_day = next(_days(found), None)
        floor = min((one.accepted_at for one in found if one.accepted_at is not None), default=None)
        there = [replace(one, origin=Origin.BACKFILL, source=SOURCE, channel=CHANNEL) for one in found]
        now = self._clock.now()
        older = [one for one in there if _edgar_day(one) not in (last_day, None)]
        new = self._intake.take(connection, [one for one in there if _edgar_day(one) in (last_day, None)], now)
        filings.spot(connection, older, now, state=FilingState.LISTED)
        sightings.note(connection, [one.accession for one in there], CHANNEL, now)
        set_meta(connection, COMPLETE_KEY, now.isoformat())
        if floor is not None:
            set_meta(connection, FLOOR_KEY, floor.isoformat())
        return new

    def _show(self, connection: Connection, found: tuple[Filing, ...], floor: datetime | None) -> tuple[str, ...]:
        return self._intake.show(connection, found, channel=CHANNEL, floor=floor, now=self._clock.now())


def beginning(connection: Connection) -> tuple[datetime, datetime | None] | None:
    """Return when the last complete poll ended, and the floor: the acceptance time below which nothing is wanted.

    None before the first poll has ended: nothing is live then. The floor is None when the list was empty.
    """
    complete_at, floor = get_meta(connection, COMPLETE_KEY), get_meta(connection, FLOOR_KEY)
    if complete_at is None:
        return None
    return datetime.fromisoformat(complete_at), None if floor is None else datetime.fromisoformat(floor)


def _of_the_family(page: CurrentPage) -> tuple[Filing, ...]:
    """The 8-K family on a page, and what has no form: reading it will show.

    The list's own filter takes every form that begins alike.
    """
    return merge_co_filers(one for one in page.filings if one.form is None or one.form in EIGHT_K_FORMS)


def _why_unbelieved(page: CurrentPage) -> str:
    """Say why a page is no answer. Once it has shown something, EDGAR's list is never empty: it goes back for days."""
    if not page.entries:
        return "EDGAR's live list: expected what it showed before, came an empty list"
    return f"EDGAR's live list: none of its {page.entries} entries can be read: {'; '.join(page.problems[:1])}"


def _edgar_day(one: Filing) -> date | None:
    """The day whose index will have it: what was accepted in the evening belongs to the next business day."""
    return one.filed_on if one.accepted_at is None else filing_day(one.accepted_at)


def _days(found: Iterable[Filing]) -> Iterator[date]:
    return (day for day in map(_edgar_day, found) if day is not None)


def _reaches_back(found: list[Filing]) -> bool:
    """Whether the list was read down to an earlier EDGAR day than its first."""
    return len(set(_days(found))) > 1
