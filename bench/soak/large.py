"""Whether a store of a million filings is as quick as one of ten thousand: to start with, and for each new filing.

Both stores are copies of the ones that ``python -m bench.million`` makes. A daemon runs on each at the same time, and
filings are dropped into their folders in turn, so that whatever slows the machine for a moment slows both.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.request import ProxyHandler, build_opener

from bench import processes
from bench.errors import BenchError
from bench.logs import log_lines, saves
from bench.million_store import LAST, cik_of, fill
from bench.procfs import cpu_seconds
from bench.soak.settings import write_settings
from bench.tables import Table, number
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.receiver import Receiver, receive

__all__ = ["MOST_START_SECONDS", "MOST_TIMES", "Large", "faults_of", "large_table", "run_large", "store_of"]

MOST_START_SECONDS = 2.0
MOST_TIMES = 1.3
_WARM_UP = 10
_WAIT_SECONDS = 300.0
_COMPANIES = 100  # as many as the small store has; in both each has a hundred filings already


@dataclass(slots=True)
class Large:
    """What one store gave. Times are seconds."""

    filings: int
    starts: list[float] = field(default_factory=list)  # from the process's start until its page answered
    start_cpu: list[float] = field(default_factory=list)  # of the daemon's own process, the same while
    # From a filing's report until it was saved, one at a time: looking back at what its company reported is part of it.
    saves: list[float] = field(default_factory=list)
    cpu: float = 0.0  # of the daemon's own process for each filing, many at once


@dataclass(slots=True)
class _Running:
    """A daemon on one of the stores."""

    large: Large
    folder: Path
    process: Process

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"


def store_of(folder: Path, filings: int, tell: Callable[[str], None]) -> Path:
    """The database that ``bench.million`` has for so many filings in this folder; it is made when it is not there."""
    made = folder / str(filings)
    if not (made / "made").exists():
        made.mkdir(parents=True)
        began = time.monotonic()
        fill(made, filings, tell)
        (made / "made").write_text(f"{time.monotonic() - began:.0f} seconds\n", encoding="utf-8")
    return made / "eightk.db"


async def run_large(
    stores: Path,
    folder: Path,
    tell: Callable[[str], None],
    *,
    sizes: Sequence[int],
    starts: int = 5,
    filings: int = 60,
    many: int = 100,
) -> list[Large]:
    """Measure stores of these sizes; copies of them, in an empty folder, are worked on. Raises ``BenchError``.

    Each is started so often; ``filings`` are dropped one at a time, and ``many`` at once.
    """
    found = [Large(size) for size in sizes]
    async with receive(Receiver()) as url:
        for one in found:
            place = folder / str(one.filings)
            write_settings(place, receiver=url)
            (place / "data").mkdir()
            tell(f"{one.filings:,} filings: copying the store")
            await asyncio.to_thread(_copy, store_of(stores, one.filings, tell), place / "data" / "eightk.db")
        await _measure_starts(found, folder, tell, starts)
        await _measure_filings(found, folder, tell, filings, many)
    return found


def _copy(origin: Path, target: Path) -> None:
    """Copy a store; by reference, where the file system can."""
    done = subprocess.run(["cp", "--reflink=auto", origin, target], capture_output=True, check=False)
    if done.returncode:
        shutil.copyfile(origin, target)


async def _measure_starts(found: Sequence[Large], folder: Path, tell: Callable[[str], None], starts: int) -> None:
    """Start each several times, in turn. The first time is not counted: it may have to bring the schema up to date."""
    for turn in range(starts + 1):
        for one in found:
            place = folder / str(one.filings)
            began = time.monotonic()
            process = await processes.daemon(place, place / "daemon.log")
            page = await processes.page_of(process, place / "daemon.log")
            await asyncio.to_thread(_get, page)
            seconds, cpu = time.monotonic() - began, cpu_seconds(process.pid)
            if code := await processes.end(process, signal.SIGTERM):
                raise BenchError(f"{one.filings:,} filings: the daemon's exit code was {code}")
            tell(f"{one.filings:,} filings: up after {seconds:.2f} s, {cpu:.2f} s of CPU")
            if turn:
                one.starts.append(seconds)
                one.start_cpu.append(cpu)


async def _measure_filings(
    found: Sequence[Large], folder: Path, tell: Callable[[str], None], filings: int, many: int
) -> None:
    drawn = _filings()
    running: list[_Running] = []
    try:
        for one in found:
            place = folder / str(one.filings)
            process = await processes.daemon(place, place / "daemon.log")
            running.append(_Running(one, place, process))
            await processes.page_of(process, place / "daemon.log")
        for turn in range(_WARM_UP + filings):
            filing = next(drawn)
            for each in running:
                await _drop(each, [filing])
            if turn % 20 == 0:
                tell(f"{turn} of {_WARM_UP + filings} filings, one at a time")
        for each in running:
            each.large.saves = _save_seconds(each.log)[_WARM_UP:]
        batch = [next(drawn) for _ in range(many)]
        for each in running:
            tell(f"{each.large.filings:,} filings: {many} at once")
            before = cpu_seconds(each.process.pid)
            await _drop(each, batch)
            each.large.cpu = (cpu_seconds(each.process.pid) - before) / many
    finally:
        for each in running:
            await processes.end(each.process, signal.SIGTERM)


def _filings() -> Iterator[MadeSubmission]:
    """Make filings up of companies that both stores know, newer than all that is in them."""
    generator = Generator(5)
    place = 0
    while True:
        company = replace(generator.company(place % _COMPANIES), cik=cik_of(place % _COMPANIES))
        at = LAST + timedelta(days=3, seconds=place)
        yield generator.submission(items=("5.02", "8.01", "9.01"), company=company, accepted_at=at)
        place += 1


async def _drop(running: _Running, filings: Sequence[MadeSubmission]) -> None:
    """Drop these into the folder, and wait until they are saved."""
    inbox = running.folder / "inbox"
    aside = running.folder / "aside"
    aside.mkdir(exist_ok=True)
    for one in filings:
        (aside / one.accession).write_bytes(one.raw)
    for one in filings:
        (aside / one.accession).rename(inbox / f"{one.accession}.txt")
    wanted = {one.accession for one in filings}
    until = time.monotonic() + _WAIT_SECONDS
    while not wanted <= set(await asyncio.to_thread(saves, running.log)):
        if time.monotonic() > until:
            raise BenchError(f"{running.large.filings:,} filings: not saved within {_WAIT_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


def _save_seconds(log: Path) -> list[float]:
    """From each filing's report until it was saved, as the log tells."""
    examined: dict[str, datetime] = {}
    found = []
    for line in log_lines(log):
        at = datetime.fromisoformat(line["at"])
        if line["message"] == "examined":
            examined[line["accession"]] = at
        elif line["message"] == "saved":
            found.append((at - examined[line["accession"]]).total_seconds())
    return found


