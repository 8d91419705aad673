"""Silences: what nobody wants to be told for a while. They are kept for ever, and only ever ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from watcher.every_filing import RULE
from watcher.plan import Silence
from watcher.store.schema import alert, rule_revision, silence

__all__ = ["add", "end", "find", "find_open", "is_rule_known"]


def add(
    connection: Connection, *, rule: str | None, cik: int | None, why: str, by: str, now: datetime, until: datetime
) -> Silence:
    """Silence a rule, a company, or that rule about that company, from now on until then.

    Raises ``ValueError`` when neither is named, no reason is given, or it would be over already.
    """
    if rule is None and cik is None:
        raise ValueError("a silence needs a rule, a company, or both")
    if not why.strip():
        raise ValueError("a silence needs a reason")
    if until <= now:
        raise ValueError(f"a silence until {until:%Y-%m-%dT%H:%M:%SZ} would be over already")
    values = {"rule": rule, "cik": cik, "why": why.strip(), "by": by.strip(), "begins_at": now, "until": until}
    number = connection.execute(silence.insert().values(**values)).inserted_primary_key
    return _get(connection, number[0] if number else 0)


def find_open(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Return those that count now, the oldest first."""
    where = silence.c.ended_at.is_(None), silence.c.until > now
    rows = connection.execute(select(silence).where(*where).order_by(silence.c.id))
    return tuple(_silence(row) for row in rows)


def find(connection: Connection) -> tuple[Silence, ...]:
    """Return all there ever were, the newest first."""
    return tuple(_silence(row) for row in connection.execute(select(silence).order_by(silence.c.id.desc())))


def end(connection: Connection, number: int, now: datetime) -> Silence | None:
    """End one before its time, and return it; None if there is none of this number. One that is over stays as it is."""
    where = silence.c.id == number, silence.c.ended_at.is_(None), silence.c.until > now
    connection.execute(silence.update().where(*where).values(ended_at=now))
    row = connection.execute(select(silence).where(silence.c.id == number)).first()
    return None if row is None else _silence(row)


def is_rule_known(connection: Connection, rule: str) -> bool:
    """Whether this store ever saw the rule: who silences one that it did not may have mistyped it."""
    if rule == RULE:
        return False  # it is none, and no silence touches what is told under it
    seen = select(rule_revision.c.rule).where(rule_revision.c.rule == rule).limit(1)
    raised = select(alert.c.rule).where(alert.c.rule == rule).limit(1)
    return any(connection.execute(one).first() for one in (seen, raised))


def _get(connection: Connection, number: int) -> Silence:
    return _silence(connection.execute(select(silence).where(silence.c.id == number)).one())


def _silence(row: Row[Any]) -> Silence:
    return Silence(row.id, row.rule, row.cik, row.why, row.by, row.begins_at, row.until, row.ended_at)
