"""Lays a folder of rules out anew, for a draft that is to be looked at as if it stood in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from watcher.errors import EightkError

__all__ = ["lay_out"]

# A list's file may have as many bytes; one that is larger is no list, nor is what is packed.
_MOST_COPIED = 50_000_000
_NO_LISTS = (".gz",)
_NOT_ENTERED = (".git",)


def lay_out(folder: Path, made: Path, *, without: str) -> None:
    """Make ``made`` a folder like this one, but for one file, and link what stands beside the folder.

    A path leads out of the one where it leads out of the other: files of lists are copied, and links that stay in the
    folder stay in the copy. Raises ``EightkError`` when the folder cannot be read.
    """
    try:
        for path in folder.parent.iterdir():
            if path.name != folder.name:
                (made.parent / path.name).symlink_to(path)
        made.mkdir()
        _mirror(folder, made, folder.resolve(), made, without)
    except OSError as error:
        raise EightkError(f"{folder}: cannot be read: {error.strerror}") from error


def _mirror(source: Path, target: Path, root: Path, made: Path, without: str = "") -> None:
    for path in source.iterdir():
        twin = target / path.name
        if path.name == without:
            continue
        if path.is_symlink():
            twin.symlink_to(_twin_of(path, root, made))
        elif path.is_dir() and path.name not in _NOT_ENTERED:
            twin.mkdir()
            _mirror(path, twin, root, made)
        elif _is_copied(path):
            shutil.copyfile(path, twin)
        else:
            twin.symlink_to(path)


def _twin_of(link: Path, root: Path, made: Path) -> Path:
    """Where the copy of a link leads: to the copy of what it leads to, if that is of the folder."""
    try:
        end = link.resolve()
    except RuntimeError:  # links in a circle, before Python 3.13; since then the copy's is one, too: it leads nowhere
        return link
    return made / end.relative_to(root) if end.is_relative_to(root) else link


def _is_copied(path: Path) -> bool:
    is_small = path.is_file() and path.suffix not in _NO_LISTS and path.stat().st_size <= _MOST_COPIED
    return is_small and os.access(path, os.R_OK)
