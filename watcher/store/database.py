"""Opening the store, and running functions on it: one writer thread, several readers, one owner process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from watcher.errors import StoreError
from watcher.store.schema import meta
from watcher.store.upgrade import check_schema, upgrade

__all__ = ["Store", "get_meta", "set_meta", "time_limit"]

P = ParamSpec("P")
R = TypeVar("R")

READERS = 4
_DURABLE = ("journal_mode=WAL", "synchronous=FULL")


class Store:
    """An open store. ``read`` and ``write`` each run one function in one transaction.

    Writes go through one thread, one after the other, because SQLite knows one writer; reads see the last committed
    state and never wait for a write (write-ahead log). Errors of the database come out as ``StoreError``.
    """

    def __init__(self, url: str, *, only_read: bool = False) -> None:
        """Open the store, made and brought to this version's schema if need be; ``only_read`` leaves it as it is."""
        self.path = Path(url.removeprefix("sqlite:///"))
        if only_read and not self.path.exists():
            raise StoreError(f"{self.path}: there is no store yet; eightk run makes one")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path.parent}: cannot be made: {error.strerror}") from error
        self.id = ""
        is_immutable = _is_read_only(self.path.parent)
        if is_immutable:
            _check_medium(self.path, only_read=only_read)
        self._writer = _engine(self.path, begin="BEGIN IMMEDIATE", size=1, pragmas=(*_DURABLE, "foreign_keys=ON"))
        pragmas = ("query_only=ON",) if is_immutable else (*_DURABLE, "query_only=ON")
        self._reader = _engine(self.path, begin="BEGIN", size=READERS, pragmas=pragmas, is_immutable=is_immutable)
        self._write_thread = ThreadPoolExecutor(1, "store-write")
        self._read_threads = ThreadPoolExecutor(READERS, "store-read")
        try:
            if only_read:
                self.read_now(check_schema)
            else:
                _upgrade(self.path)
                self.id = self.write_now(_store_id)
            self._opened = self.path.stat()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads and close every connection. May be called twice."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        self._writer.dispose()
        self._reader.dispose()

    def is_in_place(self) -> bool:
        """Whether the database file is still the one that was opened: a deleted one takes writes that nobody sees."""
        try:
            return os.path.samestat(self.path.stat(), self._opened)
        except OSError:
            return False

    async def write(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in one transaction on the writer thread; it is committed when this returns."""
        call = partial(_transact, self._writer, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._write_thread, call)

    async def read(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function on a consistent view of the store, in a reader thread."""
        call = partial(_transact, self._reader, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, call)

    def write_now(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``write``, for callers without an event loop."""
        call = partial(_transact, self._writer, function, *args, **kwargs)
        return self._write_thread.submit(call).result()

    def read_now(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``read``, for callers without an event loop."""
        return _transact(self._reader, function, *args, **kwargs)


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """Interrupt what this connection reads after so long. Raises ``TimeoutError`` then."""
    # Not a progress handler: it is not called while an index is read within one step of a statement.
    timer = threading.Timer(seconds, _driver(connection).interrupt)
    timer.start()
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise TimeoutError(f"interrupted after {seconds:g} seconds") from error
        raise
    finally:
        timer.cancel()
        timer.join()


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise StoreError(f"no connection to SQLite: {driver!r}")
    return driver


def get_meta(connection: Connection, key: str) -> str | None:
    """Return a fact about the store, or None."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Keep a fact about the store."""
    changed = connection.execute(meta.update().where(meta.c.key == key).values(value=value))
    if not changed.rowcount:
        connection.execute(meta.insert().values(key=key, value=value))


def _upgrade(path: Path) -> None:
    engine = _upgrading(path)
    try:
        _transact(engine, upgrade)
    finally:
        engine.dispose()


def _upgrading(path: Path) -> Engine:
    # A migration may make a table anew; with foreign keys on, dropping the old one would take the rows of every table
    # that refers to it along.
    return _engine(path, begin="BEGIN IMMEDIATE", size=1, pragmas=(*_DURABLE, "foreign_keys=OFF"))


def _store_id(connection: Connection) -> str:
    found = get_meta(connection, "store.id")
    if found is None:
        found = str(uuid.uuid4())
        set_meta(connection, "store.id", found)
    return found


def _transact(
    engine: Engine, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    try:
        with engine.begin() as connection:
            return function(connection, *args, **kwargs)
    except SQLAlchemyError as error:
        raise StoreError(f"{engine.url.database}: {error.__cause__ or error}") from error


def _is_read_only(folder: Path) -> bool:
    """Whether it lies on a medium that nobody can write, so that nobody else does."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:  # what is wrong with it is told by whoever opens the store
        return False


def _check_medium(path: Path, *, only_read: bool) -> None:
    """Raise ``StoreError`` when nothing, or not all, of a store on a read-only medium can be had."""
    if not only_read:
        raise StoreError(f"{path}: on a medium that cannot be written: copy it to another one, and name that data_dir")
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size:
        raise StoreError(f"{path}: {wal.name} holds more, and this medium cannot be written: copy both to another one")


def _remedy(path: Path) -> str:
    if os.access(path.parent, os.W_OK):
        return ""
    return f"; {path.parent} cannot be written: mend its rights, or copy the store to a folder of your own"


def _url(path: Path, *, is_immutable: bool) -> URL:
    # Made of parts: in a URL a "?" or "%" of a folder's name would mean something else.
    if not is_immutable:
        return URL.create("sqlite", database=str(path))
    # Else even a reader makes files beside it.
    return URL.create("sqlite", database=f"file:{quote(str(path))}", query={"immutable": "1", "uri": "true"})


def _engine(path: Path, *, begin: str, size: int, pragmas: tuple[str, ...], is_immutable: bool = False) -> Engine:
    engine = create_engine(
        _url(path, is_immutable=is_immutable),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: object) -> None:
        # Python's driver would begin transactions by its own rules; ours begin where SQLAlchemy says.
        connection.isolation_level = None
        for pragma in pragmas:
            try:
                connection.execute(f"PRAGMA {pragma}")
            except sqlite3.DatabaseError as error:
                connection.close()
                raise StoreError(f"{path}: cannot be opened as a store: {error}{_remedy(path)}") from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
