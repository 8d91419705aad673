"""The journal: what was saved and raised, in the order of the commits, for whoever follows along.

Each row is written in the transaction that it tells of. With one writer, whoever sees a number sees all lower ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from watcher.store.schema import journal

__all__ = ["Entry", "after", "first", "last", "note_alert", "note_filing", "prune"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    sequence: int
    kind: str  # filing (its report was saved), alert, or alarm: an alert that no filing raised, a digest included
    accession: str | None
    alert_id: str | None
    at: datetime


def note_filing(connection: Connection, accession: str, now: datetime) -> None:
    """Note that a filing's report was saved, for the first time or again."""
    connection.execute(journal.insert().values(kind="filing", accession=accession, at=now))


def note_alert(connection: Connection, alert_id: str, accession: str | None, now: datetime) -> None:
    """Note that an alert was raised."""
    kind = "alarm" if accession is None else "alert"
    connection.execute(journal.insert().values(kind=kind, accession=accession, alert_id=alert_id, at=now))


def after(connection: Connection, sequence: int, limit: int) -> tuple[Entry, ...]:
    """Return what happened after the entry of this number, the oldest first."""
    statement = select(journal).where(journal.c.sequence > sequence).order_by(journal.c.sequence).limit(limit)
    return tuple(Entry(*row) for row in connection.execute(statement))


def first(connection: Connection) -> int | None:
    """Return the number of the oldest entry that is kept; None when there is none."""
    return connection.execute(select(func.min(journal.c.sequence))).scalar()


def last(connection: Connection) -> int:
    """Return the number of the newest entry; 0 when there is none."""
    return connection.execute(select(func.max(journal.c.sequence))).scalar() or 0


def prune(connection: Connection, before: datetime) -> int:
    """Forget what happened before then, but for the newest entry, and return how many entries that were."""
    old = journal.delete().where(journal.c.at < before, journal.c.sequence < last(connection))
    return connection.execute(old).rowcount
