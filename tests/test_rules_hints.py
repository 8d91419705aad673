"""What a check of rule files advises: values that miss what was meant, patterns that cost, words that mislead."""

from pathlib import Path

import pytest
from _rule_files import findings, one_rule
from test_rules_checks import filing, warnings

from handlers.alert import MatchRules
from watcher.plan import Why
from watcher.rules.replay import Replay


def faults(folder: Path, *texts: str) -> list[str]:
    return [str(one).replace(f"{folder}/", "") for one in findings(folder, *texts) if not one.is_warning]


def codes(folder: Path, match: str, **more: str) -> list[str]:
    return [one.code for one in findings(folder, one_rule(match, **more))]


# Values that miss what was meant


@pytest.mark.parametrize(
    "clause",
    [
        'exhibits|has: "99"',
        'exhibits|has_any: ["10", "104"]',
        'exhibits|has_all: ["16.1", "4"]',
        'exhibits|only: ["99"]',
    ],
)
def test_a_whole_exhibit_number_that_leaves_out_the_numbers_below_it_is_told(tmp_path, clause) -> None:
    assert codes(tmp_path, f"{{cik: 1, {clause}}}") == ["narrow"]


@pytest.mark.parametrize(
    "clause",
    [
        'exhibits|has: "99.1"',
        'exhibits|has: "104"',
        'exhibits|has_any: ["99", "99.1", "99.2"]',
        "exhibits|exists: 'true'",
    ],
)
def test_an_exhibit_number_that_says_what_is_meant_is_not(tmp_path, clause) -> None:
    assert codes(tmp_path, f"{{cik: 1, {clause}}}") == []


def test_it_is_said_how_to_ask_for_all_exhibits_of_a_number(tmp_path) -> None:
    (told,) = warnings(tmp_path, one_rule('{cik: 1, exhibits|has: "99"}'))

    assert told == (
        "0.yaml:8:35: narrow: rules.r.match.exhibits|has: exhibit 99 is not 99.1, and most are filed with such a "
        'number (exhibits|has_any: ["99", "99.1", "99.2"], or where the words are at hand text.ex99|exists: true)'
    )


@pytest.mark.parametrize("modifier", ["", "|in", "|neq", "|cased"])
def test_a_company_named_with_comma_or_point_is_told(tmp_path, modifier) -> None:
    (told,) = warnings(tmp_path, one_rule(f'{{items|has: "7.01", company{modifier}: "Example, Inc."}}'))

    assert "narrow: " in told
    assert "EDGAR writes many names without commas and points, and this equals the whole name or nothing" in told
    assert "(ask by cik, which stays when a name changes, or company|contains: example)" in told


def test_a_company_of_a_list_is_told_where_it_stands(tmp_path) -> None:
    top = 'lists: {w: {values: [EXAMPLE INC, "Other, Inc."], type: company}}'
    (told,) = warnings(tmp_path, one_rule('{items|has: "7.01", company|in: "@w"}', top=top))

    assert told.startswith("0.yaml:2:35: narrow: lists.w: ")


@pytest.mark.parametrize(
    "clause", ["company: EXAMPLE INC", 'company|contains: "Example, Inc."', 'company|phrase: "other, inc"']
)
def test_other_words_about_companies_are_not(tmp_path, clause) -> None:
    assert codes(tmp_path, f'{{items|has: "7.01", {clause}}}') == []


@pytest.mark.parametrize("words", ['"--"', '"$"', "[resigned, '...']"])
def test_a_phrase_without_a_word_is_a_fault(tmp_path, words) -> None:
    (told,) = faults(tmp_path, one_rule(f"{{text.item.5_02|phrase: {words}}}"))

    assert "bad-value: rules.r.match.text.item.5_02|phrase: " in told
    assert "has no letter or digit in it, and a phrase is made of whole words (contains looks for characters)" in told


def test_so_it_is_near_others_and_in_a_set(tmp_path) -> None:
    near = one_rule('{text.item.5_02|near: {a: ";", b: resigned, within_words: 3}}')
    of_set = one_rule('{text.item.5_02|phrase: "&p"}', top="phrases: {p: [resigned, '--']}", id_="s")
    told = faults(tmp_path, near, of_set)

    assert len(told) == 2
    assert all("has no letter or digit in it" in one for one in told)
    assert told[1].startswith("1.yaml:9:36: bad-value: rules.s.match.text.item.5_02|phrase: '--'")


def test_characters_may_be_looked_for(tmp_path) -> None:
    assert codes(tmp_path, '{text.item.5_02|contains: "$"}') == ["short-phrase"]


# Patterns that cost


