"""The parts of the bench, and what they share: the filings, the readers at work, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench.accuracy import measure_accuracy, score_table
from bench.corpus import Answer, Chosen, choose, make_up, read_answers, split_out
from bench.delivery import delivery_goals, delivery_table, measure_delivery
from bench.environments import OURS, PEERS, Environment, ours
from bench.errors import BenchError, ReaderError
from bench.events import Labelled, events_tables, events_told, measure_events, read_labels
from bench.goals import Goal, goal_table, import_goals, race_goals, rule_goals, soak_goals
from bench.growth import growth_table, measure_growth, soak, soak_table
from bench.imports import import_table, measure_imports
from bench.latency import OLD_FILINGS, latency_table, measure_latency, told
from bench.races import LXML, RACES, run_race
from bench.readers import Reader
from bench.rules import measure_rules, rules_tables, rules_told
from bench.tables import Table
from watcher.simulator.generator import Generator

__all__ = ["PARTS", "Bench", "needs_peers"]

PARTS = ("parse", "items", "split", "import", "accuracy", "linear", "memory", "latency", "rules", "delivery", "events")
_ALONE = frozenset(("linear", "memory", "latency", "rules", "delivery", "events"))  # parts without peers
_MADE_UP_FILINGS = 300
_FILINGS_ONE_BY_ONE = 30  # in each round of the latency part, beside one burst
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
    filings: list[Chosen] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    labels: list[Labelled] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    figures: dict[str, list[Any]] = field(default_factory=dict)
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
            self.show(Table("versions", ("reader", "made of"), tuple(rows)))

    def told(self) -> dict[str, Any]:
        """Tell all figures for JSON."""
        goals = [asdict(goal) | {"is_met": goal.is_met} for goal in self.goals]
        return {
            "filings": len(self.filings),
            "versions": self.versions,
            "parts": self.figures,
            "goals": goals,
            "troubles": self.troubles,
        }

    def _race(self, part: str) -> None:
        modern = [filing for filing in self.filings if filing.is_modern]
        if not modern:
            raise BenchError(f"{part}: speed is compared on filings since 2019, of which the folder has none")
        self._load(modern)
        for race in (one for one in RACES if one.part == part):
            outcome, troubles = run_race(race, self._readers, len(modern), self.repeat, self.tell)
            self.troubles += troubles
            if outcome is None:
                self.tell(f"{part}: nobody to compare with")
                continue
            self._keep(part, outcome.table(), outcome.told())
            self.goals += race_goals(outcome)

    def _import(self) -> None:
        wanted = [(ours(), statement) for statement in _OUR_IMPORTS]
        wanted += [(peer, f"import {PEERS[peer.name].imports}") for peer in self.environments]
        imported, troubles = measure_imports(wanted, self.repeat, self.tell)
        self._keep("import", import_table(imported), [asdict(one) for one in imported])
        self.goals += import_goals(imported)
        self.troubles += troubles

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
        self._keep("accuracy", score_table(scores), [asdict(one) for one in scores])
        self.troubles += troubles

    def _linear(self) -> None:
        grown = measure_growth(self.folder, self.tell)
        self._keep("linear", growth_table(grown), [asdict(one) for one in grown])

    def _memory(self) -> None:
        self.tell(f"memory: {self.soaked_filings:,} filings")
        soaked = soak(self._stream(), self.soaked_filings)
        self._keep("memory", soak_table(soaked), [asdict(one) for one in soaked])
        self.goals += soak_goals(soaked)

    def _latency(self) -> None:
        made = (one.raw for one in Generator(3).filings())
        raws = chain(islice(made, OLD_FILINGS), (one.path.read_bytes() for one in self.filings), made)
        place = Path(mkdtemp(dir=self.folder))
        single = _FILINGS_ONE_BY_ONE * self.repeat
        measured = measure_latency(raws, place, self.tell, single=single, bursts=self.repeat)
        self._keep("latency", latency_table(measured), told(measured))

    def _rules(self) -> None:
        ruled = measure_rules(self.folder, self.repeat, self.tell)
        for table in rules_tables(ruled):
            self.show(table)
        self.figures["rules"] = [rules_told(ruled)]
        self.goals += rule_goals(ruled)

    def _events(self) -> None:
        if not self.labels or self.corpus is None:
            self.tell("events: no labels of these files are given (--labels)")
            return
        measured = measure_events(self.corpus, self.labels, self.tell)
        for table in events_tables(measured):
            self.show(table)
        self.figures["events"] = [events_told(measured)]

    def _delivery(self) -> None:
        measured = measure_delivery(self.folder, self.tell)
        self._keep("delivery", delivery_table(measured), [asdict(one) for one in measured])
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
        wanted = [(ours(), "bench.runners.ours"), (Environment(LXML, ours().python), "bench.runners.bare_lxml")]
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
            self.troubles.append(str(error))
            self._readers.pop(name).close()

    def _keep(self, part: str, table: Table, figures: Any) -> None:
        self.show(table)
        self.figures.setdefault(part, []).append(figures)


def needs_peers(parts: Sequence[str]) -> bool:
    """Whether any of these parts compares readers."""
    return not _ALONE.issuperset(parts)
