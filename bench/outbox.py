"""A store full of deliveries that are owed, and the daemon that is to send them, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from bench.errors import BenchError
from watcher.clock import Clock
from watcher.models import Alert, Delivery, DeliveryState, Message, Severity
from watcher.signing import new_secret
from watcher.store.alerts import owe, raise_alert
from watcher.store.database import Store

__all__ = ["begin", "end", "fill", "set_up", "store_of"]

_START_SECONDS, _STOP_SECONDS = 60.0, 60.0
_SNIPPET = "furnished as an exhibit to this report, and shall not be deemed filed; " * 14
_SETTINGS = """\
[folder]
enabled = false
[web]
listen = "127.0.0.1:0"
[limits]
workers = 1
[log]
level = "{level}"
"""
_ENDPOINT = """\
[endpoint.{name}]
kind = "webhook"
url = "{url}/{name}"
secret_file = "secret"
allow = ["{address}"]
requests_per_second = 0
"""


def set_up(folder: Path, endpoints: Mapping[str, str], *, level: str = "info") -> None:
    """Write settings with these endpoints, each with the URL of its receiver, and no limit on their rates."""
    (folder / "config" / "rules").mkdir(parents=True)
    (folder / "secret").write_text(new_secret() + "\n")
    tables = [
        _ENDPOINT.format(name=name, url=url, address=url.removeprefix("http://")) for name, url in endpoints.items()
    ]
    (folder / "config" / "eightk.toml").write_text(_SETTINGS.format(level=level) + "".join(tables))


def store_of(folder: Path, *, only_read: bool = False) -> Store:
    """Open the store of these settings."""
    return Store(f"sqlite:///{folder / 'data' / 'eightk.db'}", only_read=only_read)


def fill(folder: Path, endpoints: Iterable[str], alerts: int, now: datetime) -> None:
    """Raise so many alerts, each owed to each of the endpoints."""
    names = tuple(endpoints)

    def write(connection: Connection) -> None:
        for number in range(alerts):
            made = _alert(number, names)
            raise_alert(connection, None, made, _message(made, now), now)
        owed = (Delivery(f"dlv_{n}_{name}", f"alr_{n}", name, _OWED, now) for n in range(alerts) for name in names)
        owe(connection, owed, now)

    (folder / "data").mkdir(exist_ok=True)
    with store_of(folder) as store:
        store.write_now(write)


async def begin(folder: Path, clock: Clock | None = None, *, total_seconds: float | None = None) -> Process:
    """Begin the daemon, and return when it takes requests.

    With a ``clock`` it runs by that, and gives a receiver ``total_seconds`` of real time; else as its users run it.
    """
    config = str(folder / "config" / "eightk.toml")
    if clock is None:
        command = ("-m", "watcher.cli", "run", "--config", config)
    else:
        command = ("-m", "bench.runners.outbox", config, json.dumps(clock.told()), str(total_seconds))
    with (folder / "log.txt").open("ab") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=log)
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        first = (await process.stdout.readline()).decode()
    if not re.search(r"http://\S+", first):
        raise BenchError(f"the daemon did not start: {first}see {folder / 'log.txt'}")
    return process


async def end(process: Process, number: signal.Signals = signal.SIGTERM) -> int:
    """Send a signal, wait, and return the exit code."""
    if process.returncode is None:
        process.send_signal(number)
    async with asyncio.timeout(_STOP_SECONDS):
        await process.communicate()
    return process.returncode or 0


_OWED = DeliveryState.PENDING


def _alert(number: int, endpoints: tuple[str, ...]) -> Alert:
    summary = f"Made-up Corp {number}: Regulation FD disclosure"
    return Alert(f"alr_{number}", "reg-fd", "Regulation FD disclosure", Severity.LOW, "1", endpoints, summary=summary)


def _message(one: Alert, now: datetime) -> Message:
    told = {"type": "filing.matched", "timestamp": now.astimezone(UTC).isoformat(), "data": {"id": one.id}}
    told["data"] |= {"summary": one.summary, "match": {"evidence": [{"document": 1, "text": _SNIPPET}]}}  # type: ignore[operator]
    return Message(one.id, "filing.matched", now, one.summary, "http://127.0.0.1/", json.dumps(told).encode())
