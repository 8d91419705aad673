"""Reading the files that settings and rules name: of a size that a file for a person has, and to an end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["read_small", "read_small_text"]


def read_small(path: Path, max_bytes: int) -> bytes:
    """Return a regular file's bytes; a pipe or a device, which may never end, is refused, and not waited for.

    Raises ``OSError``, whose ``strerror`` says what is wrong.
    """
    # Without O_NONBLOCK to open a pipe is to wait for whoever writes into it.
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(opened).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        with os.fdopen(opened, "rb", closefd=False) as file:
            raw = file.read(max_bytes + 1)
    finally:
        os.close(opened)
    if len(raw) > max_bytes:
        raise OSError(errno.EFBIG, f"Larger than {max_bytes:,} bytes", str(path))
    return raw


def read_small_text(path: Path, max_bytes: int, *, encoding: str = "utf-8") -> str:
    r"""The same as text, each end of a line as ``\n``. Raises ``UnicodeDecodeError``, too."""
    return read_small(path, max_bytes).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
