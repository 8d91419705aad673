"""What a check of rule files warns of, under which code, and what a rule is explained by."""

import re
from pathlib import Path

import pytest
from _rule_files import book, findings, one_rule

from handlers.alert.language.codes import Code
from handlers.alert.language.made_up import read_filing
from handlers.alert.language.nodes import Table, read_yaml
from handlers.alert.language.page import Page
from watcher.models import Report

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")


def warnings(folder: Path, *texts: str) -> list[str]:
    """What is warned of, without the folder."""
    found = findings(folder, *texts)
    assert [str(one) for one in found if not one.is_warning] == []
    return [str(one).replace(f"{folder}/", "") for one in found]


def codes(folder: Path, match: str, **more: str) -> list[str]:
    return [one.code for one in findings(folder, one_rule(match, **more))]


def filing(fields: str) -> Report:
    node = read_yaml(fields)
    assert isinstance(node, Table)
    report = read_filing(Page("test"), node, "")
    assert report is not None
    return report


@pytest.mark.parametrize("code", Code)
def test_every_code_is_documented(code) -> None:
    assert f"| `{code.value}` |" in DOCS


def test_no_code_is_documented_that_is_none() -> None:
    table = DOCS[DOCS.index("| code |") :]

    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, flags=re.MULTILINE)) == {code.value for code in Code}


def test_a_fault_has_its_code_and_place(tmp_path) -> None:
    (found,) = findings(tmp_path, one_rule('{itmes|has: "7.01"}'))

    assert (found.code, found.line, found.column, found.is_warning) == ("unknown-field", 8, 13, False)
    assert str(found).startswith(f"{tmp_path}/0.yaml:8:13: unknown-field: rules.r.match.itmes|has: there is no field")


def test_a_rule_in_order_gives_no_warning(tmp_path) -> None:
    assert warnings(tmp_path, one_rule('{items|has: "7.01"}')) == []


@pytest.mark.parametrize(
    "match",
    [
        '{items|has: "5.02", items|only: ["7.01", "9.01"]}',
        '{items|has_any: ["5.02", "8.01"], items|only: ["7.01"]}',
        '{items|has_all: ["5.02", "7.01"], items|only: ["5.02", "9.01"]}',
        '{text.item.5_02|phrase: resigned, items|only: ["7.01"]}',
        '{text.item.5_02|phrase: resigned, text.item.5_02|exists: "false"}',
        '{items|exists: "false", items|has: "5.02"}',
        "{form: 8-K/A}",
        "{form|in: [8-K/A, 8-K12B/A]}",
        "{form: 8-K, form|in: [8-K12B, 8-K15D5]}",
        "{form: 8-K, form|neq: [8-K, 8-K/A]}",
        "{cik: 1, cik|neq: 1}",
        "{filed_on|gt: 2026-05-20, filed_on|lt: 2026-05-20}",
        "{filed_on|gte: 2026-05-20, filed_on|lt: 2026-05-20}",
        "{timing.business_days_after_event|gt: 4, timing.business_days_after_event: [2, 4]}",
        '{timing.session: pre, timing.session|exists: "false"}',
        '{a: {items|has: "5.02"}, b: {items|has_any: ["5.02", "7.01"]}, condition: a and not b}',
        '{a: {items|has_all: ["5.02", "7.01"]}, b: {items|has: "7.01"}, condition: a and not b}',
        '{a: {items|has: "5.02"}, condition: a and not a}',
        "{a: {filed_on|gt: 2026-05-20}, b: {filed_on|gte: 2026-05-19}, condition: a and not b}",
        '{a: {items|has: "5.02"}, b: {items|only: "7.01"}, c: {items|only: "8.01"}, condition: a and (b or c)}',
    ],
)
def test_a_rule_that_can_never_match_is_told(tmp_path, match) -> None:
    assert "never-matches" in codes(tmp_path, match)


