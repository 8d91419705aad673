"""``python -m bench.runners.upset FOLDER run --config FILE``: eightk where the clock steps and names are not known.

What is wrong stands in FOLDER, and may change while it runs: ``clock`` holds by how many seconds the system's clock is
off, and while there is a ``nameless`` no name of a host is known. `time.monotonic` never steps, as on a real machine.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import apscheduler.executors.base
import apscheduler.schedulers.base

import watcher.schedule
from watcher.cli import main

__all__ = ["seconds_off"]


def seconds_off(folder: Path) -> float:
    """By how much the clock is off now."""
    try:
        return float((folder / "clock").read_text() or 0)
    except FileNotFoundError:
        return 0.0


class _Stepped(datetime):
    """What asks this class for the time is told that of `time.time`; the real one does not ask there."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)


def _upset(folder: Path) -> None:
    real_time, look_up = time.time, socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        if (folder / "nameless").exists():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(host, *rest, **named)

    def now() -> float:
        return real_time() + seconds_off(folder)

    _put(time, "time", now)
    _put(socket, "getaddrinfo", getaddrinfo)
    for module in (watcher.schedule, apscheduler.schedulers.base, apscheduler.executors.base):
        _put(module, "datetime", _Stepped)


def _put(module: Any, name: str, what: Callable[..., Any]) -> None:
    setattr(module, name, what)


if __name__ == "__main__":
    _upset(Path(sys.argv.pop(1)))
    main()
