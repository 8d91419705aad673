"""The watched folder on disk: which files may be taken, when one is complete, and where files go afterwards.

Blocking, and without a word about the store: `FolderSource` calls it from threads.
"""

from __future__ import annotations

import errno
import gzip
import io
import logging
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from watcher.errors import ReadError, TooLargeError

__all__ = ["Growing", "Inbox"]

log = logging.getLogger(__name__)

_ARCHIVES = (".tar", ".tar.gz", ".tgz")
DONE = "done"
REJECTED = "rejected"
REASON_SUFFIX = ".reason"  # of what lies beside a refused file, and says why
# What editors, browsers and copy programs call a file that they are still writing.
UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".crdownload", ".swp", "~")
END_MARK = re.compile(
    rb"</SEC-DOCUMENT>|</IMS-DOCUMENT>|</SUBMISSION>|-----END PRIVACY-ENHANCED MESSAGE-----", re.IGNORECASE
)
TAIL_BYTES = 1024
MAX_NAME_BYTES = 255


class Growing(Exception):  # noqa: N818  # a decision, not an error
    """Raised when a file may still be growing."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A file as it was at a look, and since when it has been so (by a clock that no network drive sets)."""

    size: int
    changed_ns: int
    since: float


class Inbox:
    """One folder with its ``done/`` and ``rejected/``."""

    def __init__(
        self,
        folder: Path,
        *,
        settle_seconds: float,
        max_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self._settle_seconds = settle_seconds
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._looks: dict[Path, _Look] = {}
        self._told: set[Path] = set()  # of which something was said that need not be said again

    def make(self) -> None:
        """Make the folders. Raises ``OSError``."""
        for folder in (self.folder, self.folder / DONE, self.folder / REJECTED):
            folder.mkdir(parents=True, exist_ok=True)

    def candidates(self) -> list[Path]:
        """The files that may be taken, by name. Raises ``OSError``."""
        return sorted(self._candidates())

    def status(self, path: Path) -> os.stat_result | None:
        """A file's status; None when it is not one to take. Raises ``FileNotFoundError`` when it is gone."""
        status = path.lstat()
        if not _may_be_taken(path):
            return None
        if not stat.S_ISREG(status.st_mode):
            self._tell_once(path, "not a regular file; left alone")
            return None
        return status

    def read(self, path: Path, status: os.stat_result) -> bytes:
        """Return a complete file's bytes, unpacked if its name ends in ``.gz``.

        Raises ``Growing`` while it may not be whole: a file without a submission's end mark is whole only when it was
        the same at two looks, ``settle_seconds`` apart. Raises ``ReadError``, and ``OSError``.
        """
        if path.name.endswith(_ARCHIVES):
            raise ReadError(
                f"{path.name}: an archive of many files; read it with: eightk backfill --archives (a day's of EDGAR), "
                "or unpack it here"
            )
        if status.st_size > self._max_bytes:
            raise TooLargeError(
                f"{path.name}: {status.st_size:,} bytes, more than the {self._max_bytes:,} that are read"
            )
        with _opened(path, status) as file:
            file.seek(max(0, status.st_size - TAIL_BYTES))
            is_ended = END_MARK.search(file.read(TAIL_BYTES)) is not None
            if not is_ended and not self._is_settled(path, status):
                raise Growing
            file.seek(0)
            raw = file.read(self._max_bytes + 1)
            after = os.fstat(file.fileno())
        if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
            raise Growing
        self._looks.pop(path, None)
        return self._unpacked(raw, path.name) if path.name.endswith(".gz") else raw

    def put_away(self, path: Path) -> Path | None:
        """Move a read file to ``done/``; None when the folder will not let it go."""
        return self._move(path, self.folder / DONE)

    def reject(self, path: Path, reason: str) -> Path | None:
        """Move a refused file to ``rejected/``, with the reason beside it; None when it cannot be moved."""
        if path in self._told:
            return None
        log.error("file refused", extra={"file": path.name, "reason": reason})
        target = self._move(path, self.folder / REJECTED)
        if target is not None:
            _write_reason(target, reason)
        return target

    def _unpacked(self, packed: bytes, name: str) -> bytes:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
                raw = file.read(self._max_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ReadError(f"{name}: cannot be unpacked: {error}") from error
        if len(raw) > self._max_bytes:
            raise TooLargeError(f"{name}: unpacks to more than the {self._max_bytes:,} bytes that are read")
        return raw

    def _candidates(self) -> Iterator[Path]:
        for path in self.folder.iterdir():
            if _may_be_taken(path):
                yield path

    def _is_settled(self, path: Path, status: os.stat_result) -> bool:
        now = self._monotonic()
        look = self._looks.get(path)
        if look is None or (look.size, look.changed_ns) != (status.st_size, status.st_mtime_ns):
            look = self._looks[path] = _Look(status.st_size, status.st_mtime_ns, now)
        return now - look.since >= self._settle_seconds

    def _move(self, path: Path, folder: Path) -> Path | None:
        """Move the file, never over another one; None when the folder will not let it go."""
        if path in self._told:
            return None
        try:
            folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                # Whoever may put files here could have them moved to wherever eightk may write.
                raise OSError(errno.ELOOP, f"{folder.name} is a link")
            target = _free_name(folder, path)
            path.rename(target)
        except FileNotFoundError:
            raise
        except OSError as error:
            self._tell_once(path, f"cannot be moved away: {error.strerror}")
            return None
        self._looks.pop(path, None)
        return target

    def _tell_once(self, path: Path, what: str) -> None:
        if path not in self._told:
            self._told.add(path)
            log.error("file left in place", extra={"file": path.name, "reason": what})


def _may_be_taken(path: Path) -> bool:
    name = path.name
    return not name.startswith(".") and not name.endswith(UNFINISHED_SUFFIXES) and name not in (DONE, REJECTED)


def _opened(path: Path, status: os.stat_result) -> IO[bytes]:
    """Open the file that was looked at; another one in its place may be a link, or a pipe that is never written to.

    Raises ``Growing`` when it is another one, and ``OSError``.
    """
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or (found.st_dev, found.st_ino) != (status.st_dev, status.st_ino):
        file.close()
        raise Growing
    return file


def _free_name(folder: Path, path: Path) -> Path:
    """A name in that folder that nothing has, a link that leads nowhere included."""
    target = folder / path.name
    for number in range(1, 1000):
        if not os.path.lexists(target):
            return target
        target = folder / _numbered(path, number)
    return folder / _numbered(path, time.time_ns())


def _numbered(path: Path, number: int) -> str:
    stem, suffix = (path.stem, path.suffix) if len(path.suffix) < 20 else (path.name, "")
    ending = os.fsencode(f".{number}{suffix}")
    return os.fsdecode(os.fsencode(stem)[: MAX_NAME_BYTES - len(ending)] + ending)


def _write_reason(target: Path, reason: str) -> None:
    name = os.fsencode(target.name)[: MAX_NAME_BYTES - len(REASON_SUFFIX)]
    beside = target.parent / (os.fsdecode(name) + REASON_SUFFIX)
    try:
        # Not through a link that somebody put there.
        beside.unlink(missing_ok=True)
        with beside.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{reason}\n")
    except OSError as error:
        log.error("reason cannot be written", extra={"file": target.name, "reason": error.strerror})
