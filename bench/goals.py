"""What this project asks of itself, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.environments import OURS
from bench.growth import Soaked, growth_of
from bench.imports import Imported
from bench.races import Outcome
from bench.rules import Ruled, growth_beyond_scan
from bench.tables import Table, number

__all__ = ["FLAT_BYTES", "Goal", "goal_table", "import_goals", "race_goals", "rule_goals", "soak_goals"]

# By which memory may grow for each filing and still be called flat: the allocator's own wandering is some megabytes.
FLAT_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure with its bound, which it should reach at least or at most."""

    words: str
    figure: float
    bound: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        """Whether it is reached."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


def race_goals(outcome: Outcome) -> list[Goal]:
    """The goals of one race. None when the reader they speak of was not there."""
    ratios = outcome.ratios
    theirs = [times for (reader, _), times in ratios.items() if reader != OURS]
    if outcome.race.part == "parse":
        found = [(f"parse, times {outcome.race.yardstick[0]}", ratios.get((OURS, "parse")), 1.5, False)]
    elif outcome.race.part == "items":
        found = [
            ("items, the fastest peer's time against ours", min(theirs, default=None), 4.0, True),
            ("items, edgartools' time against ours", ratios.get(("edgartools", "items")), 40.0, True),
        ]
    else:
        task = outcome.race.yardstick[1]
        found = [(f"{task}, edgartools' time against ours", ratios.get(("edgartools", task)), 1.5, True)]
    return [Goal(words, figure, bound, is_least) for words, figure, bound, is_least in found if figure is not None]


def import_goals(imported: Sequence[Imported]) -> list[Goal]:
    """The goals of importing this project, which is the first of these."""
    first = imported[0]
    return [
        Goal(f"{first.statement}, CPU ms", first.cpu_seconds.median * 1_000, 100, at_least=False),
        Goal(f"{first.statement}, MB", first.megabytes.median, 40, at_least=False),
    ]


def soak_goals(soaked: Sequence[Soaked]) -> list[Goal]:
    """The goal of memory over many filings."""
    return [Goal("memory, bytes it grows by for each filing", growth_of(soaked), FLAT_BYTES, at_least=False)]


def rule_goals(ruled: Ruled) -> list[Goal]:
    """The goals of matching rules: milliseconds for a filing, by what looks for phrases."""
    bounds = {"ahocorasick-rs": 5, "standard library": 25}
    goals = [
        Goal(f"{one.rules}, {one.way}, ms", one.whole * 1_000, bounds[one.way], at_least=False)
        for one in ruled.matched
        if one.way in bounds and one.whole is not None
    ]
    growth = {way: growth_beyond_scan(ruled, way) for way in bounds}
    words = "{}: beyond the scan, 10,000 rules' time against 100 rules'"
    return goals + [
        Goal(words.format(way), times, 3, at_least=False) for way, times in growth.items() if times is not None
    ]


def goal_table(goals: Sequence[Goal]) -> Table:
    """Show goals and figures."""
    rows = tuple(
        (
            goal.words,
            f"at {'least' if goal.at_least else 'most'} {goal.bound:g}",
            number(goal.figure),
            "met" if goal.is_met else "missed",
        )
        for goal in goals
    )
    return Table("goals", ("figure", "goal", "measured", "met or missed"), rows)
