"""Deciding what alerts owe, inside the transaction that raises them, and keeping what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from watcher.models import Alert
from watcher.plan import Digest, DigestKey, Plan, PlanState, ThrottleCount, ThrottleKey, plan
from watcher.store import silences
from watcher.store.alerts import owe
from watcher.store.schema import alert, digest, digest_member, throttle

__all__ = ["digest_of_row", "tell"]


def tell(connection: Connection, raised: Sequence[Alert], state: PlanState, now: datetime) -> tuple[str, ...]:
    """Decide by the plan what these new alerts owe, and keep all of it; return the endpoints that are owed something.

    ``state`` tells of the filing; throttles, digests and silences are read here.
    """
    if not raised:
        return ()
    paced = replace(
        state,
        throttles=_throttles(connection, raised),
        digests=_digests(connection, raised, now),
        silences=silences.find_open(connection, now),
    )
    made = plan(raised, paced, now)
    _keep(connection, made, now)
    return tuple(dict.fromkeys(one.endpoint for one in made.deliveries))


def digest_of_row(row: RowMapping) -> Digest:
    """Make a digest from its row."""
    return Digest(**{one.name: row[one.name] for one in fields(Digest)})


def _throttles(connection: Connection, alerts: Iterable[Alert]) -> Mapping[ThrottleKey, ThrottleCount]:
    found: dict[ThrottleKey, ThrottleCount] = {}
    for key in {(one.rule, one.pacing.throttle.key) for one in alerts if one.pacing and one.pacing.throttle}:
        where = throttle.c.rule == key[0], throttle.c.key == key[1]
        if row := connection.execute(select(throttle.c.began_at, throttle.c["count"]).where(*where)).first():
            found[key] = ThrottleCount(*row)
    return found


def _digests(connection: Connection, alerts: Iterable[Alert], now: datetime) -> Mapping[DigestKey, Digest]:
    found: dict[DigestKey, Digest] = {}
    for key in {(one.rule, one.pacing.grouping.key) for one in alerts if one.pacing and one.pacing.grouping}:
        where = digest.c.rule == key[0], digest.c.key == key[1], digest.c.closes_at > now
        # Of two the later one is open: a clock that was set back makes a full one look so, too.
        statement = select(digest).where(*where, digest.c.closed_at.is_(None)).order_by(digest.c.opened_at)
        rows = connection.execute(statement).mappings()
        found |= {(one.rule, one.key, one.endpoint): one for one in map(digest_of_row, rows)}
    return found


def _keep(connection: Connection, made: Plan, now: datetime) -> None:
    owe(connection, made.deliveries, now)
    for (rule, key), count in made.throttles.items():
        where = throttle.c.rule == rule, throttle.c.key == key
        if not connection.execute(throttle.update().where(*where).values(**asdict(count))).rowcount:
            connection.execute(throttle.insert().values(rule=rule, key=key, **asdict(count)))
    for one in made.digests:
        if not connection.execute(digest.update().where(digest.c.id == one.id).values(**asdict(one))).rowcount:
            connection.execute(digest.insert().values(**asdict(one)))
    if made.members:
        rows = [{"digest_id": digest_id, "alert_id": alert_id} for digest_id, alert_id in made.members]
        connection.execute(digest_member.insert(), rows)
    for alert_id, untold in made.untold.items():
        connection.execute(alert.update().where(alert.c.id == alert_id).values(untold=str(untold)))
