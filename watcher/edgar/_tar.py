"""Reads a tar archive as a stream, bounded at every step; what it holds is hostile.

`tarfile` decodes each header here but does not drive: by itself it reads an extension header of any size into memory,
keeps every member for ever, and takes a damaged header in the middle for the archive's end.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import IO

from watcher.errors import ReadError

__all__ = ["Entry", "Kind", "Member", "entries", "members"]

MAX_EXTENSION_BYTES = 2**20
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 2**20
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_PAX_RECORD = re.compile(rb"([0-9]{1,7}) ([^=\n]+)=")
_SPARSE = "GNU.sparse"
# Where GNU's own sparse format tells whether a block with more of its map follows.
_MORE_IN_HEADER, _MORE_IN_MAP = 482, 504


class Kind(Enum):
    """What an entry of an archive stands for."""

    FILE = "a file"
    SPARSE = "a sparse file"
    FOLDER = "a folder"
    LINK = "a link"
    DEVICE = "a device"
    OTHER = "of an unknown kind"


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive. ``raw`` is None when it is larger than was asked for."""

    name: str
    raw: bytes | None


class Entry:
    """One entry of an archive. Its bytes can be read until the next entry is asked for; the rest is passed over."""

    def __init__(self, stream: IO[bytes], name: str, kind: Kind, size: int) -> None:
        self.name = name
        self.kind = kind
        self.size = size
        self._stream = stream
        self._read = 0

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer only at its end. Raises ``ReadError`` when the archive stops before."""
        size = min(size, self.size - self._read)
        self._read += size
        return _exactly(self._stream, size, self.name)

    def pass_over(self) -> None:
        """Go to where the next entry begins."""
        _skip(self._stream, _padded(self.size) - self._read, self.name)


def members(stream: IO[bytes], max_bytes: int) -> Iterator[Member]:
    """Give each regular file in turn, and pass over links, devices and folders.

    Raises ``ReadError`` when the archive is damaged, and whatever the stream raises.
    """
    for entry in entries(stream):
        if entry.kind is Kind.SPARSE:
            raise ReadError("it holds a sparse file")
        if entry.kind is Kind.FILE:
            yield Member(entry.name, entry.read(entry.size) if entry.size <= max_bytes else None)


def entries(stream: IO[bytes]) -> Iterator[Entry]:
    """Give each entry in turn, of whatever kind.

    Raises ``ReadError`` when the archive is damaged, and whatever the stream raises.
    """
    told: dict[str, str] = {}  # what extension headers say of the entry that follows them
    block = stream.read(_BLOCK)
    if not block:
        raise ReadError("it is empty")
    while (header := _header(block)) is not None:
        if header.type == tarfile.GNUTYPE_LONGNAME:
            told["path"] = _text(_extension(stream, header).partition(b"\0")[0])
        elif header.type in _PAX:
            told |= _pax(_extension(stream, header))
        elif header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            _skip(stream, _padded(header.size), header.name)
        else:
            entry = _entry(stream, block, header, told)
            told = {}
            yield entry
            entry.pass_over()
        block = stream.read(_BLOCK)


def _header(block: bytes) -> tarfile.TarInfo | None:
    """Read a header; None at the archive's end."""
    if 0 < len(block) < _BLOCK:
        raise ReadError("it stops in the middle of a header")
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        # Some writers leave out the two blocks of zeros at the end.
        if not any(block):
            return None
        raise ReadError(str(error)) from error
    if header.size < 0:
        raise ReadError(f"a member of {header.size} bytes")
    return header


def _entry(stream: IO[bytes], block: bytes, header: tarfile.TarInfo, told: dict[str, str]) -> Entry:
    kind = Kind.SPARSE if _SPARSE in told else _kind(header)
    if header.type == tarfile.GNUTYPE_SPARSE:
        _skip_sparse_map(stream, block, header.name)
    has_bytes = kind in (Kind.FILE, Kind.SPARSE, Kind.OTHER)
    size = _size(told.get("size"), header.size) if has_bytes else 0
    return Entry(stream, told.get("path", header.name), kind, size)


def _kind(header: tarfile.TarInfo) -> Kind:
    if header.type == tarfile.GNUTYPE_SPARSE:
        return Kind.SPARSE
    if header.isreg():
        return Kind.FILE
    if header.isdir():
        return Kind.FOLDER
    if header.issym() or header.islnk():
        return Kind.LINK
    return Kind.DEVICE if header.isdev() else Kind.OTHER


def _skip_sparse_map(stream: IO[bytes], block: bytes, name: str) -> None:
    more = block[_MORE_IN_HEADER]
    while more:
        more = _exactly(stream, _BLOCK, name)[_MORE_IN_MAP]


def _extension(stream: IO[bytes], header: tarfile.TarInfo) -> bytes:
    if header.size > MAX_EXTENSION_BYTES:
        raise ReadError(f"a header of {header.size:,} bytes, expected no more than {MAX_EXTENSION_BYTES:,}")
    return _exactly(stream, _padded(header.size), "a header")[: header.size]


def _pax(raw: bytes) -> dict[str, str]:
    """The keywords that matter here, of records such as ``18 path=some/file`` and a line's end."""
    found: dict[str, str] = {}
    place = 0
    while match := _PAX_RECORD.match(raw, place):
        end = place + int(match[1])
        if end <= match.end():
            raise ReadError("a header that cannot be read")
        if match[2].startswith(b"GNU.sparse."):
            found[_SPARSE] = ""
        elif match[2] in (b"path", b"size"):
            found[match[2].decode()] = _text(raw[match.end() : end - 1])
        place = end
    return found


def _size(told: str | None, size: int) -> int:
    if told is None:
        return size
    if not re.fullmatch(r"[0-9]{1,19}", told):
        raise ReadError(f"a member of {told[:40]!r} bytes")
    return int(told)


def _exactly(stream: IO[bytes], size: int, name: str) -> bytes:
    raw = stream.read(size)
    if len(raw) < size:
        raise ReadError(f"it stops in the middle of {name}")
    return raw


def _skip(stream: IO[bytes], size: int, name: str) -> None:
    while size > 0:
        size -= len(_exactly(stream, min(size, _CHUNK), name))


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
