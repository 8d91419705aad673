"""EDGAR's calendar: its business days, its hours, the sessions of its day, and the counting of days for Form 8-K.

Pure: time comes in as an argument. Days are calendar days in New York; instants are aware. The holidays are rules
and hold from 1993 on; closings by order of the President are data, and a new one has to be added here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from watcher.edgar._days import moment_in_utc
from watcher.models import Session

__all__ = [
    "CALENDAR_VERSION",
    "CLOSINGS",
    "NEW_YORK",
    "business_days_between",
    "federal_holidays",
    "filing_day",
    "from_new_york",
    "is_business_day",
    "is_open",
    "next_business_day",
    "next_open",
    "previous_business_day",
    "session_of",
]

NEW_YORK = ZoneInfo("America/New_York")

# Days that the President appointed, on which the SEC was closed (17 CFR 201.104 counts such a day as a federal legal
# holiday) and EDGAR, as far as announced, took no filings. Half days (2002, 2009, 2015) are business days. Days
# before June 2004 are left out: EDGAR gave 2001-12-24 as a filing date although the government was closed.
CLOSINGS: dict[date, str] = {
    date(2004, 6, 11): "mourning for President Reagan (Executive Order 13343; NASD notice of 9 June 2004)",
    date(2007, 1, 2): "mourning for President Ford (Executive Order 13421)",
    date(2007, 12, 24): "Christmas Eve (Executive Order 13453)",
    date(2008, 12, 26): "day after Christmas (Executive Order 13482)",
    date(2012, 12, 24): "Christmas Eve (Executive Order 13633)",
    date(2014, 12, 26): "day after Christmas (Executive Order 13682)",
    date(2018, 12, 5): "mourning for President G. H. W. Bush (SEC notice; no daily index)",
    date(2018, 12, 24): "Christmas Eve (Corporation Finance notice; no daily index)",
    date(2019, 12, 24): "Christmas Eve (SEC notice)",
    date(2020, 12, 24): "Christmas Eve (SEC notice)",
    date(2024, 12, 24): "Christmas Eve (Executive Order 14129)",
    date(2025, 1, 9): "mourning for President Carter (Executive Order 14133)",
    date(2025, 12, 24): "Christmas Eve (SEC notice)",
    date(2025, 12, 26): "day after Christmas (SEC notice)",
}
CALENDAR_VERSION = max(CLOSINGS).isoformat()  # changes with the data, so that a report can tell what it was made with

_JUNETEENTH_SINCE = 2021
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6

_OPENS = time(6, 0)
_REGULAR_FROM = time(9, 30)
_POST_FROM = time(16, 0)
_SAME_DAY_UNTIL = time(17, 30)  # Regulation S-T, Rule 13(a)(2): on or before 5:30 p.m.
_CLOSES = time(22, 0)


def is_business_day(day: date) -> bool:
    """Whether EDGAR takes filings on this day: no weekend, no federal holiday, no closing by order."""
    return day.weekday() < _SATURDAY and day not in CLOSINGS and day not in federal_holidays(day.year)


def next_business_day(day: date) -> date:
    """Return the first business day after this day."""
    day += timedelta(days=1)
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def previous_business_day(day: date) -> date:
    """Return the last business day before this day."""
    day -= timedelta(days=1)
    while not is_business_day(day):
        day -= timedelta(days=1)
    return day


def business_days_between(event: date, filed: date) -> int:
    """Count the business days after the event, up to and including the day of filing.

    So Form 8-K's General Instruction B.1 counts: the day after an event is day one; after an event on a weekend or
    holiday "the four business day period shall begin to run on, and include, the first business day thereafter".
    Raises ``ValueError`` when the filing comes before the event.
    """
    if filed < event:
        raise ValueError(f"a filing of {filed} cannot come before its event on {event}")
    days = (event + timedelta(days=count) for count in range(1, (filed - event).days + 1))
    return sum(is_business_day(day) for day in days)


def from_new_york(clock: datetime) -> datetime | None:
    """Return the instant, in UTC, at which a clock in New York shows this date and time.

    None where no filing can be (see `watcher.edgar._days`), in the hour that is left out each spring, and in the one
    that comes twice each autumn: which of the two it was, nothing says. EDGAR is closed in both. Raises
    ``ValueError`` when the time already has a zone.
    """
    if clock.tzinfo is not None:
        raise ValueError(f"expected a time without a zone, came {clock.isoformat()}")
    first, second = (moment_in_utc(clock.replace(tzinfo=NEW_YORK, fold=fold)) for fold in (0, 1))
    return first if first == second else None


def session_of(accepted_at: datetime) -> Session:
    """Return the part of EDGAR's day in which a filing was accepted.

    It goes by the clock. EDGAR's own cut is at the start of transmission, so that a filing accepted in the first
    minute or two of the evening may still have that day's filing date.
    """
    local = _in_new_york(accepted_at)
    if not is_business_day(local.date()):
        return Session.CLOSED
    clock = local.time()
    if clock < _REGULAR_FROM:
        return Session.PRE
    if clock < _POST_FROM:
        return Session.REGULAR
    return Session.POST if clock <= _SAME_DAY_UNTIL else Session.EVENING


def filing_day(accepted_at: datetime) -> date:
    """Return the filing date that EDGAR gives to an 8-K accepted then: after 17:30 it is the next business day.

    A date that EDGAR itself tells is to be preferred (see `session_of`; and when a closing came at short notice,
    EDGAR still gave it as a date).
    """
    local = _in_new_york(accepted_at)
    if is_business_day(local.date()) and local.time() <= _SAME_DAY_UNTIL:
        return local.date()
    return next_business_day(local.date())


def is_open(at: datetime) -> bool:
    """Whether EDGAR takes filings at this instant: 06:00 to 22:00 in New York, on business days."""
    local = _in_new_york(at)
    return is_business_day(local.date()) and _OPENS <= local.time() < _CLOSES


def next_open(at: datetime) -> datetime:
    """Return the first instant, from this one on, at which EDGAR is open; in UTC. It is ``at`` itself when open."""
    local = _in_new_york(at)
    if is_open(at):
        return at.astimezone(UTC)
    day = local.date()
    if not is_business_day(day) or local.time() >= _OPENS:
        day = next_business_day(day)
    return datetime.combine(day, _OPENS, NEW_YORK).astimezone(UTC)


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days of this year on which a federal holiday is observed.

    One that falls on a Saturday is observed on Friday, one on a Sunday on Monday (5 U.S.C. 6103(b), Executive Order
    11582), so New Year's Day may close the last day of the year before. Inauguration Day closes offices in Washington
    but not EDGAR.
    """
    days = {
        _weekday_of_month(year, 1, _MONDAY, 3),  # Birthday of Martin Luther King, Jr.
        _weekday_of_month(year, 2, _MONDAY, 3),  # Washington's Birthday
        _weekday_of_month(year, 6, _MONDAY, 1) - timedelta(weeks=1),  # Memorial Day
        _observed(date(year, 7, 4)),
        _weekday_of_month(year, 9, _MONDAY, 1),  # Labor Day
        _weekday_of_month(year, 10, _MONDAY, 2),  # Columbus Day
        _observed(date(year, 11, 11)),
        _weekday_of_month(year, 11, _THURSDAY, 4),  # Thanksgiving Day
        _observed(date(year, 12, 25)),
        _observed(date(year, 1, 1)),
    }
    if year >= _JUNETEENTH_SINCE:
        days.add(_observed(date(year, 6, 19)))
    if date(year, 12, 31).weekday() == _SATURDAY - 1:
        days.add(date(year, 12, 31))
    return frozenset(day for day in days if day.year == year)


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


def _weekday_of_month(year: int, month: int, weekday: int, count: int) -> date:
    """Return the third Monday of a month, or the like."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=count - 1)


def _in_new_york(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"expected a time with a zone, came {at.isoformat()}")
    return at.astimezone(NEW_YORK)
