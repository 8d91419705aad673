"""The command: chooses filings and readers, runs the parts that are wanted, prints tables, writes the page."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.environments import CRAWLER, PEERS, ROOT, Peer, install, named
from bench.errors import BenchError, ReaderError
from bench.figures import figures_of
from bench.machine import machine
from bench.page import page_of
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
        if options.source:
            _write(_read(options.source), options)
            return EXIT_DONE
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
    page = ROOT / "build" / "bench" / "index.html"
    add("--page", type=Path, default=page, metavar="FILE", help="the page (default: build/bench/index.html)")
    add("--json", type=Path, metavar="FILE", help="all figures (default: beside the page, as .json)")
    add("--from", dest="source", type=Path, metavar="FILE", help="measure nothing: write the page from this JSON")
    add("--figures", type=Path, metavar="FILE", help="write those that the README quotes there")
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
            _write({"machine": where.told(), **bench.told()}, options)  # of a run that is broken off, too
    finally:
        bench.close()
    bench.show_end()
    for trouble in bench.troubles:
        _tell(f"left out: {trouble}")
    _tell(f"the page is {options.page}")
    return EXIT_FAILED if bench.troubles else EXIT_DONE


def _read(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: expected the JSON of a run: {error}") from error
    if not isinstance(told, dict) or "shown" not in told:
        raise BenchError(f"{path}: expected the JSON of a run, with what it has shown")
    return told


def _write(told: dict[str, Any], options: argparse.Namespace) -> None:
    """Write the page, the JSON of which it is made beside it, and the figures to quote if they are wanted."""
    figures = options.json or options.page.with_suffix(".json")
    options.page.parent.mkdir(parents=True, exist_ok=True)
    if not options.source:
        figures.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    options.page.write_text(page_of(told), encoding="utf-8")
    if options.figures:
        options.figures.write_text(json.dumps(figures_of(told), indent=1) + "\n", encoding="utf-8")


def _install(bench: Bench, peers: Sequence[Peer], options: argparse.Namespace) -> None:
    """Install the peers that are wanted; one that cannot be is told, and the rest go on."""
    checkouts: dict[str, Path] = {CRAWLER: options.edgar_crawler} if options.edgar_crawler else {}
    for peer in (*peers, *(PEERS[name] for name in checkouts)):
        _tell(f"{peer.name}: installing, if it is not there yet")
        try:
            bench.environments.append(install(peer, options.cache, checkouts.get(peer.name)))
        except ReaderError as error:
            bench.leave_out(peer.name, str(error))
    if peers and not checkouts:
        bench.absent[CRAWLER] = "no registry has it; --edgar-crawler names a checkout"


def _show(table: object) -> None:
    print(table, end="\n\n", flush=True)


def _tell(words: str) -> None:
    print(f"bench: {words}", file=sys.stderr)
