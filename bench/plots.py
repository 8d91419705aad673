"""What a plot shows: named bars with their spread, ready for JSON. How it looks is the page's affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.environments import OURS
from bench.tables import Spread, number

__all__ = ["Bar", "Plot", "left_out"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure with its spread; without a figure it says why there is none."""

    name: str
    said: str  # the figure in words, or why there is none
    figure: float | None = None
    least: float | None = None
    most: float | None = None
    points: tuple[float, ...] = ()  # what it was made of: rounds, or filings
    is_ours: bool = False

    @classmethod
    def of(cls, name: str, points: Sequence[float], unit: str, *, is_ours: bool | None = None) -> Bar:
        """Sum up points, of which there must be one at least. A name that begins with ours is ours."""
        spread = Spread.of(points)
        ours = name.startswith(OURS) if is_ours is None else is_ours
        said = f"{number(spread.median)} {unit}".rstrip()
        return cls(name, said, spread.median, spread.least, spread.most, tuple(points), ours)


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars that begin at zero and share one scale."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    says: str = ""  # how to read it, such as which end is better
    most: float | None = None  # the end of the scale; None: what the bars need

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        return asdict(self)


def left_out(absent: Mapping[str, str]) -> tuple[Bar, ...]:
    """Make a bar without a figure for each reader that is left out, with the reason."""
    return tuple(Bar(name, f"left out: {why}") for name, why in absent.items())