@pytest.mark.parametrize(
    "match",
    [
        '{items|has: "5.02", items|only: ["5.02", "9.01"]}',
        '{items|has_any: ["5.02", "8.01"], items|only: ["8.01"]}',
        '{text.item.5_02|phrase: resigned, items|only: ["5.02"]}',
        "{cik: 1, cik|in: [2]}",
        "{sic|gt: 4000, sic|lt: 3000}",
        "{filed_on|gte: 2026-05-20, filed_on|lte: 2026-05-20}",
        "{form|in: [8-K, 8-K/A], cik: 1}",
        '{a: {items|has_any: ["5.02", "7.01"]}, b: {items|has: "5.02"}, condition: a and not b}',
        '{a: {items|has: "5.02"}, b: {items|has_all: ["5.02", "7.01"]}, condition: a and not b}',
        '{a: {items|has: "5.02"}, b: {items|only: "7.01"}, c: {items|only: "5.02"}, condition: a and (b or c)}',
        "{text.body|phrase|cased: Alpha, text.ex99|phrase: alpha}",
        "{a: {text.body|phrase|cased: Alpha}, b: {text.body|phrase: Alpha beta}, condition: a and not b}",
        "{company: Alpha, company|neq: Beta}",
    ],
)
def test_a_rule_that_can_match_is_not_called_one_that_never_does(tmp_path, match) -> None:
    assert "never-matches" not in codes(tmp_path, match)


def test_it_is_said_why_a_rule_can_never_match(tmp_path) -> None:
    told = warnings(tmp_path, one_rule('{items|has: "5.02", items|only: ["7.01"]}', top="phrases: {p: [unused words]}"))
    reason = "no filing can match this: 'items|has: 5.02' and 'items|only: [7.01]' never hold together"

    assert told == [
        "0.yaml:2:11: unused: phrases.p: no rule uses this phrase set (use it, or drop it)",
        f"0.yaml:9:12: never-matches: rules.r.match: {reason}",
    ]
    assert "include_amendments is not set" in warnings(tmp_path, one_rule("{form: 8-K/A}"))[0]


def test_with_amendments_a_rule_for_amendments_can_match(tmp_path) -> None:
    assert codes(tmp_path, "{form: 8-K/A}", more="include_amendments: true") == []


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ('{a: {items|has: "5.02"}, condition: a or not a}', ["always-matches"]),
        ('{a: {items|exists: "true"}, b: {items|exists: "false"}, condition: a or b}', ["always-matches"]),
        ("{timing.is_late: true}", []),
        ('{a: {items|has: "5.02"}, condition: not a}', ["every-filing"]),
        ('{a: {items|has: "5.02"}, b: {cik|exists: "false"}, condition: a or b}', ["every-filing"]),
        ('{text.body|contains: "guidance cut"}', ["every-filing"]),
        ('{items|has: "2.02", text.body|contains: "guidance cut"}', []),
    ],
)
def test_a_rule_to_which_nothing_leads_is_told(tmp_path, match, expected) -> None:
    assert codes(tmp_path, match) == expected


@pytest.mark.parametrize(
    ("words", "is_told"),
    [
        ("the", True),
        ("The", True),
        ("fda", True),
        ("FDA", False),
        ("CFO", False),
        ("IT", True),
        ("ALL", True),
        ("$1", True),
        ("fine", False),
        ("this agreement", False),
        ("[resigned, of]", True),
    ],
)
@pytest.mark.parametrize(
    "match",
    [
        "{{text.item.5_02|phrase: {}}}",
        "{{text.item.5_02|near: {{a: {}, b: resigned, within_words: 3}}}}",
        "{{a: [{{text.item.5_02|contains|cased: {}}}], condition: a}}",
    ],
)
def test_a_phrase_that_is_in_filings_by_chance_is_told(tmp_path, words, is_told, match) -> None:
    assert ("short-phrase" in codes(tmp_path, match.format(words))) is is_told


def test_a_short_phrase_is_told_where_its_set_has_it(tmp_path) -> None:
    (told,) = warnings(tmp_path, one_rule('{text.item.5_02|phrase: "&p"}', top="phrases: {p: [resigned, out]}"))

    assert (
        told == "0.yaml:2:25: short-phrase: 'out' is short, and stands in many filings by chance (look for more "
        "words, or use |cased or |near)"
    )


def test_two_rules_that_ask_the_same_are_told_even_across_files(tmp_path) -> None:
    one = one_rule('{items|has: "5.02", cik: 1}', id_="one")
    same = one_rule("{who: {cik|in: [1]}, what: {items|has_any: ['5.02']}, condition: what and who}", id_="same")
    other = one_rule("{cik: 1, items|has: 5.02}", id_="other", more="include_amendments: true")
    (told,) = warnings(tmp_path, one, same, other)

    assert told == (
        "1.yaml:8:12: same-condition: rules.same.match: asks for the same as rule 'one' (drop one, or merge them; the "
        f"other is {tmp_path}/0.yaml:5:9)".replace(f"{tmp_path}/", "")
    )


