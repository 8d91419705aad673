"""``eightk`` from a process that has imported it already, and forks: importing is most of what a command takes.

The command has its own process, environment, folder and files, as if it had been started by itself. What is about
being started starts it so: `_running.COMMAND`.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["Warm", "WarmProcess", "start"]

_MOST_BYTES = 1 << 17  # of a request
_WORD = 16  # bytes in which a number is told
# What a command or a daemon may need. It comes here by import, so that this file needs none of it where it asks.
_LOADED = (
    "watcher.cli.run", "watcher.daemon", "alembic.command", "procrastinate", "psycopg_pool", "uvicorn",
    "handlers.parse", "handlers.classify", "handlers.alert", "handlers.notify",
    "ahocorasick_rs", "alembic.config", "pydantic.v1", "uvicorn.lifespan.off",
)  # fmt: skip


class Warm:
    """One command: what `subprocess.Popen` offers, as far as tests ask it."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """The exit code, or the number of the signal that ended it, below 0; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended. Raises ``subprocess.TimeoutExpired``."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("eightk", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], seconds)[0]:
            self.returncode = int(os.read(self._status, _WORD))
            os.close(self._status)
        return self.returncode


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    stdout: int,
    stderr: int,
    cwd: Path | None = None,
    program: str = "watcher.cli:main",
) -> Warm:
    """Run ``eightk`` with these arguments, its output to open files of these numbers; it reads nothing.

    ``program`` is another module's function that such a process may be, or a module to be run as ``python -m`` does.
    """
    told = {"argv": list(arguments), "env": dict(env), "cwd": str(cwd or Path.cwd()), "program": program}
    status, status_there = os.pipe()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    try:
        socket.send_fds(_forker(), [json.dumps(told).encode()], [nowhere, stdout, stderr, status_there])
    finally:
        os.close(nowhere)
        os.close(status_there)
    pid = os.read(status, _WORD)
    assert pid, "the process that forks has ended"
    return Warm(int(pid), status)


class WarmProcess:
    """One command for those who await it: what ``asyncio.subprocess.Process`` offers, as far as tests ask it."""

    def __init__(self, started: Warm, stdout: asyncio.StreamReader) -> None:
        self.pid = started.pid
        self.stdout = stdout
        self._ended = asyncio.ensure_future(asyncio.to_thread(started.wait))

    @classmethod
    async def start(cls, arguments: Sequence[str], *, env: Mapping[str, str], stderr: int, program: str) -> WarmProcess:
        """Run it as `start` does; its output is read here."""
        out, there = os.pipe()
        started = start(arguments, env=env, stdout=there, stderr=stderr, program=program)
        os.close(there)
        stdout = asyncio.StreamReader()
        read = asyncio.StreamReaderProtocol(stdout)
        await asyncio.get_running_loop().connect_read_pipe(lambda: read, os.fdopen(out, "rb"))
        return cls(started, stdout)

    @property
    def returncode(self) -> int | None:
        """As `Warm.returncode`; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def communicate(self) -> tuple[bytes, None]:
        """Read all that it still says, and return once it has ended."""
        said = await self.stdout.read()
        await asyncio.shield(self._ended)
        return said, None


@cache
def _forker() -> socket.socket:
    """The connection to the process that forks, which ends with it."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        forker = subprocess.Popen(
            [sys.executable, __file__, str(there.fileno())], pass_fds=[there.fileno()], stdin=subprocess.DEVNULL
        )
    assert here.recv(1), "eightk could not be imported"

    def end() -> None:
        here.close()
        forker.wait()

    atexit.register(end)
    return here


def _serve(number: int) -> None:
    """Fork whenever asked to. Returns in each child, and in the parent when nobody can ask any more."""
    for name in _LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # or each child's collector would go through it, and make a copy of it by that
    asked = socket.socket(fileno=number)
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    going: dict[int, int] = {}
    asked.send(b"!")
    while True:
        ready = select.select([asked, wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 4096)
            _tell_ends(going)
        if asked in ready:
            request, files, _, _ = socket.recv_fds(asked, _MOST_BYTES, 4)
            if not request:
                return
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (asked.detach(), wakes, woken, *going.values()):
                    os.close(one)
                _become(json.loads(request), files)
                return
            os.write(files[3], b"%*d" % (_WORD, pid))
            going[pid] = files[3]
            for one in files[:3]:
                os.close(one)


def _tell_ends(going: dict[int, int]) -> None:
    while going:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        there = going.pop(pid)
        os.write(there, b"%*d" % (_WORD, os.waitstatus_to_exitcode(status)))
        os.close(there)


def _become(told: dict[str, Any], files: list[int]) -> None:
    """Have the files, folder and environment of the command, and run it."""
    for there, one in enumerate(files[:3]):
        os.dup2(one, there)
    for one in files:
        os.close(one)
    os.environ.clear()
    os.environ.update(told["env"])
    time.tzset()
    os.chdir(told["cwd"])
    sys.path[0] = told["cwd"]  # as ``python -m`` has it
    sys.argv = ["eightk", *told["argv"]]
    module, _, function = told["program"].partition(":")
    if function:
        getattr(import_module(module), function)()
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
