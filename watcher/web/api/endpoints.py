"""The API's part on endpoints: endpoint_routes one that was disabled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, HTTPException

from watcher.store import endpoints
from watcher.store.database import Store

__all__ = ["endpoint_routes"]


def endpoint_routes(store: Store, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the route. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1")

    @routes.post("/endpoints/{name}/enable", dependencies=[Depends(may_write)])
    async def enable(name: str) -> dict[str, Any]:
        """Forget all that holds it back; what it is owed goes out at once."""
        if name not in {one.name for one in await store.read(endpoints.find)}:
            raise HTTPException(404, f"no endpoint {name!r} in the store")
        return {"name": name, "was_disabled": await store.write(endpoints.enable, name)}

    return routes
