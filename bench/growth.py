"""Whether time and memory grow with the input and no faster, and whether memory stays flat over many filings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.environments import ROOT, ours
from bench.errors import BenchError
from bench.measuring import measured
from bench.plots import Bar, Plot
from bench.runners.soaking import LENGTH_BYTES
from bench.shapes import SHAPES, Shape
from bench.tables import Table, number

__all__ = [
    "FACTORS",
    "Grown",
    "Soaked",
    "growth_of",
    "growth_plot",
    "growth_table",
    "measure_growth",
    "soak",
    "soak_plot",
    "soak_table",
]

FACTORS = (1, 2, 4, 8, 16, 32, 64)
_SMALLEST_BYTES = 64 * 1024
_MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Grown:
    """One shape at growing sizes: megabytes of input, CPU seconds, megabytes of memory at the peak."""

    shape: str
    megabytes: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    memory: tuple[float, ...]
    outcome: str  # "read", or why the largest was refused

    @property
    def seconds_per_megabyte(self) -> list[float]:
        """The figure that stays, where time is linear."""
        return [seconds / size for seconds, size in zip(self.cpu_seconds, self.megabytes, strict=True)]

    @property
    def memory_per_megabyte(self) -> list[float]:
        """The figure that stays, where memory is linear."""
        return [memory / size for memory, size in zip(self.memory, self.megabytes, strict=True)]

    @property
    def growth(self) -> float:
        """How many times the largest input costs for each megabyte what the best of the others does; 64 if squared."""
        *others, last = self.seconds_per_megabyte
        return last / min(others)


def measure_growth(
    folder: Path,
    tell: Callable[[str], None],
    factors: Sequence[int] = FACTORS,
    shapes: Mapping[str, Shape] = SHAPES,
) -> list[Grown]:
    """Read every shape at every size, each in a fresh process. Raises `BenchError` when one ends or takes for ever."""
    small = folder / "small.txt"
    small.write_bytes(SHAPES["HTML"](1_000))
    return [_grown(name, shape, folder, small, factors, tell) for name, shape in shapes.items()]


def _grown(
    name: str, shape: Shape, folder: Path, small: Path, factors: Sequence[int], tell: Callable[[str], None]
) -> Grown:
    tell(f"linear: {name}")
    file = folder / "growing.txt"
    sizes, taken = [], []
    for factor in factors:
        sizes.append(file.write_bytes(shape(_SMALLEST_BYTES * factor)) / 1e6)
        told = f"linear: {name}, {factor} times"
        taken.append(measured(told, "bench.runners.growing", small, file, most_seconds=_MOST_SECONDS))
    return Grown(
        name,
        tuple(sizes),
        tuple(one["cpu_seconds"] for one in taken),
        tuple(one["megabytes"] for one in taken),
        taken[-1]["is"],
    )


def growth_table(grown: Sequence[Grown]) -> Table:
    """Show milliseconds per megabyte at each size, and the memory at both ends."""
    sizes = [f"{size:.2g} MB" for size in grown[0].megabytes]
    rows = [
        (
            one.shape,
            *(number(seconds * 1_000) for seconds in one.seconds_per_megabyte),
            number(one.growth),
            number(one.memory_per_megabyte[0]),
            number(one.memory_per_megabyte[-1]),
        )
        for one in grown
    ]
    refused = [f"{one.shape}: the largest was {one.outcome}" for one in grown if one.outcome != "read"]
    return Table(
        "linear: CPU milliseconds for each megabyte of input, as it grows",
        ("shape", *sizes, "growth", "memory, first", "last"),
        tuple(rows),
        (
            "growth: the last against the best of the others; about 1 where time is linear, and many where it is not.",
            "memory: megabytes that Python allocates at the peak, for each megabyte of input, which is not counted.",
            *refused,
        ),
    )


def growth_plot(grown: Sequence[Grown]) -> Plot:
    """Draw how each shape's cost for a megabyte grows: the sizes are the points, the largest is the figure."""
    bars = tuple(
        Bar(one.shape, f"{number(points[-1])} ms", points[-1], min(points), max(points), points, is_ours=True)
        for one in grown
        for points in (tuple(seconds * 1_000 for seconds in one.seconds_per_megabyte),)
    )
    says = f"The bar is the largest input, {grown[0].megabytes[-1]:.1f} MB; the points are the smaller ones."
    return Plot("linear: CPU milliseconds for each megabyte of input", "ms", bars, says)


@dataclass(frozen=True, slots=True)
class Soaked:
    """The memory that a process holds after so many filings."""

    filings: int
    megabytes: float


def soak(raws: Iterable[bytes], count: int) -> list[Soaked]:
    """Have one process read filing after filing; return its memory after a tenth, a fifth, half and all of them.

    Raises `BenchError` when the process ends before.
    """
    marks = sorted({max(1, count // part) for part in (10, 5, 2, 1)})
    command = [str(ours().python), "-m", "bench.runners.soaking", *map(str, marks)]
    with subprocess.Popen(
        command, cwd=ROOT, env=ours().all_variables(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for raw in islice(raws, count):
                process.stdin.write(len(raw).to_bytes(LENGTH_BYTES, "big") + raw)
            process.stdin.close()
        except BrokenPipeError as error:
            raise BenchError("memory: the process that reads has ended") from error
        return [Soaked(**json.loads(line)) for line in process.stdout]


def growth_of(soaked: Sequence[Soaked]) -> float:
    """The bytes by which memory grew for each filing between the first mark and the last; 0 when it shrank."""
    first, last = soaked[0], soaked[-1]
    return max(0.0, (last.megabytes - first.megabytes) * 1e6 / max(1, last.filings - first.filings))


def soak_table(soaked: Sequence[Soaked]) -> Table:
    """Show it."""
    rows = tuple((f"{one.filings:,} filings", number(one.megabytes)) for one in soaked)
    note = f"From the first mark to the last it grew by {growth_of(soaked):,.0f} bytes a filing."
    return Table("memory: one process reads filing after filing", ("after", "resident MB"), rows, (note,))


def soak_plot(soaked: Sequence[Soaked]) -> Plot:
    """Draw it."""
    bars = tuple(
        Bar(f"after {one.filings:,} filings", f"{number(one.megabytes)} MB", one.megabytes, is_ours=True)
        for one in soaked
    )
    return Plot("memory: resident megabytes after so many filings", "MB", bars, "Flat is good.")
