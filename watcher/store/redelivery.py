"""Telling again what was told, given up or expired: one attempt more for each, under the same id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from watcher.errors import UnknownDelivery
from watcher.models import DeliveryState
from watcher.store import endpoints
from watcher.store.schema import alert, delivery

__all__ = ["MOST_AT_ONCE", "Again", "Redelivery", "Wanted", "redeliver"]

MOST_AT_ONCE = 1_000
# A database takes only so many parameters in one statement.
_MOST_PARAMETERS = 1_000
_ALERTS = ("alr_", "dig_", "fil_")  # what the ids of alerts begin with, of digests and of saved filings, too


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are wanted again: of one endpoint, in one state, since then, of one rule."""

    endpoint: str
    state: DeliveryState = DeliveryState.FAILED
    since: datetime | None = None  # when they were owed first
    rule: str | None = None
    limit: int = MOST_AT_ONCE


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery that is owed once more."""

    id: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Redelivery:
    """What is owed once more, the oldest alert first, and how many more there are that were wanted."""

    deliveries: tuple[Again, ...]
    left: int = 0


def redeliver(connection: Connection, wanted: Wanted | str, now: datetime) -> Redelivery:
    """Owe it now. A delivery named by its id may be in any state; the id of an alert stands for all of its deliveries.

    One that is still owed goes on by its schedule. Any other has one attempt; when that fails, it is again what it was.
    Raises ``UnknownDelivery``, and ``EndpointDisabled``.
    """
    return _by_id(connection, wanted, now) if isinstance(wanted, str) else _by_filter(connection, wanted, now)


def _by_id(connection: Connection, number: str, now: datetime) -> Redelivery:
    statement = select(delivery.c.id, delivery.c.endpoint)
    rows = connection.execute(statement.where((delivery.c.id == number) | (delivery.c.alert_id == number))).all()
    if not rows:
        raise UnknownDelivery(_why_none(connection, number))
    return _owe(connection, [Again(*row) for row in rows], now)


def _why_none(connection: Connection, number: str) -> str:
    """Why an id stands for no delivery: alerts that nobody was to be told of have none."""
    if connection.execute(select(alert.c.id).where(alert.c.id == number)).first() is not None:
        return f"alert {number} has no deliveries: nobody was to be told of it"
    return f"no {'alert' if number.startswith(_ALERTS) else 'delivery'} {number} in the store"


def _by_filter(connection: Connection, wanted: Wanted, now: datetime) -> Redelivery:
    endpoints.check_enabled(connection, wanted.endpoint)
    oldest = _where(select(delivery.c.id, delivery.c.endpoint), wanted).order_by(alert.c.sequence).limit(wanted.limit)
    rows = connection.execute(oldest).all()
    count: int = connection.execute(_where(select(func.count()).select_from(delivery), wanted)).scalar_one()
    made = _owe(connection, [Again(*row) for row in rows], now)
    return Redelivery(made.deliveries, count - len(rows))


def _where(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    statement = statement.join(alert, alert.c.id == delivery.c.alert_id)
    statement = statement.where(delivery.c.state == wanted.state.value, delivery.c.endpoint == wanted.endpoint)
    if wanted.since is not None:
        statement = statement.where(delivery.c.created_at >= wanted.since)
    return statement if wanted.rule is None else statement.where(alert.c.rule == wanted.rule)


def _owe(connection: Connection, again: list[Again], now: datetime) -> Redelivery:
    for name in {one.endpoint for one in again}:
        endpoints.check_enabled(connection, name)
    pending = DeliveryState.PENDING.value
    for start in range(0, len(again), _MOST_PARAMETERS):
        ids = [one.id for one in again[start : start + _MOST_PARAMETERS]]
        these = delivery.update().where(delivery.c.id.in_(ids))
        connection.execute(these.where(delivery.c.state == pending, delivery.c.run_at > now).values(run_at=now))
        changes = {"manual_from": delivery.c.state, "state": pending, "run_at": now, "settled_at": None}
        connection.execute(these.where(delivery.c.state != pending).values(changes))
    return Redelivery(tuple(again))
