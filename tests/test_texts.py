"""Finding words in texts: what counts as the same, and that places lead back to the original."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.words.folding import fold

TRICKY = st.text(alphabet=" \n\t\u00a0\u00ad\u200bab.ABİΣσς’'–-éß", max_size=40)


def found(text: str, needle: str, *, as_words: bool = False, cased: bool = False) -> list[str]:
    spans = fold(text, cased=cased).find(fold(needle, cased=cased).text.strip(), as_words=as_words)
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("text", "needle", "as_words", "expected"),
    [
        ("The CFO left.", "cfo", True, ["CFO"]),
        ("CFO", "cfo", True, ["CFO"]),
        ("CFOs", "cfo", True, []),
        ("xCFO", "cfo", True, []),
        ("CFOs", "cfo", False, ["CFO"]),
        ("a CFO, a cfo", "cfo", True, ["CFO", "cfo"]),
        ("U.S. $5 million", "$5", True, ["$5"]),
        ("U.S. $50 million", "$5", True, []),
        ("debtor\u2011in\u2011possession", "debtor-in-possession", True, ["debtor\u2011in\u2011possession"]),
        ("Chapter\n\n   11", "chapter 11", True, ["Chapter\n\n   11"]),
        ("bank\u00adruptcy", "bankruptcy", True, ["bank\u00adruptcy"]),
        ("aaaa", "aa", False, ["aa", "aa"]),
        ("İstanbul", "istanbul", True, ["İstanbul"]),
        ("ΟΔΟΣ ΟΔΟΣΑ", "ΟΔΟΣ", False, ["ΟΔΟΣ", "ΟΔΟΣ"]),
        ("", "a", False, []),
    ],
)
def test_words_are_found_and_shown_as_they_stand(text, needle, as_words, expected):
    assert found(text, needle, as_words=as_words) == expected


def test_case_counts_where_asked():
    assert found("Will will", "Will", cased=True) == ["Will"]


@given(TRICKY, st.integers(0, 40), st.integers(0, 40))
@example("a\u00ad b", 0, 4)
def test_any_part_of_a_text_is_found_in_it_in_its_place(text, start, end):
    needle = fold(text[start:end]).text.strip()
    if not needle:
        return

    spans = list(fold(text).find(needle, as_words=False))
    assert spans
    assert all(fold(text[span.start : span.end]).text == needle for span in spans)


@given(TRICKY)
def test_a_text_begins_and_ends_with_itself(text):
    folded = fold(text)
    needle = folded.text.strip()
    if not needle:
        return

    for span in (folded.at_start(needle), folded.at_end(needle)):
        assert fold(text[span.start : span.end]).text == needle
