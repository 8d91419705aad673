"""The pages on rules: which are in force, what each of them is and did, and silencing one."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from watcher.errors import EightkError
from watcher.rulebook import RuleInfo
from watcher.rules.drafts import InForce, RuleDrafts, RuleFile
from watcher.store import alerts, revisions, silences
from watcher.web.desk import Desk
from watcher.web.pages.pictures import Pictures
from watcher.web.pages.templating import show

__all__ = ["rule_pages"]

_MOST_ALERTS = 20


def rule_pages(desk: Desk, pictures: Pictures) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/rules")
    async def list_rules(request: Request) -> Response:
        found, files, trouble = await _in_force(desk.rules)
        context = {
            "rules": found.rules,
            "files": files,
            "trouble": trouble or found.trouble,
            "has_rules": desk.rules is not None,
            "weeks": await pictures.alerts_by_week(),
            "silences": await desk.store.read(silences.find_open, desk.now()),
            "now": desk.now(),
        }
        return show(request, "rules.html", context, here="/rules")

    @routes.get("/rules/{rule}")
    async def one_rule(request: Request, rule: str) -> Response:
        found, _, trouble = await _in_force(desk.rules)
        info = next((one for one in found.rules if one.id == rule), None)
        known = await desk.store.read(_known, rule)
        if info is None and not known["revisions"]:
            raise HTTPException(404, f"there is no rule {rule}")
        context = {
            **known,
            "rule": rule,
            "info": info,
            "place": _place(info),
            "text": await _text(desk.rules, info),
            "trouble": trouble,
            "weeks": await pictures.alerts_by_week(rule),
            "now": desk.now(),
        }
        return show(request, "rule.html", context, here="/rules")

    return routes


async def _in_force(rules: RuleDrafts | None) -> tuple[InForce, tuple[RuleFile, ...], str]:
    """The rules, their files, and why these cannot be told; "" when they can."""
    nothing = InForce("", (), "")
    if rules is None:
        return nothing, (), "No rules are kept here."
    try:
        return await rules.in_force(), await rules.files(), ""
    except EightkError as error:  # told on the page
        return nothing, (), str(error)


async def _text(rules: RuleDrafts | None, info: RuleInfo | None) -> str:
    if rules is None or info is None:
        return ""
    return await asyncio.to_thread(rules.source_text, info)


def _known(connection: Connection, rule: str) -> dict[str, Any]:
    return {
        "revisions": revisions.of_rule(connection, rule),
        "alerts": alerts.find(connection, rule=rule, limit=_MOST_ALERTS),
        "silences": tuple(one for one in silences.find(connection) if one.rule == rule),
    }


def _place(info: RuleInfo | None) -> tuple[str, str]:
    """The file's name in the rules folder, and the line."""
    if info is None:
        return "", ""
    path, line, _ = (*info.where.rsplit(":", 2), "", "")[:3]
    return path.replace("\\", "/").rsplit("/", 1)[-1], line
