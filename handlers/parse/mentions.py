"""Tells an item's heading from a mere mention of the item, by the words before and behind its number."""

from __future__ import annotations

import re

from handlers.parse.titles import is_of_another_form

__all__ = ["goes_on", "hangs", "is_spoken_of", "line_end", "says_nothing", "stands_alone"]

_WORD = re.compile(r"[A-Za-z][A-Za-z'’\-]*|\d[\d.()\-]*")
_LETTER = re.compile(r"[^\W\d_]")
_NOTHING = re.compile(r"\W*(?:are\s+)?(?:none|not|n/a|inapplicable|omitted)\b", re.IGNORECASE)
_VERB_BEHIND = re.compile(
    r"[\"”]?[ \t]{0,40}+\n?[ \t]{0,40}+(?:is|are|was|were|shall|will|has|have|had|above|below|hereof|herein|hereto|"
    r"thereof|which|that|does|may|must|should|contained|incorporated|furnished|(?:of|in|to)\s+(?:this|our|such)|"
    r"and\s+(?:shall|is|are|not))\b"
)
_SMALL_BEHIND = re.compile(r"[\"”,;]{0,3}+[ \t]{0,40}+\n?[ \t]{0,40}+[a-z]")
_NEXT_LINE_GOES_ON = re.compile(r"\n?[^\w\n]*(?:[a-z](?!\))|\Z)")
# "Item 9.01 of the original report is hereby amended as follows:" heads what follows.
_AMENDED = re.compile(
    r"(?:[^\n]|\n(?!\n)){0,200}?\b(?:is|are)\s+(?:hereby\s+|being\s+|further\s+){0,2}"
    r"(?:amended|supplemented|restated|replaced|deleted)\b"
)
_REFERRING = frozenset(
    (
        *("of", "above", "below", "hereof", "herein", "to", "in", "is", "are", "was", "were", "and", "or", "which"),
        *("shall", "by", "under", "as", "that", "this", "for", "with", "on", "has", "have", "will", "hereto", "from"),
    )
)
_SPEAKING = frozenset(("Form", "Disclosure", "Disclosures", "Information"))
_LEFT_HANGING = re.compile(
    r"\b(?:under|in|to|of|and|or|the|this|see|with|by|pursuant|per|from|for|following|that|an?|not|than|both|either)\Z",
    re.IGNORECASE,
)
# "Items 1-4. Not applicable."
_RANGE = re.compile(r"[\s.]{0,3}(?:(?:[-–—]|to\b|through\b|thru\b)\s{0,3}|through\s+items?\s+)\d", re.IGNORECASE)
_LONG_LINE = 50  # what is shorter and ends with a comma may be part of an address
_LONG_WORD = 20  # longer than any of those that leave a sentence hanging, and what sets it apart
_MAX_REST = 600  # keeps the time linear in the text, however long its lines are


def hangs(text: str, line_start: int) -> bool:
    """Whether the line before leaves a sentence open, so that this line only goes on with it."""
    before = text[max(0, line_start - 200) : line_start]
    if before.endswith("\n\n") or not before.endswith("\n"):
        return False
    words = before[:-1].rstrip(" \t")
    line = words[words.rfind("\n") + 1 :]
    is_long = len(line) > _LONG_LINE and line.endswith(",")
    return is_long or _LEFT_HANGING.search(line[-_LONG_WORD:]) is not None


def goes_on(text: str, line_start: int) -> bool:
    """Whether the line before, with no empty line between, does not end like one that is complete."""
    before = text[max(0, line_start - 400) : line_start]
    words = before.rstrip()
    return bool(words) and "\n\n" not in before[len(words) :] and words[-1] not in '.:;)!?_-=*\u201d"'


def is_spoken_of(text: str, line_start: int, title_end: int) -> bool:
    """Whether a number with its title stands in a sentence: a verb follows, or running text before and behind."""
    if _VERB_BEHIND.match(text, title_end):
        return True
    return _SMALL_BEHIND.match(text, title_end) is not None and goes_on(text, line_start)


def stands_alone(text: str, line_start: int, end: int, numbers: tuple[str, ...]) -> bool:
    """Whether a number without its title reads like a heading and not like a reference in running text."""
    if _RANGE.match(text, end) or goes_on(text, line_start):
        return False
    rest = text[end : line_end(text, end)].strip(" \t.:;-–—*_)]")
    if not rest:
        return _NEXT_LINE_GOES_ON.match(text, line_end(text, end)) is None
    if "." not in numbers[0] and (text[end] not in ".:-–— \t)]" or _LETTER.search(rest) is None):
        return False
    if len(numbers) > 1 and _NOTHING.match(rest):
        return False
    return not _speaks_of_it(text[end], rest) or _AMENDED.match(text, end) is not None


def says_nothing(text: str, place: int) -> bool:
    """Whether the item is named only to say that it does not apply."""
    return _NOTHING.match(text, place) is not None


def _speaks_of_it(after_number: str, rest: str) -> bool:
    """Whether these words behind a number make a sentence of it, or the heading of some other form's item.

    The comma of "Item 1.01, which ..." or the capital of "Item 5.02 On May 3 ..." tell.
    """
    word = _WORD.search(rest)
    first = word[0] if word else rest[0]
    refers = first.isupper() and first.lower() in _REFERRING
    speaks = first in _SPEAKING and after_number.isspace()
    return after_number == "," or first[0].islower() or refers or speaks or is_of_another_form(rest)


def line_end(text: str, place: int) -> int:
    """Find where the line ends, looking ahead no further than is needed to judge it."""
    high = min(len(text), place + _MAX_REST)
    found = text.find("\n", place, high)
    return high if found < 0 else found
