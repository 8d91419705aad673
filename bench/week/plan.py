"""What one run is: which week, how fast, how often the daemon dies; and the settings that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from bench.settings import write_config
from watcher.edgar.calendar import NEW_YORK, next_business_day
from watcher.models import EIGHT_K_FORMS
from watcher.signing import new_secret

__all__ = ["Plan", "set_up"]

_MATCH = f"form|in: [{', '.join(sorted(EIGHT_K_FORMS))}]"
# As it comes, but for what is told in docs/completeness.md.
_SETTINGS = """\
[web]
listen = "127.0.0.1:0"
[folder]
enabled = false
[edgar]
contact = "A made-up week week@example.com"
base_url = "{edgar}"
clock = "simulator"
requests_per_second = {limit}
channels = [{channels}]
full_text_seconds = 1800
{polls}[endpoint.desk]
kind = "webhook"
url = "{receiver}/hook"
secret_file = "secret"
allow = ["{address}"]
[log]
format = "json"
"""
_POLLS = "poll_seconds = {seconds}\nbusy_poll_seconds = {seconds}\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. Two with one seed meet the same filings, faults and waits between kills, and differ in real time."""

    seed: int = 1
    first: date = date(2025, 3, 3)
    starts: time = time(5, 50)  # New York, on the first day
    ends: time = time(13, 15)  # on the business day after the last: days and quarter have been looked at again
    days: int = 5
    per_day: int = 700
    speed: float = 450.0
    kill_seconds: float = 30.0  # real ones between two kills, about; 0: none
    limit: int = 5  # requests in a second of the clock
    poll_seconds: int | None = None  # of the clock, busy hours or not; None: as it comes
    channels: tuple[str, ...] = ("xbrl-rss", "full-text")
    faults: tuple[str, ...] = ("every",)

    @property
    def business_days(self) -> list[date]:
        """The days whose filings are watched."""
        day, found = self.first - timedelta(days=1), []
        for _ in range(self.days):
            day = next_business_day(day)
            found.append(day)
        return found

    @property
    def ends_at(self) -> datetime:
        """When nobody is killed any more."""
        return datetime.combine(next_business_day(self.business_days[-1]), self.ends, NEW_YORK)

    @property
    def ends_a_week(self) -> bool:
        """Whether it ends on the first business day of a week, when the quarter's index is read as well."""
        return self.ends_at.isocalendar()[:2] != self.business_days[-1].isocalendar()[:2]

    def scenario(self) -> str:
        """Write it as the simulator's scenario file."""
        starts = datetime.combine(self.business_days[0], self.starts, NEW_YORK).isoformat()
        return (
            f"clock = {starts}\nweek = {self.first}\ndays = {self.days}\nper_day = {self.per_day}\nseed = {self.seed}\n"
            f"speed = {self.speed}\nskip_idle = true\nenforce_rate = true\nfaults = [{_listed(self.faults)}]\n"
        )


def set_up(folder: Path, plan: Plan, *, edgar: str, receiver: str) -> str:
    """Write settings, a rule that every filing meets, and a secret, which is returned."""
    secret = new_secret()
    settings = _SETTINGS.format(
        edgar=edgar,
        receiver=receiver,
        address=receiver.removeprefix("http://"),
        limit=plan.limit,
        channels=_listed(plan.channels),
        polls="" if plan.poll_seconds is None else _POLLS.format(seconds=plan.poll_seconds),
    )
    write_config(folder, settings, secret=secret, group="week", match=_MATCH)
    return secret


def _listed(texts: tuple[str, ...]) -> str:
    return ", ".join(f'"{text}"' for text in texts)
