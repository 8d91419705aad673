"""What a daemon and its workers hold, looked at again and again while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.procfs import Held, held_by, worker_processes

__all__ = ["DAEMON", "Sample", "Sampler", "sampling"]

DAEMON = "daemon"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    at: float  # real seconds since the first one
    held: Mapping[str, Held]  # by the daemon, and by each worker that ran
    database: int  # bytes of the file
    log: int  # bytes of the file beside it that takes the writes first

    @property
    def memory(self) -> int:
        """Resident bytes of all of them."""
        return sum(one.memory for one in self.held.values())


class Sampler:
    """Looks at one daemon. A worker that takes another one's place goes on under its name."""

    def __init__(self, daemon: int, database: Path | None = None) -> None:
        self.samples: list[Sample] = []
        self._daemon = daemon
        self._database = database
        self._places: dict[int, int] = {}  # which worker a process is
        self._began = time.monotonic()

    def look(self) -> None:
        """Take one sample; none when the daemon has ended."""
        own = held_by(self._daemon)
        if own is None:
            return
        held = {DAEMON: own}
        for process, place in self._placed(worker_processes(self._daemon)).items():
            if (found := held_by(process)) is not None:
                held[f"worker {place + 1}"] = found
        sizes = [_size(self._database, suffix) for suffix in ("", "-wal")]
        self.samples.append(Sample(time.monotonic() - self._began, held, *sizes))

    def _placed(self, running: list[int]) -> dict[int, int]:
        kept = {process: place for process, place in self._places.items() if process in running}
        free = (place for place in range(len(running)) if place not in kept.values())
        for process in running:
            if process not in kept:
                kept[process] = next(free)
        self._places = kept
        return kept


@asynccontextmanager
async def sampling(sampler: Sampler, seconds: float) -> AsyncIterator[Sampler]:
    """Have it look so often while inside."""

    async def look() -> None:
        while True:
            await asyncio.to_thread(sampler.look)
            await asyncio.sleep(seconds)

    task = asyncio.create_task(look())
    try:
        yield sampler
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _size(database: Path | None, suffix: str) -> int:
    if database is None:
        return 0
    try:
        return database.with_name(f"{database.name}{suffix}").stat().st_size
    except FileNotFoundError:
        return 0
