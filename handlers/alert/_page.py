"""One rule file while it is read: its faults, and the small questions that every part of it is asked."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from handlers.alert._nodes import Node, Place, Scalar, Series, Table
from watcher import Fault

__all__ = ["NOT_YET", "Page", "suggestion"]

NOT_YET = "is not supported yet"
_NOT_YET_REMEDY = "leave it out: a rule never means less than it says"
_MANY = 12


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say what a mistyped word may have meant, by edit distance, or else what there is."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there are none"
    return f"known: {', '.join(names[:_MANY])}{', ...' if len(names) > _MANY else ''}"


class Page:
    """Collects what is wrong with one file. Each question returns None, or less, after telling a fault."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._faults: list[tuple[Place, Fault]] = []

    @property
    def count(self) -> int:
        """How many faults were told so far."""
        return len(self._faults)

    @property
    def faults(self) -> list[Fault]:
        """Every fault told so far, from the top of the file down."""
        return [fault for _, fault in sorted(self._faults, key=lambda told: (told[0].line, told[0].column))]

    def where(self, place: Place) -> str:
        """The place as people and editors write it."""
        return f"{self.path}:{place.line}:{place.column}"

    def fault(self, place: Place, key: str, problem: str, remedy: str = "") -> None:
        """Tell one fault."""
        self._faults.append((place, Fault(self.where(place), key, problem, remedy)))

    def fault_of_file(self, problem: str, remedy: str = "") -> None:
        """Tell a fault of the whole file."""
        self._faults.append((Place(0, 0), Fault(self.path, "", problem, remedy)))

    def table(self, node: Node, key: str) -> Table | None:
        """Return the node if it is a map."""
        if isinstance(node, Table):
            return node
        self.fault(node.place, key, f"expected a map, found {_kind(node)}")
        return None

    def series(self, node: Node, key: str) -> tuple[Node, ...]:
        """Return the nodes of a list."""
        if isinstance(node, Series):
            return node.nodes
        self.fault(node.place, key, f"expected a list, found {_kind(node)}", "begin each line of it with '- '")
        return ()

    def text(self, node: Node | None, key: str) -> Scalar | None:
        """Return the node if it is a text that is not empty. None stands for a key that is not there."""
        if isinstance(node, Scalar) and node.text.strip():
            return node
        if isinstance(node, Scalar):
            self.fault(node.place, key, "is empty")
        elif node is not None:
            self.fault(node.place, key, f"expected one value, found {_kind(node)}")
        return None

    def texts(self, node: Node, key: str) -> tuple[Scalar, ...]:
        """Return one or several texts: a list, or a single one."""
        nodes = node.nodes if isinstance(node, Series) else (node,)
        return tuple(text for one in nodes if (text := self.text(one, key)) is not None)

    def choice(self, node: Node | None, key: str, choices: Iterable[str]) -> str | None:
        """Return a text that is one of the choices."""
        text = self.text(node, key)
        known = list(choices)
        if text is not None and text.text not in known:
            close = suggestion(text.text, known)
            remedy = close if close.startswith("did") else ""  # the choices themselves are told already
            self.fault(text.place, key, f"{text.text!r} is not one of {', '.join(known)}", remedy)
            return None
        return text.text if text else None

    def flag(self, node: Node | None, key: str) -> bool | None:
        """Return true or false."""
        choice = self.choice(node, key, ("true", "false"))
        return None if choice is None else choice == "true"

    def check_keys(self, table: Table, key: str, known: Collection[str], later: Collection[str] = ()) -> None:
        """Tell every key of the map that is not known, or not yet."""
        for entry in table.entries:
            name = entry.key.text
            full = f"{key}.{name}" if key else name
            if name in later:
                self.fault(entry.key.place, full, NOT_YET, _NOT_YET_REMEDY)
            elif name not in known:
                self.fault(entry.key.place, full, "unknown key", suggestion(name, known))

    def not_yet(self, place: Place, key: str, what: str) -> None:
        """Tell that something of the full language is not read by this version."""
        self.fault(place, key, f"{what} {NOT_YET}", _NOT_YET_REMEDY)

    def unknown(self, place: Place, key: str, kind: str, word: str, known: Iterable[str]) -> None:
        """Tell that a name is not known, and which one may have been meant."""
        self.fault(place, key, f"there is no {kind} {word!r}", suggestion(word, known))


def _kind(node: Node) -> str:
    match node:
        case Scalar():
            return f"the text {node.text!r}" if node.text else "nothing"
        case Series():
            return "a list"
        case Table():
            return "a map"
