"""Finds item headings in a main document's text: which lines name an item, and which only speak of one.

A heading stands at the start of a line and is followed by the item's title, or stands alone. A reference
("the information in Item 2.02 of this report"), a line of a table of contents and an item quoted in running
text are no headings. What belongs to which heading is left to `handlers.parse.items`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, zip_longest
from math import inf

from handlers.parse.contents import without_contents
from handlers.parse.item_numbers import NUMBER, PARTS, WORD_ITEM, is_sure, read_number, read_numbers
from handlers.parse.mentions import goes_on, hangs, is_spoken_of, line_end, says_nothing, stands_alone
from handlers.parse.titles import odd_title_end, title_end, titles_end
from watcher import number_of_wording

__all__ = ["Heading", "find_headings"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the items it names, where its line starts, and where the words after its title start.

    ``number_end`` is where the words after the number start: it matters when what looks like a title of the filer's
    own is all that the item says.
    """

    numbers: tuple[str, ...]
    start: int
    end: int
    is_titled: bool  # the item's own title follows the number
    number_end: int


# What may stand before the word on its line: the form's own section line, the form's name, a mark of enumeration.
_LEAD = (
    r"(?:section[ \t]{1,3}[1-9]\b[^\n]{0,160}?|form[ \t]{1,3}8-k[ \t,:.\-–—]{1,5}|"
    r"(?:[a-h]|[ivx]{1,4}|\d{1,2})[.)][ \t]{0,10})?"
)
# A heading that leaves the word "Item" out, or misspells it.
_BARE = r"(?:(?:[items]{2,6}+|section)[ \t.:#]{0,4})?(?P<bare>[1-9]\.\d\d|(?:1[0-3]|[1-9])(?=[.:]))"
_HEADING = (
    rf"[^A-Za-z0-9\n]{{0,200}}+(?=[a-imstvx0-9])(?:{_LEAD}(?P<word>{WORD_ITEM})(?P<number>{NUMBER}){PARTS}"
    rf"|{_BARE}{PARTS}(?=[\s.:\-–—]))"
)
_FIRST_LINE = re.compile(_HEADING, re.IGNORECASE)
_LINE = re.compile(rf"\n{_HEADING}", re.IGNORECASE)
_MENTION = re.compile(rf"{WORD_ITEM}(?P<number>{NUMBER}){PARTS}", re.IGNORECASE)
_JOINED = re.compile(
    rf"(?P<gap>[\s.,;:/&\-–—]{{0,12}}(?:(?:and|or)\b\s{{0,6}})?)(?P<word>{WORD_ITEM})?(?P<number>{NUMBER}){PARTS}",
    re.IGNORECASE,
)
_JOINING = re.compile(r"[,;/&]|\b(?:and|or)\b", re.IGNORECASE)

_QUOTE = re.compile('["\u201c\u2018\u201e]\\s*$')
_CLOSING = re.compile('[ \\t]*[.:;*_)\\]"”\\-–—]*(?=\\s|$|[A-Z])')
_SENTENCE_END = re.compile(r"[ \t]*[.:;–—\t-]")
_ASIDE = re.compile(r"[ \t.:;\-–—]*\([^()\n]{4,40}\)[ \t.:]*$")
_SECTION_LINE = re.compile(r"(?:^|\n)[^\w\n]*section[ \t]+\d\b[^\n]{0,160}\n\s*$", re.IGNORECASE)
_MAX_MENTIONS = 1_000  # keep a document that names items without end from costing as much
_SHORT_LINE = re.compile(r"^[^\n]{8,300}$", re.MULTILINE)


def find_headings(text: str, filed_on: date | None = None) -> list[Heading]:
    """Find every heading, in order. Lines of a table of contents are left out."""
    found = (
        list(_at_line_starts(text, filed_on))
        or list(_in_running_text(text, filed_on))
        or list(_by_title_alone(text, filed_on))
    )
    return _in_order(text, _without_echoes(_of_one_numbering(without_contents(text, found))))