@pytest.mark.parametrize(
    ("status", "tests", "problem"),
    [
        ("stable", "[]", "has no test that expects match and none that expects no-match"),
        ("stable", "[{name: x, filing: {}, expect: no-match}]", "has no test that expects match ("),
        ("stable", "[{name: x, filing: {cik: 1}, expect: match}]", "has no test that expects no-match ("),
        ("experimental", "[]", None),
    ],
)
def test_a_rule_called_stable_needs_a_test_each_way(tmp_path, status, tests, problem) -> None:
    told = warnings(tmp_path, one_rule("{cik: 1}", more=f"status: {status}\n    tests: {tests}"))

    assert [problem in one and ": no-tests: " in one for one in told] == ([True] if problem else [])


def test_a_rule_that_says_nothing_of_its_status_needs_no_tests(tmp_path) -> None:
    assert codes(tmp_path, "{cik: 1}") == []


def test_lists_and_phrase_sets_that_no_rule_uses_are_told(tmp_path) -> None:
    top = "lists: {a: {values: [1]}, b: {values: [2]}}\nphrases: {a: [some words], b: [other words]}"
    told = warnings(tmp_path, one_rule('{cik|in: "@a", text.body|phrase: "&b"}', top=top))

    assert [one.split(": ")[2] for one in told] == ["lists.b", "phrases.a"]


@pytest.mark.parametrize(
    ("written", "taken_for"),
    [
        ("0001000045", "another number"),
        ("6.10", "another number"),
        ("1_000", "another number"),
        ("16:00", "another number"),
        ("0x1F", "another number"),
        ("no", "true or false"),
        ("Off", "true or false"),
        ("~", "nothing"),
        ('"no"', None),
        ("320193", None),
        ("7.01", None),
        ("99.1", None),
        ("2026-05-20", None),
        ("true", None),
        ("nothing", None),
        ("0000950170-26-004211", None),
    ],
)
def test_a_value_that_other_readers_take_for_something_else_is_told(tmp_path, written, taken_for) -> None:
    told = warnings(tmp_path, one_rule("{cik: 1}", more=f"tags: [{written}]"))

    expected = f"0.yaml:8:12: ambiguous: {written} without quotes is {taken_for} to other readers of YAML (write "
    assert [one.startswith(expected) for one in told] == ([True] if taken_for else [])


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "https://user:password@example.com/hook",
        "https://hooks.slack.com/services/" + "T000/B000/XXXX",
    ],
)
def test_a_secret_in_a_file_is_told_and_not_repeated(tmp_path, secret) -> None:
    (told,) = warnings(tmp_path, one_rule("{cik: 1}", top=f"# once {secret} was here"))

    assert told.startswith("0.yaml:2:8: secret: here stands ")
    assert secret not in told


def test_a_reference_is_no_secret(tmp_path) -> None:
    assert codes(tmp_path, "{cik: 1}", more='references: ["https://example.com/@handle?a=b@c"]') == []


def test_findings_come_from_the_top_of_the_first_file_down(tmp_path) -> None:
    found = findings(tmp_path, one_rule("{itmes: 1}", more="tags: [no]"), one_rule("{cik: x}", id_="s"))

    assert [(Path(one.file).name, one.line, one.code) for one in found] == [
        ("0.yaml", 8, "ambiguous"),
        ("0.yaml", 9, "unknown-field"),
        ("1.yaml", 8, "bad-value"),
    ]


# What a person is told of a rule

EXPLAINED = one_rule(
    "{company: {cik|in: '@watch'}, words: [{text.item.5_02|phrase: resigned}, {items|has: '8.01'}], "
    "noise: {text.ex99|phrase: pension}, condition: company and words and not noise}",
    top="lists: {watch: {values: [1, 2, 3]}}",
    more="throttle: {key: [cik], window: 90m}\n    active: {days: [mon], to: '12:30', outside: drop}",
)


