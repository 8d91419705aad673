"""The API's part on deliveries: which there are, and telling again one of them, or those that a filter chooses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import AwareDatetime, BaseModel, Field

from watcher.errors import EndpointDisabled, UnknownDelivery
from watcher.models import DeliveryState
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.store.redelivery import MOST_AT_ONCE, Redelivery, Wanted
from watcher.web.desk import Redeliver
from watcher.web.show import delivery_json

__all__ = ["RedeliveryRequest", "delivery_routes"]

_MOST, _USUAL = 500, 50


class RedeliveryRequest(BaseModel, extra="forbid"):
    """Which deliveries are wanted again."""

    endpoint: Annotated[str, Field(min_length=1, max_length=200)]
    state: DeliveryState = DeliveryState.FAILED
    since: AwareDatetime | None = None
    rule: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE


def delivery_routes(store: Store, redeliver: Redeliver, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/deliveries")
    async def list_deliveries(
        state: DeliveryState | None = None, limit: Annotated[int, Query(ge=1, le=_MOST)] = _USUAL
    ) -> dict[str, Any]:
        found = await store.read(deliveries.find, state=state, limit=limit)
        return {"deliveries": [delivery_json(one) for one in found]}

    @routes.get("/deliveries/{number}")
    async def one_delivery(number: str) -> dict[str, Any]:
        found = await store.read(deliveries.get, [number])
        if not found:
            raise HTTPException(404, f"no delivery {number} in the store")
        return delivery_json(found[0])

    @routes.post("/deliveries/{number}/redeliver", status_code=202, dependencies=[Depends(may_write)])
    async def redeliver_one(number: str) -> dict[str, Any]:
        """Tell it again; the id of an alert stands for all of its deliveries."""
        return await _told(redeliver(number))

    @routes.post("/redeliveries", status_code=202, dependencies=[Depends(may_write)])
    async def redeliver_many(request: RedeliveryRequest) -> dict[str, Any]:
        """Tell again what is chosen, the oldest first; ``left`` tells how many more there are."""
        return await _told(redeliver(Wanted(**request.model_dump())))

    return routes


async def _told(asked: Awaitable[Redelivery]) -> dict[str, Any]:
    try:
        made = await asked
    except UnknownDelivery as error:
        raise HTTPException(404, str(error)) from error
    except EndpointDisabled as error:
        raise HTTPException(409, str(error)) from error
    return {"redelivered": [one.id for one in made.deliveries], "left": made.left}
