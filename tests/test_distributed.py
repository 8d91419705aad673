"""What the engine of several daemons promises besides: the contract of every engine is in test_engine.py."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from _engines import NOW, PATIENCE_SECONDS, DistributedRig, job, queue_database
from _postgres import OwnServer, run_sql, serving
from sqlalchemy import Connection

from watcher import tasks
from watcher.engine.distributed import MOST_WAITING_HISTORY, DistributedEngine, Pace
from watcher.engine.port import Engine, Job, JobKind
from watcher.engine.queue_tables import prepare
from watcher.models import Filing
from watcher.store import filings
from watcher.store.database import Store

SLOTS = 4
# Signs of life that come and end quickly.
QUICK = Pace(tick_seconds=0.05, heartbeat_seconds=0.2, stalled_seconds=1.2, rest_seconds=0.05)
# As every day, but with a tick that never comes.
WOKEN = Pace(tick_seconds=3600)
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'eightk engine%'"
WAITING = "SELECT args ->> 'key', queue_name, attempts FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"


class Daemon(DistributedRig):
    """One daemon of several on a database, with a pace of its own."""

    def __init__(self, store: Store, *, pace: Pace = QUICK, leads: bool = True, places: int = SLOTS) -> None:
        self.pace = pace
        self.leads = leads
        self.slots = dict.fromkeys(JobKind, places)
        self.history: set[str] = set()
        self.asked: list[JobKind] = []
        super().__init__(store)

    def make_engine(self) -> Engine:
        return DistributedEngine(
            self.store.url, self.due, self.slots, is_leader=lambda: self.leads, historic=self.historic, pace=self.pace
        )

    async def due(self, kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
        self.asked.append(kind)
        return await super().due(kind, limit, busy)

    async def historic(self, keys: Collection[str]) -> Collection[str]:
        return self.history & set(keys)

    async def see(self, condition: Callable[[], object]) -> None:
        """Return when the condition holds; nobody tells of it."""
        async with asyncio.timeout(PATIENCE_SECONDS * 2):
            while not condition():
                await asyncio.sleep(0.02)


@pytest.fixture
def url() -> Iterator[str]:
    with queue_database() as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


@asynccontextmanager
async def at_work(*daemons: Daemon) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for one in daemons:
            await stack.enter_async_context(one.working(grace_seconds=0))
        yield


def waiting_for(event: asyncio.Event) -> Callable[[Job], object]:
    async def wait(_: Job) -> None:
        await event.wait()

    return wait


async def test_two_daemons_do_each_job_once(store: Store):
    one, other = Daemon(store, leads=False), Daemon(store, leads=False)
    jobs = [job(number) for number in range(60)]
    async with at_work(one, other):
        await asyncio.gather(*(one.submit(some) for some in jobs))
        await one.see(lambda: len(one.done) + len(other.done) == len(jobs))

    assert sorted(one.done + other.done, key=lambda done: done.key) == jobs


async def test_a_job_that_one_has_is_not_given_to_another(store: Store):
    may_end = asyncio.Event()
    one, other = Daemon(store, pace=WOKEN), Daemon(store, pace=WOKEN)
    one.do = other.do = waiting_for(may_end)
    async with at_work(one, other):
        await one.submit(job(1))
        await one.see(lambda: one.begun or other.begun)
        other.engine.submit(job(1))
        await one.submit(job(2))
        await one.see(lambda: job(2) in one.begun + other.begun)
        begun = one.begun + other.begun

    assert begun.count(job(1)) == 1


async def test_who_does_not_lead_works_and_asks_for_nothing(store: Store):
    daemon = Daemon(store, leads=False)
    async with at_work(daemon):
        await daemon.owe_later(job(2), NOW)
        await daemon.submit(job(1))
        await daemon.see(lambda: daemon.done)

    assert (daemon.done, daemon.asked) == ([job(1)], [])


async def test_what_is_owed_without_a_job_is_found_by_the_leader(store: Store):
    leader, other = Daemon(store), Daemon(store, leads=False)
    async with at_work(leader, other):
        await leader.owe_later(job(1), NOW)
        await leader.see(lambda: leader.done or other.done)

    assert leader.done + other.done == [job(1)]


async def test_a_job_in_a_transaction_that_failed_does_not_exist(store: Store, url: str):
    daemon = Daemon(store)

    def fail(connection: Connection) -> None:
        daemon.owe(connection, job(1))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(fail)

    assert run_sql(url, WAITING) == []


async def test_submitting_what_waits_neither_doubles_it_nor_ends_the_transaction(store: Store, url: str):
    daemon = Daemon(store)
    await daemon.submit(job(1))

    def again(connection: Connection) -> None:
        daemon.engine.submit(job(1), connection)
        daemon.owe(connection, job(2))

    await store.write(again)

    assert [key for key, *_ in run_sql(url, WAITING)] == [job(1).key, job(2).key]


async def test_what_waits_is_not_taken_before_who_submits_it_again_has_committed(store: Store):
    """Whoever took it earlier would not see what is owed in that transaction, and nobody would look again."""
    daemon = Daemon(store, pace=WOKEN)
    begun: list[Job] = []

    def slowly(connection: Connection) -> None:
        daemon.engine.submit(job(1), connection)
        loop.call_soon_threadsafe(may_work.set)
        daemon.wait_for_a_look()
        begun.extend(daemon.begun)

    await daemon.submit(job(1), job(99))
    loop, may_work = asyncio.get_running_loop(), asyncio.Event()
    writing = asyncio.create_task(store.write(slowly))
    await may_work.wait()
    async with at_work(daemon):
        await writing
        await daemon.see(lambda: job(1) in daemon.done)

    assert begun == [job(99)]


async def test_the_jobs_of_a_daemon_that_was_killed_are_handed_out_again(
    store: Store, url: str, caplog: pytest.LogCaptureFixture
):
    daemon = Daemon(store)
    await daemon.submit(job(1))
    program = Path(__file__).with_name("_engine_process.py")
    process = await asyncio.create_subprocess_exec(sys.executable, program, url, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    begun = (await process.stdout.readline()).decode()
    process.kill()
    await process.wait()
    async with at_work(daemon):
        await daemon.see(lambda: daemon.done)

    assert (begun.strip(), daemon.done) == (job(1).key, [job(1)])
    assert "handed out again: its worker is gone" in caplog.messages


async def test_what_is_cancelled_is_for_the_others_at_once(store: Store):
    one, other = Daemon(store, pace=WOKEN), Daemon(store, pace=WOKEN)
    one.do = waiting_for(asyncio.Event())
    async with AsyncExitStack() as stack:
        async with at_work(one):
            await one.submit(job(1))
            await one.see(lambda: one.begun)
            await stack.enter_async_context(at_work(other))
        await other.see(lambda: other.done)

    assert (one.done, other.done) == ([], [job(1)])


async def test_cancelled_work_ends_though_a_cancellation_was_lost(store: Store, monkeypatch: pytest.MonkeyPatch):
    """As Python before 3.12 loses one in what waits for a connection of the pool."""
    monkeypatch.setattr(tasks, "_AGAIN_SECONDS", 0.05)
    daemon = Daemon(store, leads=False)
    is_asked, lost = asyncio.Event(), []

    async def take(*_: Any, **__: Any) -> None:
        if lost:
            return
        is_asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append(True)

    monkeypatch.setattr(daemon.engine._queue, "take", take)
    work = asyncio.create_task(daemon.engine.work(daemon.work_on))
    await is_asked.wait()
    work.cancel()
    await asyncio.wait([work], timeout=PATIENCE_SECONDS)

    assert lost
    assert work.cancelled()


async def test_nothing_is_kept_of_what_is_done_and_of_who_left(store: Store, url: str):
    daemon = Daemon(store, leads=False)  # whose store owes these for ever: a leader would submit them again
    async with at_work(daemon):
        await daemon.submit(job(1), job(2))
        await daemon.see(lambda: len(daemon.done) == 2)

    for table in ("jobs", "events", "workers"):
        assert run_sql(url, f"SELECT count(*) FROM procrastinate_{table}") == [(0,)], table


async def test_a_job_that_raised_rests_in_the_queue_each_time_for_longer(store: Store, url: str):
    daemon = Daemon(store, pace=Pace(tick_seconds=3600, rest_seconds=100))

    async def fail(_: Job) -> None:
        raise OSError("disk full")

    daemon.do = fail
    rests = "SELECT attempts, round(extract(epoch FROM scheduled_at - now()) / 100) FROM procrastinate_jobs"
    rests += " WHERE status = 'todo' AND scheduled_at > now()"
    seen = []
    async with at_work(daemon):
        await daemon.submit(job(1))
        for _ in range(3):
            await daemon.see(lambda: run_sql(url, rests))
            seen += run_sql(url, rests)
            run_sql(url, "UPDATE procrastinate_jobs SET scheduled_at = NULL")
            daemon.engine.submit(job(1))  # wakes it

    # Five minutes are the longest.
    assert [(times, int(rest)) for times, rest in seen] == [(1, 1), (2, 2), (3, 3)]


async def test_a_job_that_rests_is_not_run_early_when_it_was_submitted_meanwhile(store: Store, url: str):
    daemon = Daemon(store, pace=Pace(tick_seconds=3600, rest_seconds=100))

    async def submit_and_fail(one: Job) -> None:
        await store.write(lambda connection: daemon.engine.submit(one, connection))
        raise OSError("disk full")

    daemon.do = submit_and_fail
    async with at_work(daemon):
        await daemon.submit(job(1))
        await daemon.see(lambda: daemon.engine.health().failures)
        await daemon.see(lambda: not daemon.engine.health().running)

    assert (daemon.begun, run_sql(url, WAITING)) == ([job(1)], [(job(1).key, "eightk-filing", 1)])


async def test_trouble_with_a_job_ends_when_another_daemon_has_done_it(store: Store):
    one, other = Daemon(store), Daemon(store)

    async def fail(_: Job) -> None:
        raise OSError("disk full")

    one.do = fail
    async with at_work(one):
        await one.submit(job(1))
        await one.see(lambda: one.engine.health().is_in_trouble)
        one.slots[JobKind.FILING] = 0  # or it might be the first each time
        async with at_work(other):
            await one.see(lambda: job(1) in other.done)
            await one.see(lambda: not one.engine.health().is_in_trouble)


async def test_what_somebody_waits_for_goes_first(store: Store):
    daemon = Daemon(store, places=1)
    daemon.history = {job(number).key for number in (1, 2, 3)}
    for number in (1, 2, 3):
        await daemon.owe_later(job(number), NOW)
    async with at_work(daemon):
        may_end = asyncio.Event()
        daemon.do = waiting_for(may_end)
        await daemon.see(lambda: daemon.begun)
        await daemon.submit(job(4))
        daemon.do = daemon.settle
        may_end.set()
        await daemon.see(lambda: len(daemon.done) >= 2)

    assert daemon.begun[1] == job(4)


async def test_half_of_the_places_are_kept_for_what_somebody_waits_for(store: Store):
    daemon = Daemon(store)
    daemon.do = waiting_for(asyncio.Event())
    daemon.history = {job(number).key for number in range(10)}
    for number in range(10):
        await daemon.owe_later(job(number), NOW)
    async with at_work(daemon):
        await daemon.see(lambda: len(daemon.begun) == SLOTS // 2)
        await daemon.submit(job(20), job(21))
        await daemon.see(lambda: len(daemon.begun) == SLOTS)

    assert daemon.begun[SLOTS // 2 :] == [job(20), job(21)]


async def test_history_that_becomes_urgent_moves_up(store: Store, url: str):
    daemon = Daemon(store, places=0)
    daemon.history = {job(1).key}
    await daemon.owe_later(job(1), NOW)
    async with at_work(daemon):
        await daemon.see(lambda: run_sql(url, WAITING))
        await store.write(lambda connection: daemon.engine.submit(job(1), connection))

    assert run_sql(url, WAITING) == [(job(1).key, "eightk-filing", 0)]


async def test_only_so_much_history_stands_in_line(store: Store, url: str):
    daemon = Daemon(store, places=0)
    keys = [job(number).key for number in range(MOST_WAITING_HISTORY + 5)]
    daemon.history = set(keys)

    def owe(connection: Connection) -> None:
        found = [Filing(key) for key in keys]
        submit = daemon.engine.submit
        filings.spot(connection, found, NOW, submit=lambda c, key: submit(Job(JobKind.FILING, key), c, is_history=True))

    await store.write(owe)
    before = run_sql(url, WAITING)
    async with at_work(daemon):
        await daemon.see(lambda: len(run_sql(url, WAITING)) == MOST_WAITING_HISTORY)
        asked = len(daemon.asked)
        await daemon.see(lambda: len(daemon.asked) > asked + 4)

    assert (before, len(run_sql(url, WAITING))) == ([], MOST_WAITING_HISTORY)


async def test_an_endpoints_jobs_have_places_of_their_own(store: Store):
    daemon = Daemon(store, pace=WOKEN, places=1)
    daemon.do = waiting_for(asyncio.Event())
    async with at_work(daemon):
        await daemon.submit(job(1))
        await daemon.see(lambda: daemon.begun)
        daemon.engine.submit(Job(JobKind.ENDPOINT, "desk"))
        await daemon.see(lambda: len(daemon.begun) == 2)

    assert daemon.begun[1] == Job(JobKind.ENDPOINT, "desk")


async def test_cut_connections_are_made_anew(store: Store, url: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    daemon = Daemon(store, leads=False)
    async with at_work(daemon):
        for number in range(3):
            await daemon.submit(job(number))
            await daemon.see(lambda number=number: job(number) in daemon.done)
            run_sql(url, CUT)
        await daemon.submit(job(4))
        await daemon.see(lambda: job(4) in daemon.done)
        await daemon.see(lambda: not daemon.engine.health().is_in_trouble)

    assert len(daemon.done) == 4


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with serving() as made:
        with Store(made.url()) as store:
            store.write_now(prepare)
        yield made


async def test_a_database_that_was_away_is_found_again(own_server: OwnServer, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with Store(own_server.url()) as store:
        daemon = Daemon(store, pace=Pace(tick_seconds=0.05, heartbeat_seconds=0.2))
        may_end = asyncio.Event()
        daemon.do = waiting_for(may_end)
        async with at_work(daemon):
            await daemon.submit(job(1))
            await daemon.see(lambda: daemon.begun)
            await asyncio.to_thread(own_server.kill)
            await daemon.see(lambda: daemon.engine.health().trouble.startswith("the queue of jobs: "))
            await asyncio.to_thread(own_server.start)
            await daemon.see(lambda: not daemon.engine.health().is_in_trouble)
            # It kept what it had: the database was not away for long.
            may_end.set()
            await daemon.see(lambda: daemon.done)
            daemon.do = daemon.settle
            await daemon.see(lambda: daemon.begun.count(job(1)) == 2)

    told = [one for one in caplog.messages if "queue of jobs" in one]
    assert told == ["the queue of jobs cannot be reached", "the queue of jobs can be reached again"]


async def test_a_job_is_let_go_before_others_may_be_given_it(own_server: OwnServer):
    with Store(own_server.url()) as store:
        daemon = Daemon(store)
        daemon.do = waiting_for(asyncio.Event())
        async with at_work(daemon):
            await daemon.submit(job(1))
            await daemon.see(lambda: daemon.begun)
            await asyncio.to_thread(own_server.stop)
            await daemon.see(lambda: not daemon.engine.health().running)
            daemon.do = daemon.settle
            await asyncio.to_thread(own_server.start)
            await daemon.see(lambda: daemon.done)

    assert (daemon.begun, daemon.done) == ([job(1), job(1)], [job(1)])


async def test_who_was_thought_dead_lets_go_and_works_on(store: Store, url: str, caplog: pytest.LogCaptureFixture):
    daemon = Daemon(store)
    daemon.do = waiting_for(asyncio.Event())
    async with at_work(daemon):
        await daemon.submit(job(1))
        await daemon.see(lambda: daemon.begun)
        daemon.do = daemon.settle
        run_sql(url, "DELETE FROM procrastinate_workers")
        await daemon.see(lambda: daemon.done)

    assert (daemon.begun, daemon.done) == ([job(1), job(1)], [job(1)])
    assert "taken for dead by the others: what ran here is handed out again" in caplog.messages


async def test_a_database_that_is_not_there_at_the_start_is_waited_for(own_server: OwnServer):
    own_server.stop()
    daemon = DistributedEngine(own_server.url(), _nothing_due, dict.fromkeys(JobKind, 1), pace=QUICK)
    done = asyncio.Event()

    async def do(_: Job) -> None:
        done.set()

    work = asyncio.create_task(daemon.work(do))
    daemon.submit(job(1))
    while not daemon.health().is_in_trouble:
        await asyncio.sleep(0.02)
        daemon.submit(job(1))
    await asyncio.to_thread(own_server.start)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await done.wait()
    await daemon.stop(PATIENCE_SECONDS)
    await work


async def _nothing_due(kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
    return ()
