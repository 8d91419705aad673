"""What the owner is told of an endpoint: the words, and the message."""

from __future__ import annotations

import json
from datetime import datetime

from watcher.models import Alert, Delivery, Message
from watcher.payload.alert import SCHEMA_VERSION
from watcher.report_json import to_json
from watcher.verdict import EndpointState, Notice

__all__ = ["notice_message", "notice_words"]

_MAX_REASON = 300


def notice_words(notice: Notice, state: EndpointState, one: Delivery) -> str:
    """Say it in one line for a person."""
    reason = _reason(state)
    match notice:
        case Notice.FAILING:
            return f"endpoint {state.name} is failing: {reason}"
        case Notice.RECOVERED:
            return f"endpoint {state.name} has recovered"
        case Notice.EXHAUSTED:
            return f"endpoint {state.name}: a message was given up: {reason}; eightk redeliver {one.id}"
        case Notice.DISABLED:
            return f"endpoint {state.name} is disabled: {reason}; eightk endpoint enable {state.name}"


def notice_message(
    alert: Alert, notice: Notice, state: EndpointState, one: Delivery, at: datetime, *, url: str
) -> Message:
    """Make the message. ``one`` is the delivery by which it was seen, ``url`` our own page."""
    type_ = f"endpoint.{notice}"
    content = {
        "type": type_,
        "timestamp": to_json(at),
        "data": {
            "schema_version": SCHEMA_VERSION,
            "id": alert.id,
            "sequence": None,
            "summary": alert.summary,
            "endpoint": {
                "name": state.name,
                "reason": _reason(state),
                "failures": state.failures,
                "failing_since": to_json(state.failing_since),
                "resumes_at": to_json(state.resumes_at),
                "disabled_at": to_json(state.disabled_at),
            },
            "delivery": {"id": one.id, "alert": one.alert},
            "urls": {"page": url},
        },
    }
    payload = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Message(alert.id, type_, at, alert.summary, url, payload)


def _reason(state: EndpointState) -> str:
    reason = " ".join((state.disabled_reason or state.last_error or "").split())
    return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"
