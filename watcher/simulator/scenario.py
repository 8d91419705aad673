"""A scenario: what the simulator serves, by which clock, and what goes wrong, in one small TOML file or a command line.

::

    week = 2025-03-03                       # or: folder = "DIR", crawl = "DIR"; none of them: made-up filings, `count`
    clock = 2025-03-03T05:50:00-05:00
    speed = 600
    skip_idle = true
    faults = ["block@10:00/600", "late=300%10"]       # or ["every"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from watcher.clock import Clock, Leap
from watcher.edgar.calendar import NEW_YORK, is_business_day, next_business_day
from watcher.errors import ConfigError
from watcher.errors import Fault as Mistake
from watcher.simulator.crawl import Crawl
from watcher.simulator.faults import EVERY_FAULT, Fault, Faults
from watcher.simulator.server import Settings, Simulator
from watcher.simulator.week import Week

__all__ = ["Scenario", "idle_leaps"]

_OPENING = time(5, 50)
_QUIET_FROM, _QUIET_UNTIL = time(23, 0), time(5, 45)
_LEAP_DAYS = 400


class Scenario(BaseModel):
    """Everything that a run of the simulator depends on. Two runs of one scenario differ in nothing but real time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = Field(None, description="serves the full submissions in this folder")
    crawl: Path | None = Field(None, description="replays a captured crawl of the live list")
    week: date | None = Field(None, description="makes up the week of this day, in EDGAR's own hours")
    days: int = Field(5, ge=1, le=260, description="business days of the week")
    per_day: int = Field(700, ge=1, le=5_000, description="filings of the 8-K family on each of them")
    count: int = Field(200, ge=1, description="how many to make up otherwise")
    seed: int = Field(1, description="what is left to chance: the same seed, the same run")
    clock: AwareDatetime | None = Field(None, description="what its clock shows first; it stands until somebody asks")
    speed: float = Field(1.0, gt=0, le=100_000, description="how much faster its clock runs")
    skip_idle: bool = Field(False, description="whether it leaves nights and closed days out")
    pace: float = Field(1.0, ge=0, description="filings per second of a folder or made up; 0: all at once")
    listed: int = Field(0, ge=0, description="how many of them are listed from the beginning")
    enforce_rate: bool = Field(False, description="whether more than ten requests a second are answered by a block")
    faults: tuple[str, ...] = Field((), description='what goes wrong; "every" stands for everything')

    @field_validator("faults")
    @classmethod
    def _are_faults(cls, faults: tuple[str, ...]) -> tuple[str, ...]:
        every = tuple(text for fault in faults for text in (EVERY_FAULT if fault == "every" else (fault,)))
        for text in every:
            Fault.parse(text)
        return every

    @model_validator(mode="after")
    def _serves_one_thing(self) -> Self:
        if sum(one is not None for one in (self.folder, self.crawl, self.week)) > 1:
            raise ValueError("give one of folder, crawl and week")
        if self.skip_idle and self.clock is None and self.week is None and self.crawl is None:
            raise ValueError("skip_idle needs a clock: the real one leaves nothing out")
        return self

    @classmethod
    def read(cls, file: Path | None, given: Mapping[str, Any]) -> Self:
        """Read a scenario; what is given besides goes before what stands in the file.

        Paths in the file start at its folder. Raises ``ConfigError``.
        """
        values = _values(file) if file else {}
        try:
            return cls.model_validate(values | dict(given))
        except ValidationError as error:
            where = str(file or "simulate")
            raise ConfigError(_mistake(where, detail["loc"], detail["msg"]) for detail in error.errors()) from error

    def simulator(self) -> Simulator:
        """Set it up. Its clock stands until the first request, if the scenario says what it shows."""
        settings: Settings = {"faults": Faults(self.faults, seed=self.seed), "enforce_rate": self.enforce_rate}
        if self.week is not None:
            week = Week(self.week, self.days, self.per_day, self.per_day * 3, seed=self.seed)
            settings["clock"] = self._clock(datetime.combine(week.business_days()[0], _OPENING, NEW_YORK))
            return Simulator.from_week(week, **settings)
        if self.crawl is not None:
            crawl = Crawl.read(self.crawl, seed=self.seed)
            settings["clock"] = self._clock(crawl.captured_at)
            return Simulator.from_crawl(crawl, **settings)
        is_real = self.clock is None and self.speed == 1
        settings |= {"clock": None if is_real else self._clock(datetime.now(UTC))}
        settings |= {"pace": self.pace, "listed": self.listed}
        if self.folder is not None:
            return Simulator.from_folder(self.folder, **settings)
        return Simulator.from_generator(self.seed, self.count, start=self.clock, **settings)

    def _clock(self, default: datetime) -> Clock:
        start = self.clock or default
        return Clock.standing(start, scale=self.speed, leaps=idle_leaps(start) if self.skip_idle else ())


def idle_leaps(start: datetime) -> tuple[Leap, ...]:
    """Return what a clock leaves out that skips idle hours: from 23:00 to 05:45 of the next business day.

    EDGAR is closed then, and the day's indexes are written. They are reckoned for 400 days from ``start`` on.
    """
    first = start.astimezone(NEW_YORK).date() - timedelta(days=7)
    days = [day for day in (first + timedelta(days=count) for count in range(_LEAP_DAYS)) if is_business_day(day)]
    spans = ((_at(day, _QUIET_FROM), _at(next_business_day(day), _QUIET_UNTIL)) for day in days)
    begins = start.timestamp()
    return tuple(Leap(max(at, begins), to) for at, to in spans if to > begins)


def _at(day: date, clock: time) -> float:
    return datetime.combine(day, clock, NEW_YORK).timestamp()


def _values(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([Mistake(str(file), "", f"cannot be read as TOML: {error}")]) from error
    for name in ("folder", "crawl"):
        if isinstance(values.get(name), str):
            values[name] = file.parent / values[name]
    return values


def _mistake(where: str, path: tuple[int | str, ...], message: str) -> Mistake:
    problem = message.removeprefix("Value error, ")
    return Mistake(where, ".".join(map(str, path)), problem[:1].lower() + problem[1:])
