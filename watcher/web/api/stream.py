"""The API's part on the live stream: what is saved and raised, as it happens, and since then."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from watcher.models import Severity
from watcher.store.names import Names
from watcher.web.access import COOKIE, Access
from watcher.web.api._query import Cik, RuleName, names_of
from watcher.web.event_stream import EventStream
from watcher.web.feed import Feed
from watcher.web.feed_entries import Wanted

__all__ = ["stream_routes"]

Place = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="the id of the last event that was seen")]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", pattern=r"^\d{0,18}$", description="goes before `after`")
]


def stream_routes(feed: Feed) -> APIRouter:
    """Build the route."""
    routes = APIRouter(prefix="/v1", tags=["stream"])

    @routes.get(
        "/stream",
        status_code=200,
        response_class=EventStream,
        operation_id="followStream",
        summary="Follow what is saved and raised",
    )
    async def follow(  # one for each parameter
        request: Request,
        rule: RuleName,
        names: Annotated[Names, Depends(names_of)],
        after: Place = None,
        last_event_id: LastEventId = None,
        kind: Annotated[
            Literal["filing", "alert", "alarm"] | None, Query(description="events of this kind only")
        ] = None,
        cik: Cik = None,
        ticker: Annotated[str | None, Query(min_length=1, max_length=20)] = None,
        severity: Annotated[
            Severity | None, Query(description="of the alert, or of one of the filing's events")
        ] = None,
    ) -> Response:
        """From now on, or after the event with the id that is given: then nothing is missed.

        Server-sent events: `filing` (a row as in `/v1/filings`), `alert` and `alarm` (as in `/v1/alerts/raised`, with
        its `filing`), and `reset` when the journal does not reach back as far as was asked for.
        """
        begin = int(last_event_id) if last_event_id else after
        wanted = Wanted(kind, names.form, names.item, names.event, cik, ticker, rule, severity and severity.value)
        access: Access = request.app.state.access
        token, cookie = request.headers.get("authorization", ""), request.cookies.get(COOKIE, "")
        return EventStream(feed, wanted, begin, lambda: access.may_stay(token, cookie))

    return routes
