"""What lies in the watched folder's ``rejected/``: how many files were refused, and why the newest of them were."""

from __future__ import annotations

import errno
import heapq
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watcher.printable import printable
from watcher.sources._inbox import REASON_SUFFIX, REJECTED

__all__ = ["Refusals", "RefusedFile", "RefusedFiles"]

MOST_LOOKED_AT = 20_000  # names in the folder: half of them are files, half their reasons
MOST_TOLD = 20
MOST_BYTES = 2_000
# A folder that changed so lately may change again within the same tick of its drive's clock.
FRESH_SECONDS = 2.0
_LAST_SECOND = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was refused: its name in ``rejected/``, when, and why."""

    name: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RefusedFiles:
    """How many files were refused, and the newest of them. ``is_part``: there are more than are looked at.

    ``trouble`` says why nobody can tell; "" when somebody can.
    """

    count: int = 0
    newest: tuple[RefusedFile, ...] = ()
    is_part: bool = False
    trouble: str = ""


class Refusals:
    """Looks into ``rejected/`` when it is asked, and again only when something was put in or taken out.

    Whoever may put files into the watched folder may have put a link or a pipe there: neither is followed. Blocking.
    """

    def __init__(self, inbox: Path) -> None:
        self._folder = inbox / REJECTED
        self._changed_ns = 0
        self._known: RefusedFiles | None = None

    def __call__(self) -> RefusedFiles:
        """Tell of them. Trouble with the disk is told in words."""
        try:
            opened = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return RefusedFiles()
        except OSError as error:
            return RefusedFiles(trouble=f"{REJECTED}/ cannot be read: {error.strerror}")
        try:
            return self._look(opened)
        except OSError as error:
            return RefusedFiles(trouble=f"{REJECTED}/ cannot be read: {error.strerror}")
        finally:
            os.close(opened)

    def _look(self, folder: int) -> RefusedFiles:
        changed_ns = os.fstat(folder).st_mtime_ns
        if self._known is not None and self._changed_ns == changed_ns:
            return self._known
        found = _found(folder)
        if abs(time.time() - changed_ns / 1e9) > FRESH_SECONDS:
            self._changed_ns, self._known = changed_ns, found
        return found


def _found(folder: int) -> RefusedFiles:
    reasons: list[tuple[float, str]] = []
    seen = 0
    with os.scandir(folder) as entries:
        for one in entries:
            seen += 1
            if seen > MOST_LOOKED_AT:
                break
            if one.name.endswith(REASON_SUFFIX) and one.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # somebody takes it away just now
                    reasons.append((one.stat(follow_symlinks=False).st_mtime, one.name))
    newest = (_refused(folder, at, name) for at, name in heapq.nlargest(MOST_TOLD, reasons))
    return RefusedFiles(len(reasons), tuple(newest), is_part=seen > MOST_LOOKED_AT)


def _refused(folder: int, at: float, name: str) -> RefusedFile:
    moment = datetime.fromtimestamp(min(max(at, 0.0), _LAST_SECOND), UTC)
    return RefusedFile(printable(name.removesuffix(REASON_SUFFIX), is_line=True), moment, _beginning(folder, name))


def _beginning(folder: int, name: str) -> str:
    """The first words of a reason, or why nobody can read it; "" of one that has gone, or is another thing by now."""
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        is_gone = error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO)  # a link, or a socket, stands there
        return "" if is_gone else f"its reason cannot be read: {error.strerror}"
    with os.fdopen(opened, "rb") as file:
        is_regular = stat.S_ISREG(os.fstat(opened).st_mode)
        raw = file.read(MOST_BYTES) if is_regular else b""
    return printable(raw.decode(errors="replace").strip())
