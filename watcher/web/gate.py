"""The gate before every route: whether a request is meant for us, who it is from, and whether they may look."""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watcher.web.access import COOKIE, Access, TooManyTries, Visitor
from watcher.web.problems import problem

__all__ = ["Gate", "is_for_programs"]

# What must answer before anybody has come in: probes, the log-in page, and what it is made of.
_OPEN_TO_ALL = ("/healthz", "/readyz", "/login", "/style.css", "/static/")
_FOR_PROGRAMS = ("/v1/", "/healthz", "/readyz", "/metrics")
_NOBODY = Visitor("", has_pages=False)


class Gate:
    """Lets a request through with ``state.visitor`` set: the one who asks, with no name where nobody was asked."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._access.proxies.seen_through(scope)
        answer = await self._turned_away(scope)
        await (answer or self._app)(scope, receive, send)

    async def _turned_away(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        request = Request(scope)
        if not self._access.knows_host(headers.get("host", "")):
            return problem(421, "this host is not served here; name it in web.url")
        try:
            visitor = await self._access.visitor(
                headers.get("authorization", ""), request.cookies.get(COOKIE, ""), _address(scope)
            )
        except TooManyTries as error:
            return problem(429, str(error), headers={"Retry-After": str(error.seconds)})
        if visitor is None and not path.startswith(_OPEN_TO_ALL):
            return _asked_in(request)
        scope.setdefault("state", {})["visitor"] = visitor or _NOBODY
        return None


def is_for_programs(path: str) -> bool:
    """Whether programs ask for it, so that an answer is never a page."""
    return path.startswith(_FOR_PROGRAMS) and path != "/v1/docs"


def _asked_in(request: Request) -> Response:
    """Ask a program for a token, and a person for the password."""
    if is_for_programs(request.url.path) or request.method not in ("GET", "HEAD"):
        return problem(
            401, "a token is needed: make one with eightk web token add", headers={"WWW-Authenticate": "Bearer"}
        )
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/login?next={quote(request.url.path + query, safe='')}", 303)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return "" if client is None else str(client[0])
