"""A webhook receiver: takes what is posted, checks who signed it, and fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher.clock import Clock
from watcher.errors import SignatureError
from watcher.serving import serving
from watcher.signing import verify

__all__ = ["Received", "Receiver", "receive"]


@dataclass(frozen=True, slots=True)
class Received:
    """One POST as it came. ``fault`` is "" when its signature fits, or when there is no secret to check it with."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    at: float  # Unix time of the receiver's clock
    fault: str
    status: int  # what was answered

    @property
    def message_id(self) -> str:
        """The id under which it was sent; the same for each try at one message."""
        return self.headers.get("webhook-id", "")


class Receiver:
    """Collects POSTs to any path in ``received``.

    ``secret`` (``whsec_...``) is checked when it is given: a message that it does not fit is answered 401. ``status``
    is answered to all others, after ``delay_seconds`` of its clock; the first ``fail_first`` are answered
    ``fail_status`` instead. All may be changed while it runs.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        clock: Clock | None = None,
        status: int = 204,
        delay_seconds: float = 0.0,
        fail_first: int = 0,
        fail_status: int = 503,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.secret = secret
        self.clock = clock or Clock()
        self.status = status
        self.delay_seconds = delay_seconds
        self.fail_first = fail_first
        self.fail_status = fail_status
        self.headers = dict(headers or {})
        self.received: list[Received] = []
        self._arrived = asyncio.Event()

    @property
    def accepted(self) -> list[Received]:
        """Those that were answered with a 2xx status."""
        return [post for post in self.received if 200 <= post.status < 300]

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._take, methods=["POST"])])

    async def wait_for(self, count: int, seconds: float = 10.0) -> list[Received]:
        """Wait until so many have been accepted, and return them. Raises ``TimeoutError`` after real ``seconds``."""
        async with asyncio.timeout(seconds):
            while len(self.accepted) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.accepted

    async def _take(self, request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:  # the sender was killed amid its message: nobody is left to answer
            return Response(None, 400)
        headers = {name.lower(): value for name, value in request.headers.items()}
        fault = self._fault(headers, body)
        status = self._status(fault)
        if self.delay_seconds:
            await self.clock.sleep(self.delay_seconds)
        self.received.append(Received(request.url.path, headers, body, self.clock.time(), fault, status))
        self._arrived.set()
        return PlainTextResponse(fault, status, self.headers) if fault else Response(None, status, self.headers)

    def _fault(self, headers: Mapping[str, str], body: bytes) -> str:
        if self.secret is None:
            return ""
        try:
            verify(self.secret, headers, body, self.clock.time())
        except SignatureError as error:
            return str(error)
        return ""

    def _status(self, fault: str) -> int:
        if self.fail_first > 0:
            self.fail_first -= 1
            return self.fail_status
        return 401 if fault else self.status


@asynccontextmanager
async def receive(receiver: Receiver, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve a receiver inside the caller's event loop, and give its URL; port 0 takes a free one.

    Raises ``EightkError`` when the address cannot be had.
    """
    async with serving(receiver.app, host, port) as url:
        yield url
