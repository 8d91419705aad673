"""What an endpoint is told of one alert: a thin JSON payload, and one line and a link for a person.

Pure. Texts from filings are cut to fixed sizes here, so that the payload stays under 20 kB whatever a filer
wrote; who wants more follows the links. Keys are only ever added (``data.schema_version`` counts what breaks), and
`payload_schema` describes them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.background import NOTHING, Background
from watcher.models import Alert, Document, Evidence, Filer, Filing, Message, Report, saved_id
from watcher.payload.cutting import cut, json_bytes
from watcher.payload.events import fill_events, links_told, named_events
from watcher.places import edgar_place, page_place
from watcher.report_json import to_json

__all__ = [
    "MAX_DIGEST_ENTRIES",
    "MAX_PAYLOAD_BYTES",
    "SCHEMA_VERSION",
    "DigestEntry",
    "alarm_message",
    "digest_message",
    "edgar_url",
    "filing_message",
    "message_for",
    "numbered",
    "ping_message",
]

SCHEMA_VERSION = 1
MAX_PAYLOAD_BYTES = 20_000
MAX_DIGEST_ENTRIES = 50
_MAX_SNIPPETS_BYTES = 1_024  # of all evidence together
_MAX_SNIPPET_BYTES = 256
_MAX_EVIDENCE = 20
_MAX_LINK_BYTES = 500
_MAX_SEQUENCE_BYTES = 20
_LINKS = ("edgar_url", "url")
_MAX_DETAILS_BYTES = 4_000  # of all events together, beside their names
_MAX_NAMES = 20  # items, selections, tickers, events, filers
_MAX_FILER_TICKERS = 3
_MAX_WORD_BYTES = 20  # a ticker of one of several filers, and its role
_MAX_NAME_BYTES = 100
_MAX_LINE_BYTES = 400
_MAX_ENTRIES_BYTES = 16_000  # of a digest's alerts together
_MAX_ENTRY_ITEMS = 9


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One alert of a digest. ``url`` is where a person reads on."""

    alert: str
    summary: str
    filing: Filing
    items: tuple[str, ...]
    url: str


def message_for(
    alert: Alert,
    report: Report,
    *,
    saved_at: datetime,
    page_url: str | None = None,
    sequence: int | None = None,
    background: Background = NOTHING,
) -> Message:
    """Make the message of one alert. The same arguments give the same bytes.

    ``page_url`` is our own page on the filing, if it has one that others can open. ``sequence`` is the alert's
    place in the order in which alerts were raised, if it is known already. ``background`` is what the store knows
    beside the report.
    """
    kind = "filing.amended" if report.is_amendment else "filing.matched"
    timestamp = report.filing.accepted_at or saved_at
    summary = cut(alert.summary or f"{report.filing.company}: {alert.title}", _MAX_LINE_BYTES)
    index = edgar_url(report.filing)
    evidence = _evidence(alert.evidence, report, page_url)
    events = named_events(report.events[:_MAX_NAMES])
    content = {
        "type": kind,
        "timestamp": to_json(timestamp),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": alert.id,
            "sequence": sequence,
            "summary": summary,
            "rule": _rule(alert),
            "filing": _filing(report, index, page_url),
            "match": {"selections": _names(alert.selections), "evidence": evidence},
            "events": events,
            "amends": links_told(background.amends),
            "versions": _versions(report),
        },
    }
    # What happened is worth more than links, which can be had from the page.
    room = MAX_PAYLOAD_BYTES - _MAX_SEQUENCE_BYTES - len(_encoded(content)) + _links_bytes(evidence)
    fill_events(events, report.events, background, min(room, _MAX_DETAILS_BYTES))
    _cut_links(evidence, len(_encoded(content)) + _MAX_SEQUENCE_BYTES - MAX_PAYLOAD_BYTES)
    return Message(alert.id, kind, timestamp, summary, page_url or index or "", _encoded(content))


