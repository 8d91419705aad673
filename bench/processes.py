"""The programs of a run, each in a process of its own: the simulator, and the daemon, which dies and begins again."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from bench.errors import BenchError

__all__ = ["ask", "command", "daemon", "end", "page_of", "simulator"]

_EIGHTK = (sys.executable, "-m", "watcher.cli")
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0


@asynccontextmanager
async def simulator(scenario: Path, log: Path) -> AsyncIterator[str]:
    """Run the pretend EDGAR while inside, and give its URL."""
    process = await _begin(["simulate", "--scenario", str(scenario)], log)
    try:
        yield await page_of(process, log, "the simulator")
    finally:
        await end(process, signal.SIGTERM)


async def daemon(folder: Path, log: Path) -> Process:
    """Begin ``eightk run`` on a folder's settings; it may not be ready yet."""
    return await _begin(["run", "--config", str(folder / "config" / "eightk.toml")], log)


async def page_of(process: Process, log: Path, name: str = "the daemon") -> str:
    """Wait until it tells where its page is, and return the URL. Raises ``BenchError`` when it ends instead."""
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        first = (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+", first)
    if found is None:
        raise BenchError(f"{name} did not start: {first}see {log}")
    return found[0]


async def end(process: Process, number: signal.Signals) -> int:
    """Send a signal, wait, and return the exit code."""
    if process.returncode is None:
        process.send_signal(number)
    async with asyncio.timeout(_STOP_SECONDS):
        await process.communicate()
    return process.returncode or 0


async def command(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run one of eightk's commands to its end; return its exit code and what it printed."""
    config = str(folder / "config" / "eightk.toml")
    process = await asyncio.create_subprocess_exec(*_EIGHTK, *arguments, "--config", config, stdout=PIPE, stderr=PIPE)
    out, complaint = await process.communicate()
    return process.returncode or 0, (out or complaint).decode()


async def ask(edgar: str, what: str) -> Any:
    """Ask the simulator for one of its own counts."""
    return await asyncio.to_thread(_ask, f"{edgar}/simulator/{what}")


def _ask(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=60) as answer:
        return json.load(answer)


async def _begin(arguments: list[str], log: Path) -> Process:
    with log.open("ab") as file:
        return await asyncio.create_subprocess_exec(*_EIGHTK, *arguments, stdout=PIPE, stderr=file)
