"""A token bucket: how often an endpoint is sent something."""

from __future__ import annotations

import asyncio
import time

from watcher.clock import Clock

__all__ = ["Bucket"]

_SHORTEST_SECONDS = 1e-6  # what is less than that is arithmetic's own


class Bucket:
    """Lets through so many a second, and a second's worth at once after a pause; 0 lets everything through.

    It holds one instant: when a bucket that never overflows would be full again. Whoever takes, moves it on.
    """

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._scale = clock.scale
        self._seconds_each = 1 / per_second if per_second else 0.0
        self._burst_seconds = (max(per_second, 1.0) - 1) * self._seconds_each
        self._full_at = 0.0

    async def take(self) -> None:
        """Wait for a token, and take it. Who came first goes first."""
        if not self._seconds_each:
            return
        # Not the clock's own time, which may be set back.
        now = time.monotonic() * self._scale
        begun = max(self._full_at, now)
        self._full_at = begun + self._seconds_each
        if (wait := begun - self._burst_seconds - now) > _SHORTEST_SECONDS:
            await asyncio.sleep(wait / self._scale)
