"""The rows of a store as they go into another one, and what they add up to there and here.

Python stands between the two databases, so a row has one form, whichever it comes from: texts, numbers, instants. JSON
goes as the text that it is kept as, which both keep as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    Cast,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    cast,
    func,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from watcher.errors import StoreError
from watcher.store.json_text import fit
from watcher.store.postgresql_schema import search_words
from watcher.store.schema import alert, document, metadata, report, tally
from watcher.store.search_postgresql import index_rows

__all__ = ["TABLES", "Side", "Sum", "batches", "count", "in_words", "insert", "without_nul"]

Row = tuple[Any, ...]

# In the order in which each refers to those before it. The tally is not copied but counted.
TABLES = tuple(table for table in metadata.sorted_tables if table is not tally)
# So that memory stays small: some of these rows are megabytes long.
_AT_ONCE = {document.name: 50, report.name: 100, alert.name: 500}
_MOST_AT_ONCE = 1000
_SUM_BYTES = 16


class _JsonText(TypeDecorator[str]):
    """JSON of PostgreSQL's that is not read, but handed on as its text."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> Cast[str]:
        """Else its driver would read it."""
        return cast(column, Text)


_JSON_TEXT = Text().with_variant(_JsonText(), "postgresql")


def _as_texts(table: Table) -> Table:
    """The same table without JSON, defaults and numbering."""
    types = ((one, _JSON_TEXT if isinstance(one.type, JSON) else one.type) for one in table.columns)
    columns = (Column(one.name, kind, primary_key=one.primary_key, autoincrement=False) for one, kind in types)
    return Table(table.name, MetaData(), *columns)


_TEXTS = {table.name: _as_texts(table) for table in TABLES}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two stores, within a transaction."""

    name: str  # for people
    connection: Connection

    @property
    def is_server(self) -> bool:
        """Whether it is in PostgreSQL."""
        return self.connection.dialect.name == "postgresql"


@dataclass(slots=True)
class Sum:
    """What rows add up to, in whatever order they come."""

    rows: int = 0
    _total: int = field(default=0, repr=False)

    def add(self, rows: Sequence[Row]) -> None:
        """Count these rows in."""
        for row in rows:
            digest = blake2b(repr(row).encode(), digest_size=_SUM_BYTES).digest()
            self._total = (self._total + int.from_bytes(digest)) % (1 << 8 * _SUM_BYTES)
        self.rows += len(rows)


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """Have what a database says against it raised as ``StoreError``, with the store's name."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"{name}: {str(error.__cause__ or error).strip()}") from error


def count(side: Side) -> int:
    """How many rows there are to be copied."""
    return sum(side.connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES)


def batches(side: Side, table: Table, *, for_index: bool = False) -> Iterator[list[Row]]:
    """Give all rows of a table, so many at once as fit into memory in any case."""
    size = _AT_ONCE.get(table.name, _MOST_AT_ONCE)
    statement = select(_TEXTS[table.name])
    if for_index and table is document:
        # SQLite's full-text index takes its rows in their order several times as fast.
        statement = statement.order_by(document.c.search_id)
    options = {"stream_results": True, "max_row_buffer": size}
    with side.connection.execute(statement, execution_options=options) as found:
        for some in found.partitions(size):
            yield [tuple(row) for row in some]


def insert(side: Side, table: Table, rows: list[Row]) -> None:
    """Write rows; SQLite's full-text index is kept by triggers, that of PostgreSQL here."""
    names = [column.name for column in table.columns]
    if not side.is_server:
        side.connection.execute(_TEXTS[table.name].insert(), [dict(zip(names, row, strict=True)) for row in rows])
        return
    _copy_in(side, table.name, names, rows)
    if table is document:
        indexed = list(index_rows(dict(zip(names, row, strict=True)) for row in rows))
        if indexed:
            side.connection.execute(search_words.insert(), indexed)


def without_nul(table: Table, row: Row) -> Row:
    """The row as PostgreSQL can hold it: U+FFFD for each U+0000, in JSON, too. The row itself when it has none."""
    fitted = tuple(map(_without_nul, table.columns, row))
    return row if fitted == row else fitted


def _without_nul(column: Column[Any], value: Any) -> Any:
    if type(value) is not str:
        return value
    return fit(value) if isinstance(column.type, JSON) else value.replace("\0", "\ufffd")


def _copy_in(side: Side, table: str, names: list[str], rows: list[Row]) -> None:
    """Write rows by PostgreSQL's own means for many of them, which takes a third of the time."""
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = side.connection.connection.driver_connection
    errors: Any = side.connection.dialect.dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except errors.Error as error:
        raise StoreError(f"{side.name}: {str(error).strip()}") from error
