"""The API's part on one filing: all that is known of it, its raw submission, and the text of one document."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from watcher.report_json import report_line, to_json
from watcher.store import filings
from watcher.store.archive import Archived
from watcher.store.parts import text_of
from watcher.web.api._answers import SAME, Responses, also, answer, is_fresh
from watcher.web.api._query import Accession
from watcher.web.api.alerts import with_places
from watcher.web.api.shapes import FilingDetail
from watcher.web.desk import Desk
from watcher.web.packing import takes_gzip
from watcher.web.problems import Refused
from watcher.web.show import alert_json, delivery_json, stored_json
from watcher.web.whole import WholeFiling, whole_filing

__all__ = ["one_filing_routes"]

# Filing text is hostile: a browser is to keep it, and must not show it as a page.
_NEVER_SHOWN = {
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
}
_TEXT: Responses = {**also(SAME, 404), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


def one_filing_routes(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/v1/filings", tags=["filings"])

    @routes.get(
        "/{accession}",
        response_model=FilingDetail,
        operation_id="getFiling",
        summary="Get a filing",
        responses=also(SAME, 404),
    )
    async def one_filing(request: Request, accession: Accession) -> Response:
        """Its report with items, events and alerts, who was told, and what the company reported before."""
        whole = await desk.store.read(whole_filing, accession)
        return answer(request, _detail(whole, f"{request.base_url}filings/{accession}"))

    @routes.get(
        "/{accession}/raw",
        response_class=PlainTextResponse,
        operation_id="getRawSubmission",
        summary="Get the raw submission",
        responses=_TEXT,
    )
    async def raw(request: Request, accession: Accession) -> Response:
        """The bytes as EDGAR gave them, whose SHA-256 is the filing's `sha256`; a browser keeps them as a file."""
        archived = (await desk.store.read(filings.get, accession)).archived
        if archived is None or desk.raw is None:
            raise Refused(404, f"the raw submission of {accession} is not here")
        if is_fresh(request, f'"{archived.sha256}"'):
            return Response(status_code=304, headers=_raw_headers(accession, archived))
        # As it is kept, it is packed already.
        packed = takes_gzip(request.headers.get("accept-encoding", ""))
        portions = await asyncio.to_thread(desk.raw.open, archived, packed=packed)
        if portions is None:
            raise Refused(404, f"the raw submission of {accession} is not kept any more")
        headers = _raw_headers(accession, archived) | ({"content-encoding": "gzip"} if packed else {})
        return _Raw(portions, headers=headers)

    @routes.get(
        "/{accession}/documents/{number}/text",
        response_class=PlainTextResponse,
        operation_id="getDocumentText",
        summary="Get the text of a document",
        responses=_TEXT,
    )
    async def text(
        accession: Accession, number: Annotated[int, Path(ge=0, le=2**31 - 1, description="its `sequence`")]
    ) -> Response:
        """The text in which items, events and evidence are counted: characters, from 0 on."""
        found = await desk.store.read(text_of, accession, number)
        if found is None:
            raise Refused(404, f"no text of document {number} of {accession} in the store")
        return PlainTextResponse(found, headers=_NEVER_SHOWN)

    return routes


class _Raw(StreamingResponse):
    """Closes the file however it ends: whoever asked may have gone, or have wanted the head alone."""

    media_type = "text/plain"

    def __init__(self, portions: Generator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(portions, headers=headers)
        self._portions = portions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with closing(self._portions):
            await super().__call__(scope, receive, send)


def _detail(whole: WholeFiling, page_url: str) -> dict[str, Any]:
    report, behind = whole.report, whole.background
    items = [one.number for one in report.items] if report else None
    return stored_json(whole.stored, items) | {
        "report": report and with_places(report_line(report), report, page_url),
        "deliveries": [delivery_json(one) for one in whole.deliveries],
        "raised": [alert_json(one) for one in whole.raised],
        "history": to_json(tuple(behind.history.values())),
        "amends": to_json(behind.amends),
        "amended_by": to_json(behind.amended_by),
    }


def _raw_headers(accession: str, archived: Archived) -> dict[str, str]:
    named = {"content-disposition": f'attachment; filename="{accession}.txt"', "etag": f'W/"{archived.sha256}"'}
    return {**_NEVER_SHOWN, **named, "vary": "Accept-Encoding"}
