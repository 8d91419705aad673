"""How the watcher is, for whoever watches over it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from watcher.models import DeliveryState, FilingState
from watcher.report_json import to_json
from watcher.store import deliveries, filings
from watcher.web.desk import Desk

__all__ = ["watching"]


def watching(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> dict[str, Any]:
        counts, owed = await desk.store.read(_counts)
        health = desk.health()
        status = "ok" if health.is_well else "failing"
        return {"status": status, "filings": to_json(counts), "deliveries": to_json(owed), **to_json(health)}

    return routes


def _counts(connection: Connection) -> tuple[dict[FilingState, int], dict[DeliveryState, int]]:
    return filings.count_by_state(connection), deliveries.count_by_state(connection)
