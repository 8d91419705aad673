"""A report as JSON: the line that ``eightk process`` prints and the API gives, and the way back from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from watcher.models import (
    ActiveHours,
    Alert,
    Amendment,
    Document,
    Event,
    Evidence,
    Exhibit,
    Filer,
    Filing,
    Grouping,
    Item,
    Origin,
    Pacing,
    Report,
    Session,
    Severity,
    Signature,
    Throttle,
    Timing,
)

__all__ = [
    "alert_from_json",
    "amendment_from_json",
    "error_line",
    "filer_from_json",
    "report_from_json",
    "report_line",
    "to_json",
]

_PLAIN = frozenset((str, int, float, bool, type(None)))
NOTHING = dict.fromkeys(
    (
        "accession", "form", "is_amendment", "filed_on", "accepted_at", "period_of_report", "filers", "documents",
        "items", "exhibits", "cover", "signature", "timing", "events", "alerts", "warnings", "versions", "error",
        "signatures", "amendment",
    )
)  # fmt: skip


def report_line(report: Report, path: str | None = None) -> dict[str, Any]:
    """The report as one JSON object, keys in the documented order. ``path`` is the file it was read from."""
    filing = report.filing
    return {
        "path": path,
        "accession": filing.accession or None,
        "form": filing.form,
        "is_amendment": report.is_amendment,
        "filed_on": to_json(filing.filed_on),
        "accepted_at": to_json(filing.accepted_at),
        "period_of_report": to_json(report.period_of_report),
        "filers": to_json(filing.filers),
        "documents": [_without(document, "text") for document in report.documents],
        "items": to_json(report.items),
        "exhibits": to_json(report.exhibits),
        "cover": to_json(report.cover),
        "signature": to_json(report.signature),
        "timing": to_json(report.timing),
        "events": to_json(report.events),
        "alerts": to_json(report.alerts),
        "warnings": list(report.warnings),
        "versions": dict(report.versions),
        "error": None,
        "signatures": to_json(report.signatures),
        "amendment": to_json(report.amendment),
    }


def error_line(path: str | None, error: str) -> dict[str, Any]:
    """The line of a file that could not be read: why, and null for the rest."""
    return {"path": path} | NOTHING | {"error": error}


def to_json(value: Any) -> Any:  # noqa: PLR0911  # one return for each kind
    """Turn nouns, dates and enums into what JSON knows; times in UTC, to the second, with a Z."""
    if type(value) in _PLAIN:  # nearly all of them
        return value
    match value:
        case Enum():
            return value.value
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"a time without a zone: {value!r}")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): to_json(one) for key, one in value.items()}
        case tuple() | list() | frozenset() | set():
            return [to_json(one) for one in value]
    if is_dataclass(value):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    return value


def report_from_json(line: Mapping[str, Any], texts: Mapping[int, str], *, origin: Origin = Origin.LIVE) -> Report:
    """Make the report again from its JSON form and the texts of its documents, by sequence."""
    filing = Filing(
        accession=line["accession"],
        form=line["form"],
        filers=tuple(filer_from_json(one) for one in line["filers"]),
        filed_on=_date(line["filed_on"]),
        accepted_at=_instant(line["accepted_at"]),
        origin=origin,
    )
    return Report(
        filing=filing,
        period_of_report=_date(line["period_of_report"]),
        documents=tuple(Document(**one, text=texts.get(one["sequence"], "")) for one in line["documents"]),
        items=tuple(Item(**one) for one in line["items"]),
        exhibits=tuple(_exhibit(one, texts) for one in line["exhibits"]),
        cover=dict(line["cover"]),
        signature=_signature(line["signature"]),
        signatures=tuple(_signed(one) for one in line.get("signatures", ())),
        amendment=amendment_from_json(line.get("amendment")),
        timing=_timing(line["timing"]),
        events=tuple(_event(one) for one in line["events"]),
        alerts=tuple(alert_from_json(one) for one in line["alerts"]),
        warnings=list(line["warnings"]),
        versions=dict(line["versions"]),
    )


def filer_from_json(line: Mapping[str, Any]) -> Filer:
    """Make a filer again from its JSON form."""
    names = ("business_address", "mail_address", "tickers", "former_names")
    lists = {name: tuple(line.get(name) or ()) for name in names}
    changed_on = tuple(_date(one) for one in line.get("former_names_changed_on") or ())
    return Filer(**{**line, **lists, "former_names_changed_on": changed_on})


def alert_from_json(line: Mapping[str, Any]) -> Alert:
    """Make an alert again from its JSON form."""
    changed = {
        "severity": Severity(line["severity"]),
        "notify": tuple(line["notify"]),
        "selections": tuple(line["selections"]),
        "evidence": _evidence(line["evidence"]),
        "pacing": _pacing(line.get("pacing")),
        "inhibits": tuple(line.get("inhibits") or ()),
    }
    return Alert(**{**line, **changed})


def amendment_from_json(line: Mapping[str, Any] | None) -> Amendment | None:
    """Make again from its JSON form what an amendment tells; None for a report that is none."""
    if line is None:
        return None
    dates = {name: _date(line[name]) for name in ("original_filed_on", "original_dated")}
    return Amendment(**{**line, **dates, "items": tuple(line["items"])})


def _without(value: Any, left_out: str) -> dict[str, Any]:
    return {name: one for name, one in to_json(value).items() if name != left_out}


def _exhibit(line: Mapping[str, Any], texts: Mapping[int, str]) -> Exhibit:
    return Exhibit(**{**line, "text": line["text"] or texts.get(line["document"], "")})


def _signature(line: Mapping[str, Any] | None) -> Signature | None:
    return None if line is None else _signed(line)


def _signed(line: Mapping[str, Any]) -> Signature:
    return Signature(**{**line, "date": _date(line["date"]), "registrants": tuple(line.get("registrants") or ())})


def _event(found: Mapping[str, Any]) -> Event:
    return Event(
        found["event"],
        found["score"],
        _evidence(found["evidence"]),
        found.get("is_expected", True),  # the lines of older versions have none of these
        dict(found.get("facts", {})),
        Severity(found.get("severity", Severity.MEDIUM)),
        found.get("family", ""),
        tuple(found.get("kin", ())),
    )


def _timing(line: Mapping[str, Any] | None) -> Timing | None:
    if line is None:
        return None
    session = None if line["session"] is None else Session(line["session"])
    return Timing(
        session,
        line["business_days_after_event"],
        line["is_late"],
        line.get("reason", ""),
        _date(line.get("deadline")),
        tuple(line.get("items_with_deadline") or ()),
        tuple(line.get("items_without_deadline") or ()),
    )


def _evidence(lines: list[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**line) for line in lines)


def _pacing(line: Mapping[str, Any] | None) -> Pacing | None:
    if line is None:
        return None
    throttle, grouping, active = line["throttle"], line["grouping"], line["active"]
    return Pacing(
        None if throttle is None else Throttle(**throttle),
        None if grouping is None else Grouping(**grouping),
        None if active is None else ActiveHours(**{**active, "days": tuple(active["days"])}),
        line["expires_seconds"],
    )


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
