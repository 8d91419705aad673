"""The archive: every filing's raw bytes, compressed, on disk before anything is saved about them."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import secrets
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from watcher.disk import in_words
from watcher.errors import ReadError, StoreError, TooLargeError

__all__ = ["Archive", "Archived"]

ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
ABANDONED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Archived:
    """Where a filing's raw bytes lie, relative to the archive, and what they are."""

    path: str
    sha256: str
    bytes: int


class Archive:
    """Files at ``YYYY/MM/DD/<accession>.txt.gz`` below one folder, which belongs to one store.

    A marker file holds the store's id, so that two stores never share a folder by mistake.
    """

    def __init__(self, folder: Path, store_id: str) -> None:
        self._folder = folder
        self._scratch = folder / ".aside"
        marker = folder / ".store-id"
        try:
            _make_folder(self._scratch)
            _sweep(self._scratch)
            if not marker.exists():
                _write_aside(marker, store_id.encode(), self._scratch)
            owner = marker.read_text().strip()
        except OSError as error:
            raise StoreError(f"{error.filename}: the archive cannot be used: {in_words(error)}") from error
        if owner != store_id:
            raise StoreError(f"{folder}: the archive belongs to another store ({owner}, not {store_id})")

    def keep(self, accession: str, day: date, raw: bytes) -> Archived:
        """Write the bytes and sync them to disk. Writing the same twice, even at once, is harmless.

        Raises ``StoreError`` when the disk will not take them.
        """
        if not ACCESSION.fullmatch(accession):
            raise StoreError(f"not an accession number: {accession!r}")
        path = f"{day:%Y/%m/%d}/{accession}.txt.gz"
        target = self._folder / path
        # A fixed time in the gzip header makes the same bytes the same file.
        packed = gzip.compress(raw, compresslevel=6, mtime=0)
        try:
            _make_folder(target.parent)
            _write_aside(target, packed, self._scratch)
        except OSError as error:
            raise StoreError(f"{target}: cannot be archived: {in_words(error)}") from error
        return Archived(path, hashlib.sha256(raw).hexdigest(), len(raw))

    def read(self, archived: Archived) -> bytes | None:
        """Return the raw bytes, or None when the file is gone.

        Raises ``ReadError`` when it is not what was kept, and ``StoreError`` when the disk will not give it.
        """
        target = self._folder / archived.path
        try:
            with gzip.open(target) as file:
                raw = file.read(archived.bytes + 1)
        except FileNotFoundError:
            return None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ReadError(f"{target}: is not what was kept: {error}") from error
        except OSError as error:
            raise StoreError(f"{target}: cannot be read back: {in_words(error)}") from error
        if len(raw) > archived.bytes:
            raise TooLargeError(f"{target}: holds more than the {archived.bytes} bytes that were kept")
        if hashlib.sha256(raw).hexdigest() != archived.sha256:
            raise ReadError(f"{target}: is not what was kept: its SHA-256 differs")
        return raw


def _write_aside(target: Path, content: bytes, scratch: Path) -> None:
    """Write to a file in the scratch folder, sync, rename: the target is whole or not there."""
    aside = scratch / f"{target.name}.{secrets.token_hex(4)}.part"
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sweep(scratch: Path) -> None:
    """Remove what a crash left half written; what is young may be another process's, still at work."""
    long_ago = time.time() - ABANDONED_SECONDS
    for aside in scratch.glob("*.part"):
        with suppress(FileNotFoundError):
            if aside.stat().st_mtime < long_ago:
                aside.unlink()


def _make_folder(folder: Path) -> None:
    """Make a folder that is still there after a power failure: each new one is synced into the one above it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
