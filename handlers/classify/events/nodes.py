"""Reads a YAML file into nodes that know their places, and collects what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from watcher import Fault

__all__ = ["Page", "open_page"]

# The parser of libyaml is fifteen times faster; both give the same nodes.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MAX_BYTES = 5_000_000


class Page:
    """One file. Each question returns None, or less, after noting a fault with its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: list[Fault] = []

    def where(self, node: yaml.Node) -> str:
        """The node's place, as people and editors write it."""
        return f"{self.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def fault(self, node: yaml.Node | None, key: str, problem: str, remedy: str = "") -> None:
        """Note one fault."""
        self.faults.append(Fault(self.path if node is None else self.where(node), key, problem, remedy))

    def table(self, node: yaml.Node, key: str, known: Iterable[str] | None = None) -> Mapping[str, yaml.Node]:
        """Return a map's values by their keys, each of which must be known and stand there once."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, key, "expected a map")
            return {}
        table: dict[str, yaml.Node] = {}
        names = None if known is None else list(known)
        for name, value in node.value:
            text = name.value if isinstance(name, yaml.ScalarNode) else ""
            if text in table:
                self.fault(name, f"{key}.{text}", "stands here twice")
            if names is not None and text not in names:
                self.fault(name, f"{key}.{text}".strip("."), "unknown key", suggestion(text, names))
            table[text] = value
        return table

    def series(self, node: yaml.Node | None, key: str) -> list[yaml.Node]:
        """Return the nodes of a list; a single text stands for a list of one."""
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if isinstance(node, yaml.ScalarNode) and node.value:
            return [node]
        self.fault(node, key, "expected a list")
        return []

    def text(self, node: yaml.Node | None, key: str) -> str:
        """Return a text, or "" where there is none."""
        if node is None:
            return ""
        if isinstance(node, yaml.ScalarNode) and node.value.strip():
            return str(node.value).strip()
        self.fault(node, key, "expected a text")
        return ""

    def texts(self, node: yaml.Node | None, key: str) -> list[str]:
        """Return one or several texts."""
        return [text for one in self.series(node, key) if (text := self.text(one, key))]

    def names(self, node: yaml.Node | None, key: str, known: Iterable[str]) -> list[str]:
        """Return one or several texts, each of which must be one of the known ones."""
        names, found = list(known), []
        for one in self.series(node, key):
            text = self.text(one, key)
            if text and text not in names:
                self.fault(one, key, f"there is no {text!r}", suggestion(text, names))
            elif text:
                found.append(text)
        return found

    def number(self, node: yaml.Node | None, key: str, least: float, most: float, default: float) -> float:
        """Return a number within bounds, or the default where there is none."""
        text = self.text(node, key)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = most + 1
        if not least <= value <= most:
            self.fault(node, key, f"{text!r}: expected a number from {least:g} to {most:g}")
            return default
        return value

    def flag(self, node: yaml.Node | None, key: str) -> bool:
        """Return true or false; false where nothing stands."""
        text = self.text(node, key)
        if text not in ("", "true", "false"):
            self.fault(node, key, f"{text!r} is neither true nor false")
        return text == "true"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say what a mistyped word may have meant."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def open_page(path: Path) -> tuple[Page, yaml.Node | None, str]:
    """Read a file: its page, its node (None after noting a fault), and its text."""
    page, text = Page(str(path)), ""
    try:
        if path.stat().st_size > _MAX_BYTES:
            page.fault(None, "", f"is larger than {_MAX_BYTES} bytes", "split it")
            return page, None, ""
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=_LOADER)
    except OSError as error:
        page.fault(None, "", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        page.fault(None, "", "is not UTF-8 text", "save it as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        page.faults.append(Fault(f"{path}{place}", "", f"is not YAML here: {error.problem}"))
    except yaml.YAMLError as error:
        page.fault(None, "", f"is not YAML: {str(error).splitlines()[0]}")
    else:
        if root is None:
            page.fault(None, "", "is empty", "write rules into it, or take it away")
        return page, root, text
    return page, None, ""
