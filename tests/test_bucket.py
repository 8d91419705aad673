"""The token bucket: how often something is let through."""

import asyncio
import time

import pytest

from watcher.bucket import Bucket
from watcher.clock import Clock


class Sleeper:
    """Notes how long was slept, and moves the clock on by it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 1000.0, [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    return Sleeper(monkeypatch)


async def take(bucket: Bucket, times: int) -> None:
    for _ in range(times):
        await bucket.take()


async def test_a_second_s_worth_goes_at_once_and_then_one_by_one(sleeper: Sleeper) -> None:
    await take(Bucket(10, Clock()), 10)
    assert sleeper.slept == [0.0]

    bucket = Bucket(10, Clock())
    await take(bucket, 13)

    assert sleeper.slept == [0.0, 0.1, 0.1, 0.1]


async def test_less_than_one_a_second_lets_one_through_at_once(sleeper: Sleeper) -> None:
    await take(Bucket(0.5, Clock()), 3)

    assert sleeper.slept == [0.0, 2.0, 2.0]


async def test_a_pause_fills_it_and_never_more_than_that(sleeper: Sleeper) -> None:
    bucket = Bucket(2, Clock())
    await take(bucket, 4)
    sleeper.now += 3600

    sleeper.slept.clear()
    await take(bucket, 3)

    assert sleeper.slept == [0.5]


async def test_none_is_no_limit(sleeper: Sleeper) -> None:
    await take(Bucket(0, Clock()), 1000)

    assert sleeper.slept == [0.0]


async def test_it_counts_in_the_clock_s_own_seconds(sleeper: Sleeper) -> None:
    await take(Bucket(1, Clock(scale=100)), 2)

    assert sleeper.slept == [0.0, 0.01]
