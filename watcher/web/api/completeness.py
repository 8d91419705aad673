"""The API's part on completeness: what the audits found, asking for one, and for a backfill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from watcher.errors import EightkError
from watcher.report_json import to_json
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store import audits
from watcher.store.database import Store
from watcher.web.desk import Backfills
from watcher.web.show import audit_json

__all__ = ["completeness", "refusals"]


def completeness(
    store: Store,
    audit: Callable[[date | None], Awaitable[AuditResult]],
    backfill: Backfills,
    may_write: Callable[..., Awaitable[None]],
) -> APIRouter:
    """Build the routes. ``audit`` of None is that of the last day. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1")

    @routes.get("/audits")
    async def list_audits(limit: Annotated[int, Query(ge=1, le=500)] = 30) -> dict[str, Any]:
        return {"audits": to_json(await store.read(audits.latest, limit))}

    @routes.post("/audits", dependencies=[Depends(may_write)])
    async def ask_audit(day: date | None = None) -> dict[str, Any]:
        with refusals():
            return audit_json(await audit(day))

    @routes.get("/backfill")
    async def get_backfill() -> dict[str, Any]:
        return _told(backfill.progress)

    @routes.post("/backfill", status_code=202, dependencies=[Depends(may_write)])
    async def ask_backfill(request: BackfillRequest) -> dict[str, Any]:
        with refusals():
            return _told(await backfill.ask(request))

    @routes.delete("/backfill", dependencies=[Depends(may_write)])
    async def stop_backfill() -> dict[str, Any]:
        return _told(await backfill.stop())

    return routes


@contextmanager
def refusals() -> Iterator[None]:
    """Answer with 422 what cannot be asked, and with 409 what cannot be done now."""
    try:
        yield
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    except EightkError as error:
        raise HTTPException(409, str(error)) from error


def _told(progress: Progress | None) -> dict[str, Any]:
    if progress is None:
        raise HTTPException(404, "no backfill was asked for since the start")
    line: dict[str, Any] = to_json(progress)
    return line
