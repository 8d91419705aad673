"""Many phrases at once: both matchers find what looking for each phrase finds, and no more."""

from collections.abc import Callable, Iterable

import pytest
from _ruling import folded
from hypothesis import example, given
from hypothesis import strategies as st

from watcher.words import phrases as _scan
from watcher.words.folding import fold
from watcher.words.phrases import AutomatonMatcher, Matcher, WordMatcher, matcher_for, matcher_name

# Words that begin alike, end alike and hold each other, with what may stand between them.
WORDS = st.sampled_from(
    ["a", "b", "ab", "ba", "aab", "the", "cfo", "CFO", "İ", "Σς", "é", "5", "٣", "²", "_", "\ud800"]
)
GAPS = st.sampled_from([" ", "  ", "\n", "-", "\u2013", "'", "\u2019", ". ", ", ", "$", "\u00ad", "_", "", "«"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=25).map(lambda pairs: "".join(map("".join, pairs)))
SHORT = st.lists(st.tuples(GAPS, WORDS, GAPS), min_size=1, max_size=3).map(lambda parts: "".join(map("".join, parts)))
PHRASES = st.lists(SHORT | GAPS, max_size=12).map(lambda texts: [one for one in map(folded, texts) if one])

Build = Callable[[Iterable[str]], Matcher]


@pytest.fixture(params=[WordMatcher, AutomatonMatcher])
def build(request) -> Build:
    if request.param is AutomatonMatcher:
        pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")
    return request.param


def found(matcher: Matcher, text: str) -> dict[str, list[int]]:
    return {phrase: list(places) for phrase, places in matcher.find(text).items() if places}


def looked_for(phrases: Iterable[str], text: str) -> dict[str, list[int]]:
    places = {phrase: list(fold(text, cased=True).starts(phrase)) for phrase in phrases}
    return {phrase: starts for phrase, starts in places.items() if starts}


@pytest.mark.parametrize(
    ("phrases", "text", "expected"),
    [
        (["cfo"], "the cfo. cfos, acfo (cfo)", {"cfo": [4, 21]}),
        (["a b", "b c", "a b c", "c"], "a b c", {"a b": [0], "b c": [2], "a b c": [0], "c": [4]}),
        (["a a"], "a a a", {"a a": [0, 2]}),
        (["a b", "a-b", "a, b"], "a-b a, b", {"a-b": [0], "a, b": [4]}),
        (["$5", "5"], "$5 $50 us$5", {"$5": [0, 9], "5": [1, 10]}),
        (["u.s.", "u.s"], "the u.s.a or u.s. here", {"u.s": [4, 13], "u.s.": [4, 13]}),
        (["--", "("], "a -- b --- (c", {"--": [2, 7, 8], "(": [11]}),
        (["new york", "york city"], "new york city", {"new york": [0], "york city": [4]}),
        (["x y z", "y q"], "x y q", {"y q": [2]}),
        (["a_b"], "a_b _a_b", {"a_b": [0, 5]}),
        (["ab"], "", {}),
        ([], "a text", {}),
    ],
)
def test_a_phrase_is_found_where_it_is_whole(build: Build, phrases, text, expected):
    assert found(build(phrases), text) == expected


@given(PHRASES, TEXTS)
@example(["((ab", "a-ab"], "aa-ab")
def test_the_words_matcher_finds_what_looking_for_each_phrase_finds(phrases, text):
    text = folded(text)

    assert found(WordMatcher(phrases), text) == looked_for(phrases, text)


@given(PHRASES, TEXTS)
@example(["\ufffe"], "\ud800")
def test_both_matchers_give_equal_answers(phrases, text):
    pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")
    text = folded(text)

    assert found(AutomatonMatcher(phrases), text) == found(WordMatcher(phrases), text)


@given(st.lists(st.text(min_size=1, max_size=4).map(folded).filter(bool), max_size=6), st.text(max_size=60).map(folded))
def test_both_matchers_give_equal_answers_on_any_text(phrases, text):
    pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")

    assert found(AutomatonMatcher(phrases), text) == found(WordMatcher(phrases), text) == looked_for(phrases, text)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=8), TEXTS)
def test_parts_of_a_text_are_found_in_it(parts, text):
    text = folded(text)
    phrases = [one for one in (text[start : start + length].strip() for start, length in parts) if one]

    assert found(WordMatcher(phrases), text) == looked_for(phrases, text)


@pytest.mark.parametrize("before", range(_scan._PART - 9, _scan._PART + 2))
def test_a_phrase_is_found_once_wherever_it_stands_in_a_long_text(build: Build, before: int):
    text = " " * before + "cfo resigns" + " " * _scan._PART

    assert found(build(["cfo resigns", "resigns", "fo"]), text) == {"cfo resigns": [before], "resigns": [before + 4]}


def test_steps_grow_with_the_text_and_not_with_the_phrases(monkeypatch):
    """Ten thousand phrases that all begin with the same words, as do all places of the text."""
    steps = 0

    def counted(node, word):
        nonlocal steps
        steps += 1
        return dict.get(node, word)

    monkeypatch.setattr(_scan._Node, "get", counted, raising=False)
    matcher = WordMatcher("the " * 40 + f"end{number}" for number in range(10_000))
    words = 5_000
    steps = 0

    assert matcher.find("the " * words) == {}
    assert steps < 3 * words


def test_the_compiled_matcher_is_chosen_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(_scan, "_MODULE", "no_such_module")
    _scan._version.cache_clear()
    try:
        assert isinstance(matcher_for(["a"]), WordMatcher)
        assert matcher_name() == "standard library"
    finally:
        _scan._version.cache_clear()


def test_the_compiled_matcher_is_told_with_its_version():
    library = pytest.importorskip("ahocorasick_rs", reason="the compiled matcher is not installed")

    assert isinstance(matcher_for(["a"]), AutomatonMatcher)
    assert matcher_name().startswith("ahocorasick-rs 1.")
    assert library.__name__ == "ahocorasick_rs"
