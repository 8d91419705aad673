"""Serves one reader's tasks to the bench: a line of JSON comes in, a line of JSON goes out.

A round is timed here, inside the reader's process, by CPU time; the bench decides whose turn it is.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from bench.runners import offline

__all__ = ["Filing", "Task", "own_output", "serve"]


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing as every reader is given it, in memory before the clock starts."""

    path: str
    raw: bytes = field(repr=False)
    bodies: tuple[bytes, ...] = field(default=(), repr=False)  # main document and exhibits, already split out
    filed_on: str = ""  # ISO date; "" when the header has none


Task = Callable[[Filing], Any]


def own_output() -> IO[str]:
    """Keep standard output for our answers; whatever a reader prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def serve(
    tasks: Mapping[str, Task],
    distributions: Sequence[str],
    commands: Iterable[str],
    answers: IO[str],
    versions: Mapping[str, str] | None = None,
) -> None:
    """Carry out command after command until there are no more. ``versions``: of what no registry knows."""
    reader = _Reader(tasks, distributions, versions or {})
    for line in commands:
        command = json.loads(line)
        answer = getattr(reader, command.pop("do"))(**command)
        print(json.dumps(answer), file=answers, flush=True)


@dataclass(slots=True)
class _Reader:
    """A reader's tasks and the filings that it has been given. Each public method is a command."""

    tasks: Mapping[str, Task]
    distributions: Sequence[str]
    more_versions: Mapping[str, str]
    filings: list[Filing] = field(default_factory=list)

    def hello(self) -> dict[str, Any]:
        """Say what runs here."""
        versions = {name: metadata.version(name) for name in self.distributions}
        versions |= self.more_versions
        return {"python": platform.python_version(), "versions": versions, "tasks": sorted(self.tasks)}

    def load(self, filings: list[dict[str, Any]]) -> dict[str, Any]:
        """Take these filings in place of those before."""
        self.filings = [_loaded(**filing) for filing in filings]
        return {"filings": len(self.filings)}

    def measure(self, task: str, at_least: float, first: int = 0, last: int | None = None) -> dict[str, Any]:
        """Do one task over the filings from ``first`` to ``last``, until ``at_least`` CPU seconds are spent.

        What is told is for one pass over them.
        """
        work, filings, passes, refused = self.tasks[task], self.filings[first:last], 0, offline.refusals()
        gc.collect()
        begun = time.process_time()
        while True:
            failed = sum(not _done(work, filing) for filing in filings)
            passes += 1
            spent = time.process_time() - begun
            if spent >= at_least:
                break
        refused = (offline.refusals() - refused) // passes
        return {"cpu_seconds": spent / passes, "passes": passes, "failed": failed, "refused": refused}

    def find(self, task: str) -> dict[str, Any]:
        """Do one task once over all filings and tell what it found: item numbers and characters of text."""
        return {"found": [_found(self.tasks[task], filing) for filing in self.filings]}

    def read_through(self, task: str, filings: list[dict[str, Any]]) -> dict[str, Any]:
        """Read filing after filing from disk, with one of them in memory at a time.

        Tells the CPU seconds of this process since it began until the first filing was done, its import included,
        those of the rest, how many failed, and the most memory that the process ever held.
        """
        first, *rest = filings
        failed = int(not _done(self.tasks[task], _loaded(**first)))
        cold = time.process_time()
        failed += sum(not _done(self.tasks[task], _loaded(**filing)) for filing in rest)
        warm = time.process_time() - cold
        return {"cold": cold, "warm": warm, "failed": failed, "megabytes": _most_megabytes()}


def _most_megabytes() -> float:
    """The most that this program held; where Linux does not tell, what the system counts, which may be its parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _loaded(path: str, bodies: Sequence[str] = (), filed_on: str = "") -> Filing:
    return Filing(path, Path(path).read_bytes(), tuple(Path(body).read_bytes() for body in bodies), filed_on)


def _done(work: Task, filing: Filing) -> bool:
    try:
        work(filing)
    except Exception:  # noqa: BLE001  # the border to someone else's reader: it is counted, and `find` tells the error
        return False
    return True


def _found(work: Task, filing: Filing) -> dict[str, Any]:
    refused = offline.refusals()
    try:
        items: dict[str, str] = work(filing)
        told = {"items": sorted(items), "characters": sum(map(len, items.values())), "error": ""}
    except Exception as error:  # noqa: BLE001  # the border to someone else's reader: its error is what we tell
        told = {"items": [], "characters": 0, "error": f"{type(error).__name__}: {error}"[:300]}
    return told | {"refused": offline.refusals() - refused}
