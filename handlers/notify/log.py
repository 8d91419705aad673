"""Tells an alert as one line in the program's own log: the endpoint that needs nothing and cannot fail."""

from __future__ import annotations

import logging
from typing import Literal

from watcher import Message, Notifier, Post

__all__ = ["Log"]

log = logging.getLogger(__name__)


class Log(Notifier):
    """Write one log line per alert, with its facts as fields."""

    name = "log"

    def __init__(self, *, level: Literal["debug", "info", "warning", "error"] = "info") -> None:
        levels = logging.getLevelNamesMapping()
        if level not in ("debug", "info", "warning", "error"):
            raise ValueError(f"level: expected debug, info, warning or error, not {level!r}")
        self._level = levels[level.upper()]

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Write the line. ``post`` is not used."""
        fields = {"alert": message.id, "type": message.type, "summary": message.summary, "url": message.url}
        log.log(self._level, "alert", extra=fields | {"timestamp": message.timestamp.isoformat()})
