"""Tells an alert to a program of the operator's own: the payload on its standard input, no shell in between."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from handlers.notify._plain import plain
from watcher import DeliveryError, Message, Notifier, Post

__all__ = ["Command"]

_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h
_MAX_KEPT_BYTES = 2_000
_MAX_REASON = 200
_READ_BYTES = 65_536
_GRACE_SECONDS = 1.0
_MAX_SECONDS = 600.0


class Command(Notifier):
    """Run ``command``, a program and its arguments, for each message; exit code 0 means told.

    The program is a full path, or a name that the daemon's PATH knows. It has ``seconds`` to end, then it is killed
    with its whole process group. It may be run twice for one message: the payload holds the alert's id.
    """

    name = "command"

    def __init__(self, *, command: tuple[str, ...], seconds: float = 30.0) -> None:
        problems = [] if 0 < seconds <= _MAX_SECONDS else [f"seconds: expected more than 0, at most {_MAX_SECONDS:g}"]
        if problem := _problem(command):
            problems.append(f"command: {problem}")
        if problems:
            raise ValueError("; ".join(problems))
        self._command = tuple(command)
        self._seconds = seconds

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Run it once. Raises ``DeliveryError``, never a permanent one: a program can be mended."""
        with tempfile.TemporaryFile() as given:
            given.write(message.payload)
            given.seek(0)
            async with _pipe() as (writer, kept):
                code = await self._run(given.fileno(), writer)
        said = kept.decode("utf-8", "replace")
        if code:
            reason = plain(said, _MAX_REASON)
            raise DeliveryError(f"{_meaning(code)}{f': {reason}' if reason else ''}", body=said)

    async def _run(self, stdin: int, stderr: int) -> int:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=stdin, stdout=asyncio.subprocess.DEVNULL, stderr=stderr, start_new_session=True
            )
        except OSError as error:
            raise DeliveryError(f"{self._command[0]} cannot be run: {(error.strerror or 'no').lower()}") from error
        finally:
            os.close(stderr)
        try:
            async with asyncio.timeout(self._seconds):
                return await process.wait()
        except TimeoutError as error:
            raise DeliveryError(f"did not end within {self._seconds:g} s, and was killed") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):  # it ended just now
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[int, bytearray]]:
    """A pipe to write to, and the beginning of what was written, complete when the block has ended.

    What comes later is read and dropped, so that nobody waits for room. A child that the program left behind may hold
    the pipe open for ever; it is not waited for.
    """
    reader, writer = os.pipe()
    kept = bytearray()
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def take() -> None:
        chunk = os.read(reader, _READ_BYTES)
        kept.extend(chunk[: _MAX_KEPT_BYTES - len(kept)])
        if not chunk:
            loop.remove_reader(reader)
            ended.set_result(None)

    loop.add_reader(reader, take)
    try:
        yield writer, kept
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await ended
    finally:
        loop.remove_reader(reader)
        os.close(reader)


def _problem(command: tuple[str, ...]) -> str:
    if not command or not command[0]:
        return "names no program"
    if any("\0" in argument for argument in command):
        return "has a NUL character in it"
    program = command[0]
    if os.sep in program and not Path(program).is_absolute():
        return f"{program} is a relative path; give the full one"
    return "" if shutil.which(program) else f"{program} is not there, or may not be run"


def _meaning(code: int) -> str:
    if code < 0:
        return f"ended by signal {-code}"
    return f"exit code {code}{', for now' if code == _TEMPORARY else ''}"
