"""A folder that lies in memory, where there is one with room: half of the tests' time is a disk's, else."""

from __future__ import annotations

import os
import shutil

__all__ = ["folder_in_memory"]

_FOLDER = "/dev/shm"
_ROOM_BYTES = 6 * 2**30  # all tests together, at their most, take a sixth of it


def folder_in_memory() -> str | None:
    """Return it; None where the system has none, or not enough memory, or lets no program be run there."""
    try:
        has_room = shutil.disk_usage(_FOLDER).free >= _ROOM_BYTES
        is_fit = os.access(_FOLDER, os.W_OK) and not os.statvfs(_FOLDER).f_flag & os.ST_NOEXEC
    except OSError:
        return None
    return _FOLDER if has_room and is_fit else None
