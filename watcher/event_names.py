"""The names of all events that the rules about events can find, as the settings have these rules."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from watcher.errors import ConfigError
from watcher.eventbook import EventBookHandler
from watcher.registry import discover
from watcher.settings import Settings

__all__ = ["EventNames", "event_handler", "event_paths", "names_in_force"]

log = logging.getLogger(__name__)


class EventNames:
    """They are read when they are first asked for, and kept: these rules change with the next start only."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._names: frozenset[str] | None = None

    def __call__(self) -> frozenset[str]:
        """Return them; none when there is no handler that finds events, or its rules cannot be read now."""
        if self._names is None:
            try:
                self._names = names_in_force(self._settings())
            except ConfigError as error:  # those that the line runs were read at the start, and are right
                log.error("names of events are not checked", extra={"reason": str(error)})
                return frozenset()
        return self._names


def names_in_force(settings: Settings) -> frozenset[str]:
    """Return the names; none when no handler finds any. Raises ``ConfigError`` with every fault in these rules."""
    handler = event_handler(settings)
    if handler is None:
        return frozenset()
    return frozenset(one.event for one in handler.read_events(event_paths(settings, handler)).events)


def event_handler(settings: Settings) -> EventBookHandler | None:
    """Return the first handler class, by name, that finds events by rules."""
    for one in sorted(discover(settings.handlers.path), key=lambda one: one.name):
        handler: object = one.handler
        if one.name not in settings.handlers.disabled and isinstance(handler, EventBookHandler):
            return handler
    return None


def event_paths(settings: Settings, handler: EventBookHandler) -> tuple[Path, ...]:
    """Return the handler's own setting ``path``, if it is set."""
    own = settings.handler.get(handler.name, {}).get("path")
    return (settings.base / str(own),) if own else ()
