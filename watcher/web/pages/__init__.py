"""The pages, rendered here; one file for each."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import Response

from watcher.web.desk import Desk
from watcher.web.pages.filing import filing_page
from watcher.web.pages.front import front_page
from watcher.web.pages.templating import FOLDER

__all__ = ["add_pages"]


def add_pages(app: FastAPI, desk: Desk) -> None:
    """Add every page, and what they load."""
    style = (FOLDER / "style.css").read_text(encoding="utf-8")

    @app.get("/style.css", include_in_schema=False)
    async def stylesheet() -> Response:
        return Response(style, media_type="text/css")

    app.include_router(front_page(desk))
    app.include_router(filing_page(desk))
