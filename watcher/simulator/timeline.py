"""When each filing appears in the lists: the simulated day, which begins with the first request for the live list.

A `Schedule` says for one filing when it is listed, with what time, and from when its documents can be had. The one
here is honest; one that holds filings back or is late with documents is another function of the same shape.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    """What the lists show, as time goes on. Time must not go back."""

    def __init__(self, filings: Sequence[CatalogFiling], schedule: Schedule, now: float) -> None:
        self._filings = filings
        self._schedule = schedule
        self._coming: list[Listing] = []  # the next one last
        self._shown: list[Listing] = []  # oldest first
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
            self._coming = sorted(coming, key=lambda listing: (listing.appears_at, listing.place), reverse=True)

    def _settled(self, now: float) -> Iterator[Listing]:
        return (self._schedule(place, filing, now) for place, filing in enumerate(self._filings))

    def advance(self, now: float) -> None:
        """Show what has come until now. Nothing has while the day has not begun."""
        while self._coming and self._coming[-1].appears_at <= now:
            self._show(self._coming.pop())

    def _show(self, listing: Listing) -> None:
        insort(self._shown, listing, key=lambda shown: shown.order)
        self._by_accession[listing.filing.accession] = listing
        for cik in {filer.cik for filer in listing.filing.filers}:
            insort(self._by_cik.setdefault(cik, []), listing, key=lambda shown: shown.order)

    def __len__(self) -> int:
        return len(self._shown)

    def newest_first(self) -> Iterator[Listing]:
        """Give what the lists show."""
        return reversed(self._shown)

    def of_company(self, cik: int) -> list[Listing]:
        """Return what the lists show of one company, newest first."""
        return self._by_cik.get(cik, [])[::-1]

    def of_accession(self, accession: str) -> Listing | None:
        """Return the listing of this accession number, or None while it is not listed."""
        return self._by_accession.get(accession)
