"""What EDGAR listed in the past, batch by batch: from its indexes, or from day archives that lie on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeVar

from watcher.audit_hours import business_days
from watcher.clock import Clock
from watcher.edgar.day_files import DayFile, day_of_archive, read_day_files
from watcher.edgar.limiter import backoff_seconds
from watcher.edgar.submission import split_submission
from watcher.errors import BlockedError, EdgarError, NotListedYet, ReadError
from watcher.models import EIGHT_K_FORMS, Filing
from watcher.sources.listed_days import Indexes, Quarter, listed_day, listed_quarter, quarter_of

__all__ = ["Batch", "IndexChoice", "Patience", "archived_days", "filing_of", "from_archives", "from_indexes"]

T = TypeVar("T")
IndexChoice = Literal["auto", "daily", "quarterly"]

DAILY_INDEX, QUARTER_INDEX, ARCHIVE = "daily-index", "quarter-index", "day-archive"

# From so many business days of one quarter on, its own index costs less than those of its days.
_QUARTER_FROM_DAYS = 10
_MOST_FAILURES = 4
# In a silence nothing leaves, so looking whether it is over costs nothing.
_BLOCK_LOOK_SECONDS = 30.0
_LONGEST_BLOCK_SECONDS = 7200.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Some filings of one day. ``raw`` are the bytes of the only one, where they are at hand."""

    day: date
    channel: str  # which of EDGAR's lists, or that it came from an archive
    filings: tuple[Filing, ...] = ()
    raw: bytes | None = None
    ends_day: bool = False  # nothing more comes of this day
    is_missing: bool = False  # EDGAR has no index of this day
    problem: str = ""  # what could not be read


class Patience:
    """Asks EDGAR until it answers, or until it is certain that it does not. ``tell`` is given what is waited for."""

    def __init__(self, clock: Clock, tell: Callable[[str | None], None]) -> None:
        self._clock = clock
        self._tell = tell

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer. Raises ``NotListedYet`` at once, and ``EdgarError`` after several tries."""
        failures, blocked_seconds = 0, 0.0
        while True:
            try:
                answer = await ask()
            except NotListedYet:
                self._tell(None)
                raise
            except BlockedError as error:
                blocked_seconds += _BLOCK_LOOK_SECONDS
                if blocked_seconds > _LONGEST_BLOCK_SECONDS:
                    raise
                self._tell(str(error))
                await self._clock.sleep(_BLOCK_LOOK_SECONDS)
            except EdgarError as error:
                failures += 1
                if failures >= _MOST_FAILURES:
                    raise
                self._tell(str(error))
                await self._clock.sleep(backoff_seconds(failures))
            else:
                self._tell(None)
                return answer


async def from_indexes(
    edgar: Indexes, first: date, last: date, choice: IndexChoice, patience: Patience
) -> AsyncGenerator[Batch, None]:
    """Give every day from the first to the last, in order, each as one batch. Raises ``EdgarError``.

    A quarter's own index is read where it saves requests, and for what it does not have yet those of the days.
    """
    for (year, number), inside in groupby(business_days(first, last), quarter_of):
        days: Sequence[date] = tuple(inside)
        quarter: Quarter | None = None
        if choice == "quarterly" or (choice == "auto" and len(days) >= _QUARTER_FROM_DAYS):
            quarter = await _quarter(edgar, year, number, patience)
        if quarter is not None:
            # A closing of which the calendar knows nothing must not hide what was filed on it.
            days = sorted({*days, *(day for day in quarter.days if first <= day <= last)})
        for day in days:
            if quarter is not None and day <= quarter.last_day:
                yield Batch(day, QUARTER_INDEX, quarter.days.get(day, ()), ends_day=True)
            else:
                yield await _day(edgar, day, patience)


def archived_days(place: Path, first: date, last: date) -> dict[date, list[Path]]:
    """Return the day archives in this folder, or this one, whose names tell a day of the span; by day, in order."""
    found: dict[date, list[Path]] = {}
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        day = day_of_archive(path)
        if day is not None and first <= day <= last and path.is_file():
            found.setdefault(day, []).append(path)
    return dict(sorted(found.items()))


async def from_archives(
    days: dict[date, list[Path]], max_bytes: int, is_lacking: Callable[[str], Awaitable[bool]]
) -> AsyncGenerator[Batch, None]:
    """Give every filing of these archives that the store lacks as one batch with its bytes, and one to end each day.

    One filing at a time is in memory.
    """
    for day, paths in days.items():
        for path in paths:
            files = read_day_files(path, forms=EIGHT_K_FORMS, max_bytes=max_bytes)
            while (batch := await asyncio.to_thread(_next_of_archive, files, day)) is not None:
                if batch.raw is None or await is_lacking(batch.filings[0].accession):
                    yield batch
        yield Batch(day, ARCHIVE, ends_day=True)


async def _quarter(edgar: Indexes, year: int, number: int, patience: Patience) -> Quarter | None:
    try:
        return await patience.asked(lambda: listed_quarter(edgar, year, number))
    except NotListedYet:
        return None


async def _day(edgar: Indexes, day: date, patience: Patience) -> Batch:
    try:
        listed = await patience.asked(lambda: listed_day(edgar, day))
    except NotListedYet:
        return Batch(day, DAILY_INDEX, ends_day=True, is_missing=True)
    return Batch(day, DAILY_INDEX, listed.filings, ends_day=True)


def _next_of_archive(files: Iterator[DayFile], day: date) -> Batch | None:
    """Read on to the next filing of the 8-K family, or to what cannot be read; None at the end."""
    for file in files:
        try:
            filing = filing_of(file)
        except ReadError as error:
            return Batch(day, ARCHIVE, problem=str(error))
        if filing is not None:
            return Batch(day, ARCHIVE, (filing,), raw=file.raw)
    return None


def filing_of(file: DayFile) -> Filing | None:
    """Read a file's header; None when it is of another form. Raises ``ReadError``."""
    if file.raw is None:
        raise file.error or ReadError(f"{file.path}: cannot be read")
    submission = split_submission(file.raw, file.path)
    if submission.form not in EIGHT_K_FORMS:
        return None
    if not submission.accession:
        raise ReadError(f"{file.path}: no accession number in it or in its name")
    return Filing(
        accession=submission.accession,
        form=submission.form,
        filers=submission.filers,
        filed_on=submission.filed_on,
        accepted_at=submission.accepted_at,
    )
