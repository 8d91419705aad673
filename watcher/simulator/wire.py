"""The simulator on the network: requests in, answers out, late or broken off if so it must be."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from watcher.simulator.exchange import Ask, Reply
from watcher.simulator.refusals import not_allowed

__all__ = ["app_of", "breaking_off_quietly"]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def app_of(answer: Callable[[Ask], Reply], sleep: Callable[[float], Awaitable[None]]) -> Starlette:
    """Return the ASGI application that answers so, and waits so."""

    async def endpoint(request: Request) -> Response:
        ask = Ask(
            request.scope["path"],
            request.query_params,
            request.headers.get("user-agent", ""),
            request.headers.get("if-modified-since", ""),
        )
        reply = answer(ask) if request.method in ("GET", "HEAD") else not_allowed()
        if reply.delay_seconds:
            await sleep(reply.delay_seconds)
        # Given as a header, or a character set would be added that EDGAR does not tell.
        headers = {**reply.headers, "Content-Type": reply.kind}
        return (_BrokenOff if reply.is_cut else Response)(reply.body, reply.status, headers)

    return Starlette(
        routes=[Route("/{path:path}", endpoint, methods=_METHODS)],
        middleware=[Middleware(GZipMiddleware, minimum_size=500, compresslevel=1)],
    )


class _BrokenOff(Response):
    """An answer that ends half-way: the server closes the connection when nothing follows what was announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})


@contextmanager
def breaking_off_quietly() -> Iterator[None]:
    """Keep the server from reporting as a fault of ours that an answer was broken off, while inside."""
    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(_is_no_break)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_break)


def _is_no_break(record: logging.LogRecord) -> bool:
    return "returned without completing response" not in record.getMessage()
