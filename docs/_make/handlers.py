"""``reference/handlers.md``: the doors for handler authors, name by name, with their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import watcher
import watcher.testing
import watcher.words
from docs._make.words import ABOUT
from docs._make.writing import cell, code, page, paragraphs, table, words_of

__all__ = ["every_name", "handlers_page"]

DOORS: tuple[ModuleType, ...] = (watcher, watcher.words, watcher.testing)


def every_name() -> Iterator[tuple[ModuleType, str]]:
    """Give each public name, door by door."""
    for door in DOORS:
        yield from ((door, name) for name in sorted(door.__all__, key=str.lower))


def handlers_page() -> str:
    """Return the page."""
    parts = []
    for door in DOORS:
        first, _, rest = paragraphs(door.__doc__).partition("\n\n")
        parts.append(f"## {door.__name__}\n\n{first}" + ("" if rest.startswith("::") else f"\n\n{rest}"))
        parts += [_name(name, getattr(door, name)) for one, name in every_name() if one is door]
    return page("The door for handler authors", ABOUT["handlers"], *parts)


def _name(name: str, found: Any) -> str:
    if not callable(found) or (not isinstance(found, type) and not inspect.isroutine(found)):
        return f"### {name}\n\n{_constant(found)}"
    is_listed = isinstance(found, type) and issubclass(found, Enum)
    shown = "" if is_listed else f"```\n{_call(name, found)}\n```"
    parts = [f"### {name}", shown, paragraphs(_own_words(found)), *(_inside(found) if isinstance(found, type) else ())]
    return "\n\n".join(part for part in parts if part)


def _constant(found: Any) -> str:
    if isinstance(found, frozenset):
        return f"`frozenset` of {', '.join(map(code, sorted(found)))}."
    return f"{code(type(found).__name__)}: {code(found)}." if isinstance(found, (str, int)) else f"{code(found)}."


def _own_words(found: Any) -> str:
    # A dataclass without a docstring is given its signature as one.
    words = inspect.getdoc(found) or ""
    name = getattr(found, "__name__", "")
    return "" if dataclasses.is_dataclass(found) and words.startswith(f"{name}(") else words


def _call(name: str, found: Any) -> str:
    if not isinstance(found, type):
        return f"{name}{_signature(found)}"
    # An error takes whatever is given, and a shape of others is not made.
    is_made = inspect.isfunction(inspect.getattr_static(found, "__init__")) and not getattr(
        found, "_is_protocol", False
    )
    return f"class {name}{_signature(found).removesuffix(' -> None')}" if is_made else f"class {name}"


def _signature(found: Any) -> str:
    """Return it as it was written: annotations without quotes, enumerations by their names."""
    asked = inspect.signature(found)
    kept = [one.replace(annotation=one.empty, default=one.empty) for one in asked.parameters.values()]
    bare = inspect.Signature(kept)
    told = {name: _parameter(one) for name, one in asked.parameters.items()}
    shown = re.sub(r"\w+", lambda word: told.get(word[0], word[0]), str(bare))
    answer = asked.return_annotation
    return shown if answer is asked.empty else f"{shown} -> {_annotation(answer)}"


def _parameter(one: inspect.Parameter) -> str:
    kind = "" if one.annotation is one.empty else f": {_annotation(one.annotation)}"
    if one.default is one.empty:
        return one.name + kind
    return f"{one.name}{kind}{' = ' if kind else '='}{_value(one.default)}"


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _value(value: Any) -> str:
    if isinstance(value, Enum):
        return str(f"{type(value).__name__}.{value.name}")
    shown = repr(value)
    return "..." if shown == "<factory>" else shown


def _inside(found: type) -> Iterator[str]:
    """Values of an enumeration, and the methods that the class itself has."""
    if issubclass(found, Enum):
        yield ", ".join(f"{code(one.name)} ({code(one.value)})" for one in found)
        return
    rows = []
    for name, one in vars(found).items():
        is_one = isinstance(one, (property, classmethod, staticmethod)) or inspect.isfunction(one)
        if name.startswith("_") or not is_one:
            continue
        routine = getattr(found, name)
        is_value = isinstance(one, property)
        call = name if is_value else f"{name}{_signature(routine)}"
        rows.append((code(call), cell(words_of(inspect.getdoc(one if is_value else routine)))))
    yield table(["method or property", "meaning"], rows)
