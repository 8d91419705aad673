"""How many filings and deliveries stand in each state, without counting them: triggers keep the numbers."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, select

from watcher.store.schema import tally

__all__ = ["MAKE", "REMOVE", "counts"]

_TABLES = ("filing", "delivery")
_ONE_MORE = "ON CONFLICT (of, state) DO UPDATE SET count = count + 1"


def _made(table: str) -> tuple[str, ...]:
    less = f"UPDATE tally SET count = count - 1 WHERE of = '{table}' AND state = old.state"  # noqa: S608  # a name of ours
    more = f"INSERT INTO tally (of, state, count) VALUES ('{table}', new.state, 1) {_ONE_MORE}"  # noqa: S608  # as above
    is_moved = "OF state ON {table} WHEN old.state <> new.state"
    return (
        f"CREATE TRIGGER tally_{table}_added AFTER INSERT ON {table} BEGIN {more}; END",
        f"CREATE TRIGGER tally_{table}_removed AFTER DELETE ON {table} BEGIN {less}; END",
        f"CREATE TRIGGER tally_{table}_changed AFTER UPDATE {is_moved.format(table=table)} BEGIN {less}; {more}; END",
    )


def _counted(table: str) -> str:
    return f"INSERT INTO tally (of, state, count) SELECT '{table}', state, count(*) FROM {table} GROUP BY state"  # noqa: S608


# What is passed to SQLite to count what there is, and to go on counting.
MAKE = tuple(statement for table in _TABLES for statement in (_counted(table), *_made(table)))
REMOVE = tuple(f"DROP TRIGGER tally_{table}_{when}" for table in _TABLES for when in ("added", "removed", "changed"))


def counts(connection: Connection, of: Literal["filing", "delivery"]) -> dict[str, int]:
    """Return how many stand in each state in which any do."""
    rows = connection.execute(select(tally.c.state, tally.c.count).where(tally.c.of == of, tally.c.count > 0))
    return {row.state: row[1] for row in rows}
