"""Texts of others, cut to the room that there is for them in JSON."""

from __future__ import annotations

import json

__all__ = ["cut", "json_bytes"]


def cut(text: str, max_bytes: int) -> str:
    """Return the text on one line, ended with ``…`` where it would take more than so many bytes in the JSON."""
    # Half of a surrogate pair has no bytes in UTF-8 at all.
    text = " ".join(text[: 4 * max_bytes].encode("utf-8", "replace").decode().split())
    if json_bytes(text) <= max_bytes:
        return text
    room = max_bytes - json_bytes("…")
    kept = []
    for character in text:
        room -= json_bytes(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…" if kept else ""


def json_bytes(text: str) -> int:
    """How many bytes the text takes in JSON, between its quotes."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
