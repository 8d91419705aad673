"""The command: chooses filings and readers, runs the parts that are wanted, prints tables, writes the JSON."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.environments import CRAWLER, PEERS, ROOT, Peer, install, named
from bench.errors import BenchError, ReaderError
from bench.machine import machine
from bench.parts import PARTS, Bench, needs_peers

__all__ = ["main"]

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_FAILED = 3  # some reader could not be installed or has ended; the others' figures stand

_DEFAULT_PEERS = "edgartools,datamule,sec-parser,selectolax"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(
                Path(folder), options.repeat, _tell, _show, limit=options.limit, soaked_filings=options.filings
            )
            return _run(bench, options)
    except BenchError as error:
        _tell(str(error))
        return EXIT_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("corpus", nargs="?", type=Path, help="a folder of full submissions (*.txt, *.nc); without: made-up ones")
    add("--answers", type=Path, help="a CSV of the items in each file's body; see docs/benchmarks.md")
    add("--labels", type=Path, help="a CSV of the events that files report; see docs/events.md")
    add("--peers", default=_DEFAULT_PEERS, help=f'names with commas, "" for none (default: {_DEFAULT_PEERS})')
    add("--edgar-crawler", type=Path, metavar="PATH", help="a checkout of edgar-crawler, which no registry has")
    add("--only", action="append", choices=PARTS, metavar="PART", help=f"{', '.join(PARTS)}; may be given again")
    add("--repeat", type=_positive, default=5, help="counted rounds of each (default: 5)")
    add("--limit", type=_positive, help="read so many files of the corpus only")
    add("--filings", type=_positive, default=10_000, help="how many the memory part reads (default: 10000)")
    add("--cache", type=Path, default=ROOT / "build" / "bench", help="where the peers are installed")
    add("--json", type=Path, metavar="FILE", help="write all figures there, too")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, came {number}")
    return number


def _run(bench: Bench, options: argparse.Namespace) -> int:
    parts = [part for part in PARTS if not options.only or part in options.only]
    peers = named(options.peers)
    bench.choose(options.corpus, options.answers, options.labels)
    if needs_peers(parts):
        _install(bench, peers, options)
    where = machine()
    _show(where)
    try:
        for part in parts:
            bench.run(part)
    finally:
        bench.close()
    bench.show_end()
    for trouble in bench.troubles:
        _tell(f"left out: {trouble}")
    if options.json:
        told = {"machine": where.told(), **bench.told()}
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return EXIT_FAILED if bench.troubles else EXIT_DONE


def _install(bench: Bench, peers: Sequence[Peer], options: argparse.Namespace) -> None:
    """Install the peers that are wanted; one that cannot be is told, and the rest go on."""
    checkouts: dict[str, Path] = {CRAWLER: options.edgar_crawler} if options.edgar_crawler else {}
    for peer in (*peers, *(PEERS[name] for name in checkouts)):
        _tell(f"{peer.name}: installing, if it is not there yet")
        try:
            bench.environments.append(install(peer, options.cache, checkouts.get(peer.name)))
        except ReaderError as error:
            bench.troubles.append(str(error))


def _show(table: object) -> None:
    print(table, end="\n\n", flush=True)


def _tell(words: str) -> None:
    print(f"bench: {words}", file=sys.stderr)
