"""A store in a PostgreSQL database, which several daemons on several machines may share.

What is written is written by one after the other, over all machines, as in SQLite: each writing transaction begins with
one lock of the database's own. So what one decides by what it reads still holds when it commits, numbers have no gaps,
and their order is that of the commits. The rate is that of the commits, some hundreds a second, which is far more than
the SEC's limit lets in.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from watcher.errors import StoreError
from watcher.store.json_text import dumped
from watcher.store.upgrade import upgrade

__all__ = [
    "SCHEME",
    "SPOTTER_LOCK",
    "WRITER_LOCK",
    "PostgresqlDatabase",
    "SpotterLock",
    "dialled",
    "time_limit",
    "words_of",
]

SCHEME = "postgresql://"
# Advisory locks are known by a number, and shared by all programs of one database.
WRITER_LOCK = crc32(b"eightk writer")
SPOTTER_LOCK = crc32(b"eightk spotter")
# A machine that vanished holds its connections, and with them the writer's lock, until the server notices.
_KEEPALIVE: dict[str, Any] = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_SERVER_KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
_CONNECT_SECONDS = 5
# Both bound what one daemon can do to the others: nobody idles with the lock, or waits for it for ever.
# So long after its last answer a connection is taken to live.
_BELIEVED_SECONDS = 1.0
_IDLE_SECONDS = 30
_LOCK_SECONDS = 60
# Whoever has the right to spot asks for it twice a second. One that does not, being frozen, has lost it.
_SPOTTER_IDLE_SECONDS = 5
_MISSING = "a store in PostgreSQL needs the extra: pip install 'eightk[postgres]'"


class PostgresqlDatabase:
    """The database's connections. Raises ``StoreError`` when the extra is missing."""

    def __init__(self, url: str, readers: int) -> None:
        dialled_url = dialled(url)
        self.name = make_url(url).render_as_string(hide_password=True)
        self.writer = _engine(dialled_url, 1, f"-c lock_timeout={_LOCK_SECONDS}s")
        self.reader = _engine(dialled_url, readers, "-c default_transaction_read_only=on")
        self.reader = self.reader.execution_options(isolation_level="REPEATABLE READ")

        @event.listens_for(self.writer, "begin")
        def _take_turn(connection: Connection) -> None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    def prepare(self) -> None:
        """Make the tables, or bring them to this version's schema, and the queue's; of several daemons, one does it."""
        with self.writer.begin() as connection:
            upgrade(connection)

    def opened(self) -> None:
        """Nothing is to be remembered."""

    def is_in_place(self) -> bool:
        """A server does not lose a database behind its back."""
        return True

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def dialled(url: str) -> URL:
    """The URL with the driver that is used. Raises ``StoreError`` for one that cannot be read, or without the extra."""
    try:
        import psycopg  # noqa: F401, PLC0415  # an extra
    except ImportError as error:
        raise StoreError(_MISSING) from error
    try:
        return make_url(url).set(drivername="postgresql+psycopg")
    except ArgumentError as error:
        raise StoreError(f"store.url: {error}") from error


def words_of(error: Exception) -> str:
    """Say for a person what the server's words do not; "" where they do."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) == "55P03":  # lock_not_available
        return f"another process has been writing for {_LOCK_SECONDS} seconds; try again when it is done"
    return ""


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """Have the server end each statement of this connection after so long. Raises ``TimeoutError`` then."""
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
    try:
        yield
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "57014":  # query_canceled
            raise TimeoutError(f"interrupted after {seconds:g} seconds") from error
        raise


def _engine(url: URL, size: int, options: str) -> Engine:
    idle = f"-c idle_in_transaction_session_timeout={_IDLE_SECONDS}s"
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        json_serializer=dumped,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "eightk",
            "options": f"-c timezone=UTC {idle} {_SERVER_KEEPALIVE} {options}",
            **_KEEPALIVE,
        },
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: object) -> None:
        _take_any_text(connection)

    @event.listens_for(engine, "checkin")
    def _note_use(_: object, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask_whether_it_lives(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        # The server may have been started anew since. One that answered just now is believed: to ask each time would
        # be a tenth of all that goes back and forth.
        if time.monotonic() - record.info.get("used_at", math.inf) <= _BELIEVED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool makes another one

    return engine


def _take_any_text(connection: Any) -> None:
    """What a filing or a receiver wrote may hold a NUL, which PostgreSQL's texts cannot: it is kept as U+FFFD."""
    from psycopg.types.string import StrDumper, StrDumperUnknown, StrDumperVarchar  # noqa: PLC0415  # an extra

    for base in (StrDumperVarchar, StrDumper, StrDumperUnknown):  # the last one is what is used unless another must be
        connection.adapters.register_dumper(str, _without_nul(base))


def _without_nul(base: Any) -> Any:
    def dump(self: Any, text: str) -> Any:
        return base.dump(self, text.replace("\0", "\ufffd"))

    return type(base.__name__, (base,), {"dump": dump})


class SpotterLock:
    """The right to spot for all daemons of a store, on a connection of its own.

    An answer that takes longer than ``answer_seconds`` counts as none.
    """

    def __init__(self, url: str, answer_seconds: float) -> None:
        self._url = url
        self._answer_seconds = answer_seconds
        self._connection: Any = None
        self._is_had = False

    async def is_had(self) -> bool:
        """Take it if it is free, or see whether it is still had. Raises ``StoreError`` when the server does not say."""
        from psycopg import Error  # noqa: PLC0415  # an extra

        try:
            await self._connect()
            async with asyncio.timeout(self._answer_seconds):
                return await self._take_or_look()
        except (Error, TimeoutError, OSError) as error:
            await self.release()
            raise StoreError(f"the server does not answer: {error or type(error).__name__}") from error

    async def release(self) -> None:
        """Let it go, and the connection with it. May be called twice."""
        connection, self._connection, self._is_had = self._connection, None, False
        if connection is not None:
            await connection.close()

    async def _connect(self) -> None:
        from psycopg import AsyncConnection  # noqa: PLC0415  # an extra

        if self._connection is None:
            # Bounded by the driver itself: one that is cut off in the middle would be left open.
            own = {"application_name": "eightk spotter", "connect_timeout": _CONNECT_SECONDS}
            ends = f"-c idle_session_timeout={_SPOTTER_IDLE_SECONDS}s"
            options = {**own, "options": f"{_SERVER_KEEPALIVE} {ends}", **_KEEPALIVE}
            self._connection = await AsyncConnection.connect(self._url, autocommit=True, **options)

    async def _take_or_look(self) -> bool:
        if self._is_had:
            await self._connection.execute("SELECT 1")
        else:
            cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (SPOTTER_LOCK,))
            (self._is_had,) = await cursor.fetchone()
        return self._is_had