def filing_message(report: Report, *, saved_at: datetime, page_url: str, background: Background = NOTHING) -> Message:
    """Make the message by which a saved filing is told to who wants to know of each, whether or not a rule matched.

    ``page_url`` and ``background`` are as for `message_for`.
    """
    timestamp, filing = report.filing.accepted_at or saved_at, report.filing
    told = _filing(report, edgar_url(filing), page_url)
    events = named_events(report.events[:_MAX_NAMES])
    words = " ".join(filter(None, [told["form"], *told["items"]])) or "a filing"
    summary = cut(f"{told['company'] or filing.accession}: {words}", _MAX_LINE_BYTES)
    content = {
        "type": "filing.saved",
        "timestamp": to_json(timestamp),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": saved_id(filing.accession),
            "sequence": None,
            "summary": summary,
            "filing": told | {"filers": [_filer(one) for one in filing.filers[:_MAX_NAMES]]},
            "events": events,
            "amends": links_told(background.amends),
            "versions": _versions(report),
        },
    }
    room = MAX_PAYLOAD_BYTES - _MAX_SEQUENCE_BYTES - len(_encoded(content))
    fill_events(events, report.events, background, min(room, _MAX_DETAILS_BYTES))
    return Message(saved_id(filing.accession), "filing.saved", timestamp, summary, page_url, _encoded(content))


def alarm_message(alert: Alert, *, kind: str, began_at: datetime, ended_at: datetime | None, url: str) -> Message:
    """Make the message of an alarm: what the watcher tells its own operator, when it begins and when it is over.

    ``kind`` is a fixed word, such as ``quiet``; ``url`` our own page.
    """
    type_, timestamp = ("operator.alarm", began_at) if ended_at is None else ("operator.alarm_over", ended_at)
    summary = cut(alert.summary, _MAX_LINE_BYTES)
    content = {
        "type": type_,
        "timestamp": to_json(timestamp),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": alert.id,
            "sequence": None,
            "summary": summary,
            "alarm": {"kind": kind, "began_at": to_json(began_at), "ended_at": to_json(ended_at)},
            "urls": {"page": url},
        },
    }
    return Message(alert.id, type_, timestamp, summary, url, _encoded(content))


def digest_message(
    alert: Alert, entries: Sequence[DigestEntry], *, key: str, count: int, opened_at: datetime, at: datetime, url: str
) -> Message:
    """Make the message of a digest that closes at this time, which is an alert of its own.

    It tells as many of ``entries`` as there is room for, from the first on, and how many there are: ``count``.
    """
    told = _entries(entries)
    content = {
        "type": "rule.digest",
        "timestamp": to_json(at),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": alert.id,
            "sequence": None,
            "summary": cut(alert.summary, _MAX_LINE_BYTES),
            "rule": _rule(alert),
            "digest": {
                "key": cut(key, _MAX_LINE_BYTES),
                "count": count,
                "left_out": count - len(told),
                "opened_at": to_json(opened_at),
            },
            "alerts": told,
            "urls": {"page": url},
        },
    }
    return Message(alert.id, "rule.digest", at, cut(alert.summary, _MAX_LINE_BYTES), url, _encoded(content))


def ping_message(identity: str, endpoint: str, *, at: datetime, url: str) -> Message:
    """Make the message by which an endpoint is tried out. ``url`` is our own page."""
    summary = cut(f"A test of the endpoint {endpoint}: nothing happened", _MAX_LINE_BYTES)
    content = {
        "type": "test.ping",
        "timestamp": to_json(at),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": identity,
            "sequence": None,
            "summary": summary,
            "endpoint": {"name": endpoint},
            "urls": {"page": url},
        },
    }
    return Message(identity, "test.ping", at, summary, url, _encoded(content))


def numbered(payload: bytes, sequence: int) -> bytes:
    """Return the payload with its alert's place in the order in which alerts were raised.

    That is known only once the alert is in the store. What holds no ``data`` stays as it is.
    """
    content = json.loads(payload)
    if not isinstance(content.get("data"), dict):
        return payload
    content["data"]["sequence"] = sequence
    return _encoded(content)


def edgar_url(filing: Filing) -> str | None:
    """EDGAR's own page on a filing, or None while no filer is known to look under."""
    if not filing.filers:
        return None
    folder = filing.accession.replace("-", "")
    return f"https://www.sec.gov/Archives/edgar/data/{filing.filers[0].cik}/{folder}/{filing.accession}-index.htm"


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "id": cut(alert.rule, _MAX_NAME_BYTES),
        "title": cut(alert.title, _MAX_LINE_BYTES),
        "severity": alert.severity.value,
        "revision": cut(alert.revision, _MAX_NAME_BYTES),
    }


