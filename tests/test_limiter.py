"""When a request may leave: never more than the limit in any second, and those that somebody waits for first."""

import asyncio
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from _wire import ManualClock

from watcher.clock import Clock
from watcher.edgar.limiter import LIVE_IN_A_ROW, Limiter
from watcher.errors import BlockedError

START = datetime(2024, 5, 6, 16, 0, tzinfo=UTC)


class Asked:
    """Asks for turns, and remembers who had them when, in seconds since the start."""

    def __init__(self, clock: Clock, requests_per_second: float) -> None:
        self.clock = clock
        self.limiter = Limiter(clock, requests_per_second)
        self.turns: list[tuple[str, float]] = []

    async def turn(self, name: str, *, is_live: bool = True) -> None:
        async with self.limiter.turn(is_live=is_live):
            self.turns.append((name, round(self.clock.time() - START.timestamp(), 3)))

    async def turns_of(self, names: Iterable[str]) -> list[float]:
        """Ask for one turn for each name, all at once, and return when they came; an "h" is of history."""
        self.turns.clear()
        await asyncio.gather(*(self.turn(name, is_live=not name.startswith("h")) for name in names))
        return [at for _, at in self.turns]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.turns]


def most_in(seconds: float, times: list[float]) -> int:
    return max(sum(0 <= other - at < seconds - 1e-6 for other in times) for at in times)


async def test_what_the_last_second_left_unused_live_requests_may_use_at_once() -> None:
    asked = Asked(ManualClock(START), 5)

    assert await asked.turns_of("abcde") == [0, 0, 0, 0, 0]


async def test_once_they_have_to_wait_live_requests_go_evenly_apart() -> None:
    asked = Asked(ManualClock(START), 5)

    assert (await asked.turns_of("abcdefghij".replace("h", "k")))[5:] == [1.0, 1.2, 1.4, 1.6, 1.8]


async def test_history_goes_evenly_apart() -> None:
    asked = Asked(ManualClock(START), 5)

    assert await asked.turns_of(["h1", "h2", "h3"]) == [0, 0.2, 0.4]


@pytest.mark.parametrize("rate", [0.5, 1, 2.5, 5, 10])
@pytest.mark.parametrize("pause", [0.0, 0.05, 0.3])
async def test_no_second_has_more_requests_than_the_limit(rate: float, pause: float) -> None:
    clock = ManualClock(START)
    asked = Asked(clock, rate)
    times: list[float] = []
    for turn in range(12):
        times += await asked.turns_of(["a", "h"] * (turn % 4))
        clock.at += pause

    assert most_in(max(1.0, 1 / rate), times) <= math.ceil(rate)


async def test_a_long_pause_saves_up_no_more_than_one_second_s_requests() -> None:
    clock = ManualClock(START)
    asked = Asked(clock, 2)
    await asked.turns_of("a")
    clock.at += 60

    assert await asked.turns_of("abcd") == [60, 60, 61, 61.5]


async def test_a_live_request_goes_before_the_history_that_waits() -> None:
    asked = Asked(Clock(scale=50, start=START), 5)
    history = asyncio.create_task(asked.turns_of(["h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"]))
    while len(asked.turns) < 5:  # history is under way, and has used up its second
        await asyncio.sleep(0)
    await asked.turn("live")
    await history

    assert asked.names.index("live") in (5, 6)
    assert asked.names[-1] == "h8"


async def test_history_is_not_starved_by_live_requests_without_end() -> None:
    asked = Asked(ManualClock(START), 5)
    await asked.turns_of([*"abcde", *(f"h{number}" for number in range(3)), *"l" * 60])

    waited = [place for place, name in enumerate(asked.names) if name.startswith("h")]
    assert waited == [5 + LIVE_IN_A_ROW, 6 + 2 * LIVE_IN_A_ROW, 7 + 3 * LIVE_IN_A_ROW]


async def test_one_that_is_cancelled_while_it_waits_holds_up_nobody() -> None:
    asked = Asked(Clock(scale=50, start=START), 1)
    await asked.turn("first")
    given_up = [asyncio.create_task(asked.turn(name, is_live=name == "a")) for name in ("a", "h")]
    last = asyncio.create_task(asked.turn("last", is_live=False))
    await asyncio.sleep(0)
    for one in given_up:
        one.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    await last

    assert asked.names == ["first", "last"]


async def test_all_that_wait_are_refused_in_a_silence_without_waiting_for_a_turn_each() -> None:
    clock = ManualClock(START)
    asked = Asked(clock, 1)
    await asked.turn("first")
    waiting = [asyncio.create_task(asked.turn(str(number), is_live=number < 20)) for number in range(40)]
    await asyncio.sleep(0)
    asked.limiter.silence(600, "blocked")
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(one) for one in outcomes} == {BlockedError}
    assert clock.now() <= START + timedelta(seconds=2)


async def test_a_clock_that_is_set_back_stops_nobody_for_longer_than_a_second() -> None:
    clock = ManualClock(START)
    asked = Asked(clock, 5)
    await asked.turns_of("abcde")
    clock.at -= 86_400

    turns = await asked.turns_of(["a", "b", "h"])
    assert turns == [-86_399, -86_398.8, -86_398.6]
