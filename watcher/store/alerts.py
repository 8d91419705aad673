"""Alerts and what they owe: inserted inside the transaction of whoever raises them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from watcher.models import Alert, Delivery, Message
from watcher.report_json import to_json
from watcher.store.schema import alert, delivery

__all__ = ["owe", "raise_alert"]


def raise_alert(connection: Connection, accession: str | None, one: Alert, message: Message, now: datetime) -> bool:
    """Insert the alert unless it was raised before; tell whether it is new. ``accession`` is None for an alarm."""
    if connection.execute(select(alert.c.id).where(alert.c.id == one.id)).first():
        return False
    connection.execute(
        alert.insert().values(
            id=one.id,
            accession=accession,
            rule=one.rule,
            severity=one.severity.value,
            revision=one.revision,
            body=to_json(one),
            raised_at=now,
            message_type=message.type,
            message_at=message.timestamp,
            summary=message.summary,
            url=message.url,
            payload=message.payload,
        )
    )
    return True


def owe(connection: Connection, deliveries: Iterable[Delivery], now: datetime) -> None:
    """Insert what is owed."""
    rows = [
        {
            "id": one.id,
            "alert_id": one.alert,
            "endpoint": one.endpoint,
            "state": one.state.value,
            "run_at": one.run_at,
            "attempts": one.attempts,
            "last_error": one.last_error,
            "created_at": now,
        }
        for one in deliveries
    ]
    if rows:
        connection.execute(delivery.insert(), rows)
