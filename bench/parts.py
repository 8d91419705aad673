"""The parts of the bench, and what they share: the filings, the readers at work, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench.accuracy import failure_table, measure_accuracy, score_plot, score_table
from bench.cold import cold_plots, cold_table, measure_cold
from bench.cold import told as told_cold
from bench.corpus import Answer, Chosen, choose, make_up, read_answers, split_out
from bench.delivery import delivery_goals, delivery_plot, delivery_table, measure_delivery
from bench.delivery import told as told_delivery
from bench.environments import OURS, PEERS, Environment, ours
from bench.errors import BenchError, ReaderError
from bench.events import Labelled, events_tables, events_told, measure_events, read_labels
from bench.goals import Goal, goal_table, import_goals, race_goals, rule_goals, soak_goals
from bench.growth import growth_plot, growth_table, measure_growth, soak, soak_plot, soak_table
from bench.imports import import_plots, import_table, measure_imports
from bench.latency import OLD_FILINGS, latency_plots, latency_table, measure_latency
from bench.latency import told as told_latency
from bench.plots import Plot
from bench.races import LXML, RACES, run_race
from bench.readers import Reader
from bench.rules import measure_rules, rules_tables, rules_told
from bench.scope import scope_table
from bench.tables import Table
from watcher.simulator.generator import Generator

__all__ = ["PARTS", "Bench", "needs_peers"]

PARTS = (
    *("items", "parse", "split", "accuracy", "import", "cold"),
    *("latency", "delivery", "memory", "linear", "rules", "events"),
)
_ALONE = frozenset(("linear", "memory", "latency", "rules", "delivery", "events"))  # parts without peers
_MADE_UP_FILINGS = 300
_FILINGS_ONE_BY_ONE = 30  # in each round of the latency part, beside one burst
_KNOW_ITEMS = frozenset(name for name in PEERS if name != "selectolax")
_DELIVERY_ROUNDS = 3  # at most: each takes half a minute
_OURS_MODULE = "bench.runners.ours"
_OUR_IMPORTS = ("import watcher, handlers", "import handlers.parse")
_ITEM_TASKS = (
    (OURS, "parsed items"),
    (OURS, "items"),
    *((name, task) for name in PEERS for task in ("items", "sections")),
)


@dataclass(slots=True)
class Bench:
    """One run of the bench: fills up part by part. To be closed."""

    folder: Path  # for what is written on the way
    repeat: int
    tell: Callable[[str], None]  # what is going on
    show: Callable[[Table], None]  # what was measured
    limit: int | None = None
    soaked_filings: int = 10_000
    environments: list[Environment] = field(default_factory=list)
    corpus: Path | None = None
    is_made_up: bool = False
    filings: list[Chosen] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    labels: list[Labelled] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    figures: dict[str, list[Any]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # by reader: why it is not there
    shown: list[dict[str, Any]] = field(default_factory=list)  # of what the page is made: tables and plots of parts
    _readers: dict[str, Reader] = field(default_factory=dict)
    _loaded: list[Chosen] = field(default_factory=list)  # what the readers hold, with documents split out

    def choose(self, corpus: Path | None, answers: Path | None, labels: Path | None = None) -> None:
        """Choose the filings: of this folder, or made-up ones. Raises `BenchError` when there are none.

        ``labels`` say which events filings report; their paths start at the folder.
        """
        self.labels = read_labels(labels) if labels else []
        if corpus is None:
            self.tell(f"no folder given: making up {_MADE_UP_FILINGS} filings")
            corpus = self.folder / "made-up"
            corpus.mkdir()
            made = make_up(corpus, _MADE_UP_FILINGS)
            self.is_made_up = True
            answers = answers or made
        if not corpus.is_dir():
            raise BenchError(f"expected a folder of full submissions, came {corpus}")
        self.corpus = corpus
        self.filings = choose(corpus, self.limit)
        self.answers = read_answers(answers) if answers else {}

    def run(self, part: str) -> None:
        """Run one part, show it, and keep its figures and goals. What cannot be measured is kept as a trouble."""
        special = {
            "import": self._import,
            "cold": self._cold,
            "accuracy": self._accuracy,
            "linear": self._linear,
            "memory": self._memory,
            "latency": self._latency,
            "delivery": self._delivery,
            "rules": self._rules,
            "events": self._events,
        }
        try:
            if part in special:
                special[part]()
            else:
                self._race(part)
        except BenchError as error:
            self.troubles.append(str(error))

    def leave_out(self, name: str, why: str) -> None:
        """Note that a reader which was wanted is not there, and go on without it."""
        self.troubles.append(why)
        self.absent[name] = why.removeprefix(f"{name}: ")

    def close(self) -> None:
        """End the readers. May be called twice."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def show_end(self) -> None:
        """Show the goals of the parts that were run, and the versions of what each reader is made of."""
        if self.goals:
            self.show(goal_table(self.goals))
        rows = [(name, ", ".join(map(" ".join, parts.items()))) for name, parts in self.versions.items()]
        if rows:
            self.show(Table("versions", ("reader", "made of"), tuple(rows)).with_left_out(self.absent))

    def told(self) -> dict[str, Any]:
        """Tell all figures of the parts that were run so far, for JSON."""
        shown = [_shown("readers", [scope_table(self.versions, self.absent)]), *self.shown]
        if self.goals:
            shown.append(_shown("goals", [goal_table(self.goals)]))
        goals = [asdict(goal) | {"is_met": goal.is_met} for goal in self.goals]
        return {
            "filings": len(self.filings),
            "modern": sum(filing.is_modern for filing in self.filings),
            "answered": sum(filing.path.name in self.answers for filing in self.filings),
            "is_made_up": self.is_made_up,
            "rounds": self.repeat,
            "versions": self.versions,
            "parts": self.figures,
            "goals": goals,
            "troubles": self.troubles,
            "absent": self.absent,
            "shown": shown,
        }

    def _race(self, part: str) -> None:
        modern = [filing for filing in self.filings if filing.is_modern]
        if not modern:
            raise BenchError(f"{part}: speed is compared on filings since 2019, of which the folder has none")
        self._load(modern)
        for race in (one for one in RACES if one.part == part):
            outcome, troubles = run_race(race, self._readers, len(modern), self.repeat, self.tell, self.absent)
            self.troubles += troubles
            if outcome is None:
                self.tell(f"{part}: {race.yardstick[0]} is not there to compare with")
                continue
            self._keep(part, outcome.told(), outcome.table(), outcome.plot())
            self.goals += race_goals(outcome)

    def _import(self) -> None:
        wanted = [(ours(), statement) for statement in _OUR_IMPORTS]
        wanted += [(peer, f"import {PEERS[peer.name].imports}") for peer in self.environments]
        imported, troubles = measure_imports(wanted, self.repeat, self.tell)
        figures = [asdict(one) for one in imported]
        self._keep("import", figures, import_table(imported, self.absent), *import_plots(imported, self.absent))
        self.goals += import_goals(imported)
        self.troubles += troubles

    def _cold(self) -> None:
        modern = [filing for filing in self.filings if filing.is_modern]
        if not modern:
            raise BenchError("cold: speed is compared on filings since 2019, of which the folder has none")
        wanted = [(ours(), _OURS_MODULE), *((peer, PEERS[peer.name].module) for peer in self.environments)]
        measured, lost = measure_cold(wanted, modern, self.folder, self.repeat, self.tell)
        self.troubles += lost.values()
        absent = self._absent_of_items() | lost
        self._keep("cold", told_cold(measured), cold_table(measured, absent), *cold_plots(measured, absent))

    def _absent_of_items(self) -> dict[str, str]:
        return {name: why for name, why in self.absent.items() if name in _KNOW_ITEMS}

    def _accuracy(self) -> None:
        answered = [filing for filing in self.filings if filing.path.name in self.answers]
        if not answered:
            self.tell("accuracy: no answers to these files are given (--answers)")
            return
        self.tell(f"accuracy: each reader over {len(answered)} files with an answer")
        self._start()
        self._loaded = []
        known = [self.answers[filing.path.name] for filing in answered]
        scores, troubles = measure_accuracy(self._readers, _ITEM_TASKS, answered, known)
        absent = self._absent_of_items()
        figures = [one.told() for one in scores]
        self._keep("accuracy", figures, score_table(scores, absent), score_plot(scores, absent))
        if any(one.errors for one in scores):
            self._show("accuracy", [failure_table(scores)])
        self.troubles += troubles

    def _linear(self) -> None:
        grown = measure_growth(self.folder, self.tell)
        self._keep("linear", [asdict(one) for one in grown], growth_table(grown), growth_plot(grown))

    def _memory(self) -> None:
        self.tell(f"memory: {self.soaked_filings:,} filings")
        soaked = soak(self._stream(), self.soaked_filings)
        self._keep("memory", [asdict(one) for one in soaked], soak_table(soaked), soak_plot(soaked))
        self.goals += soak_goals(soaked)

    def _latency(self) -> None:
        made = (one.raw for one in Generator(3).filings())
        raws = chain(islice(made, OLD_FILINGS), (one.path.read_bytes() for one in self.filings), made)
        place = Path(mkdtemp(dir=self.folder))
        single = _FILINGS_ONE_BY_ONE * self.repeat
        measured = measure_latency(raws, place, self.tell, single=single, bursts=self.repeat)
        self._keep("latency", told_latency(measured), latency_table(measured), *latency_plots(measured))

    def _rules(self) -> None:
        ruled = measure_rules(self.folder, self.repeat, self.tell)
        self._show("rules", rules_tables(ruled))
        self.figures["rules"] = [rules_told(ruled)]
        self.goals += rule_goals(ruled)

    def _events(self) -> None:
        if not self.labels or self.corpus is None:
            self.tell("events: no labels of these files are given (--labels)")
            return
        measured = measure_events(self.corpus, self.labels, self.tell)
        self._show("events", events_tables(measured))
        self.figures["events"] = [events_told(measured)]

    def _delivery(self) -> None:
        measured = measure_delivery(self.folder, self.tell, repeat=min(self.repeat, _DELIVERY_ROUNDS))
        self._keep("delivery", told_delivery(measured), delivery_table(measured), delivery_plot(measured))
        self.goals += delivery_goals(measured)

    def _stream(self) -> Iterator[bytes]:
        """Give made-up filings, no two alike, and those of the folder again and again, in turn."""
        for made, filing in zip(Generator(2).filings(), cycle(self.filings), strict=False):
            yield made.raw
            yield filing.path.read_bytes()

    def _load(self, filings: Sequence[Chosen]) -> None:
        """Give these filings to the readers, with their documents split out, unless they have them already."""
        if self._loaded == filings:
            return
        self._start()
        self.tell(f"splitting out the documents of {len(filings)} filings since 2019")
        bodies = split_out(filings, Path(mkdtemp(dir=self.folder)))
        told = [filing.for_readers(paths) for filing, paths in zip(filings, bodies, strict=True)]
        for name, reader in list(self._readers.items()):
            self._or_leave_out(name, partial(reader.ask, "load", filings=told))
        self._loaded = list(filings)

    def _start(self) -> None:
        """Have the readers at work."""
        if self._readers:
            return
        wanted = [(ours(), _OURS_MODULE), (Environment(LXML, ours().python), "bench.runners.bare_lxml")]
        wanted += [(peer, PEERS[peer.name].module) for peer in self.environments]
        for environment, module in wanted:
            reader = Reader(environment, module, self.folder / f"{environment.name}.log")
            self._readers[environment.name] = reader
            self._or_leave_out(environment.name, reader.start)
        self.versions = {name: reader.versions for name, reader in self._readers.items()}

    def _or_leave_out(self, name: str, ask: Callable[[], Any]) -> None:
        try:
            ask()
        except ReaderError as error:
            self.leave_out(name, str(error))
            self._readers.pop(name).close()

    def _keep(self, part: str, figures: Any, table: Table, *plots: Plot) -> None:
        self._show(part, [table], plots)
        self.figures.setdefault(part, []).append(figures)

    def _show(self, part: str, tables: Iterable[Table], plots: Sequence[Plot] = ()) -> None:
        """Show these now, and keep them for the page, the plots above the tables."""
        tables = list(tables)
        for table in tables:
            self.show(table)
        self.shown.append(_shown(part, tables, plots))


def _shown(part: str, tables: Iterable[Table], plots: Iterable[Plot] = ()) -> dict[str, Any]:
    return {"part": part, "plots": [plot.told() for plot in plots], "tables": [table.told() for table in tables]}


def needs_peers(parts: Sequence[str]) -> bool:
    """Whether any of these parts compares readers."""
    return not _ALONE.issuperset(parts)
