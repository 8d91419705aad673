"""A Dask cluster on loopback, as its users start one: a scheduler and workers, each in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from _running import ENVIRONMENT

__all__ = ["cluster", "scheduler", "wait_for_workers", "workers"]


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """Give a scheduler's address; it ends with the ``with``."""
    file = folder / "scheduler.json"
    with _running(
        "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard"
    ):
        yield _address(file)


@contextmanager
def workers(address: str, folder: Path, count: int, *more: str) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
    """Start workers of one thread each."""
    options = (
        "--host",
        "127.0.0.1",
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--local-directory",
        str(folder),
    )
    if not count:
        yield ()
        return
    with (
        _running("dask_worker", address, *options, "--local-directory", str(folder), *more) as one,
        workers(address, folder, count - 1, *more) as others,
    ):
        yield (one, *others)


@contextmanager
def cluster(folder: Path, count: int) -> Iterator[str]:
    """Give the address of a cluster with so many workers."""
    with scheduler(folder) as address, workers(address, folder, count):
        wait_for_workers(address, count)
        yield address


def wait_for_workers(address: str, count: int) -> None:
    """Return once so many workers have come to it."""
    # In a process of its own: what Dask starts would outlive the test.
    wait = "import sys, distributed; distributed.Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=120)"
    subprocess.run([sys.executable, "-c", wait, address, str(count)], check=True, capture_output=True, env=ENVIRONMENT)


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        try:
            yield process
        finally:
            process.kill()


def _address(file: Path) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if file.exists() and (text := file.read_text()):
            return str(json.loads(text)["address"])
        time.sleep(0.1)
    raise TimeoutError("the scheduler did not start")
