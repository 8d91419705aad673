"""A store in a file of SQLite: what the file system does to it, and what it must keep."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW
from sqlalchemy import Connection, text

from watcher.errors import StoreError
from watcher.models import Filing
from watcher.store import filings
from watcher.store.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


def test_a_committed_write_is_synced_to_disk(store: Store):
    """What is acknowledged survives a power failure: a setting that only a connection knows."""

    def settings(connection: Connection) -> tuple[object, ...]:
        return tuple(
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    assert store.write_now(settings) == ("wal", 2, 1)


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b"])
def test_a_folder_of_any_name_can_hold_the_store(tmp_path: Path, name: str):
    path = tmp_path / name / "eightk.db"
    with Store(f"sqlite:///{path}") as opened:
        opened.write_now(filings.spot, [Filing(ACCESSION)], NOW)

    assert path.is_file()


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path):
    path = tmp_path / "eightk.db"
    path.write_text("a letter to somebody, much longer than a header")

    with pytest.raises(StoreError, match=r"eightk\.db: cannot be opened as a store"):
        Store(f"sqlite:///{path}")


def test_a_store_that_is_only_read_is_not_made(tmp_path: Path):
    with pytest.raises(StoreError, match="there is no store yet"):
        Store(f"sqlite:///{tmp_path / 'eightk.db'}", only_read=True)

    assert list(tmp_path.iterdir()) == []


def test_a_store_can_be_read_while_another_process_owns_it(tmp_path: Path, store: Store):
    store.write_now(filings.spot, [Filing(ACCESSION)], NOW)
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}", only_read=True) as reader:
        found = reader.read_now(filings.get, ACCESSION)

    assert found == store.read_now(filings.get, ACCESSION)


def test_closing_twice_is_harmless(tmp_path: Path):
    opened = Store(f"sqlite:///{tmp_path / 'eightk.db'}")
    opened.close()
    opened.close()

    assert not (tmp_path / "eightk.db-wal").exists()


@pytest.fixture
def on_read_only_medium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store on a medium that cannot be written, as far as the system says so."""
    path = tmp_path / "eightk.db"
    with Store(f"sqlite:///{path}") as store:
        store.write_now(filings.spot, [Filing(ACCESSION)], NOW)
    monkeypatch.setattr("watcher.store.sqlite._is_read_only", lambda folder: folder == tmp_path)
    return path


def test_a_store_on_a_read_only_medium_is_read_and_nothing_is_made_beside_it(on_read_only_medium: Path) -> None:
    with Store(f"sqlite:///{on_read_only_medium}", only_read=True) as store:
        found = store.read_now(filings.get, ACCESSION)
        beside = sorted(path.name for path in on_read_only_medium.parent.iterdir())

    assert (found.filing.accession, beside) == (ACCESSION, ["eightk.db"])


def test_what_its_log_still_holds_is_not_left_out_on_a_read_only_medium(on_read_only_medium: Path) -> None:
    on_read_only_medium.with_name("eightk.db-wal").write_bytes(b"more")

    with pytest.raises(StoreError, match=r"eightk\.db-wal holds more.*copy both"):
        Store(f"sqlite:///{on_read_only_medium}", only_read=True)


def test_a_store_on_a_read_only_medium_cannot_be_written_and_the_remedy_is_told(on_read_only_medium: Path) -> None:
    with pytest.raises(StoreError, match=r"on a medium that cannot be written: copy it to another one"):
        Store(f"sqlite:///{on_read_only_medium}")


def test_a_damaged_page_is_found_before_the_store_is_used_and_the_remedy_is_told(tmp_path: Path) -> None:
    path = tmp_path / "eightk.db"
    with Store(f"sqlite:///{path}") as store:
        store.write_now(filings.spot, [Filing(ACCESSION)], NOW)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for place in range(4096, size, 4096):
            file.seek(place)
            file.write(b"\xa5" * 4096)

    with pytest.raises(StoreError, match=r"eightk\.db: .*put a backup in its place \(eightk backup"):
        Store(f"sqlite:///{path}")


def test_a_file_that_is_no_database_any_more_tells_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "eightk.db"
    path.write_bytes(b"\xa5" * 8192)

    with pytest.raises(StoreError, match=r"not a database; put a backup in its place \(eightk backup"):
        Store(f"sqlite:///{path}")


def test_a_store_that_another_process_writes_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.store.sqlite.BUSY_SECONDS", 0.1)
    path = tmp_path / "eightk.db"
    with Store(f"sqlite:///{path}") as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreError, match="another process has been writing for"):
            store.write_now(filings.spot, [Filing(ACCESSION)], NOW)


def test_a_disk_that_is_full_is_told_with_the_remedy(store: Store) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(text("PRAGMA max_page_count = 1"))
        connection.execute(text("CREATE TABLE more AS SELECT zeroblob(10000000)"))

    with pytest.raises(StoreError, match="full: make room on its disk"):
        store.write_now(fill)
