"""Reads YAML into nodes that know where they stand, with every scalar left as text.

A subset of YAML on purpose: no aliases (a few lines of them can mean gigabytes), no tags, no key given twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

__all__ = ["Entry", "Node", "Place", "Scalar", "Series", "SyntaxFault", "Table", "plain", "read_yaml"]

# The parser of libyaml is fifteen times faster; both give the same events.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node begins; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as text."""

    text: str
    place: Place
    is_plain: bool = False  # written without quotes, so that another reader may take it for a number, say


@dataclass(frozen=True, slots=True)
class Series:
    """A list."""

    nodes: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a map, with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A map, in the file's order; no key stands in it twice."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """Return the value of this key, or None."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Series | Table


class SyntaxFault(Exception):  # noqa: N818
    """Raised when a text is not YAML, or not of the part of it that is read here."""

    def __init__(self, place: Place, problem: str, remedy: str = "") -> None:
        self.place = place
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem)


def read_yaml(text: str) -> Node | None:
    """Return the one document in the text, or None when there is nothing but comments. Raises ``SyntaxFault``."""
    try:
        return _document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        raise SyntaxFault(place, f"is not YAML here: {problem}", _hint(problem)) from error
    except yaml.YAMLError as error:
        raise SyntaxFault(Place(1, 1), f"is not YAML: {str(error).splitlines()[0]}") from error


def plain(node: Node) -> Any:
    """Return the node as text, lists and dicts, without places: what it says, whatever its layout."""
    match node:
        case Scalar():
            return node.text
        case Series():
            return [plain(one) for one in node.nodes]
        case Table():
            return {entry.key.text: plain(entry.value) for entry in node.entries}


def _hint(problem: str) -> str:
    if "cannot start any token" in problem:
        return 'put values that begin with @, %, ` or a tab in quotes, as in "@watch"'
    if "mapping values are not allowed" in problem:
        return "put values that hold ': ' in quotes, and check the indentation"
    return ""


def _document(events: Iterator[Any]) -> Node | None:
    node: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if node is not None:
                raise SyntaxFault(
                    _place(event), "a second document begins here", "one file, one document: drop the ---"
                )
            node = _node(next(events), events, 0)
    if isinstance(node, Scalar) and not node.text:
        return None
    return node


def _node(event: Any, events: Iterator[Any], depth: int) -> Node:
    place = _place(event)
    _refuse(event, place, depth)
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(event.value, place, is_plain=event.implicit[0])
    if isinstance(event, yaml.SequenceStartEvent):
        return Series(tuple(_nodes_until(yaml.SequenceEndEvent, events, depth)), place)
    nodes = list(_refusing_merges(_nodes_until(yaml.MappingEndEvent, events, depth)))
    entries: dict[str, Entry] = {}
    for key, value in zip(nodes[::2], nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise SyntaxFault(key.place, "a key must be text", "put the key in quotes")
        if key.text in entries:
            line = entries[key.text].key.place.line
            raise SyntaxFault(key.place, f"key {key.text!r} stands here twice", f"the first is in line {line}")
        entries[key.text] = Entry(key, value)
    return Table(tuple(entries.values()), place)


def _refusing_merges(nodes: Iterator[Node]) -> Iterator[Node]:
    """Give the keys and values of a map; a key that would take over another map is told before what it names."""
    for place, node in enumerate(nodes):
        if place % 2 == 0 and isinstance(node, Scalar) and node.text == "<<" and node.is_plain:
            remedy = "write the keys out; what many rules share stands in defaults"
            raise SyntaxFault(node.place, "merge keys (<<) are not supported", remedy)
        yield node


def _nodes_until(end: type, events: Iterator[Any], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, end):
            return
        yield _node(event, events, depth + 1)


def _refuse(event: Any, place: Place, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise SyntaxFault(place, f"nested more than {_MAX_DEPTH} deep")
    if isinstance(event, yaml.AliasEvent):
        raise SyntaxFault(place, f"aliases (*{event.anchor}) are not read", "write the value out, or put it in quotes")
    if event.anchor is not None:
        raise SyntaxFault(
            place, f"&{event.anchor} without quotes is an anchor to YAML", f'write "&{event.anchor}" in quotes'
        )
    if event.tag not in (None, "!"):
        raise SyntaxFault(place, f"tags ({event.tag}) are not read", "drop it: every value is read as text")


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
