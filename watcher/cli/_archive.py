"""Reads a tar archive as a stream, bounded at every step; what it holds is hostile.

`tarfile` decodes each header here but does not drive: by itself it reads an extension header of any size into memory,
keeps every member for ever, and takes a damaged header in the middle for the archive's end.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from watcher.errors import ReadError

__all__ = ["Member", "members"]

MAX_EXTENSION_BYTES = 2**20
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 2**20
_PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_PAX_RECORD = re.compile(rb"([0-9]{1,7}) ([^=\n]+)=")


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive. ``raw`` is None when it is larger than was asked for."""

    name: str
    raw: bytes | None


def members(stream: IO[bytes], max_bytes: int) -> Iterator[Member]:
    """Give each regular file in turn, and pass over links, devices and folders.

    Raises ``ReadError`` when the archive is damaged, and whatever the stream raises.
    """
    told: dict[str, str] = {}  # what extension headers say of the member that follows them
    is_first = True
    while (header := _header(stream, is_first=is_first)) is not None:
        is_first = False
        if header.type == tarfile.GNUTYPE_LONGNAME:
            told["path"] = _text(_extension(stream, header).partition(b"\0")[0])
        elif header.type in _PAX:
            told |= _pax(_extension(stream, header))
        elif header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            _skip(stream, _padded(header.size), header.name)
        else:
            name, size = told.get("path", header.name), _size(told.get("size"), header.size)
            told = {}
            if header.isreg():
                yield _member(stream, name, size, max_bytes)
            elif header.type not in tarfile.SUPPORTED_TYPES:
                _skip(stream, _padded(size), name)


def _header(stream: IO[bytes], *, is_first: bool) -> tarfile.TarInfo | None:
    """The next header; None at the end."""
    block = stream.read(_BLOCK)
    if not block and is_first:
        raise ReadError("it is empty")
    if 0 < len(block) < _BLOCK:
        raise ReadError("it stops in the middle of a header")
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        # Some writers leave out the two blocks of zeros at the end.
        if not any(block):
            return None
        raise ReadError(str(error)) from error
    if header.type == tarfile.GNUTYPE_SPARSE:
        raise ReadError("it holds a sparse file")
    if header.size < 0:
        raise ReadError(f"a member of {header.size} bytes")
    return header


def _member(stream: IO[bytes], name: str, size: int, max_bytes: int) -> Member:
    if size > max_bytes:
        _skip(stream, _padded(size), name)
        return Member(name, None)
    raw = _exactly(stream, size, name)
    _skip(stream, _padded(size) - size, name)
    return Member(name, raw)


def _extension(stream: IO[bytes], header: tarfile.TarInfo) -> bytes:
    if header.size > MAX_EXTENSION_BYTES:
        raise ReadError(f"a header of {header.size:,} bytes, expected no more than {MAX_EXTENSION_BYTES:,}")
    return _exactly(stream, _padded(header.size), "a header")[: header.size]


def _pax(raw: bytes) -> dict[str, str]:
    """The two keywords that matter here, of records such as ``18 path=some/file`` and a line's end."""
    found: dict[str, str] = {}
    place = 0
    while match := _PAX_RECORD.match(raw, place):
        end = place + int(match[1])
        if end <= match.end():
            raise ReadError("a header that cannot be read")
        if match[2].startswith(b"GNU.sparse."):
            raise ReadError("it holds a sparse file")
        if match[2] in (b"path", b"size"):
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
