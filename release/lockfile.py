"""What the lock files hold: each package with its version, its hashes, and who asked for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

__all__ = ["ROOT", "Locked", "read", "read_all"]

ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = re.compile(r"(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? *\\?")
_HASH = re.compile(r" +--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r" +#(?: via)?(?: +(?P<name>[a-z0-9._-]+))?(?: \(pyproject\.toml[^)]*\))?")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file."""

    name: str
    version: str
    marker: str  # "" for every machine
    hashes: tuple[str, ...]  # SHA-256, one for each file that may be installed
    asked_by: tuple[str, ...]  # packages that depend on it; the project itself among them

    @property
    def is_for_here(self) -> bool:
        """Whether it is installed on a machine such as this."""
        return not self.marker or Marker(self.marker).evaluate()


def read(file: Path) -> tuple[Locked, ...]:
    """Return what this lock file holds. Raises ``ValueError`` for a line that it does not know."""
    return tuple(_package(file, block) for block in _blocks(file))


def read_all(root: Path = ROOT) -> dict[str, tuple[Locked, ...]]:
    """Return what each lock file of the project holds, by its name."""
    return {file.name: read(file) for file in sorted(root.glob("requirements*.txt"))}


def _blocks(file: Path) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _package(file: Path, lines: list[str]) -> Locked:
    head = _PACKAGE.fullmatch(lines[0])
    if head is None:
        raise ValueError(f"{file.name}: not a locked package: {lines[0]!r}")
    hashes = [found[1] for line in lines[1:] if (found := _HASH.match(line))]
    vias = [found for line in lines[1:] if (found := _VIA.fullmatch(line))]
    if len(hashes) + len(vias) != len(lines) - 1 or not hashes:
        raise ValueError(f"{file.name}: {head['name']}: lines that are neither a hash nor who asked for it")
    asked_by = tuple(found["name"] for found in vias if found["name"])
    return Locked(head["name"], head["version"], (head["marker"] or "").strip(), tuple(hashes), asked_by)
