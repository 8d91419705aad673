"""Opening the store, and running functions on it: one writer thread, several readers, whichever database it is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, Self, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from watcher.errors import StoreError
from watcher.store import postgresql, sqlite
from watcher.store.schema import meta
from watcher.store.upgrade import check_schema

__all__ = ["Store", "get_meta", "is_shared", "set_meta", "time_limit"]

P = ParamSpec("P")
R = TypeVar("R")

READERS = 4


class _Database(Protocol):
    """What a store asks of the database it is in."""

    name: str  # for people, without a password
    writer: Engine  # its transactions come one after the other
    reader: Engine  # its transactions see one state, and change nothing

    def prepare(self) -> None: ...
    def opened(self) -> None: ...
    def is_in_place(self) -> bool: ...
    def close(self) -> None: ...


class Store:
    """An open store. ``read`` and ``write`` each run one function in one transaction.

    Writes go through one thread, one after the other, and over all processes that share the store, too; reads see the
    last committed state and never wait for a write. Errors of the database come out as ``StoreError``.
    """

    def __init__(self, url: str, *, only_read: bool = False) -> None:
        """Open the store, made and brought to this version's schema if need be; ``only_read`` leaves it as it is."""
        self.url = url
        self.id = ""
        self._database = _database(url, only_read=only_read)
        self._writer, self._reader = self._database.writer, self._database.reader
        self._write_thread = ThreadPoolExecutor(1, "store-write")
        self._read_threads = ThreadPoolExecutor(READERS, "store-read")
        try:
            if only_read:
                self.read_now(check_schema)
            else:
                self._prepare()
                self.id = self.write_now(_store_id)
            self._database.opened()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The database for people: a file's path, or a URL without its password."""
        return self._database.name

    @property
    def path(self) -> Path:
        """The file. Raises ``StoreError`` when the store is in none."""
        if isinstance(self._database, sqlite.SqliteDatabase):
            return self._database.path
        raise StoreError(f"{self.name}: this store is no file")

    @property
    def is_shared(self) -> bool:
        """Whether several daemons may have it at once."""
        return is_shared(self.url)

    def close(self) -> None:
        """End the threads and close every connection. May be called twice."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        self._database.close()

    def is_in_place(self) -> bool:
        """Whether the database is still the one that was opened."""
        return self._database.is_in_place()

    async def write(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in one transaction on the writer thread; it is committed when this returns."""
        call = partial(self._transact, self._writer, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._write_thread, call)

    async def read(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function on a consistent view of the store, in a reader thread."""
        call = partial(self._transact, self._reader, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, call)

    def write_now(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``write``, for callers without an event loop."""
        call = partial(self._transact, self._writer, function, *args, **kwargs)
        return self._write_thread.submit(call).result()

    def read_now(self, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``read``, for callers without an event loop."""
        return self._transact(self._reader, function, *args, **kwargs)

    def _prepare(self) -> None:
        try:
            self._database.prepare()
        except SQLAlchemyError as error:
            raise self._trouble(error) from error

    def _transact(
        self, engine: Engine, function: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        try:
            with engine.begin() as connection:
                return function(connection, *args, **kwargs)
        except SQLAlchemyError as error:
            raise self._trouble(error) from error

    def _trouble(self, error: SQLAlchemyError) -> StoreError:
        own = getattr(error, "orig", None) or error
        words = postgresql.words_of(error) or sqlite.words_of(own) or str(error.__cause__ or error).strip()
        return StoreError(f"{self.name}: {words}")


def is_shared(url: str) -> bool:
    """Whether several daemons may have the store of this URL at once."""
    return url.startswith(postgresql.SCHEME)


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """Have what this connection reads ended after so long. Raises ``TimeoutError`` then."""
    limit = sqlite.time_limit if connection.dialect.name == "sqlite" else postgresql.time_limit
    with limit(connection, seconds):
        yield


def get_meta(connection: Connection, key: str) -> str | None:
    """Return a fact about the store, or None."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Keep a fact about the store."""
    changed = connection.execute(meta.update().where(meta.c.key == key).values(value=value))
    if not changed.rowcount:
        connection.execute(meta.insert().values(key=key, value=value))


def _database(url: str, *, only_read: bool) -> _Database:
    if is_shared(url):
        return postgresql.PostgresqlDatabase(url, READERS)
    return sqlite.SqliteDatabase(url, READERS, only_read=only_read)


def _store_id(connection: Connection) -> str:
    found = get_meta(connection, "store.id")
    if found is None:
        found = str(uuid.uuid4())
        set_meta(connection, "store.id", found)
    return found
