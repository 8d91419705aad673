"""Reads submissions that lie on disk: EDGAR's day archives (``20240506.nc.tar.gz``), and folders of single files.

One file is in memory at a time, and nothing of an archive is written anywhere. What cannot be read is given in its
place as an error that names the file and the member, and the rest goes on: past a bad member to the next one, past a
damaged archive to the next file.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO

from watcher.edgar._days import day_of
from watcher.edgar._tar import Entry, Kind, entries
from watcher.errors import ReadError, TooLargeError, TruncatedError

__all__ = ["DayFile", "day_of_archive", "read_day_files"]

_ARCHIVES = (".tar.gz", ".tgz", ".tar")
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 16_384  # a PEM envelope and what comes before the form, many times over
_CHUNK = 2**20
_FORM = re.compile(rb"(?:<TYPE>|CONFORMED SUBMISSION TYPE:)[ \t]*+([^\r\n<]{1,20})", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})\.(?:nc\.)?(?:tar|tgz)")
_MAX_BYTES = 150_000_000
_MAX_TOTAL_BYTES = 200_000_000_000  # the largest day takes 2,650,000,000 packed; text packs to a tenth


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file that may be a submission. ``raw`` is None, and ``error`` says why, when it could not be had."""

    path: str  # the file, and for a member of an archive its name after a colon: fit to be printed
    raw: bytes | None = field(repr=False)
    error: ReadError | None = None


def day_of_archive(path: Path) -> date | None:
    """Return the day whose filings an archive holds, as its name tells; None when it tells none."""
    found = _DAY.match(path.name)
    return day_of(int(found[1]), int(found[2]), int(found[3])) if found else None


def read_day_files(
    path: Path,
    *,
    forms: Collection[str] | None = None,
    max_bytes: int = _MAX_BYTES,
    max_total_bytes: int = _MAX_TOTAL_BYTES,
) -> Iterator[DayFile]:
    """Give every file of an archive, or of a folder and all folders in it, by name; a single file is given as it is.

    With ``forms``, what says at its beginning that it is another form is passed over, whatever its size. A file larger
    than ``max_bytes`` is an error, as are links, devices and names that lead outside; an archive that unpacks to more
    than ``max_total_bytes`` ends there. Hidden files and linked folders are passed over.
    """
    reader = _Reader(None if forms is None else frozenset(forms), max_bytes, max_total_bytes)
    ahead = [path]
    while ahead:
        one = ahead.pop()
        try:
            mode = one.stat().st_mode
            if S_ISDIR(mode):
                if one == path or not one.is_symlink():
                    ahead += sorted((each for each in one.iterdir() if not each.name.startswith(".")), reverse=True)
                continue
            if not S_ISREG(mode):
                # A pipe or a device would be read for ever.
                raise ReadError(f"{_shown(one)}: not a regular file")
        except OSError as error:
            yield _failed(_shown(one), error)
        except ReadError as error:
            yield DayFile(_shown(one), None, error)
        else:
            yield from reader.archive(one) if one.name.endswith(_ARCHIVES) else reader.single(one)


@dataclass(frozen=True, slots=True)
class _Reader:
    forms: frozenset[str] | None
    max_bytes: int
    max_total_bytes: int

    def single(self, path: Path) -> Iterator[DayFile]:
        """Give one file, unpacked if its name says that it is packed."""
        name = _shown(path)
        try:
            with path.open("rb") as file:
                stream: IO[bytes] = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file  # type: ignore[assignment]
                raw = self._taken(stream, name)
        except (OSError, EOFError, zlib.error) as error:
            yield _failed(name, error)
        except ReadError as error:
            yield DayFile(name, None, error)
        else:
            if raw is not None:
                yield DayFile(name, raw)

    def _taken(self, stream: IO[bytes], name: str) -> bytes | None:
        """Read a file to its end; None when it is of a form that is not wanted."""
        head = stream.read(_HEAD_BYTES)
        if not self._is_wanted(head):
            return None
        raw = head + stream.read(self.max_bytes + 1 - len(head)) if len(head) <= self.max_bytes else head
        if len(raw) > self.max_bytes:
            raise self._too_large(name)
        return raw

    def archive(self, path: Path) -> Iterator[DayFile]:
        """Give each member of an archive; at last an error if it is damaged or cut off."""
        at = name = _shown(path)
        try:
            with path.open("rb") as file:
                stream = _Bounded(_unpacked(file), self.max_total_bytes)
                for entry in entries(stream):  # type: ignore[arg-type]  # it reads, and no more is asked of it
                    at = f"{name}:{_shown(entry.name)}"
                    yield from self._member(entry, at)
                stream.drain()
        except (OSError, EOFError, zlib.error, ReadError) as error:
            yield _broken(name, at, error)

    def _member(self, entry: Entry, name: str) -> Iterator[DayFile]:
        if entry.kind is Kind.FOLDER:
            return
        if entry.kind is not Kind.FILE:
            yield DayFile(name, None, ReadError(f"{name}: {entry.kind.value}, expected a file"))
        elif _leads_outside(entry.name):
            yield DayFile(name, None, ReadError(f"{name}: a name that leads outside the archive"))
        else:
            head = entry.read(min(_HEAD_BYTES, self.max_bytes))
            if not self._is_wanted(head):
                return
            if entry.size > self.max_bytes:
                yield DayFile(name, None, self._too_large(name))
            else:
                yield DayFile(name, head + entry.read(entry.size))

    def _is_wanted(self, head: bytes) -> bool:
        """Whether a file is of a wanted form, or does not tell its form."""
        if self.forms is None:
            return True
        found = _FORM.search(head)
        return found is None or found[1].decode("latin-1").strip() in self.forms

    def _too_large(self, name: str) -> TooLargeError:
        return TooLargeError(f"{name}: more than the {self.max_bytes:,} bytes that are read")


class _Bounded:
    """A stream that gives so many bytes and no more."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._most = most
        self._left = most

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises ``TooLargeError`` past the bound."""
        raw = self._stream.read(size)
        self._left -= len(raw)
        if self._left < 0:
            raise TooLargeError(f"it unpacks to more than {self._most:,} bytes")
        return raw

    def drain(self) -> None:
        """Read to the end: only there does gzip tell whether what it gave was right."""
        while self.read(_CHUNK):
            pass


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    """By its first bytes: a browser unpacks and keeps the name."""
    magic = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if magic == _GZIP_MAGIC else file  # type: ignore[return-value]


def _leads_outside(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or "\0" in name


def _broken(path: str, at: str, error: Exception) -> DayFile:
    """Tell what ended an archive, and at which member."""
    where = "" if at == path else f", at or after {at.removeprefix(path)[1:]}"
    if isinstance(error, EOFError):
        return DayFile(path, None, TruncatedError(f"{path}: the gzip stops before its end{where}"))
    kind = type(error) if isinstance(error, ReadError) else ReadError
    return DayFile(path, None, kind(f"{path}: cannot be read to its end as an archive{where}: {_reason(error)}"))


def _failed(path: str, error: Exception) -> DayFile:
    kind = TruncatedError if isinstance(error, EOFError) else ReadError
    return DayFile(path, None, kind(f"{path}: cannot be read: {_reason(error)}"))


def _reason(error: Exception) -> str:
    # Those of the archive's reader quote names as they stand in it.
    return _shown(getattr(error, "strerror", None) or str(error))


def _shown(name: Path | str) -> str:
    """A name as text that can be printed on one line."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in str(name))
