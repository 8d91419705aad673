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
_SPACE_RUN = re.compile("  +")  # the same where nothing is unseen, as in most texts: six times faster


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

    def lowered(self) -> Folded:
        """Return the same without upper case."""
        return Folded(_lower(self.text), self.places, self.shifts)

    def find(self, needle: str, *, as_words: bool) -> Iterator[Span]:
        """Find a folded needle; ``as_words``: only where it neither begins nor ends inside a word."""
        start = self.text.find(needle)
        while start >= 0:
            end = start + len(needle)
            if not as_words or self.is_whole(start, end):
                yield self.span(start, end)
                start = self.text.find(needle, end)
            else:
                start = self.text.find(needle, start + 1)

    def starts(self, phrase: str) -> Iterator[int]:
        """Find every folded place where the phrase begins as whole words; two of them may overlap."""
        start = self.text.find(phrase)
        while start >= 0:
            if self.is_whole(start, start + len(phrase)):
                yield start
            start = self.text.find(phrase, start + 1)

    def at_start(self, needle: str) -> Span | None:
        """Where the text begins with the needle, or None."""
        start = len(self.text) - len(self.text.lstrip())
        return self.span(start, start + len(needle)) if self.text.startswith(needle, start) else None

    def at_end(self, needle: str) -> Span | None:
        """Where the text ends with the needle, or None."""
        end = len(self.text.rstrip())
        return self.span(end - len(needle), end) if self.text.endswith(needle, 0, end) else None

    def is_whole(self, start: int, end: int) -> bool:
        """Whether this folded stretch neither begins nor ends inside a word."""
        return not self.is_inside_word(start) and not self.is_inside_word(end)

    def is_inside_word(self, place: int) -> bool:
        """Whether a word goes on here, from the character before this folded place to the one at it."""
        text = self.text
        return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()

    def span(self, start: int, end: int) -> Span:
        """Return where a folded stretch, which is not empty, stands in the original."""
        # The end is that of the last character, since what follows it may have been folded away.
        return Span(self._original(start), self._original(end - 1) + 1)

    def place(self, original: int) -> int:
        """Return the first folded place that stands at this place of the original or after it."""
        places, shifts = self.places, self.shifts
        index = bisect_right(range(len(places)), original, key=lambda one: places[one] + shifts[one]) - 1
        place = original - shifts[index] if index >= 0 else original
        return min(place, places[index + 1]) if index + 1 < len(places) else place

    def _original(self, place: int) -> int:
        index = bisect_right(self.places, place) - 1
        return place + self.shifts[index] if index >= 0 else place


def fold(text: str, *, cased: bool = False) -> Folded:
    """Make a text ready for searching. A needle is folded too, and its ``text`` then stripped."""
    level = text
    for character, plain in _LEVELLED:  # several times faster than str.translate, which looks at each character
        if character in level:
            level = level.replace(character, plain)
    pieces: list[str] = []
    places: list[int] = []
    shifts: list[int] = []
    length, done = 0, 0
    for run in (_RUN if any(character in level for character in _UNSEEN) else _SPACE_RUN).finditer(level):
        pieces.append(level[done : run.start()])
        space = " " if " " in run.group() else ""
        pieces.append(space)
        length += run.start() - done + len(space)
        done = run.end()
        places.append(length)
        shifts.append(done - length)
    pieces.append(level[done:])
    folded = Folded("".join(pieces), tuple(places), tuple(shifts))
    return folded if cased else folded.lowered()


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
