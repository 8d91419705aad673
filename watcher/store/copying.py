"""Copying a store into another one, whichever databases they are in, and comparing both before the copy counts.

The source is read in one transaction, so that the copy is of one moment, also while a daemon writes on. Into a server
all is written in one transaction, which ends after the comparison: of a copy that was killed nothing is there. A file
is a new one, which whoever asked for it gives its name afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import StaticPool

from watcher.errors import StoreError, StoreLocked
from watcher.store import copied_rows
from watcher.store.copied_rows import TABLES, Side, Sum, batches, count, in_words, without_nul
from watcher.store.database import is_shared
from watcher.store.postgresql import SPOTTER_LOCK, PostgresqlDatabase
from watcher.store.postgresql_schema import search_words
from watcher.store.schema import alert, delivery, filing, metadata, silence, tally
from watcher.store.sqlite import SqliteDatabase
from watcher.store.upgrade import check_schema, upgrade

__all__ = ["Copied", "Told", "check_empty", "copy_to_file", "copy_to_server", "has_daemon"]

Told = Callable[[str, int, int], None]  # what is done, how much of it, and of how much

# What makes a store one that is not overwritten. All else comes by itself when a daemon runs.
_KEPT = (filing, alert, silence)
# Tables whose rows are numbered, with that column.
_NUMBERED = {
    table: numbered for table in metadata.sorted_tables if (numbered := table.autoincrement_column) is not None
}
# A file that is nobody's yet needs no journal: what fails is thrown away.
_UNSAFE = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000")
_HASH_BYTES, _USUAL_HASH_BYTES = 67_108_864, 1_048_576
# Each side waits for the other one meanwhile; the limit of others is meant for whoever has nothing to wait for.
_PATIENT = "SET LOCAL idle_in_transaction_session_timeout = '10min'"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, and found to be the same on both sides."""

    rows: dict[str, int]  # by table
    changed: int  # rows in which U+0000, which PostgreSQL cannot hold, became U+FFFD


def copy_to_server(source: str, target: str, told: Told = lambda what, done, of: None) -> Copied:
    """Copy the store of one URL into an empty one of PostgreSQL, which is made if need be.

    Raises ``StoreLocked`` when a daemon has the target, and ``StoreError`` when it is not empty, when either cannot be
    read or written, and when the copy is not the same; the target is as it was before then.
    """
    database = PostgresqlDatabase(target, 1)
    try:
        with in_words(database.name):
            database.prepare()
            with database.writer.begin() as connection:
                side = Side(database.name, connection)
                _take(side)
                copied, sums = _copy(source, side, told)
                _complete_server(side)
                _compare(side, sums, told)
    finally:
        database.close()
    return copied


def copy_to_file(source: str, target: Path, told: Told = lambda what, done, of: None) -> Copied:
    """Copy the store of a URL to a SQLite file that is not there yet, which only this user may read.

    It is on the disk when this returns. Raises ``StoreError`` as `copy_to_server`, and leaves no file behind then.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from error
    engine = _file_engine(target)
    try:
        with in_words(str(target)):
            with engine.begin() as connection:
                upgrade(connection)
                copied, sums = _copy_to_sqlite(source, Side(str(target), connection), told)
            with engine.begin() as connection:
                _check_pages(connection)
                _compare(Side(str(target), connection), sums, told)
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"{target}: cannot be written: {error.strerror}") from error
        raise
    finally:
        engine.dispose()
    return copied


def check_empty(connection: Connection) -> None:
    """Raise ``StoreError`` when a store holds something that a copy into it would overwrite."""
    held = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _KEPT}
    if any(held.values()):
        words = ", ".join(f"{number:,} {name}s" for name, number in held.items() if number)
        raise StoreError(f"holds {words}: a copy goes into an empty store only; name another one")


def has_daemon(url: str) -> bool:
    """Whether a daemon, on whatever machine, spots filings for the server's store. Raises ``StoreError``."""
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1 "
        "AND objid::bigint = :lock AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    database = PostgresqlDatabase(url, 1)
    try:
        with in_words(database.name), database.reader.begin() as connection:
            return bool(connection.execute(held, {"lock": SPOTTER_LOCK}).scalar_one())
    finally:
        database.close()


@contextmanager
def _reading(url: str) -> Iterator[Side]:
    """The store of a URL in one transaction that sees one moment of it."""
    database = PostgresqlDatabase(url, 1) if is_shared(url) else SqliteDatabase(url, 1, only_read=True)
    try:
        with in_words(database.name), database.reader.begin() as connection:
            side = Side(database.name, connection)
            if side.is_server:
                connection.exec_driver_sql(_PATIENT)
            try:
                check_schema(connection)
            except StoreError as error:
                raise StoreError(f"{side.name}: {error}") from error
            yield side
    finally:
        database.close()


