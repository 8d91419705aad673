"""What is answered when something cannot be: problem details to a program (RFC 9457), a page to a person."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from watcher.errors import StoreError, UnknownFiling
from watcher.web.gate import is_for_programs
from watcher.web.pages.templating import TEMPLATES
from watcher.web.problems import Refused, problem

__all__ = ["add_failures"]

log = logging.getLogger(__name__)

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_MOST_TOLD = 5
_MOST_SHOWN = 60  # characters of what was asked


def add_failures(app: FastAPI) -> None:
    """Have every error of a request answered in this way."""

    @app.exception_handler(HTTPException)
    async def _refused(request: Request, error: HTTPException) -> Response:
        detail = error.detail
        if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
            # Where no route leads the framework has no words of its own; a route that finds nothing says what.
            detail = f"there is nothing at {request.url.path}"
        headers = error.headers
        if error.status_code == 405:
            detail = f"{request.url.path} does not take {request.method}"
            headers = {"Allow": ", ".join(_methods_of(request))}
        more = error.more if isinstance(error, Refused) else {}
        return _answer(request, error.status_code, detail, headers, **more)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [{"where": ".".join(map(str, one["loc"])), "problem": _words(one)} for one in error.errors()]
        told = "; ".join(f"{one['where']}: {one['problem']}" for one in faults[:_MOST_TOLD])
        return _answer(request, 422, told, errors=faults)

    @app.exception_handler(UnknownFiling)
    async def _unknown(request: Request, error: UnknownFiling) -> Response:
        return _answer(request, 404, str(error))

    @app.exception_handler(StoreError)
    async def _unable(request: Request, error: StoreError) -> Response:
        # A full disk, say: no fault of the program's. The reason names a path of this machine, which is for the log.
        log.error("the store cannot be used for a request", extra={"path": request.url.path, "reason": str(error)})
        return _answer(request, 503, "the store cannot be used now; the log has why", {"Retry-After": "10"})

    @app.exception_handler(Exception)
    async def _broken(request: Request, error: Exception) -> Response:
        # The server logs it with its traceback; whoever asked is told no more than that.
        return _answer(request, 500, "eightk failed here, by a fault of its own; its log has more")


def _methods_of(request: Request) -> Iterator[str]:
    """Every method that this path takes (RFC 9110, 15.5.6): the router names those of the first route alone."""
    for method in _METHODS:
        # HEAD is answered wherever GET is, by whoever passes requests on to the router.
        scope = {"type": "http", "method": "GET" if method == "HEAD" else method, "path": request.scope["path"]}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            yield method


def _words(fault: Mapping[str, Any]) -> str:
    """What is wrong with one value; of one that is none of some words, too, which of them it is close to."""
    told, asked = str(fault["msg"]), fault["input"]
    if fault["type"] not in ("enum", "literal_error") or not isinstance(asked, str):
        return told
    close = get_close_matches(asked.lower(), re.findall(r"'([^']+)'", str(fault["ctx"]["expected"])), 1)
    return f"{told}, and not {asked[:_MOST_SHOWN]!r}{''.join(f'; did you mean {one}?' for one in close)}"


def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    if is_for_programs(request.url.path):
        return problem(status, detail, headers=headers, **more)
    context = {"title": HTTPStatus(status).phrase.capitalize(), "detail": detail}
    return TEMPLATES.TemplateResponse(request, "missing.html", context, status_code=status, headers=headers)
