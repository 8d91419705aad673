"""Backfill: takes in what EDGAR listed in a span of days, by its indexes or from day archives on disk.

Day by day, and no more at once than the line can take; live filings go before all of it. How far it is stands in the
store, in the same transaction as the filings themselves: after a crash the same request goes on there.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from watcher.audit_hours import business_days
from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK
from watcher.errors import EdgarError, EightkError, StoreError, UnknownFiling
from watcher.models import Filing, FilingState, Origin
from watcher.report_json import to_json
from watcher.sources.audit import room
from watcher.sources.backfill_progress import BackfillRequest, Progress, progress_from_json, request_from_json
from watcher.sources.history import Batch, Patience, archived_days, from_archives, from_indexes
from watcher.sources.intake import Intake
from watcher.sources.listed_days import Indexes
from watcher.store import filings
from watcher.store.archive import Archive, Archived
from watcher.store.database import Store, get_meta, set_meta

__all__ = ["Backfill"]

log = logging.getLogger(__name__)
T = TypeVar("T")

SOURCE = "backfill"
PROGRESS_KEY = "backfill.progress"
ASKED_KEY = "backfill.asked"  # what the daemon was asked for, until it is done or stopped
LOOK_SECONDS = 0.2


class Backfill:
    """Does one request at a time. What the ``intake`` does not want is only listed.

    ``edgar`` is None while no contact is configured; archives can be read all the same. Whoever runs it has the
    engine work meanwhile.
    """

    def __init__(
        self,
        edgar: Indexes | None,
        *,
        store: Store,
        archive: Archive,
        clock: Clock,
        max_bytes: int,
        intake: Intake,
    ) -> None:
        self._edgar = edgar
        self._store = store
        self._archive = archive
        self._clock = clock
        self._max_bytes = max_bytes
        self._intake = intake
        self._asked = asyncio.Event()
        self._running: asyncio.Task[Progress] | None = None
        self.progress: Progress | None = None  # of what is under way, or was last

    async def ask(self, request: BackfillRequest) -> Progress:
        """Have `serve` do it, and return at once. Asking again for what is under way is harmless.

        Raises ``ValueError`` for a span that cannot be, and ``EightkError`` while another request is under way or for
        what cannot be done.
        """
        now = self.progress
        if now is not None and now.state == "running":
            if now.request == request:
                return now
            raise EightkError(f"a backfill from {now.request.first} to {now.request.last} is under way; wait for it")
        self.progress = begun = await self._begun(request)
        await self._store.write(set_meta, ASKED_KEY, json.dumps(to_json(request)))
        self._asked.set()
        return begun

    async def serve(self) -> None:
        """Do what is asked for, until cancelled; what an earlier daemon did not get done comes first."""
        doing = self._take_up()
        while True:
            try:
                await doing
            except StoreError as error:
                # A full disk, say: it must not end the daemon.
                log.error("backfill cannot be noted", extra={"reason": str(error)})
            await self._asked.wait()
            self._asked.clear()
            doing = self._serve_one()

    async def stop(self) -> Progress | None:
        """End what is under way, if anything is. What was taken in stays, and the same request goes on there."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self.progress is not None and self.progress.state == "running":
            self._change(state="stopped", reason=None)
            await self._store.write(_forget, self.progress.request)
        return self.progress

    async def run(self, request: BackfillRequest) -> Progress:
        """Do it now, and return when each filing was tried once. Raises as `ask`."""
        self.progress = begun = await self._begun(request)
        log.info("backfill began", extra={"first": begun.next_day, "last": request.last})
        try:
            async with aclosing(await self._batches(begun)) as batches:
                async for batch in batches:
                    await room(self._store)
                    await self._take_in(batch)
            return await self._finished(request)
        except (EdgarError, StoreError) as error:
            failed = self._change(state="failed", reason=str(error))
            log.error("backfill failed", extra={"at": failed.next_day, "reason": str(error)})
            return failed

    async def _serve_one(self) -> None:
        """Do what was asked for, unless it was stopped meanwhile."""
        if self._now.state != "running":
            return
        request = self._now.request
        self._running = asyncio.create_task(self.run(request), name="one backfill")
        # Cancelled along with this, so that the next daemon finds what was asked for; or alone, to be stopped.
        (outcome,) = await asyncio.gather(self._running, return_exceptions=True)
        if isinstance(outcome, Exception):
            log.error("backfill broke off", exc_info=outcome)
            self._change(state="failed", reason=str(outcome))
        await self._store.write(_forget, request)

    async def _take_up(self) -> None:
        """Go on with what an earlier daemon was asked for."""
        request = _read_back(await self._store.read(get_meta, ASKED_KEY), request_from_json)
        if request is None:
            return
        try:
            self.progress = await self._begun(request)
        except (EightkError, ValueError) as error:
            log.error("backfill cannot go on", extra={"reason": str(error)})
            await self._store.write(_forget, request)
        else:
            self._asked.set()

    async def _begun(self, request: BackfillRequest) -> Progress:
        """Return where to begin: with the first day, or where this very request was broken off."""
        request.check(self._clock.now().astimezone(NEW_YORK).date())
        if self._edgar is None and not request.archives:
            raise EightkError("EDGAR cannot be asked: no contact is set (edgar.contact)")
        days = len(await self._archived_days(request)) if request.archives else 0
        before = _read_back(await self._store.read(get_meta, PROGRESS_KEY), progress_from_json)
        if before is not None and before.request == request and before.state != "done":
            return replace(before, state="running", reason=None)
        return Progress(request, request.first, days=days or len(business_days(request.first, request.last)))

    async def _archived_days(self, request: BackfillRequest) -> dict[date, list[Path]]:
        """Return the archives to read. Raises ``EightkError`` when there are none of these days."""
        place = Path(request.archives)
        try:
            found = await asyncio.to_thread(archived_days, place, request.first, request.last)
        except OSError as error:
            raise EightkError(f"{error.filename}: cannot be read: {error.strerror}") from error
        if not found:
            raise EightkError(f"{place}: no day archive (YYYYMMDD.nc.tar.gz) from {request.first} to {request.last}")
        return found

    async def _batches(self, progress: Progress) -> AsyncGenerator[Batch, None]:
        request = progress.request
        if request.archives or self._edgar is None:
            found = await self._archived_days(request)
            days = {day: paths for day, paths in found.items() if day >= progress.next_day}
            return from_archives(days, self._max_bytes, self._is_lacking)
        patience = Patience(self._clock, self._wait_for)
        return from_indexes(self._edgar, progress.next_day, request.last, request.index, patience)

    def _wait_for(self, reason: str | None) -> None:
        self._change(reason=reason)

    async def _is_lacking(self, accession: str) -> bool:
        """Whether the store lacks a filing's bytes and somebody may want them."""
        try:
            stored = await self._store.read(filings.get, accession)
        except UnknownFiling:
            return True
        return stored.state is FilingState.LISTED

    async def _take_in(self, batch: Batch) -> None:
        archived = None
        if batch.raw is not None and not await self._store.read(self._intake.reason, one := batch.filings[0]):
            day = one.filed_on or batch.day
            archived = await asyncio.to_thread(self._archive.keep, one.accession, day, batch.raw)
        self.progress, new = await self._store.write(self._spot, batch, archived)
        self._intake.tell(batch.filings, new, self._clock.now(), batch.channel, SOURCE)
        waiting = await self._store.read(filings.count_waiting)
        self._change(waiting=waiting.all)

    def _spot(
        self, connection: Connection, batch: Batch, archived: Archived | None
    ) -> tuple[Progress, tuple[str, ...]]:
        """Take in a batch, and with it how far this is then: both or neither. Return it, and what work is owed for."""
        now, progress = self._clock.now(), self._now
        # What is to be told owes what live filings owe. It stays history all the same, and waits for them.
        run_as = Origin.LIVE if progress.request.notify else Origin.BACKFILL
        found = [_backfilled(one, batch) for one in batch.filings]
        new = self._intake.take(connection, found, now, run_as=run_as, archived=archived)
        others = [one for one in found if one.accession not in new]
        listed = self._intake.want(connection, others, now, run_as=run_as)
        if archived is not None and listed:
            filings.note_archived(connection, listed[0], archived)
        after = progress.after(batch, taken=len(new) + len(listed))
        if batch.ends_day:
            _keep(connection, after)
        return after, new + listed

    async def _finished(self, request: BackfillRequest) -> Progress:
        """Wait until each filing was tried; those that failed are tried again by whoever owns the store then."""
        while (waiting := await self._store.read(filings.count_waiting)).untried:
            self._change(waiting=waiting.all)
            await asyncio.sleep(LOOK_SECONDS)
        failed = await self._store.read(filings.count_failed, request.first, request.last)
        done = self._change(state="done", waiting=waiting.all, failed=failed, reason=None)
        await self._store.write(_keep, done)
        log.info("backfill done", extra={"listed": done.listed, "taken": done.taken, "failed": done.failed})
        return done

    @property
    def _now(self) -> Progress:
        if self.progress is None:
            raise RuntimeError("no backfill has begun")
        return self.progress

    def _change(self, **changes: Any) -> Progress:
        self.progress = changed = replace(self._now, **changes)
        return changed


def _backfilled(one: Filing, batch: Batch) -> Filing:
    filed_on = one.filed_on or batch.day
    return replace(one, filed_on=filed_on, origin=Origin.BACKFILL, source=SOURCE, channel=batch.channel)


def _read_back(kept: str | None, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    """Read what was kept; None when there is nothing, or another version wrote it and it starts anew."""
    try:
        return read(json.loads(kept)) if kept else None
    except (KeyError, TypeError, ValueError) as error:
        log.warning("an earlier backfill cannot be read", extra={"reason": str(error)})
        return None


def _keep(connection: Connection, progress: Progress) -> None:
    set_meta(connection, PROGRESS_KEY, json.dumps(to_json(progress)))


def _forget(connection: Connection, request: BackfillRequest) -> None:
    """Note that this is asked for no more; another may be by now."""
    if get_meta(connection, ASKED_KEY) == json.dumps(to_json(request)):
        set_meta(connection, ASKED_KEY, "")
