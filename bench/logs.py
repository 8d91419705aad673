"""Reading the log of a daemon that may have been killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["log_lines", "saves"]


def log_lines(log: Path) -> Iterator[Mapping[str, Any]]:
    """Read a log of JSON lines, over all of the daemon's lives. A kill may leave half a line, which is passed over."""
    if not log.exists():
        return
    with log.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            if text.startswith("{") and text.rstrip().endswith("}"):
                yield json.loads(text)


def saves(log: Path) -> list[str]:
    """The accession number of each report that was saved, each time."""
    return [str(line["accession"]) for line in log_lines(log) if line["message"] == "saved"]
