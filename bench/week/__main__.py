"""``python -m bench.week``: run a made-up week and say whether anything was lost."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import date
from pathlib import Path

from bench.errors import BenchError
from bench.folders import kept_or_passing
from bench.week.findings import week_table
from bench.week.plan import Plan
from bench.week.run import run_week

EXIT_DONE = 0
EXIT_NO = 1  # something was lost, or asked too fast
EXIT_FAILED = 3


def main() -> int:
    """Run it; return the exit code."""
    options = _parser().parse_args()
    plan = Plan(
        seed=options.seed,
        first=options.week,
        days=options.days,
        per_day=options.per_day,
        speed=options.speed,
        kill_seconds=options.kill_seconds,
        channels=() if options.without_channels else Plan().channels,
    )
    _tell(f"seed {plan.seed}")
    try:
        with kept_or_passing(options.keep, "week") as folder:
            found = asyncio.run(run_week(plan, folder, _tell))
    except BenchError as error:
        _tell(str(error))
        return EXIT_FAILED
    print(week_table(found))
    return EXIT_NO if found.faults() else EXIT_DONE


def _parser() -> argparse.ArgumentParser:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench.week", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=usual.seed, help="filings, faults and kills (default: %(default)s)")
    add("--week", type=date.fromisoformat, default=usual.first, help="its first day (default: %(default)s)")
    add("--days", type=int, default=usual.days, help="business days (default: %(default)s)")
    add("--per-day", type=int, default=usual.per_day, help="8-Ks on each (default: %(default)s)")
    add("--speed", type=float, default=usual.speed, help="seconds of the clock in a real one (default: %(default)s)")
    add(
        "--kill-seconds",
        type=float,
        default=usual.kill_seconds,
        help="about so many real ones between two kills; 0: none (default: %(default)s)",
    )
    add(
        "--without-channels", action="store_true", help="read the live list alone: the audit finds what it never showed"
    )
    add("--keep", type=Path, metavar="DIR", help="a new folder for store and logs, which then stay")
    return parser


def _tell(words: str) -> None:
    print(f"week: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
