"""What was saved and raised, as it happens, for all who follow along: one reader of the journal serves them all.

Each who follows has a place in the journal, and is given what comes after it: from memory when it is near, and else
from the store. So who was away, or is slow, misses nothing, and takes no memory.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection

from watcher.errors import StoreError
from watcher.store import journal
from watcher.store.database import Store
from watcher.tasks import wait
from watcher.web.feed_entries import Told, told_of

__all__ = ["Feed", "Portion"]

log = logging.getLogger(__name__)

MOST_CLIENTS = 100
LOOK_SECONDS = 1.0
PAGE = 200
HELD = 1000


@dataclass(frozen=True, slots=True)
class Portion:
    """What comes next, and the place after it. ``is_reset``: what stood before it is no longer, or never was, there."""

    told: tuple[Told, ...]
    place: int
    is_reset: bool = False


class Feed:
    """Follows the journal while anybody follows it here. All of it belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: list[Told] = []
        self._begin = 0  # all that came after it is held
        self._last = 0
        self._clients = 0
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self.is_closed = False

    def wake(self) -> None:
        """Look at once: something was saved."""
        self._wake.set()

    def close(self) -> None:
        """End every stream at once, and let nobody in any more."""
        self.is_closed = True
        self._rest()
        self._news.set()

    async def enter(self) -> int | None:
        """Let somebody follow, and return the newest place; None when there is no room. Call ``leave`` at the end.

        Raises ``StoreError``.
        """
        if self.is_closed or self._clients >= MOST_CLIENTS:
            return None
        self._clients += 1
        try:
            place = await self._store.read(journal.last)
        except BaseException:
            self.leave()
            raise
        if self._reader is None and not self.is_closed:
            self._begin = self._last = place
            self._reader = asyncio.create_task(self._read_on(), name="feed")
        return place

    def leave(self) -> None:
        """Somebody follows no longer."""
        self._clients -= 1
        if not self._clients:
            self._rest()

    async def after(self, place: int, seconds: float) -> Portion | None:
        """Return what comes after this place; nothing when that takes longer; None when the feed is closed.

        Raises ``StoreError``.
        """
        if self._reader is None or place < self._begin or place > self._last:
            portion = await self._from_store(place)
            if portion.told or portion.place != place:
                return None if self.is_closed else portion
        news = self._news
        told = self._held[bisect_right(self._held, place, key=attrgetter("sequence")) :]
        if not told and not self.is_closed:
            await wait(news, seconds)
            told = self._held[bisect_right(self._held, place, key=attrgetter("sequence")) :]
        if self.is_closed:
            return None
        if place < self._begin:  # it was overtaken meanwhile
            return Portion((), place)
        return Portion(tuple(told), told[-1].sequence if told else place)

    async def _from_store(self, place: int) -> Portion:
        begin = self._begin
        first, last, told = await self._store.read(_page, place, PAGE)
        if place > last:
            return Portion((), last, is_reset=True)
        if first is not None and place + 1 < first:
            return Portion((), first - 1, is_reset=True)
        return Portion(told, told[-1].sequence if told else max(place, min(begin, last)))

    async def _read_on(self) -> None:
        while True:
            self._wake.clear()
            try:
                _, _, told = await self._store.read(_page, self._last, PAGE)
            except StoreError as error:
                log.error("the journal cannot be read", extra={"reason": str(error)})
                told = ()
            self._hold(told)
            if len(told) < PAGE:
                await wait(self._wake, LOOK_SECONDS)

    def _hold(self, told: tuple[Told, ...]) -> None:
        if not told:
            return
        self._held += told
        self._last = told[-1].sequence
        if len(self._held) > HELD:
            self._begin = self._held[-HELD - 1].sequence
            del self._held[:-HELD]
        self._news.set()
        self._news = asyncio.Event()

    def _rest(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        self._held.clear()


def _page(connection: Connection, place: int, limit: int) -> tuple[int | None, int, tuple[Told, ...]]:
    """Read on from a place; with the oldest and the newest place there are, as of the same moment."""
    entries = journal.after(connection, place, limit)
    return journal.first(connection), journal.last(connection), told_of(connection, entries)
