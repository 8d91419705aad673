"""Faults of a database that does not take what is written: locked by somebody else, restarted, killed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import Scene, recovery, scene
from bench.chaos.supply import LOOK_OFTEN, Supply, check_store, empty_edgar, expect_words, mark
from bench.database import Server, serving
from bench.database import made as made_database
from watcher.store.postgresql import WRITER_LOCK

__all__ = ["FAULTS"]

# Longer than the driver waits for SQLite's lock (10 s), and than the server's lock_timeout (60 s).
_LONG_SECONDS, _LONGER_SECONDS = 13.0, 64.0
_A_WHILE_SECONDS = 4.0
_TAKE_ALL = "LOCK TABLE filing, report, delivery IN ACCESS EXCLUSIVE MODE"


@asynccontextmanager
async def _at_work(trial: Trial) -> AsyncIterator[tuple[Scene, Supply]]:
    """A daemon that has done some work."""
    async with empty_edgar() as (simulator, edgar), scene(trial, edgar=edgar, more=LOOK_OFTEN) as made:
        supply = Supply(made, simulator)
        supply.drop(2)
        await made.begin()
        await made.until_watching()
        supply.list(2)
        await made.settle()
        yield made, supply


async def _play_to_the_end(made: Scene, supply: Supply) -> Outcome:
    await recovery(made, made.settle)
    supply.both(1)
    await made.settle()
    if code := await made.end():
        made.wrong.append(f"exit code {code}")
    check_store(made)
    return made.outcome()


async def _locked(
    trial: Trial, *, hold: Callable[[str], AbstractContextManager[None]], seconds: float, words: tuple[str, ...] = ()
) -> Outcome:
    async with _at_work(trial) as (made, supply):
        since = mark(made)
        with hold(trial.store):
            supply.both(2)
            await asyncio.sleep(seconds)
        await expect_words(made, since, *words)
        return await _play_to_the_end(made, supply)


@contextmanager
def _sqlite_lock(store: str) -> Iterator[None]:
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"), isolation_level=None, timeout=30)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def _writer_lock(store: str) -> Iterator[None]:
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
        yield


@contextmanager
def _table_lock(store: str) -> Iterator[None]:
    with psycopg.connect(store) as connection:
        connection.execute(_TAKE_ALL)
        yield


async def _server_ends(trial: Trial, *, end: Callable[[Server], None]) -> Outcome:
    """On a server of its own: that of the other trials stays as it is."""
    with serving() as server:
        trial = replace(trial, store=made_database(server, "chaos"))
        async with _at_work(trial) as (made, supply):
            supply.both(2)
            await asyncio.to_thread(end, server)
            supply.both(2)
            await asyncio.sleep(1)
            await asyncio.to_thread(server.start)
            return await _play_to_the_end(made, supply)


def _stop(server: Server) -> None:
    server.stop()


def _kill(server: Server) -> None:
    server.kill()


def _lacks_server() -> str:
    is_there = shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return "" if is_there else "needs PostgreSQL's programs"


_ON_SQLITE, _ON_POSTGRESQL = ("sqlite",), ("postgresql",)
_by_sqlite = partial(_locked, hold=_sqlite_lock, seconds=_LONG_SECONDS, words=("database is locked", "another process"))
_for_long = partial(_locked, hold=_writer_lock, seconds=_LONGER_SECONDS, words=("another process has been writing",))


def _for_a_while(name: str, hold: Callable[[str], AbstractContextManager[None]]) -> Fault:
    return Fault(name, partial(_locked, hold=hold, seconds=_A_WHILE_SECONDS), times=1, stores=_ON_POSTGRESQL)


def _with_server(name: str, end: Callable[[Server], None]) -> Fault:
    return Fault(name, partial(_server_ends, end=end), times=1, stores=_ON_POSTGRESQL, missing=_lacks_server)


FAULTS = (
    Fault("database locked for long", _by_sqlite, times=1, stores=_ON_SQLITE),
    _for_a_while("writers' lock held for a while", _writer_lock),
    Fault("writers' lock held for long", _for_long, times=1, stores=_ON_POSTGRESQL),
    _for_a_while("tables locked for a while", _table_lock),
    _with_server("server restarted", _stop),
    _with_server("server killed", _kill),
)
