"""The file of an endpoint's signing secrets: one a line, the newest first; and putting a new one in.

A line ``# until 2026-05-21T20:00:00Z`` says when the secret below it ends: till then it signs beside the newest one,
for receivers that have not changed over. The newest has no end, whatever stands above it: somebody must be able to
sign.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.signing import new_secret, parse_secret
from watcher.small_files import read_small_text

__all__ = ["LONGEST_OVERLAP", "Secret", "in_force", "is_open_to_others", "read_secrets", "rotate", "rotated"]

LONGEST_OVERLAP = timedelta(days=7)
_MOST_OLD = 10
_REMEDY = "write one whsec_ secret a line into it, or have one made: eightk endpoint rotate-secret NAME"
_MAX_BYTES = 65_536
_UNTIL = re.compile(r"\s*#\s*until\s+([0-9]\S*)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of the file, and when it ends; None: not by itself."""

    text: str = field(repr=False)
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it no longer signs."""
        return self.until is not None and self.until <= now


def read_secrets(path: Path) -> tuple[Secret, ...]:
    """Read the file. Raises ``ValueError``, never with a secret in it."""
    try:
        text = read_small_text(path, _MAX_BYTES)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); {_REMEDY}") from error
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text; {_REMEDY}") from None
    try:
        secrets = _secrets_in(text)
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None
    if not 0 < len(secrets) <= 1 + _MOST_OLD:
        raise ValueError(f"{path} holds {len(secrets)} secrets, expected 1 to {1 + _MOST_OLD}")
    return secrets


def in_force(secrets: Iterable[Secret], now: float) -> tuple[bytes, ...]:
    """Return the keys that sign at this Unix time, the newest first."""
    at = datetime.fromtimestamp(now, UTC)
    return tuple(parse_secret(one.text) for one in secrets if not one.is_over(at))


def rotated(text: str, new: str, now: datetime, overlap: timedelta) -> str:
    """Return what the file holds once ``new`` is its newest secret.

    Those before it sign for the overlap, or until their own end if that comes first; what is over by now is left out.
    Other remarks stay. Raises ``ValueError`` for an overlap that is none, and when more than ten old ones would sign.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise ValueError(f"the old secret may sign for 0 to {LONGEST_OVERLAP.days} days more, not for {overlap}")
    end = (now + overlap).replace(microsecond=0)
    secrets = iter(_secrets_in(text))
    lines, old = [new], 0
    for line in text.splitlines():
        if not _is_secret(line):
            lines += [] if _UNTIL.fullmatch(line) else [line]
            continue
        one = next(secrets)
        until = min(one.until or end, end)
        if until > now:
            lines += [f"# until {until:%Y-%m-%dT%H:%M:%SZ}", one.text]
            old += 1
    if old > _MOST_OLD:
        raise ValueError(f"{old} old secrets would sign, at most {_MOST_OLD} may; a shorter overlap ends them sooner")
    return "\n".join(lines) + "\n"


def rotate(path: Path, now: datetime, overlap: timedelta) -> tuple[Secret, ...]:
    """Put a new secret on top of the file, which is made if it is not there; return what it holds then.

    It is written aside and renamed, so whoever reads it has the old one or the new one whole; only its owner may read
    it. Raises ``ValueError`` and ``OSError``.
    """
    place = Path(os.path.realpath(path))  # a link stays one
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(place.parent):
        before = read_small_text(place, _MAX_BYTES) if place.exists() else ""
        text = rotated(before, new_secret(), now, overlap)
        _replace(place, text)
    return _secrets_in(text)


def is_open_to_others(path: Path) -> bool:
    """Whether users of this machine who have no business with it may read or write it. Raises ``OSError``."""
    return bool(path.stat().st_mode & stat.S_IRWXO)


def _secrets_in(text: str) -> tuple[Secret, ...]:
    found: list[Secret] = []
    until: datetime | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            if mark := _UNTIL.fullmatch(line):
                until = _time(mark[1])
            elif _is_secret(line):
                parse_secret(line)
                found.append(Secret(line.strip(), until if found else None))
                until = None
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return tuple(found)


def _is_secret(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("expected '# until' and a time such as 2026-05-21T20:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let nobody else rotate here meanwhile: of two new secrets one would be lost."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
        os.fsync(opened)  # of the new name
    finally:
        os.close(opened)


def _replace(place: Path, text: str) -> None:
    opened, aside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)  # for its owner alone
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(opened)
            if place.exists() and (owner := place.stat()).st_uid != os.geteuid():
                os.fchown(opened, owner.st_uid, owner.st_gid)  # the daemon's user must be able to read it
        os.replace(aside, place)  # noqa: PTH105  # beside os.open and mkstemp
    except BaseException:
        os.unlink(aside)  # noqa: PTH108
        raise
