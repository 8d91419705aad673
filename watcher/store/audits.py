"""Audits: on which days the store was compared with EDGAR's own index, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from watcher.audit_hours import Audit, AuditState
from watcher.store.schema import audit, filing

__all__ = ["find", "first_polled_at", "get", "latest", "note"]


def note(connection: Connection, made: Audit) -> None:
    """Keep what came of an audit, in place of that day's last one."""
    values = asdict(made) | {"state": made.state.value}
    changed = connection.execute(audit.update().where(audit.c.day == made.day).values(**values))
    if not changed.rowcount:
        connection.execute(audit.insert().values(**values))


def get(connection: Connection, day: date) -> Audit | None:
    """Return what came of the last audit of this day, or None."""
    row = connection.execute(select(audit).where(audit.c.day == day)).first()
    return None if row is None else _audit(row)


def find(connection: Connection, since: date) -> dict[date, Audit]:
    """Return the audits of this day and of all after it."""
    rows = connection.execute(select(audit).where(audit.c.day >= since))
    return {row.day: _audit(row) for row in rows}


def latest(connection: Connection, limit: int, *, before: date | None = None) -> tuple[Audit, ...]:
    """Return the audits of the last days, or of the last ones before a day, the latest day first."""
    statement = select(audit) if before is None else select(audit).where(audit.c.day < before)
    rows = connection.execute(statement.order_by(audit.c.day.desc()).limit(limit))
    return tuple(_audit(row) for row in rows)


def first_polled_at(connection: Connection) -> datetime | None:
    """Return when the poller spotted its first filing, which is when this store began to watch EDGAR."""
    statement = select(func.min(filing.c.spotted_at)).where(filing.c.source == "poller")
    found: datetime | None = connection.execute(statement).scalar()
    return found


def _audit(row: Row[Any]) -> Audit:
    return Audit(row.day, AuditState(row.state), row.checked_at, row.listed, row.missing, row.gone, row.reason)
