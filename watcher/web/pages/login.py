"""The log-in page, and logging out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from watcher.web.access import COOKIE, SESSION_SECONDS, Access, Form, TooManyTries, may_post, read_form
from watcher.web.pages.templating import TEMPLATES

__all__ = ["login_page"]


def login_page(access: Access) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/login")
    async def ask(request: Request) -> Response:
        target = _own_path(request.query_params.get("next", ""))
        if access.is_open:
            return RedirectResponse(target, 303)
        return _page(request, target)

    @routes.post("/login")
    async def log_in(request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
        target = _own_path(form.get("next", ""))
        address = request.client.host if request.client else ""
        try:
            cookie = await access.log_in(form.get("password", ""), address)
        except TooManyTries as error:
            answer = _page(request, target, problem=f"Too many tries. Again in {error.seconds} s.", status=429)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        if cookie is None:
            return _page(request, target, problem="That is not the password.", status=403)
        answer = RedirectResponse(target, 303)
        is_https = access.is_https(request.url.scheme, request.headers.get("host", ""))
        answer.set_cookie(COOKIE, cookie, SESSION_SECONDS, httponly=True, samesite="lax", secure=is_https)
        return answer

    @routes.post("/logout", dependencies=[Depends(may_post)])
    async def log_out(request: Request) -> Response:
        access.log_out(request.state.visitor)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return routes


def _page(request: Request, target: str, *, problem: str = "", status: int = 200) -> Response:
    context = {"next": target, "problem": problem}
    return TEMPLATES.TemplateResponse(request, "login.html", context, status_code=status)


def _own_path(asked: str) -> str:
    r"""A path of ours to go to after it, and never another site: ``//other`` and ``/\other`` name hosts."""
    is_own = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if is_own else "/"
