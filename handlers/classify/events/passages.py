"""The stretches of a filing in which events are looked for, each with the place that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watcher import Exhibit, Item, Report

__all__ = ["Passage", "item_place", "passages"]

MAX_ITEM = 12_000  # characters of one item
MAX_ITEMS, MAX_EXHIBITS = 60, 60  # of which the texts or titles are read
MAX_RELEASE = 4_000  # characters of an exhibit 99: what it announces stands at its beginning
MAX_RELEASES = 4
MAX_HEADLINE = 700
_LONG_LINE = 220
MAX_LEAD = 500  # of a release's first paragraph, in which its story is told once more

# The items of before 23 August 2004 by those of today that took their place (SEC release 33-8400). The old item 5 is
# for all that has none of its own, as 8.01; before, it also held what is 1.01, 2.03 or 5.03 today.
_TODAY = {
    "1": "5.01",
    "2": "2.01",
    "3": "1.03",
    "4": "4.01",
    "5": "8.01",
    "6": "5.02",
    "7": "9.01",
    "8": "5.03",
    "9": "7.01",
    "12": "2.02",
}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document. ``start`` is None where its place in the document is not known."""

    place: str  # an item number of today, ``headline``, ``release`` or ``exhibits``
    document: int
    start: int | None
    text: str


def item_place(number: str) -> str:
    """The item of today's form for this number."""
    return _TODAY.get(number, number)


def passages(report: Report) -> Iterator[Passage]:
    """Give the texts of items, the list of exhibits, and the first part of each exhibit 99."""
    for item in report.items[:MAX_ITEMS]:
        if item.text and item.document is not None and item.start is not None:
            yield Passage(item_place(item.number), item.document, _text_start(report, item), item.text[:MAX_ITEM])
    main = report.main_document
    if main is None:
        return
    for exhibit in report.exhibits[:MAX_EXHIBITS]:
        if exhibit.title:
            found = main.text.find(exhibit.title)
            yield Passage("exhibits", main.sequence, found if found >= 0 else None, exhibit.title)
    releases = [one for one in report.exhibits if one.number.startswith("99") and one.text]
    # The first paragraph of an earnings release is a review of the whole period.
    is_review = any(item_place(item.number) == "2.02" for item in report.items)
    for exhibit in releases[:MAX_RELEASES]:
        yield from _release(exhibit, has_lead=not is_review)


def _text_start(report: Report, item: Item) -> int | None:
    """Where the item's content begins: ``item.start`` is that of its heading."""
    text = next((one.text for one in report.documents if one.sequence == item.document), "")
    found = text.find(item.text[:200], item.start or 0)
    return found if found >= 0 else None


def _release(exhibit: Exhibit, has_lead: bool) -> Iterator[Passage]:
    if exhibit.document is None:
        return
    text = exhibit.text[:MAX_RELEASE]
    end = headline_end(text)
    if has_lead:
        end = lead_end(text, end)
    yield Passage("headline", exhibit.document, exhibit.start, text[:end])
    yield Passage("release", exhibit.document, exhibit.start + end, text[end:])


def headline_end(text: str) -> int:
    """Where a release's headline ends: at its first long line, which is the first of its story."""
    place = 0
    for line in text[: MAX_HEADLINE * 2].splitlines(keepends=True):
        if place and (len(line) > _LONG_LINE or place + len(line) > MAX_HEADLINE):
            break
        place += len(line)
    return place


def lead_end(text: str, headline: int) -> int:
    """Where the first paragraph after the headline ends: it announces what the headline does, in sentences."""
    line = text.find("\n", headline + _LONG_LINE)
    return min(len(text) if line < 0 else line, headline + MAX_LEAD)
