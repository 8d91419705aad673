"""Faults of worker processes: what a handler may do to the process it runs in, and processes killed from outside.

A planted plain-file handler does on a few filings whatever the fault is. These must be parked, each with a reason that
says what happened, and nobody be told of them; every other filing must go on.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import Scene, scene
from bench.procfs import held_by, lacks_proc, worker_processes
from watcher.models import FilingState
from watcher.simulator.generator import Generator
from watcher.store import filings
from watcher.store.database import Store

__all__ = ["FAULTS"]

_MEMORY_MEGABYTES = 256
_OTHERS, _CULPRITS = 12, 2
_SETTINGS = """\
[limits]
handle_seconds = {seconds}
memory_megabytes = {memory}
"""
_HANDLER = '''\
"""Does to its process, on some filings, what no handler should."""

import ctypes, os, re, signal, sys, threading, time

from watcher import Handler, Report, Skip, Stage

CULPRITS = {culprits}


class Unspeakable(BaseException):
    def __str__(self):
        raise ValueError("no text")


def recurse(depth=0):
    return recurse(depth + 1) + 1


class Spoiler(Handler):
    name = "spoiler"
    stage = Stage.CLASSIFY

    def handle(self, report: Report) -> None:
        if not CULPRITS or report.filing.accession in CULPRITS:
            {deed}
'''

_MEMORY = ("held = []\n            while True: held.append(b'x' * 2**24)", "report.warnings.append('x' * 2**32)")
_HANG = (
    "time.sleep(3600)",
    "while True: pass",
    "re.match('(a+)+$', 'a' * 64 + 'b')",
    "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); time.sleep(3600)",
)
_DEATH = (
    "os.kill(os.getpid(), signal.SIGSEGV)",
    "ctypes.string_at(0)",
    "os._exit(0)",
    "os._exit(7)",
    "os.abort()",
    "os.killpg(0, signal.SIGKILL)",
)
_ODD = (
    "raise Unspeakable",
    "raise KeyboardInterrupt",
    "raise SystemExit(0)",
    "raise GeneratorExit",
    "recurse()",
    "raise ValueError('x' * 10**8)",
    "raise ValueError('\\ud83d\\0')",
    "report.cover['odd'] = lambda: 1",
    "report.warnings = None",
)
_LOUD = (
    "print(('x' * 999 + '\\n') * 20_000)",
    "os.write(1, (b'x' * 999 + b'\\n') * 20_000)",
    "sys.stderr.write(('x' * 999 + '\\n') * 20_000)",
)
# What a person must find in the reason, whichever of the deeds it was.
_SAYS = {
    "memory": (f"more memory than one filing may take ({_MEMORY_MEGABYTES} MB",),
    "hang": ("not done within",),
    "death": ("died (",),
    "odd": ("handler 'spoiler'",),
}


def _wrong_reasons(made: Scene, culprits: list[str], says: tuple[str, ...]) -> list[str]:
    """What is wrong with how the culprits ended: each is to be parked, with one of these words in its reason."""
    found = []
    with Store(made.trial.store, only_read=True) as store:
        for accession in culprits:
            stored = store.read_now(filings.get, accession)
            if stored.state is not FilingState.FAILED:
                found.append(f"{accession}: {stored.state}, and was to be parked")
            elif not any(words in (stored.reason or "") for words in says):
                found.append(f"{accession}: parked, for a reason that does not say why: {stored.reason}")
            elif not list((made.inbox / "rejected").glob(f"{accession}*.reason")):
                found.append(f"{accession}: its file was not put aside with the reason")
    return found


async def _spoilt(trial: Trial, *, name: str, deeds: tuple[str, ...], seconds: float = 20.0) -> Outcome:
    """Have the handler do one of the deeds on two of several filings, which are to be parked, and no other."""
    more = _SETTINGS.format(seconds=seconds, memory=_MEMORY_MEGABYTES)
    async with scene(trial, more=more) as made:
        culprits, others = _drawn(trial)
        _plant(made, deeds[trial.seed % len(deeds)], culprits)
        await made.begin()
        before = _workers(made)
        largest = asyncio.create_task(_largest(made, 2**20 * _MEMORY_MEGABYTES))
        _drop_all(made, trial.seed, culprits, others)
        await made.until(partial(_are_parked, made, culprits), 180, "the culprits are parked")
        await made.settle()
        largest.cancel()
        with suppress(asyncio.CancelledError):
            await largest
        made.wrong += _wrong_reasons(made, culprits, _SAYS[name])
        if name != "odd" and before == _workers(made):
            made.wrong.append("no worker process was replaced")
        await _still_works(made, trial.seed)
        return made.outcome()


async def _loud(trial: Trial) -> Outcome:
    """Have the handler write much where the daemon's own words go, on each filing; nothing may come of it."""
    async with scene(trial) as made:
        _plant(made, _LOUD[trial.seed % len(_LOUD)], [])
        await made.begin()
        _drop_all(made, trial.seed, [], _drawn(trial)[1][:4])
        await made.settle()
        await made.end()
        return made.outcome()


