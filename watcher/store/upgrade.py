"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from watcher.errors import StoreError
from watcher.store import planner
from watcher.store.postgresql_schema import make
from watcher.store.schema import metadata

__all__ = ["LATEST", "check_schema", "problem_of", "schema_problem", "upgrade"]

# The newest migration; a test compares it with the files, so that opening an up-to-date store need not import Alembic.
LATEST = "0005"


def upgrade(connection: Connection) -> None:
    """Apply the migrations that this database lacks, inside the caller's transaction.

    Raises ``StoreError`` when the database was written by a newer version, or by another program.
    """
    found = _revision(connection)
    if found == LATEST:
        return
    if problem := schema_problem(connection):
        raise StoreError(problem)
    from alembic import command  # noqa: PLC0415  # heavy, and needed once in a version's life
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql" and found is None:
        # No version of eightk with an older schema knew this database: there is nothing to lead it through.
        make(connection)
        command.stamp(config, "head")
    else:
        command.upgrade(config, "head")
    # Last: a table that is made anew loses its figures.
    planner.tell(connection)


def check_schema(connection: Connection) -> None:
    """Raise ``StoreError`` unless this database has this version's schema."""
    if problem := schema_problem(connection):
        raise StoreError(problem)
    if (found := _revision(connection)) != LATEST:
        raise StoreError(f"the store has schema {found or 'none'}, this version reads {LATEST}: eightk run upgrades it")


def schema_problem(connection: Connection) -> str:
    """Say why this database cannot be brought to this version's schema; "" when it can."""
    return problem_of(_revision(connection), has_tables=_has_tables(connection))


def problem_of(revision: str | None, *, has_tables: bool) -> str:
    """Say why a database of this revision cannot be brought to this version's schema; "" when it can."""
    if revision is None:
        return "this is another program's database, not a store of eightk's: name another file" if has_tables else ""
    if revision > LATEST:
        known = f"schema {revision}, this one knows {LATEST}"
        return f"the store was written by a newer version ({known}): use that version, or another data_dir"
    return ""


def _has_tables(connection: Connection) -> bool:
    found = inspect(connection).get_table_names()
    # A file is eightk's alone. A server's database may hold other things, of other names.
    return bool(found) if connection.dialect.name == "sqlite" else not metadata.tables.keys().isdisjoint(found)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
