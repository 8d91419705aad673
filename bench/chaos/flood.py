"""Faults of the watched folder: thousands of files at once, and events of files that get lost or cannot be had."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice
from pathlib import Path

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import EIGHTK, Scene, recovery, scene
from bench.procfs import lacks_proc
from watcher.simulator.generator import Generator
from watcher.simulator.making.writing import write

__all__ = ["FAULTS"]

_FULL, _SHORT, _FEW = 10_000, 300, 40
_KILLED_AT = (0.05, 0.8)  # shares of the files between which it is killed
_QUICK = "[folder]\nrescan_seconds = 2\n"
_QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
_OVERFLOWED = "Inotify queue overflowed"
_NO_EVENTS = "no file events here; looking each second instead"
_LOST_EVENTS = "file events get lost here; looking each second instead"
# In a user namespace of its own the daemon has bounds of its own, and no other program feels them.
_BOUNDED = 'echo 0 > "/proc/sys/user/$0" && exec "$@"'
_UNSHARE = ("unshare", "--user", "--map-root-user")
_BOUNDS = ("max_inotify_watches", "max_inotify_instances")


async def _flood(trial: Trial, *, files: int) -> Outcome:
    """Drop so many files at once, and kill the daemon twice while it takes them in."""
    chance = random.Random(trial.seed)
    marks = sorted(round(files * chance.uniform(*_KILLED_AT)) for _ in range(2))
    async with scene(trial) as made:
        await made.begin()
        await asyncio.to_thread(_drop, made, trial.seed, files)
        for mark in marks:
            await made.until(partial(_has_told, made, mark), 60 + files, f"{mark:,} are told")
            await made.end(signal.SIGKILL)
            await recovery(made, partial(_goes_on, made))
        await made.until(partial(_has_told, made, files), 60 + files, "all are told")
        await made.settle()
        await _put_away(made, files)
        return made.outcome(times=len(marks))


async def _overflow(trial: Trial) -> Outcome:
    """Let the kernel's queue of events overflow: what is dropped then, no event tells of; the full look finds it."""
    async with scene(trial, more=_QUICK) as made:
        await _begin(made)
        assert made.process is not None
        made.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.to_thread(_fill_queue, made.inbox)
            await asyncio.to_thread(_drop, made, trial.seed, _FEW)
        finally:
            made.process.send_signal(signal.SIGCONT)
        await recovery(made, made.settle)
        await made.until(lambda: _has_said(made, _OVERFLOWED), 60, "the kernel's queue of file events overflows")
        await _put_away(made, _FEW)
        return made.outcome()


async def _deaf(trial: Trial) -> Outcome:
    """Lose every event, as some network drives do: the full look finds the files, and it looks each second then."""
    async with scene(trial, more=_QUICK) as made:
        await _begin(made, ("-m", "bench.runners.deaf"))
        _drop(made, trial.seed, _FEW)
        await recovery(made, made.settle)
        await made.until(lambda: any(made.lines(_LOST_EVENTS)), 30, "it is noticed that events get lost")
        await _put_away(made, _FEW)
        return made.outcome()


async def _none_left(trial: Trial) -> Outcome:
    """Start it where no watch, or no instance, of file events is left: it must say so and look each second."""
    bound = _BOUNDS[trial.seed % len(_BOUNDS)]
    async with scene(trial) as made:
        await made.begin(EIGHTK, prefix=(*_UNSHARE, "sh", "-c", _BOUNDED, bound))
        _drop(made, trial.seed, _FEW)
        await made.settle()
        if not any(line.get("reason") for line in made.lines(_NO_EVENTS)):
            made.wrong.append(f"{bound} is used up, and nothing was said of it")
        await _put_away(made, _FEW)
        return made.outcome()


async def _begin(made: Scene, program: tuple[str, ...] = EIGHTK) -> None:
    """Start it, and wait until it watches the folder: what lies there before needs no event."""
    await made.begin(program)
    await made.until(lambda: any(made.lines("watching folder")), 60, "the folder is watched")


def _drop(made: Scene, seed: int, files: int) -> None:
    """Make so many small files up aside, and move them all in at once."""
    aside = made.folder / "aside"
    aside.mkdir()
    for outline in islice(Generator(seed).outlines(), files):
        one = write(dataclasses.replace(outline, is_light=True))
        (aside / f"{one.accession}.txt").write_bytes(one.raw)
        made.expected.add(one.accession)
    made.inbox.mkdir(exist_ok=True)
    for path in aside.iterdir():
        path.rename(made.inbox / path.name)


def _fill_queue(inbox: Path) -> None:
    """Cause more events than the kernel keeps, by a hidden file that comes and goes."""
    noise = inbox / ".noise"
    for _ in range(int(_QUEUE.read_text(encoding="ascii")) // 2):
        noise.touch()  # made, opened, closed
        noise.unlink()


def _has_told(made: Scene, files: int) -> bool:
    return len({post.message_id for post in made.receiver.accepted}) >= files


async def _goes_on(made: Scene) -> None:
    """Start it again, and wait until it tells of something."""
    told = len(made.receiver.accepted)
    await made.begin()
    await made.until(lambda: len(made.receiver.accepted) > told, 120, "work goes on")


async def _put_away(made: Scene, files: int) -> None:
    """Wait until each file lies in ``done/``, and nothing is left."""

    def is_so() -> bool:
        left = [path for path in made.inbox.iterdir() if path.is_file()]
        return not left and len(list((made.inbox / "done").iterdir())) == files

    await made.until(is_so, 60 + files, f"all {files:,} files lie in done/, and no other")


def _has_said(made: Scene, words: str) -> bool:
    return words in made.log.read_text(encoding="utf-8", errors="replace")


def _lacks_namespaces() -> str:
    if shutil.which(_UNSHARE[0]) is None:
        return "needs unshare"
    done = subprocess.run(
        [*_UNSHARE, "sh", "-c", _BOUNDED, _BOUNDS[0], "true"], capture_output=True, text=True, check=False
    )
    return f"no user namespace can be had here: {done.stderr.strip()}" if done.returncode else ""


def _lacks_inotify() -> str:
    return "" if _QUEUE.exists() else "needs Linux's inotify"


def _fault(
    name: str, run: Callable[[Trial], Awaitable[Outcome]], times: int, short: int, missing: Callable[[], str]
) -> Fault:
    return Fault(f"folder: {name}", run, times, short, missing=missing)


FAULTS = (
    _fault(f"{_FULL:,} files at once", partial(_flood, files=_FULL), 1, 0, lacks_proc),
    _fault(f"{_SHORT} files at once", partial(_flood, files=_SHORT), 4, 1, lacks_proc),
    _fault("queue of events overflows", _overflow, 6, 1, _lacks_inotify),
    _fault("events get lost", _deaf, 6, 1, lambda: ""),
    _fault("no events to be had", _none_left, 6, 1, _lacks_namespaces),
)
