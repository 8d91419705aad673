"""Copying a store into another database: the same afterwards, of one moment, and whole or not there at all."""

import asyncio
import json
import signal
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _postgres import drop_database, fresh_database, run_sql
from _running import Place, Running, wait_until
from _stores import ACCESSION, NOW, alert, filing, report, save
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    func,
    select,
    update,
)

from watcher.aside import alone
from watcher.errors import EightkError, StoreError, StoreLocked
from watcher.keeping.backup import back_up
from watcher.keeping.moving import copy_between, daemon_of
from watcher.lock import StoreLock
from watcher.models import DeliveryState, Document, FilingState, Report
from watcher.plan import Silence
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import alerts, copied_rows, deliveries, filings, journal, schema, search, silences
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.postgresql import SPOTTER_LOCK
from watcher.store.schema import UtcDateTime, metadata

SECOND = "0000000001-26-000002"
THIRD = "0000000001-26-000003"
ROWS = 3


def quiet(what: str, done: int, of: int) -> None:
    """Shows no progress."""


@pytest.fixture
def server_url() -> Iterator[str]:
    """A database of PostgreSQL without a table."""
    url = fresh_database("copy")
    yield url
    drop_database(url)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite store with filings, of which one was told and one is owed work."""
    made = f"sqlite:///{tmp_path / 'from' / 'eightk.db'}"
    with Store(made) as store:
        fill(store)
    return made


def told(accession: str, text: str, *, rule: str = "r") -> Report:
    one = report(accession, alert(accession, rule))
    one.documents = (Document(1, "8-K", "d1.htm", "", len(text), text),)
    return one


def fill(store: Store) -> None:
    save(store, told(ACCESSION, "The Chief Financial Officer resigned.\n\nA dividend was declared."))
    save(store, told(SECOND, "Notes to the senior credit agreement: a dividend, naïve ‘quotes’ \U0001f600."))
    store.write_now(filings.spot, [filing(THIRD)], NOW)
    add_silence(store)


def add_silence(store: Store) -> Silence:
    until = NOW + timedelta(hours=1)
    return store.write_now(silences.add, rule="s", cik=None, why="an exercise", by="A. Person", now=NOW, until=until)


def everything(url: str) -> Mapping[str, list[Any]]:
    """Every row of every table, sorted."""

    def read(connection: Connection) -> dict[str, list[Any]]:
        rows = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
        return {name: sorted(map(repr, found)) for name, found in rows.items()}

    with Store(url, only_read=True) as store:
        return store.read_now(read)


def found(url: str, *words: str) -> list[Any]:
    with Store(url, only_read=True) as store:
        results = [store.read_now(search.find, search.Search(word)) for word in words]
    return [some.found for some in results]


def of_any_kind(column: Column[Any], number: int) -> Any:
    """A value for a column; those that refer to another have the same as it."""
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return datetime(2026, 1, number, 12, 30, 1, 250_000, tzinfo=UTC)
    values = {
        JSON: {"n": [number, 0.1, None, True], "t": "ü \ud83d\ude00 \\u0000"},
        Boolean: bool(number % 2),
        Date: date(2026, 1, number),
        Float: number / 3,
        Integer: number,
        LargeBinary: bytes([number, 0, 255]),
        String: f"x{number}",
    }
    return next(value for one, value in values.items() if isinstance(kind, one))


def fill_every_table(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if table is not schema.tally:
            for number in range(1, ROWS + 1):
                values = {one.name: of_any_kind(one, number) for one in table.columns}
                if number == ROWS:  # whatever may be missing is
                    values |= {one.name: None for one in table.columns if one.nullable and not one.foreign_keys}
                connection.execute(table.insert().values(values))


def test_there_and_back_every_table_is_the_same(tmp_path: Path, server_url: str) -> None:
    first, again = f"sqlite:///{tmp_path / 'first.db'}", f"sqlite:///{tmp_path / 'again.db'}"
    with Store(first) as store:
        store.write_now(fill_every_table)

    there = copy_between(first, server_url, quiet)
    back = copy_between(server_url, again, quiet)

    assert there == back
    assert there.changed == 0
    assert {name: rows for name, rows in there.rows.items() if rows != ROWS} == {"meta": ROWS + 1}
    assert everything(first) == everything(server_url) == everything(again)


def test_a_search_finds_the_same(url: str, tmp_path: Path, server_url: str) -> None:
    again = f"sqlite:///{tmp_path / 'again.db'}"
    words = ("dividend", '"chief financial officer"', "naive -resigned", "nobody")

    copy_between(url, server_url, quiet)
    copy_between(server_url, again, quiet)

    there = found(url, *words)
    assert [len(some) for some in there] == [2, 1, 1, 0]
    assert there == found(server_url, *words) == found(again, *words)


def forget(connection: Connection) -> None:
    """Take away what was numbered last, as retention and housekeeping do."""
    connection.execute(schema.journal.delete())
    connection.execute(schema.silence.delete())


@pytest.mark.parametrize("is_back", [False, True])
def test_numbers_go_on_without_gap_or_repeat(url: str, tmp_path: Path, server_url: str, is_back: bool) -> None:
    with Store(url) as store:
        last = store.read_now(journal.last)
        store.write_now(forget)
    copy_between(url, server_url, quiet)
    target = server_url
    if is_back:
        target = f"sqlite:///{tmp_path / 'again.db'}"
        copy_between(server_url, target, quiet)

    with Store(target) as store:
        one = add_silence(store)
        save(store, told(THIRD, "words"))
        raised = store.read_now(alerts.find, THIRD)
        entries = store.read_now(journal.after, 0, 10)

    assert one.id == 2
    assert [found.sequence for found in raised] == [3]
    assert entries[0].sequence == last + 1


def test_what_is_counted_and_owed_goes_on(url: str, tmp_path: Path, server_url: str) -> None:
    again = f"sqlite:///{tmp_path / 'again.db'}"
    copy_between(url, server_url, quiet)
    copy_between(server_url, again, quiet)

    for target in (server_url, again):
        with Store(target) as store:
            assert store.read_now(filings.count_by_state) == {FilingState.SAVED: 2, FilingState.SPOTTED: 1}
            assert store.read_now(filings.due, NOW, 10) == (THIRD,)
            save(store, told(THIRD, "words"))
            assert store.read_now(filings.count_by_state) == {FilingState.SAVED: 3}
            assert store.read_now(deliveries.count_by_state) == {DeliveryState.PENDING: 3}


def test_the_store_stays_the_same_one_for_its_archive(url: str, server_url: str) -> None:
    with Store(url) as store:
        number = store.id
    with Store(server_url) as store:
        assert store.id != number

    copy_between(url, server_url, quiet)

    with Store(server_url) as store:
        assert store.id == number


def test_a_nul_becomes_a_mark_that_postgresql_can_hold_and_is_told(url: str, server_url: str) -> None:
    with Store(url) as store:
        store.write_now(lambda c: c.execute(update(schema.filing).values(reason="cut\0off")))
        store.write_now(lambda c: c.execute(update(schema.document).values(text="a\0b")))

    copied = copy_between(url, server_url, quiet)

    assert copied.changed == 3 + 2
    with Store(server_url, only_read=True) as store:
        assert {one.reason for one in store.read_now(filings.find, filings.Query())} == {"cut\ufffdoff"}


@pytest.mark.parametrize("there", ["sqlite:///.", "sqlite:////"])
def test_a_folder_is_no_store(url: str, there: str) -> None:
    with pytest.raises(StoreError, match="names no file"):
        copy_between(url, there, quiet)


def test_what_postgresql_cannot_take_out_of_json_becomes_the_mark_too(url: str, server_url: str) -> None:
    with Store(url) as store:
        told = {"a": "x\0y", "b": "half \ud83d", "c": "whole \ud83d\ude00", "d": "no \\u0000"}
        store.write_now(lambda c: c.execute(update(schema.report).values(versions=told)))

    copy_between(url, server_url, quiet)

    parts = [schema.report.c.versions[key].as_string() for key in "abcd"]
    with Store(server_url, only_read=True) as store:
        found = store.read_now(lambda c: c.execute(select(*parts).limit(1)).one())
    assert tuple(found) == ("x\ufffdy", "half \ufffd", "whole \U0001f600", "no \\u0000")


def written(store: Store) -> int:
    return store.read_now(lambda c: c.execute(select(func.count()).select_from(schema.filing)).scalar_one())


@pytest.mark.parametrize("is_back", [False, True])
def test_the_copy_of_a_store_in_use_is_of_one_moment(url: str, tmp_path: Path, server_url: str, is_back: bool) -> None:
    source, target = url, server_url
    if is_back:
        copy_between(url, server_url, quiet)
        source, target = server_url, f"sqlite:///{tmp_path / 'again.db'}"
    before = everything(source)

    with Store(source) as store:

        def write_on(what: str, done: int, of: int) -> None:
            if what == "rows":
                store.write_now(filings.spot, [filing(f"0000000009-26-{done:06}")], NOW)

        copied = copy_between(source, target, write_on)
        assert written(store) > 3

    assert copied.rows["filing"] == 3
    assert everything(target) == before


@pytest.mark.parametrize("made", [True, False])
def test_a_store_without_filings_is_replaced(url: str, tmp_path: Path, server_url: str, made: bool) -> None:
    for target in (server_url, f"sqlite:///{tmp_path / 'other.db'}"):
        if made:
            Store(target).close()

        copy_between(url, target, quiet)

        assert everything(target) == everything(url)


@pytest.mark.parametrize("is_server", [True, False])
def test_a_store_that_holds_something_is_never_overwritten(
    url: str, tmp_path: Path, server_url: str, is_server: bool
) -> None:
    target = server_url if is_server else f"sqlite:///{tmp_path / 'other.db'}"
    with Store(target) as store:
        store.write_now(filings.spot, [filing(THIRD)], NOW)
    before = everything(target)

    with pytest.raises(StoreError, match="holds 1 filings: a copy goes into an empty store only"):
        copy_between(url, target, quiet)

    assert everything(target) == before


def test_a_store_that_a_daemon_has_is_not_filled(url: str, tmp_path: Path, server_url: str) -> None:
    file = tmp_path / "other.db"
    with StoreLock(file), pytest.raises(StoreLocked, match="in use by process"):
        copy_between(url, f"sqlite:///{file}", quiet)

    with spotting(server_url), pytest.raises(StoreLocked, match="a daemon uses it"):
        copy_between(url, server_url, quiet)
    assert not file.exists()


def test_a_file_that_another_program_has_open_is_not_replaced(url: str, tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'other.db'}") as store:
        store.read_now(alerts.find)
        with pytest.raises(StoreError, match="another program has it open"):
            copy_between(url, store.url, quiet)


def spotting(url: str) -> Any:
    """A connection that has the right to spot, as a daemon's."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SELECT pg_advisory_lock(%s)", (SPOTTER_LOCK,))
    return connection


