"""How long it takes to hold a filing against thousands of rules, and to read them; each figure from a fresh process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench.made_rules import phrase_rules, rules
from bench.measuring import measured
from bench.runners.matching import ALTERNATION, EACH, MATCHERS, PATTERNS, SIZES
from bench.tables import Table, number

__all__ = ["Matched", "Ruled", "growth_beyond_scan", "measure_rules", "rules_tables", "rules_told"]

MANY, FEW = 10_000, 100
_PHRASES = "10,000 phrases"
_MOST_SECONDS = 600.0
_COMPILED = "ahocorasick-rs"


@dataclass(frozen=True, slots=True)
class Matched:
    """One rule file held against the filings in one way. Seconds are CPU time, for one filing, at their best."""

    rules: str
    way: str
    whole: float | None  # None: only the phrases were looked for
    fold: float | None = None
    scan: float | None = None
    beyond_scan: float | None = None  # all else, with the texts made ready and scanned before
    read_seconds: float = 0.0
    build_seconds: float | None = None
    megabytes: float = 0.0  # by which the process grew with the rules and, if any, their index
    alerts: int | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """All that was measured."""

    matched: tuple[Matched, ...]
    patterns: dict[str, list[float]]  # seconds for texts of rising size

    def of(self, rules_: str, way: str) -> Matched | None:
        """Return one row, if it was measured."""
        return next((one for one in self.matched if (one.rules, one.way) == (rules_, way)), None)


def measure_rules(folder: Path, repeat: int, tell: Callable[[str], None], *, many: int = MANY, few: int = FEW) -> Ruled:
    """Measure it. The compiled matcher is left out, and that is told, where it is not installed.

    Raises `BenchError` when a process ends, or takes for ever.
    """
    ways = [name for name in MATCHERS if name != _COMPILED or find_spec("ahocorasick_rs")]
    if _COMPILED not in ways:
        tell(f"rules: {_COMPILED} is not installed (extra fast), and left out")
    files = {_rule_count(few): rules(few), _rule_count(many): rules(many), _PHRASES: phrase_rules(many // 100, 100)}
    wanted = [(file, way) for file in files for way in ways]
    wanted += [(file, way) for file in (_rule_count(many), _PHRASES) for way in (EACH, ALTERNATION)]
    matched = []
    for file, way in wanted:
        tell(f"rules: {file}, {way}")
        place = Path(mkdtemp(dir=folder))
        (place / "rules.yaml").write_text(files[file], encoding="utf-8")
        matched.append(_row(file, way, _measured(place, way, repeat)))
    tell("rules: patterns built to explode")
    return Ruled(tuple(matched), _measured(folder, PATTERNS, repeat)["patterns"])


def _rule_count(count: int) -> str:
    return f"{count:,} rules"


def _row(file: str, way: str, told: dict[str, Any]) -> Matched:
    best = {step: min(one[step] for one in told["rounds"]) for step in told["rounds"][0]}
    return Matched(
        file,
        way,
        best.get("whole"),
        best.get("fold"),
        best.get("scan"),
        best.get("beyond"),
        told["read_seconds"],
        told.get("build_seconds"),
        told["read_megabytes"] + told.get("build_megabytes", 0.0),
        told.get("alerts"),
    )


def _measured(place: Path, way: str, repeat: int) -> dict[str, Any]:
    return measured(f"rules: {way}", "bench.runners.matching", place, way, repeat, most_seconds=_MOST_SECONDS)


def growth_beyond_scan(ruled: Ruled, way: str, *, many: int = MANY, few: int = FEW) -> float | None:
    """How many times the few rules' time the many take, making texts ready and scanning them left out."""
    small, large = ruled.of(_rule_count(few), way), ruled.of(_rule_count(many), way)
    if small is None or large is None or not small.beyond_scan or large.beyond_scan is None:
        return None
    return large.beyond_scan / small.beyond_scan


def rules_tables(ruled: Ruled) -> Sequence[Table]:
    """Show it."""
    rows = tuple(
        (
            f"{one.rules}, {one.way}",
            *(_milliseconds(figure) for figure in (one.fold, one.scan, one.whole, one.beyond_scan)),
            "" if one.alerts is None else str(one.alerts),
            number(one.read_seconds),
            "" if one.build_seconds is None else number(one.build_seconds),
            number(one.megabytes),
        )
        for one in ruled.matched
    )
    matching = Table(
        "rules: one filing of 100 KB, CPU milliseconds",
        ("rules and way", "fold", "scan", "whole", "beyond scan", "alerts", "read, s", "index, s", "MB"),
        rows,
        (
            "Means over ten filings, of which one matches 20 rules; alerts: of all ten. fold: texts are made ready;",
            "scan: phrases are looked for; beyond scan: all else, patterns included; whole: all together.",
            "re, alternation: all phrases of the rules in one expression, over the filing that matches.",
        ),
    )
    sizes = tuple(f"{size / 1e6:g} MB, ms" for size in SIZES)
    exploding = Table(
        "rules: patterns built to explode, over texts of the letter a",
        ("pattern", *sizes),
        tuple((pattern, *map(_milliseconds, seconds)) for pattern, seconds in ruled.patterns.items()),
    )
    return matching, exploding


def rules_told(ruled: Ruled) -> dict[str, Any]:
    """Tell it for JSON."""
    return asdict(ruled)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else number(seconds * 1_000)
