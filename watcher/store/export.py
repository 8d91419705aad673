"""Going over the stored reports for whoever takes them elsewhere: in the order of acceptance, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, exists, func, select

from watcher.models import Report
from watcher.store.choice import Choice, conditions
from watcher.store.database import Store
from watcher.store.reports import load
from watcher.store.schema import filing, report

__all__ = ["chosen_reports", "count_chosen"]

PORTION = 20  # reports that are held at once; each may have megabytes of text


def chosen_reports(store: Store, choice: Choice) -> Iterator[Report]:
    """Give each report that is asked for, the one that EDGAR accepted first coming first.

    Two runs over the same store give the same in the same order. No transaction stays open meanwhile, so a report that
    is saved by then is in it or not; none comes twice. Raises ``StoreError``.
    """
    after: int | None = None
    while some := store.read_now(_portion, choice, after):
        for _, found in some:
            yield found
        after = some[-1][0]


def count_chosen(connection: Connection, choice: Choice) -> int:
    """Return how many there are."""
    return connection.execute(select(func.count()).select_from(filing).where(*_where(choice))).scalar_one()


def _portion(connection: Connection, choice: Choice, after: int | None) -> list[tuple[int, Report]]:
    statement = select(filing.c.sort_key, filing.c.accession).where(*_where(choice))
    if after is not None:
        statement = statement.where(filing.c.sort_key > after)
    rows = connection.execute(statement.order_by(filing.c.sort_key).limit(PORTION)).fetchall()
    return [(row.sort_key, load(connection, row.accession)) for row in rows]


def _where(choice: Choice) -> Iterator[ColumnElement[bool]]:
    # Row by row along the order that is asked for: a list of all that fit would be made anew for each portion.
    yield exists().where(report.c.accession == filing.c.accession)
    yield from conditions(choice)
