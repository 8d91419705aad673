"""``python -m bench.many``: a busy day with several daemons that are killed; ``--rate``: how fast so many are."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.folders import kept_or_passing
from bench.many.findings import day_table
from bench.many.plan import Plan
from bench.many.rate import measure_rate, rate_table
from bench.many.run import run_day

EXIT_DONE = 0
EXIT_NO = 1  # a promise was broken
EXIT_FAILED = 3


def main() -> int:
    """Run it; return the exit code."""
    options = _parser().parse_args()
    try:
        with kept_or_passing(options.keep, "many") as folder:
            return _run(options, folder)
    except (BenchError, pytest.skip.Exception) as error:
        _tell(str(error))
        return EXIT_FAILED


def _run(options: argparse.Namespace, folder: Path) -> int:
    if options.rate:
        measured = asyncio.run(measure_rate(folder, _tell, seed=options.seed))
        print(rate_table(measured))
        return EXIT_DONE
    plan = Plan(
        seed=options.seed,
        filings=options.filings,
        seconds=options.seconds,
        daemons=options.daemons,
        kill_seconds=options.kill_seconds,
        limit=options.limit,
    )
    _tell(f"seed {plan.seed}")
    found = asyncio.run(run_day(plan, folder, _tell))
    print(day_table(found))
    return EXIT_NO if found.faults() or found.delays() else EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench.many", description=__doc__)
    add = parser.add_argument
    add("--rate", action="store_true", help="measure filings a second with 1, 2 and 4 daemons instead")
    add("--seed", type=int, default=usual.seed, help="filings, kills and waits (default: %(default)s)")
    add("--filings", type=int, default=usual.filings, help="8-Ks of the day (default: %(default)s)")
    add("--seconds", type=float, default=usual.seconds, help="real ones that it lasts (default: %(default)s)")
    add("--daemons", type=int, default=usual.daemons, help="how many (default: %(default)s)")
    add(
        "--kill-seconds",
        type=float,
        default=usual.kill_seconds,
        help="about so many between two kills; 0: none (default: %(default)s)",
    )
    add("--limit", type=float, default=usual.limit, help="edgar.requests_per_second (default: %(default)s)")
    add("--keep", type=Path, metavar="DIR", help="a new folder for settings, archive and logs, which then stay")
    return parser


def _tell(words: str) -> None:
    print(f"many: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
