"""A Dask cluster as a place for bulk work: the same chunks, in the same bounded worker processes, on other machines.

Each worker of the cluster runs worker processes of eightk's own (`workers.Workers`), so time and memory of a filing are
bounded there as they are here, and what overruns them is told in the same words. Dask hands chunks out, and hands one
out again when its machine is lost. All that a worker needs goes along with each chunk: raw bytes, rules, plain files of
handlers. Importing this module imports nothing of Dask.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from watcher._worker import Answer
from watcher.bulk.fingerprint import facts_of
from watcher.errors import ConfigError, EightkError, Fault, HandlerCrash, ReadError, Skip
from watcher.registry import LineSpec
from watcher.workers import Bounds, Workers

__all__ = ["Cluster"]

CONNECT_SECONDS = 10
_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/]+:[0-9]{1,5}")
LOOK_SECONDS = 5.0
IDLE_SECONDS = 20.0  # after which a worker of the cluster ends its processes: whoever asked may have been killed
# A chunk goes through the scheduler, and may hold one large submission.
_SETTINGS = {"distributed.admin.large-graph-warning-threshold": "1GiB"}


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker of the cluster must know to read as it is done here."""

    spec: LineSpec
    bounds: Bounds
    files: Mapping[str, bytes]  # the plain files of handlers, by name
    facts: Mapping[str, str]  # in which it must agree