def test_who_has_a_store_is_told(url: str, server_url: str) -> None:
    assert daemon_of(url) == daemon_of(server_url) == ""

    with StoreLock(Path(url.removeprefix("sqlite:///"))), spotting(server_url):
        assert daemon_of(url).startswith("process ")
        assert daemon_of(server_url) == "a daemon"


@pytest.mark.parametrize("is_server", [True, False])
def test_a_copy_that_differs_is_not_kept(
    url: str, tmp_path: Path, server_url: str, is_server: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = server_url if is_server else f"sqlite:///{tmp_path / 'other.db'}"
    insert = copied_rows.insert

    def damage(side: Any, table: Any, rows: Any) -> None:
        if table is schema.item:
            rows = rows[:-1]
        if table is schema.filer:
            rows = [(*row[:2], row[2].upper(), *row[3:]) for row in rows]
        insert(side, table, rows)

    monkeypatch.setattr(copied_rows, "insert", damage)
    with pytest.raises(StoreError, match=r"not kept: filer \(3 rows, here 3\), item \(2 rows, here 1\)"):
        copy_between(url, target, quiet)

    assert_nothing_came(target)


def assert_nothing_came(target: str) -> None:
    if target.startswith("sqlite"):
        folder = Path(target.removeprefix("sqlite:///")).parent
        assert not [one.name for one in folder.iterdir() if "other.db" in one.name and not one.name.endswith(".lock")]
        return
    with Store(target) as store:
        assert written(store) == 0
        assert add_silence(store).id == 1
        store.write_now(forget)


KILLED = """
import os, signal, sys
from watcher.keeping.moving import copy_between
copy_between(sys.argv[1], sys.argv[2], lambda what, *_: what == sys.argv[3] and os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.parametrize("when", ["rows", "rows compared"])
@pytest.mark.parametrize("is_server", [True, False])
def test_a_killed_copy_is_none_and_can_be_made_again(
    url: str, tmp_path: Path, server_url: str, is_server: bool, when: str
) -> None:
    target = server_url if is_server else f"sqlite:///{tmp_path / 'other.db'}"

    killed = subprocess.run([sys.executable, "-c", KILLED, url, target, when], check=False)

    assert killed.returncode == -signal.SIGKILL
    if is_server:
        assert_nothing_came(target)
    else:
        assert not (tmp_path / "other.db").exists()
    copy_between(url, target, quiet)
    assert everything(target) == everything(url)


def test_what_fails_at_the_source_is_told_of_the_source(url: str, tmp_path: Path, server_url: str) -> None:
    with pytest.raises(StoreError, match=r"none.db: there is no store yet"):
        copy_between(f"sqlite:///{tmp_path / 'none.db'}", server_url, quiet)
    with pytest.raises(StoreError, match=r"copy_\d+_\d+: the store has schema none"):
        copy_between(fresh_and_empty := fresh_database("copy"), f"sqlite:///{tmp_path / 'other.db'}", quiet)
    drop_database(fresh_and_empty)
    assert_nothing_came(server_url)


def test_what_the_server_refuses_is_told_in_words(url: str, tmp_path: Path, server_url: str) -> None:
    Store(server_url).close()
    run_sql(server_url, "ALTER TABLE item ADD CHECK (number <> '7.01')")

    with pytest.raises(StoreError, match=r"copy_\d+_\d+: new row for relation \"item\" violates check"):
        copy_between(url, server_url, quiet)

    assert_nothing_came(server_url)


def test_two_copies_to_one_file_do_not_write_into_each_other(url: str, tmp_path: Path) -> None:
    with alone(tmp_path / "other.db", "copy"), pytest.raises(EightkError, match="another copy to this file"):
        copy_between(url, f"sqlite:///{tmp_path / 'other.db'}", quiet)


def test_a_backup_of_a_server_is_a_file_and_can_be_copied_back(url: str, tmp_path: Path, server_url: str) -> None:
    copy_between(url, server_url, quiet)

    made = back_up(server_url, tmp_path / "backup.db", quiet)

    assert made.rows["filing"] == 3
    assert made.bytes == made.path.stat().st_size
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backup.db", "from"]
    assert everything(f"sqlite:///{made.path}") == everything(url)
    drop_database(server_url)
    run_sql(server_url.rpartition("/")[0] + "/postgres", f"CREATE DATABASE {server_url.rpartition('/')[2]}")
    copy_between(f"sqlite:///{made.path}", server_url, quiet)
    assert everything(server_url) == everything(url)


def test_a_backup_of_a_server_with_its_archive_unpacks_to_a_data_folder(tmp_path: Path, server_url: str) -> None:
    raw = tmp_path / "raw"
    with Store(server_url) as store:
        fill(store)
        kept = Archive(raw, store.id).keep(ACCESSION, NOW.date(), b"made up")
        store.write_now(filings.note_archived, ACCESSION, kept)

    made = back_up(server_url, tmp_path / "all.tar", quiet, archive=raw)

    assert (made.raw_files, made.missing) == (1, ())
    with tarfile.open(made.path) as tar:
        tar.extractall(tmp_path / "restored", filter="data")
    restored = tmp_path / "restored" / "data"
    with Store(f"sqlite:///{restored / 'eightk.db'}") as again:
        assert Archive(restored / "raw", again.id).read(kept) == b"made up"


def test_the_command_copies_the_settings_store_and_says_what_it_did(tmp_path: Path, server_url: str) -> None:
    place = Place(tmp_path).set_up()
    with Store(f"sqlite:///{tmp_path / 'data' / 'eightk.db'}") as store:
        fill(store)
    with StoreLock(tmp_path / "data" / "eightk.db"):
        done = place.eightk("store", "copy", "-", server_url)
    refused = place.eightk("store", "copy", "-", server_url)
    back = place.eightk("store", "copy", server_url, f"sqlite:///{tmp_path / 'back.db'}", "--json")

    assert done.returncode == 0, done.stderr
    assert "copied and compared: 3 filings, 2 reports, 2 alerts, 2 deliveries" in done.stdout
    assert "uses FROM: what it writes from now on is not in the copy" in done.stderr
    assert refused.returncode == 3
    assert refused.stderr.strip().endswith(
        "holds 3 filings, 2 alerts, 1 silences: a copy goes into an empty store only; name another one"
    )
    assert json.loads(back.stdout) | {"rows": {}} == {"rows": {}, "changed": 0, "was_in_use": False}
    assert (tmp_path / "back.db").stat().st_mode & 0o777 == 0o600


def test_what_is_no_store_is_wrong_usage(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()

    no_url = place.eightk("store", "copy", "-", "data/eightk.db")
    no_name = place.eightk("store", "copy", "postgresql://user:secret@127.0.0.1/", "-")
    same = place.eightk("store", "copy", "-", f"sqlite:///{tmp_path / 'data' / 'eightk.db'}")

    assert [one.returncode for one in (no_url, no_name, same)] == [2, 2, 2]
    assert "give a URL such as sqlite:///data/eightk.db or postgresql://user@host/name" in no_url.stderr
    assert "names no database" in no_name.stderr
    assert "FROM and TO are the same store" in same.stderr
    assert "secret" not in no_name.stderr


def test_the_commands_that_keep_a_store_work_on_a_server(tmp_path: Path, server_url: str) -> None:
    place = Place(tmp_path).set_up(more=f'[store]\nurl = "{server_url}"\n[retention]\nraw_days = 1')
    with Store(server_url) as store:
        fill(store)

    backup = place.eightk("backup", str(tmp_path / "copy.db"))
    packed = place.eightk("backup", str(tmp_path / "copy.tar"), "--with-archive", "--json")
    retention = place.eightk("retention")
    check = place.eightk("check")

    assert [one.stderr for one in (backup, packed, retention, check) if one.returncode] == []
    assert "checked: 3 filings, 2 reports, 2 deliveries" in backup.stdout
    assert json.loads(packed.stdout)["raw_files"] == 0


async def test_a_daemon_goes_on_with_the_copy_where_the_one_before_it_ended(tmp_path: Path, server_url: str) -> None:
    place = Place(tmp_path)
    receiver = Receiver(secret=place.secret)
    simulator = Simulator.from_generator(seed=21, count=20, listed=5, pace=10)
    async with serve(simulator) as edgar, receive(receiver) as hook:

        def run_until(is_so: Callable[[], bool], more: str) -> None:
            place.set_up(edgar=edgar, receiver=hook, more=f"[limits]\nworkers = 1\n{more}")
            with Running(place):
                assert wait_until(is_so, 60)

        def everything_is_told() -> bool:
            with Store(server_url, only_read=True) as store:
                stored = store.read_now(filings.find, filings.Query(limit=None))
                owed = store.read_now(deliveries.count_by_state).get(DeliveryState.PENDING, 0)
            return len(stored) == 20 and all(one.settled_at for one in stored) and not owed

        def move() -> None:
            run_until(lambda: len(receiver.received) >= 5, "")
            done = place.eightk("store", "copy", "-", server_url)
            assert done.returncode == 0, done.stderr
            run_until(everything_is_told, f'[store]\nurl = "{server_url}"')

        await asyncio.to_thread(move)

    with Store(server_url, only_read=True) as store:
        raised = store.read_now(alerts.find, limit=100)
    assert sorted(one.sequence for one in raised) == list(range(1, len(raised) + 1))
    assert {one.message_id for one in receiver.received} == {
        one.id for one in raised if any(telling.endpoint == "desk" for telling in one.told)
    }
    assert max(Counter(one.message_id for one in receiver.received).values()) == 1
