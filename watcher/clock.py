"""The one place that asks what time it is: the real clock, or one that runs faster from a chosen instant.

Everything that waits or compares times is given a clock, so that a daemon and the simulator can share a scaled
one and a day passes in a minute. Limits and time-outs between programs count in its seconds; time-outs that
protect this machine (a worker process, a socket) stay real.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from watcher.errors import EightkError

__all__ = ["Clock", "Leap", "shared_clock"]

_ASK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Leap:
    """Hours that a clock leaves out. Both are Unix times of that clock: having reached ``at`` it shows ``to``."""

    at: float
    to: float


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that shows ``start`` when it is made, and runs ``scale`` seconds in each real one.

    Without ``start`` it shows the real time. Two processes share a clock when both are given the same ``start``,
    ``scale``, ``leaps`` and ``anchor`` (the real Unix time at which it shows ``start``; before it the clock stands).
    ``leaps`` lie one after the other, after ``start``.
    """

    scale: float = 1.0
    start: datetime | None = None
    anchor: float = field(default_factory=time.time)
    leaps: tuple[Leap, ...] = ()

    @classmethod
    def standing(cls, start: datetime, *, scale: float = 1.0, leaps: tuple[Leap, ...] = ()) -> Self:
        """Return a clock that shows ``start`` and stands there; see `begun`."""
        return cls(scale, start, math.inf, leaps)

    @property
    def stands(self) -> bool:
        """Whether it waits to be begun."""
        return self.start is not None and math.isinf(self.anchor)

    def begun(self) -> Self:
        """Return this clock running from now on; the same one if it runs already."""
        return replace(self, anchor=time.time()) if self.stands else self

    def time(self) -> float:
        """Return this clock's Unix time."""
        if self.start is None:
            return time.time()
        at = self.start.timestamp() + max(0.0, time.time() - self.anchor) * self.scale
        for leap in self.leaps:
            if at < leap.at:
                break
            at += leap.to - leap.at
        return at

    def now(self) -> datetime:
        """Return this clock's time, aware and in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def real_seconds(self, seconds: float) -> float:
        """Return how many real seconds pass until this clock shows so many more. What it leaves out takes none."""
        now = self.time()
        until = now + max(0.0, seconds)
        skipped = sum(max(0.0, min(leap.to, until) - max(leap.at, now)) for leap in self.leaps)
        return (until - now - skipped) / self.scale

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of this clock's seconds."""
        await asyncio.sleep(self.real_seconds(seconds))

    def told(self) -> dict[str, Any]:
        """Return what another process needs to show the same time, fit for JSON. A standing clock cannot be told."""
        return {
            "start": self.start.isoformat() if self.start else None,
            "scale": self.scale,
            "anchor": self.anchor,
            "leaps": [[leap.at, leap.to] for leap in self.leaps],
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return the clock that `told` describes. Raises ``KeyError``, ``TypeError`` or ``ValueError`` if none does."""
        scale, anchor = float(told["scale"]), float(told["anchor"])
        if not (0 < scale < math.inf and math.isfinite(anchor)):
            raise ValueError(f"expected a scale above 0 and a Unix time, came {scale} and {anchor}")
        start = datetime.fromisoformat(told["start"]) if told["start"] is not None else None
        if start is not None and start.tzinfo is None:
            raise ValueError(f"expected a start with a zone, came {start}")
        return cls(scale, start, anchor, tuple(Leap(float(at), float(to)) for at, to in told["leaps"]))


def shared_clock(url: str) -> Clock:
    """Return the clock of the simulator at this address, as this process shall have it, too.

    A clock that stands begins to run by this. Both must run on one machine, whose time they share. Raises
    ``EightkError`` when no simulator answers there.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise EightkError(f"expected the simulator's address, such as http://127.0.0.1:8900, came {url!r}")
    try:
        return Clock.of(json.loads(_ask(parts.hostname, parts.port or 80)))
    except (OSError, http.client.HTTPException) as error:
        raise EightkError(f"{url}: no simulator tells its clock: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise EightkError(f"{url}: expected a simulator's clock, came something else: {error}") from error


def _ask(host: str, port: int) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/simulator/clock")
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(f"it answers {answer.status}")
        return answer.read(1_000_000)
    finally:
        connection.close()
