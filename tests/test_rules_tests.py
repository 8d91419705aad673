"""Tests of rules as they are read: in a rule, and in files of their own."""

import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _rule_files import book, one_rule, write

from handlers.alert import MatchRules
from watcher.errors import ConfigError
from watcher.models import Report
from watcher.rulebook import Expectation, RuleBook, RuleTest

RULES = """\
    version: 1
    lists: {watch: {values: [1, 2], type: cik}}
    groups:
    - name: g
      rules:
      - {id: a, title: t, notify: [desk, log], match: {items|has: "5.02", cik|in: "@watch"}}
      - {id: b, title: t, notify: [desk], match: {text.item.5_02|phrase: resigned}}
    """
TESTS = """\
    rule_files: [../rules]
    clock: 2026-11-20T21:05:00Z
    tests:
    - name: one of ours
      filing: {cik: 7, text.item.5_02: "The chief financial officer has resigned."}
      lists: {watch: ["7"]}
      repeat: 2
      expect:
        fires: [a, b]
        muted: [b]
        evidence: {b: {text.item.5_02: "financial officer ... resigned"}}
        deliveries: [{to: desk, count: 1}, {to: log}]
    - name: nothing at all
      filing: {items: ["7.01"]}
      clock: 2026-11-20T10:00:00+01:00
      expect: {fires: [], deliveries: {desk: 0}}
    """


@pytest.fixture
def rules(tmp_path: Path) -> RuleBook:
    (tmp_path / "rules").mkdir()
    return book(tmp_path / "rules", RULES)


@pytest.fixture
def read(tmp_path: Path, rules: RuleBook):
    """Reads a file of tests."""

    def tests(text: str) -> tuple[RuleTest, ...]:
        path = tmp_path / "tests" / "t.yaml"
        path.parent.mkdir()
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return MatchRules.read_tests(path, rules)

    return tests


def inline(tmp_path: Path, tests: str, match: str = '{items|has: "5.02"}', top: str = "") -> tuple[RuleTest, ...]:
    return tuple(book(tmp_path, one_rule(match, more=f"tests: {tests}", top=top)).tests)


def test_a_test_in_a_rule_is_about_this_rule(tmp_path) -> None:
    text = "[{name: yes, filing: {items: 5.02}, expect: match}, {name: no, filing: {items: 7.01}, expect: no-match}]"
    one, other = inline(tmp_path, text)

    assert (one.name, one.rule, one.expectation.fires) == ("yes", "r", {"r"})
    assert (other.name, other.rule, other.expectation.fires) == ("no", "r", frozenset())
    assert one.where == f"{tmp_path}/0.yaml:8:13"


def test_a_test_in_a_rule_may_bring_its_own_lists(tmp_path) -> None:
    text = "[{name: n, filing: {cik: 3}, lists: {watch: [3, 4]}, expect: match}]"
    (one,) = inline(tmp_path, text, '{cik|in: "@watch"}', "lists: {watch: {values: [1]}}")

    assert one.lists == {"watch": ("3", "4")}


