"""What one run is: how busy a day, how many daemons, how often one dies; and the settings that each is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from bench.settings import edgar_table, settings_for, write_config
from watcher.edgar.calendar import NEW_YORK
from watcher.simulator.catalog import Catalog, CatalogFiling
from watcher.simulator.timeline import Listing
from watcher.simulator.week import Week

__all__ = ["Plan", "ShortDay", "contact", "set_up"]

_OPENS, _CLOSES = time(6, 0), time(22, 0)  # New York: what a day brings comes between
_CONCURRENCY = 8
_SETTINGS = """\
[store]
url = "{database}"
archive = "{archive}"
[folder]
enabled = {has_folder}
[limits]
workers = {workers}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. The seed decides filings, waits and who is killed; real time decides what is under way then."""

    seed: int = 1
    filings: int = 1_200
    listed: int = 20  # before anybody looks
    seconds: float = 420.0  # real ones, from the first look at the list to the day's last filing
    daemons: int = 3
    kill_seconds: float = 8.0  # about so many between two kills; 0: none
    most_kills: int | None = None  # None: until the day is over
    spotter_every: int = 3  # of so many kills one is the spotter's: the first, and so on
    restart_at: float | None = 0.45  # the share of the day after which the database is ended in order, and started
    crash_at: float | None = 0.75  # the same, and it is killed
    limit: float = 5.0  # requests in a second, over all daemons
    poll_seconds: float = 2.0
    workers: int = 1  # of each daemon
    day: date = date(2025, 3, 3)

    @property
    def names(self) -> tuple[str, ...]:
        """The daemons."""
        return tuple(f"d{number}" for number in range(1, self.daemons + 1))

    def catalog(self) -> Catalog:
        """Make up the day, with the hours and forms of a real one, and what was listed before it."""
        return Week(
            self.day, days=1, family_per_day=self.filings, others_per_day=0, family_before=self.listed, seed=self.seed
        ).catalog()


@dataclass(frozen=True, slots=True)
class ShortDay:
    """A schedule: the hours in which EDGAR takes filings in, in so many seconds from the first look at the list."""

    day: date
    seconds: float

    def __call__(self, place: int, filing: CatalogFiling, begun_at: float) -> Listing:
        """Return the listing of the filing at this place of the catalog."""
        opens = datetime.combine(self.day, _OPENS, NEW_YORK)
        whole = datetime.combine(self.day, _CLOSES, NEW_YORK) - opens
        share = (filing.time - opens) / whole
        # What was there before the day stays as far away as it is: the list goes back for days.
        at = begun_at + (share * self.seconds if share > 0 else share * whole.total_seconds())
        return Listing(place, filing, at, at, at)


def contact(name: str) -> str:
    """What a daemon tells EDGAR, by which the requests of each are known."""
    return f"A made-up day {name}@example.com"


def set_up(folder: Path, plan: Plan, name: str, *, database: str, receiver: str, secret: str, edgar: str = "") -> None:
    """Write the settings of one daemon below the folder that all share. Without ``edgar`` it watches its own folder."""
    settings = _SETTINGS.format(
        database=database,
        archive=folder / "raw",
        has_folder="false" if edgar else "true",
        workers=plan.workers,
    ) + settings_for(receiver, concurrency=_CONCURRENCY)
    if edgar:
        settings += edgar_table(edgar, contact(name), poll_seconds=plan.poll_seconds, requests_per_second=plan.limit)
    write_config(folder / name, settings, secret=secret, group="many")
