"""The five shapes that an 8-K has had on EDGAR since 1993, and when each was in use."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from watcher.items import CURRENT_ITEMS, CURRENT_SINCE, LEGACY_ITEMS

__all__ = ["Era", "era_of", "items_of"]


class Era(StrEnum):
    """One shape of submission. Its value is what a command line calls it."""

    IMS = "ims"  # 1993 to 1995: privacy-enhanced mail around <IMS-DOCUMENT>, plain text
    PLAIN = "plain"  # 1996 to 2000: plain text with <PAGE> and ASCII tables
    EARLY_HTML = "early-html"  # 2001 to August 2004: HTML in capitals, items still integers
    HTML = "html"  # August 2004 to 2018: HTML, today's items
    INLINE = "inline"  # since 2019: a tagged cover page, with its XBRL and rendered files

    @property
    def first_day(self) -> date:
        """The first day on which filings of this shape are made."""
        return _SPANS[self][0]

    @property
    def last_day(self) -> date:
        """The last day on which filings of this shape are made."""
        return _SPANS[self][1]

    @property
    def is_text(self) -> bool:
        """Whether its documents are plain text."""
        return self in (Era.IMS, Era.PLAIN)


_SPANS = {
    Era.IMS: (date(1993, 4, 26), date(1995, 12, 29)),
    Era.PLAIN: (date(1996, 1, 2), date(2000, 12, 29)),
    Era.EARLY_HTML: (date(2001, 1, 2), date(2004, 8, 20)),
    Era.HTML: (date(2004, 8, 23), date(2018, 12, 31)),
    Era.INLINE: (date(2019, 9, 3), date(2030, 12, 31)),
}

# The day from which EDGAR took an item, where that is not the first day of its list; or up to which it did.
_SINCE = {
    "1.04": date(2012, 1, 27),
    "1.05": date(2023, 12, 18),
    "5.07": date(2010, 2, 28),
    "5.08": date(2010, 11, 15),
    "10": date(2003, 3, 31),
    "11": date(2003, 7, 28),
    "12": date(2003, 7, 28),
    "13": date(2003, 7, 28),
}


def era_of(day: date) -> Era:
    """Return the shape of filings made on this day; the first half of 2019 counts as inline, before 1993 as IMS."""
    for era in reversed(Era):
        if day >= era.first_day:
            return era
    return Era.IMS


def items_of(day: date) -> tuple[str, ...]:
    """Return the numbers of all items that a filing of this day could report."""
    numbers = LEGACY_ITEMS if day < CURRENT_SINCE else CURRENT_ITEMS
    return tuple(number for number in numbers if day >= _SINCE.get(number, date.min))
