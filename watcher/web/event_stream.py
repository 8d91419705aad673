"""A stream of server-sent events (WHATWG HTML, 9.2), which goes on until whoever follows leaves, or the feed closes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watcher.errors import StoreError
from watcher.web.feed import Feed, Portion
from watcher.web.feed_entries import Wanted
from watcher.web.problems import problem

__all__ = ["EventStream"]

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 30.0  # who takes nothing for so long is cut off, and comes back with the id it had last
RETRY_MILLISECONDS = 2_000
LOOK_SECONDS = 2.0  # how often it is looked whether whoever follows may still do so
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy between is not to hold it back
]


class EventStream(Response):
    """Tells what comes ``after`` a place in the journal, or from now on, as far as it is wanted.

    It ends when ``may_stay`` says that whoever follows would not be let in any more.
    """

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, wanted: Wanted, after: int | None, may_stay: Callable[[], bool]) -> None:
        super().__init__()
        self._feed = feed
        self._wanted = wanted
        self._after = after
        self._may_stay = may_stay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. As plain ASGI: it must see at once that whoever follows has left."""
        newest = await self._feed.enter()
        if newest is None:
            why = "eightk is stopping" if self._feed.is_closed else "too many follow the stream already"
            await problem(503, why, headers={"Retry-After": "5"})(scope, receive, send)
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            place = newest if self._after is None else self._after
            async with asyncio.TaskGroup() as group:
                talking = group.create_task(self._talk(place, send), name="stream")
                leaving = group.create_task(_gone(receive), name="stream's end")
                dismissed = group.create_task(self._dismissed(), name="stream's leave")
                ends = {talking, leaving, dismissed}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for one in ends:
                    one.cancel()
            if dismissed.done() and not dismissed.cancelled():
                await _end(send)
        finally:
            self._feed.leave()

    async def _dismissed(self) -> None:
        while self._may_stay():  # noqa: ASYNC110  # a file is asked, which wakes nobody
            await asyncio.sleep(LOOK_SECONDS)
        log.info("a stream ends, for whoever follows may not any more")

    async def _talk(self, place: int, send: Send) -> None:
        # The id comes first, so that who is cut off before the first event goes on from here.
        text = f"retry: {RETRY_MILLISECONDS}\nid: {place}\n\n".encode()
        while True:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": text, "more_body": True})
            except TimeoutError:
                log.warning("a follower of the stream takes nothing, and is cut off", extra={"place": place})
                return
            try:
                portion = await self._feed.after(place, HEARTBEAT_SECONDS)
            except StoreError as error:
                log.error("a stream ends, for the store cannot be read", extra={"reason": str(error)})
                portion = None
            if portion is None:
                await _end(send)
                return
            text = self._text(place, portion)
            place = portion.place

    def _text(self, place: int, portion: Portion) -> bytes:
        fitting = [one for one in portion.told if self._wanted.fits(one)]
        parts = [one.data for one in fitting if one.data is not None]
        if portion.is_reset:
            told = {"after": place, "goes_on_after": portion.place, "reason": _why(place, portion.place)}
            parts.append(f"id: {portion.place}\nevent: reset\ndata: {json.dumps(told)}\n\n".encode())
        elif not fitting or fitting[-1].sequence != portion.place:
            # What was passed over need not be looked at again by whoever comes back.
            parts.append(f": \nid: {portion.place}\n\n".encode())
        return b"".join(parts)


def _why(place: int, goes_on: int) -> str:
    if place > goes_on:
        return "this store has not come so far: it is another one, or an older copy"
    return "the journal does not reach back so far: fetch what is missing by /v1/filings and /v1/alerts"


async def _end(send: Send) -> None:
    # Who takes nothing is not waited for: the connection is closed either way.
    with suppress(TimeoutError):
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