def _filing(report: Report, index: str | None, page_url: str | None) -> dict[str, Any]:
    filing = report.filing
    filer = filing.filers[0] if filing.filers else None
    items = {item.number for item in report.items} or set(filing.items)
    return {
        "accession": filing.accession,
        "form": cut(filing.form, _MAX_NAME_BYTES) if filing.form else None,
        "is_amendment": report.is_amendment,
        "items": _names(sorted(items)),
        "cik": filer.cik if filer else None,
        "company": cut(filer.name, _MAX_LINE_BYTES) if filer else None,
        "tickers": _names(filer.tickers) if filer else [],
        "filed_on": to_json(filing.filed_on),
        "accepted_at": to_json(filing.accepted_at),
        "period_of_report": to_json(report.period_of_report),
        "urls": {"edgar": index, "page": page_url},
    }


def _filer(filer: Filer) -> dict[str, Any]:
    return {
        "cik": filer.cik,
        "name": cut(filer.name, _MAX_NAME_BYTES),
        "role": cut(filer.role, _MAX_WORD_BYTES),
        "tickers": [cut(one, _MAX_WORD_BYTES) for one in filer.tickers[:_MAX_FILER_TICKERS]],
    }


def _versions(report: Report) -> dict[str, str]:
    return {cut(name, 40): cut(report.versions[name], 40) for name in _first(sorted(report.versions))}


def _entries(entries: Iterable[DigestEntry]) -> list[dict[str, Any]]:
    """Return the first entries, as many as take no more than their room together."""
    left = _MAX_ENTRIES_BYTES
    told: list[dict[str, Any]] = []
    for one in entries:
        line = _entry(one)
        left -= len(json.dumps(line, ensure_ascii=False).encode())
        if left < 0 or len(told) == MAX_DIGEST_ENTRIES:
            break
        told.append(line)
    return told


def _entry(one: DigestEntry) -> dict[str, Any]:
    filing = one.filing
    return {
        "id": one.alert,
        "accession": filing.accession,
        "form": cut(filing.form, _MAX_NAME_BYTES) if filing.form else None,
        "cik": filing.filers[0].cik if filing.filers else None,
        "company": cut(filing.company, _MAX_NAME_BYTES) or None,
        "items": _names(one.items[:_MAX_ENTRY_ITEMS]),
        "accepted_at": to_json(filing.accepted_at),
        "summary": cut(one.summary, 2 * _MAX_NAME_BYTES),
        "urls": {"edgar": edgar_url(filing), "page": one.url},
    }


def _evidence(evidence: Iterable[Evidence], report: Report, page_url: str | None) -> list[dict[str, Any]]:
    """Return the evidence in order, its texts cut so that all of them together stay within the limit.

    ``url`` opens our page at these words, ``edgar_url`` EDGAR's copy of the document.
    """
    left = _MAX_SNIPPETS_BYTES
    told = []
    for one in list(evidence)[:_MAX_EVIDENCE]:
        text = cut(one.text, min(_MAX_SNIPPET_BYTES, left))
        left -= json_bytes(text)
        ours = None if page_url is None else _short(page_place(page_url, one))
        links = {"url": ours, "edgar_url": _edgar_link(report.filing, report.documents, one)}
        told.append({"document": one.document, "start": one.start, "end": one.end, "text": text} | links)
    return told


def _edgar_link(filing: Filing, documents: Iterable[Document], one: Evidence) -> str | None:
    link = edgar_place(filing, documents, one)
    # Without the words it still opens the document.
    return None if link is None else _short(link) or _short(link.partition("#")[0])


def _short(link: str) -> str | None:
    return link if json_bytes(link) <= _MAX_LINK_BYTES else None


def _links_bytes(evidence: Iterable[dict[str, Any]]) -> int:
    """How many bytes could be saved by dropping links."""
    links = (one[key] for one in evidence for key in _LINKS if one[key] is not None)
    return sum(json_bytes(link) + len('""') - len("null") for link in links)


def _cut_links(evidence: Iterable[dict[str, Any]], excess: int) -> None:
    """Drop links, EDGAR's first and the last ones first, until so many bytes are saved."""
    for key in _LINKS:
        for one in reversed(list(evidence)):
            if excess <= 0:
                return
            if one[key] is not None:
                excess -= json_bytes(one[key]) + len('""') - len("null")
                one[key] = None


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _names(names: Iterable[str]) -> list[str]:
    return [cut(name, _MAX_NAME_BYTES) for name in _first(names)]


def _first(names: Iterable[str]) -> list[str]:
    return list(names)[:_MAX_NAMES]
