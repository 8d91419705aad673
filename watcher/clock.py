"""The one place that asks what time it is: the real clock, or one that runs faster from a chosen instant.

Everything that waits or compares times is given a clock, so that a daemon and the simulator can share a scaled
one and a day passes in a minute. Limits and time-outs between programs count in its seconds; time-outs that
protect this machine (a worker process, a socket) stay real.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that shows ``start`` when it is made, and runs ``scale`` seconds in each real one.

    Without ``start`` it shows the real time. Two processes share a clock when both are given the same
    ``start``, ``scale`` and ``anchor`` (the real Unix time at which it shows ``start``).
    """

    scale: float = 1.0
    start: datetime | None = None
    anchor: float = field(default_factory=time.time)

    def time(self) -> float:
        """Return this clock's Unix time."""
        if self.start is None:
            return time.time()
        return self.start.timestamp() + (time.time() - self.anchor) * self.scale

    def now(self) -> datetime:
        """Return this clock's time, aware and in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of this clock's seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.scale)
