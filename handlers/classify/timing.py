"""Tells when a filing came: its session, its business days after the event, and whether that was late, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from watcher import (
    CALENDAR_VERSION,
    EIGHT_K_FORMS,
    Handler,
    Report,
    Stage,
    Timing,
    business_days_between,
    filing_day,
    is_business_day,
    is_current_number,
    session_of,
)

__all__ = ["FilingTiming", "Lateness", "judge_lateness"]

_FOUR_DAYS = 4
_FOUR_DAYS_SINCE = date(2004, 8, 23)  # SEC Release 33-8400; before: five business or fifteen calendar days, by item

_INCIDENT = "1.05"
_OFFICERS = "5.02"
_VOLUNTARY = frozenset({"7.01", "8.01"})
_NO_DEADLINE = _VOLUNTARY | {"9.01"}
# Asset-backed issuers' material whose time the Securities Act's rules set, not Form 8-K.
_OTHER_RULES = frozenset({"6.01", "6.06", "6.10"})

_PARAGRAPH = re.compile(r"(?:^\s*+\(?|5\.02\s?\()([a-f])\)", re.MULTILINE)
# The item's own title speaks of an appointment, too, and may be broken over lines.
_APPOINTMENT = re.compile(
    r"\b(?:appoint(?!ment\s+of\s+(?:certain|principal)\s+officers)|promot|hir(?:ed|ing)\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Lateness:
    """Whether a filing was late, and why that is the answer. ``is_late`` is None where the facts leave it open.

    ``deadline`` is the last filing date in time, counted from the earliest event: given when an item with a deadline is
    there and that event's date is told. A later one may hold where ``is_late`` is None.
    """

    is_late: bool | None
    reason: str  # for a person, in one line
    deadline: date | None = None
    items_with_deadline: tuple[str, ...] = ()
    items_without_deadline: tuple[str, ...] = ()


class FilingTiming(Handler):
    """Fill in the report's timing.

    ``session`` is that of the acceptance. ``business_days_after_event`` counts from the period of report (the date of
    the earliest event) to the filing date; it is None for item 1.05, whose clock starts when the company decides that
    an incident is material, a date that no field holds. The rest
    is that of `judge_lateness`.
    """

    name = "timing"
    stage = Stage.CLASSIFY

    def handle(self, report: Report) -> None:
        """Set ``report.timing``; warn when the event is dated after the filing."""
        accepted_at, event, filed_on = report.filing.accepted_at, report.period_of_report, _filed_on(report)
        if event is not None and filed_on is not None and event > filed_on:
            report.warnings.append(f"the period of report, {event}, is after the filing date, {filed_on}")
        judged = judge_lateness(report)
        report.timing = Timing(
            session=None if accepted_at is None else session_of(accepted_at),
            business_days_after_event=None if _INCIDENT in _numbers(report) else _days_after_event(report),
            is_late=judged.is_late,
            reason=judged.reason,
            deadline=judged.deadline,
            items_with_deadline=judged.items_with_deadline,
            items_without_deadline=judged.items_without_deadline,
        )
        report.versions["calendar"] = CALENDAR_VERSION


def judge_lateness(report: Report) -> Lateness:
    """Judge by Form 8-K, General Instruction B.1: four business days after the event.

    That holds for the items of sections 1 to 6, 2.02 among them (its event is the announcement). Against that:

    - 7.01 and 8.01 have no such deadline: what is filed for Regulation FD follows its Rule 100(a), the rest of 8.01 is
      voluntary. 9.01 has none of its own: exhibits go with another item, and an acquired business's statements have
      71 more days. A filing of these alone is not late.
    - Whatever comes within four days of the earliest event is in time, for no item's clock starts before it.
    - Later, beside 7.01 or 8.01, the old event may be theirs, since only the earliest date is told: open.
    - So it is for 5.02 when its text tells of an appointment, which may wait until it is announced (paragraph (c)).
      The letters of its paragraphs tell, where it has them.
    - 1.05 counts from the day on which the incident was found material: open, if not within four days.
    - 6.01, 6.06, 6.10 (other rules set their time), amendments, events before 23 August 2004, and the items of then:
      open.

    It judges by dates alone: a period of report that the filer got wrong makes a filing look late.
    """
    numbers = _numbers(report)
    if reason := _why_not_judged(report, numbers):
        return Lateness(None, reason)
    clocked, exempt = numbers - _NO_DEADLINE, numbers & _NO_DEADLINE
    days, event = _days_after_event(report), report.period_of_report
    if not clocked:
        return Lateness(False, "none of its items has a deadline", items_without_deadline=_sorted(exempt))
    if days is None or event is None:
        reason = _missing_date(report)
        return Lateness(None, reason, items_with_deadline=_sorted(clocked), items_without_deadline=_sorted(exempt))
    is_late, reason = _compare(report, days, clocked, exempt)
    return Lateness(is_late, reason, _deadline(event), _sorted(clocked), _sorted(exempt))


def _why_not_judged(report: Report, numbers: frozenset[str]) -> str:
    """Say why Form 8-K's deadlines do not decide; "" when they do."""
    event, form = report.period_of_report, report.filing.form
    if form not in EIGHT_K_FORMS:
        return "its form is not known" if form is None else f"its form is {form}"
    if report.is_amendment:
        return "amendments have no deadline of their own"
    if event is not None and event < _FOUR_DAYS_SINCE:
        return f"its event is of before {_FOUR_DAYS_SINCE}, when other deadlines held"
    return _why_no_deadline(numbers)


