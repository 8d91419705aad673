"""A bell wakes who waits: at an instant of the clock, or when somebody rings."""

import asyncio

import pytest
from _indexes import FastClock, at

from watcher.clock import Clock
from watcher.sources._bell import Bell

NOW = at("2026-01-09T22:00")


async def test_it_rings_at_an_instant_of_the_clock() -> None:
    clock = FastClock(NOW, scale=36_000)
    clock.begin()
    with Bell(clock) as bell:
        async with asyncio.timeout(20):
            await bell.wait(at("2026-01-09T23:00"))

    assert clock.now() >= at("2026-01-09T23:00")


async def test_an_instant_that_is_past_rings_at_once() -> None:
    with Bell(Clock()) as bell:
        async with asyncio.timeout(20):
            await bell.wait(NOW)


async def test_somebody_who_rings_is_heard_before_the_instant_comes() -> None:
    with Bell(FastClock(NOW, scale=1)) as bell:
        waiting = asyncio.create_task(bell.wait(at("2026-01-10T22:00")))
        await asyncio.sleep(0)
        bell.ring()
        async with asyncio.timeout(20):
            await waiting


async def test_what_rang_while_nobody_waited_is_heard_once_and_can_be_forgotten() -> None:
    with Bell(FastClock(NOW, scale=1)) as bell:
        bell.ring()
        await bell.wait()
        bell.ring()
        bell.forget()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bell.wait(), 0.05)
