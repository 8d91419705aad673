"""What a clock left behind that was ahead, and was then set back: work that would be owed in hours, or in days.

A wait of minutes was counted from an instant that is still to come. Nothing else tells that from a wait that is meant:
no filing is ever put off for long, and of a delivery the last attempt lies in the future.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from watcher.models import DeliveryState, FilingState
from watcher.store.schema import attempt, delivery, endpoint_state, filing

__all__ = ["LONGEST_WAIT_SECONDS", "bring_forward"]

LONGEST_WAIT_SECONDS = 660  # of a filing: ten minutes after a block page, and some for the time until that was noted


def bring_forward(connection: Connection, now: datetime) -> int:
    """Have due now what waits only for such a clock; return how many filings and deliveries that were."""
    late = now + timedelta(seconds=LONGEST_WAIT_SECONDS)
    filings = filing.update().where(filing.c.state == FilingState.SPOTTED.value, filing.c.run_at > late)
    waits = (
        delivery.c.state == DeliveryState.PENDING.value,
        delivery.c.run_at > now,
        exists().where(attempt.c.delivery_id == delivery.c.id, attempt.c.at > now),
    )
    names = select(delivery.c.endpoint).where(*waits).distinct()
    rested = endpoint_state.update().where(endpoint_state.c.resumes_at > now, endpoint_state.c.name.in_(names))
    connection.execute(rested.values(resumes_at=None))
    return sum(
        connection.execute(one.values(run_at=now)).rowcount for one in (filings, delivery.update().where(*waits))
    )
