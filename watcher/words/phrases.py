"""Finds many phrases in a text at once, as whole words, whatever their number.

There are two matchers. The one of the standard library goes from word to word; the other one, if ``ahocorasick-rs`` is
installed (extra ``fast``), is compiled and goes from character to character. They give the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module, metadata
from typing import Any, Protocol

__all__ = ["AutomatonMatcher", "Hits", "Matcher", "WordMatcher", "matcher_for", "matcher_name"]

# Where each phrase that occurs begins, in rising order; its occurrences may overlap.
Hits = Mapping[str, Sequence[int]]

_WORD = re.compile(r"[^\W_]+")  # what ``str.isalnum`` holds for
_GAP = re.compile(r"[\W_]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PART = 2**15
_LIBRARY, _MODULE = "ahocorasick-rs", "ahocorasick_rs"


class Matcher(Protocol):
    """Looks for a set of phrases. Text and phrases are folded alike, and phrases are stripped."""

    def find(self, text: str) -> Hits:
        """Return every place where a phrase neither begins nor ends inside a word."""


class _Node(dict[str, "_Node"]):
    """Words read so far, by the word that comes next. To go on after a mismatch, see ``fallback``."""

    __slots__ = ("depth", "endings", "fallback", "longest")

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth  # how many words
        self.fallback: _Node | None = None  # the longest other node that these words end with; None at the root
        # What phrases of exactly these words look like: places before the first word, and the whole length.
        self.endings: dict[tuple[int, int], set[str]] = {}
        self.longest: _Node | None = None  # the longest node with endings that these words end with; may be itself


class WordMatcher:
    """The matcher of the standard library: an Aho-Corasick automaton of words in place of characters.

    A phrase can only stand where its words do, one after the other. What is between and around them is compared then,
    at once for all phrases of these words that are of one length.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._root = _Node(0)
        self._wordless: list[str] = []
        for phrase in dict.fromkeys(phrases):
            first = _WORD.search(phrase)
            if first is None:
                self._wordless.append(phrase)
                continue
            node = self._node(_WORD.findall(phrase))
            node.endings.setdefault((first.start(), len(phrase)), set()).add(phrase)
        self._link()

    def find(self, text: str) -> Hits:
        """Return every place where a phrase neither begins nor ends inside a word."""
        hits: dict[str, list[int]] = {}
        ends = list(self._ends(_WORD.findall(text))) if self._root else []
        starts = [word.start() for word in _WORD.finditer(text)] if ends else []
        for index, found in ends:
            node: _Node | None = found
            while node is not None:
                first = starts[index - node.depth + 1]
                for (before, length), phrases in node.endings.items():
                    piece = text[first - before : first - before + length] if first >= before else ""
                    if piece in phrases:
                        hits.setdefault(piece, []).append(first - before)
                node = node.fallback.longest if node.fallback is not None else None
        return hits | self._without_words(text)

    def _ends(self, words: list[str]) -> Iterator[tuple[int, _Node]]:
        """Give the number of each word with which words of a phrase end, and the longest node there."""
        root = node = self._root
        for index, word in enumerate(words):
            following = node.get(word)
            while following is None and node.fallback is not None:
                node = node.fallback
                following = node.get(word)
            node = root if following is None else following
            if node.longest is not None:
                yield index, node.longest

    def _without_words(self, text: str) -> dict[str, list[int]]:
        if not self._wordless:
            return {}
        gaps = "a".join(set(_GAP.findall(text)))
        return {phrase: list(_places(text, phrase)) for phrase in self._wordless if phrase in gaps}

    def _node(self, words: Iterable[str]) -> _Node:
        node = self._root
        for word in words:
            following = node.get(word)
            if following is None:
                following = node[word] = _Node(node.depth + 1)
            node = following
        return node

    def _link(self) -> None:
        """Say of each node where to go on after a mismatch: level by level, from those above it."""
        level = [self._root]
        while level:
            for node in level:
                for word, following in node.items():
                    other = node.fallback
                    while other is not None and word not in other:
                        other = other.fallback
                    # The root falls back to nothing, and what follows it to the root.
                    following.fallback = self._root if other is None else other[word]
                    following.longest = following if following.endings else following.fallback.longest
            level = [following for node in level for following in node.values()]


class AutomatonMatcher:
    """The compiled matcher: an Aho-Corasick automaton of characters. Raises ``ImportError`` where there is none."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = list(dict.fromkeys(phrases))
        self._overlap = max(map(len, self._phrases), default=1) - 1
        self._edges = [(phrase[0].isalnum(), phrase[-1].isalnum()) for phrase in self._phrases]
        self._automaton: Any = import_module(_MODULE).AhoCorasick([_encodable(phrase) for phrase in self._phrases])

    def find(self, text: str) -> Hits:
        """Return every place where a phrase neither begins nor ends inside a word."""
        hits: dict[str, list[int]] = {}
        phrases, edges, last = self._phrases, self._edges, len(text)
        for number, start, end in self._matches(_encodable(text)):
            opens, closes = edges[number]
            if closes and end < last and text[end].isalnum():
                continue
            if opens and start and text[start - 1].isalnum():
                continue
            if text.startswith(phrases[number], start):
                hits.setdefault(phrases[number], []).append(start)
        return hits

    def _matches(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Give the phrase's number, the start and the end of each match, whole words or not.

        The library returns a list, which for some texts is many times as large as they are: so, part by part.
        """
        for first in range(0, len(text), _PART):
            part = text[first : first + _PART + self._overlap]
            for number, start, end in self._automaton.find_matches_as_indexes(part, overlapping=True):
                if start < _PART:  # else it is the next part's
                    yield number, first + start, first + end


def matcher_for(phrases: Iterable[str]) -> Matcher:
    """Return the fastest matcher that there is."""
    return AutomatonMatcher(phrases) if _version() else WordMatcher(phrases)


def matcher_name() -> str:
    """Say which matcher ``matcher_for`` gives, with its version."""
    return f"{_LIBRARY} {_version()}" if _version() else "standard library"


@cache
def _version() -> str:
    """Return the version of the compiled matcher, or "" where it is not installed."""
    try:
        import_module(_MODULE)
    except ImportError:
        return ""
    return metadata.version(_LIBRARY)


def _encodable(text: str) -> str:
    """Put a character that is of no word for each lone surrogate: the library takes UTF-8, which has none of them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffe", text)
    return text


def _places(text: str, phrase: str) -> Iterator[int]:
    start = text.find(phrase)
    while start >= 0:
        yield start
        start = text.find(phrase, start + 1)
