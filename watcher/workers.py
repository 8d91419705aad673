"""Worker processes that run the pure line, each with a bound on time and memory for every filing.

A filing that overruns its bound, or kills its process, harms no other: the process is replaced. Each process has a
socket of its own, so that none can hold up or spoil what another one says. (A pool with one queue for all was tried:
killing an idle process, or an error that could not be read back, ended the whole pool.)
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import PurePath
from typing import Any, TypeVar

from watcher._worker import Answer, Call, Start, line_here
from watcher.edgar.bare import accession_of_filename
from watcher.errors import EightkError, HandlerCrash, HandlerError, HandlerTimeout, Skip
from watcher.models import Filing, Report
from watcher.registry import LineSpec
from watcher.report_json import error_line, report_line

__all__ = ["Bounds", "Workers", "examine_to_line"]

R = TypeVar("R")

START_SECONDS = 60.0
HAND_OVERS = 3
# A fresh interpreter inherits no lock, thread or socket of the daemon; ``-P`` keeps the current folder out of imports.
_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from watcher._worker import serve; serve(int(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one filing may use."""

    seconds: float = 30.0
    memory_megabytes: int = 1024  # beside what the process takes for itself


class Workers:
    """Some worker processes, started at once. Close it, or its processes stay."""

    def __init__(self, spec: LineSpec, *, count: int, bounds: Bounds) -> None:
        start = Start(spec, bounds.seconds, bounds.memory_megabytes, os.getpid())
        self._bounds = bounds
        self._processes = tuple(_Process(start) for _ in range(count))
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        # One thread for each process: it waits for the answer, and nothing else.
        self._threads = ThreadPoolExecutor(count, "worker")

    def wait_until_ready(self) -> None:
        """Return when the first worker is up, so that the first filing need not wait for it."""
        self._threads.submit(self._call, "the first call", _ready, ()).result()

    async def examine(self, filing: Filing, raw: bytes) -> Report:
        """Run the line over one filing.

        Raises what `Line.run` raises; ``HandlerTimeout`` and ``HandlerCrash`` when the bound on time or memory, or
        the process, gave way.
        """
        return await self.run(filing.accession, _examine, filing, raw)

    async def run(self, name: str, function: Callable[..., R], *args: Any) -> R:
        """Run any function of an importable module in a worker, under the same bounds; ``name`` is for errors.

        What the function raises comes as ``Skip``, ``ReadError`` or ``HandlerError``. Raises ``ConfigError`` or
        another ``EightkError`` when no worker can be started, which is no filing's fault.
        """
        loop = asyncio.get_running_loop()
        result: R = await loop.run_in_executor(self._threads, self._call, name, function, args)
        return result

    def close(self) -> None:
        """End every process; what still runs is cut off. May be called twice."""
        for process in self._processes:
            process.kill_for_good()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.clear_away()

    def _call(self, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        process = self._idle.get()
        try:
            answer = process.call(name, Call(function, args), self._bounds.seconds)
        finally:
            self._idle.put(process)
        if answer.error is not None:
            raise answer.error
        return answer.value


class _Process:
    """One worker process, seen from the daemon. One thread at a time may call it; any may end it."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._is_closed = False
        self._launch()

    def call(self, name: str, call: Call, seconds: float) -> Answer:
        """Make one call. Raises ``HandlerTimeout`` or ``HandlerCrash``, and has replaced the process then."""
        self._hand_over(name, pickle.dumps(call))
        try:
            if not self._pipe.poll(seconds):
                self._replace()
                raise HandlerTimeout(_too_long(name, seconds))
            packed = self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            code = self._replace()
            if code == -signal.SIGALRM:
                # The kernel's own bound came first, as this machine was busy.
                raise HandlerTimeout(_too_long(name, seconds)) from error
            raise HandlerCrash(f"{name}: its worker process died ({_how(code)})") from error
        answer = _unpacked(name, packed)
        if answer.is_last:
            self._replace()
        return answer

    def kill_for_good(self) -> None:
        """End the process, and let no other take its place. May be called from any thread, and twice."""
        with self._lock:
            self._is_closed = True
            self._popen.kill()

    def clear_away(self) -> None:
        """Leave nothing behind, once no thread uses it any more."""
        self._popen.wait()
        self._pipe.close()

    def _launch(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            here, there = Pipe()
            with there:
                command = [sys.executable, "-P", "-c", _BOOT, str(there.fileno()), *sys.path]
                try:
                    self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])  # noqa: S603  # ours
                except OSError as error:
                    here.close()
                    raise EightkError(f"a worker process cannot be started: {error.strerror}") from error
            self._pipe = here
            self._is_ready = False
            with suppress(OSError):  # it died at once, which the first call finds out
                here.send_bytes(pickle.dumps(self._start))

    def _hand_over(self, name: str, request: bytes) -> None:
        """Have a living process that has taken the call. Raises ``EightkError`` when there can be none.

        A process that died while nothing was asked of it is no filing's fault, so another one is handed the call.
        """
        for _ in range(HAND_OVERS):
            try:
                self._be_ready()
                self._pipe.send_bytes(request)
                self._pipe.recv_bytes()  # it says so before it begins
            except (EOFError, OSError):
                was_ready, how = self._is_ready, _how(self._replace())
            else:
                return
        if was_ready:
            raise HandlerCrash(f"{name}: its worker process died before it began ({how})")
        raise EightkError(f"a worker process died while it started ({how})")

    def _be_ready(self) -> None:
        """Have a process with its line built. Raises ``EOFError`` or ``OSError`` when it died, else ``EightkError``."""
        if self._is_ready:
            return
        if not self._pipe.poll(START_SECONDS):
            self._replace()
            raise EightkError(f"a worker process was not up within {START_SECONDS:g} s")
        answer = _unpacked("a worker's start", self._pipe.recv_bytes())
        if answer.error is not None:
            self._replace()
            raise answer.error
        self._is_ready = True

    def _replace(self) -> int:
        """End the process, start another, and return how the first one ended."""
        self._popen.kill()
        code = self._popen.wait()
        self._pipe.close()
        self._launch()
        return code


def _too_long(name: str, seconds: float) -> str:
    return f"{name}: not done within {seconds:g} s; its worker was ended"


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _unpacked(name: str, packed: bytes) -> Answer:
    try:
        answer: Answer = pickle.loads(packed)  # noqa: S301  # from our own process
    except Exception as error:
        # The border to foreign code: a report may hold what only its handler's process can make.
        raise HandlerError(f"{name}: what was found cannot be read back: {type(error).__name__}: {error}") from error
    return answer


def _ready() -> None:
    return None


def _examine(filing: Filing, raw: bytes) -> Report:
    return line_here().run(filing, raw)


def examine_to_line(path: str, raw: bytes) -> tuple[str, bool]:
    """Run the line over a file's bytes, in a worker; return its JSON line and whether that holds an error."""
    report = Report(filing=Filing(accession=accession_of_filename(PurePath(path).name) or ""), raw=raw)
    line = line_here()
    try:
        line.fill(report)
    except Skip as reason:
        return json.dumps(report_line(report, path) | {"skipped": str(reason)}, ensure_ascii=False), False
    except EightkError as error:
        return json.dumps(error_line(path, str(error)), ensure_ascii=False), True
    return json.dumps(report_line(report, path), ensure_ascii=False), False
