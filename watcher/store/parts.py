"""Single parts of a filing, for whoever needs no more: the text of one document, and the raw bytes in portions."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, select

from watcher.errors import ReadError, StoreError
from watcher.store.archive import Archived
from watcher.store.schema import document

__all__ = ["RawFiles", "text_of"]

PORTION = 256 * 1024


def text_of(connection: Connection, accession: str, sequence: int) -> str | None:
    """Return the text of one document of a saved report, or None when there is none of that sequence."""
    where = document.c.accession == accession, document.c.sequence == sequence
    return connection.execute(select(document.c.text).where(*where)).scalar()


class RawFiles:
    """Gives what the archive in this folder keeps, in portions, so that no filing is ever held in memory whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, archived: Archived, *, packed: bool) -> Generator[bytes] | None:
        """Return the raw bytes, or with ``packed`` the gzip file that holds them; None when they are not kept any more.

        Whoever does not take all of them closes the iterator, and the file with it.
        Raises ``StoreError`` when the disk will not give them; the iterator that, or ``ReadError`` at its end when they
        are not what was kept.
        """
        try:
            file = (self._folder / archived.path).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{archived.path}: cannot be read back: {error.strerror}") from error
        portions = _portions(file, archived, packed=packed)
        next(portions)  # one that never began would not close the file
        return portions


def _portions(file: BinaryIO, archived: Archived, *, packed: bool) -> Generator[bytes]:
    digest, left = hashlib.sha256(), archived.bytes
    with file, gzip.GzipFile(fileobj=file) as unpacked:
        source = file if packed else unpacked
        yield b""
        try:
            while portion := source.read(PORTION):
                if not packed:
                    digest.update(portion)
                    left -= len(portion)
                    if left < 0:
                        break
                yield portion
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ReadError(f"{archived.path}: is not what was kept: {error}") from error
        except OSError as error:
            raise StoreError(f"{archived.path}: cannot be read back: {error.strerror}") from error
    if not packed and digest.hexdigest() != archived.sha256:
        raise ReadError(f"{archived.path}: is not what was kept: its SHA-256 differs")
