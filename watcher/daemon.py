"""The daemon: wires sources, engine, line, outbox and page together, starts them, and ends them in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.daemon_parts import clock_of, make_client, make_folder, make_workers
from watcher.deliver import Deliverer
from watcher.disk import Disk
from watcher.dispatch import Dispatcher, Policy
from watcher.edgar.calendar import NEW_YORK
from watcher.endpoints_in_force import EndpointReloader, renewed
from watcher.engine.of_store import engine_of
from watcher.engine.port import Job, JobKind
from watcher.errors import EdgarError, EightkError, StoreError
from watcher.handler import Stage
from watcher.keeping.housekeeping import keep_house
from watcher.keeping.retention import Retention
from watcher.leading import Leader
from watcher.lock import StoreLock
from watcher.minding import Minder
from watcher.monitoring.condition import Condition
from watcher.monitoring.metrics import Metrics
from watcher.monitoring.watchman import Watchman
from watcher.outbound import Outbound
from watcher.outbox import endpoints_of, note_settings
from watcher.ready import Ready
from watcher.rules.in_force import rules_in_force
from watcher.serving import serving
from watcher.sources.audit import AuditResult
from watcher.sources.spotting import Spotting
from watcher.store import deliveries, digests, filings, redelivery
from watcher.store.archive import Archive
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.redelivery import Redelivery, Wanted
from watcher.tasks import end_loops
from watcher.web.access import access_of
from watcher.web.app import make_app
from watcher.web.desk import Desk
from watcher.web.desk_of import DeskParts

__all__ = ["Daemon"]

log = logging.getLogger(__name__)

MEGABYTE = 2**20
# Fetching waits for EDGAR's limit, not for this machine: a few more than the workers keep both busy.
FILINGS_PER_WORKER = 4
DRAIN_SECONDS = 10.0


class Daemon:
    """One running eightk. Make it with `Daemon.open`."""

    def __init__(self, ready: Ready, clock: Clock, stack: AsyncExitStack, lock: StoreLock) -> None:
        settings = ready.settings
        self._settings = settings
        self._clock = clock
        self._lock = lock
        self._stop_asked = asyncio.Event()
        self.url = ""

        self._metrics = Metrics()
        self.store = stack.enter_context(Store(settings.store_url))
        self._leader = Leader(self.store)
        archive = Archive(settings.archive, self.store.id)
        self._workers = make_workers(ready, self._metrics)
        stack.callback(self._workers.close)
        # An endpoint's job mostly waits: each has a place, so that none waits for another's.
        places = settings.limits.workers * FILINGS_PER_WORKER
        self._slots = {JobKind.FILING: places, JobKind.ENDPOINT: len(ready.notifiers)}
        # An engine that is shared keeps them itself, and is given all that is due.
        self._kept_for_live = 0 if self.store.is_shared else self._slots[JobKind.FILING] // 2
        self._is_alone = False
        self.engine = engine_of(self.store, self._due, self._slots, is_leader=self._asks_what_is_due)
        self._edgar = make_client(settings, self.store, clock, lock, self._metrics)
        if self._edgar is not None:
            stack.push_async_callback(self._edgar.aclose)
        self._outbound = Outbound()
        stack.push_async_callback(self._outbound.aclose)
        self._endpoints = endpoints_of(ready, self._outbound)
        note_settings(self.store, settings.endpoint)
        self._deliverer = self._make_deliverer()
        self._dispatcher = self._make_dispatcher(archive)
        self.spotting = self._make_spotting(archive)
        if self.spotting.folder is not None:
            self._dispatcher.settled.append(self.spotting.folder.settled)
        self._reloader = EndpointReloader(settings, use=self._use_endpoints)
        self._parts = DeskParts(
            lambda: self._settings,
            ready.spec,
            self.store,
            self.spotting,
            lambda: self._rules,
            renew=self._workers.renew,
            is_leading=lambda: self._leader.is_leading,
            alerting=[one.name for one in ready.handlers if one.stage is Stage.ALERT],
        )
        self._dispatcher.settled.append(self._parts.settled)
        self._rules = rules_in_force(
            settings,
            ready.spec,
            store=self.store,
            clock=clock,
            renew=self._parts.drafts.renew,
            endpoints=lambda: frozenset(self._endpoints),
        )
        self._disk = Disk(settings.data_dir, settings.store_path, settings.archive)
        self.condition = self._make_condition()
        self._watchman = self._make_watchman()
        self._minder = Minder(store=self.store, lock=lock, clock=clock, edgar=self._edgar, stop=self.stop)

    @classmethod
    @asynccontextmanager
    async def open(cls, ready: Ready, *, clock: Clock | None = None) -> AsyncIterator[Daemon]:
        """Take the store and build everything; undo it at the end, in reverse. Without a ``clock``: the settings' own.

        Raises ``StoreLocked`` when another process owns the store, ``StoreError``, and ``EightkError`` when a simulator
        whose clock is wanted does not answer.
        """
        async with AsyncExitStack() as stack:
            make_folder(ready.settings.data_dir)
            lock = stack.enter_context(StoreLock(ready.settings.store_path))
            yield cls(ready, clock or await clock_of(ready.settings.edgar), stack, lock)

    async def run(self, tell: Callable[[str], None], *, handle_signals: bool = True) -> None:
        """Run until asked to stop, then drain. ``tell`` is given lines for the person who started it.

        Raises ``EightkError`` when the page's address cannot be had, and ``StoreError`` when the store was taken away
        from under it.
        """
        if handle_signals:
            self._listen_to_signals()
        if self._rules is not None:
            await self._rules.begin()
        web = self._settings.web
        async with serving(make_app(self._desk()), web.host, web.port) as url:
            self._open_for_business(web.reached_at(url), tell)
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self.engine.work(self._do), name="engine")
                others = [group.create_task(one, name=name) for name, one in self.spotting.own_tasks()]
                others.append(group.create_task(self._minder.look_after(), name="look after"))
                others.append(group.create_task(self._leader.run(self._lead), name="lead"))
                if self._edgar is not None:
                    others.append(group.create_task(self._minder.note_blocks(self._edgar), name="blocks"))
                others.append(group.create_task(self._reloader.run(self._settings_read), name="endpoints"))
                if self._rules is not None:
                    others.append(group.create_task(self._rules.run(), name="rules"))
                await self._stop_asked.wait()
                log.info("stopping")
                self._parts.feed.close()
                for task in others:
                    task.cancel()
                await self.engine.stop(DRAIN_SECONDS)
                await work
                await end_loops(others)
        log.info("stopped")
        if self._minder.ruin:
            raise StoreError(self._minder.ruin)

    async def _lead(self) -> None:
        """Do what one of the daemons that share a store does for all; until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, one in self.spotting.common_tasks():
                group.create_task(one, name=name)
            group.create_task(self._watchman.run(), name="watchman")
            keep_days = self._settings.delivery.keep_days
            group.create_task(keep_house(self.store, self._clock, keep_days), name="housekeeping")
            group.create_task(self._retention().run(), name="retention")

    async def run_once(self, *, sources: bool = True) -> None:
        """Look at every source once, do all that is due now, and return.

        Raises ``EdgarError`` when EDGAR could not be polled, after everything else was done.
        """
        failure: EdgarError | None = None
        async with self.working():
            if sources and await self._leader.try_to_lead():
                failure = await self.spotting.look_once()
            elif sources:
                log.warning("another daemon spots filings for this store; only what is owed is done")
        if sources and self.spotting.folder is not None:
            await self.spotting.folder.scan()
        if failure is not None:
            raise failure

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have the engine work while inside, and then until all is done that is due by then."""
        if self._rules is not None:
            await self._rules.begin()
        self._is_alone = True
        work = asyncio.create_task(self.engine.work(self._do), name="engine")
        try:
            yield
            # What is due is a question to the store, not an event.
            while not await self._is_idle():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        finally:
            await self.engine.stop(DRAIN_SECONDS)
            await work
            await self._minder.note_block()
            await self._leader.release()

    def stop(self) -> None:
        """Ask the daemon to drain and end. May be called twice."""
        self._stop_asked.set()

    async def retry(self, accession: str) -> None:
        """Owe work for a filing again. Raises ``UnknownFiling``."""
        await self.store.write(filings.retry, accession, self._clock.now())
        log.info("to be run again", extra={"accession": accession})
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

    def _retention(self) -> Retention:
        return Retention(
            self._settings.retention, store=self.store, disk=self._disk, clock=self._clock, meters=self._metrics
        )

    def _settings_read(self) -> None:
        """Rules may name an endpoint that came with them; and what is wrong with them is an alarm now."""
        self._parts.read_rules_again()
        self._watchman.ask()

    def _make_watchman(self) -> Watchman:
        operator = self._settings.operator
        return Watchman(
            store=self.store,
            clock=self._clock,
            look=self.condition.knowledge,
            owed=lambda endpoint: self.engine.submit(Job(JobKind.ENDPOINT, endpoint)),
            endpoints=lambda: self._operators,
            quiet_minutes=operator.quiet_minutes,
            url=lambda: self.url,
        )

    @property
    def _operators(self) -> tuple[str, ...]:
        """The endpoints that are told of alarms: what is owed to one that is not there would be owed for ever."""
        return tuple(name for name in self._settings.operator.notify if name in self._endpoints)

    @property
    def _policy(self) -> Policy:
        return Policy(
            endpoints=frozenset(self._endpoints),
            filings=frozenset(name for name, one in self._settings.endpoint.items() if one.filings),
            late_hours=self._settings.delivery.late_hours,
            page_url=f"{self.url or self._settings.web.url or f'http://{self._settings.web.listen}'}/filings/",
            wanted=self._settings.wanted.choice,
        )

    def _make_deliverer(self) -> Deliverer:
        return Deliverer(
            store=self.store,
            endpoints=self._endpoints,
            clock=self._clock,
            owner=lambda: Owner(self._operators, self.url),
            meters=self._metrics,
        )

    def _make_dispatcher(self, archive: Archive) -> Dispatcher:
        return Dispatcher(
            store=self.store,
            archive=archive,
            examiner=self._workers,
            fetcher=self._edgar,
            clock=self._clock,
            policy=self._policy,
            owed=lambda endpoint: self.engine.submit(Job(JobKind.ENDPOINT, endpoint)),
            meters=self._metrics,
        )

    def _make_spotting(self, archive: Archive) -> Spotting:
        return Spotting(
            self._settings,
            store=self.store,
            archive=archive,
            clock=self._clock,
            edgar=self._edgar,
            submit=self._submit_filing,
            meters=self._metrics,
        )

    def _make_condition(self) -> Condition:
        made = Condition(
            self._settings,
            store=self.store,
            clock=self._clock,
            disk=self._disk,
            spotting=self.spotting,
            edgar=self._edgar,
            engine=self.engine,
            workers=self._workers,
            endpoints=self._endpoints,
        )
        made.is_leading = lambda: self._leader.is_leading
        made.rules, made.reloader = self._rules, self._reloader
        return made

    def _submit_filing(self, connection: Connection, accession: str) -> None:
        is_history = self.store.is_shared and bool(filings.historic(connection, [accession]))
        self.engine.submit(Job(JobKind.FILING, accession), connection, is_history=is_history)

    def _open_for_business(self, url: str, tell: Callable[[str], None]) -> None:
        self.url = self._settings.web.url or url
        self._dispatcher.policy = self._policy
        self._lock.announce(url)
        if self.url != url:
            tell(f"eightk: listening on {url}")
        tell(f"eightk: page at {self.url}")
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

    def _asks_what_is_due(self) -> bool:
        """Whether this process submits what became due; whoever has no daemon to do it does it itself."""
        return self._leader.is_leading or self._is_alone

    async def _due(self, kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
        now = self._clock.now
        if kind is JobKind.FILING:
            # On the writer thread: behind the transaction that submitted, so that its rows are seen.
            return await self.store.write(filings.due, now(), limit, busy, kept=self._kept_for_live)
        if await self.store.read(digests.is_any_due, now()):
            await self.store.write(digests.close_due, now(), url=self.url)
        # By now: what another look closed meanwhile is owed from then on.
        owed = await self.store.read(deliveries.due_endpoints, now(), busy)
        return tuple(name for name in owed if name in self._endpoints)[:limit]

    async def _do(self, job: Job) -> None:
        if job.kind is JobKind.FILING:
            await self._dispatcher.dispatch(job.key)
        else:
            await self._deliverer.drain(job.key)
        self.condition.moved(job.kind)

    async def _is_idle(self) -> bool:
        filing = await self.store.write(filings.due, self._clock.now(), 1)
        endpoint = await self._due(JobKind.ENDPOINT, 1, ())
        return not filing and not endpoint and not self.engine.health().running

    def _desk(self) -> Desk:
        desk = Desk(
            store=self.store,
            token=self._lock.token,
            retry=self.retry,
            redeliver=self.redeliver,
            audit=self.audit,
            backfill=self.spotting.backfill,
            health=self.condition.health,
            readiness=self.condition.readiness,
            metrics=lambda: self.condition.metrics_text(self._metrics),
            now=self._clock.now,
            company=self.company,
            access=access_of(self._settings, self._lock.token),
        )
        return self._parts.laid_on(desk)
