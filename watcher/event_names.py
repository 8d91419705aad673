"""The names of all events that can be found: by rules about events, as the settings have them, or by other handlers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from watcher.errors import ConfigError
from watcher.eventbook import EventBookHandler, EventInfo
from watcher.handler import Handler, Stage
from watcher.registry import Found, discover
from watcher.settings import Settings

__all__ = ["EventNames", "alerting_handlers", "declared_events", "event_handler", "event_paths", "names_in_force"]

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
    """Return the names that any handler can find by rules, or declares; none when none does.

    Raises ``ConfigError`` with every fault in the rules of one.
    """
    books = (one.read_events(event_paths(settings, one)) for one in _event_handlers(settings))
    by_rules = frozenset(one.event for book in books for one in book.events)
    return by_rules.union(one.event for one in declared_events(settings))


def declared_events(settings: Settings) -> tuple[EventInfo, ...]:
    """Return the events that handler classes say they may find, by handler; of each no more is known than its name."""
    found: dict[str, EventInfo] = {}
    for one in _handlers(settings):
        meaning = f"found by the handler {one.name}, which says how severe it is"
        for name in one.handler.events if issubclass(one.handler, Handler) else ():
            found.setdefault(name, EventInfo(name, meaning, (), 0, 0, one.origin))
    return tuple(found.values())


def alerting_handlers(settings: Settings) -> frozenset[str]:
    """Return the names of the handlers that may raise alerts, by which these go unless a handler keeps rules."""
    return frozenset(one.name for one in _handlers(settings) if getattr(one.handler, "stage", None) is Stage.ALERT)


def event_handler(settings: Settings) -> EventBookHandler | None:
    """Return the first handler class, by name, that finds events by rules."""
    return next(_event_handlers(settings), None)


def _event_handlers(settings: Settings) -> Iterator[EventBookHandler]:
    """All handler classes that find events by rules, by name: one of the user's own may stand beside the built-in."""
    for one in _handlers(settings):
        handler: object = one.handler
        if isinstance(handler, EventBookHandler):
            yield handler


def _handlers(settings: Settings) -> list[Found]:
    found = sorted(discover(settings.handlers.path), key=lambda one: one.name)
    return [one for one in found if one.name not in settings.handlers.disabled]


def event_paths(settings: Settings, handler: EventBookHandler) -> tuple[Path, ...]:
    """Return the handler's own setting ``path``, if it is set."""
    own = settings.handler.get(handler.name, {}).get("path")
    return (settings.base / str(own),) if own else ()
