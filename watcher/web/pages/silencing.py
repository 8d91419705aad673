"""Silences set and ended by forms."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, Response

from watcher.store import silences
from watcher.web.access import Form, may_post
from watcher.web.desk import Desk
from watcher.web.pages.templating import back_to, refused

__all__ = ["silence_forms"]

_MOST_HOURS = 10 * 366 * 24
_MOST_WORDS = 1000


def silence_forms(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.post("/silences")
    async def add(request: Request, form: Annotated[Form, Depends(may_post)]) -> Response:
        at = desk.now()
        try:
            hours = _number(form.get("hours", ""), _MOST_HOURS)
            cik = _number(form["cik"], 9_999_999_999) if form.get("cik") else None
            await desk.store.write(
                silences.add,
                rule=form.get("rule", "")[:_MOST_WORDS] or None,
                cik=cik,
                why=form.get("why", "")[:_MOST_WORDS],
                by=form.get("by", "")[:100],
                now=at,
                until=at + timedelta(hours=hours),
            )
        except ValueError as error:
            return refused(request, 422, str(error))
        return back_to(form.get("back", "/"), "silenced")

    @routes.post("/silences/{number}/end")
    async def end(
        request: Request,
        number: Annotated[int, Path(ge=1, le=2**63 - 1)],
        form: Annotated[Form, Depends(may_post)],
    ) -> Response:
        if await desk.store.write(silences.end, number, desk.now()) is None:
            return refused(request, 404, f"no silence {number} in the store")
        return back_to(form.get("back", "/"), "ended")

    return routes


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or not 0 <= int(text) <= most:
        raise ValueError(f"{text[:20]!r} is no number up to {most:,}")
    return int(text)
