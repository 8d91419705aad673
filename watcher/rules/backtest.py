"""Rules over stored history: what they would have raised and whom they would have told, had they been there.

The same reports and rules give the same result, to the byte; how long it took is told apart from it.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from watcher.edgar.calendar import NEW_YORK
from watcher.models import Alert, Filing, Report
from watcher.rulebook import RuleBook, RuleInfo
from watcher.rules.matched import Books, Matched, matched_here
from watcher.rules.replay import Replay, Taken

__all__ = ["Backtest", "Labels", "Match", "RuleResult", "Score", "backtest", "backtest_of"]

_SAMPLES = 3

# (rule, accession): whether the rule should fire.
Labels = Mapping[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class Match:
    """One alert that would have been raised."""

    alert: Alert
    accession: str
    company: str
    at: datetime
    endpoints: int  # how many would have been told
    untold: str  # why nobody would, if so


@dataclass(frozen=True, slots=True)
class Score:
    """Rules against labels: fired or not, and right or wrong."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    @property
    def precision(self) -> float | None:
        """The share of alerts that were right; None without any."""
        fired = self.true_positives + self.false_positives
        return self.true_positives / fired if fired else None

    @property
    def recall(self) -> float | None:
        """The share of what should have been told that was; None without any."""
        wanted = self.true_positives + self.false_negatives
        return self.true_positives / wanted if wanted else None


@dataclass(slots=True)
class RuleResult:
    """What one rule would have done."""

    rule: RuleInfo
    matches: list[Match] = field(default_factory=list)
    score: Score = field(default_factory=Score)
    gained: tuple[str, ...] | None = None  # accessions against the baseline; None without one
    lost: tuple[str, ...] | None = None

    @property
    def told(self) -> int:
        """Of how many alerts somebody would have been told."""
        return sum(1 for one in self.matches if not one.untold)

    @property
    def untold(self) -> Counter[str]:
        """Why nobody would have been told of the others."""
        return Counter(one.untold.partition(":")[0] for one in self.matches if one.untold)

    def companies(self, most: int = 5) -> list[tuple[str, int]]:
        """The companies with most alerts, the first of them first."""
        return Counter(one.company for one in self.matches).most_common(most)

    def samples(self) -> list[Match]:
        """The first matches that have words to show; the first ones otherwise."""
        return (sorted(self.matches, key=lambda one: not one.alert.evidence))[:_SAMPLES]


@dataclass(slots=True)
class Backtest:
    """What all rules would have done over a period."""

    results: list[RuleResult]
    first: date | None  # the days of the first and the last filing, in New York
    last: date | None
    filings: int = 0
    with_warnings: int = 0  # filings that were read only in part, or with doubts
    deliveries: int = 0  # digests counted as one
    seconds: float = 0.0  # of matching alone; no part of the result

    def per_week(self, result: RuleResult) -> tuple[int, float, int]:
        """The fewest, median and most tellings of a rule in a week, from the first filing's to the last one's."""
        counts = Counter(_monday(one.at) for one in result.matches if not one.untold)
        weeks = [counts[monday] for monday in self._mondays()]
        return (min(weeks), statistics.median(weeks), max(weeks)) if weeks else (0, 0, 0)

    def _mondays(self) -> Iterator[date]:
        if self.first is None or self.last is None:
            return
        monday = self.first - timedelta(days=self.first.weekday())
        while monday <= self.last:
            yield monday
            monday += timedelta(days=7)


def backtest(
    reports: Iterable[tuple[datetime, Report]],
    book: RuleBook,
    *,
    as_of: Callable[[datetime], RuleBook] | None = None,
    endpoints: Iterable[str],
    baseline: RuleBook | None = None,
    labels: Labels | None = None,
) -> Backtest:
    """Run the rules over reports, which come in the order of time.

    ``as_of`` gives the rules with their lists as of a time; without it they are always the same. ``baseline`` are other
    rules, whose matches are compared by rule id. Raises ``ConfigError`` when a list of a day
    does not fit the rules.
    """
    books = Books(as_of or (lambda _: book), baseline)
    return backtest_of(matched_here(reports, books), book, endpoints=endpoints, baseline=baseline, labels=labels)


def backtest_of(
    matched: Iterable[Matched],
    book: RuleBook,
    *,
    endpoints: Iterable[str],
    baseline: RuleBook | None = None,
    labels: Labels | None = None,
) -> Backtest:
    """Decide about what rules raised on filings, which come in the order of time. Otherwise as `backtest`."""
    results = {rule.id: RuleResult(rule) for rule in book.rules}
    replay = Replay(endpoints={*endpoints, *(name for rule in book.rules for name in rule.notify)})
    before: defaultdict[str, set[str]] = defaultdict(set)
    made = Backtest(list(results.values()), None, None)
    for one in matched:
        day = one.at.astimezone(NEW_YORK).date()
        made.first = made.first or day
        made.last = day
        made.filings += 1
        made.with_warnings += one.has_warnings
        taken = replay.decide(one.filing, one.alerts, one.at, seconds=one.seconds)
        made.seconds += taken.seconds
        made.deliveries += taken.owed_at_once
        _note(results, one.filing, one.at, taken)
        if labels is not None:
            _count(results, one.filing, {alert.rule for alert in taken.alerts}, labels)
        for rule in one.before:
            before[rule].add(one.filing.accession)
    if made.last is not None:
        replay.close(datetime.max.replace(tzinfo=UTC))
    made.deliveries += len(replay.digests)
    if baseline is not None:
        _compare(made.results, before)
    return made


def _note(results: Mapping[str, RuleResult], filing: Filing, at: datetime, taken: Taken) -> None:
    for alert in taken.alerts:
        untold = taken.untold.get(alert.id)
        results[alert.rule].matches.append(
            Match(
                alert=alert,
                accession=filing.accession,
                company=filing.company,
                at=at,
                endpoints=taken.told.get(alert.id, 0),
                untold=str(untold) if untold else "",
            )
        )


def _count(results: Mapping[str, RuleResult], filing: Filing, fired: set[str], labels: Labels) -> None:
    for rule, result in results.items():
        wanted = labels.get((rule, filing.accession))
        if wanted is None:
            continue
        old, has = result.score, rule in fired
        result.score = Score(
            old.true_positives + (has and wanted),
            old.false_positives + (has and not wanted),
            old.false_negatives + (not has and wanted),
            old.true_negatives + (not has and not wanted),
        )


def _compare(results: Iterable[RuleResult], before: Mapping[str, set[str]]) -> None:
    for result in results:
        now, then = {one.accession for one in result.matches}, before.get(result.rule.id, set())
        result.gained, result.lost = tuple(sorted(now - then)), tuple(sorted(then - now))


def _monday(at: datetime) -> date:
    day = at.astimezone(NEW_YORK).date()
    return day - timedelta(days=day.weekday())
