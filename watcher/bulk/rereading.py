"""Reading stored filings again, from the archive: after a better parser, or with other settings of handlers.

Each report is marked with what it was read with, so those of an older line are found by it, and after a break the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from watcher.bulk.chunks import Done, Item, Place, in_order
from watcher.bulk.saving import BulkStore, Passed, Terms, Told, keep, report_of, save_all
from watcher.errors import ReadError, Skip
from watcher.models import FilingState, Origin
from watcher.store import companies, filings, rereading
from watcher.store.archive import Archive
from watcher.store.choice import Choice
from watcher.store.database import Store
from watcher.store.rereading import Rereadable
from watcher.workers import examine

__all__ = ["CURRENT", "FAILED", "GONE", "READ", "SKIPPED", "Asked", "chosen", "reread"]

READ, CURRENT, GONE, FAILED, SKIPPED = "read again", "up to date", "not in the archive", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which saved filings are read again: those of the choice whose report was made with other versions than these."""

    choice: Choice = field(default_factory=Choice)
    versions: tuple[tuple[str, str], ...] = ()  # none: all of them

    def is_current(self, one: Rereadable) -> bool:
        """Whether a report is as it would be made today."""
        return bool(self.versions) and all(one.versions.get(name) == version for name, version in self.versions)


class _Lost(Exception):  # noqa: N818  # the store is not changed by it
    """Why a filing's bytes cannot be had; its report stays as it was."""


def chosen(store: Store, asked: Asked) -> Iterator[tuple[Rereadable, bool]]:
    """Give each saved filing of the choice, the one accepted first coming first, and whether it is up to date."""
    after: int | None = None
    while some := store.read_now(rereading.portion, asked.choice, after):
        for one in some:
            yield one, asked.is_current(one)
        after = some[-1].key


def reread(place: Place, stores: BulkStore, asked: Asked, tell: Callable[[int], None]) -> Counter[Told]:
    """Read them again and save what is found; return how many came to what end. ``tell`` is given how many are done.

    Endpoints are told of nothing: alerts are recorded. One that cannot be read keeps the report that it had. Raises
    ``StoreError``, and what `in_order` raises; the same call goes on from there.
    """
    items = _items(stores.store, stores.archive, asked)
    with closing(in_order(place, examine, items)) as made:
        return save_all(stores, made, _settle, tell)


def _items(store: Store, archive: Archive, asked: Asked) -> Iterator[Item]:
    for one, is_current in chosen(store, asked):
        accession = one.stored.filing.accession
        if is_current:
            yield Item(accession, error=Passed(CURRENT))
            continue
        try:
            raw = _raw(archive, one)
        except ReadError as error:
            yield Item(accession, error=_Lost(str(error)))
        else:
            filing = replace(one.filing, origin=Origin.REREAD)
            yield Item(accession, (filing, raw), len(raw), kept=one)


def _raw(archive: Archive, one: Rereadable) -> bytes:
    raw = archive.read(one.stored.archived) if one.stored.archived is not None else None
    if raw is None:
        raise ReadError("its raw bytes are not in the archive")
    return raw


def _settle(connection: Connection, done: Done, terms: Terms, now: datetime) -> Told:
    accession = done.item.name
    found = report_of(done)
    if rereading.state_of(connection, accession) is not FilingState.SAVED or isinstance(found, _Lost):
        return GONE
    if isinstance(found, Skip):
        filings.skip(connection, accession, str(found), now)
        return SKIPPED
    if isinstance(found, Exception):
        filings.fail(connection, accession, str(found), now, None)
        return FAILED
    one: Rereadable = done.item.kept
    if companies_of := _version_of_companies(connection, one):
        found.versions["companies"] = companies_of
    rereading.run_as(connection, accession, Origin.REREAD)
    keep(connection, found, terms, now)
    return READ


def _version_of_companies(connection: Connection, one: Rereadable) -> str:
    """Say with which list of companies the report is made: today's, or that of the first reading; "" when with none."""
    if one.filing.filers == one.stored.filing.filers:
        return one.versions.get("companies", "")
    return companies.version_of_list(connection)
