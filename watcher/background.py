"""What stands behind a filing: what the same company reported before, and the reports that it amends or that amend it.

Pure: `store.history` and `store.links` read it from the store. It is no part of a report, for a report is made from one
filing alone; it is read when the filing is told and whenever it is shown, so that it knows what came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from watcher.models import Event, Severity

__all__ = ["MONTHS", "NOTHING", "Background", "Earlier", "EventHistory", "Link", "history_of", "words_of_links"]

MONTHS = 24
RAISED_FROM = 3  # the second time may be chance, or the end of what the first one began
_MOST_SHOWN = 5
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A filing of the same company that told of such an event."""

    accession: str
    event: str
    filed_on: date
    period_of_report: date | None = None


@dataclass(frozen=True, slots=True)
class EventHistory:
    """How often such a thing happened to the company, this time included, in so many months before the filing.

    It speaks of the store alone: ``since`` is the filing date of the company's oldest filing there.
    """

    event: str
    count: int
    severity: Severity  # that of the event, one step higher from the third time on
    words: str = ""  # such as "third CFO change in 24 months"; "" the first time, or where a repetition says nothing
    months: int = MONTHS
    since: date | None = None
    earlier: tuple[Earlier, ...] = ()  # the latest few, latest first


@dataclass(frozen=True, slots=True)
class Link:
    """Another filing that this one amends, or that amends this one, and by what that is known.

    Not ``is_sure``: there are several such filings, and nothing tells which of them it is.
    """

    accession: str
    form: str
    filed_on: date | None
    basis: str
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Background:
    """All that stands behind one filing."""

    history: Mapping[str, EventHistory] = field(default_factory=dict)  # by event
    amends: tuple[Link, ...] = ()
    amended_by: tuple[Link, ...] = ()

    def severity(self, event: Event) -> Severity:
        """How much an event matters, with what happened before."""
        known = self.history.get(event.event)
        return event.severity if known is None else max(event.severity, known.severity, key=lambda one: one.rank)


NOTHING = Background()


def history_of(event: Event, earlier: Iterable[Earlier], *, told: Sequence[str], since: date | None) -> EventHistory:
    """Count. ``earlier``: filings of the time before, not of this day or matter; ``told``: all events of this filing.

    A departure and the naming of a successor are one change: what counts is the event of the family that was told most
    often. Filings of one day, and those on one date of event, as an amendment is, count once.
    """
    kin = event.kin or (event.event,)
    found = sorted((one for one in earlier if one.event in kin), key=lambda one: (one.filed_on, one.accession))
    count = max(_matters(one for one in found if one.event == name) + (name in told) for name in kin)
    return EventHistory(
        event.event,
        count,
        event.severity.raised if event.family and count >= RAISED_FROM else event.severity,
        f"{_ordinal(count)} {event.family} in {MONTHS} months" if event.family and count > 1 else "",
        since=since,
        earlier=tuple(reversed(found[-_MOST_SHOWN:])),
    )


def _matters(found: Iterable[Earlier]) -> int:
    """How many matters these filings speak of, in the order of their dates."""
    count, days, periods = 0, set[date](), set[date]()
    for one in found:
        if one.filed_on not in days and one.period_of_report not in periods:
            count += 1
        days.add(one.filed_on)
        if one.period_of_report is not None:
            periods.add(one.period_of_report)
    return count


def _ordinal(number: int) -> str:
    if number < len(_ORDINALS):
        return _ORDINALS[number]
    is_teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def words_of_links(links: Sequence[Link]) -> tuple[str, ...]:
    """Each link in one line for a person."""
    return tuple(
        f"{'' if one.is_sure else 'perhaps '}{one.accession} ({one.form}"
        f"{f' of {one.filed_on}' if one.filed_on else ''}; {one.basis})"
        for one in links
    )
