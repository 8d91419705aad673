"""When a rule's alerts may be told: the hours of its local days, on the line of real instants. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watcher.models import ActiveHours

__all__ = ["Hours", "next_hours"]

# Two weeks hold each day of the week twice, so that one whose hours a change of the clocks leaves out is made up for.
_DAYS_AHEAD = 15
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch of active hours, in UTC. ``end`` no longer belongs to it."""

    begin: datetime
    end: datetime


def next_hours(active: ActiveHours, at: datetime) -> Hours | None:
    """Return the hours in which ``at`` lies, else the next ones; None if there are none, as without any day.

    They begin the first time that the local clock shows their beginning, or what comes after it where the clock is
    put forward over it; they end the last time that it shows their end. Raises ``ZoneInfoNotFoundError``.
    """
    return next((hours for hours in _hours_from(active, at) if hours.end > at), None)


def _hours_from(active: ActiveHours, at: datetime) -> Iterator[Hours]:
    """The hours of each active day, from the day before on: those may reach into today."""
    zone = ZoneInfo(active.zone)
    today = at.astimezone(zone).date()
    # Hours that end as they begin last a whole day.
    into_next_day = 1 if active.end_minute <= active.begin_minute else 0
    for ahead in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day.weekday() in active.days:
            end_day = day + timedelta(days=into_next_day)
            hours = Hours(_instant(day, active.begin_minute, zone, 0), _instant(end_day, active.end_minute, zone, 1))
            if hours.begin < hours.end:
                yield hours


def _instant(day: date, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    """The instant at which that zone's clock shows this minute of the day: the first one, or with ``fold`` the last."""
    wall = datetime.combine(day, time()) + minute * _MINUTE
    at = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if _shown(at, zone) == wall:
        return at
    # The clock is put forward over it: the first minute after that. By the offset of after it, the time lies before.
    at = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while _shown(at, zone) < wall:
        at += _MINUTE
    return at


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
