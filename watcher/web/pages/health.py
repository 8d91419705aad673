"""The page on the watcher itself: whether it is well, what it waits for, and what went wrong."""

from __future__ import annotations

import asyncio
import platform
import shutil
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.errors import EightkError
from watcher.models import FilingState
from watcher.monitoring.readiness import Check
from watcher.store import alarms, audits, endpoints, glance, listing, silences, tally
from watcher.store.database import Store
from watcher.store.standing import used_bytes
from watcher.web.api.lists import DAYS, Comparison
from watcher.web.desk import Desk
from watcher.web.pages.deliveries import endpoint_words
from watcher.web.pages.templating import show

__all__ = ["health_page"]

_MOST_FAILED = 20
_AUDITS = 10
_GIGABYTE = 10**9


def health_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    comparison = Comparison(desk.store, desk.now)

    @routes.get("/health")
    async def health(request: Request) -> Response:
        context = {
            **await desk.store.read(_health, desk.now()),
            "health": desk.health(),
            "checks": await _checks(desk),
            "channels": await comparison.rows(),
            "days": DAYS,
            "backfill": desk.backfill.progress,
            "refused_files": await asyncio.to_thread(desk.refused),
            "disk": await asyncio.to_thread(_disk, desk.store),
            "now": desk.now(),
        }
        return show(request, "health.html", context, here="/health")

    return routes


def _health(connection: Connection, now: datetime) -> dict[str, Any]:
    return {
        "versions": [*_versions(), ("Database", glance.database_version(connection))],
        "counts": tally.counts(connection, "filing"),
        "owed": tally.counts(connection, "delivery"),
        "alarms": alarms.find_open(connection),
        "audits": audits.latest(connection, _AUDITS),
        "failed": listing.find(connection, listing.Query(state=FilingState.FAILED, limit=_MOST_FAILED)),
        "waiting": listing.find(connection, listing.Query(state=FilingState.SPOTTED, limit=_MOST_FAILED)),
        "endpoints": [(one, endpoint_words(one)) for one in endpoints.find(connection)],
        "silences": silences.find_open(connection, now),
    }


async def _checks(desk: Desk) -> tuple[Check, ...]:
    try:
        return (await desk.readiness()).checks
    except EightkError as error:  # told as what does not hold
        return (Check("readiness", ok=False, reason=str(error)),)


def _disk(store: Store) -> list[tuple[str, str]]:
    """The sizes, by what they are of."""
    if store.is_shared:
        return [("Store", _size(store.read_now(used_bytes)))]
    sizes = [path.stat().st_size for path in store.path.parent.glob(f"{store.path.name}*")]
    usage = shutil.disk_usage(store.path.parent)
    return [
        ("Store", _size(sum(sizes))),
        ("Free on its disk", f"{usage.free / _GIGABYTE:,.1f} GB of {usage.total / _GIGABYTE:,.1f} GB"),
    ]


def _size(count: int) -> str:
    return f"{count / _GIGABYTE:,.2f} GB" if count >= _GIGABYTE else f"{count / 10**6:,.1f} MB"


def _versions() -> list[tuple[str, str]]:
    try:
        own = version("eightk")
    except PackageNotFoundError:  # run from a folder that was never installed
        own = "not installed"
    return [("eightk", own), ("Python", platform.python_version())]
