"""``python -m bench.runners.growing SMALL FILE``: read one input in a fresh process; tell its time and memory."""

from __future__ import annotations

import json
import resource
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

from bench.runners.ours import read
from watcher import ReadError

__all__ = ["measure"]

_MOST_RUNS = 3
_ENOUGH_SECONDS = 1.0


def measure(raw: bytes) -> dict[str, Any]:
    """Read these bytes; return the least CPU seconds, and megabytes at the peak beyond those held before.

    ``megabytes`` is what Python allocated, exactly; ``resident_megabytes`` what the process grew by.
    """
    resident = _most_resident()
    seconds = [_timed(raw)]
    while len(seconds) < _MOST_RUNS and sum(seconds) < _ENOUGH_SECONDS:
        seconds.append(_timed(raw))
    grown = _most_resident() - resident
    tracemalloc.start()
    _read(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"cpu_seconds": min(seconds), "megabytes": peak / 1e6, "resident_megabytes": grown / 1e6, "is": _read(raw)}


def _timed(raw: bytes) -> float:
    begun = time.process_time()
    _read(raw)
    return time.process_time() - begun


def _read(raw: bytes) -> str:
    try:
        read(raw)
    except ReadError as error:
        return f"refused: {error}"
    return "read"


def _most_resident() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    _read(Path(sys.argv[1]).read_bytes())
    print(json.dumps(measure(Path(sys.argv[2]).read_bytes())))
