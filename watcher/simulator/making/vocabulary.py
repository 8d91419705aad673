"""Fills the blanks of a story: names, sums, dates, each drawn once and then kept for the whole filing."""

from __future__ import annotations

from datetime import date, timedelta

from watcher.simulator.making.chance import Random
from watcher.simulator.making.companies import Company, Person, make_name, make_person

__all__ = ["Vocabulary", "long_date"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_BANKS = (
    "First Corvanna Bank, N.A.",
    "Marchwell Bank & Trust Company",
    "Northolme National Association",
    "Ilderton Savings Bank",
    "Banque Lindovar S.A.",
)
_AUDITORS = ("Pallister & Rowe LLP", "Carrowick Drummery LLP", "Stapleforth Underhay, P.C.", "Hartigale & Company")
_COURTS = (
    "the Court of Chancery of the State of Delaware",
    "the United States Bankruptcy Court for the Southern District of Texas",
    "the United States District Court for the District of Minnesota",
    "the Superior Court of Marlow County",
)
_TITLES = (
    "Executive Vice President and Chief Operating Officer",
    "Senior Vice President, General Counsel and Secretary",
    "Chief Technology Officer",
    "President of the Industrial Division",
    "Chief Accounting Officer",
)
_TOWNS = ("Corwell", "Marlow Falls", "Granite Bluff", "Port Calder", "Dry Springs", "West Harlan")
_TARGETS = (
    "Selwyn Valve",
    "Redmarsh Analytics",
    "Fenwarrow Labs",
    "Jasperwell Freight",
    "Inverlune Optical",
    "Ilderton Care",
)


def long_date(day: date) -> str:
    """Write a date as in "March 8, 2017", whatever the locale."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


class Vocabulary(dict[str, str]):
    """What the blanks hold. A blank that is asked for the first time is drawn; a digit at its end makes another.

    ``person2`` is thus somebody else than ``person``, and ``mr2`` is ``person2`` as a text goes on to call them.
    """

    def __init__(self, rng: Random, company: Company, event_on: date) -> None:
        super().__init__(
            company=company.full_name,
            ticker=company.ticker,
            exchange=company.exchange,
            state=company.state_name,
            event_date=long_date(event_on),
            fiscal=str(event_on.year),
            past_year=str(event_on.year - 4),
        )
        self._rng = rng
        self._event_on = event_on
        self._people: dict[str, Person] = {}

    def __missing__(self, key: str) -> str:
        base = key.rstrip("0123456789")
        drawn = self._draw(base, key.removeprefix(base))
        self[key] = drawn
        return drawn

    def _draw(self, base: str, which: str) -> str:
        if base in ("person", "mr", "he", "his"):
            if which not in self._people:
                self._people[which] = make_person(self._rng)
            return _call(self._people[which], base)
        if base in ("later_date", "earlier_date"):
            days = self._rng.randint(20, 120)
            return long_date(self._event_on + timedelta(days=days if base == "later_date" else -days))
        if base in _CHOICES:
            return self._rng.choice(_CHOICES[base])
        return self._amount(base)

    def _amount(self, base: str) -> str:
        rng = self._rng
        match base:
            case "money":
                amount = f"${rng.randint(11, 995) / 10:.1f} million"
            case "bigmoney":
                amount = rng.choice(
                    (f"${rng.randint(2, 19) * 50}.0 million", f"${rng.randint(10, 95) / 10:.1f} billion")
                )
            case "percent":
                amount = f"{rng.randint(21, 240) / 10:.1f}%"
            case "price" | "dividend":
                amount = f"${rng.randint(105, 9_800) / (100 if base == 'price' else 1_000):.2f}"
            case "shares":
                amount = f"{rng.randint(100, 9_900) * 1_000:,}"
            case "salary":
                amount = f"${rng.randint(16, 160) * 5_000:,}"
            case "headcount" | "age":
                amount = str(rng.randint(40, 66) * (1 if base == "age" else 10))
            case "other":
                amount = make_name(rng).full
            case "target_short":
                amount = self["target"].split()[0]
            case _:
                raise KeyError(f"a story has a blank that nothing fills: {base!r}")
        return amount


_CHOICES = {
    "bank": _BANKS,
    "auditor": _AUDITORS,
    "court": _COURTS,
    "title": _TITLES,
    "town": _TOWNS,
    "target": _TARGETS,
    "quarter": ("first", "second", "third", "fourth"),
    "years": ("two", "three", "four", "five"),
}


def _call(person: Person, base: str) -> str:
    match base:
        case "person":
            return person.name
        case "mr":
            return person.formal
    is_man = person.courtesy == "Mr."
    return {"he": "he" if is_man else "she", "his": "his" if is_man else "her"}[base]
