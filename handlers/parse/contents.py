"""Leaves the lines of a table of contents out of the headings that were found."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.parse.headings import Heading

__all__ = ["without_contents"]

_NUMBERED_LINE = re.compile(r"(?:[.·…_ ]{4,}+|\t)\s*+(?:page\s*+)?\d{1,3}\s*$", re.IGNORECASE)
_CONTENTS_TITLE = re.compile(
    r"^[^\w\n]*(?:table\s+of\s+contents|index|contents)[^\w\n]*(?:page[^\w\n]*)?$", re.IGNORECASE | re.MULTILINE
)
_SIGNATURE_LINE = re.compile(r"^[^\w\n]*signatures?[^\w\n]*(?:\d{1,3}[^\w\n]*)?$", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{4,}")
_MAX_LISTS = 2  # the filer's own, and the one that a filing tool puts above it
_MAX_LIST = 3_000  # characters between two lines that name items
_MAX_LINE = 150
_LOOK_BACK = 600


def without_contents(text: str, headings: list[Heading]) -> list[Heading]:
    """Leave out the lines that only list items which come again as headings."""
    kept = _without_numbered_lines(text, headings)
    for _ in range(_MAX_LISTS):
        kept = _without_list(text, kept, _list_length(text, kept))
    return kept


def _without_numbered_lines(text: str, headings: list[Heading]) -> list[Heading]:
    """Leave out lines that end on a page's number, unless nothing else names their items."""
    is_numbered = [_is_numbered(text, heading) for heading in headings]
    pairs = list(zip(headings, is_numbered, strict=True))
    real = {number for heading, numbered in pairs if not numbered for number in heading.numbers}
    return [heading for heading, numbered in pairs if not numbered or not real.issuperset(heading.numbers)]


def _is_numbered(text: str, heading: Heading) -> bool:
    high = heading.end + 200
    line_end = text.find("\n", heading.end, high)
    line_end = min(len(text), high) if line_end < 0 else line_end
    return _NUMBERED_LINE.search(text[max(heading.start, line_end - 100) : line_end]) is not None


def _list_length(text: str, headings: list[Heading]) -> int:
    """Count the headings at the beginning that only short lines set apart, and the one behind them."""
    for index, (heading, following) in enumerate(pairwise(headings), 1):
        between = text[heading.end : min(following.start, heading.end + _MAX_LIST)]
        # The list's last line is followed by whatever comes before the first real heading.
        if not _is_list(between) or _SIGNATURE_LINE.search(between):
            return index
    return len(headings)


def _without_list(text: str, headings: list[Heading], length: int) -> list[Heading]:
    """Leave out the headings of the list that come again. A single one must be announced as a list."""
    again: set[str] = set()
    kept = []
    for index in range(len(headings) - 1, -1, -1):
        if index >= length or not again.issuperset(headings[index].numbers):
            kept.append(headings[index])
        again.update(headings[index].numbers)
    is_single = len(headings) - len(kept) == 1
    return headings if is_single and not _is_announced(text, headings[0], headings[1]) else kept[::-1]


def _is_announced(text: str, first: Heading, second: Heading) -> bool:
    """Whether a single line is a table of contents: by such a title above it, or by the signature's line below."""
    if _CONTENTS_TITLE.search(text, max(0, first.start - _LOOK_BACK), first.start):
        return True
    below = text[first.end : min(second.start, first.end + _MAX_LIST)]
    signature = _SIGNATURE_LINE.search(below)
    return not below.strip() or (signature is not None and _is_list(below[: signature.start()]))


def _is_list(between: str) -> bool:
    return len(between) < _MAX_LIST and not any(_is_prose(line) for line in between.split("\n"))


def _is_prose(line: str) -> bool:
    """Whether a line is written as people write sentences, and not as they write titles."""
    if len(line) > _MAX_LINE:
        return True
    words: list[str] = _WORD.findall(line)
    return 2 * sum(word[0].islower() for word in words) > len(words) > 1
