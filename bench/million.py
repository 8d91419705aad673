"""``python -m bench.million FOLDER``: how long lists, searches and reports take with a million filings in the store.

It makes a store of ten thousand made-up filings and one of a million, asks both the same, and prints medians.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.machine import machine
from bench.million_pages import PAGES, Site
from bench.million_store import FILINGS_PER_COMPANY, LAST, accession, cik_of, company_name, fill
from watcher.models import DeliveryState, FilingState, Origin
from watcher.store import alerts, deliveries, filings, listing, reports, search
from watcher.store.database import Store
from watcher.store.listing import Query
from watcher.store.search import Search

MOST_MILLISECONDS = 100.0
MOST_TIMES = 2.0
EXIT_NO = 1

Ask = Callable[[Connection, int], Any]
DAY = LAST.date()


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of one question to both stores, in milliseconds."""

    question: str
    small: float
    large: float

    @property
    def times(self) -> float:
        """How many times as long it takes in the large one."""
        return self.large / self.small

    @property
    def kind(self) -> str:
        """What is asked for: a list, a search, a report, ..."""
        return self.question.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The median of all questions of one kind, and whether it keeps to what is promised."""

    kind: str
    small: float
    large: float

    @property
    def is_kept(self) -> bool:
        """At most a tenth of a second, and twice what it takes in the small store."""
        return self.large <= min(MOST_MILLISECONDS, self.small * MOST_TIMES)


def main(arguments: list[str] | None = None) -> int:
    """Make the stores that are not there yet, ask both, and print; return 1 when a kind of them is over its bound."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the stores are made; a million takes some 8 GB")
    parser.add_argument("--filings", type=int, default=1_000_000, help="in the large store (default: 1000000)")
    parser.add_argument("--small", type=int, default=10_000, help="in the small store (default: 10000)")
    parser.add_argument("--repeat", type=int, default=21, help="how often each is asked (default: 21)")
    parser.add_argument("--only", default="", help="only questions with these words")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    options = parser.parse_args(arguments)
    paths = {size: _made(options.folder / str(size), size) for size in (options.small, options.filings)}
    figures = _measured(paths, options)
    verdicts = _judged(figures)
    for verdict in verdicts:
        words = "kept" if verdict.is_kept else "over its bound"
        print(f"{verdict.kind + ', median of its questions':44} {verdict.small:10.1f} {verdict.large:10.1f}  {words}")
    if options.json:
        told = [asdict(one) for one in figures]
        options.json.write_text(json.dumps({"machine": asdict(machine()), "figures": told}, indent=1), encoding="utf-8")
    return 0 if all(one.is_kept for one in verdicts) else EXIT_NO


def _made(folder: Path, size: int) -> Path:
    if not (folder / "made").exists():
        folder.mkdir(parents=True)
        began = time.monotonic()
        fill(folder, size, lambda line: print(line, file=sys.stderr, flush=True))
        (folder / "made").write_text(f"{time.monotonic() - began:.0f} seconds\n", encoding="utf-8")
    taken = sum(one.stat().st_size for one in folder.iterdir())
    print(f"{size:,} filings: made in {(folder / 'made').read_text().strip()}, {taken / 1e9:.2f} GB")
    return folder


def _measured(paths: dict[int, Path], options: argparse.Namespace) -> list[Figure]:
    figures = []
    print(f"{'milliseconds, median':44} {options.small:>10,} {options.filings:>10,}  times")
    with ExitStack() as stack:
        asked = [
            dict(_questions(stack, size, Store(f"sqlite:///{path / 'eightk.db'}", only_read=True)))
            for size, path in paths.items()
        ]
        for name in asked[0]:
            if options.only not in name:
                continue
            small, large = (_median(one[name], size, options.repeat) for size, one in zip(paths, asked, strict=True))
            one = Figure(name, small, large)
            figures.append(one)
            print(f"{name:44} {small:10.1f} {large:10.1f}  {one.times:5.2f}", flush=True)
    return figures


def _questions(stack: ExitStack, size: int, opened: Store) -> Iterator[tuple[str, Callable[[int], None]]]:
    """Give every question with what asks it of this store, about the filing of a number."""
    store = stack.enter_context(opened)
    for name, ask in QUESTIONS.items():
        yield name, partial(_read, store, ask(size))
    site = stack.enter_context(Site(store, LAST))
    for name, path in PAGES.items():
        yield name, partial(_got, site, path)


def _read(store: Store, ask: Ask, number: int) -> None:
    store.read_now(ask, number)


def _got(site: Site, path: Callable[[int], str], number: int) -> None:
    site.get(path(number))


def _judged(figures: list[Figure]) -> list[Verdict]:
    verdicts = []
    for kind in ("list", "search", "report", "list page", "search page", "report page"):
        if asked := [one for one in figures if one.kind == kind]:
            small, large = statistics.median(one.small for one in asked), statistics.median(one.large for one in asked)
            verdicts.append(Verdict(kind, small, large))
    return verdicts


