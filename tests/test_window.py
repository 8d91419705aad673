"""No second has more requests than the limit where they are counted, whatever the way there does to them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest
from _wire import ACCESSION, SUBMISSION, ManualClock, client_of, says

from watcher.clock import Clock
from watcher.edgar._window import Window
from watcher.edgar.client import EdgarClient

START = datetime(2024, 5, 6, 16, 0, tzinfo=UTC)
CONTACT = "Tests tests@example.com"


class Counting(httpx.AsyncBaseTransport):
    """Counts requests by the clock where they arrive; what they meet on the way is the test's."""

    def __init__(self, clock: Clock, on_the_way: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._on_the_way = on_the_way
        self.arrived: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._on_the_way()
        self.arrived.append(self._clock.time())
        await self._on_the_way()
        return says(200, SUBMISSION)

    @property
    def peak(self) -> int:
        return max(sum(at - 0.999 < other <= at for other in self.arrived) for at in self.arrived)


async def asked(clock: Clock, on_the_way: Callable[[], Awaitable[None]], *, count: int, at_once: int) -> Counting:
    """Ask so often, so many at once, and return what arrived."""
    wire = Counting(clock, on_the_way)
    async with client_of(wire, clock=clock, requests_per_second=5) as client:
        left = iter(range(count))

        async def asker() -> None:
            for _ in left:
                await client.submission(912345, ACCESSION)

        await asyncio.gather(*(asker() for _ in range(at_once)))
    return wire


@pytest.mark.parametrize("seed", range(3))
async def test_a_slow_way_makes_no_burst(seed: int) -> None:
    chance = random.Random(seed)

    async def jam() -> None:
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.01)))

    wire = await asked(Clock(scale=200, start=START), jam, count=150, at_once=20)

    assert len(wire.arrived) == 150
    assert wire.peak <= 5


async def test_a_machine_that_stands_still_for_a_while_makes_no_burst() -> None:
    chance = random.Random(1)

    async def stall() -> None:
        await asyncio.sleep(0)
        if chance.random() < 0.1:
            time.sleep(0.02)  # noqa: ASYNC251  # the whole program stands, as on a machine that has too much to do

    wire = await asked(Clock(scale=200, start=START), stall, count=100, at_once=20)

    assert wire.peak <= 5


async def test_what_a_forerunner_asked_counts_as_well() -> None:
    clock = ManualClock()
    asked_until = clock.now()
    wire = Counting(clock, lambda: asyncio.sleep(0))
    async with EdgarClient(contact=CONTACT, clock=clock, asked_until=asked_until, transport=wire) as client:
        await client.submission(912345, ACCESSION)

    assert wire.arrived == [pytest.approx(asked_until.timestamp() + 1)]


async def test_a_forerunner_that_is_long_gone_does_not_count() -> None:
    clock = ManualClock()
    asked_until = clock.now()
    clock.at += 5
    wire = Counting(clock, lambda: asyncio.sleep(0))
    async with EdgarClient(contact=CONTACT, clock=clock, asked_until=asked_until, transport=wire) as client:
        await client.submission(912345, ACCESSION)

    assert wire.arrived == [asked_until.timestamp() + 5]


async def test_a_request_without_an_answer_keeps_its_place_until_it_fails() -> None:
    clock = ManualClock()
    window = Window(clock, 1)
    await window.room()
    window.leave()
    waiting = asyncio.create_task(window.room())
    clock.at += 60
    await asyncio.sleep(0)
    assert not waiting.done()

    window.answered()
    await waiting

    assert clock.at == pytest.approx(START.timestamp() + 61)


async def test_a_clock_that_is_set_back_opens_the_window() -> None:
    clock = ManualClock()
    window = Window(clock, 1, asked_until=clock.at)
    clock.at -= 86_400

    await window.room()

    assert clock.waits == []
