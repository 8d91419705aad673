"""The files that a command was asked to read: their bytes, one at a time, bounded."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO

from watcher.edgar._tar import members
from watcher.errors import ReadError, TooLargeError
from watcher.sources._inbox import REASON_SUFFIX

__all__ = ["InputFile", "input_files"]

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read. ``raw`` is None, and ``error`` says why, when it could not be had."""

    path: str
    raw: bytes | None
    error: str = ""


def input_files(paths: Iterable[str], max_bytes: int, tell: Callable[[str], None]) -> Iterator[InputFile]:
    """Give every file of these paths in order, one at a time: of files, folders, tar archives; - is standard input.

    The reasons that lie beside the files which the watched folder refused are passed over. ``tell`` is given a line for
    each folder or archive that holds nothing else, and when nothing else was given.
    """
    given, reasons = 0, 0
    for name in paths:
        path = Path(name)
        given += 1
        if _is_reason(path):
            reasons += 1
        elif name == "-":
            yield _input("-", partial(_read_standard_input, max_bytes))
        elif os.path.isdir(path):  # noqa: PTH112  # unlike Path.is_dir() it never raises
            yield from _of_folder(path, max_bytes, tell)
        else:
            yield from _of_file(path, max_bytes, tell)
    if given and given == reasons:
        tell("only reasons why files were refused were given: there is nothing to read")


def _is_reason(path: Path) -> bool:
    """Whether the watched folder wrote it, beside a file in ``rejected/``; one that is not there is told as missing."""
    return path.name.endswith(REASON_SUFFIX) and os.path.isfile(path)  # noqa: PTH113  # unlike Path.is_file() it never raises


def _of_folder(folder: Path, max_bytes: int, tell: Callable[[str], None]) -> Iterator[InputFile]:
    """Give every file in it and below, by name; hidden ones are left out, links to folders not followed."""
    ahead = [folder]
    is_empty, has_reasons = True, False
    while ahead:
        path = ahead.pop()
        if _is_reason(path):
            has_reasons = True
            continue
        try:
            mode = path.stat().st_mode
            if S_ISDIR(mode):
                if path == folder or not path.is_symlink():
                    ahead += sorted((one for one in path.iterdir() if not one.name.startswith(".")), reverse=True)
                continue
        except OSError as error:
            is_empty = False
            yield _failed(path, error)
            continue
        is_empty = False
        if S_ISREG(mode):
            yield from _of_file(path, max_bytes, tell)
        else:
            # A pipe or a device would be read for ever; one that is meant can be given by name.
            yield InputFile(_shown(path), None, f"{_shown(path)}: not a regular file")
    if is_empty:
        tell(f"no files in {_shown(folder)}{', but reasons why some were refused' if has_reasons else ''}")


def _of_file(path: Path, max_bytes: int, tell: Callable[[str], None]) -> Iterator[InputFile]:
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        yield from _of_archive(path, max_bytes, tell)
    else:
        yield _input(_shown(path), partial(_read, path, max_bytes))


def _of_archive(path: Path, max_bytes: int, tell: Callable[[str], None]) -> Iterator[InputFile]:
    """Give each file of a tar archive, one at a time and never written to disk; at last an error if it is damaged."""
    is_empty = True
    try:
        with path.open("rb") as file:
            packed = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
            stream: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
            for member in members(stream, max_bytes):
                is_empty = False
                name = f"{_shown(path)}:{_shown(member.name)}"
                error = "" if member.raw is not None else _too_large(name, max_bytes)
                yield InputFile(name, member.raw, error)
            # Only at its end does gzip tell whether what it gave was right.
            while stream.read(_CHUNK):
                pass
        if is_empty:
            tell(f"no files in {_shown(path)}")
    except (OSError, EOFError, zlib.error, ReadError) as error:
        yield InputFile(_shown(path), None, f"{_shown(path)}: cannot be read as an archive: {_reason(error)}")


def _read(path: Path, max_bytes: int) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            return _take(packed, _shown(path), max_bytes)
    with path.open("rb") as file:
        return _take(file, _shown(path), max_bytes)


def _read_standard_input(max_bytes: int) -> bytes:
    # Not sys.stdin: the interpreter wants its lock at the end, which a thread that still waits for bytes would hold.
    with open(0, "rb", closefd=False) as file:
        return _take(file, "-", max_bytes)


def _take(file: IO[bytes] | gzip.GzipFile, name: str, max_bytes: int) -> bytes:
    raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise TooLargeError(_too_large(name, max_bytes))
    return raw


def _input(path: str, read: Callable[[], bytes]) -> InputFile:
    try:
        return InputFile(path, read())
    except ReadError as error:
        return InputFile(path, None, str(error))
    except (OSError, EOFError, zlib.error) as error:
        return _failed(path, error)


def _failed(path: Path | str, error: Exception) -> InputFile:
    return InputFile(_shown(path), None, f"{_shown(path)}: cannot be read: {_reason(error)}")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _too_large(name: str, max_bytes: int) -> str:
    return f"{name}: more than the {max_bytes:,} bytes that are read"


def _shown(name: Path | str) -> str:
    """A name as text that can be printed: bytes of it that are no UTF-8 are written out."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
