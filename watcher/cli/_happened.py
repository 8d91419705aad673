"""What happened, as ``eightk show`` tells it: one line for each event, the gravest first, and links of amendments."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.background import Background, words_of_links
from watcher.models import Event

__all__ = ["event_lines", "link_lines"]


def event_lines(events: tuple[Event, ...], behind: Background) -> Iterator[str]:
    """Tell each event with its severity and facts, and how often such a thing happened before."""
    for one in sorted(events, key=lambda event: (-behind.severity(event).rank, -event.score)):
        parts = [f"{one.event} ({behind.severity(one)}, score {one.score:.2f})"]
        parts += [f"{name.replace('_', ' ')} {fact}" for name, fact in one.facts.items()]
        if not one.is_expected:
            parts.append("under an item where it is not expected")
        if history := _history(one, behind):
            parts.append(history)
        yield "; ".join(parts)


def _history(event: Event, behind: Background) -> str:
    known = behind.history.get(event.event)
    if known is None or not known.words:
        return ""
    others = ", ".join(f"{one.accession} of {one.filed_on}" for one in known.earlier)
    return f"{known.words}, as far as is stored, which begins on {known.since} (before: {others})"


def link_lines(behind: Background) -> Iterator[tuple[str, str]]:
    """Give each report that it amends, or that amends it, with what it is."""
    yield from (("amends", words) for words in words_of_links(behind.amends))
    yield from (("amended by", words) for words in words_of_links(behind.amended_by))
