"""The API's part on silences: which there are, adding one, ending one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, Field

from watcher.store import silences
from watcher.store.database import Store
from watcher.web.api._answers import also
from watcher.web.api._query import Moment
from watcher.web.api.shapes_more import SilenceAdded, SilenceList, SilenceRow
from watcher.web.show import silence_json

__all__ = ["SilenceRequest", "silencing"]

_TEN_YEARS = 10 * 366 * 86_400


class SilenceRequest(BaseModel, extra="forbid"):
    """What is asked for; either for so many ``seconds``, or ``until`` then."""

    rule: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    cik: Annotated[int | None, Field(ge=0, le=9_999_999_999)] = None
    why: Annotated[str, Field(max_length=1000)]
    by: Annotated[str, Field(max_length=100)] = ""
    seconds: Annotated[float | None, Field(gt=0, le=_TEN_YEARS)] = None
    until: Moment | None = None

    def until_then(self, now: datetime) -> datetime:
        """Return when it is over. Raises ``ValueError`` unless either is given."""
        if (self.seconds is None) == (self.until is None):
            raise ValueError("a silence needs either seconds or until")
        return self.until or now + timedelta(seconds=self.seconds or 0)


def silencing(store: Store, now: Callable[[], datetime], may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1/silences", tags=["silences"])

    @routes.get("", response_model=SilenceList, operation_id="listSilences", summary="List silences")
    async def list_silences(every: bool = False) -> dict[str, Any]:
        """Those that count now, or with ``every`` all there ever were, the newest first."""
        at = now()
        found = await store.read(silences.find) if every else await store.read(silences.find_open, at)
        return {"silences": [silence_json(one, at) for one in found]}

    @routes.post(
        "",
        status_code=201,
        dependencies=[Depends(may_write)],
        response_model=SilenceAdded,
        operation_id="addSilence",
        summary="Silence a rule or a company",
    )
    async def add_silence(request: SilenceRequest) -> dict[str, Any]:
        """Tell nobody of a rule, of a company, or of that rule about that company, for a while."""
        at = now()
        try:
            asked = request.model_dump(include={"rule", "cik", "why", "by"})
            added = await store.write(silences.add, **asked, now=at, until=request.until_then(at))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        is_known = request.rule is None or await store.read(silences.is_rule_known, request.rule)
        return silence_json(added, at) | {"is_rule_known": is_known}

    @routes.delete(
        "/{number}",
        dependencies=[Depends(may_write)],
        response_model=SilenceRow,
        operation_id="endSilence",
        summary="End a silence",
        responses=also(404),
    )
    async def end_silence(number: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> dict[str, Any]:
        """End it before its time; one that is over stays as it is."""
        at = now()
        ended = await store.write(silences.end, number, at)
        if ended is None:
            raise HTTPException(404, f"no silence {number} in the store")
        return silence_json(ended, at)

    return routes
