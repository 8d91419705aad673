"""The REST API under ``/v1``: one file for each noun. Changing anything needs leave (`access`)."""

from __future__ import annotations

from fastapi import FastAPI

from watcher.web.access import writers
from watcher.web.api.alerts import alert_routes
from watcher.web.api.completeness import completeness
from watcher.web.api.deliveries import delivery_routes
from watcher.web.api.endpoints import endpoint_routes
from watcher.web.api.filings import filing_routes
from watcher.web.api.lists import lists
from watcher.web.api.watching import watching
from watcher.web.desk import Desk
from watcher.web.silencing import silencing

__all__ = ["add_api"]


def add_api(app: FastAPI, desk: Desk) -> None:
    """Add every route that programs ask."""
    may_write = writers(desk.token)
    app.include_router(watching(desk))
    app.include_router(filing_routes(desk, may_write))
    app.include_router(alert_routes(desk.store))
    app.include_router(delivery_routes(desk.store, desk.redeliver, may_write))
    app.include_router(endpoint_routes(desk.store, may_write))
    app.include_router(silencing(desk.store, desk.now, may_write))
    app.include_router(completeness(desk.store, desk.audit, desk.backfill, may_write))
    app.include_router(lists(desk.store, desk.now, desk.company, may_write))
