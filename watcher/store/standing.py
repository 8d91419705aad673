"""What stands in the store, counted: for metrics and for the bound on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from watcher.audit_hours import AuditState
from watcher.models import DeliveryState
from watcher.store import alarms, audits, endpoints, filings
from watcher.store.schema import delivery

__all__ = ["Counts", "count", "used_bytes"]

_AUDITS = 10  # the last days among which one should be done


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted at one moment."""

    filings: dict[str, int]  # by state
    owed: dict[str, int]  # deliveries, by endpoint
    resting: dict[str, bool]  # by endpoint
    alarms: dict[str, int]  # open ones, by kind
    newest_accepted_at: datetime | None
    audit_missing: int | None  # None before the first audit that got through


def count(connection: Connection, now: datetime) -> Counts:
    """Count everything, along indexes."""
    owed = (
        select(delivery.c.endpoint, func.count())
        .where(delivery.c.state == DeliveryState.PENDING.value)
        .group_by(delivery.c.endpoint)
    )
    done = (one for one in audits.latest(connection, _AUDITS) if one.state is AuditState.DONE)
    last = next(done, None)
    return Counts(
        filings={state.value: number for state, number in filings.count_by_state(connection).items()},
        owed={row[0]: row[1] for row in connection.execute(owed)},
        resting={one.name: one.rests(now) for one in endpoints.find(connection)},
        alarms={one.kind: 1 for one in alarms.find_open(connection)},
        newest_accepted_at=filings.newest_acceptance(connection),
        audit_missing=None if last is None else last.missing,
    )


def used_bytes(connection: Connection) -> int:
    """Return how much of the database file holds something: what was deleted is used again, and not given back.

    Of a database of PostgreSQL it is all that it takes, which shrinks as its own housekeeping gives room back.
    """
    if connection.dialect.name == "postgresql":
        whole = select(func.pg_database_size(func.current_database()))
        return int(connection.execute(whole).scalar_one())
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
