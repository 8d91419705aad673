"""Backfill from disk: takes in full submissions that lie in folders and archives, without asking EDGAR or the engine.

What the store has read is passed over by its header, so the same request goes on where it was broken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from watcher.bulk.chunks import Done, Item, Place, in_order
from watcher.bulk.saving import BulkStore, Passed, Terms, Told, keep, report_of, save_all
from watcher.edgar.day_files import DayFile, day_of_archive, read_day_files
from watcher.errors import ReadError, Skip, UnknownFiling
from watcher.models import EIGHT_K_FORMS, Filing, FilingState, Origin
from watcher.sources.history import filing_of
from watcher.sources.intake import verdict_on
from watcher.sources.wanted import Wanted
from watcher.store import companies, filings, rereading
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.workers import examine

__all__ = ["FAILED", "KNOWN", "SKIPPED", "TAKEN", "UNREADABLE", "UNWANTED", "DiskRequest", "take_in"]

TAKEN, KNOWN, UNWANTED, SKIPPED = "taken in", "in the store already", "not wanted", "skipped"
FAILED, UNREADABLE = "parked", "cannot be read as submissions"
SOURCE, CHANNEL = "backfill", "disk"
# In these states a filing has been read, or will be: whoever spotted it may wait for its alerts.
_SETTLED = (FilingState.SAVED, FilingState.SKIPPED, FilingState.SPOTTED)


@dataclass(frozen=True, slots=True)
class DiskRequest:
    """Which files are read: folders with all below them, archives, single files; of filings of these days, if given."""

    paths: tuple[Path, ...]
    max_bytes: int
    wanted: Wanted
    first: date | None = None
    last: date | None = None

    def has(self, day: date | None) -> bool:
        """Whether filings of this day are asked for; a day that nobody knows is of any span's."""
        return day is None or ((self.first or day) <= day <= (self.last or day))


def take_in(
    place: Place,
    stores: BulkStore,
    request: DiskRequest,
    tell: Callable[[int], None],
    complain: Callable[[str], None],
) -> Counter[Told]:
    """Read them, save what is found, and return how many came to what end.

    ``tell`` is given how many files are done, ``complain`` a line for each that is no submission. Alerts are recorded,
    and nobody is told. A filing that cannot be read is parked. Raises ``StoreError``, and what `in_order` raises.
    """
    with closing(in_order(place, examine, _items(stores.store, request))) as made:
        return save_all(stores, made, partial(_settle, stores.archive, complain), tell)


def _items(store: Store, request: DiskRequest) -> Iterator[Item]:
    for file in _files(request):
        try:
            filing = _header(file)
        except ReadError as error:
            yield Item(file.path, error=error)
            continue
        if filing is None or not request.has(filing.filed_on):
            continue  # of another form, or other days: nobody asked for it
        if reason := store.read_now(_reason, filing, request.wanted):
            yield Item(filing.accession, error=Passed(reason))
            continue
        raw = file.raw or b""
        told = store.read_now(companies.with_tickers, filing)
        read = _Read(filing, raw, has_tickers=told.filers != filing.filers)
        yield Item(filing.accession, (told, raw), len(raw), kept=read)


def _files(request: DiskRequest) -> Iterator[DayFile]:
    for path in request.paths:
        for one in _archives_first(path):
            day = day_of_archive(one)
            if day is None or request.has(day):
                yield from read_day_files(one, forms=EIGHT_K_FORMS, max_bytes=request.max_bytes)


def _archives_first(path: Path) -> Sequence[Path]:
    """A folder's own files and folders, so that archives of other days need not be opened."""
    if not path.is_dir():
        return (path,)
    return sorted(one for one in path.iterdir() if not one.name.startswith(".")) or (path,)


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read: what its header tells, its bytes, and whether EDGAR's list told tickers."""

    filing: Filing
    raw: bytes
    has_tickers: bool


def _header(file: DayFile) -> Filing | None:
    filing = filing_of(file)
    return None if filing is None else replace(filing, source=SOURCE, channel=CHANNEL, origin=Origin.BACKFILL)


def _reason(connection: Connection, filing: Filing, wanted: Wanted) -> Told:
    """Why a filing is not read; "" when it is."""
    if rereading.state_of(connection, filing.accession) in _SETTLED:
        return KNOWN
    # Its whole header is known: what that leaves undecided is not wanted, either.
    return UNWANTED if verdict_on(connection, filing, wanted) else ""


def _settle(
    archive: Archive, complain: Callable[[str], None], connection: Connection, done: Done, terms: Terms, now: datetime
) -> Told:
    found = report_of(done)
    read: _Read | None = done.item.kept
    if read is None:
        complain(str(found))
        return UNREADABLE
    filing = read.filing
    if rereading.state_of(connection, filing.accession) in _SETTLED:
        return KNOWN  # twice among the files
    _take(connection, archive, read, now)
    if isinstance(found, Skip):
        filings.skip(connection, filing.accession, str(found), now)
        return SKIPPED
    if isinstance(found, Exception):
        filings.fail(connection, filing.accession, str(found), now, None)
        return FAILED
    if read.has_tickers and (listed_at := companies.listed_at(connection)):
        found.versions["companies"] = f"{listed_at:%Y-%m-%dT%H:%M:%SZ}"
    keep(connection, found, terms, now)
    return TAKEN


def _take(connection: Connection, archive: Archive, read: _Read, now: datetime) -> None:
    """Have the filing in the store and its bytes in the archive; one that stood listed or parked is history, too."""
    filing = read.filing
    archived = archive.keep(filing.accession, filing.filed_on or now.date(), read.raw)
    try:
        filings.get(connection, filing.accession)
    except UnknownFiling:
        filings.spot(connection, [filing], now, archived=archived)
    else:
        filings.note_archived(connection, filing.accession, archived)
    rereading.run_as(connection, filing.accession, Origin.BACKFILL)
