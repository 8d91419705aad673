"""SIGKILL: between any two of the six verbs of a filing's route, in the middle of each, and at random moments."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Sequence
from functools import partial

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import Scene, scene
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator, serve

__all__ = ["FAULTS", "GAPS", "kill_at", "kill_at_random"]

# Points of `bench.runners.dying`, in the order of the route: spot, take, fetch, handle, save, notify.
GAPS = {
    "before a spot is committed": ("spotted, not committed", "a list was read"),
    "between spot and take": ("spotted", "handed out"),
    "between take and fetch": ("taken",),
    "within fetch": ("written aside, not renamed", "EDGAR has answered", "archived, not noted"),
    "between fetch and handle": ("fetched",),
    "within handle": ("being read",),
    "between handle and save": ("handled",),
    "within save": ("saved, not committed",),
    "between save and notify": ("saved", "delivery handed out"),
    "within notify": ("told, not noted", "noted, not committed"),
    "after notify": ("noted",),
}
_ONE_WORKER = "[limits]\nworkers = 1\n"
_POST_SECONDS, _POST_SLOWER = 1.0, 1.5  # a slow machine shall not have more to read for being slow
_MOST_TIMES = 2  # that a daemon passes a point, until it dies there
_DIES_SECONDS = 90.0
_KILLS = 6
_LATEST_KILL = 2.0  # in the time that a start takes, however slow the machine is


async def kill_at(points: Sequence[str], trial: Trial) -> Outcome:
    """Kill one daemon after the other, each at the next of these points, and have an ordinary one finish."""
    chance, generator = random.Random(trial.seed), Generator(trial.seed)
    edgar = Simulator.from_submissions(())
    async with serve(edgar) as url, scene(trial, edgar=url, more=_ONE_WORKER) as made:
        for place, point in enumerate(points):
            await made.launch(_dying(point, chance.randint(1, _MOST_TIMES)))
            if place == 0:
                await made.until_watching()
            await _post_until_dead(made, edgar, generator, point)
        return await _finished(made, len(points))


async def kill_at_random(trial: Trial, kills: int = _KILLS) -> Outcome:
    """Kill the daemon at random moments, its start included, while filings come in; have the last one finish."""
    chance, generator = random.Random(trial.seed), Generator(trial.seed)
    edgar = Simulator.from_submissions(())
    async with serve(edgar) as url, scene(trial, edgar=url, more=_ONE_WORKER) as made:
        began = time.monotonic()
        await made.begin()
        await made.until_watching()
        start_seconds = time.monotonic() - began
        for number in range(kills):
            if number:
                await made.launch()
            await _bring_for(start_seconds * chance.uniform(0.0, _LATEST_KILL), made, edgar, generator)
            await made.end(signal.SIGKILL)
        return await _finished(made, kills)


def _dying(point: str, times: int) -> tuple[str, ...]:
    return ("-m", "bench.runners.dying", point, str(times))


async def _post_until_dead(made: Scene, edgar: Simulator, generator: Generator, point: str) -> None:
    """Have filings listed until the daemon has come to its point; that it does not is noted as wrong."""
    posting = asyncio.create_task(_keep_posting(made, edgar, generator))
    try:
        code = await made.ended(_DIES_SECONDS)
    except TimeoutError:
        made.wrong.append(f"never came to the point: {point}")
        await made.end(signal.SIGKILL)
    else:
        if code != -signal.SIGKILL:
            made.wrong.append(f"ended with {code} before it came to the point: {point}")
    finally:
        posting.cancel()
        await asyncio.wait([posting])


async def _keep_posting(made: Scene, edgar: Simulator, generator: Generator) -> None:
    pause_seconds = _POST_SECONDS
    while True:
        made.post(edgar, [generator.submission()])
        await asyncio.sleep(pause_seconds)
        pause_seconds *= _POST_SLOWER


async def _bring_for(seconds: float, made: Scene, edgar: Simulator, generator: Generator) -> None:
    """Have a filing listed within this time, and put one into the folder at its end."""
    await asyncio.sleep(seconds * 0.3)
    made.post(edgar, [generator.submission()])
    await asyncio.sleep(seconds * 0.7)
    made.drop([generator.submission()])


async def _finished(made: Scene, times: int) -> Outcome:
    await made.recover()
    if code := await made.end():
        made.wrong.append(f"the last daemon ended with {code}")
    return made.outcome(times)


_EVERY_GAP = tuple(points[0] for points in GAPS.values())
FAULTS = (
    Fault("killed in each gap, one after the other", partial(kill_at, _EVERY_GAP), times=2, short=1),
    *(Fault(f"killed {name}", partial(kill_at, points * 2), times=4) for name, points in GAPS.items()),
    Fault("killed at random moments", kill_at_random, times=25, short=1),
)
