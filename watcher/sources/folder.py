"""The folder source: submissions that a person or a program puts into a watched folder.

A file is taken when it is complete, checked to be a submission before anything is marked seen, archived, and moved
to ``done/`` after its report is saved; a refused one goes to ``rejected/`` with its reason beside it. Events only
say when to look: a full look each ``rescan_seconds`` finds what they missed, and what came while nobody watched.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.edgar.submission import Submission, split_submission
from watcher.errors import EightkError, ReadError, StoreError, UnknownFiling
from watcher.meters import Meters
from watcher.models import Filing, FilingState, Origin
from watcher.settings import FolderSettings
from watcher.sources._inbox import Growing, Inbox
from watcher.sources._observer import FolderObserver
from watcher.store import filings
from watcher.store.archive import Archive, Archived
from watcher.store.database import Store
from watcher.store.filings import StoredFiling

__all__ = ["FolderSource"]

log = logging.getLogger(__name__)

SETTLED = (FilingState.SAVED, FilingState.SKIPPED, FilingState.FAILED)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that was taken in, as it was then: a changed one is looked at anew."""

    size: int
    changed_ns: int
    arrived_ns: int  # when it was written, or moved here
    accession: str


class FolderSource:
    """Watches one folder. ``submit`` asks for work on a new filing, inside the transaction that spots it."""

    def __init__(
        self,
        settings: FolderSettings,
        *,
        store: Store,
        archive: Archive,
        clock: Clock,
        max_bytes: int,
        submit: Callable[[Connection, str], None],
        meters: Meters | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._archive = archive
        self._clock = clock
        self._inbox = Inbox(settings.path, settle_seconds=settings.settle_seconds, max_bytes=max_bytes)
        self._submit = submit
        self._meters = meters or Meters()
        self._observer = FolderObserver(settings.path, polling=settings.observer == "polling")
        self._seen: dict[Path, _Seen] = {}
        self._waiting: dict[str, set[Path]] = {}  # for the end of this filing's route
        self._growing: set[Path] = set()
        self._unread: set[Path] = set()  # what could not be read at the last look
        self._unstored: set[Path] = set()  # what the store did not take at the last look
        self.trouble = ""  # why the store does not take files, in words; "" when it does

    def make(self) -> None:
        """Make the folder, so that files can be put into it. Raises ``EightkError`` when it cannot be made."""
        try:
            self._inbox.make()
        except OSError as error:
            raise EightkError(f"{self._settings.path}: the folder cannot be made: {error.strerror}") from error

    async def run(self) -> None:
        """Watch until cancelled. The folder must have been made."""
        with self._observer.watching(asyncio.get_running_loop()) as noticed:
            log.info("watching folder", extra={"folder": str(self._settings.path)})
            await self.scan()
            while True:
                if await self._finds_what_no_event_told():
                    await asyncio.to_thread(self._observer.distrust)
                await self._heed(noticed, time.monotonic() + self._settings.rescan_seconds)

    async def _heed(self, noticed: asyncio.Queue[Path], until: float) -> None:
        """Look at what is noticed, until it is time for a full look again."""
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    path = await noticed.get()
            except TimeoutError:
                return
            await self._look_at(path)

    async def _finds_what_no_event_told(self) -> bool:
        """Look at every file; return whether one had lain there for a while that no event told of."""
        told = self._seen.keys() | self._observer.announced | self._growing | self._unread | self._unstored
        await self.scan()
        long_ago = (time.time() - self._settings.rescan_seconds / 2) * 1e9
        return any(seen.arrived_ns < long_ago for path, seen in self._seen.items() if path not in told)

    async def scan(self) -> int:
        """Look at every file in the folder once; return how many there are."""
        try:
            paths = await asyncio.to_thread(self._inbox.candidates)
        except OSError as error:
            log.error("folder cannot be read", extra={"folder": str(self._settings.path), "reason": error.strerror})
            return 0
        self._growing.clear()
        self._note_stored(*(self._unread | self._unstored).difference(paths))
        for path in paths:
            await self._look_at(path)
        return len(paths)

    async def scan_whole(self) -> None:
        """Look at every file until none may still be growing."""
        await self.scan()
        if self._growing:
            await asyncio.sleep(self._settings.settle_seconds + 0.1)
            await self.scan()

    def settled(self, accession: str) -> None:
        """Called when a filing's route came to an end: its file can be moved away."""
        for path in self._waiting.pop(accession, ()):
            self._observer.notice(path)

    async def _look_at(self, path: Path) -> None:
        """Bring one file a step further. One file's trouble is told, and is no other's."""
        self._observer.announced.discard(path)
        try:
            await self._step(path)
            self._note_stored(path)
        except FileNotFoundError:
            self._note_stored(path)
            self._seen.pop(path, None)  # moved away by someone, or noticed twice
        except Growing:
            self._growing.add(path)
            self._observer.notice_later(path, self._settings.settle_seconds)
        except ReadError as error:
            await self._refuse(path, str(error))
        except StoreError as error:
            # A full disk is nobody's fault here: the file stays, and the next full look tries again.
            self._note_unstored(path, error)
        except OSError as error:
            self._unread.add(path)
            log.error("file cannot be read", extra={"file": path.name, "reason": error.strerror})
        except Exception as error:
            # The border to whatever somebody puts here: one file must not end the daemon, now and at each start.
            log.exception("file broke its reader", extra={"file": path.name})
            await self._refuse(path, f"{path.name}: {type(error).__name__}: {error}")

    def _note_unstored(self, path: Path, error: StoreError) -> None:
        if not self.trouble:
            # Once for all of them, whatever the number of looks: the disk may be what is full.
            log.error("files cannot be stored; they stay in the folder", extra={"reason": str(error)})
        self.trouble = f"files cannot be stored: {error}"
        self._unstored.add(path)

    def _note_stored(self, *paths: Path) -> None:
        """Note what is no trouble any more, as it was taken in, or has gone."""
        self._unread.difference_update(paths)
        self._unstored.difference_update(paths)
        if self.trouble and not self._unstored:
            log.info("files can be stored again")
            self.trouble = ""

    async def _refuse(self, path: Path, reason: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # moved away by someone meanwhile
            await asyncio.to_thread(self._inbox.reject, path, reason)

    async def _step(self, path: Path) -> None:
        status = await asyncio.to_thread(self._inbox.status, path)
        if status is None:
            return
        seen = self._seen.get(path)
        if seen is None or (seen.size, seen.changed_ns) != (status.st_size, status.st_mtime_ns):
            accession, is_new = await self._take(path, status)
            seen = self._seen[path] = _Seen(status.st_size, status.st_mtime_ns, status.st_ctime_ns, accession)
            self._waiting.setdefault(accession, set()).add(path)
            if is_new:
                return
        stored = await self._store.read(filings.get, seen.accession)
        if stored.state in SETTLED:
            self._waiting.pop(seen.accession, None)
            await self._put_away(path, stored)

    async def _take(self, path: Path, status: os.stat_result) -> tuple[str, bool]:
        """Take a file in; return its accession number, and whether that is new.

        Raises ``ReadError`` when it is refused, and ``Growing``.
        """
        raw = await asyncio.to_thread(self._inbox.read, path, status)
        submission = await asyncio.to_thread(split_submission, raw, path.name)
        if not submission.accession:
            raise ReadError(f"{path.name}: no accession number in it or in its name")
        return submission.accession, await self._spot(path, raw, submission)

    async def _spot(self, path: Path, raw: bytes, submission: Submission) -> bool:
        filing = _filing(submission)
        try:
            stored = await self._store.read(filings.get, filing.accession)
        except UnknownFiling:
            archived = await asyncio.to_thread(self._keep, filing, raw)
            await self._store.write(filings.spot, [filing], self._clock.now(), archived=archived, submit=self._submit)
            log.info("spotted", extra={"accession": filing.accession, "source": "folder", "file": path.name})
            self._meters.spotted("folder", "", None)
            return True
        log.info("known already", extra={"accession": filing.accession, "state": stored.state, "file": path.name})
        if stored.state is FilingState.LISTED or await self._lacks_bytes(stored):
            archived = await asyncio.to_thread(self._keep, filing, raw)
            await self._store.write(filings.adopt, filing.accession, archived, self._clock.now(), submit=self._submit)
            log.info("raw filing taken from folder", extra={"accession": filing.accession, "file": path.name})
        elif stored.archived is not None and stored.archived.sha256 != hashlib.sha256(raw).hexdigest():
            raise ReadError(
                f"{path.name}: filing {filing.accession} is in the store with other bytes "
                f"(SHA-256 {stored.archived.sha256}, spotted {stored.spotted_at:%Y-%m-%d %H:%M:%SZ})"
            )
        return False

    async def _lacks_bytes(self, stored: StoredFiling) -> bool:
        """Whether bytes that someone brings are of use: none were kept, or a filing waits for some that are gone.

        Raises ``StoreError`` when the disk does not tell.
        """
        if stored.archived is None:
            return True
        if stored.state not in (FilingState.SPOTTED, FilingState.FAILED):
            return False  # what was found in it stands in its report
        try:
            return await asyncio.to_thread(self._archive.read, stored.archived) is None
        except ReadError as error:  # it is not what was kept, and nobody can read it
            log.warning("archived file is damaged", extra={"accession": stored.filing.accession, "reason": str(error)})
            return True

    def _keep(self, filing: Filing, raw: bytes) -> Archived:
        day: date = filing.filed_on or self._clock.now().date()
        return self._archive.keep(filing.accession, day, raw)

    async def _put_away(self, path: Path, stored: StoredFiling) -> None:
        moved: Path | None = None
        if stored.state is FilingState.FAILED:
            again = f"eightk retry {stored.filing.accession}"
            reason = f"the filing is parked: {stored.reason}\nthe file is kept; run it again with: {again}"
            moved = await asyncio.to_thread(self._inbox.reject, path, reason)
        elif not self._settings.keep_files:
            moved = await asyncio.to_thread(self._inbox.put_away, path)
        if moved is not None:
            self._seen.pop(path, None)


def _filing(submission: Submission) -> Filing:
    return Filing(
        accession=submission.accession,
        form=submission.form,
        filers=submission.filers,
        filed_on=submission.filed_on,
        accepted_at=submission.accepted_at,
        origin=Origin.LIVE,
        source="folder",
    )
