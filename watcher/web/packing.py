"""Packs what the API answers, for whoever takes gzip."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Packing", "takes_gzip"]

_MIN_BYTES = 1_000
_LEVEL = 5  # beyond it packing takes much longer, and gains little


class Packing:
    """Packs answers under ``/v1/``, but for streams and for what is packed already.

    Pages are left as they are: they show both a form's token and what somebody typed, and from the size of the two
    packed together the token can be guessed (BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packed = GZipMiddleware(app, minimum_size=_MIN_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        is_api = scope["type"] == "http" and scope["path"].startswith("/v1/")
        is_packed = is_api and takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        await (self._packed if is_packed else self._app)(scope, receive, send)


def takes_gzip(accepted: str) -> bool:
    """Whether an answer may be packed: gzip is named, and not with a weight of nothing (RFC 9110, 12.5.3)."""
    named = (one.partition(";") for one in accepted.lower().split(","))
    weights = {name.strip(): rest.replace(" ", "") for name, _, rest in named}
    return "gzip" in weights and weights["gzip"].rstrip("0.") != "q="
