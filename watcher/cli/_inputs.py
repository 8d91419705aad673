"""The files that a command was asked to read: their bytes, one at a time, bounded."""

from __future__ import annotations

import gzip
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from watcher.errors import ReadError, TooLargeError

__all__ = ["InputFile", "input_files"]


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read. ``raw`` is None, and ``error`` says why, when it could not be had."""

    path: str
    raw: bytes | None
    error: str = ""


def input_files(paths: Iterable[str], max_bytes: int) -> Iterator[InputFile]:
    """Give every file of these paths in order, one at a time: of files, folders, tar archives; - is standard input."""
    for name in paths:
        path = Path(name)
        if name == "-":
            yield _input("-", partial(_take, sys.stdin.buffer, "-", max_bytes))
        elif path.is_dir():
            for inner in sorted(path.rglob("*")):
                if inner.is_file() and not any(part.startswith(".") for part in inner.relative_to(path).parts):
                    yield from _of_file(inner, max_bytes)
        else:
            yield from _of_file(path, max_bytes)


def _of_file(path: Path, max_bytes: int) -> Iterator[InputFile]:
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        yield from _of_archive(path, max_bytes)
    else:
        yield _input(str(path), partial(_read, path, max_bytes))


def _of_archive(path: Path, max_bytes: int) -> Iterator[InputFile]:
    """Give each file of a tar archive, one at a time and never written to disk."""
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if (file := archive.extractfile(member)) is not None and member.isfile():
                    name = f"{path}:{member.name}"
                    yield _input(name, partial(_take, file, name, max_bytes))
    except (OSError, EOFError, tarfile.TarError) as error:
        yield InputFile(str(path), None, f"{path}: cannot be read as an archive: {error}")


def _read(path: Path, max_bytes: int) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            return _take(packed, str(path), max_bytes)
    with path.open("rb") as file:
        return _take(file, str(path), max_bytes)


def _take(file: IO[bytes] | BinaryIO | gzip.GzipFile, name: str, max_bytes: int) -> bytes:
    raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise TooLargeError(f"{name}: more than the {max_bytes:,} bytes that are read")
    return raw


def _input(path: str, read: Callable[[], bytes]) -> InputFile:
    try:
        return InputFile(path, read())
    except ReadError as error:
        return InputFile(path, None, str(error))
    except (OSError, EOFError) as error:
        return InputFile(path, None, f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")