def _median(ask: Callable[[int], None], size: int, repeat: int) -> float:
    choose = random.Random(3)
    ask(choose.randrange(size))
    taken = []
    for _ in range(repeat):
        number = choose.randrange(size)
        began = time.perf_counter()
        ask(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _listed(**query: Any) -> Callable[[int], Ask]:
    """A page of the list with all that it shows."""

    def ask(connection: Connection, number: int) -> None:
        found = listing.page(connection, Query(**query)).filings
        shown = [one.filing.accession for one in found]
        filings.items_of(connection, shown)
        reports.count_alerts(connection, shown)
        filings.count_by_state(connection)
        deliveries.count_by_state(connection)

    return lambda size: ask


def _of_company(by: Callable[[int], dict[str, Any]]) -> Callable[[int], Ask]:
    """A page of the filings of one company, another one each time."""

    def made(size: int) -> Ask:
        companies = max(50, size // FILINGS_PER_COMPANY)
        return lambda connection, number: listing.page(connection, Query(**by(number % companies)))

    return made


def _deep(connection: Connection, number: int) -> None:
    middle = filings.get(connection, accession(number)).sort_key
    listing.page(connection, Query(form="8-K", before=str(middle)))


def _searched(words: str, **narrowed: Any) -> Callable[[int], Ask]:
    return lambda size: lambda connection, number: search.find(connection, Search(words, **narrowed))


def _report(connection: Connection, number: int) -> None:
    filings.get(connection, accession(number))
    reports.load(connection, accession(number))
    deliveries.find(connection, accession(number))
    alerts.find(connection, accession(number))


def _asked(function: Callable[..., Any], *arguments: Any, **named: Any) -> Callable[[int], Ask]:
    return lambda size: lambda connection, number: function(connection, *arguments, **named)


def _unknown(connection: Connection, number: int) -> None:
    filings.unknown(connection, [accession(number + more) for more in range(100)])


MONTH: dict[str, Any] = {"since": DAY - timedelta(days=30), "until": DAY - timedelta(days=3)}
QUESTIONS: dict[str, Callable[[int], Ask]] = {
    "list: front page": _listed(by_arrival=True),
    "list: by acceptance": _listed(),
    "list: from anywhere in it": lambda size: _deep,
    "list: form, frequent": _listed(form="8-K"),
    "list: form, rare": _listed(form="8-K12G3"),
    "list: item, frequent": _listed(item="9.01"),
    "list: item, rare": _listed(item="1.05"),
    "list: event, frequent": _listed(event="quarterly-results"),
    "list: event, rare": _listed(event="cyber-incident"),
    "list: item and event, frequent": _listed(item="5.02", event="cfo-departure"),
    "list: form and item, rare": _listed(form="8-K12B", item="4.02"),
    "list: state, frequent": _listed(state=FilingState.SAVED),
    "list: state, rare": _listed(state=FilingState.FAILED),
    "list: origin, rare": _listed(origin=Origin.LATE),
    "list: a month": _listed(**MONTH),
    "list: a month and an item": _listed(item="5.02", **MONTH),
    "list: words of a name, frequent": _listed(company="holdings"),
    "list: words of a name that nobody has": _listed(company="nobody at all"),
    "company: by CIK": _of_company(lambda number: {"cik": cik_of(number)}),
    "company: by ticker": _of_company(lambda number: {"ticker": f"T{number}"}),
    "company: by name": _of_company(lambda number: {"company": company_name(number)}),
    "report": lambda size: _report,
    "search: frequent word": _searched("dividend"),
    "search: most frequent word": _searched("the"),
    "search: rare word": _searched("ransomware"),
    "search: very rare word": _searched("quintessence"),
    "search: no such word": _searched("nosuchword"),
    "search: two frequent words": _searched("dividend merger"),
    "search: a frequent and a rare word": _searched("dividend receivership"),
    "search: phrase, frequent": _searched('"of the"'),
    "search: phrase, rare": _searched('"dividend merger"'),
    "search: either of two": _searched("ransomware OR receivership"),
    "search: frequent, without a frequent one": _searched("dividend -merger"),
    "search: prefix": _searched("receiver*"),
    "search: frequent prefix": _searched("divid*"),
    "search: frequent word, rare item": _searched("dividend", item="1.05"),
    "search: frequent word, rare event": _searched("dividend", event="bankruptcy"),
    "search: frequent word, form": _searched("dividend", form="8-K/A"),
    "search: frequent word, company": _searched("dividend", cik=cik_of(3)),
    "search: frequent word, name": _searched("dividend", company="therapeutics"),
    "search: frequent word, a month": _searched("dividend", **MONTH),
    "alerts": _asked(alerts.find, limit=50),
    "alerts: of a rule": _asked(alerts.find, rule="rule-3", limit=50),
    "deliveries": _asked(deliveries.find, limit=50),
    "deliveries: failed": _asked(deliveries.find, state=DeliveryState.FAILED, limit=50),
    "deliveries: pending": _asked(deliveries.find, state=DeliveryState.PENDING, limit=50),
    "route: what is due": _asked(filings.due, LAST, 100),
    "route: endpoints that are owed": _asked(deliveries.due_endpoints, LAST),
    "poll: what is new of a page": lambda size: _unknown,
    "poll: the newest acceptance": _asked(filings.newest_acceptance),
    "audit: what was listed of a day": _asked(filings.listed_by_edgar, DAY, DAY, LAST),
    "audit: what waits": _asked(filings.count_waiting),
    "audit: what failed of a month": _asked(filings.count_failed, DAY - timedelta(days=30), DAY),
}

if __name__ == "__main__":
    sys.exit(main())
