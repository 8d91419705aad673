"""The route of one filing: take, fetch, handle, save.

A source spotted it before, and `deliver` notifies after. All before *save* may run again at any time and gives the same
answer. Nothing here raises for one filing's trouble: that is counted on its row, tried again with back-off, then
parked where a person sees it.
"""

from __future__ import annotations

import asyncio
import logging
import time as clock_time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.edgar.client import BLOCK_SECONDS
from watcher.edgar.submission import split_submission
from watcher.errors import (
    BlockedError,
    ConfigError,
    EdgarError,
    EightkError,
    HandlerError,
    NotListedYet,
    OutageError,
    ReadError,
    Skip,
    StoreError,
)
from watcher.logs import about
from watcher.meters import Meters
from watcher.models import Alert, Filing, FilingState, Message, Origin, Report
from watcher.payload.alert import filing_message, message_for
from watcher.sources.intake import verdict_on
from watcher.sources.wanted import EVERYTHING, UNDECIDED, Wanted
from watcher.store import companies, filings, reports, unwanted
from watcher.store.archive import Archive, Archived
from watcher.store.database import Store
from watcher.store.filings import StoredFiling
from watcher.store.history import background

__all__ = ["Dispatcher", "Examiner", "Fetcher", "Policy"]

log = logging.getLogger(__name__)

# A listed document may lag by minutes (observed: up to 21). A handler's verdict on the same bytes will not change,
# so it gets one more try, for a machine that was short of time or memory.
FETCH_RETRY_SECONDS = (5, 10, 15, 30, 60, 120, 240, 360, 360, 180)
# History that was taken in earlier than this, and is not there, does not lag any more. What somebody waits for is asked
# for on the whole schedule all the same: in that time there may have been no daemon to ask.
LAG_MINUTES = 60
# While EDGAR is down no filing is to blame; one that it cannot serve for a day all the same is.
OUTAGE_SECONDS, OUTAGE_HOURS = 60, 24
HANDLE_RETRY_SECONDS = (5,)
BROKEN_SETTINGS_SECONDS = 60


