"""Text that others wrote, made fit to be printed: what steers a terminal, or turns a line around, is written out."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["json_text", "printable", "unturned"]

# Marks that change the direction of writing; notes between lines, and tags, which nobody sees.
_TURNING_ONES = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f"
# With controls of ASCII and of ISO 8859 (a terminal heeds U+009B as it does ESC [), other ends of lines, and half
# characters, which no output takes.
_STEERING = f"\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_TURNING_ONES}"
_TURNING = re.compile(f"[{_TURNING_ONES}]")
_IN_BLOCK = re.compile(f"[{_STEERING}]")
_IN_LINE = re.compile(f"[{_STEERING}\t\n]")


def printable(text: str, *, is_line: bool = False) -> str:
    r"""Write out what steers a terminal, as in ``\x1b``; with ``is_line`` the ends of lines and tabs, too."""
    # A text that is printable by itself, as nearly all are, takes no more than this look.
    return text if text.isprintable() else (_IN_LINE if is_line else _IN_BLOCK).sub(_escape, text)


def unturned(text: str) -> str:
    r"""Write out what turns a text around, or hides in it, as in ``\u202e``: for a page, which bears all else."""
    return text if text.isascii() else _TURNING.sub(_escape, text)


def json_text(value: Any, *, indent: int | None = None) -> str:
    r"""JSON that keeps the letters of all languages, and writes what steers a terminal as ``\u009b``."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # Each such character stands inside a string, where its escape means the same.
    return _IN_BLOCK.sub(_json_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]  # of one beyond the first 65,536 both halves
