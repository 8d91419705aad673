"""Alerts a page at a time, in the order in which they were raised: for whoever fetches them, or looks for gaps."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select

from watcher.errors import AheadOfStore
from watcher.every_filing import RULE
from watcher.models import Severity
from watcher.payload.alert import numbered
from watcher.store.schema import alert, delivery

__all__ = ["AlertFilter", "AlertPage", "page_after", "payload_of"]


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted; None wants all.

    Word of every filing is wanted only by whoever names the endpoint that is told it, or asks for it as a rule.
    """

    endpoint: str | None = None  # those that it was, is or will be told
    rule: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class AlertPage:
    """What is sent of each alert, and the sequence after which the next page begins."""

    payloads: tuple[bytes, ...]
    next: int
    has_more: bool


def page_after(connection: Connection, after: int, limit: int, wanted: AlertFilter) -> AlertPage:
    """Return the alerts that come after this sequence, the first raised first.

    No alert is ever passed over. The database numbers them as they are inserted, never gives a number twice, and has
    one writer: so whoever sees a number sees all lower ones, for they were committed before. (With several writers at
    once that does not hold: one that was given its number first may commit last.) What an alert owes is inserted in
    its own transaction, so the same is true of an endpoint's.

    Raises ``AheadOfStore`` when the store has not come so far: it is another one, or an older copy.
    """
    newest = connection.execute(select(func.max(alert.c.sequence))).scalar() or 0
    if after > newest:
        raise AheadOfStore(
            f"this store's last alert has the sequence {newest}, so {after} is another one's; begin at 0"
        )
    statement = select(alert.c.sequence, alert.c.payload).where(alert.c.sequence > after)
    if wanted.endpoint is not None:
        owed = exists().where(delivery.c.alert_id == alert.c.id, delivery.c.endpoint == wanted.endpoint)
        statement = statement.where(owed)
    if wanted.rule is not None:
        statement = statement.where(alert.c.rule == wanted.rule)
    elif wanted.endpoint is None:
        statement = statement.where(alert.c.rule != RULE)
    if wanted.severity is not None:
        statement = statement.where(alert.c.severity == wanted.severity.value)
    rows = connection.execute(statement.order_by(alert.c.sequence).limit(limit + 1)).all()
    shown, has_more = rows[:limit], len(rows) > limit
    # Alerts of earlier versions were stored without their number.
    payloads = tuple(numbered(row.payload, row.sequence) for row in shown)
    # At the end all others are known not to be wanted, and need not be looked at again.
    return AlertPage(payloads, shown[-1].sequence if has_more else newest, has_more)


def payload_of(connection: Connection, number: str) -> bytes:
    """Return what endpoints are told of the alert of this id. Raises ``KeyError`` when there is none."""
    row = connection.execute(select(alert.c.sequence, alert.c.payload).where(alert.c.id == number)).first()
    if row is None:
        raise KeyError(number)
    return numbered(row.payload, row.sequence)
