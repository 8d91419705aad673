"""How selections are put together: ``company and filing and (classed or (text and not noise))``.

``not`` binds closest, then ``and``, then ``or``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["NAME_PATTERN", "AllOf", "AnyOf", "Condition", "Named", "Not", "names_in", "parse_condition", "supporters"]

NAME_PATTERN = r"[A-Za-z_][A-Za-z0-9_-]*"
_NAME = re.compile(NAME_PATTERN)
_TOKEN = re.compile(rf"\s*(?:({NAME_PATTERN})|([()])|(\S))")
_WORDS = frozenset({"and", "or", "not"})
_MAX_LENGTH = 2_000
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Named:
    """Holds when the selection of this name does."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part does (``and``)."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when one part does (``or``)."""

    parts: tuple[Condition, ...]


Condition = Named | Not | AllOf | AnyOf


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ``ValueError`` with what was expected and what came."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"a condition is at most {_MAX_LENGTH} characters long")
    reader = _Reader(text)
    condition = reader.read_any(0)
    if reader.next:
        raise ValueError(f"expected 'and', 'or' or the end, found {reader.next!r}")
    return condition


def names_in(condition: Condition) -> Iterator[str]:
    """Give the name of every selection in the condition."""
    match condition:
        case Named(name):
            yield name
        case Not(part):
            yield from names_in(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from names_in(part)


def supporters(condition: Condition, holds: Callable[[str], bool]) -> tuple[str, ...] | None:
    """Return the selections because of which the condition holds, or None when it does not.

    ``holds`` is asked only where the answer still matters.
    """
    match condition:
        case Named(name):
            return (name,) if holds(name) else None
        case Not(part):
            return () if supporters(part, holds) is None else None
        case AllOf(parts):
            names: list[str] = []
            for part in parts:
                found = supporters(part, holds)
                if found is None:
                    return None
                names += found
            return tuple(dict.fromkeys(names))
        case AnyOf(parts):
            all_found = [one for one in (supporters(part, holds) for part in parts) if one is not None]
            return tuple(dict.fromkeys(name for one in all_found for name in one)) if all_found else None


class _Reader:
    """Reads one condition from left to right; ``next`` is the word to come, or "" at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = iter([name or mark or other for name, mark, other in _TOKEN.findall(text)])
        self.next = next(self._tokens, "")

    def read_any(self, depth: int) -> Condition:
        parts = [self._read_all(depth)]
        while self.next == "or":
            self._step()
            parts.append(self._read_all(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _read_all(self, depth: int) -> Condition:
        parts = [self._read_one(depth)]
        while self.next == "and":
            self._step()
            parts.append(self._read_one(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _read_one(self, depth: int) -> Condition:
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested more than {_MAX_DEPTH} deep")
        word = self._step()
        if word == "not":
            return Not(self._read_one(depth + 1))
        if word == "(":
            inner = self.read_any(depth + 1)
            closing = self._step()
            if closing != ")":
                raise ValueError(f"expected ')', found {closing!r}" if closing else "a '(' is not closed")
            return inner
        if not word:
            raise ValueError("expected the name of a selection at the end")
        if word in _WORDS or not _NAME.fullmatch(word):
            raise ValueError(f"expected the name of a selection, found {word!r}")
        return Named(word)

    def _step(self) -> str:
        word, self.next = self.next, next(self._tokens, "")
        return word
