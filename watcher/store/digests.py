"""Digests: alerts that an endpoint is told of together. One that closes becomes an alert, which goes by the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from watcher.models import Alert
from watcher.payload.alert import MAX_DIGEST_ENTRIES, DigestEntry, digest_message
from watcher.plan import Digest, digest_delivery
from watcher.report_json import alert_from_json
from watcher.store import filings
from watcher.store.alerts import owe, raise_alert
from watcher.store.pacing import digest_of_row
from watcher.store.schema import alert, digest, digest_member

__all__ = ["close_due", "is_any_due"]


def is_any_due(connection: Connection, now: datetime) -> bool:
    """Whether a digest is to be closed by now."""
    return connection.execute(_due(now).limit(1)).first() is not None


def close_due(connection: Connection, now: datetime, *, url: str) -> tuple[str, ...]:
    """Close the digests that are due, the longest due first; return the endpoints that are owed something for it.

    ``url`` is our own page. Each digest becomes an alert without a filing, under the digest's id, that owes one
    delivery.
    """
    rows = connection.execute(_due(now).order_by(digest.c.closes_at, digest.c.id)).mappings()
    due = [digest_of_row(row) for row in rows]
    for one in due:
        _close(connection, one, now, url)
    return tuple(dict.fromkeys(one.endpoint for one in due))


def _due(now: datetime) -> Any:
    return select(digest).where(digest.c.closed_at.is_(None), digest.c.closes_at <= now)


def _close(connection: Connection, one: Digest, now: datetime, url: str) -> None:
    rows = connection.execute(
        select(alert)
        .join(digest_member, digest_member.c.alert_id == alert.c.id)
        .where(digest_member.c.digest_id == one.id)
        .order_by(alert.c.sequence)
    ).all()
    connection.execute(digest.update().where(digest.c.id == one.id).values(closed_at=now))
    if not rows:
        return  # its alerts were deleted meanwhile: there is nothing left to tell
    newest = alert_from_json(rows[-1].body)
    told = Alert(
        id=one.id,
        rule=one.rule,
        title=newest.title,
        severity=newest.severity,
        revision=newest.revision,
        notify=(one.endpoint,),
        summary=f"{newest.title}: {len(rows)} alert{'' if len(rows) == 1 else 's'}{f' ({one.key})' if one.key else ''}",
    )
    entries = _entries(connection, rows[:MAX_DIGEST_ENTRIES])
    message = digest_message(told, entries, key=one.key, count=len(rows), opened_at=one.opened_at, at=now, url=url)
    raise_alert(connection, None, told, message, now)
    owe(connection, [digest_delivery(one, newest, rows[-1].raised_at, now)], now)


def _entries(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[DigestEntry, ...]:
    items = filings.items_of(connection, [row.accession for row in rows])
    return tuple(
        DigestEntry(
            row.id,
            row.summary,
            filings.get(connection, row.accession).filing,
            items.get(row.accession, ()),
            row.url,
        )
        for row in rows
    )
