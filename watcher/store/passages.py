"""The passage of a text that shows best why it was found.

Not FTS5's own: that takes time by the square of how often a word stands in a text, and cannot be interrupted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

__all__ = ["MOST_LOOKED_AT", "MOST_PLACES", "Passage", "Piece", "Term", "fold", "passage", "stands_in", "term_of"]

# Characters. The passage begins so far ahead of its first match.
_AHEAD = 80
_LENGTH = 280
_MOST_MATCHES = 200  # of one term, that are looked at
# What a text may cost is bounded, whoever wrote it and whatever is asked: characters, and places for each term.
MOST_LOOKED_AT = 1_000_000
MOST_PLACES = 20_000
_PART = r"[^\W_]"
_WORD_END = f"(?!{_PART})"
_REST = f"{_PART}*+"
_GAP = re.compile(r"[\W_]{1,1000}+")  # nobody reads a phrase across more than that


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


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other, folded; ``is_open``: the last one may go on."""

    words: tuple[str, ...]
    is_open: bool = False


def term_of(words: Sequence[str], *, is_open: bool) -> Term:
    """Return what is looked for when these words are; equal ones come of words that are equal but for capitals."""
    return Term(tuple(map(fold, words)), is_open)


def passage(text: str, terms: Sequence[Term], is_over: Callable[[], bool] = lambda: False) -> Passage:
    """Return the first passage with as many different terms as any has; the text's beginning when none is there.

    Only the first ``MOST_LOOKED_AT`` characters are looked at, and of each term the first ``MOST_PLACES`` places at
    which its first word may stand. When ``is_over`` says so on the way, it is the text's beginning, too.
    """
    matches = _matches(fold(text[:MOST_LOOKED_AT]), terms, is_over)
    best = max(range(len(matches)), key=lambda n: (_variety(matches, n), -n), default=None)
    if best is None:
        return Passage((Piece(text[: _word_end(text, _LENGTH)], is_match=False),))
    first = matches[best]
    begin = _word_begin(text, max(0, first[0] - _AHEAD))
    end = _word_end(text, max(first[1], begin + _LENGTH))
    shown = [one for one in matches if begin <= one[0] and one[1] <= end]
    return Passage(tuple(_pieces(text, begin, end, shown)), shown[0][0], shown[0][1])


def fold(text: str) -> str:
    """Return the text without capitals and diacritics, each character at the place where it was."""
    if text.isascii():
        return text.lower()
    return text.translate({ord(letter): _plain(letter) for letter in set(text)})


def stands_in(folded: str, term: Term) -> bool:
    """Whether the term stands in a text that `fold` gave; of a first word at ``MOST_PLACES`` places, in the first."""
    return next(_spans(folded, term, lambda: False), None) is not None


def _matches(folded: str, terms: Sequence[Term], is_over: Callable[[], bool]) -> list[tuple[int, int, int]]:
    """Where they stand, in the order of the text, and which of the terms it is; nothing when the time is over."""
    found = []
    for which, term in enumerate(terms):
        for start, end in islice(_spans(folded, term, is_over), _MOST_MATCHES):
            found.append((start, end, which))
        if is_over():
            return []
    return sorted(found)


def _spans(folded: str, term: Term, is_over: Callable[[], bool]) -> Iterator[tuple[int, int]]:
    """Give where it stands.

    The regular expression knows the first word only, so that it is quick and holds up other threads for a moment at
    most; it begins with plain letters, which are searched for far faster than anything else.
    """
    patterns = [re.compile(re.escape(word) + _WORD_END) for word in term.words]
    if term.is_open:
        patterns[-1] = re.compile(re.escape(term.words[-1]) + _REST)
    taken = 0
    for one in islice(patterns[0].finditer(folded), MOST_PLACES):
        if is_over():
            return
        start = one.start()
        if start < taken or (start and folded[start - 1].isalnum()):
            continue
        end = _end_of_all(folded, one.end(), patterns[1:])
        if end is not None:
            yield start, end
            taken = end


def _end_of_all(folded: str, at: int, patterns: Sequence[re.Pattern[str]]) -> int | None:
    """Where the last of these words ends when they follow each other from there on; None when they do not."""
    for pattern in patterns:
        gap = _GAP.match(folded, at)
        word = gap and pattern.match(folded, gap.end())
        if not word:
            return None
        at = word.end()
    return at


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
