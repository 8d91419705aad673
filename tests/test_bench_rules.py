"""The bench of rules: what it makes up is what it says, and it measures in processes of its own."""

from pathlib import Path

import pytest

from bench.goals import rule_goals
from bench.made_rules import FILINGS, PLANTED, filings, phrase_rules, rules
from bench.rules import Matched, Ruled, measure_rules, rules_tables
from bench.runners.matching import EXPLODING, SIZES
from handlers.alert import MatchRules
from watcher.handler import Context
from watcher.models import Report


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    return filings()


def alerts(folder: Path, text: str, about: list[Report]) -> list[int]:
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    handler = MatchRules.build(Context(folder, frozenset({"log"})))
    for report in about:
        report.alerts = ()
        handler.handle(report)
    return [len(report.alerts) for report in about]


def test_one_filing_in_ten_matches_twenty_rules(tmp_path: Path, reports: list[Report]) -> None:
    assert alerts(tmp_path, rules(400), reports) == [0] * (FILINGS - 1) + [PLANTED]


def test_no_filing_has_any_of_the_many_phrases(tmp_path: Path, reports: list[Report]) -> None:
    assert alerts(tmp_path, phrase_rules(4, 100), reports) == [0] * FILINGS


def test_made_up_filings_are_of_the_size_that_is_said(reports: list[Report]) -> None:
    assert {sum(len(document.text) for document in report.documents) for report in reports} == {100_000}


def test_time_beyond_the_scan_is_held_against_that_of_few_rules() -> None:
    few = Matched("100 rules", "standard library", 0.008, 0.001, 0.006, beyond_scan=0.001)
    many = Matched("10,000 rules", "standard library", 0.012, 0.001, 0.007, beyond_scan=0.004)

    goals = rule_goals(Ruled((few, many), {}))
    assert [(goal.figure, goal.is_met) for goal in goals] == [(8.0, True), (12.0, True), (4.0, False)]


def test_rules_are_measured_with_and_without_an_index(tmp_path: Path) -> None:
    ruled = measure_rules(tmp_path, 1, lambda _: None, many=200, few=100)

    ways = {one.way for one in ruled.matched}
    assert {"standard library", "each rule by itself", "re, alternation"} <= ways
    assert {one.alerts for one in ruled.matched if one.rules == "200 rules" and one.alerts is not None} == {PLANTED}
    assert {name: len(seconds) for name, seconds in ruled.patterns.items()} == dict.fromkeys(EXPLODING, len(SIZES))
    assert "each rule by itself" in "\n".join(map(str, rules_tables(ruled)))
