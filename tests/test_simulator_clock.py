"""One clock for two processes: scaled, standing until it is asked for, and leaving idle hours out."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from _asking import CONTACT, FEED, ask, feed

from watcher.clock import Clock, Leap, shared_clock
from watcher.edgar.calendar import NEW_YORK
from watcher.errors import EightkError
from watcher.simulator.exchange import Ask
from watcher.simulator.scenario import idle_leaps
from watcher.simulator.server import Simulator, serve

START = datetime(2025, 3, 3, 10, 50, tzinfo=UTC)


def leaping(*leaps: tuple[float, float], ran: float = 0.0, scale: float = 1000.0) -> Clock:
    """A clock that began so many of its seconds ago; leaps are seconds after its start."""
    spans = tuple(Leap(START.timestamp() + at, START.timestamp() + to) for at, to in leaps)
    return Clock(scale, START, time.time() - ran / scale, spans)


def shown(clock: Clock) -> float:
    return clock.time() - START.timestamp()


# --- what it shows


def test_a_standing_clock_shows_its_start_until_it_is_begun() -> None:
    clock = Clock.standing(START, scale=1000)
    time.sleep(0.01)

    assert clock.now() == START
    assert clock.begun().now() >= START
    assert not clock.begun().stands


def test_beginning_a_running_clock_changes_nothing() -> None:
    clock = Clock(10, START)

    assert clock.begun() is clock


@pytest.mark.parametrize(("ran", "at"), [(0, 0), (99, 99), (100, 500), (150, 550), (299, 699), (300, 900), (400, 1000)])
def test_a_clock_leaves_its_leaps_out(ran: float, at: float) -> None:
    # So slow that it does not move while the test runs.
    clock = leaping((100, 500), (700, 900), ran=ran + 0.01, scale=0.01)

    assert shown(clock) == pytest.approx(at, abs=0.1)


@pytest.mark.parametrize(("seconds", "real"), [(50, 50), (100, 100), (300, 100), (600, 200), (800, 300), (1000, 400)])
def test_waiting_across_a_leap_takes_no_longer_for_it(seconds: float, real: float) -> None:
    clock = leaping((100, 500), (700, 900), ran=0, scale=0.01)

    assert clock.real_seconds(seconds) * 0.01 == pytest.approx(real, abs=0.1)


async def test_who_sleeps_into_a_leap_wakes_at_its_end() -> None:
    clock = leaping((100, 10_000), scale=5000)

    await clock.sleep(5_000)

    assert shown(clock) >= 10_000


def test_waiting_for_no_time_at_all_takes_none() -> None:
    assert leaping((100, 500)).real_seconds(-5) == 0


# --- what it leaves out


def test_idle_hours_are_nights_weekends_and_holidays() -> None:
    friday = datetime(2025, 2, 14, 12, 0, tzinfo=NEW_YORK)

    first = idle_leaps(friday)[0]

    # Monday the 17th was Washington's Birthday.
    assert datetime.fromtimestamp(first.at, NEW_YORK) == datetime(2025, 2, 14, 23, 0, tzinfo=NEW_YORK)
    assert datetime.fromtimestamp(first.to, NEW_YORK) == datetime(2025, 2, 18, 5, 45, tzinfo=NEW_YORK)


def test_a_start_within_idle_hours_leaps_at_once() -> None:
    sunday = datetime(2025, 3, 2, 12, 0, tzinfo=NEW_YORK)

    clock = Clock.standing(sunday, leaps=idle_leaps(sunday))

    assert clock.now() == datetime(2025, 3, 3, 5, 45, tzinfo=NEW_YORK)


def test_leaps_follow_each_other_over_a_change_of_the_hour() -> None:
    leaps = idle_leaps(datetime(2025, 3, 3, 5, 50, tzinfo=NEW_YORK))

    assert all(one.to < other.at for one, other in pairwise(leaps))
    assert len(leaps) > 250
    assert {datetime.fromtimestamp(one.to, NEW_YORK).hour for one in leaps} == {5}


# --- sharing it


def test_what_a_clock_tells_makes_the_same_clock() -> None:
    clock = leaping((100, 500), (700, 900), ran=300)

    assert Clock.of(json.loads(json.dumps(clock.told()))) == clock


def test_the_real_clock_can_be_told_as_well() -> None:
    assert Clock.of(Clock().told()).start is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"start": None, "scale": 0, "anchor": 1.0, "leaps": []},
        {"start": "2025-03-03T05:50:00", "scale": 1, "anchor": 1.0, "leaps": []},
        {"start": None, "scale": 1, "anchor": 1.0, "leaps": [[1]]},
        {"start": None, "scale": 1, "anchor": float("inf"), "leaps": []},
    ],
)
def test_what_describes_no_clock_makes_none(told: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Clock.of(told)


@pytest.mark.parametrize("how", ["clock", "list"])
def test_a_simulators_clock_begins_with_the_first_question(how: str) -> None:
    simulator = Simulator.from_generator(1, 3, clock=Clock.standing(START, scale=1000))
    stood = simulator.clock.stands
    if how == "clock":
        simulator.answer(Ask("/simulator/clock"))
    else:
        feed(simulator)

    assert (stood, simulator.clock.stands) == (True, False)


def test_asking_how_things_are_does_not_begin_it() -> None:
    simulator = Simulator.from_generator(1, 3, clock=Clock.standing(START))
    ask(simulator, "/simulator/state")
    ask(simulator, "/simulator/requests")

    assert simulator.clock.stands


async def test_another_process_shows_the_same_time() -> None:
    leaps = idle_leaps(START)
    simulator = Simulator.from_generator(1, 3, clock=Clock.standing(START, scale=50_000, leaps=leaps))
    program = "import sys; from watcher.clock import shared_clock as ask; print(ask(sys.argv[1]).told())"
    async with serve(simulator) as url:
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program, url], capture_output=True)
        mine = await asyncio.to_thread(shared_clock, url)

    assert done.stdout.decode().strip() == str(mine.told()), done.stderr
    assert mine == simulator.clock


async def test_where_no_simulator_is_there_is_no_clock() -> None:
    simulator = Simulator.from_generator(1, 1)
    async with serve(simulator) as url:
        gone = url

    with pytest.raises(EightkError, match="no simulator tells its clock"):
        shared_clock(gone)
    with pytest.raises(EightkError, match="expected the simulator's address"):
        shared_clock("https://www.sec.gov")
    assert await asyncio.to_thread(lambda: simulator.traffic.told()["total"]) == 0


async def test_a_days_limits_count_in_the_shared_clocks_seconds() -> None:
    simulator = Simulator.from_generator(1, 3, clock=Clock(scale=100, start=START), enforce_rate=True)
    clock = simulator.clock
    for _ in range(15):
        assert simulator.answer(Ask("/cgi-bin/browse-edgar", FEED, CONTACT)).status == 200
        await clock.sleep(0.2)

    assert simulator.traffic.peak_per_second <= 6
    assert clock.now() - START > timedelta(seconds=3)
    assert clock.now().date() == date(2025, 3, 3)
