"""Backups: the store, alone or with the archive of raw filings, as one file that appears whole or not at all."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watcher.errors import EightkError, StoreError
from watcher.store.backup import archived_files, copy_store

__all__ = ["Backup", "Progress", "back_up"]

# What a tar holds, so that unpacking it makes a data folder.
_FOLDER = "data"
MARKER = ".store-id"

Progress = Callable[[str, int, int], None]  # what is done, how much of it, and of how much


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    path: Path
    bytes: int
    rows: dict[str, int]  # of the store, by table
    raw_files: int | None = None  # None: without the archive
    missing: tuple[str, ...] = ()  # raw files that the store names and the archive lacks


def back_up(
    store: Path, target: Path, progress: Progress, *, archive: Path | None = None, replace: bool = False
) -> Backup:
    """Write a backup of a store, which may be in use, to a file; with its ``archive``, as a tar of both.

    Raises ``EightkError`` when the file is there already and is not to be replaced, or is the store itself, and
    ``StoreError`` when it cannot be made. Whatever goes wrong, the file is as it was before.
    """
    if not store.exists():
        raise StoreError(f"{store}: there is no store yet; eightk run makes one")
    _check_target(store, target, replace=replace)
    aside = target.with_name(f".{target.name}.part")
    try:
        aside.unlink(missing_ok=True)  # of one that was broken off
        made = _write(store, aside, progress, archive)
        _check_target(store, target, replace=replace)
        aside.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)
    return Backup(target, target.stat().st_size, made.rows, made.raw_files, made.missing)


def _check_target(store: Path, target: Path, *, replace: bool) -> None:
    if not target.exists():
        return
    if target.is_dir():
        raise EightkError(f"{target}: is a folder; name a file in it")
    if target.samefile(store):
        raise EightkError(f"{target}: is the store itself")
    if not replace:
        raise EightkError(f"{target}: is there already; --force replaces it")


def _write(store: Path, aside: Path, progress: Progress, archive: Path | None) -> Backup:
    def told(done: int, pages: int) -> None:
        progress("pages", done, pages)

    if archive is None:
        copy = copy_store(store, aside, told)
        return Backup(aside, copy.bytes, copy.rows)
    copied = aside.with_name(f"{aside.name}.db")
    try:
        copied.unlink(missing_ok=True)
        copy = copy_store(store, copied, told)
        files, missing = _pack(store.name, copied, archive, aside, progress)
    finally:
        copied.unlink(missing_ok=True)
    return Backup(aside, aside.stat().st_size, copy.rows, files, missing)


def _pack(name: str, copied: Path, archive: Path, aside: Path, progress: Progress) -> tuple[int, tuple[str, ...]]:
    """Write the tar, a file at a time: the store first, then the raw files that this copy of it names."""
    files, missing = archived_files(copied), list[str]()
    with open(aside, "xb", opener=_for_us_alone) as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(copied, f"{_FOLDER}/{name}")
            # Else the unpacked archive would belong to no store, and any might take it.
            _add(tar, archive / MARKER, f"{_FOLDER}/raw/{MARKER}")
            for number, path in enumerate(files, start=1):
                if not _add(tar, archive / path, f"{_FOLDER}/raw/{path}"):
                    missing.append(path)
                progress("raw files", number, len(files))
        file.flush()
        os.fsync(file.fileno())
    return len(files) - len(missing), tuple(missing)


def _add(tar: tarfile.TarFile, file: Path, name: str) -> bool:
    """Add a file; False when it is gone. Read before its header is written: retention may take it away meanwhile."""
    try:
        content = file.read_bytes()
        status = file.stat()
    except FileNotFoundError:
        return False
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(content), int(status.st_mtime), 0o600
    tar.addfile(entry, io.BytesIO(content))
    return True


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
