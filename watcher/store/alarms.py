"""Alarms: what the watcher tells its own operator. One of a kind is open at a time; its telling goes by the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, select

from watcher.models import OWN_RULES, Alert, Origin, Severity
from watcher.payload.alert import alarm_message
from watcher.plan import PlanState
from watcher.store.alerts import raise_alert
from watcher.store.pacing import tell
from watcher.store.schema import alarm

__all__ = ["Alarm", "begin", "end", "find_open"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that the operator should know: open while ``ended_at`` is None."""

    id: str
    kind: str  # a fixed word, such as ``quiet``
    text: str  # for a person
    began_at: datetime
    ended_at: datetime | None = None


def begin(
    connection: Connection, kind: str, text: str, now: datetime, *, endpoints: Iterable[str], url: str
) -> tuple[str, ...]:
    """Open an alarm unless one of its kind is open; return the endpoints that are now owed word of it."""
    if any(one.kind == kind for one in find_open(connection)):
        return ()
    number = hashlib.sha256(f"{kind}\n{now.isoformat()}".encode()).hexdigest()[:32]
    made = Alarm(f"alarm_{number}", kind, text, now)
    connection.execute(alarm.insert().values(id=made.id, kind=kind, text=text, began_at=now))
    return _tell(connection, made, now, tuple(endpoints), url)


def end(
    connection: Connection, kind: str, text: str, now: datetime, *, endpoints: Iterable[str], url: str
) -> tuple[str, ...]:
    """Close the open alarm of this kind, if any; return the endpoints that are now owed word of it."""
    owed: tuple[str, ...] = ()
    for one in find_open(connection):
        if one.kind == kind:
            connection.execute(alarm.update().where(alarm.c.id == one.id).values(ended_at=now))
            owed = _tell(connection, replace(one, text=text, ended_at=now), now, tuple(endpoints), url)
    return owed


def find_open(connection: Connection) -> tuple[Alarm, ...]:
    """Return the open alarms, the oldest first."""
    rows = connection.execute(select(alarm).where(alarm.c.ended_at.is_(None)).order_by(alarm.c.began_at))
    return tuple(_alarm(row) for row in rows)


def _alarm(row: Row[tuple[object, ...]]) -> Alarm:
    return Alarm(row.id, row.kind, row.text, row.began_at, row.ended_at)


def _tell(connection: Connection, one: Alarm, now: datetime, endpoints: tuple[str, ...], url: str) -> tuple[str, ...]:
    told = Alert(
        id=one.id if one.ended_at is None else f"{one.id}_over",
        rule=f"{OWN_RULES}{one.kind}",
        title=one.text,
        severity=Severity.HIGH if one.ended_at is None else Severity.LOW,
        revision="",
        notify=endpoints,
        summary=one.text,
    )
    message = alarm_message(told, kind=one.kind, began_at=one.began_at, ended_at=one.ended_at, url=url)
    raise_alert(connection, None, told, message, now)
    state = PlanState(Origin.LIVE, now, late_hours=0, endpoints=frozenset(endpoints))
    return tell(connection, [told], state, now)
