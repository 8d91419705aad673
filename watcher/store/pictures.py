"""The numbers behind the pictures: each over a bounded span, by an indexed column; a long history costs nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from watcher.edgar.calendar import NEW_YORK
from watcher.every_filing import RULE
from watcher.items import CURRENT_ITEMS, LEGACY_ITEMS
from watcher.models import DeliveryState, Origin
from watcher.store.schema import alert, delivery, filing, item
from watcher.store.sort_keys import first_of_day

__all__ = ["Arrival", "Told", "alerts_by_week", "arrivals", "items_by_day", "tellings"]

_MOST_ARRIVALS = 5_000
_NUMBERS = tuple({**CURRENT_ITEMS, **LEGACY_ITEMS})
_DAY = 86_400_000  # milliseconds
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When EDGAR accepted a filing, and when a list first showed it to us."""

    accepted_at: datetime
    spotted_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """How long it took to tell an endpoint, from when the alert was raised."""

    endpoint: str
    seconds: float


def items_by_day(connection: Connection, first: date, days: int) -> dict[str, list[int]]:
    """Count the filings with each item, by the day in New York on which EDGAR accepted them."""
    begin = first_of_day(first)
    # An hour is shifted where the clocks are set in between, at a time of day at which EDGAR accepts nothing.
    day = (item.c.sort_key - begin) // _DAY
    statement = (
        select(item.c.number, day.label("day"), func.count())
        .where(item.c.number.in_(_NUMBERS), item.c.sort_key >= begin, item.c.sort_key < begin + days * _DAY)
        .group_by(item.c.number, "day")  # by its name: given twice, the values would make two of it
    )
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * days)
    for number, place, count in connection.execute(statement):
        counts[number][place] = count
    return dict(counts)


def arrivals(connection: Connection, day: date) -> tuple[Arrival, ...]:
    """Return the filings that EDGAR accepted on this day in New York and that were found live or by the audit."""
    since, until = first_of_day(day), first_of_day(day + timedelta(days=1))
    statement = (
        select(filing.c.accepted_at, filing.c.spotted_at, filing.c.origin)
        .where(filing.c.sort_key >= since, filing.c.sort_key < until, filing.c.accepted_at.is_not(None))
        .order_by(filing.c.sort_key)
        .limit(_MOST_ARRIVALS)
    )
    live = (Origin.LIVE.value, Origin.LATE.value)
    return tuple(Arrival(row[0], row[1]) for row in connection.execute(statement) if row.origin in live)


def alerts_by_week(connection: Connection, monday: date, weeks: int) -> Mapping[str, list[int]]:
    """Count the alerts of each rule in so many weeks from this Monday on; alarms of the watcher itself are none."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * weeks)
    for week in range(weeks):
        since, until = (_begin_of(monday + one * _WEEK) for one in (week, week + 1))
        is_of_rule = alert.c.accession.is_not(None), alert.c.rule != RULE
        where = alert.c.raised_at >= since, alert.c.raised_at < until, *is_of_rule
        for rule, count in connection.execute(select(alert.c.rule, func.count()).where(*where).group_by(alert.c.rule)):
            counts[rule][week] = count
    return dict(counts)


def tellings(connection: Connection, limit: int) -> tuple[Told, ...]:
    """Return how long the last so many deliveries took that were made."""
    return tuple(_told(connection, limit))


def _told(connection: Connection, limit: int) -> Iterator[Told]:
    statement = (
        select(delivery.c.endpoint, delivery.c.created_at, delivery.c.settled_at)
        .where(delivery.c.state == DeliveryState.DELIVERED.value)
        .order_by(delivery.c.alert_sequence.desc())
        .limit(limit)
    )
    for endpoint, created_at, settled_at in connection.execute(statement):
        if settled_at is not None:
            yield Told(endpoint, max(0.0, (settled_at - created_at).total_seconds()))


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK)
