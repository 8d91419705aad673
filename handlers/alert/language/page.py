"""One rule file while it is read: what was found in it, and the small questions that every part of it is asked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from enum import StrEnum

from handlers.alert.language.codes import Code
from handlers.alert.language.nodes import Node, Place, Scalar, Series, Table
from watcher import Fault, Finding

__all__ = ["WHOLE_FILE", "Page", "suggestion"]

WHOLE_FILE = Place(0, 0)
_MANY = 12
_MOST_SUGGESTIONS = 100  # of a file: each takes a millisecond, and after so many faults it is another file
# Controls but for the ends of lines and tabs, and the marks that embed, override and isolate a direction of writing
# (https://www.unicode.org/reports/tr9/): with them a title can read as another one.
_STEERING = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


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
    """Collects what is found in one file. Each question returns None, or less, after telling a fault."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._findings: list[Finding] = []

    @property
    def count(self) -> int:
        """How many faults were told so far."""
        return sum(not one.is_warning for one in self._findings)

    @property
    def findings(self) -> list[Finding]:
        """Every fault and warning told so far, from the top of the file down."""
        return sorted(self._findings, key=lambda one: (one.line, one.column))

    @property
    def faults(self) -> list[Fault]:
        """Every fault told so far, from the top of the file down."""
        return [
            Fault(self.where(Place(one.line, one.column)), one.key, one.problem, one.remedy)
            for one in self.findings
            if not one.is_warning
        ]

    def where(self, place: Place) -> str:
        """The place as people and editors write it."""
        return f"{self.path}:{place.line}:{place.column}" if place.line else self.path

    def fault(self, code: Code, place: Place, key: str, problem: str, remedy: str = "") -> None:
        """Tell one fault."""
        self._findings.append(Finding(self.path, place.line, place.column, code.value, key, problem, remedy))

    def warn(self, code: StrEnum, place: Place, key: str, problem: str, remedy: str = "") -> None:
        """Tell one warning."""
        found = Finding(self.path, place.line, place.column, code.value, key, problem, remedy, is_warning=True)
        self._findings.append(found)

    def table(self, node: Node, key: str) -> Table | None:
        """Return the node if it is a map."""
        if isinstance(node, Table):
            return node
        self.fault(Code.WRONG_KIND, node.place, key, f"expected a map, found {_kind(node)}")
        return None

    def series(self, node: Node, key: str) -> tuple[Node, ...]:
        """Return the nodes of a list."""
        if isinstance(node, Series):
            return node.nodes
        remedy = "begin each line of it with '- '"
        self.fault(Code.WRONG_KIND, node.place, key, f"expected a list, found {_kind(node)}", remedy)
        return ()

    def text(self, node: Node | None, key: str) -> Scalar | None:
        """Return the node if it is a text that is not empty. None stands for a key that is not there."""
        if isinstance(node, Scalar) and node.text.strip():
            return node
        if isinstance(node, Scalar):
            self.fault(Code.EMPTY, node.place, key, "is empty")
        elif node is not None:
            self.fault(Code.WRONG_KIND, node.place, key, f"expected one value, found {_kind(node)}")
        return None

    def told(self, node: Node | None, key: str) -> Scalar | None:
        """Return the node if it is a text that people are told: one that steers no terminal and turns no line round."""
        text = self.text(node, key)
        if text is not None and (found := _STEERING.search(text.text)):
            problem = f"holds U+{ord(found[0]):04X}, which steers what shows it, or turns the line around"
            self.fault(Code.BAD_VALUE, text.place, key, problem, "take it out")
            return None
        return text

    def all_told(self, node: Node, key: str) -> tuple[Scalar, ...]:
        """Return one or several texts that people are told."""
        nodes = node.nodes if isinstance(node, Series) else (node,)
        return tuple(text for one in nodes if (text := self.told(one, key)) is not None)

    def texts(self, node: Node, key: str) -> tuple[Scalar, ...]:
        """Return one or several texts: a list, or a single one."""
        nodes = node.nodes if isinstance(node, Series) else (node,)
        return tuple(text for one in nodes if (text := self.text(one, key)) is not None)

    def choice(self, node: Node | None, key: str, choices: Iterable[str]) -> str | None:
        """Return a text that is one of the choices."""
        text = self.text(node, key)
        known = list(choices)
        if text is not None and text.text not in known:
            close = self._suggestion(text.text, known)
            remedy = close if close.startswith("did") else ""  # the choices themselves are told already
            problem = f"{text.text!r} is not one of {', '.join(known)}"
            self.fault(Code.BAD_VALUE, text.place, key, problem, remedy)
            return None
        return text.text if text else None

    def flag(self, node: Node | None, key: str) -> bool | None:
        """Return true or false."""
        choice = self.choice(node, key, ("true", "false"))
        return None if choice is None else choice == "true"

    def number(self, node: Node | None, key: str, least: int, most: int) -> int | None:
        """Return a whole number within these bounds."""
        text = self.text(node, key)
        if text is None:
            return None
        # More digits than any bound has are not read at all: that takes longer than its length.
        is_number = text.text.isascii() and text.text.isdecimal() and len(text.text) < 12
        if not is_number or not least <= int(text.text) <= most:
            problem = f"{text.text!r}: expected a whole number from {least} to {most}"
            self.fault(Code.BAD_VALUE, text.place, key, problem)
            return None
        return int(text.text)

    def required(self, table: Table, name: str, key: str, remedy: str = "") -> Node | None:
        """Return the value of a key that must be there."""
        node = table.get(name)
        if node is None:
            self.fault(Code.MISSING, table.place, f"{key}.{name}" if key else name, "is missing", remedy)
        return node

    def check_keys(self, table: Table, key: str, known: Collection[str]) -> None:
        """Tell every key of the map that is not known."""
        for entry in table.entries:
            name = entry.key.text
            if name not in known:
                full = f"{key}.{name}" if key else name
                self.fault(Code.UNKNOWN_KEY, entry.key.place, full, "unknown key", self._suggestion(name, known))

    def unknown(self, code: Code, place: Place, key: str, word: str, known: Iterable[str]) -> None:
        """Tell that a name is not known, and which one may have been meant."""
        kind = _KINDS[code]
        self.fault(code, place, key, f"there is no {kind} {word!r}", self._suggestion(word, known))

    def _suggestion(self, word: str, known: Iterable[str]) -> str:
        return suggestion(word, known) if len(self._findings) < _MOST_SUGGESTIONS else ""


_KINDS = {
    Code.UNKNOWN_FIELD: "field",
    Code.UNKNOWN_MODIFIER: "modifier",
    Code.UNKNOWN_LIST: "list",
    Code.UNKNOWN_PHRASES: "phrase set",
    Code.UNKNOWN_ENDPOINT: "endpoint",
    Code.UNKNOWN_RULE: "rule",
    Code.UNKNOWN_SELECTION: "selection",
}


def _kind(node: Node) -> str:
    match node:
        case Scalar():
            return f"the text {node.text!r}" if node.text else "nothing"
        case Series():
            return "a list"
        case Table():
            return "a map"
