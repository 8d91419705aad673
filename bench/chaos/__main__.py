"""``python -m bench.chaos``: do on purpose what can go wrong, again and again, and say whether anything was lost."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.chaos.fault import STORES, Fault
from bench.chaos.faults import FAULTS, chosen
from bench.chaos.runner import Asked, try_all
from bench.chaos.table import EXIT_DONE, EXIT_FAILED, chaos_table, exit_code

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, faults: Sequence[Fault] = FAULTS) -> int:
    """Run it; return the exit code: 1 when something was lost, doubled or wrong, 3 when it could not be tried."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        faults = chosen(options.only, faults)
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print("\n".join(_line(one) for one in faults))
        return EXIT_DONE
    asked = Asked(faults, options.store or STORES, options.short, options.times, options.seed, options.keep)
    if not any(asked.times_of(one) for one in faults):
        _tell("none of these has a short form: leave --short, or say --times")
        return EXIT_FAILED
    if asked.keep is not None:
        asked.keep.mkdir(parents=True)
    _tell(f"seed {asked.seed}")
    tallies = try_all(asked, _tell)
    print(chaos_table(tallies, f"seed {asked.seed}"))
    return exit_code(tallies, may_lack=not os.environ.get("EIGHTK_REQUIRE_SERVERS"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", default=(), metavar="NAME", help="faults by name, or by a part of it")
    add("--store", choices=STORES, nargs="+", help="on these stores alone")
    add("--short", action="store_true", help="as often as the ordinary tests try each")
    add("--times", type=int, help="so many trials of each fault on each store")
    add("--seed", type=int, default=1, help="of the first trial; the next ones have the next numbers")
    add("--keep", type=Path, metavar="DIR", help="a new folder for settings, stores and logs, which then stay")
    add("--list", action="store_true", help="only say which faults there are")
    return parser


def _line(fault: Fault) -> str:
    missing = fault.missing()
    times = f"{fault.times} times on {' and '.join(fault.stores)}, in short {fault.short}"
    return f"{fault.name}: {times}" + (f"; not here: {missing}" if missing else "")


def _tell(words: str) -> None:
    print(f"chaos: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
