"""The application: what it shows comes from the store, what it is asked to do goes to the daemon."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.cover_facts import cover_facts
from watcher.errors import EightkError, StoreError, UnknownFiling
from watcher.models import DeliveryState, FilingState, Report, Session
from watcher.payload import edgar_url
from watcher.places import anchor
from watcher.report_json import report_line, to_json
from watcher.sources.audit import AuditResult
from watcher.store import alerts, deliveries, filings, reports
from watcher.store.alerts import StoredAlert
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.deliveries import StoredDelivery
from watcher.store.redelivery import Redelivery, Wanted
from watcher.web.alerts import alert_pages, with_places
from watcher.web.completeness import Backfills, completeness
from watcher.web.endpoints import enabling
from watcher.web.front import FORMS, PAGE_SIZE, Choice, front_rows
from watcher.web.lists import DAYS, Comparison, lists, seconds_words
from watcher.web.reading import exhibit_pieces, sections
from watcher.web.redelivering import Redeliver, redelivering
from watcher.web.show import alert_json, audit_words, delivery_json, silence_words, stored_json
from watcher.web.silencing import silencing

__all__ = ["Desk", "make_app"]

log = logging.getLogger(__name__)

# Filing text is hostile: the page runs no script at all and loads nothing from elsewhere.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=10**9)]
HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
FOLDER = Path(__file__).parent
TEMPLATES = Jinja2Templates(FOLDER / "templates")
TEMPLATES.env.filters["edgar_url"] = edgar_url
TEMPLATES.env.filters["audit_words"] = audit_words
TEMPLATES.env.filters["anchor"] = anchor
TEMPLATES.env.filters["cover_facts"] = cover_facts
TEMPLATES.env.filters["silence_words"] = silence_words
TEMPLATES.env.filters["seconds"] = seconds_words
TEMPLATES.env.globals["SESSIONS"] = {
    Session.PRE: "before the market opened",
    Session.REGULAR: "while the market was open",
    Session.POST: "after the market closed",
    Session.EVENING: "in the evening, dated the next business day",
    Session.CLOSED: "on a day without business",
}


@dataclass(frozen=True, slots=True)
class Health:
    """How the daemon is."""

    is_well: bool
    edgar: str  # in a person's words
    polled_at: datetime | None = None  # when the last complete poll ended
    jobs_running: int = 0
    jobs_failed: int = 0  # since the start
    trouble: str = ""  # what of ours does not work, such as a full disk; "" when all does


async def _no_redelivery(wanted: Wanted | str) -> Redelivery:
    raise EightkError("nothing is delivered from here")


async def _no_company(cik: int) -> KnownCompany:
    raise EightkError(f"company {cik} cannot be asked for here")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the application is given by the daemon: the store, a way to ask for work, and its state."""

    store: Store
    token: str
    retry: Callable[[str], Awaitable[None]]  # raises UnknownFiling
    audit: Callable[[date | None], Awaitable[AuditResult]]  # raises ValueError, EightkError
    backfill: Backfills
    health: Callable[[], Health]
    now: Callable[[], datetime] = Clock().now  # by the daemon's clock
    company: Callable[[int], Awaitable[KnownCompany]] = _no_company  # raises ValueError, EightkError
    redeliver: Redeliver = _no_redelivery


def make_app(desk: Desk) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="eightk", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    _add_api(app, desk)
    _add_pages(app, desk)

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # A page elsewhere could point its own name at this loopback address and read what is served here.
        if not HOST.fullmatch(request.headers.get("host", "")):
            return JSONResponse({"title": "unknown host"}, 421)
        response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(UnknownFiling)
    async def _unknown(request: Request, error: UnknownFiling) -> Response:
        return _failure(request, 404, "Not found", str(error))

    @app.exception_handler(StoreError)
    async def _refused(request: Request, error: StoreError) -> Response:
        # A full disk, say: told, and no fault of the program's.
        log.error("the store cannot be read for the page", extra={"path": request.url.path, "reason": str(error)})
        return _failure(request, 503, "The store cannot do it", str(error))

    @app.exception_handler(404)
    async def _nowhere(request: Request, error: HTTPException) -> Response:
        # Where no route leads the framework has no words of its own; a route that finds nothing says what.
        is_said = error.detail != HTTPStatus.NOT_FOUND.phrase
        return _failure(
            request, 404, "Not found", error.detail if is_said else f"there is nothing at {request.url.path}"
        )

    return app


def _failure(request: Request, status: int, title: str, detail: str) -> Response:
    """Say so in JSON to a program, and on a page to a person."""
    if request.url.path.startswith(("/v1/", "/healthz")):
        return JSONResponse({"title": title.lower(), "status": status, "detail": detail}, status)
    context = {"title": title, "detail": detail}
    return TEMPLATES.TemplateResponse(request, "missing.html", context, status_code=status)


