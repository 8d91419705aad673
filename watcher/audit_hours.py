"""When the store is compared with EDGAR's daily index, and for which days.

Pure: time comes in as an argument, and what was audited before. Nothing is remembered between two looks, so that a
restart, a leap of the clock or a machine that slept changes nothing: what is due is due. Clock times are New York's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from watcher.edgar.calendar import NEW_YORK, is_business_day, next_business_day, previous_business_day

__all__ = ["DAY_ENDS", "LOOK_SECONDS", "Audit", "AuditHours", "AuditState", "business_days", "has_ended", "parse_time"]

LOOK_SECONDS = 1800.0
# A little less, lest the next look come a moment too early.
_AGAIN_AFTER = timedelta(seconds=LOOK_SECONDS - 60)
# EDGAR begins to write a day's index when it closes; then nothing more is listed on that day.
DAY_ENDS = time(22, 0)
# By then, on the next business day, an index that was late has come.
_MISSED_FROM = time(12, 0)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class AuditState(StrEnum):
    """How the last audit of a day ended."""

    DONE = "done"  # a clean read of an index that is the last word on that day; what was missing is taken in
    WAITING = "waiting"  # EDGAR has no index of that day yet, or the day was not over
    FAILED = "failed"  # EDGAR could not be asked, or what it answered could not be believed


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of comparing the store with EDGAR's index of one day."""

    day: date
    state: AuditState
    checked_at: datetime
    listed: int = 0  # filings of the 8-K family in the index
    missing: int = 0  # of them, over all audits of that day, those that no other source had spotted
    gone: int = 0  # in the store, but not in the index
    reason: str | None = None  # why it is not done, or what was odd in the index


@dataclass(frozen=True, slots=True)
class AuditHours:
    """On each business day an audit of that day in the evening, and of the last days again in the morning."""

    evening: time = time(22, 45)
    morning: time = time(6, 30)
    again_days: int = 3  # how many business days are looked at again, for what EDGAR corrected

    def last_day(self, now: datetime) -> date:
        """Return the last business day whose index should be there."""
        local = now.astimezone(NEW_YORK)
        day = local.date()
        if is_business_day(day) and local.time() >= self.evening:
            return day
        return previous_business_day(day)

    def next_turn(self, after: datetime) -> datetime:
        """Return the next evening or morning of a business day, in UTC."""
        day = after.astimezone(NEW_YORK).date()
        days = (day, next_business_day(day)) if is_business_day(day) else (next_business_day(day),)
        turns = (_instant(one, at) for one in days for at in (self.morning, self.evening))
        return min(turn for turn in turns if turn > after)

    def days_due(self, now: datetime, since: date, audits: Mapping[date, Audit]) -> tuple[date, ...]:
        """Return the days to audit now, the oldest first; none from before ``since``.

        Owed are the business days that have no audit, or one that did not get through: those are tried again each
        half hour. In the morning the last ``again_days`` are looked at again.
        """
        owed = {day for day in business_days(since, self.last_day(now)) if _is_owed(audits.get(day), now)}
        return tuple(sorted(owed | self._again(now, since, audits)))

    def week_turn(self, now: datetime) -> datetime:
        """Return the last morning of a week's first business day: on Saturdays EDGAR corrects what it has indexed."""
        day = self._last_morning(now).astimezone(NEW_YORK).date()
        while _week(before := previous_business_day(day)) == _week(day):
            day = before
        return _instant(day, self.morning)

    def missed(self, now: datetime, since: date, audits: Mapping[date, Audit]) -> tuple[date, ...]:
        """Return the days that ought to be done, and are not: it is past noon of the business day after them."""
        return tuple(
            day
            for day in business_days(since, self.last_day(now))
            if _instant(next_business_day(day), _MISSED_FROM) <= now and not _is_done(audits.get(day))
        )

    def _again(self, now: datetime, since: date, audits: Mapping[date, Audit]) -> set[date]:
        turn = self._last_morning(now)
        day, found = turn.astimezone(NEW_YORK).date(), set()
        for _ in range(self.again_days):
            day = previous_business_day(day)
            audit = audits.get(day)
            if day >= since and audit is not None and _is_done(audit) and audit.checked_at < turn:
                found.add(day)
        return found

    def _last_morning(self, now: datetime) -> datetime:
        day = now.astimezone(NEW_YORK).date()
        if not is_business_day(day) or _instant(day, self.morning) > now:
            day = previous_business_day(day)
        return _instant(day, self.morning)


def has_ended(day: date, now: datetime) -> bool:
    """Whether EDGAR lists nothing more on this day, so that an index of it is the last word."""
    return _instant(day, DAY_ENDS) <= now


def business_days(first: date, last: date) -> tuple[date, ...]:
    """Return EDGAR's business days from the first to the last, both included."""
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return tuple(day for day in days if is_business_day(day))


def parse_time(text: str) -> time:
    """Read "22:45". Raises ``ValueError``."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError('expected a time of day, as in "22:45"')
    return time(int(found[1]), int(found[2]))


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _is_done(audit: Audit | None) -> bool:
    return audit is not None and audit.state is AuditState.DONE


def _is_owed(audit: Audit | None, now: datetime) -> bool:
    if audit is None:
        return True
    # Either way: a clock that was set back must not keep us waiting for as long.
    return audit.state is not AuditState.DONE and abs(now - audit.checked_at) >= _AGAIN_AFTER


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)
