"""The API's part on alerts: fetching what endpoints are told, and looking at what was raised and who was told."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from watcher.errors import AheadOfStore
from watcher.models import Report, Severity
from watcher.places import edgar_place, page_place
from watcher.store import alerts, deliveries
from watcher.store.alert_pages import AlertFilter, page_after, payload_of
from watcher.store.database import Store
from watcher.web.api._answers import SAME, also, answer, listed
from watcher.web.api._pages import cursor_of, next_link, read_cursor
from watcher.web.api._query import MOST, USUAL, Cik, CursorText, EndpointName, Format, Limit, Moment, Number, RuleName
from watcher.web.api.shapes import AlertDetail, AlertList, RaisedList
from watcher.web.problems import Refused
from watcher.web.show import alert_json, delivery_json

__all__ = ["alert_routes", "with_places"]

NOUN, FEED = "raised", "alert"
COLUMNS = (
    "sequence", "id", "accession", "company", "rule", "revision", "title", "severity", "summary", "raised_at", "untold",
    "told",
)  # fmt: skip
_FEED_USUAL = 100


def alert_routes(store: Store) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(prefix="/v1", tags=["alerts"])
    _add_feed(routes, store)
    _add_raised(routes, store)
    _add_one(routes, store)
    return routes


def _add_feed(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/alerts",
        response_model=AlertList,
        operation_id="listAlerts",
        summary="Fetch alerts in the order in which they were raised",
        responses=also(409, SAME),
    )
    async def list_alerts(
        request: Request,
        endpoint: EndpointName,
        rule: RuleName,
        after: Annotated[int, Query(ge=0, le=2**63 - 1, description="the `next` of the page before")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = _FEED_USUAL,
        severity: Severity | None = None,
        cursor: CursorText = None,
    ) -> Response:
        """What a webhook is told of each alert after this ``data.sequence``; ``next`` is the ``after`` to come.

        None is ever passed over: so a receiver that was away finds what it missed. See also ``/v1/stream``.
        """
        begin = after if cursor is None else int(read_cursor(cursor, FEED, int)[0])
        try:
            page = await store.read(page_after, begin, limit, AlertFilter(endpoint, rule, severity))
        except AheadOfStore as error:
            raise Refused(409, str(error)) from error
        told = [json.loads(payload) for payload in page.payloads]
        link = next_link(request, cursor_of(FEED, page.next) if page.has_more else None, "after")
        return answer(request, {"alerts": told, "next": page.next, "has_more": page.has_more}, link)


def _add_raised(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/alerts/raised",
        response_model=RaisedList,
        operation_id="listRaised",
        summary="List alerts with who is told of each",
        responses=also(SAME),
    )
    async def list_raised(  # noqa: PLR0913, PLR0917  # one for each parameter
        request: Request,
        rule: RuleName,
        severity: Severity | None = None,
        cik: Cik = None,
        filing: Annotated[str | None, Query(pattern=r"^\d{10}-\d{2}-\d{6}$", description="accession number")] = None,
        since: Annotated[Moment | None, Query(description="raised since then")] = None,
        silenced: Annotated[bool, Query(description="only those that a silence kept untold")] = False,
        limit: Limit = USUAL,
        cursor: CursorText = None,
        shape: Format = None,
    ) -> Response:
        """The newest first, each with who is told of it, or why nobody is."""
        before = None if cursor is None else int(read_cursor(cursor, NOUN, int)[0])
        found = await store.read(
            alerts.find, filing, rule=rule, severity=severity and severity.value, cik=cik, since=since,
            is_silenced=silenced, before=before, limit=limit + 1,
        )  # fmt: skip
        following = cursor_of(NOUN, found[limit - 1].sequence) if len(found) > limit else None
        rows = [alert_json(one) for one in found[:limit]]
        link = next_link(request, following)
        table = [row | {"told": [f"{one['endpoint']}:{one['state']}" for one in row["told"]]} for row in rows]
        return listed(request, {"alerts": rows, "next": following}, table, COLUMNS, form=shape, headers=link)


def _add_one(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/alerts/{number}",
        response_model=AlertDetail,
        operation_id="getAlert",
        summary="Get an alert",
        responses=also(404, SAME),
    )
    async def one_alert(request: Request, number: Number) -> Response:
        """What endpoints are told of it, and how far that is, with every attempt."""
        found = await store.read(_whole_alert, number)
        if found is None:
            raise Refused(404, f"no alert {number} in the store")
        return answer(request, found)


def with_places(line: dict[str, Any], report: Report, page_url: str) -> dict[str, Any]:
    """Add to each alert of a report's line where its words can be read: on our page, and in EDGAR's copy."""
    for told, alert in zip(line["alerts"], report.alerts, strict=True):
        for words, evidence in zip(told["evidence"], alert.evidence, strict=True):
            words["url"] = page_place(page_url, evidence)
            words["edgar_url"] = edgar_place(report.filing, report.documents, evidence)
    return line


def _whole_alert(connection: Connection, number: str) -> dict[str, Any] | None:
    found = alerts.find(connection, number=number)
    if not found:
        return None
    told = deliveries.find(connection, alert_id=number)
    return {
        **alert_json(found[0]),
        "payload": json.loads(payload_of(connection, number)),
        "deliveries": [delivery_json(one) for one in told],
    }
