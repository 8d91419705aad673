"""The API's part on completeness: what the audits found, asking for one, and for a backfill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from watcher.errors import EightkError, StoreError
from watcher.report_json import to_json
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store import audits
from watcher.store.database import Store
from watcher.web.api._answers import SAME, also, listed
from watcher.web.api._pages import cursor_of, next_link, read_cursor
from watcher.web.api._query import CursorText, Format, Limit
from watcher.web.api.shapes_more import AuditList, AuditMade, BackfillProgress
from watcher.web.desk import Backfills
from watcher.web.problems import Refused
from watcher.web.show import audit_json

__all__ = ["completeness", "refusals"]

NOUN = "audit"
COLUMNS = ("day", "state", "checked_at", "listed", "missing", "gone", "reason")
_USUAL = 30


def completeness(
    store: Store,
    audit: Callable[[date | None], Awaitable[AuditResult]],
    backfill: Backfills,
    may_write: Callable[..., Awaitable[None]],
) -> APIRouter:
    """Build the routes. ``audit`` of None is that of the last day. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1", tags=["completeness"])
    _add_audits(routes, store, audit, may_write)
    _add_backfill(routes, backfill, may_write)
    return routes


def _add_audits(
    routes: APIRouter,
    store: Store,
    audit: Callable[[date | None], Awaitable[AuditResult]],
    may_write: Callable[..., Awaitable[None]],
) -> None:
    @routes.get(
        "/audits",
        response_model=AuditList,
        operation_id="listAudits",
        summary="List audits",
        responses=also(SAME),
    )
    async def list_audits(
        request: Request, limit: Limit = _USUAL, cursor: CursorText = None, shape: Format = None
    ) -> Response:
        """What came of comparing the store with EDGAR's own index, the latest day first."""
        before = None if cursor is None else _day(str(read_cursor(cursor, NOUN, str)[0]))
        found = await store.read(audits.latest, limit + 1, before=before)
        following = cursor_of(NOUN, found[limit - 1].day.isoformat()) if len(found) > limit else None
        rows = to_json(found[:limit])
        link = next_link(request, following)
        return listed(request, {"audits": rows, "next": following}, rows, COLUMNS, form=shape, headers=link)

    @routes.post(
        "/audits",
        dependencies=[Depends(may_write)],
        response_model=AuditMade,
        operation_id="audit",
        summary="Audit a day",
        responses=also(409),
    )
    async def ask_audit(
        day: Annotated[date | None, Query(description="the last one whose index should be there, if not given")] = None,
    ) -> Any:
        """Compare the store with EDGAR's index of a day, now; what is missing is taken in."""
        with refusals():
            return audit_json(await audit(day))


def _add_backfill(routes: APIRouter, backfill: Backfills, may_write: Callable[..., Awaitable[None]]) -> None:
    @routes.get(
        "/backfill",
        response_model=BackfillProgress,
        operation_id="getBackfill",
        summary="Follow the backfill",
        responses=also(404),
    )
    async def get_backfill() -> Any:
        """How far it is; 404 when none was asked for since the start."""
        return _told(backfill.progress)

    @routes.post(
        "/backfill",
        status_code=202,
        dependencies=[Depends(may_write)],
        response_model=BackfillProgress,
        operation_id="beginBackfill",
        summary="Take in the past",
        responses=also(409),
    )
    async def ask_backfill(request: BackfillRequest) -> Any:
        """Begin it, or follow the same one; another one may be under way, which is 409."""
        with refusals():
            return _told(await backfill.ask(request))

    @routes.delete(
        "/backfill",
        dependencies=[Depends(may_write)],
        response_model=BackfillProgress,
        operation_id="stopBackfill",
        summary="Stop the backfill",
        responses=also(404),
    )
    async def stop_backfill() -> Any:
        """End it after what it does now; the same one asked for again goes on where it was."""
        return _told(await backfill.stop())


@contextmanager
def refusals() -> Iterator[None]:
    """Answer with 422 what cannot be asked, and with 409 what cannot be done now."""
    try:
        yield
    except StoreError:
        raise
    except ValueError as error:
        raise Refused(422, str(error)) from error
    except EightkError as error:
        raise Refused(409, str(error)) from error


def _told(progress: Progress | None) -> dict[str, Any]:
    if progress is None:
        raise Refused(404, "no backfill was asked for since the start")
    line: dict[str, Any] = to_json(progress)
    return line


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, "query.cursor: is no cursor of this list") from error
