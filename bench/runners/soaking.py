"""``python -m bench.runners.soaking MARK...``: read filings from standard input; tell the memory at each mark.

Each filing comes as eight bytes that tell its length, then its bytes, so that this process holds one at a time.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bench.runners.ours import read

__all__ = ["LENGTH_BYTES", "filings", "resident_megabytes"]

LENGTH_BYTES = 8


def filings(stream: IO[bytes]) -> Iterator[bytes]:
    """Give the filings of a stream."""
    while length := stream.read(LENGTH_BYTES):
        yield stream.read(int.from_bytes(length, "big"))


def resident_megabytes() -> float:
    """What the process holds now; where the system does not tell, the most that it ever held."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _soak(marks: set[int]) -> None:
    for number, raw in enumerate(filings(sys.stdin.buffer), 1):
        read(raw)
        if number in marks:
            print(json.dumps({"filings": number, "megabytes": resident_megabytes()}), flush=True)


if __name__ == "__main__":
    _soak({int(mark) for mark in sys.argv[1:]})
