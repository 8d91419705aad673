"""What the API shows of the store's nouns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.audit_hours import Audit, AuditState
from watcher.plan import Silence
from watcher.report_json import to_json
from watcher.sources.audit import AuditResult
from watcher.store.alerts import StoredAlert
from watcher.store.deliveries import StoredDelivery
from watcher.store.filings import StoredFiling
from watcher.store.glance import Happened
from watcher.verdict import EndpointState

__all__ = [
    "Held",
    "alert_json",
    "audit_json",
    "audit_words",
    "delivery_json",
    "held_back",
    "row_json",
    "silence_json",
    "silence_words",
    "stored_json",
]


def stored_json(one: StoredFiling, items: Sequence[str] | None = None) -> dict[str, Any]:
    """A filing as the store knows it, with the item numbers of its report, if it has one.

    Where its raw bytes lie, and where it stands in the store's own order, is nobody's business outside.
    """
    line: dict[str, Any] = to_json(one)
    archived = line.pop("archived")
    line.pop("sort_key", None)
    filing = line.pop("filing") | {"company": one.filing.company}
    if items is not None:
        filing["items"] = list(items)
    return {**filing, **line, "sha256": archived and archived["sha256"]}


def row_json(one: StoredFiling, items: Sequence[str] | None, events: Iterable[Happened]) -> dict[str, Any]:
    """A filing as a list shows it, with what happened."""
    return {**stored_json(one, items), "events": to_json(tuple(events))}


def delivery_json(one: StoredDelivery) -> dict[str, Any]:
    """A delivery with its attempts."""
    line: dict[str, Any] = to_json(one)
    return {**line.pop("delivery"), **line}


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing goes out to an endpoint now."""

    words: str
    until: datetime | None = None  # None: until a person enables it

    @property
    def is_disabled(self) -> bool:
        """Whether a person must enable it; else it is only paused."""
        return self.until is None


def held_back(states: Iterable[EndpointState], now: datetime) -> dict[str, Held]:
    """Say, by name, which of these endpoints get nothing now: what they are owed waits."""
    return {one.name: _held(one) for one in states if one.rests(now)}


def _held(one: EndpointState) -> Held:
    if one.disabled_at is not None:
        return Held("endpoint disabled")
    return Held(f"endpoint paused until {one.resumes_at:%H:%M:%S} UTC", one.resumes_at)


def alert_json(one: StoredAlert) -> dict[str, Any]:
    """An alert with who is told of it, or why nobody is."""
    line: dict[str, Any] = to_json(one)
    return line


def silence_json(one: Silence, now: datetime) -> dict[str, Any]:
    """A silence, and whether it counts now."""
    line: dict[str, Any] = to_json(one)
    return line | {"is_open": one.is_open(now)}


def silence_words(one: Silence) -> str:
    """What a silence is about, until when and why, for a person."""
    parts = [f"rule {one.rule}" if one.rule else "", f"company {one.cik}" if one.cik is not None else ""]
    until = f"{one.until:%Y-%m-%d %H:%M} UTC"
    over = f", ended {one.ended_at:%Y-%m-%d %H:%M} UTC" if one.ended_at else ""
    by = f" by {one.by}" if one.by else ""
    return f"{', '.join(filter(None, parts))}: silenced{by} until {until}{over}: {one.why}"


def audit_json(result: AuditResult) -> dict[str, Any]:
    """What an audit of a day found, beside what is kept of it."""
    missing = [{"accession": one.accession, "form": one.form, "company": one.company} for one in result.missing]
    kept: dict[str, Any] = to_json(result.audit)
    return {
        **kept,
        "has_index": result.has_index,
        "missing_filings": missing,
        "gone_filings": list(result.gone),
        "returned_filings": list(result.returned),
    }


def audit_words(made: Audit) -> str:
    """One sentence on the audit of a day, for a person."""
    if made.state is AuditState.WAITING:
        return f"EDGAR's index of {made.day} is awaited"
    if made.state is AuditState.FAILED:
        return f"not compared with EDGAR's index of {made.day}: {made.reason}"
    late = f"{made.missing} were missing and came late" if made.missing else "none was missing"
    return f"compared with EDGAR's index of {made.day}: {made.listed} listed, {late}"
