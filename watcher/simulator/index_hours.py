"""When indexes are written, and which filings stand in which."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from watcher.edgar.calendar import NEW_YORK, is_business_day, next_business_day, previous_business_day
from watcher.simulator.timeline import Listing

__all__ = ["AT_ONCE", "NIGHTLY", "IndexHours", "Quarter"]

_FULL_AFTER_SECONDS = 1800.0

Quarter = tuple[int, int]


@dataclass(frozen=True, slots=True)
class IndexHours:
    """When the index of a business day is written, in New York.

    None: it is there at once and holds what has that filing date, and what was listed on that simulated day; so a
    folder of old filings can be read back day by day. With a time, a day's index is missing before it, never changes
    afterwards, and exists for each business day since the first filing was listed.
    """

    at: time | None = None

    def written_at(self, day: date) -> float:
        """Return the Unix time at which this day's index is written; -inf where it is there at once."""
        return -math.inf if self.at is None else _instant(day, self.at)

    def last_written_at(self, now: float) -> float:
        """Return when an index was written last."""
        if self.at is None:
            return -math.inf
        day = next_business_day(datetime.fromtimestamp(now, UTC).astimezone(NEW_YORK).date())
        while self.written_at(day) > now:
            day = previous_business_day(day)
        return self.written_at(day)

    def quarter_written_at(self, now: float) -> float:
        """Return when the index of the quarter was written last: half an hour after that of a day."""
        return self.last_written_at(now - _FULL_AFTER_SECONDS) + _FULL_AFTER_SECONDS

    def books(self, listings: Iterable[Listing], now: float) -> dict[date, list[Listing]]:
        """Return the days whose index is there, each with what stands in it."""
        book: defaultdict[date, list[Listing]] = defaultdict(list)
        earliest: date | None = None
        for listing in listings:
            for day in self._days_of(listing):
                earliest = day if earliest is None else min(earliest, day)
                if self._holds(listing, self.written_at(day), now):
                    book[day].append(listing)
        if self.at is not None and earliest is not None:
            for day in _business_days(earliest, now):
                if self.written_at(day) <= now:
                    book.setdefault(day, [])
        return dict(sorted(book.items()))

    def quarters(self, listings: Iterable[Listing], now: float) -> dict[Quarter, list[Listing]]:
        """Return the quarters whose index is there: those of `books`, and the one that has just begun, still empty.

        What has been withdrawn since stands in the index of its day, but no longer in that of its quarter.
        """
        written = self.quarter_written_at(now)
        book: defaultdict[Quarter, dict[str, Listing]] = defaultdict(dict)
        for day, inside in self.books(listings, now if self.at is None else written - _FULL_AFTER_SECONDS).items():
            kept = (listing for listing in inside if listing.withdrawn_at > (now if self.at is None else written))
            book[_quarter(day)].update((listing.filing.accession, listing) for listing in kept)
        if book:
            book.setdefault(_quarter(datetime.fromtimestamp(now, UTC).astimezone(NEW_YORK).date()), {})
        return {quarter: list(inside.values()) for quarter, inside in book.items()}

    def _days_of(self, listing: Listing) -> set[date]:
        if self.at is None:
            return {listing.filing.filed_on, listing.listed_on}
        day = listing.listed_on
        # What comes after the index is written stands in the next one.
        if not is_business_day(day) or listing.appears_at > self.written_at(day):
            day = next_business_day(day)
        return {day}

    def _holds(self, listing: Listing, written: float, now: float) -> bool:
        at = now if self.at is None else written
        return written <= now and listing.is_public(at)


AT_ONCE = IndexHours()
NIGHTLY = IndexHours(time(22, 10))
"""EDGAR's own: all 310 daily indexes of one quarter were written between 22:06 and 22:59."""


@cache
def _instant(day: date, at: time) -> float:
    return datetime.combine(day, at, NEW_YORK).timestamp()


def _business_days(first: date, now: float) -> list[date]:
    last = datetime.fromtimestamp(now, UTC).astimezone(NEW_YORK).date()
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return [day for day in days if is_business_day(day)]


def _quarter(day: date) -> Quarter:
    return day.year, (day.month + 2) // 3
