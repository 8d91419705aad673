"""The schedule: cron expressions as a person means them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from watcher.schedule import cron_trigger

NEW_YORK = ZoneInfo("America/New_York")


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
