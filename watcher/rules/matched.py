"""Which rules fire on stored filings: the part of a backtest that looks at one filing alone, here or in bulk."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from watcher._worker import line_here
from watcher.bulk.chunks import Item, Place, in_order
from watcher.errors import ConfigError, Fault
from watcher.handler import Context, Handler
from watcher.models import Alert, Filing, Report
from watcher.rulebook import RuleBook
from watcher.store.packed import Packed, unpacked

__all__ = ["Books", "Matched", "matched_here", "matched_in"]


@dataclass(frozen=True, slots=True)
class Matched:
    """What rules raised on one filing, and what a plan needs to know of it."""

    at: datetime
    filing: Filing
    has_warnings: bool
    alerts: tuple[Alert, ...]
    before: frozenset[str]  # the rules of the baseline that fire
    seconds: float  # of the rules alone


@dataclass(frozen=True, slots=True)
class Books:
    """The rules of a backtest. ``as_of`` gives them with their lists as of a time."""

    as_of: Callable[[datetime], RuleBook]
    baseline: RuleBook | None = None


def matched_here(reports: Iterable[tuple[datetime, Report]], books: Books) -> Iterator[Matched]:
    """Match them one by one, in this process."""
    for at, report in reports:
        # A report from the store holds the alerts that it raised then.
        bare = replace(report, alerts=())
        begun = time.perf_counter()
        alerts = books.as_of(at).alerts(bare)
        seconds = time.perf_counter() - begun
        before = books.baseline.alerts(bare) if books.baseline is not None else ()
        yield Matched(at, report.filing, bool(report.warnings), alerts, _rules(before), seconds)


def matched_in(place: Place, packed: Iterable[Packed], books: Books, handler: str) -> Generator[Matched, None, None]:
    """Match them in bulk, by the handler of this name; the same comes of it, in the same order. To be closed.

    Raises what goes wrong on a single filing, as no part of a backtest can do without it.
    """
    with closing(in_order(place, match, _items(packed, books, handler))) as made:
        for done in made:
            if done.error is not None:
                raise done.error
            yield done.value


def match(one: Packed, handler: str, rules: bytes, baseline: bytes | None) -> Matched:
    """Match one filing, in a worker."""
    report = replace(unpacked(one), alerts=())
    matcher = _matcher(handler, rules)
    begun = time.perf_counter()
    alerts = _alerts(matcher, report)
    seconds = time.perf_counter() - begun
    before = _alerts(_matcher(handler, baseline), report) if baseline is not None else ()
    return Matched(one.at, report.filing, bool(report.warnings), alerts, _rules(before), seconds)


def _items(packed: Iterable[Packed], books: Books, handler: str) -> Iterator[Item]:
    rules: dict[int, tuple[RuleBook, bytes]] = {}  # with the book, or another could come by its number
    baseline = books.baseline.packed() if books.baseline is not None else None
    for one in packed:
        book = books.as_of(one.at)
        if id(book) not in rules:
            rules[id(book)] = book, book.packed()
        yield Item(one.accession, (one, handler, rules[id(book)][1], baseline), one.size)


@lru_cache(maxsize=16)
def _matcher(handler: str, rules: bytes) -> Handler:
    for one in line_here().handlers:
        if one.name == handler:
            return type(one).build(Context(prepared=rules))
    raise ConfigError([Fault("", f"handler.{handler}", "a worker has no handler of this name")])


def _alerts(matcher: Handler, report: Report) -> tuple[Alert, ...]:
    read = replace(report, versions=dict(report.versions))
    matcher.handle(read)
    return read.alerts


def _rules(alerts: Iterable[Alert]) -> frozenset[str]:
    return frozenset(alert.rule for alert in alerts)
