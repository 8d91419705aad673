"""What a message is called in a stream: a subject of safe tokens, and headers that tell the rest without its body.

Pure, and of no broker's own: the subject is made of the payload by a template, token by token. A message has one
subject, so of several items and events the leading one stands in it, and the headers have them all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from watcher import Message, Severity

__all__ = ["FIELDS", "Naming", "identity"]

FIELDS = ("kind", "rule", "severity", "form", "item", "event", "cik", "ticker")
_NOTHING = "_"  # what a message does not have: a token is never empty
_EXHIBITS = "9.01"  # beside nearly every other item, and never what a filing is about
_MAX_TOKEN = 64
_MAX_TOKENS = 16
_MAX_HEADER = 400
_TOKEN = re.compile(r"(?:[A-Za-z0-9_-]|\{[a-z]+\})+")
_FIELD = re.compile(r"\{([a-z]+)\}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]+")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
# By the message's type, or its first word; a digest is no filing's alone.
_KINDS = {
    "filing.saved": "filing",
    "filing": "alert",
    "rule": "digest",
    "operator": "operator",
    "endpoint": "operator",
    "test": "test",
}


class Naming:
    """Makes subjects by a template such as ``eightk.{kind}.{rule}.{form}``. Raises ``ValueError`` when it is none."""

    def __init__(self, template: str) -> None:
        if problem := _problem(template):
            raise ValueError(problem)
        self._template = template

    def subject(self, message: Message) -> str:
        """The subject: as many tokens as the template has, whatever the message holds."""
        facts = _facts(message)
        return _FIELD.sub(lambda field: _token(facts[field[1]]), self._template)

    def headers(self, message: Message) -> dict[str, str]:
        """What tells the message's facts to whoever does not read its body; what it does not have is left out."""
        data = _data(message)
        filing = _table(data.get("filing"))
        facts = _facts(message)
        told = {
            "Content-Type": "application/json",
            "Eightk-Type": message.type,
            "Eightk-Sequence": _text(data.get("sequence")),
            "Eightk-Rule": facts["rule"],
            "Eightk-Severity": facts["severity"],
            "Eightk-Accession": _text(filing.get("accession")),
            "Eightk-Form": facts["form"],
            "Eightk-Items": ",".join(_texts(filing.get("items"))),
            "Eightk-Events": ",".join(_text(one.get("event")) for one in _tables(data.get("events"))),
            "Eightk-Cik": facts["cik"],
        }
        safe = {name: _UNPRINTABLE.sub("_", value)[:_MAX_HEADER] for name, value in told.items()}
        return {name: value for name, value in safe.items() if value}


def identity(message: Message) -> str:
    """The message's id, fit for a header: the same for each attempt."""
    if _ID.fullmatch(message.id):
        return message.id
    return hashlib.sha256(message.id.encode("utf-8", "replace")).hexdigest()


def _problem(template: str) -> str:
    tokens = template.split(".")
    unknown = sorted(set(_FIELD.findall(template)) - set(FIELDS))
    if unknown:
        return f"{{{unknown[0]}}} is no field; known: {', '.join(FIELDS)}"
    if not all(_TOKEN.fullmatch(token) for token in tokens):
        return "expected tokens of letters, digits, _, - and {fields}, with dots between"
    return f"more than {_MAX_TOKENS} tokens" if len(tokens) > _MAX_TOKENS else ""


def _facts(message: Message) -> dict[str, str]:
    data = _data(message)
    rule, filing = _table(data.get("rule")), _table(data.get("filing"))
    return {
        "kind": _KINDS.get(message.type) or _KINDS.get(message.type.partition(".")[0], "other"),
        "rule": _text(rule.get("id")),
        "severity": _text(rule.get("severity")),
        "form": _text(filing.get("form")),
        "item": _leading_item(_texts(filing.get("items"))),
        "event": _gravest_event(_tables(data.get("events"))),
        "cik": _text(filing.get("cik")),
        "ticker": next(iter(_texts(filing.get("tickers"))), ""),
    }


def _leading_item(items: Iterable[str]) -> str:
    """The first that is not about exhibits alone."""
    return min(items, key=lambda item: item == _EXHIBITS, default="")


def _gravest_event(events: Iterable[Mapping[str, Any]]) -> str:
    """The most severe one; of several such the first."""
    return max(((_rank(one), _text(one.get("event"))) for one in events), key=lambda pair: pair[0], default=(0, ""))[1]


def _rank(event: Mapping[str, Any]) -> int:
    try:
        return Severity(_text(event.get("severity"))).rank
    except ValueError:  # a severity that is not known here counts least
        return -1


def _token(text: str) -> str:
    return _UNSAFE.sub("_", text)[:_MAX_TOKEN] or _NOTHING


def _data(message: Message) -> Mapping[str, Any]:
    return _table(_table(json.loads(message.payload)).get("data"))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [_text(one) for one in value] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None else str(value)
