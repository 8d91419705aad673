"""Small helpers for pages that are made: tables, and words fit for a cell."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["MADE", "cell", "code", "one_line", "page", "paragraphs", "table", "words_of"]

MADE = "<!-- Made by `make docs` from the program itself: change that, not this page. -->"


def page(title: str, *parts: str) -> str:
    """Return a page: its parts with an empty line between them."""
    return "\n\n".join([f"# {title}", MADE, *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; nothing where it has no row."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *lines]) if lines else ""


def cell(text: str) -> str:
    """Return words on one line, whose bars do not end the cell."""
    return " ".join(text.split()).replace("|", r"\|")


def code(text: object) -> str:
    """Return it as code, also where it holds a backtick."""
    shown = str(text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def words_of(text: str | None) -> str:
    """Return a docstring in Markdown: what ReST marks as code is code here."""
    return re.sub(r"``([^`]+)``", r"`\1`", inspect.cleandoc(text or ""))


def paragraphs(text: str | None) -> str:
    """Return a docstring with each paragraph on one line; lists and indented examples stay as they are."""
    kept = []
    for part in words_of(text).split("\n\n"):
        is_plain = not re.search(r"^(\s|[-*] |::)", part, re.MULTILINE)
        kept.append(" ".join(part.split()) if is_plain else part)
    return "\n\n".join(kept)


def one_line(value: Any) -> str:
    """Return a value as TOML would have it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(one_line, value))}]"
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'
