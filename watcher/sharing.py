"""What daemons that share a store keep to together: the SEC's limit, and the silence it asks for."""

from __future__ import annotations

from datetime import datetime

from watcher.clock import Clock
from watcher.minding import BLOCKED_KEY
from watcher.store.database import Store, get_meta
from watcher.store.request_slots import next_slot

__all__ = ["SharedLimit"]

# A busy daemon may send what it had a turn for a moment late, beside the next one's: so the limit holds all the same.
_SLACK = 1.25


class SharedLimit:
    """The SEC's limit over all daemons of a store, which is one user's. A turn costs one short transaction."""

    def __init__(self, store: Store, clock: Clock, requests_per_second: float) -> None:
        self._store = store
        self._clock = clock
        self._seconds_apart = _SLACK / requests_per_second

    async def turn(self) -> datetime | None:
        """Wait for the next turn; return until when EDGAR wants silence, if one of the daemons was told so.

        Raises ``StoreError`` when the store cannot be asked: nobody knows then what the others do.
        """
        blocked = await self._store.read(get_meta, BLOCKED_KEY)
        until = datetime.fromisoformat(blocked) if blocked else None
        if until is not None and until > self._clock.now():
            return until
        # A clock that runs faster than time is that of a simulator, which stands on this machine.
        now = self._clock.time() if self._clock.scale != 1 else None
        await self._clock.sleep(await self._store.write(next_slot, self._seconds_apart, now))
        return None