def _copy(source: str, target: Side, told: Told) -> tuple[Copied, dict[str, Sum]]:
    """Copy all rows, and the numbers with which both go on; return what they add up to, too."""
    sums, done, changed = {table.name: Sum() for table in TABLES}, 0, 0
    with _reading(source) as side:
        of = count(side)
        for table in TABLES:
            for rows in batches(side, table, for_index=not target.is_server):
                fit = [without_nul(table, row) for row in rows] if target.is_server else rows
                changed += sum(one is not other for one, other in zip(fit, rows, strict=True))
                with in_words(target.name):
                    copied_rows.insert(target, table, fit)
                sums[table.name].add(fit)
                done += len(rows)
                told("rows", done, of)
        numbers = _last_numbers(side)
    with in_words(target.name):
        _set_numbers(target, numbers)
        _count_states(target.connection)
    return Copied({name: one.rows for name, one in sums.items()}, changed), sums


def _compare(target: Side, sums: Mapping[str, Sum], told: Told) -> None:
    """Read the copy again. Raises ``StoreError`` with the tables that are not what was read from the source."""
    done, of = 0, sum(one.rows for one in sums.values())
    differing = []
    for table in TABLES:
        found = Sum()
        for rows in batches(target, table):
            found.add(rows)
            done += len(rows)
            told("rows compared", done, of)
        if found != sums[table.name]:
            differing.append(f"{table.name} ({sums[table.name].rows:,} rows, here {found.rows:,})")
    if differing:
        raise StoreError(f"{target.name}: the copy differs from its source, and is not kept: {', '.join(differing)}")


def _take(target: Side) -> None:
    """Have a server's store for ourselves, empty, and ready to be filled. Raises ``StoreError`` when it is not."""
    connection = target.connection
    connection.exec_driver_sql(_PATIENT)
    if not connection.execute(select(func.pg_try_advisory_xact_lock(SPOTTER_LOCK))).scalar_one():
        raise StoreLocked(f"{target.name}: a daemon uses it; end it first, or name another store")
    try:
        check_empty(connection)
    except StoreError as error:
        raise StoreError(f"{target.name}: {error}") from error
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
    connection.exec_driver_sql("DELETE FROM numbering")
    # One row of the tally, changed a million times in one transaction, would take longer each time.
    for table in (filing, delivery):
        connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
    for index in search_words.indexes:
        index.drop(connection)


def _complete_server(target: Side) -> None:
    with in_words(target.name):
        for index in search_words.indexes:
            index.create(target.connection)
        for table in (filing, delivery):
            target.connection.exec_driver_sql(f"ALTER TABLE {table.name} ENABLE TRIGGER USER")
        # Else the first questions would be planned as for empty tables.
        target.connection.exec_driver_sql(f"ANALYZE {', '.join(metadata.tables)}, {search_words.name}")


def _copy_to_sqlite(source: str, target: Side, told: Told) -> tuple[Copied, dict[str, Sum]]:
    # The full-text index is written in larger pieces than would be good beside a daemon's other work.
    hash_size = "INSERT INTO search (search, rank) VALUES ('hashsize', ?)"
    target.connection.exec_driver_sql(hash_size, (_HASH_BYTES,))
    found = _copy(source, target, told)
    target.connection.exec_driver_sql(hash_size, (_USUAL_HASH_BYTES,))
    return found


def _last_numbers(side: Side) -> dict[str, int]:
    """The last number that each numbered table gave, whether or not its row is still there."""
    counters = "SELECT name, last FROM numbering" if side.is_server else "SELECT name, seq FROM sqlite_sequence"
    given = {row[0]: int(row[1]) for row in side.connection.exec_driver_sql(counters)}
    return {
        table.name: max(given.get(table.name, 0), _highest(side.connection, column))
        for table, column in _NUMBERED.items()
    }


def _highest(connection: Connection, column: Column[int]) -> int:
    return connection.execute(select(func.max(column))).scalar() or 0


def _set_numbers(target: Side, numbers: Mapping[str, int]) -> None:
    counters, last = ("numbering", "last") if target.is_server else ("sqlite_sequence", "seq")
    for table in _NUMBERED:
        if not target.is_server and not _is_counted(table):
            continue
        row = {"name": table.name, "last": numbers[table.name]}
        target.connection.execute(text(f"DELETE FROM {counters} WHERE name = :name"), row)  # noqa: S608  # names of ours
        if row["last"]:
            statement = f"INSERT INTO {counters} (name, {last}) VALUES (:name, :last)"  # noqa: S608  # as above
            target.connection.execute(text(statement), row)


def _is_counted(table: Table) -> bool:
    """Whether SQLite keeps the last number; else it goes on after the highest one that is there."""
    return bool(table.dialect_options["sqlite"]["autoincrement"])


def _count_states(connection: Connection) -> None:
    connection.execute(delete(tally))
    for table in (filing, delivery):
        counted = select(literal(table.name), table.c.state, func.count()).group_by(table.c.state)
        connection.execute(insert(tally).from_select(["of", "state", "count"], counted))


def _check_pages(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if found != "ok":
        raise StoreError(f"the copy is damaged: {' '.join(str(found).split())}")
    if (stray := connection.exec_driver_sql("PRAGMA foreign_key_check").first()) is not None:
        raise StoreError(f"the copy is damaged: a row of {stray[0]} refers to one of {stray[2]} that is not there")


def _file_engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _: object) -> None:
        connection.isolation_level = None
        for pragma in _UNSAFE:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    return engine
