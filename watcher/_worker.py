"""The inside of a worker process: takes a call from the daemon, makes it under bounds, answers with what came of it.

Whatever the called function does, the answer can be read back: an error that might not survive the way is told by its
text, and what goes over the pipe goes outside the bounds, so that a full memory leaves no half message behind. What a
call leaves running, or spoilt for the next one, ends with this process and its group.
"""

from __future__ import annotations

import os
import pickle
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from watcher.bulk.fingerprint import line_version
from watcher.errors import (
    ConfigError,
    EightkError,
    HandlerCrash,
    HandlerError,
    NotASubmission,
    ReadError,
    Skip,
    TooLargeError,
    TruncatedError,
)
from watcher.line import Line, text_of
from watcher.logs import LogForm, about
from watcher.registry import LineSpec, build_handlers

__all__ = ["ACCESSION", "Answer", "Call", "Start", "line_here", "serve", "tellable"]

ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
# How much later than the daemon the kernel ends a call by itself, should the daemon be gone; at most.
SLACK_SECONDS = 5.0
_BOUNDS = sorted(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))
# Errors that are made of their text alone, the narrowest first.
_TELLABLE = (Skip, NotASubmission, TruncatedError, TooLargeError, ReadError, HandlerCrash, HandlerError)


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker process is told first."""

    spec: LineSpec
    seconds: float
    memory_megabytes: int
    parent: int
    log: LogForm | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function of an importable module, and its arguments."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    name: str = ""  # whom it is made for: an accession number, where it is a filing


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: its value, or the error that it raised."""

    value: Any = None
    error: Exception | None = None
    is_last: bool = False  # the process ends after this answer


# The line of this process, built once.
_line: Line | None = None


def line_here() -> Line:
    """The line of this worker process. Raises ``HandlerCrash`` in any other process."""
    if _line is None:
        raise HandlerCrash("this process is not a worker")
    return _line


def serve(descriptor: int) -> None:
    """Answer calls that come over this socket until the daemon hangs up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A service manager may send both to all of a service; the daemon alone decides when its workers end.
        signal.signal(number, signal.SIG_IGN)
    # Standard output belongs to the program: what a handler prints is for its author.
    os.dup2(2, 1)
    # A program that a handler starts must not keep the way to the daemon open.
    os.set_inheritable(descriptor, False)
    with Connection(descriptor) as pipe:
        # Nor must a copy of this process that a handler makes: it could answer too.
        os.register_at_fork(after_in_child=pipe.close)
        try:
            start: Start = pickle.loads(pipe.recv_bytes())  # noqa: S301  # from the daemon
            threading.Thread(target=_leave_with, args=(start.parent,), daemon=True).start()
            answer = _set_up(start)
            pipe.send_bytes(pickle.dumps(answer))
            max_bytes = _address_space() + start.memory_megabytes * 2**20
            while not answer.is_last:
                answer = _serve_one(pipe, start, max_bytes)
        except (EOFError, ConnectionError):
            _end_with_all()  # the daemon is gone
        except OSError:
            return  # a handler closed the way to the daemon, or this is a copy of the process


def _serve_one(pipe: Connection, start: Start, max_bytes: int) -> Answer:
    # Each call has a number of its own, said again when it is taken and when it is answered: whatever else comes over
    # the pipe is nobody's answer.
    number = pipe.recv_bytes()
    request = pipe.recv_bytes()
    pipe.send_bytes(number)
    before = _traces()
    try:
        with _bounded(max_bytes, start.seconds + min(start.seconds, SLACK_SECONDS)):
            call: Call = pickle.loads(request)  # noqa: S301  # from the daemon
            with about(accession=call.name if ACCESSION.fullmatch(call.name) else None):
                answer = Answer(call.function(*call.args))
            answer = replace(answer, is_last=_traces() != before)
            packed = pickle.dumps(answer)
    except BaseException as error:  # noqa: BLE001  # the border to foreign code: told to the daemon, whatever it is
        answer = _told(error, start.memory_megabytes)
        answer = replace(answer, is_last=answer.is_last or _traces() != before)
        packed = pickle.dumps(answer)
    pipe.send_bytes(number)
    pipe.send_bytes(packed)
    return answer


def _set_up(start: Start) -> Answer:
    global _line  # noqa: PLW0603  # a process has one line; calls are plain functions
    if start.log is not None:
        start.log.set_up()
    try:
        handlers = build_handlers(start.spec)
        _line = Line(handlers, line_version(start.spec, handlers))
    except ConfigError as error:
        return Answer(error=error, is_last=True)
    except Exception as error:  # noqa: BLE001  # the border to foreign code: told to the daemon
        reason = f"{type(error).__name__}: {text_of(error)}"
        return Answer(error=EightkError(f"a worker process cannot build its handlers: {reason}"), is_last=True)
    return Answer()


def _told(error: BaseException, memory_megabytes: int) -> Answer:
    """Tell an error by a type that every process can make again."""
    if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
        where = text_of(error).partition(":")[0]
        problem = f"more memory than one filing may take ({memory_megabytes:,} MB; limits.memory_megabytes sets it)"
        # What was taken may not all come back: the next filing gets a fresh process.
        return Answer(error=HandlerCrash(f"{where}: {problem}" if where else problem), is_last=True)
    if isinstance(error, Exception) and (told := tellable(error)) is not None:
        return Answer(error=told)
    # An order to end, such as KeyboardInterrupt, bears the name of the handler that gave it as a note.
    who = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    return Answer(error=HandlerError(f"{who}{type(error).__name__}: {text_of(error)}"))


def tellable(error: Exception) -> Exception | None:
    """Return an error that says the same and that every process can make again; None for what is no call's own word."""
    if isinstance(error.__cause__, MemoryError):
        return None
    return next((kind(text_of(error)) for kind in _TELLABLE if isinstance(error, kind)), None)


def _traces() -> tuple[int, bool, list[tuple[int, int]]]:
    """What a call can leave behind that would hold up or spoil the next one: threads, processes, other bounds."""
    # The bound on address space itself is ours to move, below its hard one.
    bounds = [
        (0 if one == resource.RLIMIT_AS else soft, hard) for one in _BOUNDS for soft, hard in [resource.getrlimit(one)]
    ]
    return threading.active_count(), _has_children(), bounds


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


@contextmanager
def _bounded(max_bytes: int, seconds: float) -> Iterator[None]:
    """Bound the process's memory and time.

    The daemon ends a late call by itself; this alarm is the kernel's, and ends a call even when the daemon is gone and
    foreign code never lets a thread of this process run.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform != "darwin":  # macOS refuses a bound on address space
        soft = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _address_space() -> int:
    """The bytes of address space that this process takes now; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * resource.getpagesize()


def _leave_with(parent: int) -> None:
    """End this process when the daemon was killed: nobody waits for its answer."""
    while os.getppid() == parent:
        time.sleep(1)
    _end_with_all()


def _end_with_all() -> None:
    """End this process and whatever its handlers started."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
