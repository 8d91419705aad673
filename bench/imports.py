"""What it costs to import each reader: time and memory, in fresh processes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.environments import ROOT, Environment
from bench.errors import ReaderError
from bench.tables import Spread, Table, number

__all__ = ["Imported", "import_table", "measure_imports"]

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
    return Imported(environment.name, statement, Spread.of(wall), Spread.of(cpu), Spread.of(resident).times(1e-6))


def import_table(imported: Sequence[Imported]) -> Table:
    """Show them, with the first one as the yardstick."""
    first = imported[0]
    rows: list[tuple[Any, ...]] = [
        (
            f"{one.environment}: {one.statement}",
            str(one.wall_seconds.times(1_000)),
            str(one.cpu_seconds.times(1_000)),
            number(one.megabytes.median),
            number(one.cpu_seconds.median / first.cpu_seconds.median),
        )
        for one in imported
    ]
    head = ("import", "ms: median (least-most)", "CPU ms", "MB of process", f"CPU, times {first.environment}")
    return Table("import: in fresh processes", head, tuple(rows), ("MB: resident, with Python's own.",))
