"""Secrets in files of one line, read again at each attempt, so that a new one counts at once."""

from __future__ import annotations

from pathlib import Path

from watcher import read_small_text

__all__ = ["read_secret"]

_MAX_BYTES = 65_536


def read_secret(path: Path, what: str) -> str:
    """Read the one line of a file. ``what`` says what it should hold, for the error.

    Raises ``ValueError``, never with a piece of the secret in it.
    """
    try:
        text = read_small_text(path, _MAX_BYTES)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); write {what} into it") from error
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text; write {what} into it") from None
    lines = text.rstrip("\r\n").splitlines()
    if len(lines) != 1 or not lines[0].strip() or not lines[0].isprintable():
        raise ValueError(f"{path} must hold one line: {what}")
    return lines[0]
