"""Backups: the store, alone or with the archive of raw filings, as one file that appears whole or not at all."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watcher.aside import alone, sync
from watcher.errors import EightkError, StoreError
from watcher.store.backup import archived_files, copy_store
from watcher.store.copying import copy_to_file

__all__ = ["Backup", "Progress", "back_up"]

# What a tar holds, so that unpacking it makes a data folder.
_FOLDER = "data"
MARKER = ".store-id"
# What a store of a server's is called in its backup: as the settings call it when they name none.
_NAME = "eightk.db"

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
    store: Path | str, target: Path, progress: Progress, *, archive: Path | None = None, replace: bool = False
) -> Backup:
    """Write a backup of a store, which may be in use, to a file; with its ``archive``, as a tar of both.

    ``store`` is a file, or the URL of a server's database, of which the backup is a file all the same.

    Raises ``EightkError`` when the file is there already and is not to be replaced, is the store itself, or is being
    written by another backup, and ``StoreError`` when it cannot be made. Whatever goes wrong, the file is as it was
    before. What killed backups left in its folder is removed.
    """
    if isinstance(store, Path) and not store.exists():
        raise StoreError(f"{store}: there is no store yet; eightk run makes one")
    _check_target(store, target, replace=replace)
    try:
        with alone(target, "backup") as aside:
            made = _write(store, aside, progress, archive)
            _check_target(store, target, replace=replace)
            aside.replace(target)
            sync(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    return Backup(target, target.stat().st_size, made.rows, made.raw_files, made.missing)


def _check_target(store: Path | str, target: Path, *, replace: bool) -> None:
    if not target.exists():
        return
    if target.is_dir():
        raise EightkError(f"{target}: is a folder; name a file in it")
    if isinstance(store, Path) and target.samefile(store):
        raise EightkError(f"{target}: is the store itself")
    if not replace:
        raise EightkError(f"{target}: is there already; --force replaces it")


def _write(store: Path | str, aside: Path, progress: Progress, archive: Path | None) -> Backup:
    if archive is None:
        rows = _copy(store, aside, progress)
        return Backup(aside, aside.stat().st_size, rows)
    copied = aside.with_name(f"{aside.name}.db")
    try:
        copied.unlink(missing_ok=True)
        rows = _copy(store, copied, progress)
        name = store.name if isinstance(store, Path) else _NAME
        files, missing = _pack(name, copied, archive, aside, progress)
    finally:
        copied.unlink(missing_ok=True)
    return Backup(aside, aside.stat().st_size, rows, files, missing)


def _copy(store: Path | str, target: Path, progress: Progress) -> dict[str, int]:
    """Copy the store to a file that is not there yet; return its rows by table."""
    if isinstance(store, Path):
        return copy_store(store, target, lambda done, pages: progress("pages", done, pages)).rows
    return copy_to_file(store, target, progress).rows


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
