"""How often somebody may be wrong about a password or a token: so much that guessing is hopeless, and a slip is not."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from watcher.networks import network_of

__all__ = ["Tries"]

_WINDOW_SECONDS = 300.0
_MOST_EACH, _MOST_IN_ALL = 5, 60
_MOST_ADDRESSES = 10_000


class Tries:
    """Counts failures over five minutes: at most 5 from one address, and 60 in all.

    An IPv6 address counts as its /64, which is what one customer has to choose from.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._all: deque[float] = deque()
        self._each: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str) -> int:
        """For how long this address may not try; 0: it may now."""
        now = self._now()
        own = self._each.get(network_of(address), deque())
        return max(_left(own, _MOST_EACH, now), _left(self._all, _MOST_IN_ALL, now))

    def note_failure(self, address: str) -> None:
        """Count one."""
        network = network_of(address)
        own = self._each.setdefault(network, deque(maxlen=_MOST_EACH))
        self._each.move_to_end(network)
        if len(self._each) > _MOST_ADDRESSES:
            self._each.popitem(last=False)
        now = self._now()
        own.append(now)
        self._all.append(now)
        while self._all and (len(self._all) > _MOST_IN_ALL or self._all[0] <= now - _WINDOW_SECONDS):
            self._all.popleft()

    def forget(self, address: str) -> None:
        """Begin anew: it was right."""
        self._each.pop(network_of(address), None)


def _left(failures: deque[float], most: int, now: float) -> int:
    if len(failures) < most:
        return 0
    left = failures[-most] + _WINDOW_SECONDS - now
    return max(0, int(left) + (left > int(left)))
