"""Texts from filings made fit for a channel: one clean line, a bounded length, and no markup but our own.

Pure. A filer chooses these texts, so each channel takes them through here: first `plain`, which drops what hides
or reorders, then `dressed` with the characters that mean something in that channel.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

__all__ = ["dressed", "plain", "units"]

_ELLIPSIS = "…"
# Control characters, format characters (right-to-left overrides, zero-width spaces, invisible tags) and halves of
# a surrogate pair, which UTF-8 cannot write.
_DROPPED = frozenset({"Cc", "Cf", "Cs"})
_JOINERS = frozenset("\u200c\u200d")  # format characters, too, but words of some scripts and emoji need them


def plain(text: str, most: int) -> str:
    """Return the text on one line, without what hides or reorders, cut to so many units."""
    kept = (_shown(character) for character in text[: 4 * most])
    return dressed(" ".join("".join(kept).split()), most, {})


def dressed(text: str, most: int, marks: Mapping[str, str]) -> str:
    """Write each character as ``marks`` says, and end with ``…`` where all would take more than so many units.

    What stands for one character is never cut apart.
    """
    written = [marks.get(character, character) for character in text]
    if sum(map(units, written)) <= most:
        return "".join(written)
    room = most - units(_ELLIPSIS)
    kept = []
    for one in written:
        room -= units(one)
        if room < 0:
            break
        kept.append(one)
    return "".join(kept).rstrip() + _ELLIPSIS


def units(text: str) -> int:
    """Its length in UTF-16 units: never less than what a service counts, whether by units or by characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    is_dropped = unicodedata.category(character) in _DROPPED and character not in _JOINERS
    return "" if is_dropped else character
