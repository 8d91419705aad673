"""Deliveries: what each endpoint is owed, and how every attempt ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import CTE, Connection, Row, exists, func, select

from watcher.every_filing import RULE
from watcher.models import Attempt, Delivery, DeliveryState, Message
from watcher.store import endpoints, tally
from watcher.store.schema import alert, attempt, delivery, endpoint_state

__all__ = [
    "Order",
    "Owed",
    "StoredDelivery",
    "count_by_state",
    "due_endpoints",
    "expire",
    "find",
    "forget_answers",
    "get",
    "owed_to",
]

# Of an alert what an attempt needs: its body is long, and would be read for nothing.
_MESSAGE = tuple(alert.c[name] for name in ("accession", "message_type", "message_at", "summary", "url", "payload"))


class Order(Enum):
    """Which of several deliveries to one endpoint is tried first."""

    LONGEST_OWED = 1
    AS_RAISED = 2
    MOST_TRIED = 3  # so that what is probed with comes to its end


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that is due, with what is to be told."""

    delivery: Delivery
    message: Message
    accession: str | None = None  # None: a digest, or an alarm of the watcher itself, which is about no single filing


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
    sequence: int = 0  # of the alert

    @property
    def is_of_filing(self) -> bool:
        """Whether it tells of a filing for being one, and of no rule's alert."""
        return self.rule == RULE


def due_endpoints(connection: Connection, now: datetime, exclude: Collection[str] = ()) -> tuple[str, ...]:
    """Return the endpoints that are owed something by now, and do not rest."""
    owed = _endpoints_owed()
    due = exists().where(
        delivery.c.state == DeliveryState.PENDING.value, delivery.c.endpoint == owed.c.name, delivery.c.run_at <= now
    )
    rests = exists().where(endpoint_state.c.name == owed.c.name, endpoints.resting(now))
    statement = select(owed.c.name).where(owed.c.name.is_not(None), owed.c.name.not_in(exclude), due, ~rests)
    return tuple(connection.execute(statement).scalars())


def _endpoints_owed() -> CTE:
    # A DISTINCT would look at each row of a long backlog, at each look. This jumps from one endpoint to the next
    # along the index.
    least = select(func.min(delivery.c.endpoint).label("name")).where(delivery.c.state == DeliveryState.PENDING.value)
    owed = least.cte("owed", recursive=True)
    following = least.where(delivery.c.endpoint > owed.c.name).correlate(owed).scalar_subquery()
    return owed.union_all(select(following).where(owed.c.name.is_not(None)))


def owed_to(
    connection: Connection,
    endpoint: str,
    now: datetime,
    limit: int,
    exclude: Collection[str] = (),
    *,
    order: Order = Order.LONGEST_OWED,
) -> tuple[Owed, ...]:
    """Return what this endpoint is owed by now, the longest owed first."""
    by = {
        Order.LONGEST_OWED: (delivery.c.run_at, alert.c.sequence),
        Order.AS_RAISED: (alert.c.sequence,),
        Order.MOST_TRIED: (delivery.c.attempts.desc(), delivery.c.run_at, alert.c.sequence),
    }
    statement = (
        select(delivery, *_MESSAGE)
        .join(alert, alert.c.id == delivery.c.alert_id)
        .where(delivery.c.state == DeliveryState.PENDING.value, delivery.c.endpoint == endpoint)
        .where(delivery.c.run_at <= now, delivery.c.id.not_in(exclude))
        .order_by(*by[order])
        .limit(limit)
    )
    return tuple(_owed(row) for row in connection.execute(statement))


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
    endpoint: str | None = None,
    rule: str | None = None,
    alert_id: str | None = None,
    since: datetime | None = None,
    after: tuple[int, str] | None = None,
    limit: int | None = None,
) -> tuple[StoredDelivery, ...]:
    """Return deliveries, newest alert first, with every attempt; of one filing, of one alert, in one state, or all.

    ``since``: owed since then; ``after``: those that come after the one of this alert's sequence and this endpoint.
    """
    statement = select(delivery, alert).join(alert, alert.c.id == delivery.c.alert_id)
    # The same number in both: whichever table has the index of what is asked for is walked in its order.
    place = delivery.c.alert_sequence if rule is None else alert.c.sequence
    if accession is not None:
        statement = statement.where(alert.c.accession == accession)
    if state is not None:
        statement = statement.where(delivery.c.state == state.value)
    if endpoint is not None:
        statement = statement.where(delivery.c.endpoint == endpoint)
    if rule is not None:
        statement = statement.where(alert.c.rule == rule)
    if alert_id is not None:
        statement = statement.where(delivery.c.alert_id == alert_id)
    if since is not None:
        statement = statement.where(delivery.c.created_at >= since)
    if after is not None:
        sequence, name = after
        # The first condition alone is a range of the index.
        later = (place < sequence) | (delivery.c.endpoint > name)
        statement = statement.where(place <= sequence, later)
    newest = statement.order_by(place.desc(), delivery.c.endpoint)
    rows = connection.execute(newest.limit(limit)).all()
    tries = _attempts(connection, [row.id for row in rows])
    return tuple(_stored(row, tuple(tries.get(row.id, ()))) for row in rows)


def get(connection: Connection, ids: Sequence[str]) -> tuple[StoredDelivery, ...]:
    """Return these deliveries, those of the oldest alert first; an id that is not in the store is left out."""
    found: list[Row[Any]] = []
    for asked in _parts(ids):
        statement = select(delivery, alert).join(alert, alert.c.id == delivery.c.alert_id)
        found += connection.execute(statement.where(delivery.c.id.in_(asked)))
    found.sort(key=lambda row: (row.sequence, row.endpoint))
    tries = _attempts(connection, ids)
    return tuple(_stored(row, tuple(tries.get(row.id, ()))) for row in found)


def forget_answers(connection: Connection, before: datetime, limit: int) -> int:
    """Drop what was answered to at most ``limit`` attempts at deliveries that were settled before then.

    Returns how many these were. The attempts themselves, and what was sent, stay.
    """
    old = (
        select(attempt.c.number)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(attempt.c.answer != "", delivery.c.settled_at < before, delivery.c.state != DeliveryState.PENDING.value)
        .limit(limit)
    )
    dropped: int = connection.execute(attempt.update().where(attempt.c.number.in_(old)).values(answer="")).rowcount
    return dropped


def count_by_state(connection: Connection) -> dict[DeliveryState, int]:
    """Return how many deliveries stand in each state."""
    return {DeliveryState(state): count for state, count in tally.counts(connection, "delivery").items()}


def _attempts(connection: Connection, ids: Sequence[str]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for asked in _parts(ids):
        statement = select(attempt).where(attempt.c.delivery_id.in_(asked)).order_by(attempt.c.number)
        for row in connection.execute(statement):
            one = Attempt(row.at, row.milliseconds, row.ok, row.status, row.error, row.address, row.answer)
            found.setdefault(row.delivery_id, []).append(one)
    return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    # A database takes only so many parameters in one statement.
    return (ids[start : start + 1000] for start in range(0, len(ids), 1000))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        alert=row.alert_id,
        endpoint=row.endpoint,
        state=DeliveryState(row.state),
        run_at=row.run_at,
        attempts=row.attempts,
        last_error=row.last_error,
        expires_at=row.expires_at,
        manual_from=None if row.manual_from is None else DeliveryState(row.manual_from),
    )


def _owed(row: Row[Any]) -> Owed:
    message = Message(row.alert_id, row.message_type, row.message_at, row.summary, row.url, row.payload)
    return Owed(_delivery(row), message, row.accession)


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
        sequence=row.sequence,
    )
