"""The schedule: cron expressions as a person means them, and starts again and again."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from watcher.schedule import Scheduler, cron_trigger

NEW_YORK = ZoneInfo("America/New_York")
PATIENCE_SECONDS = 10


def starts(expression: str, after: datetime, count: int) -> list[str]:
    trigger = cron_trigger(expression)
    found: list[datetime] = []
    while len(found) < count:
        found.append(trigger.get_next_fire_time(None, (found[-1] if found else after) + timedelta(seconds=1)))
    return [f"{one:%a %d %H:%M %Z}" for one in found]


def test_a_cron_expression_is_read_in_new_york_time_across_a_change_of_the_clocks():
    friday = datetime(2026, 3, 6, 9, 0, tzinfo=NEW_YORK)

    assert starts("0 6 * * mon-fri", friday, 2) == ["Mon 09 06:00 EDT", "Tue 10 06:00 EDT"]


@pytest.mark.parametrize("expression", ["0 9 * * 1-5", "0 9 * * 0", "0 9 * * mon,3"])
def test_days_of_the_week_are_not_taken_by_number(expression: str):
    """Whose first day is Sunday for cron, and Monday for the library."""
    with pytest.raises(ValueError, match="give days of the week by name"):
        cron_trigger(expression)


@pytest.mark.parametrize("expression", ["", "* * * *", "* * * * * *", "61 * * * *", "* * * * someday", "@daily"])
def test_what_is_no_cron_expression_is_refused(expression: str):
    with pytest.raises(ValueError, match="not a cron expression of five fields"):
        cron_trigger(expression)


def test_an_expression_that_never_comes_is_refused():
    with pytest.raises(ValueError, match="never comes"):
        cron_trigger("0 0 31 2 *")


async def rung(times: int, scheduler: Scheduler, seconds: float = 0.01) -> int:
    """Ring, and ask to be rung again after each ring, until it rang so many times; return how often it did."""
    rings = 0
    is_enough = asyncio.Event()

    async def ring() -> None:
        nonlocal rings
        rings += 1
        if rings == times:
            is_enough.set()
        else:
            scheduler.after(seconds, "ring", ring)

    scheduler.after(seconds, "ring", ring)
    scheduler.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await is_enough.wait()
    return rings


async def test_it_starts_whenever_it_is_asked_to():
    scheduler = Scheduler()
    rings = await rung(3, scheduler)
    scheduler.stop()

    assert rings == 3


async def test_asking_again_takes_the_place_of_what_was_asked_before():
    scheduler = Scheduler()
    scheduler.after(3600, "ring", asyncio.Event().wait)
    rings = await rung(1, scheduler)
    scheduler.stop()

    assert rings == 1


async def test_stopping_twice_is_harmless():
    scheduler = Scheduler()
    await rung(1, scheduler)
    scheduler.stop()
    scheduler.stop()
