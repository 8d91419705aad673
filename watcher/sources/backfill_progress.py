"""What a backfill is asked for, and how far it is: kept in the store, and told by the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from watcher.sources.history import Batch, IndexChoice

__all__ = ["FIRST_DAY", "BackfillRequest", "BackfillState", "Progress", "progress_from_json", "request_from_json"]

FIRST_DAY = date(1993, 1, 1)  # EDGAR's indexes begin with the first quarter of 1993
MOST_PROBLEMS = 20

BackfillState = Literal["running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Which days are wanted, and from where. With ``notify`` what is found owes deliveries, as live filings do."""

    first: date
    last: date
    index: IndexChoice = "auto"
    archives: str = ""  # a folder of day archives, or one of them; "": EDGAR's indexes
    notify: bool = False

    def check(self, today: date) -> None:
        """Raise ``ValueError`` for a span that cannot be."""
        if self.first > self.last:
            raise ValueError(f"the first day, {self.first}, comes after the last, {self.last}")
        if self.first < FIRST_DAY:
            raise ValueError(f"EDGAR's indexes begin on {FIRST_DAY}, and {self.first} is before it")
        if self.last > today:
            raise ValueError(f"{self.last} is still to come: in New York it is {today}")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is. All days before ``next_day`` are taken in."""

    request: BackfillRequest
    next_day: date
    state: BackfillState = "running"
    days: int = 0  # business days asked for; of archives the days that there are
    days_done: int = 0
    listed: int = 0  # filings in the lists of those days; of archives those that the store lacked
    taken: int = 0  # of them, those that the store did not have, or had only seen listed
    waiting: int = 0  # taken in, by this or by an audit, and still under way
    failed: int = 0  # parked, with a filing date of these days
    without_index: tuple[date, ...] = ()  # business days of which EDGAR has no index
    problems: tuple[str, ...] = ()  # files of archives that could not be read, the first twenty
    reason: str | None = None  # why it failed, or what it waits for

    @property
    def is_whole(self) -> bool:
        """Whether every day was read to its end, and nothing is left to be fetched again."""
        return self.state == "done" and not (self.waiting or self.failed or self.without_index or self.problems)

    def after(self, batch: Batch, taken: int) -> Progress:
        """Return how far it is after a batch, of which so many filings were taken in."""
        return replace(
            self,
            next_day=batch.day + timedelta(days=1) if batch.ends_day else batch.day,
            days_done=self.days_done + batch.ends_day,
            listed=self.listed + len(batch.filings),
            taken=self.taken + taken,
            without_index=(*self.without_index, batch.day) if batch.is_missing else self.without_index,
            problems=(*self.problems, batch.problem)[:MOST_PROBLEMS] if batch.problem else self.problems,
        )


def progress_from_json(line: Mapping[str, Any]) -> Progress:
    """The way back from the store and from the API. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
    without_index = tuple(date.fromisoformat(day) for day in line["without_index"])
    changes = {"request": request_from_json(line["request"]), "next_day": date.fromisoformat(line["next_day"])}
    return Progress(**{**line, **changes, "without_index": without_index, "problems": tuple(line["problems"])})


def request_from_json(line: Mapping[str, Any]) -> BackfillRequest:
    """The way back from the store. Raises ``KeyError``, ``TypeError`` or ``ValueError``."""
    days = {name: date.fromisoformat(line[name]) for name in ("first", "last")}
    return BackfillRequest(**{**line, **days})
