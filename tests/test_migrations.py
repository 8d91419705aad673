"""The schema's history: a store that grew through it is the store that the code describes."""

import json
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
from watcher.models import DeliveryState, FilingState
from watcher.store import alerts, deliveries, filings, reports, sqlite, upgrade
from watcher.store.database import Store
from watcher.store.schema import metadata

FOLDER = Path(upgrade.__file__).with_name("migrations")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'eightk.db'}"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The connection on which a store is upgraded."""
    made = sqlite._upgrading(tmp_path / "eightk.db")
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
        # The tables of the full-text index are SQLite's own business.
        opts = {"include_name": lambda name, kind, _: not (kind == "table" and name.startswith("search"))}
        return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))

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


Rows = dict[str, list[dict[str, object]]]


def rows_of(engine: Engine, tables: tuple[str, ...]) -> Rows:
    with engine.begin() as connection:
        return {
            table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
            for table in tables
        }


def known_before(after: Rows, before: Rows) -> Rows:
    """The rows of a store that was upgraded, with the columns that they had."""
    return {
        table: [{column: row[column] for column in old} for row, old in zip(after[table], rows, strict=True)]
        for table, rows in before.items()
    }


def test_a_store_of_the_first_version_keeps_all_that_it_has(url: str, engine: Engine):
    make_0001(engine)
    tables = ("filing", "filer", "alert", "delivery", "attempt", "meta")
    before = rows_of(engine, tables)

    with Store(url) as store:
        assert store.id == "the same"

    assert known_before(rows_of(engine, tables), before) == before


def test_a_store_of_the_second_version_keeps_all_that_it_has(url: str, engine: Engine):
    make(engine, "0002")
    tables = ("filing", "filer", "alert", "delivery", "attempt", "alarm", "sighting", "company", "audit", "meta")
    before = rows_of(engine, tables)

    Store(url).close()

    assert known_before(rows_of(engine, tables), before) == before


# What the fourth version could hold beside: reports with their texts. `b` is accepted in the same second as `a`.
OF_0004 = """
INSERT INTO report VALUES ('a', '2026-01-12 17:00:01', :body, '{}');
INSERT INTO document VALUES ('a', 1, 'The board declared a dividend.');
INSERT INTO document VALUES ('a', 7, 'Press release of the Board');
INSERT INTO item VALUES ('a', 0, '8.01', 1, 1);
UPDATE filing SET accepted_at = '2026-01-12 16:59:58.000000' WHERE accession = 'a';
INSERT INTO filing (accession, form, company, filed_on, accepted_at, listed_items, filers, origin, run_as, source,
    channel, state, attempts, spotted_at) VALUES ('b', '8-K', '', NULL, '2026-01-12 16:59:58.000000', '[]', '[]',
    'late', 'late', 'audit', '', 'listed', 0, '2026-01-12 17:00:00');
INSERT INTO filing (accession, form, company, filed_on, accepted_at, listed_items, filers, origin, run_as, source,
    channel, state, attempts, spotted_at) VALUES ('c', NULL, '', '2026-01-12', NULL, '[]', '[]', 'live', 'live',
    'folder', '', 'listed', 0, '2026-02-01 17:00:00')
"""
BODY = {
    "accession": "a",
    "form": "8-K/A",
    "period_of_report": "2026-01-10",
    "filers": [{"cik": 7, "name": "Made Up"}],
    "items": [{"number": "8.01"}],
    "events": [{"event": "dividend", "score": 0.5, "evidence": []}],
}


@pytest.fixture
def of_0004(engine: Engine) -> Engine:
    make(engine, "0002")
    up_to(engine, "0004")
    with engine.begin() as connection:
        for statement in OF_0004.split(";"):
            values = {"body": json.dumps(BODY)} if ":body" in statement else {}
            connection.execute(text(statement), values)
    return engine


def test_a_store_of_the_fourth_version_keeps_all_that_it_has(url: str, of_0004: Engine):
    tables = ("filing", "filer", "item", "report", "document", "alert", "delivery")
    before = rows_of(of_0004, tables)

    Store(url).close()

    assert known_before(rows_of(of_0004, tables), before) == before