class Fetcher(Protocol):
    """What can get a full submission; `EdgarClient` does."""

    async def submission(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        """Return the full submission, checked to be whole. What is not live lets the others go first.

        Raises ``EdgarError`` or ``ReadError``.
        """

    async def header(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        """Return the header alone, which is small. Raises as `submission`."""


class Examiner(Protocol):
    """What can run the line; `Workers` does."""

    async def examine(self, filing: Filing, raw: bytes) -> Report:
        """Return what was found. Raises ``Skip``, ``ReadError`` or ``HandlerError``."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about what is fetched, and whom to tell."""

    endpoints: frozenset[str]
    filings: frozenset[str] = frozenset()  # those of them that are told of every saved filing
    late_hours: float = 72.0
    page_url: str = ""  # where a person reads on; the accession number is appended
    wanted: Wanted = EVERYTHING


class _Unwanted(Exception):  # noqa: N818  # a decision, not an error
    """Raised when a filing's header tells that it is not wanted. Its text is the reason."""

    def __init__(self, filing: Filing, reason: str) -> None:
        self.filing = filing  # as its header tells it
        super().__init__(reason)


class Dispatcher:
    """Brings filings as far as they go.

    ``fetcher`` is None while no contact is configured. ``owed`` is called with each endpoint that is owed something
    after a save; each of ``settled`` with each accession whose route came to an end. ``meters`` are told of all.
    """

    def __init__(
        self,
        *,
        store: Store,
        archive: Archive,
        examiner: Examiner,
        fetcher: Fetcher | None,
        clock: Clock,
        policy: Policy,
        owed: Callable[[str], None],
        meters: Meters | None = None,
    ) -> None:
        self._store = store
        self._archive = archive
        self._examiner = examiner
        self._fetcher = fetcher
        self._clock = clock
        self.policy = policy
        self._owed = owed
        self._meters = meters or Meters()
        self.settled: list[Callable[[str], None]] = []

    async def dispatch(self, accession: str) -> None:
        """Bring one filing as far as it goes. Harmless when nothing is owed for it."""
        with about(accession=accession):
            await self._dispatch(accession)

    async def _dispatch(self, accession: str) -> None:
        taken = await self._take(accession)
        if taken is None:
            return
        stored, filing, listed = taken
        try:
            raw = await self._fetch(stored)
            if stored.archived is None:
                # Tries at fetching are no tries at reading; the row was told so with the bytes.
                stored = replace(stored, attempts=0)
            report = await self._handle(replace(filing, origin=stored.run_as), listed, raw)
            await self._save(report)
        except Skip as reason:
            await self._store.write(filings.skip, accession, str(reason), self._clock.now())
            log.info("skipped", extra={"accession": accession, "reason": str(reason)})
            self._meters.settled(FilingState.SKIPPED)
        except _Unwanted as left:
            await self._store.write(unwanted.leave, left.filing, str(left))
            log.info("left listed", extra={"accession": accession, "reason": str(left)})
            self._meters.settled(FilingState.LISTED)
        except (ConfigError, EdgarError, ReadError, HandlerError) as error:
            if not await self._ends_with(stored, error):
                return
        except StoreError:
            # A full disk, say: no filing is to blame, and the engine tries again.
            raise
        except Exception as error:
            # The border to what EDGAR and handlers may bring: whatever is left over is this filing's trouble alone.
            log.exception("broke on a filing", extra={"accession": accession})
            if not await self._fail(stored, HandlerError(f"{type(error).__name__}: {error}")):
                return
        for tell in self.settled:
            tell(accession)

    async def _take(self, accession: str) -> tuple[StoredFiling, Filing, str] | None:
        """The filing, the same with its tickers, and whence these are; None when nothing is owed for it now."""
        taken = await self._store.read(_taken, accession)
        stored = taken[0]
        # Who hands it out may know of an owing that was settled, or put off, meanwhile.
        if stored.state is not FilingState.SPOTTED or stored.run_at is None:
            return None
        return taken if stored.run_at <= self._clock.now() else None

    async def _fetch(self, stored: StoredFiling) -> bytes:
        """Return the raw bytes: from the archive, else from EDGAR and into the archive."""
        if stored.archived is not None:
            raw = await self._read_back(stored, stored.archived)
            if raw is not None:
                return raw
        if self._fetcher is None:
            raise EdgarError("cannot be fetched: no contact is configured (edgar.contact)")
        if (stored.reason or "").startswith(UNDECIDED):
            await self._decide(self._fetcher, stored.filing, is_live=stored.is_live)
        cik = _cik_of(stored.filing)
        raw = await self._fetcher.submission(cik, stored.filing.accession, is_live=stored.is_live)
        day = stored.filing.filed_on or stored.spotted_at.date()
        archived = await asyncio.to_thread(self._archive.keep, stored.filing.accession, day, raw)
        await self._store.write(filings.note_archived, stored.filing.accession, archived)
        log.info("fetched", extra={"accession": stored.filing.accession, "bytes": len(raw)})
        return raw

    async def _decide(self, fetcher: Fetcher, filing: Filing, *, is_live: bool) -> None:
        """Ask the header, before a submission that may be big is fetched. Raises ``_Unwanted`` and ``EdgarError``."""
        wanted = self.policy.wanted
        verdict = await self._store.read(verdict_on, filing, wanted)
        if verdict == UNDECIDED:
            if wanted.tickers and await self._store.read(companies.listed_at) is None:
                raise OutageError(f"{UNDECIDED}: EDGAR's list of companies is awaited")
            filing = await _told_by_header(fetcher, filing, is_live=is_live)
            verdict = await self._store.read(verdict_on, filing, wanted)
        if verdict:
            reason = "not wanted: its header does not tell that it is" if verdict == UNDECIDED else verdict
            raise _Unwanted(filing, reason)

    async def _read_back(self, stored: StoredFiling, archived: Archived) -> bytes | None:
        """The bytes from the archive; None when they must be fetched again. Raises ``ReadError`` when nobody can."""
        accession = stored.filing.accession
        try:
            raw = await asyncio.to_thread(self._archive.read, archived)
        except ReadError as error:
            if self._fetcher is None:
                raise ReadError(f"{error}; with edgar.contact set it is fetched from EDGAR again") from error
            log.warning("archived file is damaged; fetching it again", extra={"accession": accession, "reason": error})
            return None
        if raw is None:
            log.warning("archived file is gone; fetching it again", extra={"accession": accession})
        return raw

    async def _handle(self, filing: Filing, listed: str, raw: bytes) -> Report:
        began = clock_time.perf_counter()
        try:
            report = await self._examiner.examine(filing, raw)
        finally:
            self._meters.examined(clock_time.perf_counter() - began)
        if listed:
            report.versions["companies"] = listed
        fields = {"accession": filing.accession, "items": len(report.items), "alerts": len(report.alerts)}
        log.info("examined", extra=fields)
        return report

    async def _save(self, report: Report) -> None:
        now, began = self._clock.now(), clock_time.perf_counter()
        policy = self.policy  # which may become another one meanwhile
        messages = await _messages(self._store, report, policy, now)
        owed = await self._store.write(_keep, report, messages, now, policy)
        self._meters.saved(clock_time.perf_counter() - began)
        self._meters.settled(FilingState.SAVED)
        accession = report.filing.accession
        log.info("saved", extra={"accession": accession, "endpoints": len(owed)})
        for endpoint in owed:
            self._owed(endpoint)
        for alert in report.alerts:
            if unknown := set(alert.notify) - policy.endpoints:
                names = ", ".join(sorted(unknown))
                fields = {"accession": accession, "alert": alert.id, "rule": alert.rule, "names": names}
                log.warning("alert names endpoints that the settings lack", extra=fields)

    async def _ends_with(self, stored: StoredFiling, error: EightkError) -> bool:
        """Try again later, or park the filing; return whether its route is at an end."""
        seconds = self._blameless_seconds(stored, error)
        if seconds is None:
            return await self._fail(stored, error)
        await self._postpone(stored, error, seconds)
        return False

    def _blameless_seconds(self, stored: StoredFiling, error: EightkError) -> float | None:
        """Seconds after which it is tried again without counting; None when the filing itself is to blame."""
        if isinstance(error, BlockedError):
            return BLOCK_SECONDS
        if isinstance(error, ConfigError):
            # A rule or handler file was broken while we run, so no worker can start.
            fields = {"accession": stored.filing.accession, "reason": str(error)}
            log.error("no filing can be read until this is mended", extra=fields)
            return BROKEN_SETTINGS_SECONDS
        is_down = isinstance(error, OutageError)
        is_long = self._clock.now() - stored.spotted_at >= timedelta(hours=OUTAGE_HOURS)
        return OUTAGE_SECONDS if is_down and not is_long else None

    async def _postpone(self, stored: StoredFiling, error: EightkError, seconds: float) -> None:
        accession, reason = stored.filing.accession, str(error)
        run_at = self._clock.now() + timedelta(seconds=seconds)
        await self._store.write(filings.postpone, accession, reason, run_at)
        if stored.reason is None:
            # Once: an outage lasts, and each filing comes round each minute.
            log.info("put off", extra={"accession": accession, "reason": reason, "run_at": run_at})

    async def _fail(self, stored: StoredFiling, error: EightkError) -> bool:
        """Count the attempt; return whether the filing is now parked."""
        now = self._clock.now()
        wait = _retry_seconds(stored, error, now)
        retry_at = None if wait is None else now + timedelta(seconds=wait)
        reason = str(error)
        if isinstance(error, NotListedYet) and stored.gone_on is not None:
            reason += f"; it is gone from EDGAR's index since {stored.gone_on}"
        await self._store.write(filings.fail, stored.filing.accession, reason, now, retry_at)
        fields = {"accession": stored.filing.accession, "reason": reason, "attempt": stored.attempts + 1}
        if retry_at is not None:
            log.warning("failed, will be tried again", extra=fields | {"retry_seconds": wait})
            return False
        self._meters.settled(FilingState.FAILED)
        log.error("failed, parked", extra=fields | {"again": f"eightk retry {stored.filing.accession}"})
        return True


async def _told_by_header(fetcher: Fetcher, filing: Filing, *, is_live: bool) -> Filing:
    """Return the filing as its header tells it. Raises ``EdgarError`` and ``ReadError``."""
    try:
        raw = await fetcher.header(_cik_of(filing), filing.accession, is_live=is_live)
    except EdgarError as error:
        # Said so that the next attempt asks it again.
        raise type(error)(f"{UNDECIDED}: {error}", status=error.status) from error
    header = await asyncio.to_thread(split_submission, raw, filing.accession)
    return replace(
        filing,
        form=header.form or filing.form,
        filers=header.filers or filing.filers,
        filed_on=header.filed_on or filing.filed_on,
        accepted_at=header.accepted_at or filing.accepted_at,
    )


async def _messages(store: Store, report: Report, policy: Policy, now: datetime) -> Mapping[str, Message]:
    """Make what endpoints are told of a report, if they are owed it, by alert id."""
    if not report.alerts and not policy.filings:
        return {}
    page_url = f"{policy.page_url}{report.filing.accession}"
    known = await store.read(background, report)

    def message(alert: Alert) -> Message:
        return message_for(alert, report, saved_at=now, page_url=page_url, background=known)

    made = [message(alert) for alert in report.alerts]
    if policy.filings:
        made.append(filing_message(report, saved_at=now, page_url=page_url, background=known))
    return {one.id: one for one in made}


def _keep(
    connection: Connection, report: Report, messages: Mapping[str, Message], now: datetime, policy: Policy
) -> tuple[str, ...]:
    """Save a report, and what it tells of its filers; return the endpoints that are owed something."""
    owed = reports.save(
        connection,
        report,
        messages,
        now,
        late_hours=policy.late_hours,
        endpoints=policy.endpoints,
        filings=policy.filings,
    )
    companies.note_told(connection, report.filing)
    return owed


def _taken(connection: Connection, accession: str) -> tuple[StoredFiling, Filing, str]:
    """Return a filing, the same with the tickers of EDGAR's list, and which list that is; "" when there is none.

    One that has them from its first reading keeps the list of then: a report tells what it was made with.
    """
    stored = filings.get(connection, accession)
    told = companies.with_tickers(connection, stored.filing)
    if told.filers != stored.filing.filers:
        return stored, told, companies.version_of_list(connection)
    return stored, told, reports.versions(connection, accession).get("companies", "")


def _cik_of(filing: Filing) -> int:
    if not filing.filers:
        raise EdgarError(f"{filing.accession}: cannot be fetched: no filer is known")
    return filing.filers[0].cik


def _retry_seconds(stored: StoredFiling, error: EightkError, now: datetime) -> float | None:
    """Seconds to wait before it is tried again; None when it is time to park."""
    if isinstance(error, (ReadError, StoreError)):
        return None
    schedule: tuple[float, ...] = FETCH_RETRY_SECONDS
    if isinstance(error, HandlerError):
        schedule = HANDLE_RETRY_SECONDS
    elif isinstance(error, NotListedYet):
        schedule = _seconds_of_lag(stored, now)
    return schedule[stored.attempts] if stored.attempts < len(schedule) else None


def _seconds_of_lag(stored: StoredFiling, now: datetime) -> tuple[float, ...]:
    """How long what EDGAR does not serve is waited for: not at all when it was withdrawn."""
    if stored.gone_on is not None:
        return ()
    is_awaited = stored.run_as in (Origin.LIVE, Origin.LATE)
    is_old = now - stored.spotted_at > timedelta(minutes=LAG_MINUTES)
    return FETCH_RETRY_SECONDS[:1] if is_old and not is_awaited else FETCH_RETRY_SECONDS
