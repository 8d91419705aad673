"""Counts what clients ask for, and finds who asks too fast."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

__all__ = ["BLOCK_SECONDS", "MAX_PER_SECOND", "Traffic"]

MAX_PER_SECOND = 10
BLOCK_SECONDS = 600.0
_WINDOW_SECONDS = 0.999  # so that eleven requests exactly a tenth of a second apart are ten within a second


class Traffic:
    """All requests since the simulator was made; times are those of its clock."""

    def __init__(self) -> None:
        self.by_kind: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.peak_per_second = 0
        self.blocked_until = 0.0
        self._last_second: deque[float] = deque()

    def note(self, kind: str, now: float) -> None:
        """Count one request. More than ten within any second begin a block, or prolong it."""
        self.by_kind[kind] += 1
        window = self._last_second
        window.append(now)
        while window[0] <= now - _WINDOW_SECONDS:
            window.popleft()
        self.peak_per_second = max(self.peak_per_second, len(window))
        if len(window) > MAX_PER_SECOND:
            self.blocked_until = now + BLOCK_SECONDS

    def is_blocked(self, now: float) -> bool:
        """Whether the block page is due."""
        return now < self.blocked_until

    def told(self) -> dict[str, Any]:
        """Return it as the control address tells it."""
        return {
            "total": self.by_kind.total(),
            "by_kind": dict(sorted(self.by_kind.items())),
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "peak_per_second": self.peak_per_second,
        }
