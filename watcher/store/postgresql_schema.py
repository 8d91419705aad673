"""The tables in PostgreSQL, and what SQLite has of itself or by other means: numbers without gaps, words to search."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    func,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from watcher.store import tally
from watcher.store.schema import metadata

__all__ = ["make", "search_words"]


class _Words(TypeDecorator[str]):
    """A text of words, a space between each two, kept as their set."""

    impl = TSVECTOR
    cache_ok = True

    def bind_expression(self, bindvalue: BindParameter[str]) -> ColumnElement[str]:
        return func.array_to_tsvector(func.string_to_array(type_coerce(bindvalue, Text), " "))


# The full-text index: of each document in it the words, without their places. What is found is in the order of
# `search_id`, as in SQLite's, and goes with its document.
_own = MetaData()
search_words = Table(
    "search_words",
    _own,
    Column("search_id", BigInteger, primary_key=True, autoincrement=False),
    Column("words", _Words, nullable=False),
)
# Every word is looked up, the newest first: see `search_postgresql`.
_WORDS_INDEX = Index("ix_search_words", search_words.c.words, postgresql_using="gin")

# A sequence of PostgreSQL's leaves a gap for each transaction that comes to nothing, and a receiver that counts alerts
# would miss what never was. These numbers are given back with their transaction; writers come one after the other, so
# nobody waits for them.
_NUMBERS = (
    "CREATE TABLE numbering (name VARCHAR(20) PRIMARY KEY, last BIGINT NOT NULL)",
    """CREATE FUNCTION next_number(of VARCHAR) RETURNS BIGINT LANGUAGE sql AS $$
    INSERT INTO numbering (name, last) VALUES (of, 1)
    ON CONFLICT (name) DO UPDATE SET last = numbering.last + 1 RETURNING last
    $$""",
)


def make(connection: Connection) -> None:
    """Make every table of this version in an empty database."""
    copied = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(copied)
    for table in copied.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, String):
                # As in SQLite: of any length, and in the order of bytes, so that lists are the same on every server.
                column.type = Text(collation="C")
    copied.create_all(connection)
    for statement in _NUMBERS:
        connection.exec_driver_sql(statement)
    for table in copied.sorted_tables:
        if (numbered := table.autoincrement_column) is not None:
            _number(connection, table.name, numbered.name)
    for statement in tally.MAKE_IN_POSTGRESQL:
        connection.exec_driver_sql(statement)
    _make_search(connection)


def _number(connection: Connection, table: str, column: str) -> None:
    connection.exec_driver_sql(f"ALTER TABLE {table} ALTER {column} SET DEFAULT next_number('{table}')")
    connection.exec_driver_sql(f"DROP SEQUENCE {table}_{column}_seq")


def _make_search(connection: Connection) -> None:
    _own.create_all(connection)
    connection.exec_driver_sql(
        "ALTER TABLE search_words ADD CONSTRAINT fk_search_words_search_id FOREIGN KEY (search_id) "
        "REFERENCES document (search_id) ON UPDATE CASCADE ON DELETE CASCADE"
    )
