"""A message as a person reads it: what happened, to whom, when, the words that raised it, and where to read on.

Reads the payload, which `docs/webhooks.md` describes. Of a type that is not known here, summary and link are
told. Every text that comes out is one clean line of bounded length; marking it up is each channel's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from handlers.notify._plain import plain
from watcher import Message, Severity, official_title

__all__ = ["Content", "Fact", "Line", "Link", "read"]

_MAX_SUMMARY = 400
_MAX_VALUE = 300
_MAX_SNIPPET = 280
_MAX_SNIPPETS = 3
_MAX_EVENTS = 3
_TOLD_FACTS = ("person", "role", "amount", "counterparty", "period", "effective_on")
_INITIALS = re.compile(r"\b(?:ceo|cfo)\b")
_MAX_LINES = 50
_MAX_LINE = 250
_MAX_URL = 500
_NEW_YORK = ZoneInfo("America/New_York")
# Nothing that ends a link in any channel's markup.
_URL = re.compile(r"https?://[\w.\-\[\]:]+(?:/[!$%&'*+,\-./:;=?@\w~]*)?", re.ASCII)
_SNIPPET_TYPES = frozenset({"filing.matched", "filing.amended"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know, under its label."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on. The URL holds none of ``<>()|"`` and no space."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One alert of a digest. ``url`` is "" when there is nothing to open."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that is told. Nothing in it is markup yet."""

    id: str
    summary: str
    severity: Severity
    facts: tuple[Fact, ...] = ()
    snippets: tuple[str, ...] = ()  # the words that raised the alert
    lines: tuple[Line, ...] = ()  # a digest's alerts, as many as the payload tells
    count: int = 0  # how many alerts the digest holds
    links: tuple[Link, ...] = ()


def read(message: Message) -> Content:
    """Read a message. Never fails: what cannot be read of its payload is left out."""
    told = _payload(message)
    filing, digest = _object(told.get("filing")), _object(told.get("digest"))
    lines = _lines(told.get("alerts"))
    count = digest.get("count", told.get("count"))
    return Content(
        id=message.id,
        summary=plain(message.summary, _MAX_SUMMARY)
        or plain(_text(told.get("summary")), _MAX_SUMMARY)
        or plain(message.type, _MAX_SUMMARY),
        severity=_severity(told, message.type),
        facts=tuple(_facts(told, filing)),
        snippets=_snippets(told) if message.type in _SNIPPET_TYPES else (),
        lines=lines,
        count=count if isinstance(count, int) and count > len(lines) else len(lines),
        links=_links(message, _object(filing.get("urls")), _object(told.get("urls"))),
    )


def _payload(message: Message) -> Mapping[str, Any]:
    try:
        return _object(_object(json.loads(message.payload)).get("data"))
    except (ValueError, RecursionError):  # another program's payload need not be ours: summary and link do
        return {}


def _severity(told: Mapping[str, Any], type_: str) -> Severity:
    given = _text(_object(told.get("rule")).get("severity"))
    if given in set(Severity):
        return Severity(given)
    if type_ == "filing.saved":  # no rule says how much it matters
        gravest = max((_rank(_object(one)) for one in _list(told.get("events"))), default=0)
        return list(Severity)[max(gravest, 0)]
    if type_ == "operator.alarm":
        return Severity.HIGH
    return Severity.LOW if type_ == "operator.alarm_over" else Severity.MEDIUM


def _facts(told: Mapping[str, Any], filing: Mapping[str, Any]) -> Iterable[Fact]:
    rule, alarm, digest = (_object(told.get(name)) for name in ("rule", "alarm", "digest"))
    told_facts = {
        "Severity": _text(rule.get("severity")),
        "Rule": _text(rule.get("title")) or _text(rule.get("id")),
        "Company": _company(filing),
        "Form": _text(filing.get("form")),
        "Items": _items(filing.get("items")),
        "Happened": "; ".join(_events(told.get("events"))),
        "Amends": "; ".join(_amended(told.get("amends"))),
        "Accepted": _when(filing.get("accepted_at")) or _text(filing.get("filed_on")),
        "Same": _text(digest.get("key")) or _text(told.get("key")),
        "Alarm": _text(alarm.get("kind")),
        "Began": _when(alarm.get("began_at")),
        "Ended": _when(alarm.get("ended_at")),
    }
    return (Fact(label, plain(value, _MAX_VALUE)) for label, value in told_facts.items() if value)


