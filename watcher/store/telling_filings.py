"""What is owed to endpoints that are told of every saved filing, inside the transaction that saves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from watcher.every_filing import filing_alert
from watcher.models import Message, Report
from watcher.plan import PlanState, plan
from watcher.store.alerts import owe, raise_alert

__all__ = ["tell_filing"]


def tell_filing(
    connection: Connection,
    report: Report,
    messages: Mapping[str, Message],
    endpoints: frozenset[str],
    state: PlanState,
    now: datetime,
) -> tuple[str, ...]:
    """Owe these endpoints word of a filing, once ever; return those that are owed it now.

    Whether it is news is decided as for alerts; ``state`` holds no silences, which are for rules. While nobody is
    owed it nothing is kept. ``messages`` holds what is told, by id.
    """
    if not endpoints:
        return ()
    one = filing_alert(report, endpoints)
    owed = plan([one], state, now).deliveries
    if not owed or not raise_alert(connection, report.filing.accession, one, messages[one.id], now):
        return ()
    owe(connection, owed, now)
    return tuple(delivery.endpoint for delivery in owed)