def test_filings_of_the_fourth_version_are_put_in_the_order_of_their_acceptance(url: str, of_0004: Engine):
    Store(url).close()
    keys = {row["accession"]: row["sort_key"] for row in rows_of(of_0004, ("filing",))["filing"]}

    accepted = 1_768_237_198_000  # 2026-01-12 16:59:58 UTC
    assert keys == {"a": accepted, "b": accepted + 1, "c": accepted + 2000}  # noon in New York is 17:00 UTC
    repeated = rows_of(of_0004, ("filer", "item", "event"))
    assert {row["sort_key"] for rows in repeated.values() for row in rows} == {accepted}


def test_what_stands_in_reports_of_the_fourth_version_can_be_asked_for(url: str, of_0004: Engine):
    Store(url).close()
    rows = rows_of(of_0004, ("event", "report", "filer_name", "delivery"))

    (found,) = rows["event"]
    assert (found["event"], found["score"], found["severity"], found["is_expected"]) == ("dividend", 0.5, "medium", 1)
    assert [row["period_of_report"] for row in rows["report"]] == ["2026-01-10"]
    assert rows["filer_name"] == [{"cik": 7, "name": "Made Up"}]
    assert {row["id"]: row["alert_sequence"] for row in rows["delivery"]} == {"dlv_1": 7, "dlv_2": 8}


def matches(engine: Engine, query: str) -> list[int]:
    """The numbers of the documents that the full-text index finds."""
    with engine.begin() as connection:
        statement = text("SELECT rowid FROM search WHERE search MATCH :query ORDER BY rowid")
        return list(connection.execute(statement, {"query": query}).scalars())


def test_texts_of_the_fourth_version_are_found(url: str, of_0004: Engine):
    Store(url).close()
    first = 1_768_237_198_000 * 65536

    assert matches(of_0004, "board") == [first, first + 1]
    assert matches(of_0004, "dividend") == [first]
    assert matches(of_0004, "tags : form8ka AND tags : item801 AND names : made") == [first, first + 1]
    assert matches(of_0004, "tags : eventdividend AND tags : cik7 AND tags : originlive") == [first, first + 1]


def test_the_version_before_reads_a_store_that_goes_back(url: str, of_0004: Engine):
    tables = ("filing", "filer", "item", "report", "document", "alert", "delivery")
    before = rows_of(of_0004, tables)
    Store(url).close()

    move(of_0004, "0004", command.downgrade)

    assert rows_of(of_0004, tables) == before


def test_what_was_asked_for_once_more_is_what_it_was_for_the_version_before(url: str, engine: Engine):
    with Store(url) as store:
        saved(store, report(ACCESSION, alert()))

        def ask_again(connection: Connection) -> None:
            connection.execute(text("UPDATE delivery SET state = 'pending', manual_from = 'delivered'"))

        store.write_now(ask_again)

    move(engine, "0003", command.downgrade)

    assert [row["state"] for row in rows_of(engine, ("delivery",))["delivery"]] == ["delivered"]


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


def test_the_triggers_that_keep_index_and_counts_in_step_are_there(url: str, engine: Engine):
    """A migration that makes one of their tables anew drops them, and has to make them again."""
    make(engine, "0002")
    Store(url).close()
    with engine.begin() as connection:
        found = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())

    counted = {f"tally_{table}_{when}" for table in ("filing", "delivery") for when in ("added", "removed", "changed")}
    assert found == counted | {"search_added", "search_removed", "search_changed"}


def test_states_of_the_fourth_version_are_counted(url: str, of_0004: Engine):
    with Store(url) as store:
        assert store.read_now(filings.count_by_state) == {FilingState.SAVED: 1, FilingState.LISTED: 2}
        assert store.read_now(deliveries.count_by_state) == {DeliveryState.PENDING: 1, DeliveryState.DELIVERED: 1}
