"""Saving what bulk work found: in the order of the items, some in a transaction, by the process that owns the store.

How far it is stands in the store alone, with what was saved: the same command goes on there, however it was broken off.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from watcher.bulk.chunks import Done
from watcher.clock import Clock
from watcher.errors import HandlerCrash
from watcher.lock import StoreLock
from watcher.models import Report
from watcher.payload.alert import message_for
from watcher.ready import Ready
from watcher.rules.in_force import rules_in_force
from watcher.store import companies, reports
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.history import background

__all__ = ["BulkStore", "Passed", "Terms", "Told", "keep", "report_of", "save_all"]

AT_ONCE = 25

# What came of one item, in a word that sums up.
Told = str


class Passed(Exception):  # noqa: N818  # a decision, not an error
    """Why an item needs no work; its text is the word that sums up."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say about alerts."""

    endpoints: frozenset[str]
    late_hours: float
    page_url: str


@dataclass(frozen=True, slots=True)
class BulkStore:
    """The store, owned by this process, and what goes with it."""

    store: Store
    archive: Archive
    terms: Terms
    now: Callable[[], datetime]

    @classmethod
    @contextmanager
    def open(cls, ready: Ready) -> Iterator[BulkStore]:
        """Take the store, with the rules that may raise alerts noted. Raises ``StoreLocked`` and ``StoreError``."""
        settings, clock = ready.settings, Clock()
        endpoints = frozenset(settings.endpoint)
        # A store that is shared is written beside its daemons.
        lock = nullcontext() if settings.is_store_shared else StoreLock(settings.store_path)
        with lock, Store(settings.store_url) as store:
            rules = rules_in_force(
                settings, ready.spec, store=store, clock=clock, renew=lambda _: None, endpoints=lambda: endpoints
            )
            if rules is not None:
                asyncio.run(rules.begin())
            url = settings.web.url or f"http://{settings.web.listen}"
            terms = Terms(endpoints, settings.delivery.late_hours, f"{url}/filings/")
            yield cls(store, Archive(settings.archive, store.id), terms, clock.now)


Settle = Callable[[Connection, Done, Terms, datetime], Told]


def save_all(place: BulkStore, made: Iterable[Done], settle: Settle, tell: Callable[[int], None]) -> Counter[Told]:
    """Settle each of what was made, and sum up; ``tell`` is given how many are settled, after each transaction."""
    summed: Counter[Told] = Counter()
    batch: list[Done] = []
    for one in made:
        batch.append(one)
        if len(batch) == AT_ONCE:
            _save(place, batch, settle, tell, summed)
    if batch:
        _save(place, batch, settle, tell, summed)
    return summed


def _save(
    place: BulkStore, batch: list[Done], settle: Settle, tell: Callable[[int], None], summed: Counter[Told]
) -> None:
    if all(isinstance(one.error, Passed) for one in batch):
        summed.update(str(one.error) for one in batch)  # nothing to write
    else:
        summed.update(place.store.write_now(_settle_all, batch, settle, place.terms, place.now()))
    batch.clear()
    tell(summed.total())


def _settle_all(
    connection: Connection, batch: Iterable[Done], settle: Settle, terms: Terms, now: datetime
) -> list[Told]:
    return [str(one.error) if isinstance(one.error, Passed) else settle(connection, one, terms, now) for one in batch]


def report_of(done: Done) -> Report | Exception:
    """Return the report of a filing, or why there is none."""
    found, accession = done.value, done.item.name
    if done.error is not None:
        return done.error
    if not isinstance(found, Report) or found.filing.accession != accession:
        what = f"a report of {found.filing.accession}" if isinstance(found, Report) else type(found).__name__
        return HandlerCrash(f"{accession}: its worker gave {what}")
    return found


def keep(connection: Connection, report: Report, terms: Terms, now: datetime) -> None:
    """Save a report, its alerts, and what it tells of its filers, as the route of one filing does."""
    messages = {}
    if report.alerts:
        known = background(connection, report)
        page_url = f"{terms.page_url}{report.filing.accession}"
        messages = {
            alert.id: message_for(alert, report, saved_at=now, page_url=page_url, background=known)
            for alert in report.alerts
        }
    reports.save(connection, report, messages, now, late_hours=terms.late_hours, endpoints=terms.endpoints)
    companies.note_told(connection, report.filing)
