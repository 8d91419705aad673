"""The rows of a list of filings, with all that each of them shows, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from watcher.store import companies, glance, listing, reports
from watcher.store.glance import Happened
from watcher.store.listing import Page, Query
from watcher.store.stored_filing import StoredFiling

__all__ = ["Row", "Rows", "rows"]

_LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Row:
    """One filing of a list."""

    stored: StoredFiling
    items: tuple[str, ...]
    events: tuple[Happened, ...]
    tickers: tuple[str, ...]
    alerts: int

    @property
    def came_late(self) -> bool:
        """Whether it was seen long after its acceptance."""
        accepted_at = self.stored.filing.accepted_at
        return accepted_at is not None and self.stored.spotted_at - accepted_at > _LATE


@dataclass(frozen=True, slots=True)
class Rows:
    """A part of a list, and the cursors of the parts beside it."""

    rows: tuple[Row, ...]
    by_arrival: bool = False  # in the order in which they were seen, not in that of their acceptance
    next: str | None = None
    previous: str | None = None


def rows(connection: Connection, query: Query) -> Rows:
    """Read a page of the list. Raises ``ValueError`` for a cursor that is none."""
    page: Page = listing.page(connection, query)
    by_arrival = query.by_arrival and not query.is_narrowed
    return Rows(tuple(_rows(connection, page.filings)), by_arrival, page.next, page.previous)


def _rows(connection: Connection, found: tuple[StoredFiling, ...]) -> list[Row]:
    accessions = [one.filing.accession for one in found]
    items = listing.items_of(connection, accessions)
    events = glance.events_of(connection, accessions)
    alerts = reports.count_alerts(connection, accessions)
    tickers = companies.tickers_of(connection, {filer.cik for one in found for filer in one.filing.filers})
    return [
        Row(
            one,
            items.get(one.filing.accession, one.filing.items),
            tuple(events.get(one.filing.accession, ())),
            _tickers(one, tickers),
            alerts.get(one.filing.accession, 0),
        )
        for one in found
    ]


def _tickers(one: StoredFiling, known: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    told = [ticker for filer in one.filing.filers for ticker in (filer.tickers or known.get(filer.cik, ()))]
    return tuple(dict.fromkeys(told))[:3]
