"""``reference/events.md``: every event that the built-in rules can find."""

from __future__ import annotations

from docs._make.words import ABOUT
from docs._make.writing import code, page, table
from handlers.classify.events.book import EventRule
from handlers.classify.events.reading import read_book

__all__ = ["events_page", "every_event"]


def every_event() -> tuple[EventRule, ...]:
    """Return each event, in the order of the taxonomy."""
    return read_book().events


def events_page() -> str:
    """Return the page."""
    names = ["event", "usual items", "meaning", "severity", "facts", "family"]
    rows = [
        (
            code(one.event),
            ", ".join(one.items),
            one.meaning,
            _severity(one),
            ", ".join(map(code, one.facts)),
            one.family,
        )
        for one in every_event()
    ]
    return page("Events", ABOUT["events"], table(names, rows), ABOUT["events_after"])


def _severity(one: EventRule) -> str:
    by_item = [f"{severity.value} with {item}" for item, severity in one.severity_by_item.items()]
    return ", ".join([one.severity.value, *by_item])
