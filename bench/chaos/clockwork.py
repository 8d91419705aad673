"""Faults of the clock: it steps back or ahead by hours and days, while the daemon works and while none runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import LIMIT, Scene, recovery, scene
from bench.chaos.supply import LOOK_OFTEN, Supply, check_store, empty_edgar
from bench.runners.upset import seconds_off
from watcher.clock import Clock
from watcher.simulator.server import Simulator

__all__ = ["FAULTS"]

_HOUR, _DAY = 3600.0, 86400.0
_SETTLE_SECONDS = 40.0  # what failed once is tried again after five seconds


@dataclass(frozen=True, slots=True)
class _Stepped(Clock):
    """The clock of a folder that the daemon has, too."""

    folder: Path = Path()

    def time(self) -> float:
        # Not super(): a dataclass with slots is made anew, and the method would look for it in the old one.
        return Clock.time(self) + seconds_off(self.folder)


@dataclass(frozen=True, slots=True)
class _Stage:
    made: Scene
    supply: Supply
    simulator: Simulator

    async def begin(self) -> None:
        await self.made.begin(("-m", "bench.runners.upset", str(self.made.folder)))

    def step(self, seconds: float) -> None:
        """Set the clock of daemon and receiver, at once."""
        aside = self.made.folder / "clock.new"
        aside.write_text(str(seconds_off(self.made.folder) + seconds))
        aside.replace(self.made.folder / "clock")

    async def owe_retries(self) -> None:
        """Have a delivery and a fetch fail, so that both are to be tried again in five seconds."""
        self.made.receiver.fail_first = 1
        self.supply.drop(1)
        self.simulator.faults.switch_on("missing")
        self.supply.list(1)
        await self.made.until(self._are_owed, 30, "a delivery and a fetch that failed")
        self.simulator.faults.switch_off("missing")

    async def play_to_the_end(self) -> Outcome:
        """After the step: have all settled, some more come, and the daemon end."""
        await recovery(self.made, partial(self.made.settle, _SETTLE_SECONDS))
        self.supply.both(1)
        await self.made.settle(_SETTLE_SECONDS)
        if code := await self.made.end():
            self.made.wrong.append(f"exit code {code}")
        check_store(self.made)
        peak = max(self.simulator.traffic.told()["peak_by_host"].values())
        if peak > LIMIT:
            self.made.wrong.append(f"{peak} requests within a second; the limit is {LIMIT}")
        return self.made.outcome()

    def _are_owed(self) -> bool:
        messages = ("delivery failed, will be tried again", "failed, will be tried again")
        return all(any(self.made.lines(one)) for one in messages)


@asynccontextmanager
async def _staged(trial: Trial) -> AsyncIterator[_Stage]:
    async with empty_edgar() as (simulator, edgar), scene(trial, edgar=edgar, more=LOOK_OFTEN) as made:
        made.receiver.clock = _Stepped(folder=trial.folder)
        stage = _Stage(made, Supply(made, simulator), simulator)
        await stage.begin()
        await made.until_watching()
        stage.supply.both(1)
        await made.settle()
        yield stage


async def _step_at_work(trial: Trial, *, seconds: float) -> Outcome:
    async with _staged(trial) as stage:
        await stage.owe_retries()
        stage.step(seconds)
        stage.supply.both(2)
        return await stage.play_to_the_end()


async def _step_between_runs(trial: Trial, *, seconds: float) -> Outcome:
    async with _staged(trial) as stage:
        await stage.owe_retries()
        await stage.made.end(signal.SIGKILL)
        stage.step(seconds)
        stage.supply.both(2)
        await stage.begin()
        return await stage.play_to_the_end()


async def _swing(trial: Trial) -> Outcome:
    """Back and ahead again and again, as where two programs set the clock."""
    async with _staged(trial) as stage:
        for seconds in (-2 * _HOUR, 3 * _HOUR, -_DAY, _DAY, -_HOUR):
            stage.supply.both(1)
            stage.step(seconds)
            await asyncio.sleep(0.7)
        return await stage.play_to_the_end()


_ON_SQLITE = ("sqlite",)

FAULTS = (
    Fault("clock set back by hours", partial(_step_at_work, seconds=-6 * _HOUR), times=1, short=1),
    Fault("clock set back by days", partial(_step_at_work, seconds=-2 * _DAY), times=1, stores=_ON_SQLITE),
    Fault("clock set ahead by hours", partial(_step_at_work, seconds=6 * _HOUR), times=1, stores=_ON_SQLITE),
    Fault("clock set ahead by days", partial(_step_at_work, seconds=2 * _DAY), times=1),
    Fault("clock set back between runs", partial(_step_between_runs, seconds=-6 * _HOUR), times=1),
    Fault("clock set ahead between runs", partial(_step_between_runs, seconds=2 * _DAY), times=1, stores=_ON_SQLITE),
    Fault("clock swings", _swing, times=1, stores=_ON_SQLITE),
)
