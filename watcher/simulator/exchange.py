"""One request and one answer, as the simulator's parts hand them about: no network in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ATOM", "HTML", "JSON", "PLAIN", "XML", "Ask", "Reply", "json_reply"]

ATOM = "application/atom+xml"
HTML = "text/html"
JSON = "application/json"
PLAIN = "text/plain"
XML = "application/xml"

_DATA_PATHS = {
    "/cgi-bin/browse-edgar": "current",
    "/files/": "tickers",
    "/submissions/": "submissions",
    "/LATEST/search-index": "efts",
    "/Archives/edgar/daily-index/": "daily-index",
    "/Archives/edgar/full-index/": "full-index",
}
_RSS = re.compile(r"/Archives/edgar/[a-z-]*(?:\.rss|rss\.all)\.xml")
_HOSTS = {"submissions": "data.sec.gov", "efts": "efts.sec.gov"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client asks for."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    user_agent: str = ""
    modified_since: str = ""  # the header of that name

    @property
    def family(self) -> str:
        """What kind of request this is: current, company, submission, filing, daily-index, full-index, ... or other."""
        if self.path == "/cgi-bin/browse-edgar" and self.query.get("action") == "getcompany":
            return "company"
        if self.path.startswith("/Archives/edgar/data/"):
            return "submission" if self.path.endswith(".txt") else "filing"
        if _RSS.fullmatch(self.path):
            return "rss"
        return next((family for start, family in _DATA_PATHS.items() if self.path.startswith(start)), "other")

    @property
    def host(self) -> str:
        """Which of the SEC's hosts this one stands for here."""
        return _HOSTS.get(self.family, "www.sec.gov")

    @property
    def shown(self) -> str:
        """Path and query in one line."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.path}?{query}" if query else self.path

    def number(self, name: str, default: int) -> int:
        """Return a query's number; ``default`` when it is missing or none."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else default


@dataclass(frozen=True, slots=True)
class Reply:
    """What the simulator answers, after ``delay_seconds`` of its clock.

    ``is_cut``: the connection ends half-way. ``is_block``: it is one of the pages after which a client must be silent.
    """

    body: bytes
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    is_cut: bool = False
    is_block: bool = False


def json_reply(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with JSON, as dense as EDGAR writes it."""
    return Reply(json.dumps(content, separators=(",", ":")).encode("ascii"), JSON, status, headers or {})
