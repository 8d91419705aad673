"""What was told to each endpoint, and what it is owed: for a person who looks at them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from watcher.models import DeliveryState
from watcher.store import endpoints
from watcher.store.schema import attempt, delivery
from watcher.verdict import EndpointState

__all__ = ["EndpointRecord", "records"]


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """How an endpoint fares, and what it is owed."""

    state: EndpointState
    owed: int = 0
    failed: int = 0  # deliveries that were given up
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None


def records(connection: Connection) -> dict[str, EndpointRecord]:
    """Return what is known of every endpoint that was ever seen, by name."""
    states = {one.name: one for one in endpoints.find(connection)}
    counts: dict[tuple[str, str], int] = {}
    counted = select(delivery.c.endpoint, delivery.c.state, func.count()).group_by(
        delivery.c.endpoint, delivery.c.state
    )
    for name, state, count in connection.execute(counted):
        counts[name, state] = count
    last: dict[tuple[str, bool], datetime] = {}
    tried = select(delivery.c.endpoint, attempt.c.ok, func.max(attempt.c.at)).join(
        delivery, delivery.c.id == attempt.c.delivery_id
    )
    for name, ok, at in connection.execute(tried.group_by(delivery.c.endpoint, attempt.c.ok)):
        last[name, ok] = at
    names = sorted({*states, *(name for name, _ in counts)})
    return {
        name: EndpointRecord(
            states.get(name, EndpointState(name)),
            counts.get((name, DeliveryState.PENDING.value), 0),
            counts.get((name, DeliveryState.FAILED.value), 0),
            last.get((name, True)),
            last.get((name, False)),
        )
        for name in names
    }
