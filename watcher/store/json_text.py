"""JSON as PostgreSQL can take it apart."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["dumped", "fit"]

_UNFIT = "\\ufffd"
# A backslash that is escaped itself, a pair of surrogates, and what is left of either kind.
_ESCAPE = re.compile(r"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u0000|\\u[dD][89a-fA-F]..")


def fit(text: str) -> str:
    """Put U+FFFD for each U+0000 and each half of a surrogate pair.

    PostgreSQL keeps JSON with them, but takes nothing out of it any more, not even what stands beside them
    (https://www.postgresql.org/docs/current/datatype-json.html).
    """
    if "\\u0000" not in text and "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(_replaced, text)


def dumped(value: Any) -> str:
    """Write a value as such JSON."""
    return fit(json.dumps(value))


def _replaced(found: re.Match[str]) -> str:
    is_fit = found[0] == "\\\\" or len(found[0]) > len(_UNFIT)
    return found[0] if is_fit else _UNFIT