def test_a_filing_may_be_a_file_beside_the_rules(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("{}")
    (one,) = inline(tmp_path, "[{name: n, filing: a.txt, expect: match}]")

    assert one.filing == tmp_path / "a.txt"


def test_a_file_of_tests_is_read_whole(read) -> None:
    one, other = read(TESTS)

    assert one.expectation == Expectation(
        frozenset({"a", "b"}),
        muted=frozenset({"b"}),
        evidence={"b": {"text.item.5_02": "financial officer ... resigned"}},
        deliveries={"desk": 1, "log": 1},
    )
    assert (one.name, one.rule, one.repeat, one.lists) == ("one of ours", None, 2, {"watch": ("7",)})
    assert one.clock == datetime(2026, 11, 20, 21, 5, tzinfo=UTC)
    assert other.clock == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert other.expectation == Expectation(frozenset(), deliveries={"desk": 0})


def test_the_filing_of_a_test_does_what_the_test_says(read, rules) -> None:
    one, other = read(TESTS)
    assert isinstance(one.filing, Report)
    assert isinstance(other.filing, Report)

    assert [alert.rule for alert in rules.with_lists(one.lists).alerts(one.filing)] == ["a", "b"]
    assert rules.alerts(other.filing) == ()


def test_a_file_of_tests_names_its_rule_files(tmp_path, read) -> None:
    read(TESTS)
    path = tmp_path / "tests" / "t.yaml"

    assert MatchRules.rule_files_of(path) == (tmp_path / "tests" / ".." / "rules",)
    assert MatchRules.is_test_file(path)
    assert not MatchRules.is_test_file(tmp_path / "rules" / "0.yaml")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("tests:", "test:", "t.yaml:3:1: test: unknown key (did you mean 'tests'?)"),
        ("clock: 2026-11-20T21:05:00Z", "clock: noon", "clock: 'noon': expected a time with its zone"),
        ("name: one of ours", "nam: x", "tests.nam: unknown key (did you mean 'name'?)"),
        ("repeat: 2", "repeat: 0", "tests.repeat: '0': expected a whole number from 1 to 1000"),
        ("fires: [a, b]", "fires: [a, b, cc]", "tests.expect.fires: there is no rule 'cc' (known: a, b)"),
        ("fires: [a, b]", "fire: [a, b]", "tests.expect.fire: unknown key (did you mean 'fires'?)"),
        (
            "{fires: [], deliveries: {desk: 0}}",
            "{}",
            "tests.expect: expects nothing (fires: the ids of all rules that fire, [] for none; or muted, evidence",
        ),
        ("muted: [b]", "muted: [c]", "tests.expect.muted: there is no rule 'c' (known: a, b)"),
        ("{b: {text.item", "{c: {text.item", "tests.expect.evidence: there is no rule 'c' (known: a, b)"),
        ('{text.item.5_02: "fin', '{text.itm.5_02: "fin', "there is no field 'text.itm.5_02' (did you mean"),
        ("{to: log}", "{to: lgo}", "tests.expect.deliveries: there is no endpoint 'lgo' (did you mean 'log'?)"),
        ("count: 1", "count: one", "'one': expected a whole number from 0 to 1000000"),
        ("{desk: 0}", "{desk: -1}", "tests.expect.deliveries.desk: '-1': expected a whole number from 0"),
        ('{watch: ["7"]}', '{wacth: ["7"]}', "tests.lists.wacth: there is no such list (did you mean 'watch'?)"),
        ('{watch: ["7"]}', "{watch: [x]}", "list watch: 'x': expected a CIK of 1 to 10 digits"),
        ("expect: {fires: []", "expects: {fires: []", "tests.expect: is missing (such as expect: {fires: [my-rule]})"),
    ],
)
def test_a_mistake_in_a_file_of_tests_is_told_with_its_remedy(read, old, new, sentence) -> None:
    with pytest.raises(ConfigError) as caught:
        read(TESTS.replace(old, new, 1))

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("tests", "sentence"),
    [
        ("{name: n}", "rules.r.tests: expected a list, found a map"),
        ("[{name: n, filing: {}, expect: yes}]", "rules.r.tests.expect: 'yes' is not one of match, no-match"),
        ("[{name: n, filing: {}}]", "rules.r.tests.expect: is missing (match or no-match)"),
        (
            "[{name: n, expect: match}]",
            'rules.r.tests.filing: is missing (fields such as {items: ["5.02"]}, or the path',
        ),
        ("[{filing: {}, expect: match}]", "rules.r.tests.name: is missing"),
        ("[{name: n, filing: {}, expect: match, repeat: 2}]", "rules.r.tests.repeat: unknown key"),
    ],
)
def test_a_mistake_in_a_test_of_a_rule_is_told_with_its_remedy(tmp_path, tests, sentence) -> None:
    with pytest.raises(ConfigError) as caught:
        inline(tmp_path, tests)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tests: []\n", "rule_files: is missing (such as rule_files: [../rules])"),
        ("rule_files: [none.yaml]\ntests: []\n", "1:14: rule_files: there is no "),
    ],
)
def test_rule_files_that_are_not_there_are_told(tmp_path, text, sentence) -> None:
    folder = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        MatchRules.rule_files_of(folder / "0.yaml")

    assert sentence in str(caught.value)
