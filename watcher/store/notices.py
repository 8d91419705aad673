"""Telling the owner how an endpoint fares: an alert like others, that goes by the outbox to other endpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from watcher.models import OWN_RULES, Alert, Delivery, Origin, Severity
from watcher.payload.notice import notice_message, notice_words
from watcher.plan import PlanState
from watcher.store.alerts import raise_alert
from watcher.store.pacing import tell
from watcher.verdict import EndpointState, Notice

__all__ = ["Owner", "tell_owner"]

_SEVERITIES = {
    Notice.FAILING: Severity.MEDIUM,
    Notice.RECOVERED: Severity.LOW,
    Notice.EXHAUSTED: Severity.HIGH,
    Notice.DISABLED: Severity.HIGH,
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is told: endpoints of theirs, and the page on which they read on."""

    endpoints: tuple[str, ...] = ()
    url: str = ""


def tell_owner(
    connection: Connection, notices: Iterable[Notice], state: EndpointState, one: Delivery, at: datetime, owner: Owner
) -> None:
    """Owe the owner word of it, by every endpoint of theirs but the one that it is about."""
    endpoints = tuple(name for name in owner.endpoints if name != state.name)
    for notice in notices:
        number = hashlib.sha256(f"{state.name}\n{notice}\n{at.isoformat()}".encode()).hexdigest()[:32]
        words = notice_words(notice, state, one)
        alert = Alert(
            id=f"notice_{number}",
            rule=f"{OWN_RULES}endpoint-{notice}",
            title=words,
            severity=_SEVERITIES[notice],
            revision="",
            notify=endpoints,
            summary=words,
        )
        message = notice_message(alert, notice, state, one, at, url=owner.url)
        if raise_alert(connection, None, alert, message, at):
            now = PlanState(Origin.LIVE, at, late_hours=0, endpoints=frozenset(endpoints))
            tell(connection, [alert], now, at)
