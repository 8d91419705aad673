"""``python -m bench.bulk [FOLDER]``: reading stored filings again with one and two workers, here and on a Dask cluster.

All ways are measured in turn, round by round, and told as ratios to one local worker of the same round.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from bench.corpus import choose, make_up
from bench.errors import BenchError
from bench.machine import machine
from bench.tables import Spread, Table, ratios
from watcher.bulk.chunks import Item, Place, in_order
from watcher.bulk.cluster import Cluster
from watcher.bulk.rereading import Asked, reread
from watcher.bulk.saving import BulkStore
from watcher.models import Filing
from watcher.ready import Ready, examine
from watcher.sources.from_disk import DiskRequest, take_in
from watcher.workers import Bounds, Workers
from watcher.workers import examine as read_one

EXIT_FAILED = 3
WAYS = ("1 local worker", "2 local workers", "1 Dask worker", "2 Dask workers")
START_SECONDS = 60.0
_CONFIG = "[folder]\nenabled = false\n"


def main() -> int:
    """Measure, print a table, and return the exit code."""
    options = _parser().parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="eightk-bulk-") as scratch:
            folder = options.folder or _made_up(Path(scratch) / "made-up", options.count)
            _tell(str(machine()))
            print(_measured(Path(scratch), folder, options.count, options.repeat))
    except BenchError as error:
        _tell(str(error))
        return EXIT_FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="full submissions; made-up ones if not given")
    parser.add_argument("--count", type=int, default=300, help="how many filings (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="rounds (default: %(default)s)")
    return parser


def _made_up(folder: Path, count: int) -> Path:
    folder.mkdir()
    make_up(folder, count)
    return folder


def _measured(scratch: Path, folder: Path, count: int, repeat: int) -> Table:
    """Take the filings into a store, and read them again in each way, in turn."""
    ready = _ready(scratch)
    paths = [one.path for one in choose(folder, count)]
    raws = [(path.stem, path.read_bytes()) for path in paths]
    with ExitStack() as stack:
        stores = stack.enter_context(BulkStore.open(ready))
        places = {name: stack.enter_context(_place(name, ready, scratch)) for name in WAYS}
        request = DiskRequest(tuple(paths), 2**31, ready.settings.wanted.choice)
        taken = take_in(places[WAYS[1]], stores, request, lambda _: None, _tell)
        _tell(f"{len(raws)} filings, {sum(len(raw) for _, raw in raws) / 2**20:.1f} MB: {dict(taken)}")
        reading: dict[str, list[float]] = {name: [] for name in WAYS}
        saving: dict[str, list[float]] = {name: [] for name in WAYS}
        for place in places.values():
            _read(place, raws)  # so that every worker has begun
        for number in range(repeat):
            _tell(f"round {number + 1} of {repeat}")
            for name, place in places.items():
                reading[name].append(_rate(len(raws), partial(_read, place, raws)))
                saving[name].append(_rate(len(raws), partial(_reread, place, stores)))
    return _table(len(raws), repeat, reading, saving)


def _ready(scratch: Path) -> Ready:
    config = scratch / "config" / "eightk.toml"
    config.parent.mkdir()
    config.write_text(_CONFIG, encoding="utf-8")
    return examine(config)


def _read(place: Place, raws: Sequence[tuple[str, bytes]]) -> None:
    items = (Item(name, (Filing(""), raw), len(raw)) for name, raw in raws)
    with closing(in_order(place, read_one, items)) as made:
        for one in made:
            if one.error is not None:
                raise BenchError(f"{one.item.name}: {one.error}")


def _reread(place: Place, stores: BulkStore) -> None:
    reread(place, stores, Asked(), lambda _: None)


def _rate(count: int, run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return count / (time.perf_counter() - begun)


@contextmanager
def _place(name: str, ready: Ready, scratch: Path) -> Iterator[Place]:
    limits = ready.settings.limits
    bounds = Bounds(limits.handle_seconds, limits.memory_megabytes)
    count = int(name.partition(" ")[0])
    if "local" in name:
        workers = Workers(ready.spec, count=count, bounds=bounds)
        try:
            yield workers
        finally:
            workers.close()
        return
    with _dask(scratch / f"dask-{count}", count) as address:
        cluster = Cluster(address, ready.spec, bounds)
        try:
            yield cluster
        finally:
            cluster.close()


@contextmanager
def _dask(folder: Path, count: int) -> Iterator[str]:
    """Give the address of a cluster on this machine, with workers of one thread each."""
    folder.mkdir()
    file = folder / "scheduler.json"
    with ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        stack.enter_context(_running("dask_scheduler", *options))
        address = _address(file)
        for _ in range(count):
            one = ("--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
            stack.enter_context(_running("dask_worker", address, *one))
        _wait(address, count)
        yield address


def _wait(address: str, count: int) -> None:
    wait = "import sys, distributed; distributed.Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=60)"
    done = subprocess.run([sys.executable, "-c", wait, address, str(count)], capture_output=True, check=False)
    if done.returncode:
        raise BenchError("the Dask workers did not start")


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[None]:
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _address(file: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if file.exists() and (text := file.read_text(encoding="utf-8")):
            return str(json.loads(text)["address"])
        time.sleep(0.1)
    raise BenchError("no Dask scheduler started: is the extra cluster installed?")


def _table(
    count: int, repeat: int, reading: Mapping[str, Sequence[float]], saving: Mapping[str, Sequence[float]]
) -> Table:
    rows = tuple(
        (
            name,
            str(Spread.of(reading[name])),
            str(ratios(reading[name], reading[WAYS[0]])),
            str(Spread.of(saving[name])),
            str(ratios(saving[name], saving[WAYS[0]])),
        )
        for name in WAYS
    )
    notes = (
        "median (least-most) of the rounds; ratios to one local worker of the same round",
        "reread: with the archive read and every report saved in the store, which one process does for all workers",
    )
    head = ("way", "read/s", "ratio", "reread/s", "ratio")
    return Table(f"bulk re-reading: {count} filings, {repeat} rounds", head, rows, notes)


def _tell(words: str) -> None:
    print(words, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
