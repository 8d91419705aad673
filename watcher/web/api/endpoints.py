"""The API's part on endpoints: how each fares and what it is owed, and enabling one that was disabled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from watcher.store import endpoint_records, endpoints
from watcher.web.api._answers import SAME, also, listed
from watcher.web.api._query import Format, Number
from watcher.web.api.shapes_more import Enabled, EndpointList
from watcher.web.desk import Desk
from watcher.web.problems import Refused

__all__ = ["endpoint_routes"]

COLUMNS = (
    "name", "kind", "where", "state", "owed", "failed", "failures", "failing_since", "last_success_at",
    "last_failure_at", "last_error", "resumes_at", "disabled_at",
)  # fmt: skip


def endpoint_routes(desk: Desk, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])
    store = desk.store

    @routes.get(
        "",
        response_model=EndpointList,
        operation_id="listEndpoints",
        summary="List endpoints",
        responses=also(SAME),
    )
    async def list_endpoints(request: Request, shape: Format = None) -> Response:
        """Where each tells, how it fares, and what it is owed. No secret is shown, and of a URL only its host."""
        rows = list(desk.endpoints(await store.read(endpoint_records.records), desk.now()))
        return listed(request, {"endpoints": rows}, rows, COLUMNS, form=shape)

    @routes.post(
        "/{name}/enable",
        dependencies=[Depends(may_write)],
        response_model=Enabled,
        operation_id="enableEndpoint",
        summary="Enable an endpoint",
        responses=also(404),
    )
    async def enable(name: Number) -> Any:
        """Forget all that holds it back; what it is owed goes out at once."""
        if name not in {one.name for one in await store.read(endpoints.find)}:
            raise Refused(404, f"no endpoint {name!r} in the store")
        return {"name": name, "was_disabled": await store.write(endpoints.enable, name)}

    return routes
