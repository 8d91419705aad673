"""Tells an alert to a file: the payload as one JSON line at its end, on disk before the delivery counts as made."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

from handlers.notify._apart import run_apart
from watcher import DeliveryError, Message, Notifier, Post

__all__ = ["File"]

_DATE = "{date}"
_LOCK_SECONDS = 5.0


class File(Notifier):
    """Append each payload to ``path``, in which ``{date}`` stands for the day (UTC) on which it is written.

    Several writers may share a file that they all lock so. A line that a crash left unfinished stays, ended, so that
    every whole line is one payload. A repeat appends the payload again, with the same id.
    """

    name = "file"

    def __init__(self, *, path: Path) -> None:
        self._path = str(path)
        if "{" in self._path.replace(_DATE, "") or "}" in self._path.replace(_DATE, ""):
            raise ValueError("path: {date} is the one placeholder")
        if _DATE not in self._path and Path(self._path).exists() and not Path(self._path).is_file():
            raise ValueError(f"path: {self._path} is no file")

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Append the line. Raises ``DeliveryError`` when the disk does not take it."""
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        path = Path(self._path.replace(_DATE, day))
        # Between the tokens of JSON a line end is a space, and within them there is none.
        line = message.payload.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        try:
            await run_apart(lambda: _append(path, line), name="file")
        except OSError as error:
            raise DeliveryError(f"{path} could not be written: {(error.strerror or 'no').lower()}") from error


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not blocking: a pipe by this name would wait for a reader for ever.
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(None, "it is no plain file")
        _lock(file)
        _append_whole(file, line)
    finally:
        os.close(file)
    _sync_folder(path.parent)


def _lock(file: int) -> None:
    ends_at = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.02)
        else:
            return


def _append_whole(file: int, line: bytes) -> None:
    """Append the line, or nothing."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        left = line
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, size)
        raise


def _sync_folder(folder: Path) -> None:
    """Put the file's own name on disk, which a new file's content does not include."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
