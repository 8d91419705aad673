"""What a payload tells of each event: how much it matters, its facts, its words, and how often it happened before.

Each event is named with its score and severity in any case; the rest is told of the most severe first, as far as there
is room.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from watcher.background import Background, EventHistory, Link
from watcher.models import Event
from watcher.payload.cutting import cut
from watcher.report_json import to_json

__all__ = ["fill_events", "links_told", "named_events"]

_MAX_NAME_BYTES = 100
_MAX_TEXT_BYTES = 256
_MAX_FACTS = 10
_MAX_LINKS = 3


def named_events(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Each event with what takes little room."""
    return [
        {
            "event": cut(one.event, _MAX_NAME_BYTES),
            "score": round(one.score, 4) if math.isfinite(one.score) else None,
            "severity": one.severity.value,
            "is_expected": one.is_expected,
            "facts": {},
            "evidence": None,
            "history": None,
        }
        for one in events
    ]


def fill_events(told: Sequence[dict[str, Any]], events: Sequence[Event], background: Background, room: int) -> None:
    """Tell the rest of these events, in place, in at most so many bytes."""
    in_order = sorted(zip(told, events, strict=False), key=lambda pair: -background.severity(pair[1]).rank)
    for line, event in in_order:
        details = {
            "history": _history(background.history.get(event.event)),
            "facts": dict(islice(_facts(event), _MAX_FACTS)),
            "evidence": _evidence(event),
        }
        for key, detail in details.items():
            more = _bytes(detail) - _bytes(line[key])
            if detail and more <= room:
                line[key] = detail
                room -= more


def links_told(links: Sequence[Link]) -> list[dict[str, Any]]:
    """The first few of the reports that this one amends."""
    return [
        {
            "accession": cut(one.accession, _MAX_NAME_BYTES),
            "form": cut(one.form, _MAX_NAME_BYTES),
            "filed_on": to_json(one.filed_on),
            "basis": cut(one.basis, _MAX_NAME_BYTES),
            "is_sure": one.is_sure,
        }
        for one in links[:_MAX_LINKS]
    ]


def _history(known: EventHistory | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {
        "count": known.count,
        "months": known.months,
        "words": cut(known.words, _MAX_NAME_BYTES),
        "severity": known.severity.value,
        "since": to_json(known.since),
    }


def _facts(event: Event) -> Iterator[tuple[str, str]]:
    return ((cut(name, _MAX_NAME_BYTES), cut(fact, _MAX_NAME_BYTES)) for name, fact in event.facts.items())


def _evidence(event: Event) -> dict[str, Any] | None:
    for one in event.evidence[:1]:
        return {
            "document": one.document,
            "start": one.start,
            "end": one.end,
            "text": cut(one.text, _MAX_TEXT_BYTES),
        }
    return None


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
