"""Worker processes that run the pure line, each with a bound on time and memory for every filing.

A filing that overruns its bound, or kills its process, harms no other: the process is replaced. Each process has a
socket of its own, so that none can hold up or spoil what another one says, and a group of its own, which ends with it.
(A pool with one queue for all was tried: killing an idle process, or an error that could not be read back, ended the
whole pool.)
"""

from __future__ import annotations

import asyncio
import os
import pickle
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import PurePath
from typing import Any, TypeVar

from watcher._worker import Answer, Call, Start, line_here
from watcher.edgar.bare import accession_of_filename
from watcher.errors import EightkError, HandlerCrash, HandlerError, HandlerTimeout, Skip
from watcher.line import text_of
from watcher.logs import LogForm
from watcher.meters import Meters
from watcher.models import Filing, Report
from watcher.printable import json_text
from watcher.registry import LineSpec
from watcher.report_json import error_line, report_line

__all__ = ["Bounds", "Workers", "examine", "examine_to_line"]

R = TypeVar("R")

START_SECONDS = 60.0
HAND_OVERS = 3
# However short a call may be, a process on a busy machine gets this long to take it.
TAKE_SECONDS = 2.0
NUMBER_BYTES = 16
# A fresh interpreter inherits no lock, thread or socket of the daemon; ``-P`` keeps the current folder out of imports.
_BOOT = "import sys; sys.path[:] = sys.argv[2:]; from watcher._worker import serve; serve(int(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one filing may use."""

    seconds: float = 30.0
    memory_megabytes: int = 1024  # beside what the process takes for itself


