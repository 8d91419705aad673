"""Alerts and what they owe: inserted inside the transaction of whoever raises them; and who was told of which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, select

from watcher.every_filing import RULE
from watcher.models import Alert, Delivery, Message
from watcher.payload.alert import numbered
from watcher.plan import Why
from watcher.report_json import to_json
from watcher.store import journal
from watcher.store.schema import alert, delivery, digest, digest_member, filer, filing

__all__ = ["StoredAlert", "Telling", "find", "owe", "raise_alert"]

GATHERING = "gathering"
# A database takes only so many parameters in one statement.
_MOST_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class Telling:
    """How far it is to tell an endpoint of an alert."""

    endpoint: str
    state: str  # of the delivery, or ``gathering`` while its digest is open
    digest: str | None = None  # in which it is told with others


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert, who is told of it, or why nobody is."""

    sequence: int
    id: str
    accession: str | None  # None: an alarm of the watcher itself, or a digest
    company: str
    rule: str
    revision: str
    title: str
    severity: str
    summary: str
    raised_at: datetime
    untold: str | None
    told: tuple[Telling, ...] = ()


def raise_alert(connection: Connection, accession: str | None, one: Alert, message: Message, now: datetime) -> bool:
    """Insert the alert unless it was raised before; tell whether it is new. ``accession`` is None for an alarm.

    What is sent of it holds its sequence, which is known only once it is there: so each attempt sends the same bytes.
    """
    if connection.execute(select(alert.c.id).where(alert.c.id == one.id)).first():
        return False
    sequence = connection.execute(
        alert.insert()
        .values(
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
        .returning(alert.c.sequence)
    ).scalar_one()
    payload = numbered(message.payload, sequence)
    connection.execute(alert.update().where(alert.c.sequence == sequence).values(payload=payload))
    if one.rule != RULE:  # that the filing was saved stands in the journal already
        journal.note_alert(connection, one.id, accession, now)
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
            "expires_at": one.expires_at,
            "of_alert": one.alert,
        }
        for one in deliveries
    ]
    if rows:
        sequence = select(alert.c.sequence).where(alert.c.id == bindparam("of_alert")).scalar_subquery()
        connection.execute(delivery.insert().values(alert_sequence=sequence), rows)


def find(  # noqa: PLR0913  # one for each thing that narrows it
    connection: Connection,
    accession: str | None = None,
    *,
    rule: str | None = None,
    since: datetime | None = None,
    is_silenced: bool = False,
    severity: str | None = None,
    cik: int | None = None,
    number: str | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> tuple[StoredAlert, ...]:
    """Return alerts, the newest first: of one filing, of one rule, raised since then, silenced ones only, or all.

    ``cik``: of filings of this company; ``number``: the one of this id; ``before``: those whose sequence is less. Word
    of every filing is left out, unless it is asked for as a rule or by its id.
    """
    # Chosen by number first: whole alerts, with all that was sent of them, need not be put in order.
    statement = select(alert.c.sequence)
    if accession is not None:
        statement = statement.where(alert.c.accession == accession)
    if rule is not None:
        statement = statement.where(alert.c.rule == rule)
    elif number is None:
        statement = statement.where(_is_of_no_filing(connection))
    if since is not None:
        statement = statement.where(alert.c.raised_at >= since)
    if is_silenced:
        statement = statement.where(alert.c.untold.startswith(f"{Why.SILENCED}:"))
    if severity is not None:
        statement = statement.where(alert.c.severity == severity)
    if cik is not None:
        statement = statement.where(alert.c.accession.in_(select(filer.c.accession).where(filer.c.cik == cik)))
    if number is not None:
        statement = statement.where(alert.c.id == number)
    if before is not None:
        statement = statement.where(alert.c.sequence < before)
    chosen = statement.order_by(alert.c.sequence.desc()).limit(limit)
    whole = select(alert, filing.c.company).outerjoin(filing, filing.c.accession == alert.c.accession)
    rows = connection.execute(whole.where(alert.c.sequence.in_(chosen)).order_by(alert.c.sequence.desc())).all()
    told = _tellings(connection, [row.id for row in rows])
    return tuple(_stored(row, tuple(told.get(row.id, ()))) for row in rows)


def _is_of_no_filing(connection: Connection) -> ColumnElement[bool]:
    if connection.dialect.name != "sqlite":
        return alert.c.rule != RULE  # rather than leave it to its planner whether to join all of them
    # Looked up in the index of rules, so that whichever index is walked need not be left for the alerts themselves.
    word = alert.alias()
    return ~exists().where(word.c.rule == RULE, word.c.sequence == alert.c.sequence)


def _tellings(connection: Connection, ids: Sequence[str]) -> dict[str, list[Telling]]:
    found: dict[str, list[Telling]] = {}
    for start in range(0, len(ids), _MOST_PARAMETERS):
        asked = ids[start : start + _MOST_PARAMETERS]
        alone = select(delivery.c.alert_id, delivery.c.endpoint, delivery.c.state).where(delivery.c.alert_id.in_(asked))
        for row in connection.execute(alone.order_by(delivery.c.endpoint)):
            found.setdefault(row.alert_id, []).append(Telling(row.endpoint, row.state))
        together = (
            select(digest_member.c.alert_id, digest.c.id, digest.c.endpoint, delivery.c.state)
            .join(digest, digest.c.id == digest_member.c.digest_id)
            .outerjoin(delivery, delivery.c.alert_id == digest.c.id)
            .where(digest_member.c.alert_id.in_(asked))
        )
        for member in connection.execute(together.order_by(digest.c.endpoint)):
            telling = Telling(member.endpoint, member.state or GATHERING, member.id)
            found.setdefault(member.alert_id, []).append(telling)
    return found


def _stored(row: Row[Any], told: tuple[Telling, ...]) -> StoredAlert:
    return StoredAlert(
        sequence=row.sequence,
        id=row.id,
        accession=row.accession,
        company=row.company or "",
        rule=row.rule,
        revision=row.revision,
        title=row.body.get("title", ""),
        severity=row.severity,
        summary=row.summary,
        raised_at=row.raised_at,
        untold=row.untold,
        told=told,
    )
