"""The API's part on EDGAR's lists: how the channels compare, and who is who."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from watcher.report_json import to_json
from watcher.store import companies, sightings
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.sightings import ChannelRecord
from watcher.web.api._answers import SAME, also, listed
from watcher.web.api._query import Cik, Format
from watcher.web.api.completeness import refusals
from watcher.web.api.shapes_more import ChannelList, CompanyList, SourceList
from watcher.web.desk import Desk
from watcher.web.problems import Refused

__all__ = ["DAYS", "Comparison", "channel_rows", "lists", "seconds_words"]

DAYS = 7  # the span by which channels are compared, unless another one is asked for
_ANEW = timedelta(minutes=1)
_MOST_COMPANIES = 50
_CHANNEL_COLUMNS = (
    "channel", "since", "seen", "first", "median_lead_seconds", "median_lag_seconds", "p90_lag_seconds", "missed",
)  # fmt: skip
_COMPANY_COLUMNS = ("cik", "name", "tickers", "exchange", "former_names", "seen_at")


def lists(desk: Desk, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1", tags=["lists"])
    _add_channels(routes, desk)
    _add_companies(routes, desk.store, desk.company, may_write)
    return routes


def _add_channels(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/sources",
        response_model=SourceList,
        operation_id="listSources",
        summary="List sources",
        responses=also(SAME),
    )
    async def list_sources(request: Request, shape: Format = None) -> Response:
        """Who looks for filings, and how that goes."""
        rows = to_json(tuple(desk.sources()))
        return listed(request, {"sources": rows}, rows, ("name", "is_on", "state"), form=shape)

    @routes.get(
        "/channels",
        response_model=ChannelList,
        operation_id="listChannels",
        summary="Compare EDGAR's lists",
        responses=also(SAME),
    )
    async def list_channels(
        request: Request,
        days: Annotated[float, Query(gt=0, le=366, description="the span by which they are compared")] = DAYS,
        shape: Format = None,
    ) -> Response:
        """How the lists that are read compare: what each showed first, how late it was, what it missed."""
        at = desk.now()
        since = at - timedelta(days=days)
        rows = channel_rows(await desk.store.read(sightings.compare, since, at))
        return listed(request, {"since": to_json(since), "channels": rows}, rows, _CHANNEL_COLUMNS, form=shape)


def _add_companies(
    routes: APIRouter,
    store: Store,
    look_up: Callable[[int], Awaitable[KnownCompany]],
    may_write: Callable[..., Awaitable[None]],
) -> None:
    @routes.get(
        "/companies",
        response_model=CompanyList,
        operation_id="listCompanies",
        summary="Look up companies",
        responses=also(SAME),
    )
    async def list_companies(
        request: Request,
        cik: Cik = None,
        ticker: Annotated[str | None, Query(min_length=1, max_length=20)] = None,
        name: Annotated[
            str | None, Query(min_length=2, max_length=100, description="words of it, as they stand")
        ] = None,
        shape: Format = None,
    ) -> Response:
        """Who a company is, and was: by one of `cik`, `ticker` and `name`. At most fifty are given."""
        if sum(asked is not None for asked in (cik, ticker, name)) != 1:
            raise Refused(422, "ask by one of cik, ticker and name")
        found: tuple[KnownCompany, ...]
        if cik is not None:
            one = await store.read(companies.get, cik)
            found = () if one is None else (one,)
        elif ticker is not None:
            found = await store.read(companies.by_ticker, ticker)
        else:
            found = await store.read(companies.by_name, name or "", _MOST_COMPANIES)
        rows = to_json(found)
        body = {"companies": rows, "listed_at": to_json(await store.read(companies.listed_at))}
        table = [row | {"former_names": [one["name"] for one in row["former_names"]]} for row in rows]
        return listed(request, body, table, _COMPANY_COLUMNS, form=shape)

    @routes.post(
        "/companies/{cik}",
        dependencies=[Depends(may_write)],
        response_model=KnownCompany,
        operation_id="fetchCompany",
        summary="Ask EDGAR for a company's own file",
        responses=also(409),
    )
    async def fetch_company(cik: Annotated[int, Path(ge=0, le=9_999_999_999)]) -> Any:
        """Take in its former names, and return what is known of it now."""
        with refusals():
            found: dict[str, Any] = to_json(await look_up(cik))
        return found


class Comparison:
    """How the channels compare, counted anew each minute at most: the front page is asked for every few seconds."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._counted_at: datetime | None = None
        self._rows: list[dict[str, Any]] = []

    async def rows(self) -> list[dict[str, Any]]:
        """Return a row for each channel; none while there is nothing to compare."""
        at = self._now()
        if self._counted_at is None or abs(at - self._counted_at) >= _ANEW:
            self._counted_at = at
            found = await self._store.read(sightings.compare, at - timedelta(days=DAYS), at)
            self._rows = channel_rows(found) if len(found) > 1 else []
        return self._rows


def channel_rows(records: tuple[ChannelRecord, ...]) -> list[dict[str, Any]]:
    """Return a row for each channel, with seconds to a tenth, for whoever prints them."""
    return [{key: _rounded(value) for key, value in to_json(one).items()} for one in records]


def _rounded(value: Any) -> Any:
    return round(value, 1) if isinstance(value, float) else value


def seconds_words(seconds: float | None) -> str:
    """Say a number of seconds as a person would: "12 s", "3 min", "5.2 h"; "" for none."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"
