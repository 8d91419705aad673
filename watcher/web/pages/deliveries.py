"""The page on deliveries and on the endpoints that are told, with telling again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.errors import EndpointDisabled, UnknownDelivery
from watcher.models import DeliveryState
from watcher.store import deliveries, endpoints, tally
from watcher.verdict import EndpointState
from watcher.web.access import Form, may_post
from watcher.web.desk import Desk
from watcher.web.pages.alerts import Asked, Text
from watcher.web.pages.choice import unknown
from watcher.web.pages.pictures import Pictures
from watcher.web.pages.templating import back_to, refused, show
from watcher.web.show import held_back

__all__ = ["delivery_forms", "delivery_page", "endpoint_words"]

_PAGE_SIZE = 50
_MOST = 2**63 - 1


def delivery_page(desk: Desk, pictures: Pictures) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/deliveries")
    async def list_deliveries(
        request: Request,
        state: Text = "",
        endpoint: Text = "",
        before: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
        name: Text = "",
    ) -> Response:
        asked = Asked(state=state, endpoint=endpoint.strip())
        context = {
            **await desk.store.read(_deliveries, asked, None if before is None else (before, name), desk.now()),
            "asked": asked,
            "states": tuple(DeliveryState),
            "latency": await pictures.latency(),
        }
        return show(request, "deliveries.html", context, here="/deliveries")

    return routes


def delivery_forms(desk: Desk) -> APIRouter:
    """Build the routes that tell again, and that enable an endpoint."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.post("/deliveries/{number}/redeliver")
    async def redeliver(request: Request, number: str, form: Annotated[Form, Depends(may_post)]) -> Response:
        try:
            await desk.redeliver(number)
        except UnknownDelivery as error:
            return refused(request, 404, str(error))
        except EndpointDisabled as error:
            return refused(request, 409, str(error))
        return back_to(form.get("back", "/deliveries"), "redelivered")

    @routes.post("/endpoints/{name}/enable")
    async def enable(request: Request, name: str, form: Annotated[Form, Depends(may_post)]) -> Response:
        if name not in {one.name for one in await desk.store.read(endpoints.find)}:
            return refused(request, 404, f"no endpoint {name} in the store")
        await desk.store.write(endpoints.enable, name)
        return back_to(form.get("back", "/deliveries"), "enabled")

    return routes


def endpoint_words(one: EndpointState) -> tuple[str, str]:
    """How an endpoint fares, in words, and the class they are shown with."""
    if one.disabled_at is not None:
        return f"disabled since {one.disabled_at:%Y-%m-%d %H:%M} UTC: {one.disabled_reason}", "bad"
    if one.resumes_at is not None and one.failures:
        return f"paused after {one.failures} failures, tried again at {one.resumes_at:%Y-%m-%d %H:%M:%S} UTC", "warn"
    if one.failures:
        return f"failing: {one.last_error or 'no answer'}", "warn"
    return "well", "good"


def _deliveries(connection: Connection, asked: Asked, after: tuple[int, str] | None, now: datetime) -> dict[str, Any]:
    states = endpoints.find(connection)
    found = deliveries.find(
        connection,
        state=DeliveryState(asked.state) if asked.state in list(DeliveryState) else None,
        endpoint=asked.endpoint or None,
        after=after,
        limit=_PAGE_SIZE + 1,
    )
    return {
        "deliveries": found[:_PAGE_SIZE],
        "next": found[_PAGE_SIZE - 1] if len(found) > _PAGE_SIZE else None,
        "is_newest": after is None,
        "counts": tally.counts(connection, "delivery"),
        "endpoints": [(one, endpoint_words(one)) for one in states],
        "held": held_back(states, now),
        "problem": unknown("state", asked.state, list(DeliveryState))
        or unknown("endpoint", asked.endpoint, [one.name for one in states]),
    }
