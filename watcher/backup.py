"""Backups: the store, alone or with the archive of raw filings, as one file that appears whole or not at all."""

from __future__ import annotations

import fcntl
import io
import os
import stat
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watcher.errors import EightkError, StoreError
from watcher.store.backup import archived_files, copy_store

__all__ = ["Backup", "Progress", "back_up"]

# What a tar holds, so that unpacking it makes a data folder.
_FOLDER = "data"
MARKER = ".store-id"
# Beside a target while its backup is made: a lock file, and files whose names go on from the lock file's.
_LOCK = ".eightk-part"
_ASIDE = ".new"
_LOOKS, _LOOK_SECONDS = 4, 0.05

Progress = Callable[[str, int, int], None]  # what is done, how much of it, and of how much


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    path: Path
    bytes: int
    rows: dict[str, int]  # of the store, by table
    raw_files: int | None = None  # None: without the archive
    missing: tuple[str, ...] = ()  # raw files that the store names and the archive lacks


def back_up(
    store: Path, target: Path, progress: Progress, *, archive: Path | None = None, replace: bool = False
) -> Backup:
    """Write a backup of a store, which may be in use, to a file; with its ``archive``, as a tar of both.

    Raises ``EightkError`` when the file is there already and is not to be replaced, is the store itself, or is being
    written by another backup, and ``StoreError`` when it cannot be made. Whatever goes wrong, the file is as it was
    before. What killed backups left in its folder is removed.
    """
    if not store.exists():
        raise StoreError(f"{store}: there is no store yet; eightk run makes one")
    _check_target(store, target, replace=replace)
    try:
        with _alone(target) as aside:
            made = _write(store, aside, progress, archive)
            _check_target(store, target, replace=replace)
            aside.replace(target)
            _sync(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    return Backup(target, target.stat().st_size, made.rows, made.raw_files, made.missing)


@contextmanager
def _alone(target: Path) -> Iterator[Path]:
    """Give the name of a file beside the target that nobody else writes to; it is gone afterwards."""
    lock = target.with_name(f".{target.name}{_LOCK}")
    held = _locked(lock)
    if held is None:
        raise EightkError(f"{target}: another backup to this file is under way")
    try:
        for left in _locks_left(target.parent):
            if left != lock and (other := _locked(left)) is not None:
                _release(left, other)
        _remove_aside(lock)
        yield lock.with_name(f"{lock.name}{_ASIDE}")
    finally:
        _release(lock, held)


def _locks_left(folder: Path) -> list[Path]:
    """The lock files of this user in a folder, of which some may be held."""
    named = [one for one in folder.iterdir() if one.name.startswith(".") and one.name.endswith(_LOCK)]
    return [one for one in named if _is_ours(one)]


def _is_ours(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False  # its owner was done with it
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def _locked(path: Path) -> int | None:
    """Open and lock a file, made if need be; None when another has it. Whoever removes it looks at it for a moment."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_LOOK_SECONDS)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last owner may have removed it between the two calls: a lock that nobody else would meet.
            if os.path.samestat(os.fstat(file), path.lstat()):
                return file
        except (BlockingIOError, FileNotFoundError):
            pass  # held, or just removed: looked at again
        except OSError:
            os.close(file)
            raise
        os.close(file)
    return None


def _release(lock: Path, held: int) -> None:
    """Remove what lies beside a lock, the lock last, and give it free."""
    try:
        _remove_aside(lock)
        lock.unlink(missing_ok=True)
    finally:
        os.close(held)


def _remove_aside(lock: Path) -> None:
    for one in lock.parent.iterdir():
        if one.name.startswith(f"{lock.name}{_ASIDE}"):
            one.unlink(missing_ok=True)


def _check_target(store: Path, target: Path, *, replace: bool) -> None:
    if not target.exists():
        return
    if target.is_dir():
        raise EightkError(f"{target}: is a folder; name a file in it")
    if target.samefile(store):
        raise EightkError(f"{target}: is the store itself")
    if not replace:
        raise EightkError(f"{target}: is there already; --force replaces it")


def _write(store: Path, aside: Path, progress: Progress, archive: Path | None) -> Backup:
    def told(done: int, pages: int) -> None:
        progress("pages", done, pages)

    if archive is None:
        copy = copy_store(store, aside, told)
        return Backup(aside, copy.bytes, copy.rows)
    copied = aside.with_name(f"{aside.name}.db")
    try:
        copied.unlink(missing_ok=True)
        copy = copy_store(store, copied, told)
        files, missing = _pack(store.name, copied, archive, aside, progress)
    finally:
        copied.unlink(missing_ok=True)
    return Backup(aside, aside.stat().st_size, copy.rows, files, missing)


def _pack(name: str, copied: Path, archive: Path, aside: Path, progress: Progress) -> tuple[int, tuple[str, ...]]:
    """Write the tar, a file at a time: the store first, then the raw files that this copy of it names."""
    files, missing = archived_files(copied), list[str]()
    with open(aside, "xb", opener=_for_us_alone) as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(copied, f"{_FOLDER}/{name}")
            # Else the unpacked archive would belong to no store, and any might take it.
            _add(tar, archive / MARKER, f"{_FOLDER}/raw/{MARKER}")
            for number, path in enumerate(files, start=1):
                if not _add(tar, archive / path, f"{_FOLDER}/raw/{path}"):
                    missing.append(path)
                progress("raw files", number, len(files))
        file.flush()
        os.fsync(file.fileno())
    return len(files) - len(missing), tuple(missing)


def _add(tar: tarfile.TarFile, file: Path, name: str) -> bool:
    """Add a file; False when it is gone. Read before its header is written: retention may take it away meanwhile."""
    try:
        content = file.read_bytes()
        status = file.stat()
    except FileNotFoundError:
        return False
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(content), int(status.st_mtime), 0o600
    tar.addfile(entry, io.BytesIO(content))
    return True


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
