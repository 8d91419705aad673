"""Two phrases near each other: which stretches of a text count."""

import pytest
from _ruling import clause, folded, near, rule
from hypothesis import given
from hypothesis import strategies as st

from handlers.alert.matching.view import ReportView
from watcher.models import Document, Filing, Report
from watcher.words import near as _near
from watcher.words.folding import fold
from watcher.words.near import near_stretches

TEXT = "The Chief Financial Officer, Ms. Doe, will resign. A new CFO is sought; no director resigned."
TITLES = ("chief financial officer", "CFO")
LEAVING = ("resign", "resigned")


def hits(text: str, phrases: tuple[str, ...]) -> list[tuple[int, int]]:
    return [(start, start + len(one)) for one in phrases for start in fold(text).starts(folded(one))]


def stretches(text: str, a: tuple[str, ...], b: tuple[str, ...], within_words: int) -> list[str]:
    text = folded(text)
    found = near_stretches(text, hits(text, a), hits(text, b), within_words)
    return [text[start:end] for start, end in found]


def quotes(text: str, *, within_words: int, cased: bool = False) -> list[str]:
    report = Report(Filing("0001234567-26-000042"), documents=(Document(1, "8-K", "a.htm", "", len(text), text),))
    asked = clause("text.body", "near", near(TITLES, LEAVING, within_words, cased=cased), cased=cased)
    alert = rule(asked).alert(ReportView(report))
    assert all(text[one.start : one.end] == one.text for one in (alert.evidence if alert else ()))
    return [one.text for one in alert.evidence] if alert else []


@pytest.mark.parametrize(
    ("a", "b", "within_words", "expected"),
    [
        (("x",), ("y",), 0, ["x y"]),
        (("y",), ("x",), 0, ["x y"]),
        (("x",), ("z",), 0, []),
        (("x",), ("z",), 1, ["x y z"]),
        (("x y",), ("y z",), 9, []),
        (("x",), ("x",), 9, []),
        (("x", "y"), ("y", "z"), 0, ["x y", "y z"]),
    ],
)
def test_both_sides_must_stand_apart_with_few_words_between(a, b, within_words, expected):
    assert stretches("x y z", a, b, within_words) == expected


def test_the_nearest_pair_is_shown():
    assert stretches("a a w b b", ("a",), ("b",), 5) == ["a w b"]


def test_words_are_runs_of_letters_and_digits():
    assert stretches("a, (it's) b", ("a",), ("b",), 2) == ["a, (it's) b"]
    assert stretches("a, (it's) b", ("a",), ("b",), 1) == []


def test_evidence_reaches_from_the_first_phrase_to_the_last():
    assert quotes(TEXT, within_words=4) == [
        "Chief Financial Officer, Ms. Doe, will resign",
        "resign. A new CFO",
        "CFO is sought; no director resigned",
    ]


def test_case_counts_where_asked():
    assert quotes(TEXT, within_words=10, cased=True) == ["resign. A new CFO", "CFO is sought; no director resigned"]


def test_a_long_stretch_is_cut():
    text = "CFO " + "w" * 5_000 + " resign"

    assert quotes(text, within_words=1) == [text[:2_000]]


def test_far_apart_is_not_near():
    assert quotes("CFO " + "word " * 20 + "resigned", within_words=19) == []


@given(st.lists(st.sampled_from("abcw"), max_size=30), st.integers(0, 4))
def test_it_holds_just_where_some_pair_is_near(words, within_words):
    text = " ".join(words)
    a, b = hits(text, ("a", "a c")), hits(text, ("b", "c b"))
    pairs = [(min(one, two), max(one, two)) for one in a for two in b]
    near_pairs = [
        (one, two) for one, two in pairs if one[1] <= two[0] and len(text[one[1] : two[0]].split()) <= within_words
    ]
    found = near_stretches(text, a, b, within_words)

    assert bool(found) == bool(near_pairs)
    assert set(found) <= {(one[0], two[1]) for one, two in near_pairs}


def test_no_part_of_a_text_is_counted_twice(monkeypatch):
    counted = 0

    class Words:
        def findall(self, text: str, start: int, end: int) -> list[str]:
            nonlocal counted
            counted += end - start
            return text[start:end].split()

    monkeypatch.setattr(_near, "_WORD", Words())
    text = "a w w b " * 500 + "a " * 500 + "w " * 500 + "b " * 500
    near_stretches(text, hits(text, ("a",)), hits(text, ("b",)), 200)

    assert counted <= 2 * len(text)
