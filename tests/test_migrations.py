"""The schema's history: a store that grew through it is the store that the code describes."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from _stores import ACCESSION, alert, report
from _stores import save as saved
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, Text, inspect, text

from watcher.errors import StoreError
from watcher.store import database, reports, upgrade
from watcher.store.database import Store
from watcher.store.schema import metadata

FOLDER = Path(upgrade.__file__).with_name("migrations")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'eightk.db'}"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The connection on which a store is upgraded."""
    made = database._upgrading(tmp_path / "eightk.db")
    yield made
    made.dispose()


def history() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config)


def written_by(store: Store, version: str) -> None:
    def say(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    store.write_now(say)


def test_the_migrations_make_the_schema_that_the_code_describes(url: str):
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    with Store(url) as store:
        assert store.read_now(differences) == []


def test_the_newest_migration_is_the_one_that_the_code_names():
    assert history().get_current_head() == upgrade.LATEST


def test_the_history_is_one_line_of_numbers():
    """A newer store is known by a greater number."""
    numbers = [one.revision for one in history().walk_revisions()]

    assert numbers == sorted(numbers, reverse=True) == [f"{n:04}" for n in range(len(numbers), 0, -1)]


def test_opening_again_changes_nothing(url: str):
    with Store(url) as first:
        saved(first, report())
    with Store(url) as second:
        assert second.read_now(reports.load, ACCESSION) == report()


def test_a_store_of_a_newer_version_is_refused(url: str):
    with Store(url) as store:
        written_by(store, "9999")

    with pytest.raises(StoreError, match=r"written by a newer version \(schema 9999, this one knows"):
        Store(url)


def test_a_store_of_a_newer_version_is_not_read_either(url: str):
    with Store(url) as store:
        written_by(store, "9999")

    with pytest.raises(StoreError, match="the store has schema 9999"):
        Store(url, only_read=True)


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(engine: Engine):
    with suppress(RuntimeError), engine.begin() as connection:
        upgrade.upgrade(connection)
        raise RuntimeError

    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []


def test_making_a_table_anew_keeps_what_refers_to_it(url: str, engine: Engine):
    """SQLite changes a column by making its table anew, and dropping the old one must not cascade."""
    with Store(url) as store:
        saved(store, report(ACCESSION, alert()))
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("filing", recreate="always") as table:
            table.add_column(Column("note", Text))

    with Store(url) as store:
        assert store.read_now(reports.load, ACCESSION) == report(ACCESSION, alert())
