"""When each filing appears in the lists, and when it goes.

A `Schedule` says for one filing when it is listed, with what time, and from when its documents can be had. `Pace`
begins a day with the first request for the live list; `watcher.simulator.posting` follows EDGAR's own hours.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from watcher.edgar.calendar import NEW_YORK
from watcher.simulator.catalog import CatalogFiling

__all__ = ["Listing", "Pace", "Schedule", "Timeline"]


@dataclass(frozen=True, slots=True)
class Listing:
    """One filing in the lists. Times are Unix times of the simulator's clock."""

    place: int  # in the catalog
    filing: CatalogFiling
    appears_at: float  # when the lists begin to show it
    updated_at: float  # the time that the lists tell, which orders them
    readable_at: float  # from when its documents are served
    is_listed: bool = True  # False: it is in indexes and folders, but never in the live list
    withdrawn_at: float = math.inf  # from when there is no trace of it, but in indexes written before
    successor: Listing | None = None  # what is filed in its place

    @property
    def updated(self) -> datetime:
        """The time that the lists tell, in New York and to the second."""
        return datetime.fromtimestamp(int(self.updated_at), UTC).astimezone(NEW_YORK)

    @property
    def listed_on(self) -> date:
        """The day on which it was listed, in New York."""
        return datetime.fromtimestamp(self.appears_at, UTC).astimezone(NEW_YORK).date()

    @property
    def order(self) -> tuple[float, int]:
        """What lists are ordered by, oldest first."""
        return self.updated_at, self.place

    def is_public(self, at: float) -> bool:
        """Whether EDGAR shows it at this time."""
        return self.appears_at <= at < self.withdrawn_at


class Schedule(Protocol):
    """Says when a filing is listed, once the day has begun."""

    def __call__(self, place: int, filing: CatalogFiling, begun_at: float) -> Listing:
        """Return the listing of the filing at this place of the catalog."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The honest schedule: ``listed`` filings before the day begins, then ``per_second``; 0 means all at once."""

    per_second: float = 0.0
    listed: int = 0

    def __post_init__(self) -> None:
        if self.per_second < 0 or self.listed < 0:
            raise ValueError(f"expected a pace and a number from 0 on, came {self.per_second} and {self.listed}")

    def __call__(self, place: int, filing: CatalogFiling, begun_at: float) -> Listing:
        """Return the listing of the filing at this place of the catalog."""
        step = 1 / self.per_second if self.per_second else 0.0
        after = place - self.listed + 1  # 1 for the first that the day brings, 0 and less for those before it
        at = begun_at + after * step if after > 0 else begun_at - 1 + after * (step or 1.0)
        return Listing(place, filing, at, at, at)


class Timeline:
    """What the lists show, as time goes on. Time must not go back; a look at what they showed before is allowed."""

    def __init__(self, filings: Sequence[CatalogFiling], schedule: Schedule, now: float) -> None:
        self._filings = filings
        self._schedule = schedule
        self._coming: list[Listing] = []  # the next one last
        self._shown: list[Listing] = []  # oldest first, with those that were withdrawn
        self._by_accession: dict[str, Listing] = {}
        self._by_cik: dict[int, list[Listing]] = {}
        self.begun_at: float | None = None
        for listing in self._settled(now):
            if listing.appears_at < now:
                self._show(listing)

    def begin(self, now: float) -> None:
        """Begin the day: settle when each filing that is not shown yet will be. May be called again.

        What is listed at this very instant shows from the next look on, so that the first one sees the list as it
        was before.
        """
        if self.begun_at is None:
            self.begun_at = now
            coming = (listing for listing in self._settled(now) if listing.filing.accession not in self._by_accession)
            self._coming += coming
            self._coming.sort(key=_soonest_last)

    def _settled(self, now: float) -> Iterator[Listing]:
        return (self._schedule(place, filing, now) for place, filing in enumerate(self._filings))

    def advance(self, now: float) -> None:
        """Show what has come until now. Nothing has while the day has not begun."""
        while self._coming and self._coming[-1].appears_at <= now:
            self._show(self._coming.pop())

    def add(self, listing: Listing) -> None:
        """Let one more come, at its time."""
        insort(self._coming, listing, key=_soonest_last)

    def change(self, accession: str, now: float, **changes: object) -> Listing:
        """Replace fields of a listing that shows already, and return it. Raises ``KeyError`` if none does."""
        self.advance(now)
        old = self._by_accession[accession]
        new: Listing = replace(old, **changes)  # type: ignore[arg-type]
        self._by_accession[accession] = new
        for shown in (self._shown, *(self._by_cik[cik] for cik in _ciks(old))):
            shown[shown.index(old)] = new
        return new

    def _show(self, listing: Listing) -> None:
        insort(self._shown, listing, key=lambda shown: shown.order)
        self._by_accession[listing.filing.accession] = listing
        for cik in _ciks(listing):
            insort(self._by_cik.setdefault(cik, []), listing, key=lambda shown: shown.order)
        if listing.successor is not None:
            self.add(listing.successor)

    def __len__(self) -> int:
        return len(self._shown)

    def everything(self) -> Iterator[Listing]:
        """Give all that has ever shown, newest first."""
        return reversed(self._shown)

    def public(self, at: float) -> Iterator[Listing]:
        """Give what EDGAR shows at this time, newest first, whether or not it is in the live list."""
        return (listing for listing in reversed(self._shown) if listing.is_public(at))

    def of_company(self, cik: int, at: float) -> list[Listing]:
        """Return what EDGAR shows of one company at this time, newest first."""
        return [listing for listing in reversed(self._by_cik.get(cik, [])) if listing.is_public(at)]

    def of_accession(self, accession: str, at: float) -> Listing | None:
        """Return the listing of this accession number, or None while EDGAR does not show it."""
        listing = self._by_accession.get(accession)
        return listing if listing is not None and listing.is_public(at) else None


def _soonest_last(listing: Listing) -> tuple[float, int]:
    return -listing.appears_at, -listing.place


def _ciks(listing: Listing) -> set[int]:
    return {filer.cik for filer in listing.filing.filers}
