"""Finds item headings in a main document's text: which lines name an item, and which only speak of one.

A heading stands at the start of a line and is followed by the item's title, or stands alone. A reference
("the information in Item 2.02 of this report"), a line of a table of contents and an item quoted in running
text are no headings. What belongs to which heading is left to `handlers.parse.items`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from watcher import is_current_number, is_legacy_number, official_title

__all__ = ["Heading", "find_headings"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the items it names, where its line starts, and where the words after its title start."""

    numbers: tuple[str, ...]
    start: int
    end: int
    is_titled: bool  # the item's own title follows the number


_NUMBER = r"(?:[1-9]\s?\.\s?[0-9Oo][0-9OolI](?!\d)|1[0-3](?![\d]|\.\d)|[1-9](?!\d)(?:\.\d(?!\d))?(?!\.\d\d))"
_PARTS = r"(?:\s{0,2}\([A-Za-z0-9]{1,4}\)(?:\s{0,2}(?:,|;|&|and\b|through\b|-|–)(?=\s{0,2}\([A-Za-z]\)))?){0,8}"
_WORD_ITEM = r"\bi ?t ?e ?m ?s?(?:[\s:#.\-–—_*]{0,12})(?:(?:nos?\b|numbers?\b)[\s.:#]{0,6})?"
_ITEM = re.compile(rf"{_WORD_ITEM}({_NUMBER}){_PARTS}", re.IGNORECASE)
_MORE = re.compile(
    rf"(?:\s{{0,3}}(?:,|;|/|&|and\b|or\b)){{1,3}}\s{{0,3}}(?:{_WORD_ITEM})?({_NUMBER}){_PARTS}", re.IGNORECASE
)
# A heading that leaves the word "Item" out is taken only with the item's own title behind the number.
_BARE_NUMBER = re.compile(
    rf"^[ \t]*(?:section[ \t]+)?([1-9]\.\d\d){_PARTS}(?=[\s.:\-–—])", re.MULTILINE | re.IGNORECASE
)

_LETTER = re.compile(r"[^\W_]")
_QUOTE = re.compile('["\u201c\u2018\u201e]\\s*$')
_SECTION_LEAD = re.compile(
    r"^\W{0,40}(?:section\s+\d\b|part\s+[iv]{1,3}\b|form\s+8-k\b|\(?[a-z0-9]\)|[ivx]{1,4}\.).{0,120}$", re.IGNORECASE
)
_JOINING_LEAD = re.compile(r"[\s.,;:/&\-–—]*(?:and|or)?[\s.,;:/&\-–—]*", re.IGNORECASE)
_PART_OF_FORM_10K = re.compile(r"\bpart\s+[iv]{1,3}\b", re.IGNORECASE)