def _company(filing: Mapping[str, Any]) -> str:
    name, cik = _text(filing.get("company")), filing.get("cik")
    tickers = ", ".join(_texts(filing.get("tickers")))
    return f"{name}{f' ({tickers})' if tickers else ''}{f', CIK {cik}' if isinstance(cik, int) else ''}" if name else ""


def _items(items: object) -> str:
    return "; ".join(f"{number} {official_title(number)}".strip() for number in _texts(items))


def _events(events: object) -> Iterator[str]:
    """Tell the most severe events in words: what, who or how much, and whether it happened before."""
    told = [_object(one) for one in _list(events)]
    for one in sorted(told, key=_rank, reverse=True)[:_MAX_EVENTS]:
        facts = _object(one.get("facts"))
        history = _object(one.get("history"))
        given = ", ".join(filter(None, (_text(facts.get(name)) for name in _TOLD_FACTS)))
        more = ", ".join(filter(None, (_severity_of(one), _text(history.get("words")))))
        words = _INITIALS.sub(lambda match: match[0].upper(), _text(one.get("event")).replace("-", " "))
        if words:
            yield f"{words}{f': {given}' if given else ''}{f' ({more})' if more else ''}"


def _rank(event: Mapping[str, Any]) -> int:
    severity = _severity_of(event)
    return Severity(severity).rank if severity in set(Severity) else -1


def _severity_of(event: Mapping[str, Any]) -> str:
    """What its history makes of it, where that is told."""
    return _text(_object(event.get("history")).get("severity")) or _text(event.get("severity"))


def _amended(links: object) -> Iterator[str]:
    for one in map(_object, _list(links)):
        unsure = "" if one.get("is_sure") is True else "perhaps "
        if accession := _text(one.get("accession")):
            yield f"{unsure}{accession} ({_text(one.get('form'))} of {_text(one.get('filed_on'))})"


def _when(moment: object) -> str:
    """Tell a time as New York has it, which is EDGAR's; "" when it is none."""
    try:
        at = datetime.fromisoformat(_text(moment))
    except ValueError:
        return ""
    return at.astimezone(_NEW_YORK).strftime("%Y-%m-%d %H:%M:%S %Z") if at.tzinfo else ""


def _snippets(told: Mapping[str, Any]) -> tuple[str, ...]:
    evidence = _list(_object(told.get("match")).get("evidence"))
    texts = (plain(_text(_object(one).get("text")), _MAX_SNIPPET) for one in evidence)
    return tuple(dict.fromkeys(text for text in texts if text))[:_MAX_SNIPPETS]


def _lines(alerts: object) -> tuple[Line, ...]:
    told = (_line(_object(one)) for one in _list(alerts)[:_MAX_LINES])
    return tuple(line for line in told if line.text)


def _line(alert: Mapping[str, Any]) -> Line:
    text = _text(alert.get("summary")) or f"{_text(alert.get('company'))} {_text(alert.get('accession'))}"
    urls = _object(alert.get("urls"))
    return Line(plain(text, _MAX_LINE), _url(urls.get("edgar")) or _url(urls.get("page")))


def _links(message: Message, *tables: Mapping[str, Any]) -> tuple[Link, ...]:
    """EDGAR's page first, which opens everywhere; ours may open on its own machine alone."""
    found: dict[str, str] = {}
    for name, label in (("edgar", "EDGAR"), ("page", "eightk")):
        for urls in tables:
            if url := _url(urls.get(name)):
                found.setdefault(url, label)
    if url := _url(message.url):
        found.setdefault(url, "Read on")
    return tuple(Link(label, url) for url, label in found.items())


def _url(value: object) -> str:
    text = _text(value)
    return text if len(text) <= _MAX_URL and _URL.fullmatch(text) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [one for one in _list(value) if isinstance(one, str)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
