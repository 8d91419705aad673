"""When made-up filings are accepted: in EDGAR's hours, on its business days, within the time of their shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from watcher.edgar.calendar import NEW_YORK, is_business_day, next_open, previous_business_day
from watcher.simulator.eras import Era, items_of
from watcher.simulator.making.chance import Random

__all__ = ["draw_event", "draw_moment", "next_moment"]

_LAST_DAY = date(2025, 12, 31)  # what is drawn at random lies in the past
_TRIES = 50


def draw_moment(era: Era, rng: Random, items: Sequence[str] = ()) -> datetime:
    """Draw an instant of that era before 17:30, so that its day is the filing date, at which these items existed."""
    first, last = era.first_day, min(era.last_day, _LAST_DAY)
    for _ in range(_TRIES):
        day = first + timedelta(days=rng.randrange((last - first).days))
        if is_business_day(day) and set(items) <= set(items_of(day)):
            break
    else:
        day = previous_business_day(last)
    return datetime.combine(day, time(rng.randint(6, 16), rng.randint(0, 59), rng.randint(0, 59)), NEW_YORK).astimezone(
        UTC
    )


def draw_event(filed_on: date, rng: Random) -> date:
    """Draw the day of that of which a filing tells."""
    return filed_on - timedelta(days=rng.choice((0, 0, 0, 1, 1, 2, 3, 4)))


def next_moment(now: datetime, rng: Random) -> datetime:
    """Move on by some seconds, and at the end of EDGAR's day to the next one's morning."""
    return next_open(now + timedelta(seconds=rng.randint(1, 90)))
