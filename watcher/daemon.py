"""The daemon: wires sources, engine, line, outbox and page together, starts them, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from watcher.clock import Clock, shared_clock
from watcher.deliver import Deliverer
from watcher.dispatch import Dispatcher, Policy
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.client import EdgarClient
from watcher.endpoints_in_force import EndpointReloader, renewed
from watcher.engine.embedded import EmbeddedEngine
from watcher.engine.port import Job, JobKind
from watcher.errors import EdgarError, EightkError, StoreError
from watcher.housekeeping import keep_house
from watcher.lock import StoreLock
from watcher.outbound import Outbound
from watcher.outbox import endpoints_of, note_settings
from watcher.ready import Ready
from watcher.rules.in_force import rules_in_force
from watcher.serving import serving
from watcher.settings import EdgarSettings
from watcher.sources.audit import AuditResult
from watcher.sources.spotting import Spotting
from watcher.store import deliveries, digests, filings, redelivery
from watcher.store.archive import Archive
from watcher.store.companies import KnownCompany
from watcher.store.database import Store, get_meta, set_meta
from watcher.store.notices import Owner
from watcher.store.redelivery import Redelivery, Wanted
from watcher.watchman import Knowledge, Watchman
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health
from watcher.workers import Bounds, Workers

__all__ = ["Daemon"]

log = logging.getLogger(__name__)

MEGABYTE = 2**20
# Fetching waits for EDGAR's limit, not for this machine: a few more than the workers keep both busy.
FILINGS_PER_WORKER = 4
DRAIN_SECONDS = 10.0
LOOK_AFTER_SECONDS = 1.0
BLOCKED_KEY = "edgar.blocked_until"


class Daemon:
    """One running eightk. Make it with `Daemon.open`."""

    def __init__(self, ready: Ready, clock: Clock, stack: AsyncExitStack, lock: StoreLock) -> None:
        settings = ready.settings
        self._settings = settings
        self._clock = clock
        self._lock = lock
        self._stop_asked = asyncio.Event()
        self._ruin = ""
        self.url = ""

        self.store = stack.enter_context(Store(settings.store_url))
        archive = Archive(settings.data_dir / "raw", self.store.id)
        limits = settings.limits
        self._workers = Workers(
            ready.spec,
            count=limits.workers,
            bounds=Bounds(limits.handle_seconds, limits.memory_megabytes),
        )
        stack.callback(self._workers.close)
        # An endpoint's job mostly waits: each has a place, so that none waits for another's.
        self._slots = {JobKind.FILING: limits.workers * FILINGS_PER_WORKER, JobKind.ENDPOINT: len(ready.notifiers)}
        self._kept_for_live = self._slots[JobKind.FILING] // 2
        self.engine = EmbeddedEngine(self._due, self._slots)
        self._edgar = self._make_client()
        if self._edgar is not None:
            stack.push_async_callback(self._edgar.aclose)
        self._outbound = Outbound()
        stack.push_async_callback(self._outbound.aclose)
        self._endpoints = endpoints_of(ready, self._outbound)
        note_settings(self.store, settings.endpoint)
        self._deliverer = Deliverer(
            store=self.store,
            endpoints=self._endpoints,
            clock=clock,
            owner=lambda: Owner(self._operators, self.url),
        )
        self._dispatcher = Dispatcher(
            store=self.store,
            archive=archive,
            examiner=self._workers,
            fetcher=self._edgar,
            clock=clock,
            policy=self._policy,
            owed=lambda endpoint: self.engine.submit(Job(JobKind.ENDPOINT, endpoint)),
        )
        self.spotting = Spotting(
            settings, store=self.store, archive=archive, clock=clock, edgar=self._edgar, submit=self._submit_filing
        )
        if self.spotting.folder is not None:
            self._dispatcher.settled.append(self.spotting.folder.settled)
        self._reloader = EndpointReloader(settings, use=self._use_endpoints)
        self._rules = rules_in_force(
            settings,
            ready.spec,
            store=self.store,
            clock=clock,
            renew=self._workers.renew,
            endpoints=lambda: frozenset(self._endpoints),
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, ready: Ready, *, clock: Clock | None = None) -> AsyncIterator[Daemon]:
        """Take the store and build everything; undo it at the end, in reverse. Without a ``clock``: the settings' own.

        Raises ``StoreLocked`` when another process owns the store, ``StoreError``, and ``EightkError`` when a simulator
        whose clock is wanted does not answer.
        """
        async with AsyncExitStack() as stack:
            lock = stack.enter_context(StoreLock(ready.settings.store_path))
            yield cls(ready, clock or await _clock_of(ready.settings.edgar), stack, lock)

    async def run(self, tell: Callable[[str], None], *, handle_signals: bool = True) -> None:
        """Run until asked to stop, then drain. ``tell`` is given lines for the person who started it.

        Raises ``EightkError`` when the page's address cannot be had, and ``StoreError`` when the store was taken away
        from under it.
        """
        if handle_signals:
            self._listen_to_signals()
        if self._rules is not None:
            await self._rules.begin()
        host, _, port = self._settings.web.listen.rpartition(":")
        async with serving(make_app(self._desk()), host.strip("[]"), int(port)) as url:
            self._open_for_business(url, tell)
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self.engine.work(self._do), name="engine")
                others = [group.create_task(one, name=name) for name, one in self.spotting.tasks()]
                others.append(group.create_task(self._look_after(), name="look after"))
                others.append(group.create_task(self._watchman().run(), name="watchman"))
                keep_days = self._settings.delivery.keep_days
                others.append(group.create_task(keep_house(self.store, self._clock, keep_days), name="housekeeping"))
                if self._edgar is not None:
                    others.append(group.create_task(self._note_blocks(self._edgar), name="blocks"))
                others.append(group.create_task(self._reloader.run(self._read_rules_again), name="endpoints"))
                if self._rules is not None:
                    others.append(group.create_task(self._rules.run(), name="rules"))
                await self._stop_asked.wait()
                log.info("stopping")
                for task in others:
                    task.cancel()
                await self.engine.stop(DRAIN_SECONDS)
                await work
        log.info("stopped")
        if self._ruin:
            raise StoreError(self._ruin)

    async def run_once(self, *, sources: bool = True) -> None:
        """Look at every source once, do all that is due now, and return.

        Raises ``EdgarError`` when EDGAR could not be polled, after everything else was done.
        """
        failure: EdgarError | None = None
        async with self.working():
            if sources:
                failure = await self.spotting.look_once()
        if sources and self.spotting.folder is not None:
            await self.spotting.folder.scan()
        if failure is not None:
            raise failure

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have the engine work while inside, and then until all is done that is due by then."""
        if self._rules is not None:
            await self._rules.begin()
        work = asyncio.create_task(self.engine.work(self._do), name="engine")
        try:
            yield
            # What is due is a question to the store, not an event.
            while not await self._is_idle():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        finally:
            await self.engine.stop(DRAIN_SECONDS)
            await work
            await self._note_block()

    def stop(self) -> None:
        """Ask the daemon to drain and end. May be called twice."""
        self._stop_asked.set()

    async def retry(self, accession: str) -> None:
        """Owe work for a filing again. Raises ``UnknownFiling``."""
        await self.store.write(filings.retry, accession, self._clock.now())
        self.engine.submit(Job(JobKind.FILING, accession))

    async def redeliver(self, wanted: Wanted | str) -> Redelivery:
        """Owe one delivery, or many, once more. Raises ``UnknownDelivery``, ``EndpointDisabled``."""
        made = await self.store.write(redelivery.redeliver, wanted, self._clock.now())
        for endpoint in {one.endpoint for one in made.deliveries}:
            self.engine.submit(Job(JobKind.ENDPOINT, endpoint))
        return made

    async def audit(self, day: date | None) -> AuditResult:
        """Compare a day with EDGAR's index, and take in what is missing; None: the last whose index should be there.

        Raises ``ValueError`` for a day that is still to come, and ``EightkError`` without a contact.
        """
        auditor = self.spotting.auditor
        if auditor is None:
            raise EightkError("EDGAR cannot be asked: no contact is set (edgar.contact)")
        now = self._clock.now()
        if day is not None and day > now.astimezone(NEW_YORK).date():
            raise ValueError(f"{day} is still to come: in New York it is {now.astimezone(NEW_YORK).date()}")
        return await auditor.audit(day or auditor.hours.last_day(now))

    async def company(self, cik: int) -> KnownCompany:
        """Ask EDGAR for its own file of a company. Raises ``ValueError``, and ``EightkError`` without a contact."""
        if self.spotting.who is None:
            raise EightkError("EDGAR cannot be asked: no contact is set (edgar.contact)")
        return await self.spotting.who.look_up(cik)

    def _watchman(self) -> Watchman:
        operator = self._settings.operator
        return Watchman(
            store=self.store,
            clock=self._clock,
            look=self._knowledge,
            owed=lambda endpoint: self.engine.submit(Job(JobKind.ENDPOINT, endpoint)),
            endpoints=lambda: self._operators,
            quiet_minutes=operator.quiet_minutes,
            url=lambda: self.url,
        )

    @property
    def _operators(self) -> tuple[str, ...]:
        """The endpoints that are told of alarms: what is owed to one that is not there would be owed for ever."""
        return tuple(name for name in self._settings.operator.notify if name in self._endpoints)

    async def _knowledge(self) -> Knowledge:
        poller, auditor = self.spotting.poller, self.spotting.auditor
        return Knowledge(
            is_polling=poller is not None,
            newest_listed_at=await self.store.read(filings.newest_acceptance),
            blocked_until=self._edgar.blocked_until if self._edgar is not None else None,
            failing_since=poller.failing_since if poller is not None else None,
            failure=poller.failure if poller is not None else "",
            missed_audits=auditor.missed if auditor is not None else (),
            rules=self._rules.trouble if self._rules is not None else "",
            settings=self._reloader.trouble,
        )

    @property
    def _policy(self) -> Policy:
        return Policy(
            endpoints=frozenset(self._endpoints),
            late_hours=self._settings.delivery.late_hours,
            page_url=f"{self.url or f'http://{self._settings.web.listen}'}/filings/",
            wanted=self._settings.wanted.choice,
        )

    def _make_client(self) -> EdgarClient | None:
        edgar = self._settings.edgar
        if not edgar.contact:
            return None
        # A restart must not end the silence that EDGAR asked for.
        blocked = self.store.read_now(get_meta, BLOCKED_KEY)
        return EdgarClient(
            contact=edgar.contact,
            clock=self._clock,
            base_url=edgar.base_url,
            requests_per_second=edgar.requests_per_second,
            max_bytes=self._settings.limits.submission_megabytes * MEGABYTE,
            blocked_until=datetime.fromisoformat(blocked) if blocked else None,
            asked_until=self._asked_until(),
        )

    def _asked_until(self) -> datetime | None:
        """When the process that had the store before may have asked EDGAR last: the limit counts over both."""
        idle = self._lock.idle_seconds
        return None if idle is None else self._clock.now() - timedelta(seconds=idle * self._clock.scale)

    def _submit_filing(self, connection: Connection, accession: str) -> None:
        self.engine.submit(Job(JobKind.FILING, accession), connection)

    def _open_for_business(self, url: str, tell: Callable[[str], None]) -> None:
        self.url = url
        self._dispatcher.policy = self._policy
        self._lock.announce(url)
        tell(f"eightk: page at {url}")
        if self.spotting.folder is not None:
            tell(f"eightk: watching the folder {self._settings.folder.path}")
        if self.spotting.poller is None:
            tell(
                "eightk: EDGAR is not polled, as the SEC asks for a contact: set [edgar] contact in "
                f'{self._settings.file} (or EIGHTK_CONTACT) to "Your Firm you@firm.com"'
            )
        else:
            tell(f"eightk: polling {self._settings.edgar.base_url}")

    def _listen_to_signals(self) -> None:
        def on_signal(number: int) -> None:
            if self._stop_asked.is_set():
                log.warning("ended at once, by a second signal; what was under way is run again at the next start")
                os._exit(128 + number)
            self.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, on_signal, number)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reloader.ask)

    async def _use_endpoints(self, ready: Ready) -> None:
        """Put the endpoints of settings read again in force. Raises ``StoreError``: nothing is changed then."""
        await asyncio.to_thread(note_settings, self.store, ready.settings.endpoint)
        made = renewed(ready, self._endpoints, self._settings, self._outbound)
        self._settings = ready.settings
        # In place: who sends holds the same ones.
        for name in self._endpoints.keys() - made.keys():
            del self._endpoints[name]
        self._endpoints.update(made)
        self._slots[JobKind.ENDPOINT] = len(made)
        self._dispatcher.policy = self._policy

    def _read_rules_again(self) -> None:
        if self._rules is not None:
            self._rules.ask()

    async def _look_after(self) -> None:
        """Watch over the store's own files."""
        while True:
            await asyncio.sleep(LOOK_AFTER_SECONDS)
            await self._watch_over_files()

    async def _note_blocks(self, edgar: EdgarClient) -> None:
        """Keep each block for the next start, as soon as it is there: who is killed then must not ask EDGAR again."""
        while True:
            await edgar.silenced.wait()
            edgar.silenced.clear()
            if not await self._note_block():
                await asyncio.sleep(LOOK_AFTER_SECONDS)
                edgar.silenced.set()

    async def _note_block(self) -> bool:
        """Keep a block that lasts for the next start; False when the store would not take it."""
        blocked = self._edgar.blocked_until if self._edgar is not None else None
        try:
            if blocked is not None:
                await self.store.write(set_meta, BLOCKED_KEY, blocked.isoformat())
        except StoreError as error:
            log.error("block cannot be noted", extra={"reason": str(error)})
            return False
        return True

    async def _watch_over_files(self) -> None:
        """Stop when the database or its lock file was deleted or replaced: what is written now would be lost."""
        for what, is_in_place in (("database", self.store.is_in_place), ("lock file", self._lock.is_in_place)):
            if not self._ruin and not await asyncio.to_thread(is_in_place):
                self._ruin = f"{self.store.path}: its {what} was deleted or replaced while in use; start again"
                log.critical("stopping: the store was taken away", extra={"reason": self._ruin})
                self.stop()

    async def _due(self, kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
        now = self._clock.now()
        if kind is JobKind.FILING:
            # On the writer thread: behind the transaction that submitted, so that its rows are seen.
            return await self.store.write(filings.due, now, limit, busy, kept=self._kept_for_live)
        if await self.store.read(digests.is_any_due, now):
            await self.store.write(digests.close_due, now, url=self.url)
        owed = await self.store.read(deliveries.due_endpoints, now, busy)
        return tuple(name for name in owed if name in self._endpoints)[:limit]

    async def _do(self, job: Job) -> None:
        if job.kind is JobKind.FILING:
            await self._dispatcher.dispatch(job.key)
        else:
            await self._deliverer.drain(job.key)

    async def _is_idle(self) -> bool:
        filing = await self.store.write(filings.due, self._clock.now(), 1)
        endpoint = await self._due(JobKind.ENDPOINT, 1, ())
        return not filing and not endpoint and not self.engine.health().running

    def _desk(self) -> Desk:
        return Desk(
            store=self.store,
            token=self._lock.token,
            retry=self.retry,
            redeliver=self.redeliver,
            audit=self.audit,
            backfill=self.spotting.backfill,
            health=self._health,
            now=self._clock.now,
            company=self.company,
        )

    def _health(self) -> Health:
        running = self.engine.health()
        poller, folder = self.spotting.poller, self.spotting.folder
        rules = self._rules.trouble if self._rules else ""
        told = (running.trouble, folder.trouble if folder else "", rules, self._reloader.trouble)
        trouble = "; ".join(filter(None, told))
        return Health(
            is_well=not running.is_in_trouble and not trouble and (poller is None or poller.failing_since is None),
            edgar=self._edgar_in_words(),
            polled_at=poller.polled_at if poller else None,
            jobs_running=len(running.running),
            jobs_failed=running.failures,
            trouble=trouble,
        )

    def _edgar_in_words(self) -> str:
        poller = self.spotting.poller
        if poller is None or self._edgar is None:
            return "EDGAR is not polled: no contact is set"
        if self._edgar.blocked_until is not None:
            return f"EDGAR blocks us until {self._edgar.blocked_until:%H:%M:%S} UTC"
        if poller.failing_since is not None:
            return f"EDGAR cannot be polled since {poller.failing_since:%H:%M:%S} UTC: {poller.failure}"
        polled_at = poller.polled_at
        last = f", last at {polled_at:%H:%M:%S} UTC" if polled_at else ""
        return "; ".join([f"polling {self._settings.edgar.base_url}{last}", *self.spotting.troubles()])


async def _clock_of(edgar: EdgarSettings) -> Clock:
    """Return the clock by which everything runs. Asked again at each start, a simulator tells the same one."""
    if edgar.clock == "real":
        return Clock()
    clock = await asyncio.to_thread(shared_clock, edgar.base_url)
    log.warning("on the simulator's clock", extra={"now": clock.now(), "scale": clock.scale})
    return clock
