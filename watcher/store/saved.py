"""Saved reports in the order in which EDGAR accepted them: for whatever goes over history, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, and_, or_, select

from watcher.edgar.calendar import NEW_YORK
from watcher.models import FilingState, Report
from watcher.store.database import Store
from watcher.store.reports import load
from watcher.store.schema import filing

__all__ = ["Period", "reports_in"]

PAGE = 200
Row = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Period:
    """Days in New York, both ends belonging to it; None is open."""

    first: date | None = None
    last: date | None = None


Page = Callable[[Connection, Period, Row | None], list[Row]]


def reports_in(store: Store, period: Period) -> Iterator[tuple[datetime, Report]]:
    """Give each saved report of the period with the time of its acceptance, in that order, then by accession number.

    One whose acceptance is not known counts as of its filing date's noon. Only one report is held at a time.
    """
    timed = _paged(store, _timed_in, period)
    dated = _paged(store, _dated_in, period)
    for at, accession in heapq.merge(timed, dated):
        yield at, store.read_now(load, accession)


def _paged(store: Store, page: Page, period: Period) -> Iterator[Row]:
    after: Row | None = None
    while True:
        rows = store.read_now(page, period, after)
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1]


def _timed_in(connection: Connection, period: Period, after: Row | None = None) -> list[Row]:
    """Return the next saved filings whose acceptance is known, with it."""
    accepted = filing.c.accepted_at
    asked = [filing.c.state == FilingState.SAVED.value, accepted.is_not(None)]
    if period.first is not None:
        asked.append(accepted >= _midnight(period.first))
    if period.last is not None:
        asked.append(accepted < _midnight(period.last + timedelta(days=1)))
    if after is not None:
        at, accession = after
        asked.append(or_(accepted > at, and_(accepted == at, filing.c.accession > accession)))
    rows = connection.execute(
        select(accepted, filing.c.accession).where(*asked).order_by(accepted, filing.c.accession).limit(PAGE)
    )
    return [(row[0], row[1]) for row in rows]


def _dated_in(connection: Connection, period: Period, after: Row | None = None) -> list[Row]:
    filed = filing.c.filed_on
    asked = [filing.c.state == FilingState.SAVED.value, filing.c.accepted_at.is_(None), filed.is_not(None)]
    if period.first is not None:
        asked.append(filed >= period.first)
    if period.last is not None:
        asked.append(filed <= period.last)
    if after is not None:
        day = after[0].astimezone(NEW_YORK).date()
        asked.append(or_(filed > day, and_(filed == day, filing.c.accession > after[1])))
    rows = connection.execute(
        select(filed, filing.c.accession).where(*asked).order_by(filed, filing.c.accession).limit(PAGE)
    )
    return [(datetime.combine(row[0], time(12), NEW_YORK).astimezone(UTC), row[1]) for row in rows]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