def _get(url: str) -> None:
    with build_opener(ProxyHandler({})).open(url, timeout=60) as answer:
        answer.read()


def faults_of(found: Sequence[Large]) -> list[str]:
    """Say what is wrong; nothing, when all is well. Starts are judged by the best: others can only slow them down."""
    small, large = found[0], found[-1]
    wrong = []
    if min(large.starts) > MOST_START_SECONDS:
        wrong.append(f"{min(large.starts):.2f} s until the page answers; {MOST_START_SECONDS:g} s are allowed")
    for name, times in (("saving", _times(small.saves, large.saves)), ("CPU", large.cpu / max(small.cpu, 1e-9))):
        if times > MOST_TIMES:
            wrong.append(f"{name} of a filing: {times:.2f} times what it is in the small store; {MOST_TIMES:g} allowed")
    return wrong


def _times(small: Sequence[float], large: Sequence[float]) -> float:
    return median(large) / max(median(small), 1e-9)


def large_table(found: Sequence[Large]) -> str:
    """Show it."""
    small, large = found[0], found[-1]
    rows = [
        ("start until the page answers, s: best", [min(one.starts) for one in found]),
        ("the same: median", [median(one.starts) for one in found]),
        ("CPU of the daemon until then, s: median", [median(one.start_cpu) for one in found]),
        ("saving one filing, ms: median", [median(one.saves) * 1e3 for one in found]),
        ("CPU of the daemon for one filing, ms", [one.cpu * 1e3 for one in found]),
    ]
    shown = tuple(
        (name, *(number(figure) for figure in figures), f"{figures[-1] / max(figures[0], 1e-9):.2f}")
        for name, figures in rows
    )
    head = ("", *(f"{one.filings:,}" for one in (small, large)), "times")
    table = Table("stores of so many filings", head, shown)
    return "\n\n".join((str(table), *(f"WRONG: {fault}" for fault in faults_of(found))))
