"""Cuts out of a document's source what nobody is shown: scripts, titles, elements styled not to be displayed."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["without", "without_hidden", "without_unseen"]

_UNSEEN = ("script", "style", "title", "ix:header")
_HIDDEN = re.compile(r"isplay\s{0,9}:\s{0,9}none")
_HIDDEN_SHOUTED = re.compile(_HIDDEN.pattern, re.IGNORECASE)  # ten times slower
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:]{0,40}")
_MAX_TAG = 5_000
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr"))


def without(source: str, opening: str, closing: str) -> str:
    """Cut out everything from one of these to the next of those. What is never closed stays."""
    kept, place = [], 0
    start = source.find(opening)
    while start >= 0:
        end = source.find(closing, start)
        if end < 0:
            break
        kept.append(source[place:start])
        place = end + len(closing)
        start = source.find(opening, place)
    kept.append(source[place:])
    return "".join(kept)


def without_unseen(source: str) -> str:
    """Cut out the elements whose text is not the page's: a script, a style, the window's title, XBRL's header."""
    for name in _UNSEEN:
        for spelled in (name, name.upper(), name.title()):
            if f"<{spelled}" in source:
                source = without(source, f"<{spelled}", f"</{spelled}>")
    return source


def without_hidden(source: str) -> str:
    """Cut out the elements that are styled not to be displayed."""
    style = _HIDDEN_SHOUTED if "DISPLAY" in source else _HIDDEN
    kept, place = [], 0
    match = style.search(source)
    while match:
        after = match.end()
        end = source.find(">", after, after + _MAX_TAG)
        # An element that is empty needs no cutting; some documents have thousands of hidden empty cells.
        is_empty = source.startswith("</", end + 1)
        start = -1 if is_empty else source.rfind("<", max(place, match.start() - _MAX_TAG), match.start())
        if end >= 0 and start >= 0 and ">" not in source[start : match.start()]:
            hidden = _element_end(source, start, end + 1)
            if hidden is None:
                break  # it never ends: better to show too much than to lose the document
            kept.append(source[place:start])
            place = after = hidden
        match = style.search(source, after)
    kept.append(source[place:])
    return "".join(kept)


def _element_end(source: str, start: int, inside: int) -> int | None:
    """Find the position after the end tag of the element that starts here."""
    name = _NAME.match(source, start + 1)
    if name is None or name[0].lower() in _VOID or source[inside - 2] == "/":
        return inside
    close = source.find("<", inside)
    if source.startswith("</" + name[0] + ">", close):
        return close + len(name[0]) + 3
    depth = 1
    for tag in _tags_named(name[0].lower()).finditer(source, inside):
        if tag[1]:
            depth -= 1
        elif tag[0][-2] != "/":
            depth += 1
        if depth == 0:
            return tag.end()
    return None


@lru_cache(maxsize=64)
def _tags_named(name: str) -> re.Pattern[str]:
    """Match the tags of this name, in any case."""
    both = "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in name)
    return re.compile(rf"<(/?){both}(?=[\s/>])[^<>]*>")
