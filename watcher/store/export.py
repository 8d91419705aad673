"""Going over the stored reports for whoever takes them elsewhere: in the order of acceptance, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, exists, func, select

from watcher.models import Report
from watcher.store.database import Store
from watcher.store.reports import load
from watcher.store.schema import event, filer, filing, item, report

__all__ = ["Choice", "chosen_reports", "count_chosen"]

PORTION = 20  # reports that are held at once; each may have megabytes of text


@dataclass(frozen=True, slots=True)
class Choice:
    """Which reports are asked for; None asks for all."""

    since: date | None = None  # by filing date, as EDGAR gave it
    until: date | None = None
    form: str | None = None
    item: str | None = None
    event: str | None = None
    cik: int | None = None


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
    if choice.since is not None:
        yield filing.c.filed_on >= choice.since
    if choice.until is not None:
        yield filing.c.filed_on <= choice.until
    if choice.form is not None:
        yield filing.c.form == choice.form
    if choice.item is not None:
        yield exists().where(item.c.sort_key == filing.c.sort_key, item.c.number == choice.item)
    if choice.event is not None:
        yield exists().where(event.c.sort_key == filing.c.sort_key, event.c.event == choice.event)
    if choice.cik is not None:
        yield exists().where(filer.c.sort_key == filing.c.sort_key, filer.c.cik == choice.cik)
