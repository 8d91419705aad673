"""The page of pictures: what was filed on which day, and how soon we saw it."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from watcher.web.desk import Desk
from watcher.web.pages.pictures import Pictures
from watcher.web.pages.templating import show

__all__ = ["activity_page"]


def activity_page(desk: Desk, pictures: Pictures) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/activity")
    async def activity(request: Request) -> Response:
        asked = request.query_params.get("day", "")
        try:
            day = date.fromisoformat(asked) if asked else pictures.today
            before, after = day - timedelta(days=1), day + timedelta(days=1)
        except (ValueError, OverflowError):
            return show(
                request, "missing.html", {"title": "Not a day", "detail": "A day reads like 2026-03-09"}, status=422
            )
        context = {
            "day": day,
            "before": before,
            "after": after if day < pictures.today else None,
            "drawn": [
                await pictures.arrivals(day),
                await pictures.items_by_day(),
                await pictures.alerts_by_week(),
                await pictures.latency(),
            ],
        }
        return show(request, "activity.html", context, here="/activity")

    return routes
