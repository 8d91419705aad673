"""Reads a date as people write it in American English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

__all__ = ["find_date", "find_dates"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}"
_DATE = re.compile(
    rf"\b({_MONTH})\.?\s{{0,5}}(\d{{1,2}})(?:st|nd|rd|th)?\s{{0,3}},?\s{{0,5}}((?:19|20)\d\d)\b"
    rf"|\b(\d{{1,2}})(?:st|nd|rd|th)?\s{{1,3}}(?:day\s{{1,3}}of\s{{1,3}})?({_MONTH})\.?,?\s{{1,5}}((?:19|20)\d\d)\b"
    r"|\b(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20)?\d\d)\b"
    r"|\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b",
    re.IGNORECASE,
)


def find_date(text: str) -> date | None:
    """Return the first whole date in the text, or None."""
    return next((day for day, _, _ in find_dates(text)), None)


def find_dates(text: str) -> Iterator[tuple[date, int, int]]:
    """Give each whole date in the text, with its start and end."""
    for match in _DATE.finditer(text):
        day = _date(match)
        if day is not None:
            yield day, match.start(), match.end()


def _date(match: re.Match[str]) -> date | None:
    if match[1]:
        year, month, day = int(match[3]), _month(match[1]), int(match[2])
    elif match[5]:
        year, month, day = int(match[6]), _month(match[5]), int(match[4])
    elif match[7]:
        year, month, day = int(match[9]), int(match[7]), int(match[8])
        # Two digits: EDGAR began in 1993.
        year += 0 if year > 99 else 1900 if year > 90 else 2000
    else:
        year, month, day = int(match[10]), int(match[11]), int(match[12])
    try:
        return datetime(year, month, day, tzinfo=UTC).date()
    except ValueError:
        return None


def _month(name: str) -> int:
    # Folded: without regard to case the long s is an s, too.
    return _MONTHS.index(name[:3].casefold()) + 1
