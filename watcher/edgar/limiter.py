"""When a request may leave: in its turn, and not at all while EDGAR wants silence. One limiter serves all hosts.

No second has more requests than the limit. Those that somebody waits for (the lists, live filings) go before the
others, and may use at once what the last second left unused: a filing that a list has just shown would else wait for
the list's own next page. The others go evenly apart.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from watcher.clock import Clock
from watcher.edgar._window import Window
from watcher.errors import BlockedError

__all__ = [
    "BLOCK_SECONDS",
    "LIVE_IN_A_ROW",
    "LONGEST_SILENCE_SECONDS",
    "MAX_REQUESTS_PER_SECOND",
    "Limiter",
    "SharedTurn",
    "backoff_seconds",
]

MAX_REQUESTS_PER_SECOND = 10.0  # the SEC's own limit, over all hosts and all machines of one user
BLOCK_SECONDS = 600.0  # what the block page says; asking earlier prolongs it
# Lists and live filings need a small part of the limit, but for a burst, or the hour after an outage, that take all of
# it. One turn in ten is then left to an audit or a backfill that waits, so that neither stops.
LIVE_IN_A_ROW = 9
LONGEST_SILENCE_SECONDS = 1_800.0  # a Retry-After beyond it is a mistake that would stop us for a day

# Waits for a turn among all processes that ask EDGAR for one user; gives until when it wants silence, if it does.
SharedTurn = Callable[[], Awaitable[datetime | None]]


class Limiter:
    """Gives each request its turn, and refuses all of them in a silence.

    ``silent_until`` is that of a limiter before this one, and ``asked_until`` when the one before may have let the last
    request out. ``shared`` keeps the limit over several processes, each with a limiter of its own. All times are of
    ``clock``.
    """

    def __init__(
        self,
        clock: Clock,
        requests_per_second: float,
        *,
        silent_until: datetime | None = None,
        asked_until: datetime | None = None,
        shared: SharedTurn | None = None,
    ) -> None:
        if not 0 < requests_per_second <= MAX_REQUESTS_PER_SECOND:
            raise ValueError(f"requests_per_second: expected more than 0 and at most 10, came {requests_per_second}")
        if silent_until is not None and silent_until.tzinfo is None:
            raise ValueError(f"blocked_until: expected a time with a zone, came {silent_until}")
        self._clock = clock
        self._shared = shared
        self._interval = 1.0 / requests_per_second
        until = None if asked_until is None else asked_until.timestamp()
        self._window = Window(clock, math.ceil(requests_per_second), asked_until=until)
        most = max(1, math.floor(requests_per_second))
        self._left: deque[float] = deque(maxlen=most)  # when the latest requests did
        self._left_seconds = most * self._interval  # a second; or more, where the limit is no whole number
        self._live: deque[asyncio.Event] = deque()
        self._others: deque[asyncio.Event] = deque()
        self._in_a_row = 0  # live ones that left while others waited
        self._silent_until = silent_until.timestamp() if silent_until is not None else 0.0
        self._silence_seconds = LONGEST_SILENCE_SECONDS
        self._reason = "EDGAR blocked us before this start"

    @property
    def silent_until(self) -> datetime | None:
        """Until when every request is refused; None when EDGAR may be asked."""
        remaining = self._silent_until - self._clock.time()
        if not 0 < remaining <= self._silence_seconds:  # more than that: the clock was set back
            return None
        return datetime.fromtimestamp(self._silent_until, UTC)

    def silence(self, seconds: float, reason: str) -> None:
        """Refuse every request for so many seconds, half an hour at most. Ends no silence that lasts longer."""
        seconds = min(seconds, LONGEST_SILENCE_SECONDS)
        until = self._clock.time() + seconds
        if self.silent_until is not None and self._silent_until >= until:
            return
        self._silent_until, self._silence_seconds, self._reason = until, seconds, reason

    @asynccontextmanager
    async def turn(self, *, is_live: bool = True) -> AsyncIterator[None]:
        """Wait for this request's turn; inside, send it and await the beginning of its answer.

        Raises ``BlockedError`` in a silence, also in one that began meanwhile.
        """
        # At once, so that nobody queues up for the end of a silence.
        self._refuse_in_silence()
        line = self._live if is_live else self._others
        await self._stand_in(line, evenly=not is_live or bool(line))
        if self._shared is not None and (until := await self._shared()) is not None:
            self.silence(until.timestamp() - self._clock.time(), "EDGAR blocked a daemon that shares the store")
            self._refuse_in_silence()
        self._window.leave()
        try:
            yield
        finally:
            self._window.answered()

    async def _stand_in(self, line: deque[asyncio.Event], *, evenly: bool) -> None:
        mine = asyncio.Event()
        line.append(mine)
        try:
            while (seconds := self._seconds_to(mine, evenly=evenly)) != 0 or not await self._has_room(mine):
                evenly = True
                if seconds is None:
                    await mine.wait()
                    mine.clear()
                elif seconds:
                    await self._clock.sleep(seconds)
                self._refuse_in_silence()
            self._refuse_in_silence()
            self._left.append(self._clock.time())
            self._in_a_row = self._in_a_row + 1 if line is self._live and self._others else 0
        finally:
            line.remove(mine)
            if (first := self._first()) is not None:
                first.set()

    async def _has_room(self, mine: asyncio.Event) -> bool:
        """Wait for room in the window; tell whether this one is still next."""
        await self._window.room()
        return self._first() is mine

    def _first(self) -> asyncio.Event | None:
        """Who is next of those that wait."""
        is_others_turn = not self._live or self._in_a_row >= LIVE_IN_A_ROW
        line = self._others if self._others and is_others_turn else self._live
        return line[0] if line else None

    def _seconds_to(self, mine: asyncio.Event, *, evenly: bool) -> float | None:
        """How long until this one may leave; None while another one is next, who wakes it up."""
        if self._first() is not mine:
            return None
        now = self._clock.time()
        if self._left and self._left[-1] > now:
            # The clock was set back, which must not stop us for as long.
            self._left = deque([now] * len(self._left), self._left.maxlen)
        is_full = len(self._left) == self._left.maxlen
        free_at = [self._left[0] + self._left_seconds] if is_full else []
        if evenly and self._left:
            free_at.append(self._left[-1] + self._interval)
        return max(0.0, *(at - now for at in free_at)) if free_at else 0.0

    def _refuse_in_silence(self) -> None:
        until = self.silent_until
        if until is not None:
            raise BlockedError(f"{self._reason}; nothing is asked until {until:%Y-%m-%dT%H:%M:%SZ}")


def backoff_seconds(
    failures: int, *, first: float = 30.0, longest: float = 600.0, draw: Callable[[], float] = random.random
) -> float:
    """Return how long to wait after so many failures in a row, from 1: each time twice as long, up to ``longest``.

    Somewhere in the upper half of it, by ``draw`` (0 to 1), so that programs that failed together do not come back
    together.
    """
    whole = min(longest, first * 2.0 ** min(failures - 1, 60))
    return whole * (0.5 + draw() / 2)