class Workers:
    """Some worker processes, started at once. Close it, or its processes stay.

    What they log comes out on their standard error, which is the program's, in the form ``log`` says; None leaves it as
    Python's own default has it. ``meters`` are told of each process that is replaced.
    """

    def __init__(
        self,
        spec: LineSpec,
        *,
        count: int,
        bounds: Bounds,
        log: LogForm | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._start = Start(spec, bounds.seconds, bounds.memory_megabytes, os.getpid(), log)
        self._meters = meters or Meters()
        self.slots = count
        self.trouble = ""  # why the last process that was to start did not
        self._processes = tuple(_Process(self._start, self._meters) for _ in range(count))
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
        report = await self.run(filing.accession, examine, filing, raw)
        if not isinstance(report, Report) or report.filing.accession != filing.accession:
            what = f"a report of {report.filing.accession}" if isinstance(report, Report) else type(report).__name__
            raise HandlerCrash(f"{filing.accession}: its worker gave {what}")
        return report

    async def run(self, name: str, function: Callable[..., R], *args: Any) -> R:
        """Run any function of an importable module in a worker, under the same bounds; ``name`` is for errors.

        What the function raises comes as ``Skip``, ``ReadError`` or ``HandlerError``. Raises ``ConfigError`` or
        another ``EightkError`` when no worker can be started, which is no filing's fault.
        """
        result: R = await asyncio.wrap_future(self.submit(name, function, *args))
        return result

    def submit(self, name: str, function: Callable[..., R], *args: Any) -> Future[R]:
        """As `run`, for callers without an event loop."""
        return self._threads.submit(self._call, name, function, args)

    def renew(self, spec: LineSpec) -> None:
        """Have every call that begins from now on made with this line; those under way end with their own.

        May be called from any thread.
        """
        self._start = replace(self._start, spec=spec)
        # Idle ones start anew at once, so that the next filing need not wait for it. One that cannot start tells so
        # to whoever calls it next.
        self.warm_up()

    def warm_up(self) -> None:
        """Have every idle process get ready now; `trouble` then tells whether one cannot."""
        for _ in self._processes:
            self._threads.submit(self._call, "the first call", _ready, ())

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
            process.begin_with(self._start)
            answer = process.call(name, Call(function, args, name))
        except HandlerError:
            raise  # the call's own: the process had started
        except EightkError as error:
            self.trouble = str(error)
            raise
        finally:
            self._idle.put(process)
        self.trouble = ""
        if answer.error is not None:
            raise answer.error
        return answer.value


class _Process:
    """One worker process, seen from the daemon. One thread at a time may call it; any may end it."""

    def __init__(self, start: Start, meters: Meters) -> None:
        self._start = start
        self._meters = meters
        self._patience = max(start.seconds, TAKE_SECONDS)
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_used = False  # by a call
        self._launch()

    def begin_with(self, start: Start) -> None:
        """Have a process that was started so; another one, if this one was not."""
        if self._start is not start:
            self._start = start
            self._replace("renewed")

    def call(self, name: str, call: Call) -> Answer:
        """Make one call. Raises what `_answer` raises, when a process that no other call has used fails it too."""
        request = pickle.dumps(call)
        number = self._hand_over(name, request)
        was_used = self._is_used
        try:
            answer = self._answer(name, number)
        except HandlerCrash:
            # An earlier call may have left behind what spoilt this one. (A late one had its time, and gets no more.)
            if not was_used or self._is_closed:
                raise
            answer = self._answer(name, self._hand_over(name, request))
        self._is_used = True
        if answer.is_last:
            self._replace("spent")
        return answer

    def kill_for_good(self) -> None:
        """End the process, and let no other take its place. May be called from any thread, and twice."""
        with self._lock:
            self._is_closed = True
            self._kill_group()

    def clear_away(self) -> None:
        """Leave nothing behind, once no thread uses it any more."""
        self._popen.wait()
        self._pipe.close()

    def _launch(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            here, there = socket.socketpair()
            with there:
                command = [sys.executable, "-P", "-c", _BOOT, str(there.fileno()), *sys.path]
                try:
                    self._popen = subprocess.Popen(  # noqa: S603  # ours
                        command, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()], start_new_session=True
                    )
                except OSError as error:
                    here.close()
                    raise EightkError(f"a worker process cannot be started: {error.strerror}") from error
            self._pipe = _bounded_pipe(here, self._patience)
            self._is_ready = False
            self._is_used = False
            with suppress(OSError):  # it died at once, which the first call finds out
                self._pipe.send_bytes(pickle.dumps(self._start))

    def _hand_over(self, name: str, request: bytes) -> bytes:
        """Have a living process that has taken the call; return the call's number.

        Raises ``EightkError`` when there can be none. A process that died or went deaf while nothing was asked of it
        is no filing's fault, so another one is handed the call.
        """
        for _ in range(HAND_OVERS):
            number = os.urandom(NUMBER_BYTES)
            try:
                self._be_ready()
                self._pipe.send_bytes(number)
                self._pipe.send_bytes(request)
                # It says so before it begins.
                if self._pipe.poll(self._patience) and self._pipe.recv_bytes(NUMBER_BYTES) == number:
                    return number
            except (EOFError, OSError):
                pass  # as odd as another number, or none in time
            was_ready, how = self._is_ready, _how(self._replace("died"))
        if was_ready:
            raise HandlerCrash(f"{name}: its worker process died before it began ({how})")
        raise EightkError(f"a worker process died while it started ({how})")

    def _answer(self, name: str, number: bytes) -> Answer:
        """Wait for the answer to the call of this number.

        Raises ``HandlerTimeout``, ``HandlerCrash``, or ``HandlerError`` for an answer that cannot be read back, and
        has replaced the process then.
        """
        seconds, max_bytes = self._start.seconds, self._start.memory_megabytes * 2**20
        try:
            if not self._pipe.poll(seconds):
                self._replace("timeout")
                raise HandlerTimeout(_too_long(name, seconds))
            said = self._pipe.recv_bytes(NUMBER_BYTES)
            packed = self._pipe.recv_bytes(max_bytes)
        except (EOFError, OSError) as error:
            code = self._replace("crash")
            if code == -signal.SIGALRM:
                # The kernel's own bound came first, as this machine was busy.
                raise HandlerTimeout(_too_long(name, seconds)) from error
            raise HandlerCrash(f"{name}: its worker process died ({_how(code)})") from error
        if said != number:
            self._replace("crash")
            raise HandlerCrash(f"{name}: its worker process spoke out of turn")
        try:
            return _unpacked(name, packed)
        except HandlerError:
            self._replace("crash")
            raise

    def _be_ready(self) -> None:
        """Have a process with its line built. Raises ``EOFError`` or ``OSError`` when it died, else ``EightkError``."""
        if self._is_ready:
            return
        if not self._pipe.poll(START_SECONDS):
            self._replace("start")
            raise EightkError(f"a worker process was not up within {START_SECONDS:g} s")
        packed = self._pipe.recv_bytes()
        try:
            answer = _unpacked("a worker's start", packed)
        except HandlerError as error:
            self._replace("start")
            raise EightkError(f"a worker process said something odd while it started: {error}") from error
        if answer.error is not None:
            self._replace("start")
            raise answer.error
        self._is_ready = True

    def _replace(self, reason: str) -> int:
        """End the process and its group, start another, and return how the first one ended.

        ``reason`` is one of a few words: renewed (other rules), spent (a call left something behind, or filled the
        memory), timeout, crash, died (while nothing was asked of it), start (it could not).
        """
        self._meters.worker_replaced(reason)
        with self._lock:
            self._kill_group()
            code = self._popen.wait()
        self._pipe.close()
        self._launch()
        return code

    def _kill_group(self) -> None:
        """Kill the process and what its handlers started. To be called under the lock."""
        # Until somebody has waited for the process, its number, which is its group's, is nobody else's.
        if self._popen.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # macOS forbids it once all of the group are dead
                os.killpg(self._popen.pid, signal.SIGKILL)


def _bounded_pipe(end: socket.socket, seconds: float) -> Connection:
    """Make a pipe of a socket on which no single read or write can take longer, whatever its other end does."""
    timeval = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
    for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
        end.setsockopt(socket.SOL_SOCKET, option, timeval)
    return Connection(end.detach())


def _too_long(name: str, seconds: float) -> str:
    return f"{name}: not done within {seconds:g} s; its worker was ended"


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _unpacked(name: str, packed: bytes) -> Answer:
    try:
        answer = pickle.loads(packed)  # noqa: S301  # from our own process
    except Exception as error:
        # The border to foreign code: a report may hold what only its handler's process can make.
        raise HandlerError(
            f"{name}: what was found cannot be read back: {type(error).__name__}: {text_of(error)}"
        ) from error
    if not isinstance(answer, Answer):
        raise HandlerError(f"{name}: what was found cannot be read back: it came as {type(answer).__name__}")
    return answer


def _ready() -> None:
    return None


def examine(filing: Filing, raw: bytes) -> Report:
    """Run the line over a filing, in a worker. Raises what `Line.run` raises."""
    return line_here().run(filing, raw)


def examine_to_line(path: str, raw: bytes) -> tuple[str, bool]:
    """Run the line over a file's bytes, in a worker; return its JSON line and whether that holds an error."""
    report = Report(filing=Filing(accession=accession_of_filename(PurePath(path).name) or ""), raw=raw)
    line = line_here()
    try:
        line.fill(report)
    except Skip as reason:
        return json_text(report_line(report, path) | {"skipped": text_of(reason)}), False
    except EightkError as error:
        if isinstance(error.__cause__, MemoryError):
            raise  # told by who knows the bound, and this process is replaced
        return json_text(error_line(path, text_of(error))), True
    return json_text(report_line(report, path)), False