def _at_line_starts(text: str, filed_on: date | None) -> Iterator[Heading]:
    place = 0
    for match in _lines(text):
        heading = _heading(text, match, filed_on) if match.end() > place else None
        if heading is not None and heading.start < place:
            # The section line above it, or the line that it begins on, is the last heading's already.
            heading = replace(heading, start=max(place, match.start() + 1))
        while heading is not None:
            yield heading
            place = heading.end
            heading = _joined(text, heading, filed_on)


def _lines(text: str) -> Iterator[re.Match[str]]:
    first = _FIRST_LINE.match(text)
    if first is not None:
        yield first
    yield from _LINE.finditer(text)


def _heading(text: str, match: re.Match[str], filed_on: date | None) -> Heading | None:
    """Judge one line that names an item: a heading, or None."""
    line_start = match.start() + text.startswith("\n", match.start())
    if hangs(text, line_start):
        return None
    if match["bare"]:
        return _bare_heading(text, match, line_start, filed_on)
    if _QUOTE.search(text, max(line_start, match.start("word") - 3), match.start("word")):
        return None
    numbers, end = read_numbers(text, match["number"], match.end(), filed_on)
    titles = titles_end(text, end, numbers)
    if not numbers or not _is_heading(text, match, line_start, end, numbers, titles):
        return None
    return _made(text, numbers, _with_section_line(text, line_start), end, titles)


def _is_heading(
    text: str, match: re.Match[str], line_start: int, end: int, numbers: tuple[str, ...], titles: int | None
) -> bool:
    is_certain = is_sure(match["number"])
    if titles is None:
        # An old number on a line below the word may be the first of some list.
        is_torn = "." not in numbers[0] and "\n" in match["word"]
        return is_certain and not is_torn and stands_alone(text, line_start, end, numbers)
    if is_spoken_of(text, line_start, titles):
        return False
    return is_certain or title_end(text, end, numbers[0], is_whole=True) is not None


def _bare_heading(text: str, match: re.Match[str], line_start: int, filed_on: date | None) -> Heading | None:
    """Take a number without the word "Item" only with nearly the whole title behind it."""
    number = read_number(match["bare"], filed_on)
    titles = title_end(text, match.end(), number, is_whole=True) if number else None
    if number is None or titles is None or is_spoken_of(text, line_start, titles) or goes_on(text, line_start):
        return None
    return _made(text, (number,), _with_section_line(text, line_start), match.end(), titles)


def _joined(text: str, last: Heading, filed_on: date | None) -> Heading | None:
    """Find the heading that goes on where this one ends: "Item 2.02 Results ...; and Item 7.01 Regulation FD"."""
    match = _JOINED.match(text, last.end)
    if match is None:
        return None
    is_joining = _JOINING.search(match["gap"]) is not None
    if not is_joining and ("\n" in match["gap"] or match["word"] is None):
        return None
    numbers, end = read_numbers(text, match["number"], match.end(), filed_on)
    if not numbers or ("." in numbers[0]) != ("." in last.numbers[0]):
        return None
    titles = titles_end(text, end, numbers)
    is_alone = match["word"] is not None and not text[end : line_end(text, end)].strip(" \t.:;)")
    if not is_alone if titles is None else is_spoken_of(text, match.start("number"), titles):
        return None
    return _made(text, numbers, last.end, end, titles)


def _in_running_text(text: str, filed_on: date | None) -> Iterator[Heading]:
    """Find items with nearly their whole title anywhere, for a document that sets no heading on a line of its own."""
    place = 0
    for match in islice(_MENTION.finditer(text), _MAX_MENTIONS):
        if match.start() < place:
            continue
        numbers, end = read_numbers(text, match["number"], match.end(), filed_on)
        titles = title_end(text, end, numbers[0], is_whole=True) if numbers else None
        if titles is not None:
            heading = _made(text, numbers, match.start(), end, titles)
            place = heading.end
            yield heading