async def _killed(trial: Trial) -> Outcome:
    """Kill worker processes from outside, again and again, while they read.

    A filing whose worker was killed is tried again; one that loses each of its tries so is parked, for it may be to
    blame. So it ends when one has lost a first try: nothing may be parked.
    """
    chance = random.Random(trial.seed)
    kills = 0
    async with scene(trial) as made:
        _plant(made, "time.sleep(0.2)", [])
        await made.begin()
        _drop_all(made, trial.seed, [], _drawn(trial, 60)[1])
        ends_at = time.monotonic() + 30
        while not made.is_settled() and not any(made.lines("failed, will be tried again")):
            if time.monotonic() > ends_at:
                break
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            kills += _kill_one(made, chance)
        told = len(made.receiver.accepted)
        began = time.monotonic()
        await made.until(lambda: len(made.receiver.accepted) > told or made.is_settled(), 60, "work goes on")
        made.recovered.append(time.monotonic() - began)
        await made.settle()
        if not kills:
            made.wrong.append("no worker process was there to be killed")
        return made.outcome(times=max(1, kills))


def _drawn(trial: Trial, others: int = _OTHERS) -> tuple[list[str], list[str]]:
    """Accession numbers of filings that the handler spoils, and of those that it leaves alone."""
    chance = random.Random(trial.seed)
    numbers = chance.sample(range(1_000_000), _CULPRITS + others)
    drawn = [f"0009599998-26-{number:06}" for number in numbers]
    return drawn[:_CULPRITS], drawn[_CULPRITS:]


def _plant(made: Scene, deed: str, culprits: list[str]) -> None:
    """Put the handler in its place; without culprits it does so on every filing."""
    folder = made.folder / "config" / "handlers"
    folder.mkdir(exist_ok=True)
    (folder / "spoiler.py").write_text(_HANDLER.format(culprits=culprits, deed=deed), encoding="utf-8")


def _drop_all(made: Scene, seed: int, culprits: list[str], others: list[str]) -> None:
    """Put all of them in, the culprits among the others; only these are to be saved and told."""
    generator = Generator(seed)
    order = random.Random(seed).sample([*culprits, *others], len(culprits) + len(others))
    made.drop(generator.submission(accession=accession) for accession in order)
    made.expected -= set(culprits)


def _are_parked(made: Scene, culprits: list[str]) -> bool:
    rejected = made.inbox / "rejected"
    return all(list(rejected.glob(f"{accession}*.reason")) for accession in culprits)


async def _still_works(made: Scene, seed: int) -> None:
    """Put one more in: the workers must be as good as new."""
    made.drop([Generator(seed + 1).submission(accession=f"0009599997-26-{seed % 1_000_000:06}")])
    began = time.monotonic()
    await made.settle()
    made.recovered.append(time.monotonic() - began)


def _workers(made: Scene) -> set[int]:
    assert made.process is not None
    return set(worker_processes(made.process.pid))


async def _largest(made: Scene, bound: int) -> None:
    """Watch that no worker holds more than what one filing may take, beside what it takes for itself."""
    own = 0
    while True:
        held = [one.memory for worker in _workers(made) if (one := held_by(worker)) is not None]
        own = own or min(held, default=0)
        # What a process takes for itself still grows a little with its first filings.
        if over := [one for one in held if one > own + bound + 64 * 2**20]:
            made.wrong.append(f"a worker holds {max(over) / 2**20:,.0f} MB")
            return
        await asyncio.sleep(0.05)


def _kill_one(made: Scene, chance: random.Random) -> bool:
    running = sorted(_workers(made))
    if not running:
        return False
    with suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.kill(chance.choice(running), signal.SIGKILL)
        return True
    return False


def _fault(name: str, run: Callable[[Trial], Awaitable[Outcome]], times: int, short: int = 1) -> Fault:
    return Fault(f"worker: {name}", run, times, short, missing=lacks_proc)


FAULTS = (
    _fault("out of memory", partial(_spoilt, name="memory", deeds=_MEMORY), 6),
    _fault("hangs", partial(_spoilt, name="hang", deeds=_HANG, seconds=2.0), 8),
    _fault("ends its process", partial(_spoilt, name="death", deeds=_DEATH), 12),
    _fault("raises something odd", partial(_spoilt, name="odd", deeds=_ODD), 12),
    _fault("prints without end", _loud, 3),
    _fault("killed from outside", _killed, 20),
)
