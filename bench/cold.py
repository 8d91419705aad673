"""What each reader costs who has nothing at hand: a fresh process, its import, one filing; and the memory of many.

The other parts measure readers that are warm. Here every round is a new process, which reads filing after filing from
disk with one of them in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.corpus import Chosen
from bench.environments import Environment
from bench.errors import ReaderError
from bench.plots import Bar, Plot, left_out
from bench.readers import Reader
from bench.tables import Spread, Table

__all__ = ["Cold", "cold_plots", "cold_table", "measure_cold", "told"]

_TASK = "items"


@dataclass(slots=True)
class Cold:
    """One reader's rounds, each in a process of its own."""

    reader: str  # with its version
    first: list[float] = field(default_factory=list)  # CPU seconds from the process's start until one filing was done
    others: list[float] = field(default_factory=list)  # CPU seconds for each filing after that
    megabytes: list[float] = field(default_factory=list)  # the most that the process held
    failed: int = 0  # filings of one round


def measure_cold(
    wanted: Sequence[tuple[Environment, str]],
    filings: Sequence[Chosen],
    folder: Path,
    repeat: int,
    tell: Callable[[str], None],
) -> tuple[list[Cold], dict[str, str]]:
    """Have each reader of items read all of these in so many fresh processes; return figures, and why one has none.

    The first round fills the system's caches and is not counted.
    """
    found: dict[str, Cold] = {}
    lost: dict[str, str] = {}
    passed: set[str] = set()  # they know no items
    asked = [one.for_readers() for one in filings]
    for turn in range(repeat + 1):
        tell(f"cold: round {turn} of {repeat}")
        for environment, module in wanted:
            name = environment.name
            if name in lost or name in passed:
                continue
            try:
                with Reader(environment, module, folder / f"cold-{name}.log") as reader:
                    if _TASK not in reader.start().tasks:
                        passed.add(name)
                        continue
                    told = reader.ask("read_through", task=_TASK, filings=asked)
            except ReaderError as error:
                lost[name] = str(error)
                continue
            if turn:
                _note(found.setdefault(name, Cold(reader.label)), told, len(filings))
    return [cold for name, cold in found.items() if name not in lost], lost


def _note(cold: Cold, told: Mapping[str, Any], filings: int) -> None:
    cold.first.append(told["cold"])
    cold.others.append(told["warm"] / max(1, filings - 1))
    cold.megabytes.append(told["megabytes"])
    cold.failed = told["failed"]


def cold_table(measured: Sequence[Cold], absent: Mapping[str, str]) -> Table:
    """Show them."""
    rows = tuple(
        (
            one.reader,
            str(Spread.of(one.first).times(1_000)),
            str(Spread.of(one.others).times(1_000)),
            str(Spread.of(one.megabytes)),
            str(one.failed),
        )
        for one in measured
    )
    head = ("reader", "CPU ms until the first filing's items", "CPU ms for each other", "MB at most", "failed")
    notes = (
        "All: median (least-most). The first: from the process's start on, import included; files are read from disk.",
        "MB: the most that the process held, Python's own included.",
    )
    return Table(
        "cold: a fresh process to the items of its first filing, and of others", head, rows, notes
    ).with_left_out(absent)


def cold_plots(measured: Sequence[Cold], absent: Mapping[str, str]) -> tuple[Plot, Plot]:
    """Draw the first filing, and memory."""
    first = [Bar.of(one.reader, [seconds * 1_000 for seconds in one.first], "ms") for one in measured]
    memory = [Bar.of(one.reader, one.megabytes, "MB") for one in measured]
    lost, says = left_out(absent), "Median of fresh processes; less is better."
    return (
        Plot(
            "cold: CPU milliseconds from the process's start to the first filing's items", "ms", (*first, *lost), says
        ),
        Plot("cold: most megabytes held while reading all filings one by one", "MB", (*memory, *lost), says),
    )


def told(measured: Sequence[Cold]) -> list[dict[str, Any]]:
    """Tell them for JSON."""
    return [asdict(one) for one in measured]
