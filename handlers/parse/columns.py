"""Finds what belongs to a label on a printed page: in its own cell, behind it, or above it in the same column.

The text of HTML sets cells apart by tabs; plain text keeps its columns by blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["EDGES", "Cell", "above", "before", "cells_of", "find_label", "line_of", "lines_above", "lowered"]

_CELL = re.compile(r"(?:[^\t ]| (?!  ))+")  # three blanks set columns apart
_RULE = re.compile(r"[\s_\-=–—*.:|/]*")
EDGES = " \t_-–—=*|:;"
_MAX_LINES = 10
_MAX_CHARS = 1_500


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a line: its words, and where they stand on it."""

    start: int
    end: int
    text: str


def cells_of(line: str) -> list[Cell]:
    """Split a line into its cells, rules left out."""
    found = (Cell(match.start(), match.end(), match[0].strip(EDGES)) for match in _CELL.finditer(line))
    return [cell for cell in found if not _RULE.fullmatch(cell.text)]


def line_of(page: str, place: int) -> tuple[int, int]:
    """Return where the line of this place starts and ends."""
    end = page.find("\n", place)
    return page.rfind("\n", 0, place) + 1, len(page) if end < 0 else end


def lowered(page: str) -> str:
    """Return the page in lower case, each character in its place: labels are found much faster in it."""
    low = page.lower()
    return low if len(low) == len(page) else "".join(one if len(one.lower()) != 1 else one.lower() for one in page)


def find_label(low: str, words: re.Pattern[str]) -> re.Match[str] | None:
    """Find a label by its words, in lower case, where they begin a line, a cell, or what stands in brackets."""
    for match in words.finditer(low):
        lead = low[max(low.rfind("\n", 0, match.start()) + 1, match.start() - 40) : match.start()]
        gap = lead[len(lead.rstrip(" (")) :]
        if gap == lead or "(" in gap or "   " in gap or lead[: len(lead) - len(gap)].endswith("\t"):
            return match
    return None


def lines_above(page: str, start: int) -> Iterator[str]:
    """Give the lines above the one that starts here, the nearest first, without empty ones and rules."""
    given = 0
    for line in reversed(page[max(0, start - _MAX_CHARS) : start].split("\n")[:-1]):
        if not _RULE.fullmatch(line):
            yield line
            given += 1
        if given == _MAX_LINES:
            return


def before(page: str, place: int) -> str:
    """Return the words in front of a label in its own cell: "Delaware (State of incorporation)"."""
    start, end = line_of(page, place)
    column = place - start
    cell = next((cell for cell in _CELL.finditer(page[start:end]) if cell.start() <= column < cell.end()), None)
    return page[start + cell.start() : place].strip(EDGES + "(") if cell else ""


def above(page: str, place: int, is_label: Callable[[str], bool]) -> str:
    """Return what stands above a label in its column, other labels passed over, or ""."""
    start, end = line_of(page, place)
    line = page[start:end]
    labels = cells_of(line)
    at = next((index for index, cell in enumerate(labels) if cell.end > place - start), 0)
    for upper in lines_above(page, start):
        cell = _in_column(cells_of(upper), labels, at, is_laid_out="\t" not in line and "\t" not in upper)
        if cell is not None and not is_label(cell.text):
            return " ".join(cell.text.split())
    return ""


def _in_column(upper: list[Cell], labels: list[Cell], at: int, *, is_laid_out: bool) -> Cell | None:
    """Pick the cell above: the one with the same number, or in plain text the one whose middle is nearest."""
    if not upper or not labels:
        return None
    if len(upper) == len(labels):
        return upper[at]
    if is_laid_out:
        middle = labels[at].start + labels[at].end
        return min(upper, key=lambda cell: abs(cell.start + cell.end - middle))
    return upper[min(at, len(upper) - 1)]
