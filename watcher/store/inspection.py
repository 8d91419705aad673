"""Looking at a file before it is used as the store, and changing nothing."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError

from watcher.errors import StoreError
from watcher.store.postgresql import PostgresqlDatabase
from watcher.store.upgrade import problem_of, schema_problem

__all__ = ["server_problem", "store_problem"]

CHECK_SECONDS = 5.0  # what is looked at of a large store
_STEPS = 10_000


def store_problem(path: Path) -> str:
    """Say why this file cannot be the store; "" when it can, or when there is none yet.

    Its pages are looked over for as long as a person waits gladly; of a large store that is not all.
    """
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=CHECK_SECONDS)) as database:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return problem_of(_revision(database, tables), has_tables=bool(tables)) or _damage(database)
    except sqlite3.DatabaseError as error:
        return f"cannot be opened as a store: {error}"


def server_problem(url: str) -> str:
    """Say why this database of a server cannot be the store; "" when it can, or when it is made at the first run."""
    try:
        server = PostgresqlDatabase(url, readers=1)
        try:
            with server.reader.begin() as connection:
                return schema_problem(connection)
        finally:
            server.close()
    except (StoreError, SQLAlchemyError) as error:
        return str(error.__cause__ or error).strip()


def _revision(database: sqlite3.Connection, tables: set[str]) -> str | None:
    if "alembic_version" not in tables:
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _damage(database: sqlite3.Connection) -> str:
    until = time.monotonic() + CHECK_SECONDS
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return ""  # nothing was found in the time that there was
        raise
    return "" if found == "ok" else f"is damaged ({' '.join(str(found).split())}): put a copy of it in its place"
