"""Cuts a text into sentences, in time linear in its length."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterator
from datetime import date

__all__ = ["MONTHS", "dates_in", "is_dated_before", "sentences"]

MAX_SENTENCE = 1_500
_PARAGRAPH = re.compile(r"\n[ \t]*\n|[\t\u2022\u25cf\u00b7]")
_STOP = re.compile(r"[.!?;][\"'\u201d\u2019)\]]{0,3}\s+(?=[A-Z\u201c\"(\u2022])")
# A point behind one of these, or behind a single capital, does not end a sentence.
_SHORT = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Messrs|Prof|Hon|Jr|Sr|Inc|Corp|Co|Cos|Ltd|Bros|No|Nos|St|vs|v|Dist|Art|Sec|Gen|approx"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\b[A-Z])\.$"
)
MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_DATE = re.compile(rf"\b({'|'.join(MONTHS)})\s+(\d{{1,2}}),?\s+((?:19|20)\d\d)\b", re.IGNORECASE)
# A year that tells when: not that of a plan's name, or in which notes fall due.
_YEAR = re.compile(
    rf"\b(?:in|since|of|from|until|to|during|through|and|{'|'.join(MONTHS)})\s+((?:19|20)\d\d)\b", re.IGNORECASE
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Give where each sentence, heading or cell begins and ends; a very long one is cut."""
    for start, end in _paragraphs(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if _SHORT.search(text, max(begin, stop.start() - 10), stop.start() + 1) and text[stop.start()] == ".":
                continue
            yield from _bounded(begin, stop.end())
            begin = stop.end()
        yield from _bounded(begin, end)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for gap in _PARAGRAPH.finditer(text):
        if gap.start() > begin:
            yield begin, gap.start()
        begin = gap.end()
    if begin < len(text):
        yield begin, len(text)


def _bounded(start: int, end: int) -> Iterator[tuple[int, int]]:
    for begin in range(start, end, MAX_SENTENCE):
        yield begin, min(end, begin + MAX_SENTENCE)


def dates_in(text: str) -> list[date]:
    """Return every date written with a month's name that the calendar has."""
    found = []
    for match in _DATE.finditer(text):
        try:
            found.append(date(int(match[3]), MONTHS[match[1].lower()], int(match[2])))
        except ValueError:  # such as June 31: not a date, and nothing else hangs on it
            continue
    return found


def is_dated_before(sentence: str, day: date) -> bool:
    """Whether all that a sentence is dated by lies before the day: it tells of the past."""
    if "19" not in sentence and "20" not in sentence:
        return False
    days = dates_in(sentence)
    years = [int(match[1]) for match in _YEAR.finditer(sentence)]
    if not days and not years:
        return False
    return max(days, default=date.min) < day and max(years, default=0) < day.year
