"""Cron expressions: the one home of the scheduling library.

Only its triggers: its scheduler goes by the wall clock alone, and would wait for hours once that is set back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

__all__ = ["cron_trigger", "next_time"]

NEW_YORK = ZoneInfo("America/New_York")


def cron_trigger(expression: str) -> BaseTrigger:
    """Make a trigger from a five-field cron expression, read in New York time. Raises ``ValueError``."""
    days = expression.split()[4:]
    if any(character.isdigit() for character in "".join(days)):
        # The library counts days from Monday, cron from Sunday: "1-5" would silently leave out Monday.
        raise ValueError('give days of the week by name, as in "* 6-22 * * mon-fri"')
    try:
        trigger = CronTrigger.from_crontab(expression, timezone=NEW_YORK)
    except ValueError as error:
        raise ValueError(f"not a cron expression of five fields: {error}") from error
    if trigger.get_next_fire_time(None, datetime(2000, 1, 1, tzinfo=NEW_YORK)) is None:
        raise ValueError(f"never comes: {expression!r}")
    return trigger


def next_time(expression: str, after: datetime) -> datetime:
    """Return when a cron expression comes next after this instant, in UTC; the instant itself when it never does."""
    found = cron_trigger(expression).get_next_fire_time(None, after + timedelta(seconds=1))
    return after if found is None else found.astimezone(UTC)
