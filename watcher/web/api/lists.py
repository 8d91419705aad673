"""The API's part on EDGAR's lists: how the channels compare, and who is who."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from watcher.report_json import to_json
from watcher.store import companies, sightings
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.sightings import ChannelRecord
from watcher.web.api.completeness import refusals

__all__ = ["DAYS", "Comparison", "channel_rows", "lists", "seconds_words"]

DAYS = 7  # the span by which channels are compared, unless another one is asked for
_ANEW = timedelta(minutes=1)
_MOST_COMPANIES = 50


def lists(
    store: Store,
    now: Callable[[], datetime],
    look_up: Callable[[int], Awaitable[KnownCompany]],
    may_write: Callable[..., Any],
) -> APIRouter:
    """Build the routes. ``look_up`` asks EDGAR for a company; ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/channels")
    async def list_channels(days: Annotated[float, Query(gt=0, le=366)] = DAYS) -> dict[str, Any]:
        at = now()
        since = at - timedelta(days=days)
        found = await store.read(sightings.compare, since, at)
        return {"since": to_json(since), "channels": channel_rows(found)}

    @routes.get("/companies")
    async def list_companies(
        cik: Annotated[int | None, Query(ge=0, le=9_999_999_999)] = None,
        ticker: Annotated[str | None, Query(min_length=1, max_length=20)] = None,
        name: Annotated[str | None, Query(min_length=2, max_length=100)] = None,
    ) -> dict[str, Any]:
        if sum(asked is not None for asked in (cik, ticker, name)) != 1:
            raise HTTPException(422, "ask by one of cik, ticker and name")
        found: tuple[KnownCompany, ...]
        if cik is not None:
            one = await store.read(companies.get, cik)
            found = () if one is None else (one,)
        elif ticker is not None:
            found = await store.read(companies.by_ticker, ticker)
        else:
            found = await store.read(companies.by_name, name or "", _MOST_COMPANIES)
        return {"companies": to_json(found), "listed_at": to_json(await store.read(companies.listed_at))}

    @routes.post("/companies/{cik}", dependencies=[Depends(may_write)])
    async def fetch_company(cik: int) -> dict[str, Any]:
        with refusals():
            found: dict[str, Any] = to_json(await look_up(cik))
        return found

    return routes


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
