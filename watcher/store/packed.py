"""Saved reports as they lie in the store, not yet read: for bulk work, whose workers do that elsewhere.

A page of them costs two statements; making the reports again costs several times as much, and needs no store.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, or_, select

from watcher.edgar.calendar import NEW_YORK
from watcher.models import FilingState, Origin, Report
from watcher.report_json import report_from_json
from watcher.store.database import Store
from watcher.store.saved import Period
from watcher.store.schema import document, filing, report

__all__ = ["Packed", "packed_in", "unpacked"]

PAGE = 50
After = tuple[Any, str] | None
Page = Callable[[Connection, Period, After], list["Packed"]]


@dataclass(frozen=True, slots=True, order=True)
class Packed:
    """One saved report, and the time of its filing's acceptance, or its filing date's noon."""

    at: datetime
    accession: str
    body: str = field(compare=False, repr=False)  # JSON
    texts: tuple[tuple[int, str], ...] = field(compare=False, repr=False)  # of documents, by sequence
    items: tuple[str, ...] = field(compare=False, default=())  # these four as the store has them of the filing
    origin: Origin = field(compare=False, default=Origin.LIVE)
    source: str = field(compare=False, default="")
    channel: str = field(compare=False, default="")

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.body) + sum(len(text) for _, text in self.texts)


def packed_in(store: Store, period: Period) -> Iterator[Packed]:
    """Give each saved report of the period, in the order of `saved.reports_in`."""
    timed = _paged(store, _timed, period, lambda one: one.at)
    dated = _paged(store, _dated, period, lambda one: one.at.astimezone(NEW_YORK).date())
    yield from heapq.merge(timed, dated)


def unpacked(one: Packed) -> Report:
    """Make the report again, as `reports.load` does."""
    found = report_from_json(json.loads(one.body), dict(one.texts))
    found.filing = replace(found.filing, items=one.items, origin=one.origin, source=one.source, channel=one.channel)
    return found


def _paged(store: Store, page: Page, period: Period, place: Callable[[Packed], Any]) -> Iterator[Packed]:
    after: After = None
    while some := store.read_now(page, period, after):
        yield from some
        after = place(some[-1]), some[-1].accession


def _timed(connection: Connection, period: Period, after: After) -> list[Packed]:
    """The next ones whose acceptance is known."""
    accepted = filing.c.accepted_at
    asked: list[ColumnElement[bool]] = [accepted.is_not(None)]
    if period.first is not None:
        asked.append(accepted >= _midnight(period.first))
    if period.last is not None:
        asked.append(accepted < _midnight(period.last + timedelta(days=1)))
    return _page(connection, accepted, asked, after, lambda at: at)


def _dated(connection: Connection, period: Period, after: After) -> list[Packed]:
    """The next ones of which the day alone is known."""
    filed = filing.c.filed_on
    asked: list[ColumnElement[bool]] = [filing.c.accepted_at.is_(None), filed.is_not(None)]
    if period.first is not None:
        asked.append(filed >= period.first)
    if period.last is not None:
        asked.append(filed <= period.last)
    return _page(connection, filed, asked, after, lambda day: datetime.combine(day, time(12), NEW_YORK).astimezone(UTC))


def _page(
    connection: Connection,
    column: ColumnElement[Any],
    asked: list[ColumnElement[bool]],
    after: After,
    instant: Callable[[Any], datetime],
) -> list[Packed]:
    if after is not None:
        asked.append(or_(column > after[0], and_(column == after[0], filing.c.accession > after[1])))
    seen = (filing.c.accession, filing.c.listed_items, filing.c.run_as, filing.c.source, filing.c.channel)
    # As text: the driver need not read what only a worker looks at.
    statement = select(column.label("at"), *seen, cast(report.c.body, Text).label("body"))
    statement = statement.join(report, report.c.accession == filing.c.accession)
    statement = statement.where(filing.c.state == FilingState.SAVED.value, *asked)
    rows = connection.execute(statement.order_by(column, filing.c.accession).limit(PAGE)).fetchall()
    texts = _texts(connection, [row.accession for row in rows])
    return [_packed(row, instant(row.at), texts) for row in rows]


def _packed(row: Row[Any], at: datetime, texts: dict[str, list[tuple[int, str]]]) -> Packed:
    return Packed(
        at=at,
        accession=row.accession,
        body=row.body,
        texts=tuple(texts[row.accession]),
        items=tuple(row.listed_items),
        origin=Origin(row.run_as),
        source=row.source,
        channel=row.channel,
    )


def _texts(connection: Connection, accessions: list[str]) -> dict[str, list[tuple[int, str]]]:
    texts: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    asked = select(document.c.accession, document.c.sequence, document.c.text)
    for row in connection.execute(asked.where(document.c.accession.in_(accessions))):
        texts[row.accession].append((row.sequence, row.text))
    return texts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
