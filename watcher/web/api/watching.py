"""How the watcher is, for whoever watches over it: probes, and metrics for Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from watcher.errors import StoreError
from watcher.models import DeliveryState, FilingState
from watcher.monitoring.metrics import CONTENT_TYPE
from watcher.monitoring.readiness import Check, Readiness
from watcher.report_json import to_json
from watcher.store import deliveries, filings
from watcher.web.desk import Desk

__all__ = ["watching"]

_NOT_READY = 503


def watching(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz(request: Request) -> dict[str, Any]:
        """Whether the process lives, and, for who has come in, what troubles it; 200 as long as it answers at all."""
        health = desk.health()
        status = "ok" if health.is_well else "failing"
        if not request.state.visitor.name:
            return {"status": status}
        counts, owed = await desk.store.read(_counts)
        return {"status": status, "filings": to_json(counts), "deliveries": to_json(owed), **to_json(health)}

    @routes.get("/readyz", responses={_NOT_READY: {"description": "Not ready: a check does not hold"}})
    async def readyz(request: Request) -> JSONResponse:
        """Whether its data is as fresh as EDGAR's hours allow and its work moves, check by check."""
        try:
            found = await desk.readiness()
        except StoreError as error:
            found = Readiness(desk.now(), (Check("store", ok=False, reason=str(error)),))
        # Anybody may probe; reasons name files and endpoints, which is nobody's business who has not come in.
        told = _told(found, has_reasons=bool(request.state.visitor.name))
        return JSONResponse(told, 200 if found.is_ready else _NOT_READY, {"cache-control": "no-store"})

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """All metrics, in Prometheus' text format."""
        return Response(await desk.metrics(), media_type=CONTENT_TYPE)

    return routes


def _told(found: Readiness, *, has_reasons: bool) -> dict[str, Any]:
    checks = [
        {"name": one.name, "ok": one.ok} | ({"reason": one.reason} if has_reasons else {}) for one in found.checks
    ]
    return {"status": "ready" if found.is_ready else "not ready", "at": to_json(found.at), "checks": checks}


def _counts(connection: Connection) -> tuple[dict[FilingState, int], dict[DeliveryState, int]]:
    return filings.count_by_state(connection), deliveries.count_by_state(connection)
