"""Pages of a list. A cursor names the place after which the next page begins, and nothing else: it never grows old."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request

from watcher.web.problems import Refused

__all__ = ["Key", "cursor_of", "next_link", "read_cursor"]

Key = int | str
_BIGGEST = 2**63 - 1


def cursor_of(noun: str, *keys: Key) -> str:
    """Write a place in the list of this noun."""
    text = json.dumps([noun, *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, noun: str, *kinds: type[Key]) -> tuple[Key, ...]:
    """Read it back, with keys of these kinds; one that is no such cursor is answered with 422."""
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text that a store can be asked for
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or [noun, *kinds] != [*found[:1], *(type(one) for one in found[1:])]:
        raise Refused(422, "query.cursor: is no cursor of this list; take the `next` of a page", _fault())
    keys: Sequence[Key] = found[1:]
    if any(isinstance(one, int) and abs(one) > _BIGGEST for one in keys):
        raise Refused(422, "query.cursor: is no cursor of this list", _fault())
    return tuple(keys)


def next_link(request: Request, cursor: str | None, *replaced: str) -> dict[str, str]:
    """The header that leads to the next page (RFC 8288); ``replaced``: the parameters that the cursor stands for."""
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("cursor", *replaced)]
    return {"Link": f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}


def _fault() -> list[dict[str, str]]:
    return [{"where": "query.cursor", "problem": "is no cursor of this list"}]
