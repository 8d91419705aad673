"""``python -m bench.runners.matching FOLDER WAY ROUNDS``: match the rules of a folder; tell time and memory.

The way is one of `MATCHERS`; or `EACH`, with each rule evaluated by itself, as if there were no index; or
`ALTERNATION`, with all phrases in one expression of the standard library; or `PATTERNS`, with patterns built to explode
and no rules.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.made_rules import filings
from bench.runners.soaking import resident_megabytes
from handlers.alert.language.files import read_rules
from handlers.alert.matching.fields import Passage
from handlers.alert.matching.index import RuleIndex
from handlers.alert.matching.rules import Rule
from handlers.alert.matching.view import ReportView, Scanner
from watcher.models import Report
from watcher.words.folding import fold
from watcher.words.patterns import Levelled, find_pattern
from watcher.words.phrases import AutomatonMatcher, Matcher, WordMatcher

__all__ = ["ALTERNATION", "EACH", "EXPLODING", "MATCHERS", "PATTERNS", "SIZES", "measure"]

MATCHERS: dict[str, Callable[[Iterable[str]], Matcher]] = {
    "standard library": WordMatcher,
    "ahocorasick-rs": AutomatonMatcher,
}
EACH, ALTERNATION, PATTERNS = "each rule by itself", "re, alternation", "patterns"
EXPLODING = (r"(a+)+$", r"(a|aa)+b", r"(?:.*a){12}b")
SIZES = (100_000, 1_000_000, 10_000_000)


def measure(folder: Path, name: str, rounds: int) -> dict[str, Any]:
    """Tell CPU seconds: of reading and building, and for each round of folding, scanning and all, a filing on average.

    Memory is what the process grew by.
    """
    if name == PATTERNS:
        return {"patterns": {pattern: [_exploded(pattern, size) for size in SIZES] for pattern in EXPLODING}}
    reports = filings()
    before, begun = _held(), time.process_time()
    rules = read_rules(folder, ("log",))
    told: dict[str, Any] = {"rules": len(rules), "read_seconds": time.process_time() - begun}
    told["read_megabytes"] = _held() - before
    if name in MATCHERS:
        return told | _of_index(rules, MATCHERS[name], reports, rounds)
    return told | (_of_alternation(rules, reports) if name == ALTERNATION else _of_each(rules, reports))


def _of_index(
    rules: tuple[Rule, ...], build: Callable[[Iterable[str]], Matcher], reports: list[Report], rounds: int
) -> dict[str, Any]:
    before, begun = _held(), time.process_time()
    index = RuleIndex(rules, build=build)
    told: dict[str, Any] = {"build_seconds": time.process_time() - begun}
    told["build_megabytes"] = _held() - before
    scanner = Scanner(*index.phrases, build)
    texts = [document.text for report in reports for document in report.documents]
    folded = [fold(text).text for text in texts]
    told["alerts"] = sum(len(index.alerts(report)) for report in reports)
    told["rounds"] = [
        {
            "fold": _timed(lambda: [fold(text) for text in texts]) / len(reports),
            "scan": _timed(lambda: [scanner.scan(text, cased=False) for text in folded]) / len(reports),
            "whole": _timed(lambda: [index.alerts(report) for report in reports]) / len(reports),
            "beyond": _beyond_scan(index, reports) / len(reports),
        }
        for _ in range(rounds)
    ]
    return told


def _beyond_scan(index: RuleIndex, reports: list[Report]) -> float:
    """Match reports whose texts were made ready and scanned before."""
    views = [index.view(report) for report in reports]
    for view in views:
        for document in view.report.documents:
            view.places(Passage(document.sequence, 0, document.text), cased=False)
    return _timed(lambda: [index.alerts_in(view) for view in views])


def _of_each(rules: tuple[Rule, ...], reports: list[Report]) -> dict[str, Any]:
    def match(report: Report) -> int:
        view = ReportView(report)
        return sum(rule.alert(view) is not None for rule in rules)

    begun = time.process_time()
    alerts = sum(match(report) for report in reports)
    return {"alerts": alerts, "rounds": [{"whole": (time.process_time() - begun) / len(reports)}]}


def _of_alternation(rules: tuple[Rule, ...], reports: list[Report]) -> dict[str, Any]:
    """Search one filing for all phrases by one expression of the standard library."""
    phrases = sorted({phrase for some in RuleIndex(rules, build=WordMatcher).phrases for phrase in some}, reverse=True)
    expression = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, phrases))})(?![^\W_])")
    texts = [fold(document.text).text for document in reports[-1].documents]
    begun = time.process_time()
    found = sum(len(expression.findall(text)) for text in texts)
    return {"found": found, "rounds": [{"scan": time.process_time() - begun}]}


def _exploded(pattern: str, size: int) -> float:
    """Search a text in which every ``a`` might end a match, and none does."""
    levelled = Levelled("a" * size + "!")
    return min(_timed(lambda: list(find_pattern(pattern, levelled, cased=False, most=3))) for _ in range(3))


def _timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _held() -> float:
    gc.collect()
    return resident_megabytes()


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