_AFTER_NUMBER = re.compile(r"[\s.:;,\-–—)*_|•·]*")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’\-]*|\d[\d.()\-]*")
_CLOSING = re.compile(r"[ \t]*[.:;*_)\-–—]*(?=\s|$|[A-Z])")
_CONTENTS_LINE = re.compile(r"(?:[.·…_ ]{4,}|\t)\s*(?:page\s*)?\d{1,3}\s*$", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\bpage\b|\b\d{1,3}\b", re.IGNORECASE)
_SIGNATURE_LINE = re.compile(r"^\W*signatures?\W*(?:\d{1,3}\W*)?$", re.IGNORECASE | re.MULTILINE)
_REFERRING = frozenset(
    (
        *("of", "above", "below", "hereof", "herein", "to", "in", "is", "are", "was", "were", "and", "or", "which"),
        *("shall", "by", "under", "as", "that", "this", "for", "with", "on", "has", "have", "will", "hereto", "from"),
    )
)
_LEFT_HANGING = re.compile(
    r"(?:\b(?:under|in|to|of|and|or|the|this|see|with|by|pursuant|per|from|for|following|that|an?)|,)[ \t]*$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s{0,3}(?:[-–—]|to\b|through\b|thru\b)\s{0,3}\d", re.IGNORECASE)  # "Items 1-4. Not applicable."
_SMALL_WORDS = frozenset(("of", "or", "and", "the", "a", "an", "in", "to", "under", "on", "by", "with"))

# What filers write beside the official title.
_VARIANTS: dict[str, tuple[str, ...]] = {
    "5": ("Other Events and Regulation FD Disclosure", "Other Events and Required FD Disclosure"),
    "7": (
        "Financial Statements, Pro Forma Financial Information and Exhibits",
        "Financial Statements, Pro Forma Financial Statements and Exhibits",
        "Exhibits",
    ),
    "9": ("Sales of Equity Securities Pursuant to Regulation S", "Regulation FD Disclosure"),
    "12": ("Disclosure of Results of Operations and Financial Condition",),
    "2.02": ("Disclosure of Results of Operations and Financial Condition",),
    "5.02": ("Departure of Directors or Principal Officers; Election of Directors; Appointment of Principal Officers",),
    "5.08": ("Shareholder Nominations Pursuant to Exchange Act Rule 14a-11",),
    "9.01": (
        "Financial Statements, Pro Forma Financial Information and Exhibits",
        "Financial Statements and Exhibits",
        "Exhibits",
    ),
}
# Bounds that keep the time linear in the text, however long its lines are.
_MAX_LEAD = 400
_MAX_REST = 600
_MAX_NUMBERS = 12
_OLD_NUMBERS_UNTIL = date(2004, 12, 31)  # some filers kept the old numbers for months
_NEW_NUMBERS_SINCE = date(2004, 8, 1)


def find_headings(text: str, filed_on: date | None = None) -> list[Heading]:
    """Find every heading, in order. Lines of a table of contents are left out."""
    found: list[Heading] = []
    place = 0
    for match, is_bare in _candidates(text):
        if match.start() < place:
            continue
        heading = _heading(text, match, place, filed_on, is_bare=is_bare)
        if heading is not None:
            found.append(heading)
            place = heading.end
    return _without_contents(text, found)


def _candidates(text: str) -> Iterator[tuple[re.Match[str], bool]]:
    matches = [(match, False) for match in _ITEM.finditer(text)]
    matches += [(match, True) for match in _BARE_NUMBER.finditer(text)]
    yield from sorted(matches, key=lambda found: found[0].start())


def _heading(text: str, match: re.Match[str], place: int, filed_on: date | None, *, is_bare: bool) -> Heading | None:
    """Judge one mention of an item: a heading, or None."""
    line_start = max(_line_start(text, match.start()), place)
    lead = text[line_start : match.start()]
    if len(lead) > _MAX_LEAD:
        return None
    is_joined = line_start == place and place > 0 and _JOINING_LEAD.fullmatch(lead) is not None
    if not is_joined and not _may_lead(lead):
        return None
    numbers, end = _numbers(text, match, filed_on)
    if not numbers:
        return None
    title_end = _title_end(text, end, numbers)
    if title_end is None and (is_bare or not _stands_alone(text, line_start, end, numbers)):
        return None
    if not is_joined and _hangs(text, line_start):
        return None
    start = line_start if is_joined else _with_section_line(text, line_start)
    return Heading(numbers, start, _heading_end(text, end, title_end), title_end is not None)


def _line_start(text: str, place: int) -> int:
    """Find where the line starts, looking back no further than a heading's lead may be long."""
    low = max(0, place - _MAX_LEAD - 1)
    found = text.rfind("\n", low, place)
    return low if found < 0 else found + 1


def _line_end(text: str, place: int) -> int:
    """Find where the line ends, looking ahead no further than is needed to judge it."""
    high = min(len(text), place + _MAX_REST)
    found = text.find("\n", place, high)
    return high if found < 0 else found


def _may_lead(lead: str) -> bool:
    """Whether a heading may follow these words on its line."""
    if _QUOTE.search(lead) or _PART_OF_FORM_10K.search(lead):
        return False
    return _LETTER.search(lead) is None or _SECTION_LEAD.match(lead) is not None


def _numbers(text: str, match: re.Match[str], filed_on: date | None) -> tuple[tuple[str, ...], int]:
    """Read the one number or the several ("Items 2.02 and 7.01"), and where they end."""
    numbers = [_number(match[1], filed_on)]
    end = match.end()
    more = _MORE.match(text, end)
    while more and len(numbers) < _MAX_NUMBERS:
        number = _number(more[1], filed_on)
        if number is None or ("." in number) != ("." in (numbers[0] or "")):
            break
        numbers.append(number)
        end = more.end()
        more = _MORE.match(text, end)
    return tuple(dict.fromkeys(number for number in numbers if number)), end


def _number(text: str, filed_on: date | None) -> str | None:
    """Bring a number to its form, or return None when no such item existed at that time."""
    number = "".join(text.split())
    if "." in number:
        number = number.replace("O", "0").replace("o", "0").replace("l", "1").replace("I", "1")
        whole, part = number.split(".")
        number = f"{whole}.{part if len(part) == 2 else '0' + part}"
        may_be = filed_on is None or filed_on >= _NEW_NUMBERS_SINCE
        return number if may_be and is_current_number(number) else None
    may_be = filed_on is None or filed_on <= _OLD_NUMBERS_UNTIL
    return number if may_be and is_legacy_number(number) else None


def _title_end(text: str, start: int, numbers: tuple[str, ...]) -> int | None:
    """Find where the titles of these items end, or None when none of them follows."""
    end = None
    for _ in numbers:
        further = [_walk(text, start if end is None else end, stems) for number in numbers for stems in _titles(number)]
        furthest = max((place for place in further if place is not None), default=None)
        # Another title must follow at once: the content may well begin with the words of one.
        if furthest is None or (end is not None and "\n\n" in text[end:furthest]):
            break
        end = furthest
    return end


@cache
def _titles(number: str) -> tuple[tuple[str, ...], ...]:
    titles = dict.fromkeys((official_title(number), *_VARIANTS.get(number, ())))
    return tuple(tuple(_stem(word) for word in _WORD.findall(title)) for title in titles)


def _stem(word: str) -> str:
    return word.lower().replace("'", "").replace("’", "")[:5]


def _walk(text: str, start: int, stems: tuple[str, ...]) -> int | None:
    """Walk along the words while they follow the title's, and return where they stop following.

    Two words in a row may differ, but not over an empty line. Less than two words that carry meaning is no title.
    """
    at, told, strange, end = 0, 0, 0, None
    place = _AFTER_NUMBER.match(text, start)
    position = place.end() if place else start
    if text.count("\n", start, position) > 3:
        return None
    while at < len(stems) and strange < 3:
        word = _WORD.search(text, position, position + 80)
        if word is None:
            break
        gap = text[position : word.start()]
        is_new_line = end is not None and ("\n\n" in gap or (strange and "\n" in gap))
        # A title goes on over an empty line only with its very next word.
        if is_new_line and (_stem(word[0]) != stems[at] or strange or gap.count("\n") > 3):
            break
        stem = _stem(word[0])
        if stem in stems[at:]:
            at = stems.index(stem, at) + 1
            told += stem not in _SMALL_WORDS
            strange, end = 0, word.end()
        else:
            strange += 1
            if end is None:
                break
        position = word.end()
    needed = min(2, sum(stem not in _SMALL_WORDS for stem in stems))
    return end if told >= needed else None


def _stands_alone(text: str, line_start: int, end: int, numbers: tuple[str, ...]) -> bool:
    """Whether a number without its title reads like a heading and not like a reference in running text."""
    if _RANGE.match(text, end):
        return False
    line_end = _line_end(text, end)
    rest = text[end:line_end].strip(" \t.:;-–—*_)")
    before = text[max(0, line_start - 400) : line_start]
    if before.rstrip() and not before.endswith("\n\n") and before.rstrip()[-1] not in '.:;)!?_-=*\u201d"':
        return False
    if not rest:
        following = _WORD.search(text, line_end, line_end + 200)
        return following is not None and not following[0][0].islower()
    if "." not in numbers[0] and text[end : end + 1] not in (".", ":", "-", "–", "—", " ", "\t", ")"):
        return False
    word = _WORD.match(rest)
    first = word[0] if word else rest[0]
    # The comma of "Item 1.01, which ..." or the capital of "Item 5.02 On May 3 ..." tell.
    refers = first.isupper() and first.lower() in _REFERRING
    return text[end : end + 1] != "," and not first[0].islower() and not refers


def _hangs(text: str, line_start: int) -> bool:
    """Whether the line before leaves a sentence open, so that this line only goes on with it."""
    before = text[max(0, line_start - 200) : line_start]
    if before.endswith("\n\n") or not before.endswith("\n"):
        return False
    return _LEFT_HANGING.search(before[:-1]) is not None


_SECTION_LINE = re.compile(r"(?:^|\n)[^\w\n]*section[ \t]+\d\b[^\n]{0,160}\n\s*$", re.IGNORECASE)


def _with_section_line(text: str, line_start: int) -> int:
    """Begin the heading at the form's own section line ("Section 5 - Corporate Governance"), if one is above."""
    window = max(0, line_start - 300)
    match = _SECTION_LINE.search(text, window, line_start)
    if match is None:
        return line_start
    return match.start() + (text[match.start()] == "\n")


def _heading_end(text: str, end: int, title_end: int | None) -> int:
    """Find where the heading is over: after its title, and the few words that may end its line."""
    place = end if title_end is None else title_end
    line_end = _line_end(text, place)
    rest = text[place:line_end]
    if title_end is not None and len(rest.split()) <= 3 and "Item" not in rest and "ITEM" not in rest:
        return line_end
    closing = _CLOSING.match(text, place)
    return closing.end() if closing else place


def _without_contents(text: str, headings: list[Heading]) -> list[Heading]:
    """Leave out the lines of a table of contents."""
    kept = [heading for heading in headings if not _is_contents_line(text, heading)]
    numbers_after: list[set[str]] = [set() for _ in kept]
    for index in range(len(kept) - 2, -1, -1):
        numbers_after[index] = numbers_after[index + 1] | set(kept[index + 1].numbers)
    # A list of headings with nothing between them, all of which come again.
    count = 0
    while count < len(kept) - 1 and set(kept[count].numbers) <= numbers_after[count]:
        between = text[kept[count].end : kept[count + 1].start]
        is_last = _SIGNATURE_LINE.search(between[:2_000]) is not None
        if not is_last and _LETTER.search(_PAGE_NUMBER.sub("", between)):
            # The list's last line is followed by whatever comes before the first real heading.
            return kept[count + 1 :] if count else kept
        count += 1
    return kept[count:]


def _is_contents_line(text: str, heading: Heading) -> bool:
    line_end = _line_end(text, heading.end)
    return _CONTENTS_LINE.search(text[max(heading.start, line_end - 100) : line_end]) is not None
