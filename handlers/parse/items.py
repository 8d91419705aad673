"""Cuts a main document's text into its items: which heading owns which words.

The spans lie end to end from the first heading to the signature. Headings with nothing between them are one
combined heading, and their items share one span.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from handlers.parse.headings import Heading
from watcher import Item, official_title

__all__ = ["cut_items", "with_declared"]

_LETTER = re.compile(r"[^\W_]")
_RULES_ABOVE = re.compile(r"(?:[\W_]*\n)?")
# What a page ends or begins with: a rule, the mark of a page in old plain text, the link back to the contents.
_FOOT = re.compile(r"(?:[^\w$%)]|_)*+|<page>\W*\d{0,3}|table\s+of\s+contents|[-–—]?\s*page\s+\d{1,3}\W*", re.IGNORECASE)
# A page's number at its foot. A number in a table's last cell stands behind other cells, or is longer.
_PAGE_NUMBER = re.compile(r"(?:[-–—][ \t]*)?[1-9]\d?(?:[ \t]*[-–—])?")


@dataclass(frozen=True, slots=True)
class _Part:
    """A heading, or several with nothing between them, and the words they own."""

    numbers: tuple[str, ...]
    start: int
    content: int
    end: int


def cut_items(
    text: str, headings: list[Heading], end: int, document: int, filed_on: date | None = None
) -> tuple[Item, ...]:
    """Cut ``text[:end]`` at these headings, where ``end`` is the start of the signature."""
    parts = _parts(text, [heading for heading in headings if heading.start < end], end)
    return tuple(
        Item(
            number=number,
            title=official_title(number, filed_on),
            declared=False,
            found=True,
            document=document,
            start=part.start,
            end=part.end,
            text=_content(text[part.content : part.end]),
        )
        for part in parts
        for number in part.numbers
    )


def _content(text: str) -> str:
    """The words of an item, without rules around them or what the page that they end on has at its foot."""
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].strip()
        is_number = text.endswith("\n\n", 0, start) and _PAGE_NUMBER.fullmatch(line) is not None
        if not is_number and not _FOOT.fullmatch(line):
            break
        end = max(0, start - 1)
    above = _RULES_ABOVE.match(text, 0, end)
    return text[above.end() if above else 0 : end].strip()


def _parts(text: str, headings: list[Heading], end: int) -> list[_Part]:
    parts: list[_Part] = []
    for index, heading in enumerate(headings):
        stop = headings[index + 1].start if index + 1 < len(headings) else end
        content = _content_start(text, heading, stop)
        last = parts[-1] if parts else None
        if last is not None and set(heading.numbers) <= set(last.numbers):
            # The same heading again, on the next page: the item goes on.
            parts[-1] = _Part(last.numbers, last.start, last.content, stop)
        elif last is not None and not _LETTER.search(text, last.content, heading.start):
            numbers = tuple(dict.fromkeys((*last.numbers, *heading.numbers)))
            parts[-1] = _Part(numbers, last.start, content, stop)
        else:
            parts.append(_Part(heading.numbers, heading.start, content, stop))
    return parts


def _content_start(text: str, heading: Heading, stop: int) -> int:
    """Where the item's words start. What looks like a title of the filer's own may be all that it says."""
    if heading.is_titled or _LETTER.search(text, heading.end, stop):
        return heading.end
    return min(heading.number_end, stop)


def with_declared(found: tuple[Item, ...], declared: tuple[str, ...], filed_on: date | None) -> tuple[Item, ...]:
    """Mark the found items that the header declares, and add those that it alone knows."""
    marked = [replace(item, declared=item.number in declared) for item in found]
    numbers = {item.number for item in found}
    marked += [
        Item(number=number, title=official_title(number, filed_on), declared=True, found=False)
        for number in declared
        if number not in numbers
    ]
    return tuple(marked)
