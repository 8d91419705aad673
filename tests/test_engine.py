"""The engine contract: what every engine promises, each test run on each engine.

An engine is tried on a real store, as the daemon wires it: a filing's row is what is owed, and settling it ends that.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from _engines import NOW, PATIENCE_SECONDS, SLOTS, DistributedRig, EmbeddedRig, Rig, job, rig_of
from sqlalchemy import Connection

from watcher.engine.port import Job, JobKind
from watcher.errors import StoreError


class Ticking:
    """A rig with a tick that comes soon, for what only time brings."""

    tick_seconds = 0.01
    rest_seconds = 0.05


class TickingEmbeddedRig(Ticking, EmbeddedRig):
    pass


class TickingDistributedRig(Ticking, DistributedRig):
    pass


@pytest.fixture(params=[EmbeddedRig, DistributedRig])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """Each engine, woken by submitting."""
    with rig_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=[TickingEmbeddedRig, TickingDistributedRig])
async def ticking(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """Each engine, with a short tick."""
    with rig_of(request.param, tmp_path) as made:
        yield made


async def test_submitted_work_is_done(rig: Rig):
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.done)

    assert rig.done == [job(1)]


async def test_what_was_owed_before_the_start_is_done(rig: Rig):
    await rig.submit(job(1), job(2))
    async with rig.working():
        await rig.until(lambda: len(rig.done) == 2)

    assert set(rig.done) == {job(1), job(2)}


async def test_no_wake_up_is_lost_among_many(rig: Rig):
    jobs = [job(number) for number in range(60)]
    async with rig.working():
        await asyncio.gather(*(rig.submit(one) for one in jobs))
        await rig.until(lambda: len(rig.done) == len(jobs))

    assert set(rig.done) == set(jobs)


async def test_work_submitted_by_a_running_job_is_done(rig: Rig):
    async def submit_another(one: Job) -> None:
        if one == job(1):
            await rig.submit(job(2))
        await rig.settle(one)

    rig.do = submit_another
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: len(rig.done) == 2)

    assert set(rig.done) == {job(1), job(2)}


async def test_the_same_job_never_runs_twice_at_once(rig: Rig):
    may_end = asyncio.Event()

    async def wait(one: Job) -> None:
        await may_end.wait()
        await rig.settle(one)

    rig.do = wait
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)
        for _ in range(3):
            rig.engine.submit(job(1))
        await rig.submit(job(2))
        await rig.until(lambda: job(2) in rig.begun)
        at_once = rig.begun.count(job(1))
        may_end.set()
        await rig.until(lambda: len(rig.done) == 2)

    assert at_once == 1


async def test_a_job_submitted_again_while_it_runs_is_looked_at_once_more(rig: Rig):
    """What came while it ran may be work that it did not see."""
    may_end = asyncio.Event()

    async def wait_the_first_time(one: Job) -> None:
        if rig.begun.count(one) == 1:
            await may_end.wait()
        else:
            await rig.settle(one)

    rig.do = wait_the_first_time
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)
        rig.engine.submit(job(1))
        may_end.set()
        await rig.until(lambda: len(rig.done) == 2)

    assert rig.begun == [job(1), job(1)]


async def test_a_job_that_raised_is_handed_out_again(ticking: Rig, caplog: pytest.LogCaptureFixture):
    async def fail_once(one: Job) -> None:
        if len(ticking.begun) == 1:
            raise OSError("disk full")
        await ticking.settle(one)

    ticking.do = fail_once
    async with ticking.working():
        await ticking.submit(job(1))
        await ticking.until(lambda: ticking.done)

    assert ticking.begun == [job(1), job(1)]
    assert "job failed; it will be handed out again" in caplog.messages


async def test_a_job_that_raises_does_not_hold_up_the_others(rig: Rig):
    async def fail_the_first(one: Job) -> None:
        if one == job(1):
            raise OSError("disk full")
        await rig.settle(one)

    rig.do = fail_the_first
    async with rig.working():
        await rig.submit(job(1), job(2), job(3))
        await rig.until(lambda: len(rig.done) == 2)

    assert set(rig.done) == {job(2), job(3)}


async def test_failures_are_counted(rig: Rig):
    async def fail_the_first(one: Job) -> None:
        if one == job(1):
            raise OSError("disk full")
        await rig.settle(one)

    rig.do = fail_the_first
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)
        await rig.submit(job(2))
        await rig.until(lambda: rig.done)
        failures = rig.engine.health().failures

    assert failures == 1


async def test_what_is_due_later_is_done_later(ticking: Rig):
    async with ticking.working():
        await ticking.owe_later(job(1), NOW + timedelta(hours=1))
        await ticking.submit(job(2))
        await ticking.until(lambda: job(2) in ticking.done)
        early = list(ticking.begun)
        ticking.now = NOW + timedelta(hours=1)
        await ticking.until(lambda: job(1) in ticking.done)

    assert early == [job(2)]


async def test_what_is_submitted_inside_a_transaction_is_done_only_after_its_commit(rig: Rig):
    begun_inside: list[Job] = []

    def slowly(connection: Connection) -> None:
        rig.owe(connection, job(1))
        rig.wait_for_a_look()
        begun_inside.extend(rig.begun)

    async with rig.working():
        await rig.store.write(slowly)
        await rig.until(lambda: job(1) in rig.done)

    assert job(1) not in begun_inside


async def test_what_was_submitted_in_a_transaction_that_failed_is_not_done(rig: Rig):
    def fail(connection: Connection) -> None:
        rig.owe(connection, job(1))
        raise RuntimeError

    async with rig.working():
        with suppress(RuntimeError):
            await rig.store.write(fail)
        await rig.submit(job(2))
        await rig.until(lambda: rig.done)

    assert rig.begun == [job(2)]


async def test_no_more_run_at_once_than_there_are_slots(rig: Rig):
    may_end = asyncio.Event()

    async def wait(one: Job) -> None:
        await may_end.wait()
        await rig.settle(one)

    rig.do = wait
    async with rig.working():
        await rig.submit(*(job(number) for number in range(SLOTS + 2)))
        await rig.until(lambda: len(rig.begun) == SLOTS)
        running = len(rig.engine.health().running)
        may_end.set()
        await rig.until(lambda: len(rig.done) == SLOTS + 2)

    assert running == SLOTS


async def test_stopping_lets_what_runs_end_within_the_grace(rig: Rig):
    may_end = asyncio.Event()

    async def wait(one: Job) -> None:
        await may_end.wait()
        await rig.settle(one)

    rig.do = wait
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)
        await rig.engine.stop(PATIENCE_SECONDS)
        may_end.set()

    assert rig.done == [job(1)]


async def test_what_still_runs_after_the_grace_is_cancelled(rig: Rig):
    endings: list[str] = []

    async def wait(one: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            endings.append("cancelled")
            raise

    rig.do = wait
    async with rig.working(grace_seconds=0.05):
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)

    assert endings == ["cancelled"]


async def test_nothing_is_handed_out_after_stopping(rig: Rig):
    may_end = asyncio.Event()

    async def wait(one: Job) -> None:
        await may_end.wait()
        await rig.settle(one)

    rig.do = wait
    async with rig.working():
        await rig.submit(*(job(number) for number in range(SLOTS + 2)))
        await rig.until(lambda: len(rig.begun) == SLOTS)
        await rig.engine.stop(PATIENCE_SECONDS)
        may_end.set()

    assert len(rig.begun) == SLOTS


async def test_what_is_found_only_after_a_stop_is_not_begun(rig: Rig):
    await rig.submit(job(1))
    is_held, may_go_on = threading.Event(), threading.Event()

    def hold_the_store(connection: Connection) -> None:
        rig.hold(connection)
        is_held.set()
        may_go_on.wait(PATIENCE_SECONDS)

    holding = asyncio.create_task(rig.store.write(hold_the_store))
    await asyncio.to_thread(is_held.wait, PATIENCE_SECONDS)
    async with rig.working():
        await asyncio.to_thread(rig.wait_until_held)
        await rig.engine.stop(PATIENCE_SECONDS)
        may_go_on.set()
        await holding

    assert rig.begun == []


async def test_cancelling_the_work_waits_for_what_it_cancels(rig: Rig):
    """What a job uses is closed next: it must have let go by then."""
    endings: list[str] = []

    async def clean_up_slowly(one: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await rig.settle(one)
            endings.append("cleaned up")

    rig.do = clean_up_slowly
    work = asyncio.create_task(rig.engine.work(rig.work_on))
    await rig.submit(job(1))
    await rig.until(lambda: rig.begun)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work

    assert endings == ["cleaned up"]


async def test_health_tells_what_runs(rig: Rig):
    may_end = asyncio.Event()

    async def wait(one: Job) -> None:
        await may_end.wait()
        await rig.settle(one)

    rig.do = wait
    async with rig.working():
        await rig.submit(job(1))
        await rig.until(lambda: rig.begun)
        running = rig.engine.health().running
        may_end.set()

    assert running == (job(1),)


async def test_health_tells_of_a_stop(rig: Rig):
    before = rig.engine.health().is_stopping
    await rig.engine.stop(0)

    assert (before, rig.engine.health().is_stopping) == (False, True)


async def test_a_store_that_cannot_be_asked_is_told_once_and_asked_again(
    ticking: Rig, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    ticking.trouble = StoreError("disk full")
    async with ticking.working():
        await ticking.until(lambda: ticking.refused.count(JobKind.FILING) == 3)
        ticking.trouble = None
        # Nobody tells the engine of it.
        await ticking.owe_later(job(1), NOW)
        await ticking.until(lambda: ticking.done)

    told = [one.message for one in caplog.records if getattr(one, "job", None) is JobKind.FILING]
    assert told == ["the store cannot be asked what is due", "the store can be asked what is due again"]


async def test_a_trouble_of_the_store_is_told_once_for_all_jobs_and_without_a_traceback(
    ticking: Rig, caplog: pytest.LogCaptureFixture
):
    """A disk that stays full must not fill what is left of it with words."""
    caplog.set_level(logging.INFO)
    is_full = True

    async def do(one: Job) -> None:
        if is_full and one == job(2):
            # As a group of tasks tells it.
            raise ExceptionGroup("some", [StoreError("eightk.db: database or disk is full")])
        if is_full:
            raise StoreError("eightk.db: database or disk is full")
        await ticking.settle(one)

    ticking.do = do
    async with ticking.working():
        await ticking.submit(job(1), job(2), job(3))
        await ticking.until(lambda: len(ticking.begun) >= 6)
        health = ticking.engine.health()
        is_full = False
        await ticking.until(lambda: len(ticking.done) == 3)

    told = [one for one in caplog.records if one.name == "watcher.engine.troubles"]
    assert [one.getMessage() for one in told] == [
        "the store does not take what is done; jobs are handed out again",
        "the store takes what is done again",
    ]
    assert [one.exc_info for one in told] == [None, None]
    assert (health.is_in_trouble, health.trouble) == (True, "eightk.db: database or disk is full")
    assert (ticking.engine.health().is_in_trouble, ticking.engine.health().trouble) == (False, "")


async def test_health_tells_why_the_store_cannot_be_asked(ticking: Rig):
    ticking.trouble = StoreError("eightk.db: database is locked")
    async with ticking.working():
        await ticking.until(lambda: ticking.refused.count(JobKind.FILING) == 1)
        health = ticking.engine.health()

    assert health.trouble == "eightk.db: database is locked"
