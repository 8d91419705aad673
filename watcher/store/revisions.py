"""Revisions: each text that a rule ever had, and what each named list held on which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from watcher.edgar.calendar import NEW_YORK
from watcher.rulebook import ListInfo, RuleInfo
from watcher.store.schema import list_revision, rule_revision

__all__ = ["ListRevision", "RuleRevision", "list_as_of", "names", "note", "of", "of_rule", "versions_of_list"]


@dataclass(frozen=True, slots=True)
class RuleRevision:
    """A rule as it once was."""

    rule: str
    revision: str
    title: str
    source: str  # JSON, as the rule book gave it
    first_used_at: datetime


@dataclass(frozen=True, slots=True)
class ListRevision:
    """A named list as it was from this time on."""

    name: str
    read_at: datetime
    revision: str
    values: tuple[str, ...]


def note(connection: Connection, rules: Sequence[RuleInfo], lists: Sequence[ListInfo], now: datetime) -> None:
    """Keep what is new of rules and lists that were read now. Harmless when nothing is.

    A rule's revision is kept once. A list that is again as it was long ago is kept again: it was another in between.
    """
    for rule in rules:
        if of(connection, rule.id, rule.revision) is None:
            made = RuleRevision(rule.id, rule.revision, rule.title, rule.source, now)
            connection.execute(rule_revision.insert().values(**_row(made)))
    for one in lists:
        last = _last(connection, one.name)
        if last is None or last.revision != one.revision:
            # Times of one list go up, whatever the clock does: they are what it is found by.
            read_at = now if last is None else max(now, last.read_at + timedelta(microseconds=1))
            made_list = ListRevision(one.name, read_at, one.revision, one.values)
            connection.execute(list_revision.insert().values(**_row(made_list)))


def of(connection: Connection, rule: str, revision: str) -> RuleRevision | None:
    """Return the rule as it was in this revision, or None if it was never in use here."""
    where = rule_revision.c.rule == rule, rule_revision.c.revision == revision
    row = connection.execute(select(rule_revision).where(*where)).first()
    return None if row is None else _revision(row)


def of_rule(connection: Connection, rule: str) -> tuple[RuleRevision, ...]:
    """Return all that this rule ever was, by when each of it was first used, the oldest first."""
    statement = select(rule_revision).where(rule_revision.c.rule == rule)
    rows = connection.execute(statement.order_by(rule_revision.c.first_used_at, rule_revision.c.revision))
    return tuple(_revision(row) for row in rows)


def names(connection: Connection) -> tuple[str, ...]:
    """Return the id of every rule that was ever in use here."""
    return tuple(connection.execute(select(rule_revision.c.rule).distinct().order_by(rule_revision.c.rule)).scalars())


def list_as_of(connection: Connection, name: str, day: date) -> ListRevision | None:
    """Return the list as it stood at the end of this day in New York; None if it was not known yet."""
    return _last(connection, name, datetime.combine(day + timedelta(days=1), time(), NEW_YORK))


def versions_of_list(connection: Connection, name: str) -> tuple[ListRevision, ...]:
    """Return all that this list ever was, the oldest first."""
    statement = select(list_revision).where(list_revision.c.name == name).order_by(list_revision.c.read_at)
    rows = connection.execute(statement).mappings()
    return tuple(ListRevision(row["name"], row["read_at"], row["revision"], tuple(row["values"])) for row in rows)


def _last(connection: Connection, name: str, before: datetime | None = None) -> ListRevision | None:
    statement = select(list_revision).where(list_revision.c.name == name)
    if before is not None:
        statement = statement.where(list_revision.c.read_at < before)
    row = connection.execute(statement.order_by(list_revision.c.read_at.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    return ListRevision(row["name"], row["read_at"], row["revision"], tuple(row["values"]))


def _revision(row: Row[Any]) -> RuleRevision:
    return RuleRevision(row.rule, row.revision, row.title, row.source, row.first_used_at)


def _row(made: RuleRevision | ListRevision) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__slots__}
