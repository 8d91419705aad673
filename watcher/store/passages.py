"""The passage of a text that shows best why it was found.

Not FTS5's own: that takes time by the square of how often a word stands in a text, and cannot be interrupted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

__all__ = ["Passage", "Piece", "passage", "pattern_of"]

# Characters. The passage begins so far ahead of its first match.
_AHEAD = 80
_LENGTH = 280
_MOST_MATCHES = 200  # of one term, that are looked at
_PART = r"[^\W_]"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text. It is a filing's own: to be escaped wherever it is shown."""

    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """Its pieces, and the characters of the text that its first match spans; None when nothing matches."""

    pieces: tuple[Piece, ...]
    start: int | None = None
    end: int | None = None


def pattern_of(words: Sequence[str], *, is_open: bool) -> re.Pattern[str]:
    """What finds these words, one after the other, in a folded text; where it begins a word is checked by the caller.

    It begins with plain letters, which are searched for far faster than anything else.
    """
    end = f"{_PART}*" if is_open else f"(?!{_PART})"
    return re.compile(r"[\W_]+".join(re.escape(_folded(word)) for word in words) + end)


def passage(text: str, patterns: Sequence[re.Pattern[str]]) -> Passage:
    """Return the first passage with as many different terms as any has; the text's beginning when none is there."""
    matches = _matches(_folded(text), patterns)
    best = max(range(len(matches)), key=lambda n: (_variety(matches, n), -n), default=None)
    if best is None:
        return Passage((Piece(text[: _word_end(text, _LENGTH)], is_match=False),))
    first = matches[best]
    begin = _word_begin(text, max(0, first[0] - _AHEAD))
    end = _word_end(text, max(first[1], begin + _LENGTH))
    shown = [one for one in matches if begin <= one[0] and one[1] <= end]
    return Passage(tuple(_pieces(text, begin, end, shown)), shown[0][0], shown[0][1])


def _matches(folded: str, patterns: Sequence[re.Pattern[str]]) -> list[tuple[int, int, int]]:
    """Where they stand, in the order of the text, and which of the terms it is."""
    found = [
        (one.start(), one.end(), which)
        for which, pattern in enumerate(patterns)
        for one in islice(pattern.finditer(folded), _MOST_MATCHES)
        if one.start() == 0 or not folded[one.start() - 1].isalnum()
    ]
    return sorted(found)


def _variety(matches: list[tuple[int, int, int]], first: int) -> int:
    """How many different terms stand in a passage that begins with this match."""
    limit = matches[first][0] + _LENGTH - _AHEAD
    seen = set()
    for start, end, which in islice(matches, first, None):
        if start >= limit:
            break
        if end <= limit:
            seen.add(which)
    return len(seen)


def _pieces(text: str, begin: int, end: int, matches: list[tuple[int, int, int]]) -> list[Piece]:
    pieces, at = [], begin
    for start, stop, _ in matches:
        if start < at:  # two terms that overlap
            continue
        pieces += [Piece(text[at:start], is_match=False), Piece(text[start:stop], is_match=True)]
        at = stop
    pieces.append(Piece(text[at:end], is_match=False))
    return [one for one in pieces if one.text]


def _folded(text: str) -> str:
    """The text without capitals and diacritics, each character at the place where it was."""
    if text.isascii():
        return text.lower()
    return text.translate({ord(letter): _plain(letter) for letter in set(text)})


def _plain(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()
    return plain if len(plain) == 1 else letter


def _word_begin(text: str, at: int) -> int:
    """The beginning of the first whole word from there on, if it comes soon."""
    if at == 0 or not text[at - 1].isalnum():
        return at
    return next((n for n in range(at, min(at + 20, len(text))) if not text[n].isalnum()), at)


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    return next((n for n in range(at, min(at + 20, len(text))) if not text[n].isalnum()), at)
