"""How often the events of labelled filings are found, beside what the item numbers alone would tell."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.corpus import MODERN_SINCE
from bench.errors import BenchError
from bench.tables import Table
from handlers.classify import FindEvents, OfficialTitles
from handlers.parse import ParseEightK
from watcher import EightkError, Filing, Report
from watcher.line import Line

__all__ = ["Labelled", "Tally", "events_tables", "events_told", "measure_events", "read_labels"]

_COLUMNS = ("path", "events", "confidence")
_EXHIBITS_ONLY = frozenset(("9.01", "7"))  # items that tell of no event beside another item


@dataclass(frozen=True, slots=True)
class Labelled:
    """One filing with the events that readers found in it."""

    path: str  # relative to the folder
    events: frozenset[str]
    confidence: str  # the reader's own: high, medium, low


@dataclass(slots=True)
class Tally:
    """What was right, wrong and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, truth: frozenset[str], found: frozenset[str]) -> None:
        """Count one filing."""
        self.right += len(truth & found)
        self.wrong += len(found - truth)
        self.missed += len(truth - found)

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Their harmonic mean: over all decisions together where several events are counted (micro F1)."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def cells(self) -> tuple[str, ...]:
        """As cells of a table."""
        figures = (f"{one:.3f}" for one in (self.precision, self.recall, self.f1))
        return str(self.right), str(self.wrong), str(self.missed), *figures


@dataclass(slots=True)
class Measured:
    """The tallies of one run."""

    filings: int = 0
    groups: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    baseline: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    events: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    scores: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    parse_seconds: float = 0.0  # of the processor, on full submissions since 2019
    find_seconds: float = 0.0


def read_labels(path: Path) -> list[Labelled]:
    """Read a CSV of labels. Raises `BenchError` when it cannot be read or lacks a column."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return [Labelled(row["path"], frozenset(row["events"].split()), row["confidence"]) for row in rows]
    except (OSError, KeyError, ValueError) as error:
        raise BenchError(f"{path}: expected labels with {', '.join(_COLUMNS)}: {error!r}") from error


def measure_events(folder: Path, labels: Sequence[Labelled], tell: Callable[[str], None]) -> Measured:
    """Find the events of all these filings. Raises `BenchError` when one of them cannot be read."""
    parse, find = Line([ParseEightK(), OfficialTitles()]), FindEvents()
    measured = Measured(filings=len(labels))
    reports: list[Report] = []
    for label in labels:
        report = _parsed(folder / label.path, parse, measured, find)
        reports.append(report)
    likeliest = _likeliest(labels, reports)
    for label, report in zip(labels, reports, strict=True):
        _count(measured, label, report, likeliest)
    tell(f"events: {len(labels)} labelled filings, of which {sum(one.confidence == 'low' for one in labels)} are low")
    return measured


def _parsed(path: Path, parse: Line, measured: Measured, find: FindEvents) -> Report:
    try:
        begin = time.process_time()
        report = parse.run(Filing(accession=path.name), path.read_bytes())
        between = time.process_time()
    except (OSError, EightkError) as error:
        raise BenchError(f"{path}: {error}") from error
    find.handle(report)
    if report.filing.filed_on is not None and report.filing.filed_on >= MODERN_SINCE:
        measured.parse_seconds += between - begin
        measured.find_seconds += time.process_time() - between
    return report


def _numbers(report: Report) -> frozenset[str]:
    numbers = frozenset(item.number for item in report.items)
    return numbers - _EXHIBITS_ONLY or numbers


def _likeliest(labels: Iterable[Labelled], reports: Iterable[Report]) -> Mapping[str, str]:
    """The event that filings under each item report most often, by these very labels: no baseline could know more."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for label, report in zip(labels, reports, strict=True):
        for number in _numbers(report):
            counts[number].update(sorted(label.events))
    return {number: count.most_common(1)[0][0] for number, count in counts.items() if count}


def _count(measured: Measured, label: Labelled, report: Report, likeliest: Mapping[str, str]) -> None:
    found = frozenset(event.event for event in report.events)
    by_number = frozenset(likeliest[number] for number in _numbers(report) if number in likeliest)
    groups = ["all", f"confidence {label.confidence}", *(["all but low"] if label.confidence != "low" else [])]
    for group in groups:
        measured.groups[group].add(label.events, found)
        measured.baseline[group].add(label.events, by_number)
    if label.confidence == "low":
        return
    for event in label.events | found:
        measured.events[event].add(label.events & {event}, found & {event})
    for one in report.events:
        measured.scores[f"{int(one.score * 10) / 10:.1f}"].add(label.events & {one.event}, frozenset((one.event,)))


def events_tables(measured: Measured) -> tuple[Table, ...]:
    """As tables: in all, by event, by score."""
    head = ("right", "wrong", "missed", "precision", "recall", "F1")
    rows = [(name, *tally.cells()) for name, tally in sorted(measured.groups.items())]
    rows += [(f"item numbers alone, {name}", *tally.cells()) for name, tally in sorted(measured.baseline.items())]
    seconds = f"parse {measured.parse_seconds:.2f} s, events {measured.find_seconds:.2f} s"
    notes = (f"processor time on full submissions since 2019: {seconds}",)
    by_event = sorted(measured.events.items(), key=lambda one: (-one[1].right - one[1].missed, one[0]))
    by_score = sorted(measured.scores.items())
    return (
        Table(f"events: {measured.filings} labelled filings", ("group", *head), tuple(rows), notes),
        Table(
            "events one by one, all but low", ("event", *head), tuple((name, *one.cells()) for name, one in by_event)
        ),
        Table(
            "events by score, all but low",
            ("score from", "told", "right", "share right"),
            tuple((name, str(one.right + one.wrong), str(one.right), f"{one.precision:.2f}") for name, one in by_score),
        ),
    )


def events_told(measured: Measured) -> dict[str, Any]:
    """All figures for JSON."""
    kinds = {"groups": measured.groups, "baseline": measured.baseline, "events": measured.events}
    return {
        name: {one: [tally.right, tally.wrong, tally.missed] for one, tally in tallies.items()}
        for name, tallies in {**kinds, "scores": measured.scores}.items()
    } | {"parse_seconds": measured.parse_seconds, "find_seconds": measured.find_seconds}
