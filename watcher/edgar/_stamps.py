"""Decides which clock a company's file on data.sec.gov shows in ``acceptanceDateTime``.

The file always writes "2025-01-24T17:08:44.000Z". In some files that is true UTC; in others it is the clock in New
York with a false Z. It holds for a whole file, differs between companies, and changes from one day to another. Two
things tell: an acceptance that is known from elsewhere, and what cannot be. EDGAR takes filings from 06:00 to 22:00
in New York, and from 17:30 on gives its reports the date of the next business day, so that each filing fits one
reading, or both. Where neither tells, the clock is unknown, and no time is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from watcher.edgar._days import moment_in_utc
from watcher.edgar.calendar import NEW_YORK, filing_day, from_new_york
from watcher.models import EIGHT_K_FORMS

__all__ = ["Stamp", "StampClock", "Verdict", "judge_stamps", "moment_of", "read_clock"]

_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,6})?Z")

# Half an hour of grace: what began before ten is taken to its end.
_OUTSIDE_FROM, _OUTSIDE_UNTIL = time(22, 30), time(6, 0)
# What EDGAR's staff and EDGAR itself put in, at any hour; and so every accession number of this prefix.
_STAFF_FORMS = frozenset({"EFFECT", "QUALIF", "UPLOAD", "CORRESP", "LETTER", "REVOKED"})
_STAFF_PREFIX = "9999999"
# Reports whose date follows from the hour. Ownership forms and others keep the day's date until 22:00.
_DATED_FORMS = EIGHT_K_FORMS | {"10-K", "10-K/A", "10-Q", "10-Q/A"}
# Near 17:30 the date goes by the start of transmission, which is not told.
_CUT, _CUT_MARGIN = time(17, 30), timedelta(minutes=5)

# An hour at which EDGAR is closed weighs two: in the files seen, none of their right readings has one. A filing date
# that does not fit weighs one: the SEC's staff adjusts some, and a closing or an outage moves a day's.
_HOUR_WEIGHT, _DATE_WEIGHT = 2, 1
_ENOUGH = 2
_TIMES_THE_OTHER = 10


class StampClock(StrEnum):
    """Which clock a file's times show."""

    UTC = "utc"
    NEW_YORK = "new-york"  # with a false Z
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One filing's time as the file writes it, without a zone, with what speaks for one or the other."""

    accession: str
    form: str
    filed_on: date | None
    clock: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which clock it is, and why, in words for a person."""

    clock: StampClock
    reason: str


def read_clock(text: str) -> datetime | None:
    """Read "2025-01-24T17:08:44.000Z" without believing its Z; None when it is no time."""
    match = _STAMP.fullmatch(text)
    try:
        return datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def moment_of(clock: datetime, shows: StampClock) -> datetime | None:
    """The acceptance in UTC; None when that is not known: midnight in New York stands for "not recorded"."""
    if shows is StampClock.UNKNOWN:
        return None
    moment = moment_in_utc(clock.replace(tzinfo=UTC)) if shows is StampClock.UTC else from_new_york(clock)
    if moment is None or moment.astimezone(NEW_YORK).time() == time():
        return None
    return moment


def judge_stamps(stamps: Sequence[Stamp], known: Mapping[str, datetime]) -> Verdict:
    """Decide for one file; ``known`` gives, by accession number, acceptances (aware) that another source told."""
    compared = _compared(stamps, known)
    weighed = _weighed(stamps)
    if compared.clock is StampClock.UNKNOWN:
        return compared if compared.reason else weighed
    if weighed.clock not in (compared.clock, StampClock.UNKNOWN):
        return Verdict(StampClock.UNKNOWN, f"{compared.reason}, but {weighed.reason}")
    return compared


def _compared(stamps: Iterable[Stamp], known: Mapping[str, datetime]) -> Verdict:
    """Compare with what is known; the reason is "" when nothing can be compared."""
    fits = dict.fromkeys((StampClock.UTC, StampClock.NEW_YORK), "")
    for stamp in stamps:
        if (moment := known.get(stamp.accession)) is not None:
            for clock in fits:
                if moment_of(stamp.clock, clock) == moment.replace(microsecond=0):
                    fits[clock] = stamp.accession
    told = [clock for clock, accession in fits.items() if accession]
    if len(told) == 1:
        return Verdict(told[0], f"{fits[told[0]]} is known to have been accepted then")
    return Verdict(StampClock.UNKNOWN, "known acceptances speak for either clock" if told else "")


def _weighed(stamps: Iterable[Stamp]) -> Verdict:
    """Weigh what speaks against each reading."""
    against = dict.fromkeys((StampClock.UTC, StampClock.NEW_YORK), 0)
    for stamp in stamps:
        for clock in against:
            against[clock] += _weight_against(stamp, clock)
    points = ", ".join(f"{weight} against {clock.value}" for clock, weight in against.items())
    for clock, other in ((StampClock.NEW_YORK, StampClock.UTC), (StampClock.UTC, StampClock.NEW_YORK)):
        if against[other] >= _ENOUGH and against[other] >= _TIMES_THE_OTHER * against[clock]:
            return Verdict(clock, f"EDGAR's hours and filing dates fit no other clock ({points})")
    return Verdict(StampClock.UNKNOWN, f"EDGAR's hours and filing dates do not tell ({points})")


def _weight_against(stamp: Stamp, clock: StampClock) -> int:
    moment = moment_of(stamp.clock, clock)
    if moment is None or stamp.form in _STAFF_FORMS or stamp.accession.startswith(_STAFF_PREFIX):
        return 0
    local = moment.astimezone(NEW_YORK)
    if local.time() >= _OUTSIDE_FROM or local.time() < _OUTSIDE_UNTIL:
        return _HOUR_WEIGHT
    if stamp.form not in _DATED_FORMS or stamp.filed_on is None or _is_near_cut(local):
        return 0
    return 0 if filing_day(moment) == stamp.filed_on else _DATE_WEIGHT


def _is_near_cut(local: datetime) -> bool:
    return abs(local - local.replace(hour=_CUT.hour, minute=_CUT.minute, second=0)) < _CUT_MARGIN
