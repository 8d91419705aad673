"""Who owns the store: one process at a time, known by a lock file beside it.

The lock is the operating system's, so it ends with its process, however that ends. The file's text tells others where
the owner's API is, with a token that only this user can read.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from watcher.disk import in_words
from watcher.errors import StoreError, StoreLocked

__all__ = ["Owner", "StoreLock", "lock_path", "owner_of"]

LOOKS = 4
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a store. ``url`` is "" when it serves no API."""

    pid: int
    url: str = ""
    token: str = ""


def lock_path(store: Path) -> Path:
    """The lock file of a store. Raises ``StoreError`` for a path that names no file."""
    if not store.name:
        raise StoreError(f"{store}: names no file")
    return store.with_name(f"{store.name}.lock")


class StoreLock:
    """The right to write a store. Released by ``release``, or by the end of the process.

    ``idle_seconds`` tells for how long nobody had it before: 0 when the last owner was killed, for then nobody knows;
    None when there never was one.
    """

    def __init__(self, store: Path) -> None:
        self.token = secrets.token_urlsafe(24)
        path = self._path = lock_path(store)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: the lock file cannot be opened: {in_words(error)}") from error
        try:
            _lock(self._file)
        except BlockingIOError as error:
            os.close(self._file)
            raise StoreLocked(
                f"{store}: in use by {_said(_read(path))}; end it first, or use another data_dir"
            ) from error
        except OSError as error:
            os.close(self._file)
            raise StoreError(f"{path}: this file system cannot lock it: {error.strerror}") from error
        # A file that was there before may have had wider rights.
        os.fchmod(self._file, 0o600)
        self.idle_seconds = None if is_new else _idle_seconds(os.fstat(self._file))
        try:
            self.announce("")
        except StoreError:
            self.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def is_in_place(self) -> bool:
        """Whether the lock file is still the one that was locked, so that another process would see it."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError:
            return False

    def announce(self, url: str) -> None:
        """Tell others where the owner's API is. Raises ``StoreError`` when the disk will not take it."""
        text = json.dumps(asdict(Owner(os.getpid(), url, self.token))).encode()
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text, 0)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {in_words(error)}") from error

    def release(self) -> None:
        """Give the store free. The file stays: removing it could take it from under the next owner."""
        if self._file >= 0:
            # A disk that takes nothing any more: the next owner counts this one as killed, which harms nothing.
            with suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def owner_of(store: Path) -> Owner | None:
    """Return who owns the store now, or None when it is free. Raises ``StoreError`` when this user may not know."""
    path = lock_path(store)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: the lock file cannot be read: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _owner(path)
    finally:
        os.close(file)
    return None


def _owner(path: Path) -> Owner:
    """Who holds the lock. Between taking it and writing its name an owner is nameless for a moment."""
    for _ in range(LOOKS):
        if owner := _read(path):
            return owner
        time.sleep(LOOK_SECONDS)
    return Owner(pid=0)


def _idle_seconds(status: os.stat_result) -> float:
    # Who ends in order leaves an empty file.
    return 0.0 if status.st_size else max(0.0, time.time() - status.st_mtime)


def _said(owner: Owner | None) -> str:
    if owner is None:
        return "another process"
    return f"process {owner.pid}{f' (its page: {owner.url})' if owner.url else ''}"


def _lock(file: int) -> None:
    for _ in range(LOOKS):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # `owner_of` in another process holds it for a moment.
            time.sleep(LOOK_SECONDS)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(path: Path) -> Owner | None:
    try:
        return Owner(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
