"""The handler ``events``: fills ``report.events``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from handlers.classify.events.book import Book, EventRule
from handlers.classify.events.facts import Told, facts_in
from handlers.classify.events.finding import Finder
from handlers.classify.events.passages import item_place
from handlers.classify.events.reading import read_book
from handlers.classify.events.trials import run_trials
from watcher import Event, EventBook, EventInfo, EventTrial, Handler, Report, Stage

__all__ = ["FindEvents"]

_OPENING = 1_500  # characters of an item that are searched for the period of its results


class FindEvents(Handler):
    """Find what happened, by rules that a file ``path`` (or a folder of ``*.yaml``) may add to or replace."""

    name: ClassVar[str] = "events"
    stage: ClassVar[Stage] = Stage.CLASSIFY
    after: ClassVar[tuple[str, ...]] = ("titles",)

    def __init__(self, *, path: Path | None = None) -> None:
        """Read the rules. Raises ``ConfigError`` with every fault in every file."""
        self._book = read_book([path] if path else [])
        self._finder = Finder(self._book)

    @classmethod
    def read_events(cls, paths: Sequence[Path]) -> EventBook:
        """Read the built-in rules with these files or folders on top. Raises ``ConfigError`` with every fault."""
        book = read_book(paths)
        return EventBook(tuple(_info(one, book) for one in book.events), partial(_tried, book))

    def describe(self) -> str:
        """Say how many events there are."""
        return f"{len(self._book.events)} events"

    def handle(self, report: Report) -> None:
        """Set the report's events, the most certain first."""
        rules = {rule.event: rule for rule in self._book.events}
        told = (_completed(event, rules[event.event], report) for event, _ in self._finder.events(report))
        found = (*report.events, *told)
        report.events = tuple(sorted(found, key=lambda event: -event.score))
        report.versions["events"] = self._book.version


def _completed(event: Event, rule: EventRule, report: Report) -> Event:
    """Where the item's number alone speaks for an event, its text may still tell of what period."""
    if "period" not in rule.facts or "period" in event.facts:
        return event
    texts = (item.text[:_OPENING] for item in report.items if item_place(item.number) in rule.items)
    for text in texts:
        if facts := facts_in(["period"], Told(text)):
            return replace(event, facts=dict(event.facts) | facts)
    return event


def _info(rule: EventRule, book: Book) -> EventInfo:
    tests = sum(one.event == rule.event for one in book.trials)
    return EventInfo(
        rule.event,
        rule.meaning,
        rule.items,
        len(rule.clues),
        tests,
        rule.where,
        rule.severity,
        rule.severity_by_item,
        rule.family,
    )


def _tried(book: Book) -> tuple[EventTrial, ...]:
    return tuple(
        EventTrial(one.where, one.event, one.place, one.text, one.expected, is_ok) for one, is_ok in run_trials(book)
    )
