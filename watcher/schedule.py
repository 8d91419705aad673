"""When things start: the one home of the scheduling library.

Triggers count real time; whoever runs on a scaled clock divides its seconds first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

__all__ = ["Scheduler", "cron_trigger", "next_time"]

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


class Scheduler:
    """Starts coroutines by time; at most one run of each at once, a late start is made up for once.

    The library cancels running coroutines when it is shut down, so `stop` only ends the starting of new ones: whoever
    owns the coroutines drains them first.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            # Without a grace time the library drops a start that the busy loop delayed by a second.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def after(self, seconds: float, name: str, start: Callable[[], Awaitable[None]]) -> None:
        """Start it once, so many real seconds from now, in place of what stood under this name."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._scheduler.add_job(start, DateTrigger(at), id=name, replace_existing=True)

    def by_cron(self, expression: str, name: str, start: Callable[[], Awaitable[None]]) -> None:
        """Start it whenever the cron expression says. Raises ``ValueError``."""
        self._scheduler.add_job(start, cron_trigger(expression), id=name)

    def start(self) -> None:
        """Begin. Must be called inside the running loop."""
        self._scheduler.start()

    def pause(self) -> None:
        """Start nothing more; what runs goes on."""
        self._scheduler.pause()

    def stop(self) -> None:
        """End; cancels what still runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
