"""What the same company reported before: read from the store, as of one filing's date.

It speaks only of what the store holds, and says since when that is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from watcher.background import MONTHS, Background, Earlier, EventHistory, history_of
from watcher.edgar.calendar import NEW_YORK
from watcher.models import Event, Filing, FilingState, Report
from watcher.store.links import amended_by, amends
from watcher.store.schema import event, filer, filing, report

__all__ = ["background", "histories"]


def background(connection: Connection, found: Report) -> Background:
    """Return all that stands behind a report, whether it is in the store already or not."""
    amended = amends(connection, found)
    known = {one.event: one for one in histories(connection, found, [one.accession for one in amended])}
    return Background(known, amended, amended_by(connection, found))


def histories(connection: Connection, found: Report, amended: Collection[str] = ()) -> tuple[EventHistory, ...]:
    """Return the history of each event of a report, in their order; none where nothing tells the filing's date.

    ``amended``: the filings that it amends, which tell of the same matter. What EDGAR withdrew does not count.
    """
    day, ciks = _day_of(found.filing), frozenset(one.cik for one in found.filing.filers)
    if day is None or not ciks or not found.events:
        return ()
    told = list(dict.fromkeys(one.event for one in found.events))
    earlier = [
        one
        for one in _earlier(connection, ciks, day, _names(found.events))
        if one.accession != found.filing.accession
        and one.accession not in amended
        and (one.period_of_report is None or one.period_of_report != found.period_of_report)
    ]
    since = _oldest(connection, ciks)
    since = day if since is None else min(since, day)
    by_event = {one.event: one for one in reversed(found.events)}
    return tuple(history_of(by_event[name], earlier, told=told, since=since) for name in told)


def _day_of(one: Filing) -> date | None:
    if one.filed_on is not None or one.accepted_at is None:
        return one.filed_on
    return one.accepted_at.astimezone(NEW_YORK).date()


def _names(events: Iterable[Event]) -> frozenset[str]:
    return frozenset(name for one in events for name in one.kin or (one.event,))


def _earlier(connection: Connection, ciks: Collection[int], day: date, names: Collection[str]) -> list[Earlier]:
    """Those filed before this day: what is filed on one day counts once, so the day itself does not."""
    statement = (
        select(event.c.accession, event.c.event, filing.c.filed_on, report.c.period_of_report)
        .distinct()
        .join(filing, filing.c.accession == event.c.accession)
        .join(filer, filer.c.accession == event.c.accession)
        .outerjoin(report, report.c.accession == event.c.accession)
        .where(filer.c.cik.in_(ciks), event.c.event.in_(names))
        .where(filing.c.filed_on >= _months_before(day, MONTHS), filing.c.filed_on < day, filing.c.gone_on.is_(None))
    )
    return [Earlier(*row) for row in connection.execute(statement)]


def _oldest(connection: Connection, ciks: Collection[int]) -> date | None:
    statement = (
        select(func.min(filing.c.filed_on))
        .join(filer, filer.c.accession == filing.c.accession)
        .where(filer.c.cik.in_(ciks), filing.c.state == FilingState.SAVED.value)
    )
    return connection.execute(statement).scalar()


def _months_before(day: date, months: int) -> date:
    """The same day of that month, or the month's last: 24 months before 29 February is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(number, day.day))
        except ValueError:  # that month is shorter
            continue
    raise AssertionError("every month has 28 days")
