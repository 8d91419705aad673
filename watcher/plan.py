"""Who is owed what, and when: the one place that decides it.

Pure, and called inside the transaction that saves the alerts, with what it needs read there; whatever replays
history calls the same function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.models import Alert, Delivery, DeliveryState, Origin

__all__ = ["PlanState", "plan"]


@dataclass(frozen=True, slots=True)
class PlanState:
    """What the decision depends on, beside the alerts themselves."""

    origin: Origin
    listed_at: datetime | None  # when EDGAR accepted or listed the filing
    late_hours: float
    endpoints: frozenset[str]
    notify_all: bool = False  # told to notify even of what came as backfill or reread


def plan(alerts: Iterable[Alert], state: PlanState, now: datetime) -> tuple[Delivery, ...]:
    """Return the deliveries that these alerts owe.

    Live filings owe every endpoint that their rules name; late ones too, when listed within ``late_hours``;
    backfill and reread owe nothing unless ``notify_all``. An endpoint that left the settings is owed nothing.
    """
    if not _owes(state, now):
        return ()
    return tuple(
        Delivery(_delivery_id(alert.id, endpoint), alert.id, endpoint, DeliveryState.PENDING, run_at=now)
        for alert in alerts
        for endpoint in dict.fromkeys(alert.notify)
        if endpoint in state.endpoints
    )


def _owes(state: PlanState, now: datetime) -> bool:
    match state.origin:
        case Origin.LIVE:
            return True
        case Origin.LATE if state.listed_at is not None:
            return state.notify_all or now - state.listed_at <= timedelta(hours=state.late_hours)
        case _:
            return state.notify_all


def _delivery_id(alert: str, endpoint: str) -> str:
    return "dlv_" + hashlib.sha256(f"{alert}\n{endpoint}".encode()).hexdigest()[:32]
