"""Tells when a filing came: its session, its business days after the event, and whether that was late."""

from __future__ import annotations

from datetime import date

from watcher import (
    CALENDAR_VERSION,
    EIGHT_K_FORMS,
    Handler,
    Report,
    Stage,
    Timing,
    business_days_between,
    filing_day,
    is_current_number,
    session_of,
)

__all__ = ["FilingTiming"]

_FOUR_DAYS = 4
_FOUR_DAYS_SINCE = date(2004, 8, 23)  # SEC Release 33-8400; before: five business or fifteen calendar days, by item

_MATERIALITY_CLOCK = frozenset({"1.05"})
_VOLUNTARY = frozenset({"7.01", "8.01"})
_NO_CLOCK = _VOLUNTARY | {"9.01"}
# Asset-backed issuers' material whose time the Securities Act's rules set, not Form 8-K.
_OTHER_CLOCK = frozenset({"6.01", "6.06", "6.10"})


class FilingTiming(Handler):
    """Fill in the report's timing.

    ``session`` is that of the acceptance. ``business_days_after_event`` counts from the period of report (the date of
    the earliest event) to the filing date; it is None for item 1.05, whose clock starts when the company decides that
    an incident is material, a date that no field holds.

    ``is_late`` follows Form 8-K, General Instruction B.1: four business days after the event for the items of
    sections 1 to 6, 2.02 among them (its event is the announcement). Against that:

    - 7.01 and 8.01 have no such clock: what is filed for Regulation FD follows its Rule 100(a), the rest of 8.01 is
      voluntary. 9.01 has none of its own: exhibits go with another item, and an acquired business's statements have
      71 more days. A filing of these alone is not late.
    - Beside 7.01 or 8.01 the old event may be theirs, since only the earliest date is told: not late within four
      days, else None.
    - 1.05, and 6.01, 6.06, 6.10 (other rules set their time): None.
    - Amendments: None. Events before 23 August 2004 and the items of then: None.

    It judges by dates alone: an appointment that 5.02(c) lets wait for its announcement, or a period of report that
    the filer got wrong, looks late. Each answer is None where a fact for it is missing.
    """

    name = "timing"
    stage = Stage.CLASSIFY

    def handle(self, report: Report) -> None:
        """Set ``report.timing``; warn when the event is dated after the filing."""
        accepted_at = report.filing.accepted_at
        days = _days_after_event(report)
        report.timing = Timing(
            session=None if accepted_at is None else session_of(accepted_at),
            business_days_after_event=days,
            is_late=_is_late(report, days),
        )
        report.versions["calendar"] = CALENDAR_VERSION


def _days_after_event(report: Report) -> int | None:
    event, filed_on = report.period_of_report, _filed_on(report)
    if event is None or filed_on is None or _numbers(report) & _MATERIALITY_CLOCK:
        return None
    if event > filed_on:
        report.warnings.append(f"the period of report, {event}, is after the filing date, {filed_on}")
        return None
    return business_days_between(event, filed_on)


def _is_late(report: Report, days: int | None) -> bool | None:
    """Apply General Instruction B.1 to what is known; see the handler's docstring."""
    numbers, event = _numbers(report), report.period_of_report
    if days is None or event is None or not numbers:
        return None
    if report.filing.form not in EIGHT_K_FORMS or report.is_amendment:
        return None
    if event < _FOUR_DAYS_SINCE or not all(map(is_current_number, numbers)) or numbers & _OTHER_CLOCK:
        return None
    if numbers <= _NO_CLOCK or days <= _FOUR_DAYS:
        return False
    return None if numbers & _VOLUNTARY else True


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