def test_a_rule_is_told_as_it_is_understood(tmp_path) -> None:
    (rule,) = book(tmp_path, EXPLAINED).rules

    assert rule.tree.splitlines() == [
        "company and words and not noise",
        "  company  cik|in: @watch  (3 in all)",
        "  words    text.item.5_02|phrase: resigned",
        "  or       items|has: 8.01",
        "  noise    text.ex99|phrase: pension",
        "amendments  not 8-K/A",
        "throttle    at most 1 in 90m for each cik",
        "active      mon from 00:00 to 12:30 (America/New_York), else dropped",
    ]
    assert "cik: " in rule.found_by


def test_a_simple_rule_is_told_by_its_lines(tmp_path) -> None:
    more = "group: {by: [filed_on], wait: 15m}\n    expires: 7d\n    include_amendments: true"
    (rule,) = book(tmp_path, one_rule('{items|has: "2.02", cik: [1, 2]}', more=more)).rules

    assert rule.tree.splitlines() == [
        "items|has: 2.02",
        "cik: [1, 2]",
        "amendments  8-K and 8-K/A",
        "group       together after 15m, or when there are 50, one for each filed_on",
        "expires     after 7d",
    ]


def test_a_book_tells_its_lists_and_takes_others(tmp_path) -> None:
    rules = book(tmp_path, EXPLAINED)
    about = filing("{cik: 9, items: 8.01}")

    assert [(one.name, one.values) for one in rules.lists] == [("0.yaml/watch", ("1", "2", "3"))]
    assert rules.alerts(about) == ()
    assert len(rules.with_lists({"watch": ["9"]}).alerts(about)) == 1
    assert len(rules.with_lists({"0.yaml/watch": ["9"]}).alerts(about)) == 1
    assert rules.with_lists({"watch": []}).alerts(about) == ()
    assert rules.with_lists({"watch": ["9"]}).version != rules.version


def test_it_is_explained_why_a_rule_fires(tmp_path) -> None:
    rules = book(tmp_path, EXPLAINED)
    told = rules.explain("r", filing("{cik: 1, text.item.5_02: 'He resigned.'}"))

    assert (told.fires, told.reason) == (True, "its condition holds (found: company, words)")
    assert [(one.name, one.holds) for one in told.selections] == [("company", True), ("words", True), ("noise", False)]
    ((company,),) = told.selections[0].alternatives
    assert (company.clause, company.holds, company.had) == ("cik|in: @watch", True, "1")
    ((words,), (item,)) = told.selections[1].alternatives
    assert (words.had, [one.text for one in words.evidence]) == ("He resigned.", ["resigned"])
    assert (item.clause, item.holds, item.had) == ("items|has: 8.01", False, "5.02")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("{cik: 7, items: 8.01}", "its condition does not hold (not found: company, noise; found: words)"),
        (
            "{cik: 1, items: 8.01, exhibits: {99: A pension.}}",
            "its condition does not hold (found: company, words, noise)",
        ),
        (
            "{form: 8-K/A, cik: 1, items: 8.01}",
            "its condition holds, but the form is 8-K/A, and include_amendments is not set",
        ),
    ],
)
def test_it_is_explained_why_a_rule_does_not_fire(tmp_path, fields, reason) -> None:
    told = book(tmp_path, EXPLAINED).explain("r", filing(fields))

    assert (told.fires, told.reason) == (False, reason)


def test_a_long_text_is_told_by_its_beginning_and_length(tmp_path) -> None:
    told = book(tmp_path, one_rule("{text.body|phrase: resigned}")).explain(
        "r", filing(f"{{text.body: {'abc ' * 500}}}")
    )

    assert told.selections[0].alternatives[0][0].had == f"{'abc ' * 15}".strip() + "… (1,999 characters)"


def test_what_explains_and_what_matches_agree(tmp_path) -> None:
    rules = book(tmp_path, EXPLAINED)
    for fields in (
        "{cik: 1, items: 8.01}",
        "{cik: 7}",
        "{cik: 2, text.item.5_02: none}",
        "{form: 8-K/A, cik: 1, items: 8.01}",
    ):
        about = filing(fields)

        assert rules.explain("r", about).fires is bool(rules.alerts(about))


def test_no_rule_of_this_id_can_be_explained(tmp_path) -> None:
    with pytest.raises(KeyError):
        book(tmp_path, EXPLAINED).explain("s", filing("{}"))


def test_a_source_holds_all_that_a_rule_goes_by(tmp_path) -> None:
    (rule,) = book(tmp_path, EXPLAINED).rules

    assert '"lists": {"watch": ["1", "2", "3"]}' in rule.source
    assert '"title": "A title"' in rule.source
