"""Runs a command of eightk in a process of its own that is bounded: in time, in memory, and in what it may say."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from watcher.errors import EightkError

__all__ = ["Ended", "run_bounded"]

MOST_BYTES = 32 * 2**20
_PORTION = 65_536
# A fresh interpreter that imports from where this one does; ``-P`` keeps the current folder out of it.
_BOOT = "import sys; sys.path[:] = sys.argv.pop(1).split(chr(10)); from watcher.cli._bounded import run; run()"


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, and what it said."""

    code: int
    output: bytes
    errors: str


async def run_bounded(arguments: Sequence[str], *, seconds: int, megabytes: int) -> Ended:
    """Run ``eightk ARGUMENTS``; when whoever waits for it is cancelled, it is ended.

    Raises ``EightkError`` when it takes longer, or says more than may be.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", _BOOT, "\n".join(sys.path), str(megabytes), str(seconds), *arguments,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            output, errors = await asyncio.gather(_read(process.stdout), _read(process.stderr))
            code = await process.wait()
    except TimeoutError:
        raise EightkError(f"it took longer than {seconds} seconds, and was ended") from None
    finally:
        await _end(process)
    if code == -signal.SIGALRM:
        raise EightkError(f"it took longer than {seconds} seconds, and was ended")
    return Ended(code, output, errors.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    found = bytearray()
    while stream is not None and (portion := await stream.read(_PORTION)):
        found += portion
        if len(found) > MOST_BYTES:
            raise EightkError(f"it said more than {MOST_BYTES:,} bytes, and was ended: ask for less")
    return bytes(found)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())
