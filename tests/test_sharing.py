"""What daemons that share a store keep to together: one of them spots, and the SEC's limit holds over all."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from _postgres import run_sql
from _stores import on_postgresql, store_url
from _wire import ManualClock

from watcher import leading
from watcher.clock import Clock
from watcher.edgar.limiter import Limiter
from watcher.errors import BlockedError, StoreError
from watcher.leading import Leader
from watcher.minding import BLOCKED_KEY
from watcher.sharing import SharedLimit
from watcher.store import postgresql, request_slots
from watcher.store.database import Store, set_meta
from watcher.store.inspection import server_problem

START = datetime(2024, 5, 6, 16, 0, tzinfo=UTC)
PATIENCE_SECONDS = 30


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with on_postgresql():
        yield store_url(tmp_path / "eightk.db")


@pytest.fixture
def stores(url: str) -> Iterator[tuple[Store, Store]]:
    """Two daemons' connections to one store."""
    with Store(url) as first, Store(url) as second:
        yield first, second


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(leading, "GRACE_SECONDS", 0.02)
    monkeypatch.setattr(leading, "ANSWER_SECONDS", PATIENCE_SECONDS)


class Spotting:
    """Notes who spots, and whether two ever did at once."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.began: list[str] = []
        self.overlaps = 0
        self.changed = asyncio.Event()

    async def lead(self, name: str) -> None:
        self.overlaps += bool(self.now)
        self.now.append(name)
        self.began.append(name)
        self.changed.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.now.remove(name)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.began) < count:
                self.changed.clear()
                await self.changed.wait()


def leading_as(name: str, store: Store, spotting: Spotting) -> asyncio.Task[None]:
    return asyncio.create_task(Leader(store).run(lambda: spotting.lead(name)))


@pytest.mark.usefixtures("quickly")
async def test_one_of_two_spots_and_the_other_when_it_ends(stores: tuple[Store, Store]) -> None:
    spotting = Spotting()
    first = leading_as("first", stores[0], spotting)
    await spotting.until(1)
    second = leading_as("second", stores[1], spotting)
    await asyncio.sleep(0.2)
    assert spotting.began == ["first"]

    first.cancel()
    await spotting.until(2)

    assert (spotting.began, spotting.now, spotting.overlaps) == (["first", "second"], ["second"], 0)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_who_is_frozen_and_does_not_ask_any_more_has_lost_it(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_SPOTTER_IDLE_SECONDS", 1)
    first, second = (postgresql.SpotterLock(one.url, PATIENCE_SECONDS) for one in stores)
    assert await first.is_had()
    assert not await second.is_had()

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await second.is_had():
            await asyncio.sleep(0.05)

    with pytest.raises(StoreError):
        await first.is_had()
    await second.release()


@pytest.mark.usefixtures("quickly")
async def test_who_loses_the_connection_stops_and_may_begin_again(url: str, stores: tuple[Store, Store]) -> None:
    spotting = Spotting()
    task = leading_as("one", stores[0], spotting)
    await spotting.until(1)

    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'eightk spotter'"
    await asyncio.to_thread(run_sql, url, ended)
    await spotting.until(2)

    assert spotting.overlaps == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.usefixtures("quickly")
async def test_an_error_of_what_spots_is_not_swallowed(stores: tuple[Store, Store]) -> None:
    async def broken() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await Leader(stores[0]).run(broken)


@pytest.mark.usefixtures("quickly")
async def test_a_command_spots_only_while_nobody_does(stores: tuple[Store, Store]) -> None:
    first, second = Leader(stores[0]), Leader(stores[1])

    assert (await first.try_to_lead(), await second.try_to_lead()) == (True, False)
    await first.release()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await second.try_to_lead():  # the server ends the other's connection a moment later
            await asyncio.sleep(0.05)
    await second.release()


async def test_alone_with_its_store_a_daemon_always_spots(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as store:
        leader = Leader(store)

        assert leader.is_leading
        assert await leader.try_to_lead()


def test_slots_are_evenly_apart_whoever_takes_them(stores: tuple[Store, Store]) -> None:
    now = START.timestamp()
    waits = [stores[number % 2].write_now(request_slots.next_slot, 0.25, now) for number in range(5)]

    assert waits == [0, 0.25, 0.5, 0.75, 1.0]


def test_a_slot_that_was_left_unused_is_not_made_up_for(stores: tuple[Store, Store]) -> None:
    now = START.timestamp()
    stores[0].write_now(request_slots.next_slot, 0.25, now)

    assert [stores[1].write_now(request_slots.next_slot, 0.25, now + 60) for _ in range(2)] == [0, 0.25]


def test_a_clock_that_was_set_back_stops_nobody(stores: tuple[Store, Store]) -> None:
    now = START.timestamp()
    stores[0].write_now(request_slots.next_slot, 0.25, now + 3600)

    assert stores[0].write_now(request_slots.next_slot, 0.25, now) == 0


def test_by_the_servers_own_clock_the_next_slot_is_one_step_away(stores: tuple[Store, Store]) -> None:
    first = stores[0].write_now(request_slots.next_slot, 30, None)
    second = stores[1].write_now(request_slots.next_slot, 30, None)

    assert first == 0
    assert 0 < second <= 30


async def test_two_processes_together_keep_the_limit(stores: tuple[Store, Store]) -> None:
    clock = ManualClock(START)
    clock.scale = 2.0  # a simulator's: it is the one by which slots count
    limiters = [Limiter(clock, 10, shared=SharedLimit(store, clock, 10).turn) for store in stores]
    left: list[float] = []

    async def ask(limiter: Limiter) -> None:
        async with limiter.turn():
            left.append(clock.time() - START.timestamp())

    await asyncio.gather(*(ask(limiters[number % 2]) for number in range(24)))

    assert max(sum(0 <= other - at < 1 for other in left) for at in left) <= 10


async def test_a_block_that_one_was_told_silences_the_other(stores: tuple[Store, Store]) -> None:
    clock = Clock()
    until = clock.now() + timedelta(minutes=5)
    stores[0].write_now(set_meta, BLOCKED_KEY, until.isoformat())
    limiter = Limiter(clock, 10, shared=SharedLimit(stores[1], clock, 10).turn)

    with pytest.raises(BlockedError, match="a daemon that shares the store"):
        async with limiter.turn():
            pytest.fail("it had its turn")
    assert limiter.silent_until is not None


def test_a_server_that_does_not_answer_is_told_in_words() -> None:
    assert "refused" in server_problem("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError, match="refused"):
        Store("postgresql://nobody:secret@127.0.0.1:1/none")


def test_a_password_is_never_told() -> None:
    with pytest.raises(StoreError) as raised:
        Store("postgresql://nobody:secret@127.0.0.1:1/none")

    assert "secret" not in str(raised.value)


def test_a_database_of_another_program_is_not_touched(url: str) -> None:
    for name in ("alembic_version", "sighting", "filer", "report"):
        run_sql(url, f"DROP TABLE {name} CASCADE")

    assert "another program's" in server_problem(url)


def test_what_is_in_place_is_no_problem(url: str) -> None:
    assert server_problem(url) == ""
