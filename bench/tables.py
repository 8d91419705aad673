"""Figures from rounds, and plain tables of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

__all__ = ["Spread", "Table", "number", "ratios"]


@dataclass(frozen=True, slots=True)
class Spread:
    """What several rounds gave."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Sum up figures, of which there must be one at least."""
        return cls(median(figures), min(figures), max(figures))

    def times(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(self.median * factor, self.least * factor, self.most * factor)

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.least)}-{number(self.most)})"


def ratios(figures: Sequence[float], others: Sequence[float]) -> Spread:
    """Divide round by round: two that ran one after the other share whatever slowed the machine just then."""
    return Spread.of([figure / other for figure, other in zip(figures, others, strict=True)])


def number(figure: float) -> str:
    """Write a figure with three digits that tell."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a head, rows of text, and notes below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        return asdict(self)

    def with_left_out(self, absent: Mapping[str, str]) -> Table:
        """Add a row for each reader that is left out, and a note with the reason."""
        rows = _left_out_rows(absent, len(self.head))
        notes = tuple(f"{name}: left out: {why}" for name, why in absent.items())
        return Table(self.title, self.head, (*self.rows, *rows), (*self.notes, *notes))

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = [self.title, _line(self.head, widths), _line(["-" * width for width in widths], widths)]
        lines += [_line(row, widths) for row in self.rows]
        return "\n".join((*lines, *(f"  {note}" for note in self.notes)))


def _left_out_rows(absent: Mapping[str, str], width: int) -> tuple[tuple[str, ...], ...]:
    """Make a row without figures for each reader that is left out."""
    return tuple((name, "left out", *("-" for _ in range(width - 2))) for name in absent)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    first, *rest = (
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  " + "  ".join((first, *rest)).rstrip()
