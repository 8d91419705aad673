"""Worker processes that run the pure line, each with a bound on time and memory for every filing.

A filing that overruns its bound, or kills its process, harms no other: the process is replaced.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from watcher.edgar.bare import accession_of_filename
from watcher.errors import EightkError, HandlerCrash, HandlerTimeout, Skip
from watcher.line import Line
from watcher.models import Filing, Report
from watcher.registry import LineSpec, build_handlers
from watcher.report_json import error_line, report_line

__all__ = ["Bounds", "Workers", "examine_to_line"]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one filing may use."""

    seconds: float = 30.0
    memory_megabytes: int = 1024


class Workers:
    """A pool of worker processes, started at once. Close it, or its processes stay."""

    def __init__(self, spec: LineSpec, *, count: int, bounds: Bounds) -> None:
        self._bounds = bounds
        # A fresh interpreter inherits no lock, thread or socket of the daemon.
        self._pool = ProcessPool(
            max_workers=count,
            context=multiprocessing.get_context("spawn"),
            initializer=_set_up,
            initargs=(spec, bounds.memory_megabytes * 2**20, os.getpid()),
        )
        self._first = [self._pool.schedule(_ready) for _ in range(count)]

    def wait_until_ready(self) -> None:
        """Return when the first worker is up, so that the first filing need not wait for it."""
        self._first[0].result(timeout=60)

    async def examine(self, filing: Filing, raw: bytes) -> Report:
        """Run the line over one filing.

        Raises what `Line.run` raises; ``HandlerTimeout`` and ``HandlerCrash`` when the bound on time or memory, or
        the process, gave way.
        """
        return await self.run(filing.accession, _examine, filing, raw)

    async def run(self, name: str, function: Callable[..., R], *args: Any) -> R:
        """Run any function of an importable module in a worker, under the same bounds; ``name`` is for errors."""
        future = self._pool.schedule(function, args=args, timeout=self._bounds.seconds)
        try:
            result: R = await asyncio.wrap_future(future)
        except FutureTimeoutError as error:
            raise HandlerTimeout(f"{name}: not done within {self._bounds.seconds:g} s; its worker was ended") from error
        except ProcessExpired as error:
            raise HandlerCrash(f"{name}: its worker process died (exit code {error.exitcode})") from error
        return result

    def close(self) -> None:
        """End every process; what still runs is cut off. May be called twice."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


# The line of this worker process, built once.
_line: Line | None = None


def _line_here() -> Line:
    if _line is None:
        raise HandlerCrash("this process is not a worker")
    return _line


def _examine(filing: Filing, raw: bytes) -> Report:
    return _line_here().run(filing, raw)


def examine_to_line(path: str, raw: bytes) -> tuple[str, bool]:
    """Run the line over a file's bytes, in a worker; return its JSON line and whether that holds an error."""
    report = Report(filing=Filing(accession=accession_of_filename(PurePath(path).name) or ""), raw=raw)
    line = _line_here()
    try:
        line.fill(report)
    except Skip as reason:
        return json.dumps(report_line(report, path) | {"skipped": str(reason)}, ensure_ascii=False), False
    except EightkError as error:
        return json.dumps(error_line(path, str(error)), ensure_ascii=False), True
    return json.dumps(report_line(report, path), ensure_ascii=False), False


def _ready() -> None:
    return None


def _set_up(spec: LineSpec, max_bytes: int, parent: int) -> None:
    global _line  # noqa: PLW0603  # a process has one line; the pool calls plain functions
    # Ctrl-C reaches the whole group; the daemon alone decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    _line = Line(build_handlers(spec))
    if sys.platform != "darwin":  # macOS refuses a bound on address space
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _leave_with(parent: int) -> None:
    """End this process when the daemon was killed: nobody would wait for its result."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
