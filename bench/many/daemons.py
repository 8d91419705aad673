"""The daemons of a run, each in a process of its own, which dies and begins again."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench import processes
from bench.logs import log_lines

__all__ = ["SPOTS", "Daemon", "Life", "Line"]

SPOTS = "this daemon spots filings now, for all that share the store"
LOST = "another daemon may spot filings now: the lock for it was lost"


@dataclass(slots=True)
class Life:
    """From one start to its end, as Unix times."""

    began: float
    ready: float | None = None  # its page was there, and with it everything else
    ended: float | None = None

    def lasted(self, since: float, until: float) -> bool:
        """Whether it was at work all that time."""
        return self.ready is not None and self.ready <= since and (self.ended is None or self.ended >= until)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a daemon's log."""

    at: float
    daemon: str
    message: str
    level: str
    text: str


class Daemon:
    """One of them: its settings lie in ``folder``, and its log goes on there from life to life."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.lives: list[Life] = []
        self._folder = folder
        self._log = folder / "daemon.log"
        self._log_began = 0  # where the log of this life begins
        self._process: Process | None = None
        self._readiness: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it is at work."""
        return bool(self.lives) and self.lives[-1].ready is not None and self.lives[-1].ended is None

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def has_given_up(self) -> bool:
        """Whether its process has ended by itself."""
        return self._process is not None and self._process.returncode is not None

    @property
    def spots(self) -> bool:
        """Whether it spots filings for all, as its log tells."""
        if not self.is_ready:
            return False
        with self._log.open("rb") as log:
            log.seek(self._log_began)
            said = log.read().decode(errors="replace")
        return said.rfind(SPOTS) > said.rfind(LOST)

    async def begin(self) -> None:
        """Start it; it is not ready yet."""
        self._log_began = self._log.stat().st_size if self._log.exists() else 0
        self.lives.append(Life(time.time()))
        self._process = await processes.daemon(self._folder, self._log)
        self._readiness = asyncio.create_task(self._note_readiness(self._process, self.lives[-1]))

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, wait, and return the exit code; 0 when it did not run."""
        process, self._process = self._process, None
        if process is None:
            return 0
        self.lives[-1].ended = self.lives[-1].ended or time.time()
        if self._readiness is not None:
            self._readiness.cancel()
            await asyncio.gather(self._readiness, return_exceptions=True)
        return await processes.end(process, number)

    def lines(self) -> Iterator[Line]:
        """Read its log."""
        for told in log_lines(self._log):
            at = datetime.fromisoformat(told["at"]).timestamp()
            yield Line(at, self.name, told["message"], told["level"], json.dumps(told))

    async def _note_readiness(self, process: Process, life: Life) -> None:
        assert process.stdout is not None
        if b"http://" in await process.stdout.readline():
            life.ready = time.time()
