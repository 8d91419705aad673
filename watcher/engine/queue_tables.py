"""The queue's own tables: made, and brought to the version of procrastinate that is installed.

procrastinate ships its schema, and a file for each step from one version to the next. Which step was the last stands as
a comment on its table of jobs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, cast
from zlib import crc32

from watcher.errors import StoreError

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

__all__ = ["prepare"]

_MISSING = "a store in PostgreSQL needs the extra: pip install 'eightk[postgres]'"
_LOCK = crc32(b"eightk queue tables")
_NOTE = "eightk: procrastinate schema "


def prepare(connection: Connection) -> None:
    """Make the tables, or bring them to the installed version, inside the caller's transaction.

    Of several daemons that start at once, one does it. A daemon of an older version that still runs may meet functions
    that are no more: all are to be brought to one version.

    Raises ``StoreError`` when the tables are of a newer version or of another program, or may not be made, or when the
    extra is missing.
    """
    schema, steps = _shipped()
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        _prepare(driver, schema, steps)
    except errors as error:
        raise StoreError(f"the queue's tables cannot be made: {error}") from error


def _prepare(driver: psycopg.Connection, schema: LiteralString, steps: list[Path]) -> None:
    driver.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    found = _found(driver)
    if found == steps[-1].stem:
        return
    if found is None:
        driver.execute(schema)
    else:
        for step in steps[_place(found, steps) + 1 :]:
            driver.execute(step.read_bytes())
    driver.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{_NOTE}{steps[-1].stem}'".encode())


def _found(driver: psycopg.Connection) -> str | None:
    """The last step that was taken; None when there are no tables."""
    statement = (
        "SELECT to_regclass('procrastinate_jobs'), obj_description(to_regclass('procrastinate_jobs'), 'pg_class')"
    )
    table, note = driver.execute(statement).fetchone() or (None, None)
    if table is None:
        return None
    if not str(note).startswith(_NOTE):
        raise StoreError("this database holds another program's procrastinate tables: name a database of eightk's own")
    return str(note).removeprefix(_NOTE)


def _place(found: str, steps: list[Path]) -> int:
    names = [step.stem for step in steps]
    if found not in names:
        raise StoreError(
            f"the queue's tables are of a newer procrastinate (schema {found}, this one knows {names[-1]}): "
            "install that version here, too"
        )
    return names.index(found)


def _shipped() -> tuple[LiteralString, list[Path]]:
    try:
        from procrastinate.schema import SchemaManager  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise StoreError(_MISSING) from error
    return SchemaManager.get_schema(), sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
