"""What a handler that finds events by rules offers beside finding them: listing, checking and testing the rules.

The commands know it by these shapes alone; the built-in handler ``events`` is one that has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from watcher.models import Severity

__all__ = ["EventBook", "EventBookHandler", "EventInfo", "EventTrial"]


@dataclass(frozen=True, slots=True)
class EventInfo:
    """One event that can be found."""

    event: str
    meaning: str
    items: tuple[str, ...]  # under which it is usually reported
    clue_count: int
    test_count: int
    where: str  # ``file:line:column``
    severity: Severity = Severity.MEDIUM
    severity_by_item: Mapping[str, Severity] = field(default_factory=dict)
    family: str = ""  # what it is called when it happens again, see `Event`


@dataclass(frozen=True, slots=True)
class EventTrial:
    """One test of the rules: a text in its place, and whether the event was to be found there."""

    where: str
    event: str
    place: str
    text: str
    expected: bool
    is_ok: bool


@dataclass(frozen=True, slots=True)
class EventBook:
    """Rules about events that were read and checked."""

    events: Sequence[EventInfo]
    run_tests: Callable[[], Sequence[EventTrial]]


@runtime_checkable
class EventBookHandler(Protocol):
    """A handler class that finds events by rules. The commands ask the first one that has this shape."""

    name: ClassVar[str]

    @classmethod
    def read_events(cls, paths: Sequence[Path]) -> EventBook:
        """Read the rules, with these files or folders on top. Raises ``ConfigError`` with every fault."""
