"""A copy of a store that may be in use, checked before it bears its name.

SQLite's own backup copies page after page. It is done inside one read transaction, which in a store with a write-ahead
log holds up no writer, so the copy is of one moment, however long it takes; without that, each write of another process
would make it begin anew. Meanwhile the log grows by what is written, and shrinks again afterwards.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from watcher.errors import StoreError
from watcher.store.upgrade import problem_of

__all__ = ["Copy", "archived_files", "copy_store"]

PAGES = 1_024  # 4 MB at a time, between which Ctrl-C is heeded and the progress told
BUSY_SECONDS = 10.0
# The more of them, the more of the copy is compared with its source.
_COUNTED = ("filing", "report", "document", "alert", "delivery", "attempt")

Told = Callable[[int, int], None]  # pages that are copied, and pages in all


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was checked."""

    path: Path
    bytes: int
    rows: dict[str, int]  # by table, as in its source at the moment of the copy


def copy_store(source: Path, target: Path, told: Told = lambda done, pages: None) -> Copy:
    """Copy a store to a file that is not there yet, and check the copy: its pages, its schema, its rows.

    The copy is one file, without a log beside it, that only this user may read; it is on the disk when this returns.
    Raises ``StoreError``, and leaves no file behind then.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from error
    try:
        return _checked_copy(source, target, told)
    except BaseException as error:
        _remove(target)
        if isinstance(error, (sqlite3.DatabaseError, OSError)):
            raise StoreError(f"{source}: cannot be copied to {target}: {error}") from error
        raise


def archived_files(store: Path) -> list[str]:
    """Return the paths of all raw files that a store names, below its archive and in order. Raises ``StoreError``."""
    try:
        with closing(_opened(store, "ro")) as database:
            rows = database.execute("SELECT archive_path FROM filing WHERE archive_path IS NOT NULL ORDER BY 1")
            return [row[0] for row in rows]
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{store}: cannot be read: {error}") from error


def _checked_copy(source: Path, target: Path, told: Told) -> Copy:
    rows = _copy(source, target, told)
    _check(target, rows)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return Copy(target, target.stat().st_size, rows)


def _copy(source: Path, target: Path, told: Told) -> dict[str, int]:
    with closing(_opened(source, "ro")) as database, closing(_opened(target, "rw")) as copy:
        database.execute("BEGIN")
        rows = _rows(database)  # the first read, with which the moment of the copy begins
        database.backup(copy, pages=PAGES, progress=lambda _, left, pages: told(pages - left, pages))
        database.execute("ROLLBACK")
        # One file: the log's mode is in its header, and would have every reader make two more beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    return rows


def _check(target: Path, rows: dict[str, int]) -> None:
    with closing(_opened(target, "ro")) as copy:
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise StoreError(f"the copy is damaged: {' '.join(str(found).split())}")
        (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        if problem := problem_of(revision, has_tables=True):
            raise StoreError(f"the copy cannot be the store: {problem}")
        if (copied := _rows(copy)) != rows:
            raise StoreError(f"the copy lacks rows: expected {rows}, came {copied}")


def _rows(database: sqlite3.Connection) -> dict[str, int]:
    return {
        table: int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # our own names
        for table in _COUNTED
    }


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_SECONDS)
    database.isolation_level = None
    return database


def _remove(target: Path) -> None:
    for name in (target.name, f"{target.name}-journal", f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(name).unlink(missing_ok=True)
