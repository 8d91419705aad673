"""Deliveries: what each endpoint is owed, and how every attempt ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from watcher.models import Attempt, Delivery, DeliveryState, Message
from watcher.store.schema import alert, attempt, delivery

__all__ = ["Owed", "StoredDelivery", "count_by_state", "due_endpoints", "expire", "find", "owed_to", "settle"]


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that is due, with what is to be told."""

    delivery: Delivery
    message: Message


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery with the alert it tells of and its attempts, oldest first."""

    delivery: Delivery
    accession: str | None  # None: an alarm of the watcher itself
    rule: str
    severity: str
    summary: str
    created_at: datetime
    settled_at: datetime | None
    tries: tuple[Attempt, ...] = ()


def due_endpoints(connection: Connection, now: datetime, exclude: Collection[str] = ()) -> tuple[str, ...]:
    """Return the endpoints that are owed something by now."""
    statement = (
        select(delivery.c.endpoint)
        .where(delivery.c.state == DeliveryState.PENDING.value, delivery.c.run_at <= now)
        .where(delivery.c.endpoint.not_in(exclude))
        .distinct()
    )
    return tuple(connection.execute(statement).scalars())


def owed_to(
    connection: Connection, endpoint: str, now: datetime, limit: int, exclude: Collection[str] = ()
) -> tuple[Owed, ...]:
    """Return what this endpoint is owed by now, the longest owed first."""
    statement = (
        select(delivery, alert)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(delivery.c.state == DeliveryState.PENDING.value, delivery.c.endpoint == endpoint)
        .where(delivery.c.run_at <= now, delivery.c.id.not_in(exclude))
        .order_by(delivery.c.run_at, alert.c.sequence)
        .limit(limit)
    )
    return tuple(_owed(row) for row in connection.execute(statement))


def settle(
    connection: Connection, one: Delivery, tried: Attempt, state: DeliveryState, run_at: datetime | None = None
) -> None:
    """Note how one attempt ended, and when to try again if it stays pending. May be called twice.

    Raises ``KeyError`` if this delivery is not in the store.
    """
    settled_at = None if state is DeliveryState.PENDING else tried.at
    changes: dict[str, Any] = {"state": state.value, "attempts": delivery.c.attempts + 1, "last_error": tried.error}
    if run_at is not None:
        changes["run_at"] = run_at
    row = delivery.update().where(delivery.c.id == one.id).values(**changes, settled_at=settled_at)
    if not connection.execute(row).rowcount:
        raise KeyError(one.id)
    connection.execute(attempt.insert().values(delivery_id=one.id, **_attempt_values(tried)))


def expire(connection: Connection, one: Delivery, now: datetime) -> None:
    """Note that it is no longer sent. Raises ``KeyError`` if this delivery is not in the store."""
    changes = {"state": DeliveryState.EXPIRED.value, "settled_at": now}
    if not connection.execute(delivery.update().where(delivery.c.id == one.id).values(**changes)).rowcount:
        raise KeyError(one.id)


def find(
    connection: Connection,
    accession: str | None = None,
    *,
    state: DeliveryState | None = None,
    limit: int | None = None,
) -> tuple[StoredDelivery, ...]:
    """Return deliveries, newest alert first, with every attempt; of one filing, in one state, or all."""
    statement = select(delivery, alert).join(alert, alert.c.id == delivery.c.alert_id)
    if accession is not None:
        statement = statement.where(alert.c.accession == accession)
    if state is not None:
        statement = statement.where(delivery.c.state == state.value)
    rows = connection.execute(statement.order_by(alert.c.sequence.desc(), delivery.c.endpoint).limit(limit)).all()
    tries = _attempts(connection, [row.id for row in rows])
    return tuple(_stored(row, tuple(tries.get(row.id, ()))) for row in rows)


def count_by_state(connection: Connection) -> dict[DeliveryState, int]:
    """Return how many deliveries stand in each state."""
    rows = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
    return {DeliveryState(state): count for state, count in rows}


def _attempts(connection: Connection, ids: Sequence[str]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    # A database takes only so many parameters in one statement.
    for asked in (ids[start : start + 1000] for start in range(0, len(ids), 1000)):
        statement = select(attempt).where(attempt.c.delivery_id.in_(asked)).order_by(attempt.c.number)
        for row in connection.execute(statement):
            one = Attempt(row.at, row.milliseconds, row.ok, row.status, row.error, row.address, row.answer)
            found.setdefault(row.delivery_id, []).append(one)
    return found


def _attempt_values(one: Attempt) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("at", "milliseconds", "ok", "status", "error", "address", "answer")}


def _delivery(row: Row[Any]) -> Delivery:
    state = DeliveryState(row.state)
    return Delivery(row.id, row.alert_id, row.endpoint, state, row.run_at, row.attempts, row.last_error, row.expires_at)


def _owed(row: Row[Any]) -> Owed:
    message = Message(row.alert_id, row.message_type, row.message_at, row.summary, row.url, row.payload)
    return Owed(_delivery(row), message)


def _stored(row: Row[Any], tries: tuple[Attempt, ...]) -> StoredDelivery:
    return StoredDelivery(
        delivery=_delivery(row),
        accession=row.accession,
        rule=row.rule,
        severity=row.severity,
        summary=row.summary,
        created_at=row.created_at,
        settled_at=row.settled_at,
        tries=tries,
    )
