"""What lies on the disk: how much the archive and the store take, and how much is free."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

__all__ = ["GIGABYTE", "Disk", "in_words"]

GIGABYTE = 10**9
_REMEDIES = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room on its disk",
    errno.EROFS: "remount it so that it can be written",
}


def in_words(error: OSError) -> str:
    """What the system says of an error, and what a person can do about it where that is known."""
    remedy = _REMEDIES.get(error.errno or 0, "")
    said = error.strerror or str(error)
    return f"{said}: {remedy}" if remedy else said


class Disk:
    """The disk of one data folder. ``archive_bytes`` is as of the last `measure`, less what was taken away since."""

    def __init__(self, data_dir: Path, store: Path, archive: Path) -> None:
        self.archive = archive
        self.archive_bytes: int | None = None
        self._data_dir = data_dir
        self._store = store

    def measure(self) -> int:
        """Add up the archive's files, which takes a while where there are many. Raises ``OSError``."""
        self.archive_bytes = _bytes_below(self.archive)
        return self.archive_bytes

    def store_bytes(self) -> int:
        """The database with its write-ahead log; what is not there has no bytes."""
        files = (self._store, self._store.with_name(f"{self._store.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def free_bytes(self) -> int:
        """How much may still be written. Raises ``OSError``."""
        return shutil.disk_usage(self._data_dir).free

    def trouble(self, warn_free_gigabytes: float) -> str:
        """Say that the disk is nearly full; "" when it is not, or when nobody wants to know."""
        if not warn_free_gigabytes:
            return ""
        try:
            free = self.free_bytes()
        except OSError as error:
            return f"{self._data_dir}: its disk cannot be looked at: {error.strerror}"
        if free >= warn_free_gigabytes * GIGABYTE:
            return ""
        return f"{self._data_dir}: only {free / GIGABYTE:.2f} GB are free on its disk (retention.warn_free_gigabytes)"


def _bytes_below(folder: Path) -> int:
    found = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        found += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # taken away meanwhile
            continue
    return found