@pytest.mark.parametrize(
    "match",
    [
        "{text.body|re: 'guidance (cut|lowered)'}",
        "{text.ex99|re: 'guidance'}",
        "{form: 8-K, text.body|re: 'guidance'}",
        "{a: {items|has: '5.02'}, b: {text.body|re: 'guidance'}, condition: a or b}",
        "{text.body|re: '^guidance|cut'}",
    ],
)
def test_a_pattern_that_is_looked_for_in_each_filing_is_told(tmp_path, match) -> None:
    (found,) = findings(tmp_path, one_rule(match))

    assert (found.code, found.is_warning) == ("every-filing", True)
    assert "each filing is searched for a pattern" in found.problem
    assert "text.body|phrase" in found.remedy
    assert "items|has" in found.remedy


@pytest.mark.parametrize(
    "match",
    [
        "{items|has: '5.02', text.body|re: 'guidance'}",
        "{text.item.5_02|re: 'guidance'}",
        "{text.body|phrase: outlook, text.body|re: 'guidance (cut|lowered)'}",
        "{cik: 1, text.ex99|re: 'guidance'}",
        "{text.body|re: '^guidance'}",
        "{company|re: 'bank'}",
    ],
)
def test_a_pattern_that_few_filings_are_searched_for_is_not(tmp_path, match) -> None:
    assert codes(tmp_path, match) == []


def test_a_rule_for_every_filing_is_told_that_it_may_stay_so(tmp_path) -> None:
    (told,) = warnings(tmp_path, one_rule('{form|exists: "true"}'))

    assert "if every filing is meant, leave it so" in told


# Words that mislead


TOLD = {
    "title: A title": ("title: BAD", "0.yaml:6:12: bad-value: rules.r.title: holds U+"),
    "name: g": ("name: BAD", "0.yaml:3:9: bad-value: groups.name: holds U+"),
    "notify: [desk]": (
        "notify: [desk]\n    annotations: {summary: BAD}",
        "0.yaml:8:28: bad-value: rules.r.annotations.summary: holds U+",
    ),
    "    match": ("    tags: [BAD]\n    match", "0.yaml:8:12: bad-value: rules.r.tags: holds U+"),
    "  match": (
        "  tests: [{name: BAD, filing: {}, expect: match}]\n    match",
        "0.yaml:8:20: bad-value: rules.r.tests.name: holds U+",
    ),
}


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\\e", "\\x9b", "\\0"])
@pytest.mark.parametrize(("part", "bad", "expected"), [(part, *one) for part, one in TOLD.items()])
def test_a_character_that_turns_a_told_line_around_is_a_fault(tmp_path, character, part, bad, expected) -> None:
    told = faults(tmp_path, one_rule("{cik: 1}").replace(part, bad.replace("BAD", f'"a{character}b"'), 1))

    assert [one.startswith(expected) for one in told] == [True]


def test_lines_of_a_long_title_are_no_fault(tmp_path) -> None:
    assert faults(tmp_path, one_rule("{cik: 1}").replace("title: A title", "title: >\n      A long\n      title")) == []


def test_ids_that_differ_in_case_only_are_a_fault(tmp_path) -> None:
    (told,) = faults(tmp_path, one_rule("{cik: 1}", id_="Watched"), one_rule("{cik: 2}", id_="watched"))

    assert told == (
        "1.yaml:5:9: duplicate: rules.watched.id: differs from rule 'Watched' by upper and lower case only "
        "(rename this one; the first is 0.yaml:5:9)"
    )


# Small words


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ngroups:\n- name: g\n  rules:\n  - <<: {title: x}\n    id: r\n",
        "version: 1\ngroups:\n- name: g\n  rules:\n  - <<: *base\n    id: r\n",
    ],
)
def test_a_merge_key_is_called_one(tmp_path, text) -> None:
    (told,) = faults(tmp_path, text)

    assert told == (
        "0.yaml:5:5: not-yaml: merge keys (<<) are not supported (write the keys out; what many rules share stands in "
        "defaults)"
    )


@pytest.mark.parametrize("days", ["[mon-fri]", "mon-fri", "[weekdays]", "[Monday]", "[tuesday]"])
def test_it_is_said_how_days_are_written(tmp_path, days) -> None:
    (told,) = faults(tmp_path, one_rule("{cik: 1}", more=f"active: {{days: {days}}}"))

    assert "days are written one by one: [mon, tue, wed, thu, fri]" in told


def test_a_rule_that_notifies_nobody_is_kept_for_the_record_and_not_muted(tmp_path) -> None:
    (tmp_path / "0.yaml").write_text(one_rule("{cik: 1}").replace("[desk]", "[]"), encoding="utf-8")
    book = MatchRules.read_book([tmp_path], {"desk"})
    report = filing("{cik: 1, accepted: 2026-05-20T16:30:00-04:00}")
    assert report.filing.accepted_at is not None
    taken = Replay(endpoints={"desk"}).take(book, report, report.filing.accepted_at)
    (untold,) = taken.untold.values()

    assert untold.why is Why.RECORD_ONLY
    assert str(untold) == "record only: its rule says notify: []"
