"""The API's part on deliveries: which there are, and telling again one of them, or those that a filter chooses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from watcher.errors import EndpointDisabled, UnknownDelivery
from watcher.models import DeliveryState
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.store.redelivery import MOST_AT_ONCE, Redelivery, Wanted
from watcher.web.api._answers import SAME, also, answer, listed
from watcher.web.api._pages import cursor_of, next_link, read_cursor
from watcher.web.api._query import USUAL, CursorText, EndpointName, Format, Limit, Moment, Number, RuleName
from watcher.web.api.shapes import DeliveryList, DeliveryRow, Redelivered
from watcher.web.desk import Redeliver
from watcher.web.problems import Refused
from watcher.web.show import delivery_json

__all__ = ["RedeliveryRequest", "delivery_routes"]

NOUN = "delivery"
COLUMNS = (
    "id", "alert", "sequence", "endpoint", "state", "accession", "rule", "severity", "summary", "attempts",
    "last_error", "run_at", "created_at", "settled_at", "expires_at",
)  # fmt: skip


class RedeliveryRequest(BaseModel, extra="forbid"):
    """Which deliveries are wanted again."""

    endpoint: Annotated[str, Field(min_length=1, max_length=200)]
    state: DeliveryState = DeliveryState.FAILED
    since: Moment | None = None
    rule: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE


def delivery_routes(store: Store, redeliver: Redeliver, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1", tags=["deliveries"])
    _add_reading(routes, store)
    _add_telling(routes, redeliver, may_write)
    return routes


def _add_reading(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/deliveries",
        response_model=DeliveryList,
        operation_id="listDeliveries",
        summary="List deliveries",
        responses=also(SAME),
    )
    async def list_deliveries(
        request: Request,
        endpoint: EndpointName,
        rule: RuleName,
        state: DeliveryState | None = None,
        filing: Annotated[str | None, Query(pattern=r"^\d{10}-\d{2}-\d{6}$", description="accession number")] = None,
        since: Annotated[Moment | None, Query(description="owed first since then")] = None,
        limit: Limit = USUAL,
        cursor: CursorText = None,
        shape: Format = None,
    ) -> Response:
        """Those of the newest alert first, each with every attempt."""
        after = None if cursor is None else _place(cursor)
        found = await store.read(
            deliveries.find, filing, state=state, endpoint=endpoint, rule=rule, since=since,
            after=after, limit=limit + 1,
        )  # fmt: skip
        last = found[limit - 1] if len(found) > limit else None
        following = None if last is None else cursor_of(NOUN, last.sequence, last.delivery.endpoint)
        rows = [delivery_json(one) for one in found[:limit]]
        link = next_link(request, following)
        return listed(request, {"deliveries": rows, "next": following}, rows, COLUMNS, form=shape, headers=link)

    @routes.get(
        "/deliveries/{number}",
        response_model=DeliveryRow,
        operation_id="getDelivery",
        summary="Get a delivery",
        responses=also(404, SAME),
    )
    async def one_delivery(request: Request, number: Number) -> Response:
        """One delivery with every attempt."""
        found = await store.read(deliveries.get, [number])
        if not found:
            raise Refused(404, f"no delivery {number} in the store")
        return answer(request, delivery_json(found[0]))


def _add_telling(routes: APIRouter, redeliver: Redeliver, may_write: Callable[..., Awaitable[None]]) -> None:
    @routes.post(
        "/deliveries/{number}/redeliver",
        status_code=202,
        dependencies=[Depends(may_write)],
        response_model=Redelivered,
        operation_id="redeliver",
        summary="Tell again",
        responses=also(404, 409),
    )
    async def redeliver_one(number: Number) -> Any:
        """Tell it again; the id of an alert stands for all of its deliveries."""
        return await _told(redeliver(number))

    @routes.post(
        "/redeliveries",
        status_code=202,
        dependencies=[Depends(may_write)],
        response_model=Redelivered,
        operation_id="redeliverMany",
        summary="Tell many again",
        responses=also(404, 409),
    )
    async def redeliver_many(request: RedeliveryRequest) -> Any:
        """Tell again what is chosen, the oldest first; ``left`` tells how many more there are."""
        return await _told(redeliver(Wanted(**request.model_dump())))


def _place(cursor: str) -> tuple[int, str]:
    sequence, endpoint = read_cursor(cursor, NOUN, int, str)
    return int(sequence), str(endpoint)


async def _told(asked: Awaitable[Redelivery]) -> dict[str, Any]:
    try:
        made = await asked
    except UnknownDelivery as error:
        raise Refused(404, str(error)) from error
    except EndpointDisabled as error:
        raise Refused(409, str(error)) from error
    return {"redelivered": [one.id for one in made.deliveries], "left": made.left}
