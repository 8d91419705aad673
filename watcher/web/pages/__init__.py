"""The pages, rendered here; one file for each."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import Response

from watcher.web.access import Access
from watcher.web.desk import Desk
from watcher.web.pages.activity import activity_page
from watcher.web.pages.alerts import alert_page
from watcher.web.pages.company import company_page
from watcher.web.pages.deliveries import delivery_forms, delivery_page
from watcher.web.pages.draft import draft_page
from watcher.web.pages.filing import filing_page
from watcher.web.pages.front import front_page
from watcher.web.pages.health import health_page
from watcher.web.pages.login import login_page
from watcher.web.pages.pictures import Pictures
from watcher.web.pages.rules import rule_pages
from watcher.web.pages.search import search_page
from watcher.web.pages.silencing import silence_forms
from watcher.web.pages.templating import FOLDER
from watcher.web.pages.why import why_page

__all__ = ["add_pages"]

# By the path at which each is served: what lies in the folder beside them is nobody's.
_FILES = {
    "/style.css": (FOLDER / "style.css", "text/css"),
    "/static/live.js": (FOLDER / "static" / "live.js", "text/javascript"),
    "/static/anew.js": (FOLDER / "static" / "anew.js", "text/javascript"),
    "/static/icon.svg": (FOLDER / "static" / "icon.svg", "image/svg+xml"),
}


def add_pages(app: FastAPI, desk: Desk, access: Access) -> None:
    """Add every page, and what they load."""
    pictures = Pictures(desk.store, desk.now)
    for path, (file, kind) in _FILES.items():
        _add_file(app, path, file.read_bytes(), kind)
    app.include_router(login_page(access))
    app.include_router(front_page(desk))
    app.include_router(filing_page(desk))
    app.include_router(why_page(desk))
    app.include_router(company_page(desk))
    app.include_router(alert_page(desk))
    app.include_router(delivery_page(desk, pictures))
    app.include_router(delivery_forms(desk))
    app.include_router(rule_pages(desk, pictures))
    app.include_router(draft_page(desk))
    app.include_router(search_page(desk))
    app.include_router(activity_page(desk, pictures))
    app.include_router(health_page(desk))
    app.include_router(silence_forms(desk))


def _add_file(app: FastAPI, path: str, content: bytes, kind: str) -> None:
    # Asked again each time, and answered anew after each start: an upgrade must not meet an old stylesheet.
    headers = {"Cache-Control": "no-cache"}

    @app.get(path, include_in_schema=False)
    async def file() -> Response:
        return Response(content, headers=headers, media_type=kind)
