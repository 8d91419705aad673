"""A backup of a running store: of one moment, checked, and whole or not there."""

import fcntl
import json
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from _running import Place
from _stores import ACCESSION, NOW, alert, filing, report, save

from watcher.errors import EightkError, StoreError
from watcher.keeping.backup import back_up
from watcher.models import Filing
from watcher.store import backup, filings
from watcher.store.archive import Archive
from watcher.store.database import Store

NAME = "eightk.db"


def quiet(what: str, done: int, of: int) -> None:
    """Shows no progress."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'data' / NAME}") as opened:
        save(opened, report(ACCESSION, alert()))
        yield opened


def test_a_copy_of_a_store_in_use_has_all_that_is_committed(store: Store, tmp_path: Path) -> None:
    made = back_up(store.path, tmp_path / "copy.db", quiet)

    with Store(f"sqlite:///{made.path}", only_read=True) as copy:
        assert copy.read_now(filings.get, ACCESSION).filing == store.read_now(filings.get, ACCESSION).filing
    assert (made.rows["filing"], made.rows["report"], made.rows["delivery"]) == (1, 1, 1)


def test_a_copy_of_a_store_that_nobody_uses(store: Store, tmp_path: Path) -> None:
    store.close()

    assert back_up(store.path, tmp_path / "copy.db", quiet).rows["filing"] == 1


def test_a_copy_is_one_file_for_this_user_alone(store: Store, tmp_path: Path) -> None:
    made = back_up(store.path, tmp_path / "copy.db", quiet)

    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "data") == ["copy.db"]


def test_a_copy_is_of_one_moment_however_much_is_written_meanwhile(store: Store, tmp_path: Path) -> None:
    """Another process's writes would make SQLite's backup begin anew, again and again."""
    for number in range(2, 1500):
        store.write_now(filings.spot, [filing(f"0000000001-26-{number:06}")], NOW)
    stop, written, shown = threading.Event(), [0], list[int]()

    def write() -> None:
        with sqlite3.connect(store.path, timeout=10) as other:
            while not stop.is_set():
                other.execute("UPDATE filing SET reason = ? WHERE accession = ?", (str(written[0]), ACCESSION))
                other.commit()
                written[0] += 1
        other.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = backup.copy_store(store.path, tmp_path / "copy.db", lambda done, pages: shown.append(done))
    finally:
        stop.set()
        thread.join()

    assert made.rows["filing"] == 1499
    assert written[0] > 0
    assert shown == sorted(shown)


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    with pytest.raises(EightkError, match="--force replaces it"):
        back_up(store.path, target, quiet)
    assert target.read_text() == "precious"

    back_up(store.path, target, quiet, replace=True)
    assert target.read_bytes().startswith(b"SQLite format 3")


def test_the_store_itself_is_never_replaced(store: Store) -> None:
    with pytest.raises(EightkError, match="is the store itself"):
        back_up(store.path, store.path, quiet, replace=True)


def test_a_folder_is_no_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(EightkError, match="is a folder"):
        back_up(store.path, tmp_path, quiet, replace=True)


def test_a_copy_that_is_not_what_it_should_be_never_gets_its_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("the last good one")
    real = backup._copy

    def damaged(*arguments: object) -> dict[str, int]:
        rows = real(*arguments)  # type: ignore[arg-type]
        return {**rows, "filing": rows["filing"] + 1}

    monkeypatch.setattr(backup, "_copy", damaged)
    with pytest.raises(StoreError, match="the copy lacks rows"):
        back_up(store.path, target, quiet, replace=True)

    assert target.read_text() == "the last good one"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.db", "data"]


def test_what_is_no_store_is_not_copied(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE mine (one INTEGER)")
    made.close()

    with pytest.raises(StoreError, match="no such table"):
        back_up(other, tmp_path / "copy.db", quiet)
    with pytest.raises(StoreError, match="there is no store yet"):
        back_up(tmp_path / "none.db", tmp_path / "copy.db", quiet)
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]


def test_a_folder_that_is_not_there_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        back_up(store.path, tmp_path / "none" / "copy.db", quiet)


def archived(store: Store, folder: Path, one: Filing, raw: bytes) -> str:
    kept = Archive(folder, store.id).keep(one.accession, NOW.date(), raw)
    store.write_now(filings.note_archived, one.accession, kept)
    return kept.path


def test_with_the_archive_it_unpacks_to_a_data_folder(store: Store, tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw"
    path = archived(store, raw, filing(), b"<SEC-DOCUMENT>made up")

    made = back_up(store.path, tmp_path / "all.tar", quiet, archive=raw)

    assert (made.raw_files, made.missing) == (1, ())
    with tarfile.open(made.path) as tar:
        tar.extractall(tmp_path / "restored", filter="data")
    restored = tmp_path / "restored" / "data"
    assert (restored / "raw" / path).read_bytes() == (raw / path).read_bytes()
    with Store(f"sqlite:///{restored / NAME}") as again:
        # It belongs to that archive: another store's would be refused.
        kept = again.read_now(filings.get, ACCESSION).archived
        assert kept is not None
        assert Archive(restored / "raw", again.id).read(kept) == b"<SEC-DOCUMENT>made up"


def test_a_raw_file_that_is_gone_is_told_and_the_rest_is_there(store: Store, tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw"
    path = archived(store, raw, filing(), b"made up")
    (raw / path).unlink()

    made = back_up(store.path, tmp_path / "all.tar", quiet, archive=raw)

    assert (made.raw_files, made.missing) == (0, (path,))


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with Store(f"sqlite:///{tmp_path / 'data' / NAME}") as store:
        save(store, report(ACCESSION, alert()))
        done = place.eightk("backup", str(tmp_path / "copy.db"))
        told = place.eightk("backup", str(tmp_path / "copy.db"), "--force", "--json")
    again = place.eightk("backup", str(tmp_path / "copy.db"))

    assert done.returncode == 0, done.stderr
    assert "checked: 1 filings, 1 reports, 1 deliveries" in done.stdout
    assert json.loads(told.stdout)["rows"]["filing"] == 1
    assert (again.returncode, again.stderr.strip()) == (
        3,
        f"eightk: {tmp_path / 'copy.db'}: is there already; --force replaces it",
    )


def test_a_disk_that_is_full_leaves_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        back_up(store.path, tmp_path / "copy.db", quiet)
    monkeypatch.undo()

    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_two_backups_to_one_file_do_not_write_into_each_other(store: Store, tmp_path: Path) -> None:
    target, refused = tmp_path / "copy.db", list[str]()

    def second(what: str, done: int, of: int) -> None:
        if not refused:
            with pytest.raises(EightkError) as error:
                back_up(store.path, target, quiet, replace=True)
            refused.append(str(error.value))

    made = back_up(store.path, target, second)

    assert refused == [f"{target}: another backup to this file is under way"]
    assert made.bytes == target.stat().st_size
    with Store(f"sqlite:///{target}", only_read=True) as copy:
        assert copy.read_now(filings.get, ACCESSION).filing.accession == ACCESSION
    assert names(tmp_path) == ["copy.db", "data"]


def test_backups_to_two_files_may_be_made_at_once(store: Store, tmp_path: Path) -> None:
    others = list[Path]()

    def second(what: str, done: int, of: int) -> None:
        if not others:
            others.append(back_up(store.path, tmp_path / "other.db", quiet).path)

    back_up(store.path, tmp_path / "copy.db", second)

    assert names(tmp_path) == ["copy.db", "data", "other.db"]


KILLED = """
import os, signal, sys
from pathlib import Path
from watcher.keeping.backup import back_up
back_up(Path(sys.argv[1]), Path(sys.argv[2]), lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.parametrize("next_one", ["monday.db", "tuesday.db"])
def test_what_a_killed_backup_left_goes_with_the_next_one(store: Store, tmp_path: Path, next_one: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, store.path, tmp_path / "monday.db"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert ".monday.db.eightk-part.new" in names(tmp_path)
    (tmp_path / ".monday.db.eightk-part.new.db-journal").touch()
    others = [".letter.part", "monday.db.eightk-part", ".Monday.db.eightk-part.new"]
    for name in others:
        (tmp_path / name).write_text("not a backup's")

    back_up(store.path, tmp_path / next_one, quiet)

    assert names(tmp_path) == sorted([*others, "data", next_one])


def test_what_another_backup_is_writing_stays(store: Store, tmp_path: Path) -> None:
    lock, aside = tmp_path / ".other.db.eightk-part", tmp_path / ".other.db.eightk-part.new"
    aside.write_text("half")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        back_up(store.path, tmp_path / "copy.db", quiet)

    assert names(tmp_path) == [lock.name, aside.name, "copy.db", "data"]


def test_a_link_by_the_name_of_the_lock_is_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".copy.db.eightk-part").symlink_to(tmp_path / "precious")

    with pytest.raises(StoreError, match="cannot be written"):
        back_up(store.path, tmp_path / "copy.db", quiet)
    assert (tmp_path / "precious").read_text() == "precious"


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())
