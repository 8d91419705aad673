"""The channels that confirm the live list: EDGAR's feed of filings with XBRL, and its full-text search.

Each is read in a rhythm of its own. What it shows first is spotted under its name, like anything that the live list
shows; and when each channel first showed a filing is kept, so that their leads and misses can be told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.full_text import FullTextPage, parse_full_text
from watcher.edgar.limiter import backoff_seconds
from watcher.edgar.xbrl_feed import parse_xbrl_feed
from watcher.errors import BlockedError, EdgarError
from watcher.models import EIGHT_K_FORMS, Filing
from watcher.sources._bell import Bell
from watcher.sources._outage import Outage
from watcher.sources.intake import Intake
from watcher.sources.poller import beginning
from watcher.sources.rhythm import Rhythm
from watcher.store import sightings
from watcher.store.database import Store

__all__ = ["Channel", "ChannelList", "ChannelName", "ConfirmingLists", "FullText", "Shown", "XbrlRss", "list_of"]

log = logging.getLogger(__name__)

T = TypeVar("T")
ChannelName = Literal["xbrl-rss", "full-text"]

# Of the search's answers one in seven was seen to fail, and a day takes several pages.
_MOST_TRIES = 3
_FIRST_WAIT_SECONDS = 2.0
# After a longer time off the audit knows better what was missed.
_MOST_DAYS_BACK = 7
_ROOT_FORMS = tuple(sorted(form for form in EIGHT_K_FORMS if not form.endswith("/A")))


class ConfirmingLists(Protocol):
    """What can read EDGAR's other lists; `EdgarClient` does."""

    async def xbrl_feed(self) -> bytes:
        """Return the feed of the latest filings with XBRL. Raises ``EdgarError``."""

    async def full_text_search(self, first_day: date, last_day: date, *, forms: Iterable[str], start: int = 0) -> bytes:
        """Return one page of the full-text search. Raises ``EdgarError``."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one page of a list shows: filings of the 8-K family, what is odd in it, and how many entries it has."""

    filings: tuple[Filing, ...]
    problems: tuple[str, ...]
    entries: int


class ChannelList(Protocol):
    """One of EDGAR's lists, page by page."""

    name: str
    is_for_days: bool  # it shows the days that are asked for, which may be quiet; else always the latest filings

    def pages(self, since: date, today: date) -> AsyncIterator[Shown]:
        """Give what was listed from a day on, as far as the list goes back. Raises ``EdgarError``."""


class XbrlRss:
    """The feed of filings with XBRL: the latest 200, renewed every ten minutes. It has no filing without XBRL."""

    name = "xbrl-rss"
    is_for_days = False

    def __init__(self, edgar: ConfirmingLists) -> None:
        self._edgar = edgar

    async def pages(self, since: date, today: date) -> AsyncIterator[Shown]:
        """Give the whole feed, which is one page, whatever the days."""
        feed = await asyncio.to_thread(parse_xbrl_feed, await self._edgar.xbrl_feed())
        yield Shown(feed.filings, feed.problems, feed.entries)


class FullText:
    """The full-text search of the days, by form. Within a day its order is unknown, so that it is read to its end.

    While the number of its hits stays the same there is nothing new, and the first page is enough.
    """

    name = "full-text"
    is_for_days = True

    def __init__(self, edgar: ConfirmingLists, clock: Clock) -> None:
        self._edgar = edgar
        self._clock = clock
        self._read: tuple[date, date, int] | None = None  # the days and the number of hits that were read to the end

    async def pages(self, since: date, today: date) -> AsyncIterator[Shown]:
        """Give page after page; only the first when there are as many hits as at the last time."""
        start: int | None = 0
        totals: set[int | None] = set()
        while start is not None:
            page = await self._page(since, today, start)
            yield Shown(page.filings, page.problems, page.hits)
            if self._read == (since, today, page.total):
                return
            totals.add(page.total if page.is_total_exact else None)
            start = page.next_start
        (total, *others) = totals
        # What came between two pages may have pushed something over to a page that was read already.
        self._read = None if others or total is None else (since, today, total)

    async def _page(self, since: date, today: date, start: int) -> FullTextPage:
        async def ask() -> bytes:
            return await self._edgar.full_text_search(since, today, forms=_ROOT_FORMS, start=start)

        body = await self._asked(ask)
        return await asyncio.to_thread(parse_full_text, body, start=start)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        for failures in range(1, _MOST_TRIES):
            try:
                return await ask()
            except BlockedError:
                raise
            except EdgarError as error:
                log.info("asked again", extra={"channel": self.name, "reason": str(error)})
                await self._clock.sleep(backoff_seconds(failures, first=_FIRST_WAIT_SECONDS))
        return await ask()


