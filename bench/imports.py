"""What it costs to import each reader: time and memory, in fresh processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.environments import ROOT, Environment
from bench.errors import ReaderError
from bench.plots import Bar, Plot, left_out
from bench.tables import Spread, Table, number

__all__ = ["Imported", "import_plots", "import_table", "measure_imports"]

# Nothing that is not built in is imported before the clock starts: it would be missing from the figure.
_CODE = """
import time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
import os, sys
try:
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
except OSError:
    import resource
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(wall, cpu, resident, file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import took: seconds, and the whole process's resident megabytes afterwards, Python's own included."""

    environment: str
    statement: str
    wall_seconds: Spread
    cpu_seconds: Spread
    megabytes: Spread
    rounds: dict[str, list[float]] = field(default_factory=dict)  # CPU seconds and megabytes, round by round

    @property
    def name(self) -> str:
        """What is imported where."""
        return f"{self.environment}: {self.statement}"


def measure_imports(
    wanted: Sequence[tuple[Environment, str]], repeat: int, tell: Callable[[str], None]
) -> tuple[list[Imported], list[str]]:
    """Run each statement in fresh processes, in turn; return what was measured, and the troubles.

    One round fills the caches and is not counted.
    """
    rounds: dict[int, list[tuple[float, ...]]] = {place: [] for place in range(len(wanted))}
    troubles: list[str] = []
    for turn in range(repeat + 1):
        tell(f"import: round {turn} of {repeat}")
        for place in list(rounds):
            try:
                figures = _import(*wanted[place])
            except ReaderError as error:
                troubles.append(str(error))
                del rounds[place]
                continue
            if turn:
                rounds[place].append(figures)
    return [_summed(*wanted[place], figures) for place, figures in rounds.items()], troubles


def _import(environment: Environment, statement: str) -> tuple[float, ...]:
    done = subprocess.run(
        [str(environment.python), "-c", _CODE.format(statement=statement)],
        cwd=ROOT,
        env=environment.all_variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    said = done.stderr.strip().splitlines() or [""]
    if done.returncode:
        raise ReaderError(f"{environment.name}: {statement!r} failed: {said[-1]}")
    return tuple(float(figure) for figure in said[-1].split())


def _summed(environment: Environment, statement: str, figures: Sequence[tuple[float, ...]]) -> Imported:
    wall, cpu, resident = (list(column) for column in zip(*figures, strict=True))
    megabytes = [one * 1e-6 for one in resident]
    rounds = {"cpu_seconds": cpu, "megabytes": megabytes}
    return Imported(environment.name, statement, Spread.of(wall), Spread.of(cpu), Spread.of(megabytes), rounds)


def import_table(imported: Sequence[Imported], absent: Mapping[str, str] | None = None) -> Table:
    """Show them, with the first one as the yardstick."""
    first = imported[0]
    rows: list[tuple[Any, ...]] = [
        (
            one.name,
            str(one.wall_seconds.times(1_000)),
            str(one.cpu_seconds.times(1_000)),
            number(one.megabytes.median),
            number(one.cpu_seconds.median / first.cpu_seconds.median),
        )
        for one in imported
    ]
    head = ("import", "ms: median (least-most)", "CPU ms", "MB of process", f"CPU, times {first.environment}")
    table = Table("import: in fresh processes", head, tuple(rows), ("MB: resident, with Python's own.",))
    return table.with_left_out(absent or {})


def import_plots(imported: Sequence[Imported], absent: Mapping[str, str] | None = None) -> tuple[Plot, Plot]:
    """Draw CPU time and memory, round by round."""
    cpu = [Bar.of(one.name, [seconds * 1_000 for seconds in one.rounds["cpu_seconds"]], "ms") for one in imported]
    memory = [Bar.of(one.name, one.rounds["megabytes"], "MB") for one in imported]
    lost, says = left_out(absent or {}), "Median of fresh processes; less is better."
    return (
        Plot("import: CPU milliseconds", "ms", (*cpu, *lost), says),
        Plot("import: resident megabytes of the process, Python's own included", "MB", (*memory, *lost), says),
    )