def _add_api(app: FastAPI, desk: Desk) -> None:
    async def may_write(authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization.encode(), f"Bearer {desk.token}".encode()):
            raise HTTPException(401, "a request that changes something needs the token of the store's lock file")

    app.include_router(completeness(desk.store, desk.audit, desk.backfill, may_write))
    app.include_router(lists(desk.store, desk.now, desk.company, may_write))
    app.include_router(silencing(desk.store, desk.now, may_write))
    app.include_router(alert_pages(desk.store))
    app.include_router(enabling(desk.store, may_write))
    app.include_router(redelivering(desk.store, desk.redeliver, may_write))

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        counts, owed = await desk.store.read(_counts)
        health = desk.health()
        status = "ok" if health.is_well else "failing"
        return {"status": status, "filings": to_json(counts), "deliveries": to_json(owed), **to_json(health)}

    @app.get("/v1/filings")
    async def list_filings(
        state: FilingState | None = None,
        form: str | None = None,
        item: str | None = None,
        cik: Annotated[int | None, Query(ge=0, le=9_999_999_999)] = None,
        limit: Limit = PAGE_SIZE,
        offset: Offset = 0,
    ) -> dict[str, Any]:
        query = filings.Query(state=state, form=form, item=item, cik=cik, limit=limit, offset=offset)
        found, items = await desk.store.read(_listed, query)
        return {"filings": [stored_json(one, items.get(one.filing.accession)) for one in found]}

    @app.get("/v1/filings/{accession}")
    async def one_filing(request: Request, accession: str) -> dict[str, Any]:
        stored, report, told, raised = await desk.store.read(_all_of, accession)
        return stored_json(stored) | {
            "report": report and with_places(report_line(report), report, f"{request.base_url}filings/{accession}"),
            "deliveries": [delivery_json(one) for one in told],
            "raised": [alert_json(one) for one in raised],
        }

    @app.post("/v1/filings/{accession}/retry", status_code=202, dependencies=[Depends(may_write)])
    async def retry(accession: str) -> dict[str, Any]:
        await desk.retry(accession)
        return stored_json(await desk.store.read(filings.get, accession))

    @app.get("/v1/deliveries")
    async def list_deliveries(state: DeliveryState | None = None, limit: Limit = PAGE_SIZE) -> dict[str, Any]:
        found = await desk.store.read(deliveries.find, state=state, limit=limit)
        return {"deliveries": [delivery_json(one) for one in found]}


def _counts(connection: Connection) -> tuple[dict[FilingState, int], dict[DeliveryState, int]]:
    return filings.count_by_state(connection), deliveries.count_by_state(connection)


def _listed(
    connection: Connection, query: filings.Query
) -> tuple[tuple[filings.StoredFiling, ...], dict[str, tuple[str, ...]]]:
    found = filings.find(connection, query)
    return found, filings.items_of(connection, [one.filing.accession for one in found])


def _all_of(
    connection: Connection, accession: str
) -> tuple[filings.StoredFiling, Report | None, tuple[StoredDelivery, ...], tuple[StoredAlert, ...]]:
    """All that is shown of a filing, as of one moment. Raises ``UnknownFiling``."""
    stored = filings.get(connection, accession)
    report = reports.load(connection, accession) if stored.state is FilingState.SAVED else None
    return stored, report, deliveries.find(connection, accession), alerts.find(connection, accession)


def _add_pages(app: FastAPI, desk: Desk) -> None:
    comparison = Comparison(desk.store, desk.now)
    style = (FOLDER / "style.css").read_text(encoding="utf-8")

    @app.get("/style.css", include_in_schema=False)
    async def stylesheet() -> Response:
        return Response(style, media_type="text/css")

    @app.get("/", include_in_schema=False, response_class=HTMLResponse)
    async def front(request: Request, offset: Offset = 0) -> HTMLResponse:
        choice = Choice.of(request.query_params)
        context = {
            **await desk.store.read(front_rows, choice, offset, desk.now()),
            "channels": await comparison.rows(),
            "days": DAYS,
            "health": desk.health(),
            "choice": choice,
            "forms": FORMS,
            "offset": offset,
            "page_size": PAGE_SIZE,
        }
        return TEMPLATES.TemplateResponse(request, "front.html", context)

    @app.get("/filings/{accession}", include_in_schema=False, response_class=HTMLResponse)
    async def filing_page(request: Request, accession: str) -> HTMLResponse:
        stored, report, told, raised = await desk.store.read(_all_of, accession)
        context = {
            "stored": stored,
            "report": report,
            "deliveries": told,
            "raised": raised,
            "sections": sections(report) if report else (),
            "exhibits": [(one, exhibit_pieces(report, one)) for one in report.exhibits] if report else (),
        }
        return TEMPLATES.TemplateResponse(request, "filing.html", context)
