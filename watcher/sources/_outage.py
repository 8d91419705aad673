"""Whether something of EDGAR's can be had: told once when it cannot any more, and once when it can again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from watcher.clock import Clock
from watcher.errors import EdgarError, StoreError

__all__ = ["Outage"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Outage:
    """Guards the looks at one thing. ``began`` and ``ended`` are what is logged, with these fields."""

    def __init__(self, began: str, ended: str, *, clock: Clock, **fields: object) -> None:
        self._began = began
        self._ended = ended
        self._clock = clock
        self._fields = fields
        self.since: datetime | None = None  # None: the last look went well
        self.failure = ""  # why the last one did not that failed

    async def guard(self, look: Callable[[], Awaitable[T]]) -> T | None:
        """Look, and return what came; None when nothing could be had. Whatever is wrong is kept and told."""
        try:
            found = await look()
        except (EdgarError, StoreError) as error:
            if self.since is None:
                log.error(self._began, extra={**self._fields, "reason": str(error)})
            self._fail(str(error))
            return None
        except Exception as error:
            # The border to whatever EDGAR, or who stands for it, may answer: it must not end the daemon.
            log.exception(self._began, extra=self._fields)
            self._fail(f"{type(error).__name__}: {error}")
            return None
        if self.since is not None:
            log.info(self._ended, extra={**self._fields, "failing_since": self.since})
        self.since = None
        return found

    def _fail(self, reason: str) -> None:
        self.since = self.since or self._clock.now()
        self.failure = reason
