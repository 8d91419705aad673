"""Reading the log of a daemon that may have been killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["log_lines", "saves"]

# So ``watcher.logs`` begins each line; within one, in a text, the quotes are escaped.
_BEGINS = '{"at": "'
_DECODER = json.JSONDecoder()


def log_lines(log: Path) -> Iterator[Mapping[str, Any]]:
    """Read a log of JSON lines, over all of the daemon's lives.

    A kill may leave half a line, and the next life's first line stands right behind it: the half is passed over.
    """
    if not log.exists():
        return
    with log.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            yield from _whole_lines(text)


def _whole_lines(text: str) -> Iterator[Mapping[str, Any]]:
    place = text.find(_BEGINS)
    while place >= 0:
        try:
            line, place = _DECODER.raw_decode(text, place)
        except json.JSONDecodeError:
            place += 1  # half a line: another one may begin within
        else:
            yield line
        place = text.find(_BEGINS, place)


def saves(log: Path) -> list[str]:
    """The accession number of each report that was saved, each time."""
    return [str(line["accession"]) for line in log_lines(log) if line["message"] == "saved"]
