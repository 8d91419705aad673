"""The day that a store reaches up to."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from watcher.edgar.calendar import NEW_YORK
from watcher.models import FilingState
from watcher.store import listing

__all__ = ["newest_day"]


def newest_day(connection: Connection) -> date | None:
    """Return the day in New York on which EDGAR accepted the newest filing that has a report; None when none has."""
    for one in listing.find(connection, listing.Query(state=FilingState.SAVED, limit=1)):
        at = one.filing.accepted_at
        return at.astimezone(NEW_YORK).date() if at else one.filing.filed_on
    return None
