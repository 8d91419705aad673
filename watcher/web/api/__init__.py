"""The REST API under ``/v1``: one file for each noun. Changing anything needs leave (`access`)."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from watcher.web.access import may_write
from watcher.web.api._query import only_known
from watcher.web.api.alerts import alert_routes
from watcher.web.api.completeness import completeness
from watcher.web.api.deliveries import delivery_routes
from watcher.web.api.described import describe
from watcher.web.api.endpoints import endpoint_routes
from watcher.web.api.filing import one_filing_routes
from watcher.web.api.filings import filing_routes
from watcher.web.api.lists import lists
from watcher.web.api.rules import rule_routes
from watcher.web.api.stream import stream_routes
from watcher.web.api.watching import watching
from watcher.web.desk import Desk
from watcher.web.feed import Feed
from watcher.web.silencing import silencing

__all__ = ["add_api"]


def add_api(app: FastAPI, desk: Desk) -> None:
    """Add every route that programs ask."""
    app.include_router(watching(desk))
    for routes in (
        filing_routes(desk, may_write),
        one_filing_routes(desk),
        alert_routes(desk.store),
        delivery_routes(desk.store, desk.redeliver, may_write),
        endpoint_routes(desk, may_write),
        rule_routes(desk, may_write),
        silencing(desk.store, desk.now, may_write),
        completeness(desk.store, desk.audit, desk.backfill, may_write),
        lists(desk, may_write),
        stream_routes(desk.feed or Feed(desk.store)),
    ):
        app.include_router(routes, dependencies=[Depends(only_known)])
    describe(app)
