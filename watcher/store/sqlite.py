"""A store in one SQLite file: one writer, readers that never wait for it, and nothing to run."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from watcher.errors import StoreError
from watcher.store.upgrade import upgrade

__all__ = ["SCHEME", "SqliteDatabase", "time_limit", "words_of"]

SCHEME = "sqlite:///"
BUSY_SECONDS = 10.0
# A large store is not looked over in that time; a restart may not take longer for it.
CHECK_SECONDS = 0.3
_RESTORE = "put a backup in its place (eightk backup; docs/keeping.md tells how)"
_REMEDIES = {
    sqlite3.SQLITE_FULL: "{said}: make room on its disk",
    sqlite3.SQLITE_BUSY: "another process has been writing for a while ({said}); try again when it is done",
    sqlite3.SQLITE_CORRUPT: f"{{said}}; {_RESTORE}",
    sqlite3.SQLITE_NOTADB: f"{{said}}; {_RESTORE}",
    sqlite3.SQLITE_READONLY: "{said}: mend its rights, or remount its disk so that it can be written",
    sqlite3.SQLITE_IOERR: "{said}: its disk does not do what it is asked for, look at that first",
}
_DURABLE = ("journal_mode=WAL", "synchronous=FULL")


class SqliteDatabase:
    """The file's connections. Raises ``StoreError`` when it cannot be had, or not as is asked."""

    def __init__(self, url: str, readers: int, *, only_read: bool) -> None:
        self.path = Path(url.removeprefix(SCHEME))
        self.name = str(self.path)
        if not self.path.name:
            raise StoreError(f"{url}: names no file")
        if only_read and not self.path.exists():
            raise StoreError(f"{self.path}: there is no store yet; eightk run makes one")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path.parent}: cannot be made: {error.strerror}") from error
        is_immutable = _is_read_only(self.path.parent)
        if is_immutable:
            _check_medium(self.path, only_read=only_read)
        self.writer = _engine(self.path, begin="BEGIN IMMEDIATE", size=1, pragmas=(*_DURABLE, "foreign_keys=ON"))
        pragmas = ("query_only=ON",) if is_immutable else (*_DURABLE, "query_only=ON")
        self.reader = _engine(self.path, begin="BEGIN", size=readers, pragmas=pragmas, is_immutable=is_immutable)
        self._opened: os.stat_result | None = None

    def prepare(self) -> None:
        """Make the tables, or bring them to this version's schema."""
        engine = _upgrading(self.path)
        try:
            with engine.begin() as connection:
                self._check_pages(connection)
                upgrade(connection)
        finally:
            engine.dispose()

    def _check_pages(self, connection: Connection) -> None:
        """Raise ``StoreError`` when pages are damaged, as far as can be told in a moment."""
        try:
            with time_limit(connection, CHECK_SECONDS):
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        except TimeoutError:
            return  # nothing was found in the time that there was
        if found != "ok":
            raise StoreError(f"{self.path}: is damaged ({' '.join(str(found).split())}); {_RESTORE}")

    def opened(self) -> None:
        """Remember which file it is."""
        self._opened = self.path.stat()

    def is_in_place(self) -> bool:
        """Whether the file is still the one that was opened: a deleted one takes writes that nobody sees."""
        try:
            return self._opened is not None and os.path.samestat(self.path.stat(), self._opened)
        except OSError:
            return False

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()


def words_of(error: Exception) -> str:
    """Say for a person what SQLite says, and what can be done about it; "" for what is no error of its own."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return ""
    return _REMEDIES.get(code & 0xFF, "{said}").format(said=error)


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


def _upgrading(path: Path) -> Engine:
    # A migration may make a table anew; with foreign keys on, dropping the old one would take the rows of every table
    # that refers to it along.
    return _engine(path, begin="BEGIN IMMEDIATE", size=1, pragmas=(*_DURABLE, "foreign_keys=OFF"))


def _engine(path: Path, *, begin: str, size: int, pragmas: tuple[str, ...], is_immutable: bool = False) -> Engine:
    engine = create_engine(
        _url(path, is_immutable=is_immutable),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
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
                raise StoreError(f"{path}: cannot be opened as a store: {words_of(error)}{_remedy(path)}") from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
