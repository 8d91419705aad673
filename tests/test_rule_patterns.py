"""Patterns: what they match, where, and why some are none."""

import pytest
from _ruling import clause, rule
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.alert.matching.view import ReportView
from watcher.models import Alert, Document, Filer, Filing, Report
from watcher.words import patterns as _patterns
from watcher.words.folding import fold
from watcher.words.patterns import MAX_PATTERN, Levelled, check_pattern, find_pattern, possible_patterns

TEXT = "  The Company\u2019s \u201cguid\u00adance\u201d was\u00a0\n  withdrawn \u2013 naïvely, in Zürich. Guidance!"


@pytest.fixture
def without_re2(monkeypatch):
    _patterns._library.cache_clear()
    _patterns._compiled.cache_clear()
    monkeypatch.setattr(_patterns, "import_module", lambda name: __import__(f"no_such_{name}"))
    yield
    _patterns._library.cache_clear()


def raised(text: str, *patterns: str, cased: bool = False) -> Alert | None:
    report = Report(
        Filing("0001234567-26-000042", filers=(Filer(1, "Zürich Mining Corp"),)),
        documents=(Document(1, "8-K", "a.htm", "", len(text), text),),
    )
    return rule(clause("text.body", "re", *patterns, cased=cased)).alert(ReportView(report))


def quotes(text: str, *patterns: str, cased: bool = False) -> list[str]:
    alert = raised(text, *patterns, cased=cased)
    assert all(text[one.start : one.end] == one.text for one in (alert.evidence if alert else ()))
    return [one.text for one in alert.evidence] if alert else []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"guidance", ["guid\u00adance", "Guidance"]),
        (
            r"""company's "\w+" was withdrawn - """,
            ["Company\u2019s \u201cguid\u00adance\u201d was\u00a0\n  withdrawn \u2013 "],
        ),
        (r"\bwith\w+", ["withdrawn"]),
        (r"ZÜRICH", ["Zürich"]),
        (r"na.ve", ["naïve"]),
        (r"^the", ["The"]),
        (r"guidance!$", ["Guidance!"]),
        (r"^company", []),
        (r"(withdraw|suspend)\w*\s+(?:\W*\w+\W+){0,3}in", ["withdrawn \u2013 naïvely, in"]),
    ],
)
def test_a_pattern_matches_the_levelled_text_whatever_the_case(pattern, expected):
    assert quotes(TEXT, pattern) == expected


def test_case_counts_where_asked():
    assert quotes(TEXT, "Guidance", cased=True) == ["Guidance"]


def test_one_of_several_patterns_is_enough_and_they_are_shown_as_they_stand():
    assert quotes(TEXT, "zürich", "nothing", "company") == ["Company", "Zürich"]


def test_three_places_are_shown():
    assert quotes("a1 a2 a3 a4", r"a\d") == ["a1", "a2", "a3"]


def test_a_long_match_is_cut():
    text = "a" * 10_000

    assert quotes(text, "a+") == [text[:2_000]]


def test_a_pattern_that_matches_nothing_but_a_place_holds_without_evidence():
    alert = raised(TEXT, r"\bz")

    assert alert is not None
    assert raised(TEXT, r"\b").evidence == ()


def test_names_of_companies_are_matched():
    filing = Filing("0001234567-26-000042", filers=(Filer(1, "Zürich  Mining Corp"),))

    assert rule(clause("company", "re", r"^zürich mining")).alert(ReportView(Report(filing))) is not None
    assert rule(clause("company", "re", r"^mining")).alert(ReportView(Report(filing))) is None


@given(
    st.text(alphabet="aé\u20ac\U0001f600\ud800 \n\u00ad", max_size=30),
    st.sampled_from(["a", "é+", "\u20ac", ".\U0001f600"]),
)
@example("é\ud800a", "a")
def test_places_are_those_of_characters_whatever_their_encoding(text, pattern):
    level = fold(text, cased=True).text
    found = [level[start:end] for start, end in find_pattern(pattern, Levelled(level), cased=False, most=50)]

    assert all(check_pattern(pattern) is None and set(one) <= set(pattern) | {level[level.find(one)]} for one in found)
    if pattern in ("a", "\u20ac"):
        assert found == [pattern] * level.count(pattern)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "missing ): ("),
        ("[a", "missing ]: [a"),
        (r"(?=x)", "invalid perl operator: (?="),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a{2000}", "invalid repetition size: {2000}"),
        ("é[", "missing ]: ["),
        ("a*", "matches the empty text, and so every filing"),
        ("a|", "matches the empty text, and so every filing"),
        ("a" * (MAX_PATTERN + 1), "a pattern is at most 512 characters long"),
        ("\ud800", "is not Unicode text"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_reason(pattern, reason):
    assert check_pattern(pattern) == reason


@pytest.mark.parametrize(
    "pattern", ["a" * MAX_PATTERN, r"(?i)\b(cut|lower)\w*\s+(?:\w+\s+){0,6}(guidance|outlook)\b", "ü"]
)
def test_what_is_a_pattern_has_no_reason(pattern):
    assert check_pattern(pattern) is None


@pytest.mark.usefixtures("without_re2")
def test_without_re2_there_are_no_patterns():
    assert check_pattern("a") == "patterns need google-re2, which is not installed"
    with pytest.raises(RuntimeError, match="google-re2"):
        raised(TEXT, "a")


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}b", r"(?:a?){60}a{60}b"])
def test_a_pattern_built_to_explode_ends_on_a_megabyte(pattern):
    """An engine that goes back and tries again would need more steps than there is time."""
    text = "a" * 1_000_000 + "!"

    assert list(find_pattern(pattern, Levelled(text), cased=False, most=3)) == []


def test_a_pattern_that_may_match_nothing_at_all_reads_the_text_once():
    """Searching on after each empty match would read the rest from each place."""
    text = "a" * 1_000_000

    assert list(find_pattern("(?:.*z)?", Levelled(text), cased=False, most=3)) == [(0, 0)]


def possible(patterns: tuple[str, ...], text: str, *, cased: bool = False) -> set[str]:
    return set(possible_patterns(patterns, Levelled(text), cased=cased))


def test_patterns_that_are_tried_together_are_left_out_where_none_of_them_matches():
    patterns = tuple(f"word{number}" for number in range(25))

    assert possible(patterns, "a text with Word3 in it") >= {"word3"}
    assert len(possible(patterns, "a text with Word3 in it")) < len(patterns)
    assert possible(patterns, "a text") == set()
    assert possible(patterns, "a text with Word3 in it", cased=True) == set()


@pytest.mark.parametrize(
    "patterns",
    [
        (r"\Qab", r"c\Q\Ed"),  # one after the other they would be a third: what is quoted goes on
        ("(?i)AB", "cd"),
        ("ab|x", "cd$"),
        (r"\w{900}y|ab", *(rf"\w{{900}}z{number}" for number in range(9)), "cd"),  # too large together
        ("ab" + "x?" * 200, "cd"),
    ],
)
def test_no_pattern_that_matches_is_left_out(patterns):
    assert possible(patterns, "ab", cased=True) >= {patterns[0]}
    assert possible(patterns, "cd", cased=True) >= {patterns[-1]}


@given(
    st.lists(st.sampled_from([r"\bb", "a.", "^c", "b$", r"[^a]b", "ca+", r"\Qa", "é"]), unique=True),
    st.text("abcé ", max_size=8),
)
def test_all_patterns_that_match_are_possible(patterns, text):
    matching = {one for one in patterns if any(find_pattern(one, Levelled(text), cased=True, most=1))}

    assert matching <= possible(tuple(patterns), text, cased=True)
