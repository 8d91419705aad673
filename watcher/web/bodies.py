"""What a request to the API may bring with it: JSON, and not too much of it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.web.problems import problem

__all__ = ["MAX_BODY_BYTES", "Bodies"]

MAX_BODY_BYTES = 1_048_576


class Bodies:
    """Reads the whole body of a request to the API first, and refuses one that is too long or no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/") or not _brings_one(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            refusal = problem(413, f"a body may have {MAX_BODY_BYTES:,} bytes", headers={"Connection": "close"})
            await refusal(scope, receive, send)
        elif body and not _is_json(Headers(scope=scope)):
            refusal = problem(415, "a body comes as application/json", headers={"Accept": "application/json"})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _again(body, receive), send)


def _brings_one(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _read(receive: Receive) -> bytes | None:
    """Return the body; None when there is more of it than may be."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # whoever asked has gone
            return bytes(parts)
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def tell() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return tell
