"""Takes the days and times of filings, and only those in whose years there can be filings.

A year such as 0001 or 9999 is a mistake or a trick, and breaks every sum that is made with it later.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

__all__ = ["day_of", "moment_in_utc"]

_FIRST_YEAR = 1990  # EDGAR's own first filings are of 1993
_LAST_YEAR = 2100


def day_of(year: int, month: int, day: int) -> date | None:
    """Return this day; None when there is no such day, or none of a filing."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if _FIRST_YEAR <= year <= _LAST_YEAR else None


def moment_in_utc(moment: datetime) -> datetime | None:
    """Return this aware moment in UTC; None when it can be none of a filing."""
    # Before the change of zone, which would leave the years that there are at all.
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    in_utc = moment.astimezone(UTC)
    return in_utc if _FIRST_YEAR <= in_utc.year <= _LAST_YEAR else None
