"""What a page tells at a glance: what happened today, and what was found in the filings of a list."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Select, func, select

from watcher.edgar.calendar import NEW_YORK
from watcher.every_filing import RULE
from watcher.models import FilingState, Severity
from watcher.store.schema import alert, event, filing
from watcher.store.sort_keys import first_of_day

__all__ = ["MOST_FAILED", "Happened", "Today", "database_version", "event_names", "events_of", "today"]

MOST_FAILED = 1000  # that are counted
_GRAVE = (Severity.HIGH.value, Severity.CRITICAL.value)


@dataclass(frozen=True, slots=True)
class Today:
    """What came since the day began in New York."""

    filings: int
    grave_events: int  # of high or critical severity
    alerts: int
    failed: int  # filings that are parked, up to `MOST_FAILED`


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a filing, as a list shows it."""

    event: str
    severity: Severity
    score: float


def today(connection: Connection, day: date) -> Today:
    """Count what came since this day began in New York: bounded ranges of indexes."""
    key, begin = first_of_day(day), datetime.combine(day, time(), NEW_YORK)
    grave = event.c.severity.in_(_GRAVE), event.c.sort_key >= key
    raised = alert.c.raised_at >= begin, alert.c.accession.is_not(None), alert.c.rule != RULE
    failed = select(filing.c.accession).where(filing.c.state == FilingState.FAILED.value).limit(MOST_FAILED)
    return Today(
        filings=_count(connection, select(filing.c.accession).where(filing.c.sort_key >= key)),
        grave_events=_count(connection, select(event.c.accession).where(*grave)),
        alerts=_count(connection, select(alert.c.sequence).where(*raised)),
        failed=_count(connection, failed),
    )


def events_of(connection: Connection, accessions: Collection[str]) -> dict[str, list[Happened]]:
    """Return the events of each of these filings, at most a page of them, the gravest first."""
    statement = select(event.c.accession, event.c.event, event.c.severity, event.c.score)
    rows = connection.execute(statement.where(event.c.accession.in_(accessions)).order_by(event.c.position))
    found: dict[str, list[Happened]] = {}
    for accession, name, severity, score in rows:
        found.setdefault(accession, []).append(Happened(name, Severity(severity), score))
    for events in found.values():
        events.sort(key=lambda one: -one.severity.rank)
    return found


def event_names(connection: Connection) -> tuple[str, ...]:
    """Return the names of all events that were ever found, in order."""
    # A DISTINCT would go through every event. This jumps from one name to the next along the index.
    names = select(func.min(event.c.event).label("name")).cte("names", recursive=True)
    following = select(func.min(event.c.event)).where(event.c.event > names.c.name).correlate(names).scalar_subquery()
    every = names.union_all(select(following).where(names.c.name.is_not(None)))
    return tuple(connection.execute(select(every.c.name).where(every.c.name.is_not(None))).scalars())


def database_version(connection: Connection) -> str:
    """Return which database it is, and of which version."""
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.execute(select(func.sqlite_version())).scalar_one()}"
    return f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"


def _count(connection: Connection, rows: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
