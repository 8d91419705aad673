"""How many filings and deliveries stand in each state, without counting them: triggers keep the numbers."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, select

from watcher.store.schema import tally

__all__ = ["MAKE", "MAKE_IN_POSTGRESQL", "REMOVE", "counts"]

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

# The same for PostgreSQL, where a trigger calls a function.
MAKE_IN_POSTGRESQL = (
    """CREATE FUNCTION count_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE tally SET count = count - 1 WHERE of = TG_TABLE_NAME AND state = old.state;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tally (of, state, count) VALUES (TG_TABLE_NAME, new.state, 1)
        ON CONFLICT (of, state) DO UPDATE SET count = tally.count + 1;
    END IF;
    RETURN NULL;
    END $$""",
    *(
        f"CREATE TRIGGER tally_{table}_{name} AFTER {when} EXECUTE FUNCTION count_state()"
        for table in _TABLES
        for name, when in (
            ("moved", f"INSERT OR DELETE ON {table} FOR EACH ROW"),
            ("changed", f"UPDATE OF state ON {table} FOR EACH ROW WHEN (old.state <> new.state)"),
        )
    ),
)


def counts(connection: Connection, of: Literal["filing", "delivery"]) -> dict[str, int]:
    """Return how many stand in each state in which any do."""
    rows = connection.execute(select(tally.c.state, tally.c.count).where(tally.c.of == of, tally.c.count > 0))
    return {row.state: row[1] for row in rows}
