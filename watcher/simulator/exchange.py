"""One request and one answer, as the simulator's parts hand them about: no network in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ATOM", "HTML", "JSON", "PLAIN", "XML", "Ask", "Reply", "json_reply"]

ATOM = "application/atom+xml"
HTML = "text/html"
JSON = "application/json"
PLAIN = "text/plain"
XML = "application/xml"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client asks for."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    user_agent: str = ""

    def number(self, name: str, default: int) -> int:
        """Return a query's number; ``default`` when it is missing or none."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else default


@dataclass(frozen=True, slots=True)
class Reply:
    """What the simulator answers."""

    body: bytes
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON, as dense as EDGAR writes it."""
    return Reply(json.dumps(content, separators=(",", ":")).encode("ascii"), JSON, status, headers or {})
