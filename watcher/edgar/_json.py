"""Reads what EDGAR answers as JSON, and takes single values of the kind that is expected.

What is not that JSON at all, cut off, an error page or the archive's own error, is an error and never an empty
answer. A single value of another kind comes back as None (or "" or an empty list): its reader decides whether to
name it.
"""

from __future__ import annotations

import json
from typing import Any

from watcher.edgar._lists import clip
from watcher.edgar.answers import Answer
from watcher.errors import EdgarError, EightkError

__all__ = ["cik_of", "list_of", "object_of", "read_object", "text_of", "whole_number_of"]

_MOST_DIGITS = 15
# Each takes some hundred bytes of memory, and as few as two on the wire. A company with 10,000 filings has 150,000.
_MOST_VALUES = 2_000_000
_LAST_CIK = 9_999_999_999


def read_object(body: bytes, name: str, *, error: type[EightkError] = EdgarError) -> dict[str, Any]:
    """Read one JSON object; ``name`` is what to call it in messages. Raises ``error`` when this is none."""
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise error(f"{name}: expected JSON of at most {_MOST_VALUES:,} values, came {len(body):,} bytes with more")
    try:
        # Digits without end, a lone surrogate and brackets without end raise these.
        value = json.loads(body)
    except (ValueError, RecursionError) as cause:
        raise error(f"{name}: expected JSON, came {_named(body)}: {clip(str(cause))}") from cause
    if not isinstance(value, dict):
        raise error(f"{name}: expected a JSON object, came {clip(repr(value))}")
    return value


def text_of(value: object) -> str:
    """A text, with what no store can hold (NUL, lone surrogates) taken out; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()


def whole_number_of(value: object) -> int | None:
    """A number that is not negative, written as such or as digits; None for anything else."""
    if isinstance(value, str):
        is_number = value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS
        return int(value) if is_number else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 10**_MOST_DIGITS else None


def cik_of(value: object) -> int | None:
    """A CIK, with leading zeros or without; None for anything else."""
    cik = whole_number_of(value)
    return cik if cik and cik <= _LAST_CIK else None


def list_of(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def object_of(value: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _named(body: bytes) -> str:
    """Say what came instead."""
    answer = Answer(path="", status=200, body=body)
    if answer.s3_code:
        return f"an error {answer.s3_code!r}"
    if answer.is_html:
        return f"a page {clip(answer.title)!r}"
    return f"{len(body):,} bytes" if body.strip() else "nothing"
