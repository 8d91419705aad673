"""Noting how attempts ended: many in one transaction, each with what it means for its endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam

from watcher.models import Attempt, Delivery, DeliveryState
from watcher.store import endpoints
from watcher.store.deliveries import Order, Owed, owed_to
from watcher.store.notices import Owner, tell_owner
from watcher.store.schema import attempt, delivery
from watcher.verdict import EndpointState, Notice, Outcome, Verdict, judge

__all__ = ["Settled", "Settlement", "settle_all", "work_for"]

_ATTEMPT = ("at", "milliseconds", "ok", "status", "error", "address", "answer")
_SETTLE = (
    delivery.update()
    .where(delivery.c.id == bindparam("of"))
    .values(
        state=bindparam("to_state"),
        run_at=bindparam("to_run_at"),
        attempts=delivery.c.attempts + bindparam("used"),
        last_error=bindparam("to_error"),
        settled_at=bindparam("to_settled_at"),
        manual_from=bindparam("to_manual"),
    )
)


@dataclass(frozen=True, slots=True)
class Settled:
    """One attempt that ended at ``at``. ``jitter`` is what its wait is multiplied with."""

    delivery: Delivery
    tried: Attempt
    outcome: Outcome
    at: datetime
    jitter: float = 1.0
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of it, and how its endpoint fares now."""

    state: DeliveryState
    run_at: datetime | None
    notices: tuple[Notice, ...]
    endpoint: EndpointState


def work_for(
    connection: Connection, name: str, now: datetime, limit: int, *, ordered: bool = False
) -> tuple[EndpointState, tuple[Owed, ...]]:
    """Return how this endpoint fares, and what it may be sent now: nothing while it rests, one while it is probed."""
    state = endpoints.load(connection, name)
    if state.rests(now):
        return state, ()
    order = Order.AS_RAISED if ordered else Order.MOST_TRIED if state.is_open else Order.LONGEST_OWED
    return state, owed_to(connection, name, now, 1 if state.is_open else limit, order=order)


def settle_all(connection: Connection, settled: Sequence[Settled], owner: Owner) -> tuple[Settlement, ...]:
    """Note them in the order in which they ended, and owe the owner word of what they should know."""
    before = endpoints.load_all(connection, {one.delivery.endpoint for one in settled})
    states = dict(before)
    judged: list[Verdict] = []
    for one in settled:
        name = one.delivery.endpoint
        verdict = judge(one.delivery, states[name], one.outcome, one.at, jitter=one.jitter, ordered=one.ordered)
        states[name] = verdict.endpoint
        judged.append(verdict)
        tell_owner(connection, verdict.notices, verdict.endpoint, one.delivery, one.at, owner)
    for name, state in states.items():
        if state != before[name]:
            endpoints.save(connection, state)
    connection.execute(_SETTLE, [_changes(one, verdict) for one, verdict in zip(settled, judged, strict=True)])
    connection.execute(
        attempt.insert(),
        [{"delivery_id": one.delivery.id} | {name: getattr(one.tried, name) for name in _ATTEMPT} for one in settled],
    )
    return tuple(
        Settlement(verdict.state, verdict.run_at, verdict.notices, states[one.delivery.endpoint])
        for one, verdict in zip(settled, judged, strict=True)
    )


def _changes(one: Settled, verdict: Verdict) -> dict[str, Any]:
    is_pending = verdict.state is DeliveryState.PENDING
    manual_from = one.delivery.manual_from if is_pending else None
    return {
        "of": one.delivery.id,
        "to_state": verdict.state.value,
        "to_run_at": verdict.run_at or one.delivery.run_at,
        "used": int(verdict.uses_attempt),
        "to_error": one.tried.error,
        "to_settled_at": None if is_pending else one.tried.at,
        "to_manual": None if manual_from is None else manual_from.value,
    }
