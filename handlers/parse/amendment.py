"""Reads what an amended report (8-K/A) amends, as far as it tells: nothing here is looked up or guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from handlers.parse.dates import find_dates
from watcher import Amendment, Document, Item, is_item_number

__all__ = ["read_amendment"]

_HEADING = re.compile(
    r"^[^\w\n]*(?:explanatory\s(?:note|statement|paragraph)s?|introductory\snote|"
    r"purpose\sof\s(?:this\s|the\s)?amendment)\b[^\w\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_FORM = r"\b8\s?-?\s?k\b"
_SAYS_IT_AMENDS = re.compile(
    rf"\bamend\w*[^\n]{{0,300}}?{_FORM}|{_FORM}[^\n]{{0,300}}?\b(?:amend|supplement|same\s+as)", re.IGNORECASE
)
_NUMBER = re.compile(r"\bamendment\s+(?:no\.?|number|#)\s*(\d{1,2})\b", re.IGNORECASE)
_COVER_LINE = re.compile(rf"\bamend\w*[^\n]{{0,80}}{_FORM}(?!\s?/)[^\n]{{0,120}}", re.IGNORECASE)
_MENTION = re.compile(
    rf"{_FORM}(?!\s?/\s?a)|\b(?:original|initial|prior)\s+(?:form\s+8-?k|report|filing|current\s+report)\b",
    re.IGNORECASE,
)
_FILED = re.compile(r"\b(?:filed|furnished|submitted|filing)\b", re.IGNORECASE)
_DATED = re.compile(
    r"\b(?:dated|date\s+of(?:\s+the)?\s+(?:report|earliest)|for\s+the\s+event|reporting)\b", re.IGNORECASE
)
_OF_SOMETHING_ELSE = re.compile(
    r"\b(?:press\s+release|letter|agreement|statements|balance\s+sheet|quarter|year)\b", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.;!?])[\"”’)]*\s+(?=[A-Z(“\"])|\n\s*\n")
_ABBREVIATED = re.compile(r"(?:\b(?:Inc|Corp|Co|Ltd|No|Nos|Mr|Ms|Dr|Jr|St|U\.S|L\.P|N\.A|v)\.|(?<![\w-])[A-Z]\.)$")
_AMENDS = re.compile(r"\b(?:amend|supplement|restat|re-?fil|supersed|replac|correct)", re.IGNORECASE)
_LEAVES = re.compile(
    r"\b(?:no\s+other|not\s+(?:otherwise\s+)?(?:amend|modif|updat|chang)|unchanged|except\s+as|remains?\b|does\s+not)",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"\bitems?\s+((?:\d{1,2}(?:\.\d\d)?(?:\s?\([a-z0-9]\)){0,3}(?:\s*(?:,|;|&|and|or)\s*){0,2}(?:items?\s+)?){1,8})",
    re.IGNORECASE,
)
_ITEM_NUMBER = re.compile(r"\d{1,2}(?:\.\d\d)?(?!\d)")
_PARAGRAPH = re.compile(r"[^\n]{40}[^\n]*(?:\n[^\n]+)*")
_MAX_COVER = 3_000
_MAX_NOTE = 6_000
_MAX_SEARCH = 60_000
_MAX_SENTENCE = 1_500
_MAX_ITEMS = 30


def read_amendment(main: Document, items: Sequence[Item], first: int, end: int, cover: dict[str, Any]) -> Amendment:
    """Read what the main document tells of the report that it amends.

    ``first`` is where its first item begins, ``end`` where its signature does; ``cover`` is its cover.
    """
    note = _note(main.text, items, first, end)
    start, stop = note or (0, 0)
    description = cover.get("amendment_description") or ""
    cover_lines = [line[0] for line in _COVER_LINE.finditer(main.text, 0, min(first, _MAX_COVER))]
    told = [main.text[start:stop]] if note else list(_paragraphs(main.text, first, end))
    told = [*cover_lines[:1], *told, description]
    sentences = [sentence for text in told for sentence in _sentences(text[:_MAX_NOTE])]
    filed_on, dated = _original(sentences)
    number = cover.get("amendment_number")
    if number is None:
        match = next((match for text in told if (match := _NUMBER.search(text))), None)
        number = int(match[1]) if match else None
    return Amendment(
        number=number,
        original_filed_on=filed_on,
        original_dated=dated,
        items=_items(sentences),
        description=description,
        document=main.sequence if note else None,
        start=start if note else None,
        end=stop if note else None,
        text=main.text[start:stop].strip() if note else "",
    )


def _note(text: str, items: Iterable[Item], first: int, end: int) -> tuple[int, int] | None:
    """Find the explanatory note: from under its heading to the next item, or the paragraph on the cover that is one."""
    heading = _HEADING.search(text, 0, min(end, _MAX_SEARCH))
    if heading:
        starts = (item.start for item in items if item.found and item.start is not None)
        stop = min((start for start in starts if start >= heading.end()), default=end)
        return heading.end(), min(stop, heading.end() + _MAX_NOTE)
    for paragraph in _PARAGRAPH.finditer(text[:first]):
        if _SAYS_IT_AMENDS.search(" ".join(paragraph[0][:1_000].split())):
            return paragraph.start(), paragraph.end()
    return None


def _paragraphs(text: str, first: int, end: int) -> Iterator[str]:
    """Give the paragraphs of the items that speak of amending: what there is in place of a note."""
    for paragraph in text[first : min(end, first + _MAX_SEARCH)].split("\n\n"):
        words = " ".join(paragraph[:_MAX_SENTENCE].split())
        if _SAYS_IT_AMENDS.search(words):
            yield words


def _sentences(text: str) -> Iterator[str]:
    """Split into sentences; "Inc." and the like end none."""
    begun = ""
    for part in _SENTENCE_END.split(text):
        begun = f"{begun} {part}".strip()
        if not _ABBREVIATED.search(part):
            yield " ".join(begun.split())[:_MAX_SENTENCE]
            begun = ""
    if begun:
        yield " ".join(begun.split())[:_MAX_SENTENCE]


def _original(sentences: Iterable[str]) -> tuple[date | None, date | None]:
    """Find when the amended report was filed, and which date it bears."""
    filed_on: date | None = None
    dated: date | None = None
    for sentence in sentences:
        for mention in _MENTION.finditer(sentence):
            filed, bears = _dates_beside(sentence, mention)
            filed_on, dated = filed_on or filed, dated or bears
            if filed_on and dated:
                return filed_on, dated
        if filed_on:
            break
    return filed_on, dated


def _dates_beside(sentence: str, mention: re.Match[str]) -> tuple[date | None, date | None]:
    """Read "Form 8-K dated March 1 and filed on March 3", or "On March 3 the Company filed a Form 8-K"."""
    lead = max(0, mention.start() - 250)
    earlier = list(find_dates(sentence[lead : mention.start()]))[-1:]
    if earlier and _FILED.search(sentence[lead + earlier[0][2] : mention.start()]):
        return earlier[0][0], None
    dated: date | None = None
    place = mention.end()
    for day, start, end in find_dates(sentence[mention.end() : mention.end() + 300]):
        words = sentence[place : mention.end() + start]
        if _OF_SOMETHING_ELSE.search(words):
            break
        if _FILED.search(words):
            return day, dated
        if dated is None and (_DATED.search(words) or words.strip(" ,(").lower() in ("", "of", "on")):
            dated = day
        place = mention.end() + end
    return None, dated


def _items(sentences: Iterable[str]) -> tuple[str, ...]:
    """Collect the items that a sentence about amending names."""
    found: dict[str, None] = {}
    for sentence in sentences:
        if _AMENDS.search(sentence) and not _LEAVES.search(sentence):
            for named in _ITEM.finditer(sentence):
                numbers = _ITEM_NUMBER.findall(named[1])
                found |= dict.fromkeys(number for number in numbers if is_item_number(number))
    return tuple(found)[:_MAX_ITEMS]