def _why_no_deadline(numbers: frozenset[str]) -> str:
    if not numbers:
        return "it has no items"
    if unknown := _sorted(number for number in numbers if not is_current_number(number)):
        return f"no deadline is known for item {', '.join(unknown)}"
    if others := _sorted(numbers & _OTHER_RULES):
        return f"the time of item {', '.join(others)} is set by other rules"
    return ""


def _missing_date(report: Report) -> str:
    if report.period_of_report is None:
        return "the date of its event is not told"
    return "its filing date is not told" if _filed_on(report) is None else "its event is dated after its filing"


def _compare(report: Report, days: int, clocked: frozenset[str], exempt: frozenset[str]) -> tuple[bool | None, str]:
    """Compare with the four days; where they are over, ask whose event it was that is dated."""
    if days <= _FOUR_DAYS:
        count = f"{days} business day{'' if days == 1 else 's'}"
        return False, f"filed {count} after the earliest event, in time for every item"
    if _INCIDENT in clocked:
        return None, f"item {_INCIDENT} counts from the day on which the incident was found material"
    if voluntary := _sorted(exempt & _VOLUNTARY):
        return None, f"the event may be that of item {', '.join(voluntary)}, which has no deadline"
    if _OFFICERS in clocked and _may_wait(report):
        return None, f"an appointment under item {_OFFICERS}(c) may wait until it is announced"
    return True, f"filed {days} business days after the event, not within {_FOUR_DAYS}"


def _may_wait(report: Report) -> bool:
    """Whether item 5.02 tells of an officer's appointment: by the letters of its paragraphs, else by its words."""
    text = "\n".join(item.text for item in report.items if item.number == _OFFICERS)
    letters = set(_PARAGRAPH.findall(text))
    return "c" in letters if letters else _APPOINTMENT.search(text) is not None


def _deadline(event: date) -> date:
    """The fourth business day after the event."""
    day, left = event, _FOUR_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def _days_after_event(report: Report) -> int | None:
    event, filed_on = report.period_of_report, _filed_on(report)
    if event is None or filed_on is None or event > filed_on:
        return None
    return business_days_between(event, filed_on)


def _filed_on(report: Report) -> date | None:
    """The filing date that EDGAR tells, else the one that follows from the acceptance."""
    filing = report.filing
    if filing.filed_on is not None or filing.accepted_at is None:
        return filing.filed_on
    return filing_day(filing.accepted_at)


def _numbers(report: Report) -> frozenset[str]:
    """The items that the header declares; where it declares none, those that the body has."""
    declared = frozenset(item.number for item in report.items if item.declared)
    return declared or frozenset(item.number for item in report.items)


def _sorted(numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(numbers))
