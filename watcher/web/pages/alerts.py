"""The page on alerts: what rules found, who was told, or why nobody was."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.models import Severity
from watcher.store import alerts, endpoints, revisions, silences
from watcher.store.names import is_rule_known
from watcher.web.desk import Desk
from watcher.web.pages.choice import SEVERITIES, unknown
from watcher.web.pages.templating import show
from watcher.web.show import held_back

__all__ = ["Asked", "Text", "alert_page"]

_PAGE_SIZE = 50
_MOST = 2**63 - 1
Text = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What such a list is narrowed to; "" asks for all."""

    state: str = ""
    severity: str = ""
    rule: str = ""
    endpoint: str = ""

    def link(self, path: str, **changes: str) -> str:
        """Where the same, with these changes, is shown."""
        asked = {name: getattr(self, name) for name in self.__slots__} | changes
        pairs = {name: text for name, text in asked.items() if text}
        return f"{path}?{urlencode(pairs)}" if pairs else path


def alert_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/alerts")
    async def list_alerts(
        request: Request,
        rule: Text = "",
        severity: Text = "",
        before: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
    ) -> Response:
        asked, now = Asked(rule=rule.strip(), severity=severity), desk.now()
        context = {
            **await desk.store.read(_alerts, asked, before, now, desk.alerting),
            "has_rules": desk.rules is not None,
            "silences": await desk.store.read(silences.find_open, now),
            "asked": asked,
            "severities": SEVERITIES,
            "now": now,
        }
        return show(request, "alerts.html", context, here="/alerts")

    return routes


def _alerts(
    connection: Connection, asked: Asked, before: int | None, now: datetime, alerting: Collection[str]
) -> dict[str, Any]:
    is_severity = asked.severity in list(Severity)
    found = alerts.find(
        connection,
        rule=asked.rule or None,
        severity=asked.severity if is_severity else None,
        before=before,
        limit=_PAGE_SIZE + 1,
    )
    names = revisions.names(connection)
    return {
        "problem": unknown("severity", asked.severity, list(Severity))
        or ("" if found or is_rule_known(connection, asked.rule, alerting) else unknown("rule", asked.rule, names)),
        "held": held_back(endpoints.find(connection), now),
        "alerts": found[:_PAGE_SIZE],
        "next": found[_PAGE_SIZE - 1].sequence if len(found) > _PAGE_SIZE else None,
        "is_newest": before is None,
        "rules": names,
    }
