"""The page on one filing, and running it again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.background import Background
from watcher.errors import StoreError
from watcher.models import Event, Evidence, Report, Severity
from watcher.store import companies
from watcher.web.access import may_post
from watcher.web.desk import Desk
from watcher.web.pages.templating import back_to, refused, show
from watcher.web.reading import exhibit_pieces, sections
from watcher.web.show import held_back
from watcher.web.whole import WholeFiling, whole_filing

__all__ = ["filing_page"]

# Words that somebody looked for: document, start and end.
_PLACE = re.compile(r"([0-9]{1,5})-([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A filing with its filers' tickers, as of one moment."""

    whole: WholeFiling
    tickers: dict[int, tuple[str, ...]]


def filing_page(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/filings/{accession}")
    async def one_filing(request: Request, accession: str) -> Response:
        shown = await desk.store.read(_read, accession)
        whole, report = shown.whole, shown.whole.report
        sought = _sought(request.query_params.get("at", ""))
        context = {
            "stored": whole.stored,
            "report": report,
            "deliveries": whole.deliveries,
            "raised": whole.raised,
            "background": whole.background,
            "held": held_back(whole.endpoints, desk.now()),
            "place": whole.place,
            "has_rules": desk.rules is not None,
            "tickers": shown.tickers,
            "events": _events(report, whole.background) if report else (),
            "sections": sections(report, sought) if report else (),
            "exhibits": [(one, exhibit_pieces(report, one, sought)) for one in report.exhibits] if report else (),
        }
        return show(request, "filing.html", context)

    @routes.post("/filings/{accession}/retry", dependencies=[Depends(may_post)])
    async def retry(request: Request, accession: str) -> Response:
        try:
            await desk.retry(accession)
        except StoreError as error:
            return refused(request, 409, str(error))
        return back_to(f"/filings/{accession}", "retried")

    return routes


def _read(connection: Connection, accession: str) -> _Shown:
    whole = whole_filing(connection, accession)
    filing = whole.report.filing if whole.report else whole.stored.filing
    return _Shown(whole, companies.tickers_of(connection, {one.cik for one in filing.filers}))


def _events(report: Report, behind: Background) -> list[tuple[Event, Severity]]:
    """The events with their severity, which what happened before may have raised; the gravest first."""
    told = [(event, behind.severity(event)) for event in report.events]
    return sorted(told, key=lambda one: (-one[1].rank, -one[0].score))


def _sought(text: str) -> tuple[Evidence, ...]:
    if (found := _PLACE.fullmatch(text)) is None:
        return ()
    document, start, end = map(int, found.groups())
    return (Evidence(document, start, end, ""),)