class Channel:
    """Reads one list whenever its ``rhythm`` says, and gives the ``intake`` what it shows."""

    def __init__(
        self,
        listed: ChannelList,
        *,
        store: Store,
        clock: Clock,
        rhythm: Rhythm,
        intake: Intake,
    ) -> None:
        self._list = listed
        self._store = store
        self._clock = clock
        self._rhythm = rhythm
        self._intake = intake
        self._began_at = clock.now()
        self._told: frozenset[str] = frozenset()  # odd entries of the last reading, which need no second word
        self._outage = Outage(
            "channel cannot be read; trying on", "channel can be read again", clock=clock, channel=listed.name
        )

    @property
    def name(self) -> str:
        """Its name, as filings and sightings bear it."""
        return self._list.name

    @property
    def failing_since(self) -> datetime | None:
        """Since when it cannot be read; None when the last reading went well."""
        return self._outage.since

    @property
    def failure(self) -> str:
        """Why the last reading failed that did."""
        return self._outage.failure

    async def run(self) -> None:
        """Read at once, and then in its rhythm, until cancelled."""
        bell = Bell(self._clock)
        while True:
            began = self._clock.now()
            await self.read_and_tell()
            await bell.wait(self._rhythm.next_look(began), since=began)

    async def read_and_tell(self) -> None:
        """Read, and log an outage once when it begins and once when it ends."""
        await self._outage.guard(self.read)

    async def read(self) -> int:
        """Read the list once; return how many filings it was the first to show.

        Raises ``EdgarError``; what was spotted by then stays. Before the poller began to watch nothing is asked, as all
        would look new.
        """
        began = await self._store.read(beginning)
        if began is None:
            return 0
        today = self._clock.now().astimezone(NEW_YORK).date()
        spotted = 0
        odd: set[str] = set()
        async for shown in self._list.pages(await self._since(today), today):
            new = await self._store.write(self._show, shown.filings, began[1])
            self._intake.tell(shown.filings, new, self._clock.now(), self.name)
            spotted += len(new)
            odd.update(shown.problems)
            if not shown.entries and not self._list.is_for_days:
                await self._refuse_empty()
        self._tell_problems(odd)
        period = timedelta(seconds=self._rhythm.open_seconds)
        await self._store.write(
            sightings.note_read, self.name, self._clock.now(), began_at=self._began_at, period=period
        )
        return spotted

    async def _refuse_empty(self) -> None:
        """Raise ``EdgarError`` for a list that became empty: that is no word of "nothing new"."""
        if await self._store.read(sightings.seen_until, self.name, self._clock.now()):
            raise EdgarError(f"{self.name}: expected the latest filings, came none")

    async def _since(self, today: date) -> date:
        """The day of the last reading: what came on it after that is still to be seen."""
        last = await self._store.read(sightings.read_at, self.name)
        if last is None:
            return today
        return min(today, max(last.astimezone(NEW_YORK).date(), today - timedelta(days=_MOST_DAYS_BACK)))

    def _show(self, connection: Connection, found: tuple[Filing, ...], floor: datetime | None) -> tuple[str, ...]:
        return self._intake.show(connection, found, channel=self.name, floor=floor, now=self._clock.now())

    def _tell_problems(self, odd: set[str]) -> None:
        for problem in sorted(odd - self._told):
            log.warning("odd entry in a channel", extra={"channel": self.name, "problem": problem})
        self._told = frozenset(odd)


def list_of(name: ChannelName, edgar: ConfirmingLists, clock: Clock) -> ChannelList:
    """Return the list of this name."""
    return XbrlRss(edgar) if name == "xbrl-rss" else FullText(edgar, clock)
