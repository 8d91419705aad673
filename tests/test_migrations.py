"""The schema's history: a store that grew through it is the store that the code describes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, report
from _stores import save as saved
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, Text, inspect, text

from watcher.errors import StoreError
from watcher.store import alerts, database, deliveries, reports, upgrade
from watcher.store.database import Store
from watcher.store.schema import metadata

# What rows of the first two versions have gained since.
GROWN = {"alert": (None,), "delivery": (None, None)}
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

    with pytest.raises(StoreError, match=r"written by a newer version \(schema 9999, this one knows"):
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


def up_to(engine: Engine, version: str) -> None:
    """Bring an empty store to the schema of an earlier version."""
    move(engine, version, command.upgrade)


def move(engine: Engine, version: str, way: Callable[[Config, str], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        way(config, version)


OF_0001 = """
INSERT INTO filing (accession, form, company, listed_items, filers, origin, run_as, source, channel, state, attempts,
    spotted_at) VALUES ('a', '8-K', 'Made Up', '[]', '[]', 'live', 'live', 'poller', 'getcurrent', 'saved', 0,
    '2026-01-12 17:00:00');
INSERT INTO filer VALUES ('a', 7, 'Made Up');
INSERT INTO alert VALUES (3, 'alr_3', 'a', 'r', 'high', '1', '{}', '2026-01-12 17:00:00', 'filing.matched',
    '2026-01-12 17:00:00', 'a summary', '', x'7b7d');
INSERT INTO alert VALUES (7, 'alr_7', 'a', 's', 'high', '1', '{}', '2026-01-12 17:00:00', 'filing.matched',
    '2026-01-12 17:00:00', 'a summary', '', x'7b7d');
INSERT INTO delivery VALUES ('dlv_1', 'alr_7', 'desk', 'pending', '2026-01-12 17:00:00', 1, 'HTTP 503',
    '2026-01-12 17:00:00', NULL);
INSERT INTO attempt VALUES (5, 'dlv_1', '2026-01-12 17:00:00', 12, 0, 503, 'HTTP 503', NULL, 'busy');
INSERT INTO meta VALUES ('store.id', 'the same')
"""


# What the second version could hold beside: an alarm, which no filing raised, and what it owes.
OF_0002 = """
INSERT INTO alert VALUES (8, 'alarm_8', NULL, 'eightk.quiet', 'high', '', '{}', '2026-01-12 17:00:00', 'operator.alarm',
    '2026-01-12 17:00:00', 'quiet', '', x'7b7d');
INSERT INTO delivery VALUES ('dlv_2', 'alarm_8', 'log', 'delivered', '2026-01-12 17:00:00', 1, NULL,
    '2026-01-12 17:00:00', '2026-01-12 17:00:01');
INSERT INTO alarm VALUES ('alarm_8', 'quiet', 'quiet', '2026-01-12 17:00:00', NULL);
INSERT INTO sighting VALUES ('a', 'getcurrent', '2026-01-12 17:00:00');
INSERT INTO company VALUES (7, 'Made Up', '["MADE"]', NULL, '[]', '2026-01-12 17:00:00');
INSERT INTO audit VALUES ('2026-01-12', 'done', '2026-01-13 03:45:00', 1, 0, 0, NULL)
"""


def make(engine: Engine, version: str) -> None:
    """A store as an earlier version left it: a filing, two alerts, a delivery that failed once; and an alarm."""
    up_to(engine, version)
    with engine.begin() as connection:
        for statement in (OF_0001 if version == "0001" else f"{OF_0001};{OF_0002}").split(";"):
            connection.exec_driver_sql(statement)


def make_0001(engine: Engine) -> None:
    make(engine, "0001")


def rows_of(engine: Engine, tables: tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    with engine.begin() as connection:
        return {table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))] for table in tables}


def test_a_store_of_the_first_version_keeps_all_that_it_has(url: str, engine: Engine):
    make_0001(engine)
    tables = ("filer", "alert", "delivery", "attempt", "meta")
    before = rows_of(engine, tables)
    (one,) = rows_of(engine, ("filing",))["filing"]

    with Store(url) as store:
        assert store.id == "the same"
    after = rows_of(engine, tables)
    for table, columns in GROWN.items():
        assert after.pop(table) == [(*row, *columns) for row in before.pop(table)]
    assert after == before
    assert rows_of(engine, ("filing",))["filing"] == [(*one, None)]


def test_a_store_of_the_second_version_keeps_all_that_it_has(url: str, engine: Engine):
    make(engine, "0002")
    tables = ("filing", "filer", "attempt", "alarm", "sighting", "company", "audit", "meta")
    before, grown = rows_of(engine, tables), rows_of(engine, ("alert", "delivery"))

    Store(url).close()

    assert rows_of(engine, tables) == before
    for table, rows in rows_of(engine, ("alert", "delivery")).items():
        assert rows == [(*row, *GROWN[table]) for row in grown[table]]


def test_what_was_asked_for_once_more_is_what_it_was_for_the_version_before(url: str, engine: Engine):
    with Store(url) as store:
        saved(store, report(ACCESSION, alert()))

        def ask_again(connection: Connection) -> None:
            connection.execute(text("UPDATE delivery SET state = 'pending', manual_from = 'delivered'"))

        store.write_now(ask_again)

    move(engine, "0003", command.downgrade)

    assert [row[3] for row in rows_of(engine, ("delivery",))["delivery"]] == ["delivered"]


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_what_an_earlier_version_owed_is_still_owed(url: str, engine: Engine, version: str):
    make(engine, version)

    with Store(url) as store:
        owed = store.read_now(deliveries.owed_to, "desk", NOW, 10)
        raised = store.read_now(alerts.find, "a")

    assert [(one.delivery.id, one.delivery.attempts, one.delivery.expires_at) for one in owed] == [("dlv_1", 1, None)]
    assert [(one.id, one.untold, [telling.state for telling in one.told]) for one in raised] == [
        ("alr_7", None, ["pending"]),
        ("alr_3", None, []),
    ]


def test_alerts_raised_after_an_upgrade_go_on_counting(url: str, engine: Engine):
    """A receiver that keeps the last number it saw would take a smaller one for something it had."""
    make_0001(engine)

    with Store(url) as store:
        saved(store, report(ACCESSION, alert()))
        found = store.read_now(
            lambda connection: connection.execute(text("SELECT sequence FROM alert ORDER BY 1")).scalars().all()
        )

    assert found == [3, 7, 8]
