"""Finds words in texts: whatever the case, line ends, quotes and dashes, in time linear in the text.

A text is folded once and then searched any number of times. What is found is told in the places of the original.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Folded", "Span", "fold"]

# Typed by one filer and typeset by another: one character to us.
_ALIKE = {
    "'": "\u2018\u2019\u201b\u2032\u00b4\u02bc",
    '"': "\u201c\u201d\u201e\u201f\u2033",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
}
# Seen by no reader: where a word may be broken, and byte order marks in the middle of a text.
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_SPACES = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LEVELLED = tuple((char, plain) for plain, chars in (*_ALIKE.items(), (" ", _SPACES)) for char in chars)
_RUN = re.compile(f"[ {_UNSEEN}]{{2,}}|[{_UNSEEN}]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the original text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A text made ready for searching, and the way back to the original's places."""

    text: str
    # From folded place ``places[n]`` on, the original place is ``shifts[n]`` further.
    places: tuple[int, ...]
    shifts: tuple[int, ...]

    def find(self, needle: str, *, as_words: bool) -> Iterator[Span]:
        """Find a folded needle; ``as_words``: only where it neither begins nor ends inside a word."""
        start = self.text.find(needle)
        while start >= 0:
            end = start + len(needle)
            if not as_words or self._is_whole(start, end):
                yield self._span(start, end)
                start = self.text.find(needle, end)
            else:
                start = self.text.find(needle, start + 1)

    def at_start(self, needle: str) -> Span | None:
        """Where the text begins with the needle, or None."""
        start = len(self.text) - len(self.text.lstrip())
        return self._span(start, start + len(needle)) if self.text.startswith(needle, start) else None

    def at_end(self, needle: str) -> Span | None:
        """Where the text ends with the needle, or None."""
        end = len(self.text.rstrip())
        return self._span(end - len(needle), end) if self.text.endswith(needle, 0, end) else None

    def _is_whole(self, start: int, end: int) -> bool:
        text = self.text
        opens = start == 0 or not (text[start].isalnum() and text[start - 1].isalnum())
        closes = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
        return opens and closes

    def _span(self, start: int, end: int) -> Span:
        # The end is that of the last character, since what follows it may have been folded away.
        return Span(self._original(start), self._original(end - 1) + 1)

    def _original(self, place: int) -> int:
        index = bisect_right(self.places, place) - 1
        return place + self.shifts[index] if index >= 0 else place


def fold(text: str, *, cased: bool = False) -> Folded:
    """Make a text ready for searching. A needle is folded too, and its ``text`` then stripped."""
    level = text
    for character, plain in _LEVELLED:  # several times faster than str.translate, which looks at each character
        if character in level:
            level = level.replace(character, plain)
    if not cased:
        level = _lower(level)
    pieces: list[str] = []
    places: list[int] = []
    shifts: list[int] = []
    length, done = 0, 0
    for run in _RUN.finditer(level):
        pieces.append(level[done : run.start()])
        space = " " if " " in run.group() else ""
        pieces.append(space)
        length += run.start() - done + len(space)
        done = run.end()
        places.append(length)
        shifts.append(done - length)
    pieces.append(level[done:])
    return Folded("".join(pieces), tuple(places), tuple(shifts))


def _lower(text: str) -> str:
    """Lower the case without a change of length, or places would no longer fit."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(_lower_character(character) for character in text)
    # Which of the two a capital sigma becomes depends on what follows, so a part would not match its whole.
    return lowered.replace("\u03c2", "\u03c3")


def _lower_character(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else unicodedata.normalize("NFD", lowered)[0]
