"""The application: what it shows comes from the store, what it is asked to do goes to the daemon."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from watcher.errors import StoreError, UnknownFiling
from watcher.web.api import add_api
from watcher.web.desk import Desk
from watcher.web.pages import add_pages
from watcher.web.pages.templating import TEMPLATES

__all__ = ["make_app"]

log = logging.getLogger(__name__)

# Filing text is hostile: the page runs no script at all and loads nothing from elsewhere.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")


def make_app(desk: Desk) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="eightk", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    add_api(app, desk)
    add_pages(app, desk)

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # A page elsewhere could point its own name at this loopback address and read what is served here.
        if not HOST.fullmatch(request.headers.get("host", "")):
            return JSONResponse({"title": "unknown host"}, 421)
        response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(UnknownFiling)
    async def _unknown(request: Request, error: UnknownFiling) -> Response:
        return _failure(request, 404, "Not found", str(error))

    @app.exception_handler(StoreError)
    async def _refused(request: Request, error: StoreError) -> Response:
        # A full disk, say: told, and no fault of the program's.
        log.error("the store cannot be read for the page", extra={"path": request.url.path, "reason": str(error)})
        return _failure(request, 503, "The store cannot do it", str(error))

    @app.exception_handler(404)
    async def _nowhere(request: Request, error: HTTPException) -> Response:
        # Where no route leads the framework has no words of its own; a route that finds nothing says what.
        is_said = error.detail != HTTPStatus.NOT_FOUND.phrase
        return _failure(
            request, 404, "Not found", error.detail if is_said else f"there is nothing at {request.url.path}"
        )

    return app


def _failure(request: Request, status: int, title: str, detail: str) -> Response:
    """Say so in JSON to a program, and on a page to a person."""
    if request.url.path.startswith(("/v1/", "/healthz")):
        return JSONResponse({"title": title.lower(), "status": status, "detail": detail}, status)
    context = {"title": title, "detail": detail}
    return TEMPLATES.TemplateResponse(request, "missing.html", context, status_code=status)
