"""``python -m bench.soak``: a quarter in minutes, ten times EDGAR's busiest minute, a store of a million filings."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.folders import kept_or_passing
from bench.machine import machine
from bench.procfs import lacks_proc
from bench.soak import large, minute, quarter
from bench.soak.bounds import FEWEST

__all__ = ["main"]

EXIT_DONE = 0
EXIT_NO = 1  # something was lost, or does not keep to its bound
EXIT_FAILED = 3
PARTS = ("quarter", "minute", "million")
_SAMPLES = 20 * FEWEST
_MOST_LOOK_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit code."""
    options = _parser().parse_args(arguments)
    if missing := lacks_proc():
        _tell(missing)
        return EXIT_FAILED
    print(machine())
    faults: list[str] = []
    try:
        with kept_or_passing(options.keep, "soak") as folder:
            for part in options.only or PARTS:
                (folder / part).mkdir()
                faults += _RUNS[part](options, folder / part)
    except BenchError as error:
        _tell(str(error))
        return EXIT_FAILED
    return EXIT_NO if faults else EXIT_DONE


def _run_quarter(options: argparse.Namespace, folder: Path) -> list[str]:
    plan = replace(quarter.QUARTER, seed=options.seed, days=options.days, per_day=options.per_day, speed=options.speed)
    seconds = min(_MOST_LOOK_SECONDS, plan.days * 17.25 * 3600 / plan.speed / _SAMPLES)
    found = asyncio.run(quarter.run_quarter(plan, folder, _tell, look_seconds=seconds))
    print(quarter.quarter_table(found), end="\n\n", flush=True)
    return found.faults()


def _run_minute(options: argparse.Namespace, folder: Path) -> list[str]:
    found = asyncio.run(minute.run_minute(folder, _tell, times=options.times, seed=options.seed))
    print(minute.minute_table(found), end="\n\n", flush=True)
    return found.faults()


def _run_million(options: argparse.Namespace, folder: Path) -> list[str]:
    sizes = (options.small, options.filings)
    found = asyncio.run(large.run_large(options.stores or folder, folder / "at-work", _tell, sizes=sizes))
    print(large.large_table(found), end="\n\n", flush=True)
    return large.faults_of(found)


_RUNS = {"quarter": _run_quarter, "minute": _run_minute, "million": _run_million}


def _parser() -> argparse.ArgumentParser:
    usual = quarter.QUARTER
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", choices=PARTS, default=(), metavar="PART", help=f"of {', '.join(PARTS)}")
    add("--seed", type=int, default=usual.seed, help="of what is made up (default: %(default)s)")
    add("--days", type=int, default=usual.days, help="business days of the quarter (default: %(default)s)")
    add("--per-day", type=int, default=usual.per_day, help="8-Ks on each; EDGAR has 250 to 490 (default: %(default)s)")
    add("--speed", type=float, default=usual.speed, help="seconds of the clock in a real one (default: %(default)s)")
    add("--times", type=float, default=10.0, help="as many as in EDGAR's busiest minute (default: %(default)s)")
    add("--stores", type=Path, metavar="DIR", help="where bench.million's stores lie, or are made; a copy is worked on")
    add("--filings", type=int, default=1_000_000, help="in the large store; 8 GB, twice (default: %(default)s)")
    add("--small", type=int, default=10_000, help="in the small store (default: %(default)s)")
    add("--keep", type=Path, metavar="DIR", help="a new folder for settings, stores and logs, which then stay")
    return parser


def _tell(words: str) -> None:
    print(f"soak: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