def _by_title_alone(text: str, filed_on: date | None) -> Iterator[Heading]:
    """Find lines that are an official title and nothing else, for a document without any number."""
    for match in _SHORT_LINE.finditer(text):
        number = number_of_wording(match[0], filed_on)
        if number is not None:
            yield Heading((number,), match.start(), match.end(), True, match.end())


def _made(text: str, numbers: tuple[str, ...], start: int, number_end: int, titles: int | None) -> Heading:
    behind_number = _heading_end(text, number_end, None)
    if titles is not None:
        return Heading(numbers, start, _heading_end(text, number_end, titles), True, behind_number)
    return Heading(numbers, start, odd_title_end(text, number_end) or behind_number, False, behind_number)


def _with_section_line(text: str, line_start: int) -> int:
    """Begin the heading at the form's own section line ("Section 5 - Corporate Governance"), if one is above."""
    window = max(0, line_start - 300)
    match = _SECTION_LINE.search(text, window, line_start)
    if match is None:
        return line_start
    return match.start() + (text[match.start()] == "\n")


def _heading_end(text: str, end: int, titles: int | None) -> int:
    """Find where the heading is over: after its title, and the few words that may end its line."""
    place = end if titles is None else titles
    stop = line_end(text, place)
    rest = text[place:stop]
    if titles is not None and "item" not in rest.lower() and (_ASIDE.match(rest) or _ends_title(rest)):
        return stop
    closing = _CLOSING.match(text, place)
    return closing.end() if closing else place


def _ends_title(rest: str) -> bool:
    """Whether a title's last words are other than the official ones, and no sentence of their own."""
    return not (_SENTENCE_END.match(rest) or says_nothing(rest, 0) or "(" in rest) and len(rest.split()) <= 3


def _of_one_numbering(headings: list[Heading]) -> list[Heading]:
    """Keep the headings of one list of items only: what the other list would be is quoted from elsewhere."""
    is_new = any(heading.is_titled and "." in heading.numbers[0] for heading in headings) or not any(
        heading.is_titled and "." not in heading.numbers[0] for heading in headings
    )
    kept = [heading for heading in headings if ("." in heading.numbers[0]) == is_new]
    return kept or headings


def _without_echoes(headings: list[Heading]) -> list[Heading]:
    """Leave out a number without title that some other place in the document names with its title.

    Next to it, it belongs to the same item: one for each of its parts, or the top of its next page.
    """
    titled = {number for heading in headings if heading.is_titled for number in heading.numbers}
    kept: list[Heading] = []
    for heading, following in zip_longest(headings, headings[1:]):
        beside = {*(kept[-1].numbers if kept else ()), *(following.numbers if following else ())}
        if heading.is_titled or not titled.issuperset(heading.numbers) or not beside.isdisjoint(heading.numbers):
            kept.append(heading)
    return kept


def _in_order(text: str, headings: list[Heading]) -> list[Heading]:
    """Leave out an old number without title that breaks the order of those with one: it is a point of some list."""
    has_titles = any(heading.is_titled for heading in headings)
    kept: list[Heading] = []
    for heading, limit in zip(headings, _next_titled(headings), strict=True):
        last = _place(kept[-1]) if kept else 0
        is_ordered = last < _place(heading) < limit or not has_titles
        is_new = "." in heading.numbers[0]
        if heading.is_titled or is_new or is_ordered or says_nothing(text, heading.number_end):
            kept.append(heading)
    return kept


def _next_titled(headings: list[Heading]) -> list[float]:
    """The number of the next heading with a title, for each heading."""
    limits, limit = [], inf
    for heading in reversed(headings):
        limits.append(limit)
        limit = _place(heading) if heading.is_titled else limit
    return limits[::-1]


def _place(heading: Heading) -> float:
    return float(heading.numbers[0])