class Cluster:
    """A cluster at an address such as ``tcp://10.0.0.5:8786``. Close it."""

    def __init__(self, address: str, spec: LineSpec, bounds: Bounds) -> None:
        """Connect, and compare every worker with this machine.

        Raises ``ConfigError`` when the extra is not installed or a worker is not of the same make, and ``EightkError``
        when the cluster does not answer or has no worker.
        """
        self._address = address
        self._order = pickle.dumps(_Order(spec, bounds, _files_of(spec), facts_of(spec)))
        self._client = _connected(address)
        self._looked_at = time.monotonic()
        try:
            self._slots = self._count()
            self._compare()
        except BaseException:
            self._client.close()
            raise
        self._executor = self._client.get_executor(pure=False)

    @property
    def slots(self) -> int:
        """How many chunks its workers work on at once; workers may come and go."""
        return max(1, self._slots)

    def submit(self, name: str, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Have it called by a worker, see `bulk.Place`."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS and self._client.status == "running":
            self._looked_at = time.monotonic()
            self._slots = self._count()
        made: Future[Any] = Future()
        inner = self._executor.submit(_call_there, self._order, name, function, args)
        inner.add_done_callback(partial(self._settle, made, name))
        made.add_done_callback(lambda _: inner.cancel() if made.cancelled() else None)
        return made

    def close(self) -> None:
        """Give up what is under way, and leave the cluster as it was."""
        if self._client.status == "running":
            self._executor.shutdown(wait=False)
        self._client.close()

    def _settle(self, made: Future[Any], name: str, inner: Future[Answer]) -> None:
        if not made.set_running_or_notify_cancel():
            return
        try:
            answer = inner.result()
        except Exception as error:  # noqa: BLE001  # the border to Dask: told to whoever waits
            made.set_exception(self._told(name, error))
        else:
            if answer.error is not None:
                made.set_exception(answer.error)
            else:
                made.set_result(answer.value)

    def _told(self, name: str, error: BaseException) -> EightkError:
        if type(error).__name__ == "KilledWorker":
            return HandlerCrash(f"{name}: the cluster's workers died, one after the other, that worked on it")
        if isinstance(error, CancelledError):
            return EightkError(f"{self._address}: the cluster is not to be reached any more")
        return EightkError(f"{self._address}: the cluster could not do it: {type(error).__name__}: {error}")

    def _count(self) -> int:
        return sum(self._client.nthreads().values())

    def _compare(self) -> None:
        """Raises ``ConfigError`` with each difference of each worker."""
        if not self._slots:
            raise EightkError(f"{self._address}: this cluster has no workers; start one with: dask worker ADDRESS")
        told: Mapping[str, Any] = self._client.run(_differences_there, self._order, on_error="return")
        faults = [
            Fault(f"{self._address}: worker {worker}", "", problem)
            for worker, found in told.items()
            for problem in ([_no_eightk(found)] if isinstance(found, BaseException) else found)
        ]
        if faults:
            raise ConfigError(faults)


def _connected(address: str) -> Any:
    if not _ADDRESS.fullmatch(address):
        raise ConfigError([Fault("--on", "", f"expected an address such as tcp://host:8786, came {address!r}")])
    try:
        dask, distributed = import_module("dask"), import_module("distributed")
    except ImportError as error:
        problem = 'a Dask cluster needs the extra "cluster": install eightk[cluster], which brings distributed'
        raise ConfigError([Fault("--on", "", problem)]) from error
    dask.config.set(_SETTINGS)
    # What goes wrong comes as an error, which is told; Dask would show its own insides beside it.
    for name in [one for one in logging.root.manager.loggerDict if one.split(".")[0] in ("distributed", "tornado")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="eightk")
    except (OSError, TimeoutError, RuntimeError) as error:
        raise EightkError(f"{address}: no Dask scheduler answers there: {error}") from error


def _files_of(spec: LineSpec) -> dict[str, bytes]:
    """Read the plain files of handlers: the other machines have no such folder."""
    folder = spec.folder
    if folder is None or not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py")) if path.is_file()}


def _no_eightk(error: BaseException) -> str:
    return f"cannot run eightk: {type(error).__name__}: {error}; install the same version there"


# What follows runs in the cluster's workers.


@dataclass(slots=True)
class _Pool:
    """The worker processes for one order; they end when nobody has called for a while."""

    workers: Workers
    folder: tempfile.TemporaryDirectory[str]
    users: int = 0
    used_at: float = field(default_factory=time.monotonic)


_pools: dict[str, _Pool] = {}
_lock = threading.Lock()


def _call_there(packed: bytes, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Answer:
    """Call it in a worker process, and tell what came of it: Dask need not log what is one filing's trouble."""
    try:
        with _pool(packed) as workers:
            return Answer(workers.submit(name, function, *args).result())
    except (EightkError, Skip) as error:
        return Answer(error=error)


def _differences_there(packed: bytes) -> list[str]:
    """Say in what this worker differs from whoever asks."""
    order: _Order = pickle.loads(packed)  # noqa: S301  # from whoever may run any code here
    with tempfile.TemporaryDirectory(prefix="eightk-") as folder:
        try:
            here = facts_of(_with_files(order, folder))
        except (ConfigError, ReadError) as error:
            return [f"cannot build its handlers: {error}"]
    return [
        f"{name}: {_said(fact)} here, {_said(here.get(name, ''))} there"
        for name, fact in order.facts.items()
        if fact != here.get(name)
    ]


def _said(fact: str) -> str:
    return fact or "unknown"


@contextmanager
def _pool(packed: bytes) -> Iterator[Workers]:
    key = hashlib.sha256(packed).hexdigest()
    with _lock:
        if key not in _pools:
            _pools[key] = _made(packed)
        pool = _pools[key]
        pool.users += 1
    try:
        yield pool.workers
    finally:
        with _lock:
            pool.users -= 1
            pool.used_at = time.monotonic()


def _made(packed: bytes) -> _Pool:
    """Raises ``ConfigError`` when this worker, which may have come late, differs."""
    if differences := _differences_there(packed):
        raise ConfigError([Fault(f"worker on {os.uname().nodename}", "", one) for one in differences])
    order: _Order = pickle.loads(packed)  # noqa: S301  # from whoever may run any code here
    folder = tempfile.TemporaryDirectory(prefix="eightk-")
    threads = import_module("distributed").get_worker().state.nthreads
    workers = Workers(_with_files(order, folder.name), count=threads, bounds=order.bounds)
    if not _pools:
        threading.Thread(target=_end_idle, name="eightk idle", daemon=True).start()
    return _Pool(workers, folder)


def _with_files(order: _Order, folder: str) -> LineSpec:
    """The line, with its plain files in this folder."""
    for name, content in order.files.items():
        (Path(folder) / name).write_bytes(content)
    return replace(order.spec, folder=Path(folder) if order.files else None)


def _end_idle() -> None:
    """End pools that nobody has used for a while; ends itself with the last of them."""
    while True:
        time.sleep(IDLE_SECONDS / 4)
        with _lock:
            long_ago = time.monotonic() - IDLE_SECONDS
            idle = [key for key, one in _pools.items() if not one.users and one.used_at < long_ago]
            for key in idle:
                pool = _pools.pop(key)
                pool.workers.close()
                pool.folder.cleanup()
            if not _pools:
                return
