"""The API's part on alerts: fetching what endpoints are told, and where the words of an alert can be read."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from watcher.errors import AheadOfStore
from watcher.models import Report, Severity
from watcher.places import edgar_place, page_place
from watcher.store.alert_pages import AlertFilter, page_after
from watcher.store.database import Store

__all__ = ["alert_routes", "with_places"]

_MOST = 500
_USUAL = 100
Name = Annotated[str | None, Query(min_length=1, max_length=200)]


def alert_routes(store: Store) -> APIRouter:
    """Build the route."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/alerts")
    async def list_alerts(
        after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST)] = _USUAL,
        endpoint: Name = None,
        rule: Name = None,
        severity: Severity | None = None,
    ) -> dict[str, Any]:
        """What a webhook is told of each alert after this ``data.sequence``; ``next`` is the ``after`` to come."""
        try:
            page = await store.read(page_after, after, limit, AlertFilter(endpoint, rule, severity))
        except AheadOfStore as error:
            raise HTTPException(409, str(error)) from error
        alerts = [json.loads(payload) for payload in page.payloads]
        return {"alerts": alerts, "next": page.next, "has_more": page.has_more}

    return routes


def with_places(line: dict[str, Any], report: Report, page_url: str) -> dict[str, Any]:
    """Add to each alert of a report's line where its words can be read: on our page, and in EDGAR's copy."""
    for told, alert in zip(line["alerts"], report.alerts, strict=True):
        for words, evidence in zip(told["evidence"], alert.evidence, strict=True):
            words["url"] = page_place(page_url, evidence)
            words["edgar_url"] = edgar_place(report.filing, report.documents, evidence)
    return line
