"""Has readers do the same work in turn, a few filings each time, and compares their CPU time.

A neighbour that takes half of the processor comes and goes within seconds. So readers take turns within a round, too:
what slows one of them slows the others just as much; and each round another one goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.environments import OURS
from bench.errors import ReaderError
from bench.plots import Bar, Plot, left_out
from bench.readers import Reader
from bench.tables import Spread, Table, number, ratios

__all__ = ["LXML", "RACES", "Outcome", "Race", "Run", "run_race"]

LXML = "lxml"
_FILINGS_A_TURN = 12
_AT_LEAST_SECONDS = 0.05  # of CPU time for a turn, so that a quick reader's is not shorter than the clock can tell
_Runner = tuple[str, str]  # a reader's name and its task


@dataclass(frozen=True, slots=True)
class Race:
    """Which tasks are compared with which; a reader or task that is not there is left out."""

    part: str
    title: str
    yardstick: _Runner
    others: tuple[_Runner, ...]
    notes: tuple[str, ...] = ()


RACES = (
    Race(
        "parse",
        "parse: full submission to items, texts of main document and exhibits, cover, signature",
        (LXML, "texts"),
        (
            (OURS, "parse"),
            (OURS, "parse, nothing remembered"),
            (OURS, "parse to JSON"),
            (OURS, "texts"),
            ("selectolax", "texts"),
        ),
        (
            "lxml, selectolax: a tree and its text, of the same documents, split out beforehand.",
            'eightk "texts": the same documents, split out beforehand, to readable text.',
        ),
    ),
    Race(
        "items",
        "items: full submission to items with their text",
        (OURS, "items"),
        (
            (OURS, "parsed items"),
            ("edgartools", "items"),
            ("edgartools", "sections"),
            ("datamule", "items"),
            ("sec-parser", "items"),
            ("edgar-crawler", "items"),
        ),
        (
            'eightk "items": what they need and nothing else; "parsed items": the whole parse stage, which is what',
            "users get: texts of all exhibits, cover and signature, too.",
        ),
    ),
    Race(
        "split",
        "split: bytes of a file to header and to offsets, types and names of its documents",
        (OURS, "split"),
        (("edgartools", "split"), ("datamule", "split"), ("datamule", "split in Python")),
        ("edgartools: with decoding, which it needs. datamule: secsgml2 and secsgml, which decode pictures, too.",),
    ),
    Race(
        "split",
        "split, documents alone: bytes of a file to offsets, types and names, the header not read",
        (OURS, "documents"),
        (("edgartools", "documents"),),
    ),
)


@dataclass(slots=True, eq=False)
class Run:
    """What one runner's rounds gave: the CPU seconds of each turn, which are over all filings together."""

    reader: Reader
    task: str
    rounds: list[list[float]] = field(default_factory=list)
    failed: int = 0  # filings that it could not do
    refused: int = 0  # times that it tried to reach the network, over all filings

    def begin_round(self) -> None:
        """Begin to count anew."""
        self.rounds.append([])
        self.failed = self.refused = 0

    @property
    def seconds(self) -> list[float]:
        """What each round took."""
        return [sum(turns) for turns in self.rounds]

    @property
    def best_seconds(self) -> float:
        """What a round would take of which every turn went as well as it ever did: others can only slow it."""
        turns: list[tuple[float, ...]] = list(zip(*self.rounds, strict=True))
        return sum(min(turn) for turn in turns)

    @property
    def name(self) -> str:
        """The reader and its task."""
        return f"{self.reader.label}, {self.task}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The runs of a race, the yardstick's first."""

    race: Race
    filings: int
    runs: tuple[Run, ...]
    absent: Mapping[str, str] = field(default_factory=dict)  # by reader and task: why it is not among the runs

    @property
    def ratios(self) -> dict[_Runner, float]:
        """Every other's time against the yardstick's, both at their best."""
        yardstick, *others = self.runs
        return {(run.reader.name, run.task): run.best_seconds / yardstick.best_seconds for run in others}

    def table(self) -> Table:
        """Show it."""
        yardstick = f"times {self.race.yardstick[0]}"
        table = Table(
            f"{self.race.title}\n  {self.filings} filings, {len(self.runs[0].rounds)} rounds, CPU time",
            (
                "reader, task",
                "ms a filing",
                "median (least-most)",
                yardstick,
                "median (least-most)",
                "failed",
                "to network",
            ),
            tuple(self._row(run) for run in self.runs),
            ("ms a filing, times: each turn at its best of all rounds.", *self.race.notes),
        )
        return table.with_left_out(self.absent)

    def plot(self) -> Plot:
        """Draw it: the milliseconds for a filing, round by round."""
        bars = [Bar.of(run.name, [one * 1_000 / self.filings for one in run.seconds], "ms") for run in self.runs]
        title = f"{self.race.title}: CPU milliseconds for a filing"
        return Plot(title, "ms", (*bars, *left_out(self.absent)), "Median of the rounds; less is better.")

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        runs = [
            {
                "reader": run.reader.name,
                "task": run.task,
                "versions": run.reader.versions,
                "cpu_seconds": run.seconds,
                "times_by_round": [one / first for one, first in zip(run.seconds, self.runs[0].seconds, strict=True)],
                "best_cpu_seconds": run.best_seconds,
                "times": self.ratios.get((run.reader.name, run.task), 1.0),
                "failed": run.failed,
                "refused": run.refused,
            }
            for run in self.runs
        ]
        told = {"part": self.race.part, "title": self.race.title, "filings": self.filings, "runs": runs}
        return told | {"yardstick": self.race.yardstick[0], "left_out": dict(self.absent)}

    def _row(self, run: Run) -> tuple[str, ...]:
        times = self.ratios.get((run.reader.name, run.task))
        return (
            run.name,
            number(run.best_seconds / self.filings * 1_000),
            str(Spread.of(run.seconds).times(1_000 / self.filings)),
            "1" if times is None else number(times),
            "" if times is None else str(ratios(run.seconds, self.runs[0].seconds)),
            str(run.failed),
            str(run.refused),
        )


