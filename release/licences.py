"""``python -m release.licences``: under which licence each locked package is, and that it may be used here.

Licences come from the packages' installed metadata, so that this runs where both environments are set up: that of the
tests and that of the release tools. ``--write`` writes `docs/licences.md`, which a test holds against the lock files.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from release.lockfile import ROOT, Locked, read_all

__all__ = ["PURPOSES", "Policy", "Row", "is_allowed", "licence_of", "main", "policy", "purposes", "rows", "table"]

LIST = ROOT / "docs" / "licences.md"
RELEASE_TOOLS = ROOT / "build" / "release"
UNKNOWN = "unknown"
# What a package is for; of several the first counts.
PURPOSES = ("run", "extra", "build", "test", "release")
HEAD = """\
# Licences of what eightk stands on

Every locked package of every machine, written by `make licences` from the installed metadata. What is allowed is in
`release/licences.toml`; `make audit` fails on anything else. run: installed with eightk; extra: with one of its
extras; build, test and release: never on a user's machine.

| package | version | licence | for |
|---|---|---|---|
"""
_SPDX = re.compile(r"0BSD|ISC|MIT|Unlicense|[A-Z][A-Za-z]*-[0-9][A-Za-z0-9.-]*|MIT OR Apache-2\.0")
_TOKEN = re.compile(r"[()]|[^\s()]+")


@dataclass(frozen=True, slots=True)
class Policy:
    """What `release/licences.toml` says."""

    allowed: frozenset[str]
    spellings: Mapping[str, str]
    by_hand: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One package of the list."""

    name: str
    version: str
    licence: str  # an SPDX expression, or "unknown"
    purpose: str


def policy() -> Policy:
    """Read `release/licences.toml`."""
    found = tomllib.loads(Path(__file__).with_name("licences.toml").read_text(encoding="utf-8"))
    return Policy(frozenset((*found["permissive"], *found["unchanged"])), found["spellings"], found["by_hand"])


def licence_of(distribution: Distribution, spellings: Mapping[str, str]) -> str:
    """Return the licence that installed metadata gives, in SPDX's words; "unknown" when it gives none."""
    metadata = distribution.metadata
    if expression := _first(metadata.get_all("License-Expression")):
        return expression
    own = _in_spdx(_first(metadata.get_all("License")), spellings)
    classifiers = [one for one in metadata.get_all("Classifier") or [] if one.startswith("License ::")]
    # Of several nobody says whether one may choose.
    told = [_in_spdx(one.rpartition(" :: ")[2], spellings) for one in classifiers]
    return own or (UNKNOWN if not all(told) else " AND ".join(dict.fromkeys(told))) or UNKNOWN


def _first(values: list[str] | None) -> str:
    return values[0] if values else ""


def _in_spdx(words: str, spellings: Mapping[str, str]) -> str:
    word = spellings.get(words.strip(), words.strip())
    return word if _SPDX.fullmatch(word) else ""


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Whether an SPDX expression leaves a choice in which every part is allowed.

    Raises ``ValueError`` when it is none.
    """
    tokens = _TOKEN.findall(expression)
    is_good = _any_of(tokens, frozenset(allowed))
    if tokens:
        raise ValueError(f"not a licence expression: {expression!r}")
    return is_good


def _any_of(tokens: list[str], allowed: frozenset[str]) -> bool:
    is_good = _all_of(tokens, allowed)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        is_good |= _all_of(tokens, allowed)
    return is_good


def _all_of(tokens: list[str], allowed: frozenset[str]) -> bool:
    is_good = _one(tokens, allowed)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        is_good &= _one(tokens, allowed)
    return is_good


def _one(tokens: list[str], allowed: frozenset[str]) -> bool:
    if not tokens or tokens[0] in ("AND", "OR", ")"):
        raise ValueError("a licence expression that ends too early")
    first = tokens.pop(0)
    if first != "(":
        return first in allowed
    is_good = _any_of(tokens, allowed)
    if not tokens or tokens.pop(0) != ")":
        raise ValueError("a licence expression with a bracket that is not closed")
    return is_good


def purposes(locked: Mapping[str, Iterable[Locked]]) -> dict[str, str]:
    """Return what each locked package is for, by who asked for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = dict(project["project"]["optional-dependencies"])
    asked = {
        "run": project["project"]["dependencies"],
        "build": extras.pop("build"),
        "test": extras.pop("test"),
        "extra": [one for lines in extras.values() for one in lines],
        "release": project["dependency-groups"]["release"],
    }
    children: dict[str, set[str]] = {}
    for one in (one for some in locked.values() for one in some):
        for parent in one.asked_by:
            children.setdefault(parent, set()).add(one.name)
    found: dict[str, str] = {}
    for purpose in PURPOSES:
        for name in _below(map(_name, asked[purpose]), children):
            found.setdefault(name, purpose)
    return found


def rows(paths: Iterable[Path]) -> tuple[Row, ...]:
    """Return a row for each locked package, by what is installed in these folders."""
    rule, locked = policy(), read_all()
    known = {
        (_name(one.metadata["Name"]), one.version): one for one in distributions(path=[str(path) for path in paths])
    }
    purpose = purposes(locked)
    found = set()
    for one in (one for some in locked.values() for one in some):
        installed = known.get((one.name, one.version))
        said = licence_of(installed, rule.spellings) if installed else UNKNOWN
        found.add(Row(one.name, one.version, rule.by_hand.get(one.name, said), purpose.get(one.name, "test")))
    return tuple(sorted(found, key=lambda row: (PURPOSES.index(row.purpose), row.name, row.version)))


def table(found: Iterable[Row]) -> str:
    """Return `docs/licences.md`."""
    return HEAD + "".join(f"| {row.name} | {row.version} | {row.licence} | {row.purpose} |\n" for row in found)


def main(arguments: list[str]) -> int:
    """Check, and with ``--write`` write the list. Returns the exit code."""
    found = rows([*map(Path, sys.path), *RELEASE_TOOLS.glob("lib/python*/site-packages")])
    allowed = policy().allowed
    wrong = [row for row in found if not is_allowed(row.licence, allowed)]
    for row in wrong:
        print(f"{row.name} {row.version}: {row.licence}: not among the licences of release/licences.toml")
    if "--write" in arguments and not wrong:
        LIST.write_text(table(found), encoding="utf-8")
    print(f"licences: {len(found)} locked packages, {len(wrong)} not allowed")
    return 1 if wrong else 0


def _below(names: Iterable[str], children: Mapping[str, set[str]]) -> Iterator[str]:
    ahead, seen = list(names), set[str]()
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            yield name
            ahead.extend(children.get(name, ()))


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
