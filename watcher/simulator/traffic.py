"""Counts what clients ask for, and finds who asks too fast."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from watcher.simulator.exchange import Ask

__all__ = ["BLOCK_SECONDS", "MAX_PER_SECOND", "Request", "Traffic"]

MAX_PER_SECOND = 10
BLOCK_SECONDS = 600.0
_WINDOW_SECONDS = 0.999  # so that eleven requests exactly a tenth of a second apart are ten within a second
_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request that came, and what was answered."""

    at: float  # Unix time of the simulator's clock
    host: str  # of the SEC's, for which the simulator stood
    family: str
    shown: str  # path and query
    agent: str  # who asked
    status: int = 0


class Traffic:
    """All requests since the simulator was made; times are those of its clock.

    ``requests`` keeps the last 200,000. ``peak_by_host`` is the most that came to a host within any one second, and
    ``peak_per_second`` the same over all hosts. ``while_blocked`` counts those that came although a block page had
    been answered less than ten minutes before; ``longest_after_block`` is how many seconds after it the latest came:
    few, when all had left before the page was there.
    """

    def __init__(self) -> None:
        self.by_kind: Counter[str] = Counter()
        self.by_host: Counter[str] = Counter()
        self.by_agent: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.peak_by_host: dict[str, int] = {}
        self.peak_per_second = 0
        self.blocked_until = 0.0
        self.while_blocked = 0
        self.longest_after_block = 0.0
        self.requests: deque[Request] = deque(maxlen=_KEPT)
        self._last_block = float("-inf")
        self._last_second: deque[float] = deque()
        self._last_second_of: defaultdict[str, deque[float]] = defaultdict(deque)

    def note(self, ask: Ask, now: float) -> bool:
        """Count one request, and say whether it makes more than ten to one host within a second."""
        family, host = ask.family, ask.host
        self.by_kind[family] += 1
        self.by_host[host] += 1
        self.by_agent[ask.user_agent] += 1
        if now < self._last_block + BLOCK_SECONDS:
            self.while_blocked += 1
            self.longest_after_block = max(self.longest_after_block, now - self._last_block)
        self.requests.append(Request(now, host, family, ask.shown, ask.user_agent))
        self.peak_per_second = max(self.peak_per_second, _within_second(self._last_second, now))
        at_host = _within_second(self._last_second_of[host], now)
        self.peak_by_host[host] = max(self.peak_by_host.get(host, 0), at_host)
        return at_host > MAX_PER_SECOND

    def block(self, now: float) -> None:
        """Begin a block of ten minutes, or prolong it."""
        self.blocked_until = now + BLOCK_SECONDS

    def answered(self, status: int, now: float, *, is_block: bool) -> None:
        """Note how the request that was noted last is answered."""
        self.by_status[status] += 1
        self.requests[-1] = replace(self.requests[-1], status=status)
        if is_block:
            self._last_block = now

    def is_blocked(self, now: float) -> bool:
        """Whether the block page is due, whatever is asked for."""
        return now < self.blocked_until

    def asked(self, family: str = "", text: str = "") -> list[Request]:
        """Return the requests of this family (all if "") with this text in path or query, oldest first."""
        return [one for one in self.requests if family in ("", one.family) and text in one.shown]

    def told(self) -> dict[str, Any]:
        """Return it as the control address tells it."""
        return {
            "total": self.by_kind.total(),
            "by_kind": _sorted(self.by_kind),
            "by_host": _sorted(self.by_host),
            "by_agent": _sorted(self.by_agent),
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "peak_per_second": self.peak_per_second,
            "peak_by_host": _sorted(self.peak_by_host),
            "while_blocked": self.while_blocked,
            "longest_after_block": round(self.longest_after_block, 1),
        }


def _within_second(window: deque[float], now: float) -> int:
    """Add this instant, drop what is older than a second, and count what is left."""
    window.append(now)
    while window[0] <= now - _WINDOW_SECONDS:
        window.popleft()
    return len(window)


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
