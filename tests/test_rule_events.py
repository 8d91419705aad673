"""Rules about events: what is asked of one event is asked of the same one, and sums are US dollars."""

from pathlib import Path

import pytest
from _rule_files import ENDPOINTS, book, one_rule, write

from handlers.alert import MatchRules
from handlers.alert.matching.amounts import dollars, whole_dollars
from watcher.models import Event, Evidence, Filing, Report, Severity

DEPARTURE = Event("cfo-departure", 0.6, (Evidence(1, 5, 9, "left"),), severity=Severity.HIGH)
OFFERING = Event("debt-issued", 0.95, (Evidence(1, 20, 24, "sold"),), facts={"amount": "$1.5 billion"})


def fires(folder: Path, match: str, *events: Event) -> bool:
    return bool(book(folder, one_rule(match)).alerts(Report(Filing("1", "8-K"), events=events)))


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("{event.severity: high}", True),
        ("{event.severity|in: [low, critical]}", False),
        ("{event.score|gte: 0.9}", True),
        ("{event.score|gt: 0.95}", False),
        ("{events|has: cfo-departure, event.score|gte: 0.6}", True),
        ("{events|has: cfo-departure, event.score|gte: 0.9}", False),
        ("{event.score|gte: 0.9, events|has: cfo-departure}", False),
        ("{events|has_any: [cfo-departure, debt-issued], event.score|gte: 0.9}", True),
        ("{events|has_all: [cfo-departure, debt-issued], event.score|gte: 0.5}", True),
        ("{events|has_all: [cfo-departure, debt-issued], event.score|gte: 0.9}", False),
        ("{events|only: [debt-issued], event.score|gte: 0.9}", True),
        ("{event.severity: high, event.score|gte: 0.9}", False),
        ("{event.severity: high, event.score|lt: 0.9}", True),
        ("{a: {event.severity: high}, b: {event.score|gte: 0.9}, condition: a and b}", True),
        ("{a: [{event.severity: high, event.score|gte: 0.9}, {event.severity: medium}], condition: a}", True),
        ("{event.amount_usd|gte: 1500000000}", True),
        ('{event.amount_usd|gt: "$1.5 billion"}', False),
        ("{events|has: cfo-departure, event.amount_usd|gte: 1}", False),
        ("{events|has: cfo-departure, event.amount_usd|exists: false}", True),
        ("{events|has: debt-issued, event.amount_usd|exists: false}", False),
        ("{amounts.max_usd|gte: 1000000000}", True),
        ("{amounts.min_usd|lt: 1000000000}", False),
        ("{event.is_expected: false}", False),
    ],
)
def test_what_is_asked_of_one_event_is_asked_of_the_same_one(tmp_path: Path, match: str, expected: bool) -> None:
    assert fires(tmp_path, match, DEPARTURE, OFFERING) is expected


def test_without_events_nothing_is_true_of_one(tmp_path: Path) -> None:
    assert not fires(tmp_path, "{event.amount_usd|exists: false}")
    assert not fires(tmp_path, "{event.score|lt: 1}")


def test_the_words_of_the_event_that_is_meant_are_the_evidence(tmp_path: Path) -> None:
    rules = book(tmp_path, one_rule("{event.score|gte: 0.9}"))

    (alert,) = rules.alerts(Report(Filing("1", "8-K"), events=(DEPARTURE, OFFERING)))

    assert [one.text for one in alert.evidence] == ["sold"]


def test_an_explanation_says_which_part_no_single_event_meets(tmp_path: Path) -> None:
    rules = book(tmp_path, one_rule("{events|has: cfo-departure, event.score|gte: 0.9}"))

    told = rules.explain("r", Report(Filing("1", "8-K"), events=(DEPARTURE, OFFERING)))

    assert not told.fires
    assert [clue.holds for clue in told.selections[0].alternatives[0]] == [False, True]


def test_a_test_may_tell_more_of_an_event_than_its_name(tmp_path: Path) -> None:
    match = "{events|has: cfo-departure, event.severity: high, event.score|lt: 0.7, event.amount_usd|gte: 5000000}"
    tests = """tests:
    - {name: a, filing: {events: {cfo-departure: {severity: high, score: 0.6, amount: $5 million}}}, expect: match}
    - {name: b, filing: {events: {cfo-departure: {severity: high, score: 0.8, amount: $5 million}}}, expect: no-match}
    - {name: c, filing: {events: {cfo-departure: {severity: low, score: 0.6, amount: $5 million}}}, expect: no-match}
    - {name: d, filing: {events: [cfo-departure]}, expect: no-match}"""
    rules = book(tmp_path, one_rule(match, more=tests))

    fired = [bool(rules.alerts(test.filing)) for test in rules.tests if isinstance(test.filing, Report)]

    assert fired == [True, False, False, False]


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ("{cfo-departure: {severity: hihg}}", "'hihg': expected one of"),
        ("{cfo-departure: {sevrity: high}}", "unknown key (did you mean 'severity'?)"),
        ("{cfo-departure: high}", "expected a map"),
    ],
)
def test_what_a_test_tells_of_an_event_is_checked(tmp_path: Path, events: str, problem: str) -> None:
    text = one_rule("{event.score|lt: 1}", more=f"tests: [{{name: a, filing: {{events: {events}}}, expect: match}}]")

    found = MatchRules.check_book([write(tmp_path, text)], ENDPOINTS)

    assert any(problem in str(one) for one in found)


@pytest.mark.parametrize("match", ["{events|has: cfo-depature}", '{events|has_any: "@leaving"}'])
def test_an_event_that_nothing_finds_is_told_with_what_may_be_meant(tmp_path: Path, match: str) -> None:
    text = one_rule(match, top="lists: {leaving: {values: [cfo-depature], type: event}}")

    found = MatchRules.check_book([write(tmp_path, text)], ENDPOINTS, {"cfo-departure", "dividend"})

    (warning,) = (one for one in found if one.code == "unknown-event")
    assert warning.is_warning
    assert "if a handler of your own does, name it in its `events`" in warning.problem
    assert warning.remedy == "did you mean 'cfo-departure'?"
    assert warning.line == (2 if "@" in match else 9)


def test_events_that_are_known_and_questions_without_a_name_are_no_mistake(tmp_path: Path) -> None:
    texts = (one_rule("{events|has: dividend}"), one_rule("{events|exists: true, form: 8-K}", id_="s"))

    found = MatchRules.check_book([write(tmp_path, *texts)], ENDPOINTS, {"dividend"})

    assert "unknown-event" not in {one.code for one in found}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1.5 billion", 1_500_000_000),
        ("US$ 300,000", 300_000),
        ("US$2 million", 2_000_000),
        ("$12,345.67", 12_346),
        ("$ 40 thousand", 40_000),
        ("C$5 million", None),
        ("HK$300,000", None),
        ("€5 million", None),
        ("$0.25 per share", None),
        ("5 million", None),
        ("", None),
    ],
)
def test_sums_in_us_dollars_are_numbers_and_others_are_none(text: str, amount: int | None) -> None:
    assert dollars(text) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [("100000000", 10**8), ("100,000,000", 10**8), ("$100 million", 10**8), ("1.5 billion", 15 * 10**8)],
)
def test_a_rule_may_write_a_sum_as_people_do(text: str, amount: int) -> None:
    assert whole_dollars(text) == amount
