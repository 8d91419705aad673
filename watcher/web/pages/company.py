"""The page on one company: its names and tickers, and what it filed, in time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.store import companies, listing, silences
from watcher.store.companies import KnownCompany
from watcher.web.desk import Desk
from watcher.web.pages.choice import PAGE_SIZE, Choice
from watcher.web.pages.rows import Rows, rows
from watcher.web.pages.templating import show

__all__ = ["company_page"]


def company_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/companies/{cik}")
    async def company(
        request: Request,
        cik: Annotated[int, Path(ge=0, le=9_999_999_999)],
        before: Annotated[str, Query(max_length=40)] = "",
        after: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        query = listing.Query(cik=cik, limit=PAGE_SIZE, before=before or None, after=after or None)
        try:
            context = await desk.store.read(_company, cik, query)
        except ValueError as error:  # a cursor that somebody made up
            raise HTTPException(422, str(error)) from error
        if not context["name"]:
            raise HTTPException(404, f"nothing is known of a company with CIK {cik}")
        return show(request, "company.html", {**context, "cik": cik, "choice": Choice(), "now": desk.now()})

    return routes


def _company(connection: Connection, cik: int, query: listing.Query) -> dict[str, Any]:
    known: KnownCompany | None = companies.get(connection, cik)
    found: Rows = rows(connection, query)
    return {
        "known": known,
        "name": known.name if known else _name(found, cik),
        "rows": found,
        "silences": tuple(one for one in silences.find(connection) if one.cik == cik),
        "sic": companies.sics_of(connection, [cik]).get(cik),
    }


def _name(found: Rows, cik: int) -> str:
    filers = (filer for row in found.rows for filer in row.stored.filing.filers)
    return next((filer.name or f"CIK {cik}" for filer in filers if filer.cik == cik), "")
