"""The lock: one process owns a store, others can find out who, and no end of a process leaves it locked."""

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from watcher.errors import StoreError, StoreLocked
from watcher.lock import Owner, StoreLock, lock_path, owner_of

OWNER = """
import sys
from pathlib import Path
from watcher.lock import StoreLock

lock = StoreLock(Path(sys.argv[1]))
lock.announce("http://127.0.0.1:1234")
print(lock.token, flush=True)
sys.stdin.read()
"""


class Other:
    """Another process that owns the store."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-c", OWNER, str(store)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.token = self.process.stdout.readline().strip()

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.communicate()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data" / "eightk.db"


@pytest.fixture
def other(store: Path) -> Iterator[Other]:
    made = Other(store)
    yield made
    made.end(signal.SIGKILL)


def test_a_store_that_another_process_owns_cannot_be_taken(store: Path, other: Other):
    with pytest.raises(StoreLocked) as raised:
        StoreLock(store)

    who = f"process {other.process.pid} (its page: http://127.0.0.1:1234)"
    assert str(raised.value) == f"{store}: in use by {who}; end it first, or use another data_dir"


def test_others_learn_who_the_owner_is_and_how_to_ask_it(store: Path, other: Other):
    assert owner_of(store) == Owner(other.process.pid, "http://127.0.0.1:1234", other.token)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_owner_leaves_the_store_free(store: Path, other: Other, number: signal.Signals):
    other.end(number)

    assert owner_of(store) is None
    StoreLock(store).release()


def test_a_program_that_the_owner_started_does_not_keep_the_lock(store: Path):
    with StoreLock(store):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    free = owner_of(store)
    child.communicate()

    assert free is None


def test_one_process_cannot_take_it_twice(store: Path):
    with StoreLock(store), pytest.raises(StoreLocked, match=f"in use by process {os.getpid()};"):
        StoreLock(store)


def test_a_released_store_is_free(store: Path):
    lock = StoreLock(store)
    lock.release()
    lock.release()

    assert owner_of(store) is None


def test_a_store_that_nobody_ever_owned_is_free(store: Path):
    assert owner_of(store) is None


def test_asking_who_owns_it_makes_no_file(store: Path):
    owner_of(store)

    assert not lock_path(store).exists()


def test_asking_while_it_is_free_does_not_keep_it_from_being_taken(store: Path):
    StoreLock(store).release()
    for _ in range(20):
        owner_of(store)

    StoreLock(store).release()


@pytest.mark.parametrize("rights", [None, 0o644])
def test_only_its_user_can_read_the_token(store: Path, rights: int | None):
    if rights is not None:
        store.parent.mkdir()
        lock_path(store).touch(rights)
    with StoreLock(store):
        assert stat.S_IMODE(lock_path(store).stat().st_mode) == 0o600


def test_no_token_stays_in_the_file_of_a_released_lock(store: Path):
    StoreLock(store).release()

    assert lock_path(store).read_text() == ""


def test_every_owner_has_a_token_of_its_own(store: Path):
    tokens = set()
    for _ in range(3):
        with StoreLock(store) as lock:
            tokens.add(lock.token)

    assert len(tokens) == 3


def test_a_shorter_address_leaves_nothing_of_a_longer_one(store: Path):
    with StoreLock(store) as lock:
        lock.announce("http://127.0.0.1:12345")
        lock.announce("http://[::1]:1")

        assert owner_of(store) == Owner(os.getpid(), "http://[::1]:1", lock.token)


def test_an_owner_that_has_not_said_its_name_yet_is_an_owner_all_the_same(store: Path):
    with StoreLock(store):
        lock_path(store).write_text("")

        assert owner_of(store) == Owner(pid=0)


def test_a_lock_file_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "data").write_text("a file where the folder should be")

    with pytest.raises(StoreError, match=r"eightk\.db\.lock: the lock file cannot be opened"):
        StoreLock(tmp_path / "data" / "eightk.db")


def test_a_store_that_nobody_had_was_never_idle(store: Path):
    with StoreLock(store) as lock:
        assert lock.idle_seconds is None


def test_a_lock_tells_for_how_long_nobody_had_it(store: Path):
    with StoreLock(store):
        pass
    file = lock_path(store)
    released = file.stat().st_mtime - 60
    os.utime(file, (released, released))

    with StoreLock(store) as lock:
        assert lock.idle_seconds is not None
        assert 60 <= lock.idle_seconds < 120


def test_when_an_owner_that_was_killed_had_it_last_is_not_known(store: Path, other: Other):
    other.end(signal.SIGKILL)
    os.utime(lock_path(store), (0, 0))

    with StoreLock(store) as lock:
        assert lock.idle_seconds == 0


def test_a_lock_file_that_the_disk_does_not_take_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("watcher.lock.os.pwrite", full)

    with pytest.raises(StoreError, match=r"eightk\.db\.lock: cannot be written: .*make room on its disk"):
        StoreLock(tmp_path / "eightk.db")
    monkeypatch.undo()
    StoreLock(tmp_path / "eightk.db").release()


def test_a_disk_that_turned_read_only_lets_a_store_be_given_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    lock = StoreLock(tmp_path / "eightk.db")
    monkeypatch.setattr("watcher.lock.os.ftruncate", read_only)
    lock.release()
    monkeypatch.undo()

    assert owner_of(tmp_path / "eightk.db") is None
