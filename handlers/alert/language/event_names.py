"""Warnings about events that rules and their tests name, and that nothing is known to find."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from handlers.alert.language.codes import Code
from handlers.alert.language.files import RuleFile
from handlers.alert.language.nodes import Node, Place, Scalar, Series, Table
from handlers.alert.language.page import suggestion

__all__ = ["check_events"]

_FIELD = "events"


def check_events(files: Iterable[RuleFile], known: Collection[str]) -> None:
    """Put a warning on the page of each file for every event that is not known. None known: nothing can be told."""
    for file in files if known else ():
        for place, name, where in _named(file):
            if name not in known:
                told, close = (where, "") if where else (repr(name), suggestion(name, known))
                remedy = close if close.startswith("did") else "those that are found: eightk events list"
                problem = f"nothing is known to find {told}; if a handler of your own does, name it in its `events`"
                file.page.warn(Code.UNKNOWN_EVENT, place, _FIELD, problem, remedy)


def _named(file: RuleFile) -> Iterator[tuple[Place, str, str]]:
    """Give each event that a file names, with its place; those of a list stand in the list, or where its file says."""
    lists: dict[str, None] = {}
    for one in _values(file.root) if file.root else ():
        if one.text.startswith("@"):
            lists[one.text[1:]] = None
        else:
            yield one.place, one.text, ""
    for name in lists:
        if name in file.lists:
            yield from ((one.place, one.text, one.where if one.in_file else "") for one in file.lists[name].values)


def _values(node: Node) -> Iterator[Scalar]:
    match node:
        case Series():
            for one in node.nodes:
                yield from _values(one)
        case Table():
            for entry in node.entries:
                if entry.key.text.split("|")[0] == _FIELD:
                    yield from _names(entry.value)
                else:
                    yield from _values(entry.value)


def _names(node: Node) -> Iterator[Scalar]:
    """The names that are asked for, or that a test gives with their facts or without."""
    match node:
        case Scalar() if node.text not in ("true", "false"):  # which exists asks
            yield node
        case Series():
            for one in node.nodes:
                yield from _names(one)
        case Table():
            for entry in node.entries:
                yield entry.key
