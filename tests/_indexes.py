"""What stands for EDGAR's indexes in tests: days whose rows are written by hand, and a clock that is moved by hand."""

import asyncio
import gzip
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from watcher.clock import Clock
from watcher.edgar.answers import Download, Version
from watcher.edgar.index import IndexFile, IndexRow, parse_index
from watcher.errors import EdgarError, NotListedYet
from watcher.models import Filer, Filing

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = date(2026, 1, 9)
HEAD = "CIK|Company Name|Form Type|Date Filed|File Name\n" + "-" * 80


def at(text: str) -> datetime:
    """An instant by the clock of New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def row(number: int, day: date = FRIDAY, form: str = "8-K", cik: int | None = None) -> IndexRow:
    cik = cik or 1000 + number
    path = f"edgar/data/{cik}/{accession(number)}.txt"
    return IndexRow(cik, f"Company {cik}", form, day, accession(number), path)


def listed(number: int, day: date = FRIDAY, form: str = "8-K") -> Filing:
    """The filing of `row`, as the live list would show it."""
    return Filing(accession(number), form, (Filer(1000 + number, f"Company {1000 + number}"),), day, source="poller")


class HandClock(Clock):
    """A clock that stands until it is set, or somebody waits by it."""

    __setattr__ = object.__setattr__  # the real one is frozen

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.shows = now

    def time(self) -> float:
        return self.shows.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.shows = datetime.fromtimestamp(self.time() + seconds, UTC)


class FastClock(HandClock):
    """A clock that stands until it is begun, and then runs fast."""

    def __init__(self, now: datetime, scale: float) -> None:
        super().__init__(now)
        self.scale = scale
        self.begun_at = float("inf")

    def begin(self) -> None:
        self.begun_at = time.time()

    def time(self) -> float:
        return super().time() + max(0.0, time.time() - self.begun_at) * self.scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.real_seconds(seconds))


class Indexes:
    """EDGAR's indexes: a day that was not written is not there; ``errors`` come first, one for each time asked."""

    def __init__(self) -> None:
        self.days: dict[date, list[IndexRow]] = {}
        self.quarters: dict[tuple[int, int], date] = {}  # those that are there, each with the last day it knows of
        self.errors: list[EdgarError] = []
        self.problems: tuple[str, ...] = ()
        self.asked: Counter[date | tuple[int, int]] = Counter()

    def write(self, day: date, *rows: IndexRow) -> None:
        self.days[day] = list(rows)

    async def daily_index(self, day: date, *, forms: Collection[str] | None = None) -> IndexFile:
        self.asked[day] += 1
        if self.errors:
            raise self.errors.pop(0)
        if day not in self.days:
            raise NotListedYet(f"no index of {day}", status=403)
        index = parse_index(_text(self.days[day], "%Y%m%d").encode(), forms=forms)
        return replace(index, day=day, problems=index.problems + self.problems)

    async def quarter_index(self, year: int, quarter: int, *, unless: Version | None = None) -> Download | None:
        self.asked[year, quarter] += 1
        if self.errors:
            raise self.errors.pop(0)
        if (year, quarter) not in self.quarters:
            raise NotListedYet(f"no index of {year} QTR{quarter}", status=403)
        until = self.quarters[year, quarter]
        inside = [one for rows in self.days.values() for one in rows if one.filed_on and one.filed_on <= until]
        inside = [one for one in inside if (one.filed_on.year, (one.filed_on.month + 2) // 3) == (year, quarter)]
        head = f"Last Data Received:    {until:%B} {until.day}, {until.year}\n"
        return Download(gzip.compress((head + _text(inside, "%Y-%m-%d")).encode()))


def _text(rows: list[IndexRow], days: str) -> str:
    lines = [f"{one.cik}|{one.name}|{one.form}|{one.filed_on:{days}}|{one.path}" for one in rows]
    return "\n".join([HEAD, *lines]) + "\n"
