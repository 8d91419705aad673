"""A week of real volume, made up: when filings of all forms are accepted, and which 8-Ks there are among them.

The spread over the day, the forms and their parties follow two captured days of December 2025 and January 2026: most
8-Ks come at 08:00 and from 16:00 to 17:30, often on the full quarter of an hour; one in ten comes in the evening
and is held until the next business morning; there are about 1.5 entries to a filing over all forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from watcher.edgar.calendar import NEW_YORK, next_business_day, previous_business_day
from watcher.models import Filer
from watcher.simulator.catalog import Catalog, CatalogFiling, filing_of
from watcher.simulator.eras import era_of
from watcher.simulator.generator import Generator
from watcher.simulator.making.chance import Random, dice
from watcher.simulator.making.companies import FIRST_CIK

__all__ = ["Week"]

# How many 8-Ks were accepted in each hour.
_FAMILY_HOURS = {
    6: 20, 7: 33, 8: 58, 9: 25, 10: 4, 11: 6, 12: 4, 13: 6, 14: 5, 15: 8, 16: 95, 17: 40, 18: 8, 19: 3, 20: 2, 21: 5,
}  # fmt: skip
_OTHER_HOURS = {
    6: 39, 7: 34, 8: 59, 9: 134, 10: 106, 11: 124, 12: 131, 13: 140, 14: 164, 15: 172, 16: 805, 17: 290, 18: 126,
    19: 68, 20: 86, 21: 61,
}  # fmt: skip
_MINUTES = [{0: 26, 5: 16, 10: 9, 15: 12, 16: 10, 30: 20}.get(minute, 4) for minute in range(60)]
# Forms, how often they came, and the parts that their parties have.
_OTHER_FORMS = (
    ("4", 948, ("reporting owner", "issuer")),
    ("424B2", 344, ("filer", "co-filer")),
    ("144", 259, ("reporting owner", "subject company")),
    ("D", 172, ("filer",)),
    ("D/A", 125, ("filer",)),
    ("6-K", 106, ("filer",)),
    ("FWP", 104, ("filed by", "subject company")),
    ("N-CEN", 96, ("filer",)),
    ("497", 157, ("filer",)),
    ("3", 71, ("reporting owner", "issuer")),
    ("424B3", 66, ("filer",)),
    ("EFFECT", 40, ("filer",)),
    ("10-Q", 33, ("filer",)),
    ("425", 31, ("filed by", "subject company")),
    ("SCHEDULE 13D/A", 28, ("filed by", "subject company")),
    ("485BXT", 46, ("filer",)),
    ("DEFA14A", 33, ("filer",)),
    ("S-8", 32, ("filer",)),
    ("SCHEDULE 13G", 16, ("filed by", "subject company")),
    ("10-K", 10, ("filer",)),
)
# A form that EDGAR does not have: it begins like an 8-K and must be left alone.
_LIKE_AN_8K = "8-KT"
# Accepted until 22:00 with the day's own date, and shown at once.
_KEEP_THE_DAY = frozenset(("3", "4", "144", "SCHEDULE 13D/A", "SCHEDULE 13G"))
_CUT = time(17, 30)
_LAST = time(21, 59, 30)
_PEOPLE = FIRST_CIK + 500_000


@dataclass(frozen=True, slots=True)
class Week:
    """What to make up: so many business days from ``first`` on, and a small one before, that the list is not empty."""

    first: date
    days: int = 5
    family_per_day: int = 700
    others_per_day: int = 2_100
    family_before: int = 40
    seed: int = 1

    def catalog(self) -> Catalog:
        """Return its filings, in the order in which they are accepted. Their documents are made when asked for."""
        drawn = sorted(self._moments(), key=lambda moment: moment[0])
        generator = Generator(self.seed)
        return Catalog(self._filing(generator, number, at, form) for number, (at, form) in enumerate(drawn))

    def business_days(self) -> list[date]:
        """Return its days."""
        day, days = self.first - timedelta(days=1), []
        for _ in range(self.days):
            day = next_business_day(day)
            days.append(day)
        return days

    def _moments(self) -> Iterator[tuple[datetime, str]]:
        """Draw when each filing is accepted, and of which form it is; "" for one of the 8-K family."""
        before = previous_business_day(self.business_days()[0])
        share = self.family_before / self.family_per_day
        yield from self._day(before, self.family_before, round(self.others_per_day * share))
        for day in self.business_days():
            yield from self._day(day, self.family_per_day, self.others_per_day)

    def _day(self, day: date, family: int, others: int) -> Iterator[tuple[datetime, str]]:
        rng = dice(self.seed, "week", day)
        forms = rng.choices([row[0] for row in _OTHER_FORMS], [row[1] for row in _OTHER_FORMS], k=others)
        yield from ((_moment(day, _FAMILY_HOURS, rng), "") for _ in range(family))
        yield from (
            (_system_moment(day) if form == "EFFECT" else _moment(day, _OTHER_HOURS, rng), form) for form in forms
        )
        yield _moment(day, _FAMILY_HOURS, rng), _LIKE_AN_8K

    def _filing(self, generator: Generator, number: int, accepted_at: datetime, form: str) -> CatalogFiling:
        rng = dice(self.seed, "week", number)
        filed_on = _filed_on(accepted_at, form, rng)
        outline = generator.outline(number, era_of(filed_on), accepted_at, filed_on, rng, is_light=True)
        if form in ("", _LIKE_AN_8K):
            return filing_of(replace(outline, form=form or outline.form))
        plain = filing_of(replace(outline, form=form, items=(), companies=outline.companies[:1]))
        parts = next(parts for name, _, parts in _OTHER_FORMS if name == form)
        return replace(
            plain, filers=tuple(_party(plain.filers[0], part, rng) for part in parts), is_tagged=form == "10-Q"
        )


def _moment(day: date, hours: dict[int, int], rng: Random) -> datetime:
    hour = rng.choices(list(hours), list(hours.values()))[0]
    minute = rng.choices(range(60), _MINUTES)[0]
    at = min(time(hour, minute, rng.randrange(60)), _LAST)
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)


def _system_moment(day: date) -> datetime:
    """When EDGAR itself files its notices of effectiveness: a quarter past midnight."""
    return datetime.combine(day, time(0, 15), NEW_YORK).astimezone(UTC)


def _filed_on(accepted_at: datetime, form: str, rng: Random) -> date:
    """Return the filing date: it goes by when transmission began, a minute or so before it was accepted."""
    local = accepted_at.astimezone(NEW_YORK)
    began = local - timedelta(seconds=rng.randint(5, 90))
    if form in _KEEP_THE_DAY or began.time() <= _CUT:
        return local.date()
    return next_business_day(local.date())


def _party(company: Filer, part: str, rng: Random) -> Filer:
    if part in ("filer", "issuer", "subject company"):
        return replace(company, role=part)
    number = rng.randrange(200_000)
    name, role = (f"FUNDING {number:06d} LLC", "filer") if part == "co-filer" else (f"HOLDER {number:06d}", part)
    return Filer(cik=_PEOPLE + number, name=name, role=role)
