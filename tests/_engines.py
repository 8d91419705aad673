"""Engines on real stores, as the daemon wires them: a filing's row is what is owed, and settling it ends that."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from _postgres import drop_database, fresh_database, run_sql, template
from sqlalchemy import Connection

from watcher.engine.distributed import DistributedEngine, Pace
from watcher.engine.embedded import EmbeddedEngine
from watcher.engine.port import Engine, Job, JobKind
from watcher.engine.queue_tables import prepare
from watcher.models import Filing
from watcher.store import filings
from watcher.store.database import Store

NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
SLOTS = 3
PATIENCE_SECONDS = 30


def job(number: int) -> Job:
    return Job(JobKind.FILING, f"0000000001-26-{number:06}")


class Rig:
    """An engine on a store, and a worker that notes what it was handed.

    What it does with a job can be replaced by ``do``; ``settle`` says that nothing is owed any more. Its tick is far
    away, so that a lost wake-up fails a test.
    """

    tick_seconds = 3600.0
    rest_seconds = 3600.0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.begun: list[Job] = []
        self.done: list[Job] = []
        self.trouble: Exception | None = None
        self.refused: list[JobKind] = []
        self.is_asking = threading.Event()
        self.has_begun = threading.Event()
        self.do = self.settle
        self.changed = asyncio.Event()
        self.engine: Engine = self.make_engine()

    def make_engine(self) -> Engine:
        raise NotImplementedError

    async def settle(self, one: Job) -> None:
        await self.store.write(filings.skip, one.key, "done", self.now)

    async def work_on(self, one: Job) -> None:
        self.begun.append(one)
        self.changed.set()
        self.has_begun.set()
        await self.do(one)
        self.done.append(one)
        self.changed.set()

    def owe(self, connection: Connection, one: Job) -> None:
        """Owe work and submit it, inside the caller's transaction."""
        filings.spot(connection, [Filing(one.key)], self.now, submit=lambda _, __: self.engine.submit(one, connection))

    async def owe_later(self, one: Job, at: datetime) -> None:
        """Owe work that is not to be done before its time; nobody submits it then."""
        await self.store.write(filings.spot, [Filing(one.key)], at)

    def wait_for_a_look(self) -> None:
        """Return when the engine has looked for work since, or does now; called while a transaction is open."""
        raise NotImplementedError

    def hold(self, connection: Connection) -> None:
        """Keep the engine waiting for an answer what there is to do, until the caller's transaction ends."""

    def wait_until_held(self) -> None:
        """Return when the engine waits so."""
        assert self.is_asking.wait(PATIENCE_SECONDS)

    async def submit(self, *jobs: Job) -> None:
        for one in jobs:
            await self.store.write(self.owe, one)

    async def until(self, condition) -> None:
        """Return when the condition holds; it is looked at after each step of a job."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    @asynccontextmanager
    async def working(self, *, grace_seconds: float = 5) -> AsyncIterator[None]:
        work = asyncio.create_task(self.engine.work(self.work_on))
        try:
            yield
        finally:
            await self.engine.stop(grace_seconds)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await work

    async def due(self, kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
        if self.trouble is not None:
            self.refused.append(kind)
            self.changed.set()
            raise self.trouble
        if kind is JobKind.ENDPOINT:
            return ()
        self.is_asking.set()
        found = await self.store.write(filings.due, self.now, limit, busy)
        self.is_asking.clear()
        return found


class EmbeddedRig(Rig):
    """The engine inside the daemon."""

    def make_engine(self) -> Engine:
        slots = dict.fromkeys(JobKind, SLOTS)
        return EmbeddedEngine(self.due, slots, tick_seconds=self.tick_seconds, rest_seconds=self.rest_seconds)

    def wait_for_a_look(self) -> None:
        # It was woken, and its question stands behind this transaction.
        assert self.is_asking.wait(PATIENCE_SECONDS)


class DistributedRig(Rig):
    """The engine of several daemons, alone on its database."""

    def make_engine(self) -> Engine:
        pace = Pace(tick_seconds=self.tick_seconds, rest_seconds=self.rest_seconds)
        return DistributedEngine(self.store.url, self.due, dict.fromkeys(JobKind, SLOTS), pace=pace)

    def wait_for_a_look(self) -> None:
        # It is handed what came later.
        self.has_begun.clear()
        self.engine.submit(job(99))
        assert self.has_begun.wait(PATIENCE_SECONDS)

    def hold(self, connection: Connection) -> None:
        connection.exec_driver_sql("LOCK TABLE procrastinate_jobs")

    def wait_until_held(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%fetch_job%'"
        while not run_sql(self.store.url, waiting):
            assert time.monotonic() < until
            time.sleep(0.01)


@contextmanager
def rig_of(made: type[Rig], folder: Path) -> Iterator[Rig]:
    if issubclass(made, EmbeddedRig):
        with Store(f"sqlite:///{folder / 'eightk.db'}") as store:
            yield made(store)
    else:
        with queue_database() as url, Store(url) as store:
            yield made(store)


@contextmanager
def queue_database() -> Iterator[str]:
    """The URL of a database with an empty store and an empty queue; dropped at the end."""
    url = fresh_database("queue", of=template("queue", _make))
    try:
        yield url
    finally:
        drop_database(url)


def _make(url: str) -> None:
    with Store(url) as store:
        store.write_now(prepare)
