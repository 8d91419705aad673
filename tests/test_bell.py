"""A bell wakes who waits: at an instant of the clock, or when somebody rings."""

import asyncio
from datetime import timedelta

import pytest
from _indexes import FastClock, at

from watcher.clock import Clock
from watcher.sources._bell import Bell

NOW = at("2026-01-09T22:00")
FAR = NOW + timedelta(days=1)


async def test_it_rings_at_an_instant_of_the_clock() -> None:
    clock = FastClock(NOW, scale=36_000)
    clock.begin()
    bell = Bell(clock)
    async with asyncio.timeout(60):
        await bell.wait(at("2026-01-09T23:00"))

    assert clock.now() >= at("2026-01-09T23:00")


async def test_an_instant_that_is_past_rings_at_once() -> None:
    bell = Bell(Clock())
    async with asyncio.timeout(60):
        await bell.wait(NOW)


async def test_somebody_who_rings_is_heard_before_the_instant_comes() -> None:
    bell = Bell(FastClock(NOW, scale=1))
    waiting = asyncio.create_task(bell.wait(FAR))
    await asyncio.sleep(0)
    bell.ring()
    async with asyncio.timeout(60):
        await waiting


async def test_what_rang_while_nobody_waited_is_heard_once() -> None:
    bell = Bell(FastClock(NOW, scale=1))
    bell.ring()
    await bell.wait(FAR)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bell.wait(FAR)


async def test_a_clock_that_is_set_back_meanwhile_delays_no_bell() -> None:
    clock = FastClock(NOW, scale=1)
    bell = Bell(clock)
    waiting = asyncio.create_task(bell.wait(NOW + timedelta(seconds=0.3)))
    await asyncio.sleep(0.05)
    clock.shows = NOW - timedelta(hours=6)
    async with asyncio.timeout(60):
        await waiting


async def test_a_clock_that_leaps_ahead_meanwhile_rings_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.sources._bell.LOOK_SECONDS", 0.05)
    clock = FastClock(NOW, scale=1)
    bell = Bell(clock)
    waiting = asyncio.create_task(bell.wait(NOW + timedelta(hours=6)))
    await asyncio.sleep(0.1)
    clock.shows = NOW + timedelta(hours=7)
    async with asyncio.timeout(60):
        await waiting


async def test_a_clock_that_was_set_back_before_the_wait_began_makes_it_no_longer_than_it_was_meant() -> None:
    clock = FastClock(NOW - timedelta(hours=6), scale=1)
    bell = Bell(clock)
    async with asyncio.timeout(60):
        await bell.wait(NOW + timedelta(seconds=0.3), since=NOW)
