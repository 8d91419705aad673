"""The page on one filing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from watcher.web.desk import Desk
from watcher.web.pages.templating import TEMPLATES
from watcher.web.reading import exhibit_pieces, sections
from watcher.web.whole import whole_filing

__all__ = ["filing_page"]


def filing_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/filings/{accession}")
    async def one_filing(request: Request, accession: str) -> HTMLResponse:
        whole = await desk.store.read(whole_filing, accession)
        report = whole.report
        context = {
            "stored": whole.stored,
            "report": report,
            "deliveries": whole.deliveries,
            "raised": whole.raised,
            "sections": sections(report) if report else (),
            "exhibits": [(one, exhibit_pieces(report, one)) for one in report.exhibits] if report else (),
        }
        return TEMPLATES.TemplateResponse(request, "filing.html", context)

    return routes
