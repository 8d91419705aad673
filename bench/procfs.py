"""What Linux tells of processes, by ``/proc``: whose children they are, what they hold, what they have used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Held", "children_of", "cpu_seconds", "held_by", "lacks_proc", "worker_processes"]

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_WORKER = b"watcher._worker"


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at a moment."""

    memory: int  # resident bytes
    files: int  # open file handles
    threads: int


def lacks_proc() -> str:
    """Say what this machine lacks to be asked; "" when nothing."""
    return "" if (_PROC / "self" / "statm").exists() else "needs Linux's /proc"


def children_of(process: int) -> list[int]:
    """The processes that it started and that still are, the ones that wait to be buried left out."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        status = _status(int(folder.name))
        if status is not None and status[1] == str(process) and status[0] != "Z":
            found.append(int(folder.name))
    return sorted(found)


def worker_processes(daemon: int) -> list[int]:
    """A daemon's worker processes."""
    return [child for child in children_of(daemon) if _WORKER in _command_of(child)]


def held_by(process: int) -> Held | None:
    """What it holds; None when it has ended."""
    folder = _PROC / str(process)
    status = _status(process)
    try:
        memory = int((folder / "statm").read_text(encoding="ascii").split()[1]) * _PAGE
        files = sum(1 for _ in (folder / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if status is None or memory == 0 else Held(memory, files, int(status[17]))


def cpu_seconds(process: int) -> float:
    """The processor's seconds that it has used, for itself and for the kernel; 0 when it has ended."""
    status = _status(process)
    return 0.0 if status is None else (int(status[11]) + int(status[12])) / _TICKS


def _status(process: int) -> list[str] | None:
    """The fields of ``stat`` from the state on: what stands before them, a name in brackets, may hold anything."""
    try:
        text = (_PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _command_of(process: int) -> bytes:
    try:
        return (_PROC / str(process) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