def run_race(
    race: Race,
    readers: Mapping[str, Reader],
    filings: int,
    repeat: int,
    tell: Callable[[str], None],
    absent: Mapping[str, str] | None = None,
) -> tuple[Outcome | None, list[str]]:
    """Run a race over the filings that the readers have loaded; return None for it when the yardstick is not there.

    One round warms up and is not counted. A reader that ends is out of the race, and told among the troubles;
    ``absent`` says why a reader is not there at all.
    """
    wanted = (race.yardstick, *race.others)
    runs = [Run(readers[name], task) for name, task in wanted if name in readers and task in readers[name].tasks]
    lost = {f"{name}, {task}": why for name, task in wanted if (why := (absent or {}).get(name))}
    troubles: list[str] = []
    for turn in range(repeat + 1):
        tell(f"{race.part}: round {turn} of {repeat}")
        for run in runs:
            run.begin_round()
        for first in range(0, filings, _FILINGS_A_TURN):
            gone = [run for run in _rotated(runs, turn) if not _has_gone_on(run, first, troubles)]
            lost |= {f"{run.reader.name}, {run.task}": troubles[-1] for run in gone}
            runs = [run for run in runs if run not in gone]
    for run in runs:
        del run.rounds[0]  # which warmed up
    if not runs or (runs[0].reader.name, runs[0].task) != race.yardstick:
        return None, troubles
    return Outcome(race, filings, tuple(runs), lost), troubles


def _rotated(runs: list[Run], turn: int) -> list[Run]:
    """Let another one go first: whoever follows a large reader finds the processor's caches full of it."""
    first = turn % max(1, len(runs))
    return runs[first:] + runs[:first]


def _has_gone_on(run: Run, first: int, troubles: list[str]) -> bool:
    """Let one run take its turn over the filings from ``first`` on; say whether its reader is still there."""
    try:
        told = run.reader.ask(
            "measure", task=run.task, at_least=_AT_LEAST_SECONDS, first=first, last=first + _FILINGS_A_TURN
        )
    except ReaderError as error:
        troubles.append(str(error))
        return False
    run.rounds[-1].append(told["cpu_seconds"])
    run.failed += told["failed"]
    run.refused += told["refused"]
    return True
