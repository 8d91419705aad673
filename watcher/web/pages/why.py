"""Why a rule fired on a filing, or why not: clause by clause, as it is now, and as it was when it raised its alert."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from watcher.errors import EightkError
from watcher.store import filings
from watcher.web.desk import Desk
from watcher.web.leaving import unless_left
from watcher.web.pages.templating import refused, show

__all__ = ["why_page"]


def why_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/filings/{accession}/why/{rule}")
    async def why(request: Request, accession: str, rule: str) -> Response:
        if desk.rules is None:
            raise HTTPException(404, "no rules are kept here")
        stored = await desk.store.read(filings.get, accession)
        try:
            told = await unless_left(request, desk.rules.explain(rule, accession))
        except EightkError as error:  # such as a rule that nobody ever saw, or files that cannot be read now
            return refused(request, 409, str(error))
        context = {"filing": stored.filing, "rule": rule, "told": told}
        return show(request, "why.html", context, here="/alerts")

    return routes
