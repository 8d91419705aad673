"""A file that is written aside, and takes its name when it is whole: one writer to a name at a time."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.errors import EightkError

__all__ = ["alone", "sync"]

# Beside a target while it is made: a lock file, and files whose names go on from the lock file's.
_LOCK = ".eightk-part"
_ASIDE = ".new"
_LOOKS, _LOOK_SECONDS = 4, 0.05


@contextmanager
def alone(target: Path, what: str) -> Iterator[Path]:
    """Give the name of a file beside the target that nobody else writes to; it is gone afterwards.

    What killed ones left in the target's folder is removed. Raises ``EightkError`` when another writes to this target.
    """
    lock = target.with_name(f".{target.name}{_LOCK}")
    held = _locked(lock)
    if held is None:
        raise EightkError(f"{target}: another {what} to this file is under way")
    try:
        for left in _locks_left(target.parent):
            if left != lock and (other := _locked(left)) is not None:
                _release(left, other)
        _remove_aside(lock)
        yield lock.with_name(f"{lock.name}{_ASIDE}")
    finally:
        _release(lock, held)


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk when this returns. Raises ``OSError``."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


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
