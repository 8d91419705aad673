"""Stored filings that may be read again, in the order of acceptance, and what they were read with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from watcher.models import Filing, FilingState, Origin
from watcher.store.choice import Choice, conditions
from watcher.store.companies import with_tickers
from watcher.store.schema import filing, report
from watcher.store.stored_filing import StoredFiling, stored_filing

__all__ = ["Rereadable", "count", "portion", "run_as", "state_of"]

PORTION = 100


@dataclass(frozen=True, slots=True)
class Rereadable:
    """A saved filing, and what it was read with."""

    stored: StoredFiling
    filing: Filing  # with the tickers that EDGAR's list has today for filers that have none
    versions: Mapping[str, str]
    key: int  # where it stands


def count(connection: Connection, choice: Choice) -> int:
    """Return how many there are."""
    return connection.execute(select(func.count()).select_from(filing).where(*_where(choice))).scalar_one()


def portion(connection: Connection, choice: Choice, after: int | None) -> list[Rereadable]:
    """Return the next ones behind this key; none at the end."""
    statement = select(filing, report.c.versions).join(report, report.c.accession == filing.c.accession)
    statement = statement.where(*_where(choice))
    if after is not None:
        statement = statement.where(filing.c.sort_key > after)
    rows = connection.execute(statement.order_by(filing.c.sort_key).limit(PORTION)).fetchall()
    found = [(stored_filing(row), row) for row in rows]
    return [
        Rereadable(stored, with_tickers(connection, stored.filing), row.versions or {}, row.sort_key)
        for stored, row in found
    ]


def state_of(connection: Connection, accession: str) -> FilingState | None:
    """Return where a filing stands; None when the store does not know it."""
    found = connection.execute(select(filing.c.state).where(filing.c.accession == accession)).scalar()
    return None if found is None else FilingState(found)


def run_as(connection: Connection, accession: str, origin: Origin) -> None:
    """Have what is found in a filing count under this origin, from its first attempt."""
    changes = {"run_as": origin.value, "attempts": 0}
    connection.execute(filing.update().where(filing.c.accession == accession).values(**changes))


def _where(choice: Choice) -> Iterator[ColumnElement[bool]]:
    yield filing.c.state == FilingState.SAVED.value
    yield from conditions(choice)
