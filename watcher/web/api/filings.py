"""The API's part on filings: which there are, one with all that is known of it, and running it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from watcher.models import FilingState
from watcher.report_json import report_line
from watcher.store import filings
from watcher.web.api.alerts import with_places
from watcher.web.desk import Desk
from watcher.web.show import alert_json, delivery_json, stored_json
from watcher.web.whole import whole_filing

__all__ = ["filing_routes"]

_MOST, _USUAL = 500, 50


def filing_routes(desk: Desk, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1/filings")

    @routes.get("")
    async def list_filings(
        state: FilingState | None = None,
        form: str | None = None,
        item: str | None = None,
        cik: Annotated[int | None, Query(ge=0, le=9_999_999_999)] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = _USUAL,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> dict[str, Any]:
        query = filings.Query(state=state, form=form, item=item, cik=cik, limit=limit, offset=offset)
        found, items = await desk.store.read(_listed, query)
        return {"filings": [stored_json(one, items.get(one.filing.accession)) for one in found]}

    @routes.get("/{accession}")
    async def one_filing(request: Request, accession: str) -> dict[str, Any]:
        whole = await desk.store.read(whole_filing, accession)
        page_url = f"{request.base_url}filings/{accession}"
        return stored_json(whole.stored) | {
            "report": whole.report and with_places(report_line(whole.report), whole.report, page_url),
            "deliveries": [delivery_json(one) for one in whole.deliveries],
            "raised": [alert_json(one) for one in whole.raised],
        }

    @routes.post("/{accession}/retry", status_code=202, dependencies=[Depends(may_write)])
    async def retry(accession: str) -> dict[str, Any]:
        await desk.retry(accession)
        return stored_json(await desk.store.read(filings.get, accession))

    return routes


def _listed(
    connection: Connection, query: filings.Query
) -> tuple[tuple[filings.StoredFiling, ...], dict[str, tuple[str, ...]]]:
    found = filings.find(connection, query)
    return found, filings.items_of(connection, [one.filing.accession for one in found])
