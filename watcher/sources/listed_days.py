"""What EDGAR's own indexes list of a day: filings of the 8-K family, each once, with all of its filers."""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from watcher.edgar.answers import Download, Version
from watcher.edgar.index import IndexFile, IndexReader, IndexRow, eight_k_filings
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = ["Indexes", "ListedDay", "Quarter", "listed_day", "listed_quarter", "quarter_of"]

# Rows whose form cannot be read are taken in, and show their form when they are fetched. So many of them in one index
# are no odd rows, but no index.
_MOST_WITHOUT_FORM = 50


class Indexes(Protocol):
    """What can read EDGAR's indexes; `EdgarClient` does."""

    async def daily_index(self, day: date, *, forms: Collection[str] | None = None) -> IndexFile:
        """Return the index of one day. Raises ``NotListedYet`` when there is none, and ``EdgarError``."""

    async def quarter_index(self, year: int, quarter: int, *, unless: Version | None = None) -> Download | None:
        """Return the index of one quarter, packed. Raises ``NotListedYet`` when there is none, and ``EdgarError``."""


@dataclass(frozen=True, slots=True)
class ListedDay:
    """What stands in one day's index. ``problems`` names what is odd in it."""

    filings: tuple[Filing, ...]
    problems: tuple[str, ...] = ()

    @property
    def accessions(self) -> frozenset[str]:
        """The accession numbers of its filings."""
        return frozenset(one.accession for one in self.filings)


@dataclass(frozen=True, slots=True)
class Quarter:
    """What stands in a quarter's index, by filing date, up to the last day that it knows of."""

    last_day: date
    days: Mapping[date, tuple[Filing, ...]]


async def listed_day(edgar: Indexes, day: date) -> ListedDay:
    """Read the index of one day. Raises ``NotListedYet`` when there is none, and ``EdgarError``."""
    index = await edgar.daily_index(day, forms=EIGHT_K_FORMS)
    return ListedDay(_filings(index.rows), index.problems)


async def listed_quarter(edgar: Indexes, year: int, quarter: int) -> Quarter | None:
    """Read the index of one quarter; None when it has no rows, as at its beginning.

    Raises ``NotListedYet`` when there is none, and ``EdgarError``.
    """
    download = await edgar.quarter_index(year, quarter)
    found = None if download is None else await asyncio.to_thread(_quarter, download.raw)
    # The heading of a quarter that is over may tell a later day: of that one its index says nothing.
    return found and replace(found, last_day=min(found.last_day, _last_day(year, quarter)))


def quarter_of(day: date) -> tuple[int, int]:
    """Return the year and the quarter, 1 to 4, of a day."""
    return day.year, (day.month + 2) // 3


def _last_day(year: int, quarter: int) -> date:
    month = 3 * quarter
    return date(year, month, monthrange(year, month)[1])


def _quarter(raw: bytes) -> Quarter | None:
    by_day: defaultdict[date | None, list[IndexRow]] = defaultdict(list)
    reader = IndexReader(raw, forms=EIGHT_K_FORMS)
    for row in reader:
        by_day[row.filed_on].append(row)
    undated = by_day.pop(None, [])
    last_day = reader.day or max(filter(None, by_day), default=None)
    if not reader.entries or last_day is None:
        return None
    # A row whose date cannot be read is taken for one of the last day, rather than for none.
    by_day[last_day] += undated
    return Quarter(last_day, {day: _filings(rows) for day, rows in by_day.items() if day is not None})


def _filings(rows: Collection[IndexRow]) -> tuple[Filing, ...]:
    """Make filings of the rows, and of those without a form, too: each may be an 8-K."""
    named = eight_k_filings(rows)
    known = {one.accession for one in named}
    nameless = {row.accession: row for row in rows if not row.form and row.accession not in known}
    if len(nameless) > _MOST_WITHOUT_FORM:
        raise EdgarError(f"index: {len(nameless):,} filings in it are of no form that could be read")
    return named + tuple(_without_form(row) for row in nameless.values())


def _without_form(row: IndexRow) -> Filing:
    return Filing(row.accession, None, (Filer(cik=row.cik, name=row.name),), row.filed_on)
