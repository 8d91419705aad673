"""The front page: what came, newest first and kept up to date, with what happened today on top."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from watcher.edgar.calendar import NEW_YORK
from watcher.store import alarms, audits, glance, journal, silences, tally
from watcher.web.desk import Desk
from watcher.web.pages.choice import FORMS, SEVERITIES, Choice
from watcher.web.pages.rows import Rows, rows
from watcher.web.pages.templating import show

__all__ = ["front_page"]


def front_page(desk: Desk) -> APIRouter:
    """Build the route. The script asks for the same page again, and takes the list and the glance out of it."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/")
    async def front(request: Request) -> Response:
        choice = Choice.of(request.query_params)
        if choice.q:
            return RedirectResponse(choice.link("/search"), 303)
        context = {
            **await desk.store.read(_front, choice, desk.now(), desk.events),
            "health": desk.health(),
            "forms": FORMS,
            "severities": SEVERITIES,
        }
        return show(request, "front.html", context, here="/")

    return routes


def _front(
    connection: Connection, choice: Choice, now: datetime, events: Callable[[], Collection[str]]
) -> dict[str, Any]:
    """Read all of it in the caller's one transaction, so that rows and counts cannot contradict each other."""
    problem, found = choice.problem, Rows(())
    if not problem:
        try:
            choice = choice.known(connection, events)
            found = rows(connection, choice.query())
        except ValueError as error:  # a name that nobody knows, or a cursor that somebody made up: told on the page
            problem = str(error)
    return {
        "choice": choice,
        "rows": found,
        # From here on the stream is followed, so that nothing is missed that comes before the browser does so.
        "place": journal.last(connection),
        "problem": problem,
        "today": glance.today(connection, now.astimezone(NEW_YORK).date()),
        "event_names": glance.event_names(connection),
        "counts": tally.counts(connection, "filing"),
        "owed": tally.counts(connection, "delivery"),
        "audits": audits.latest(connection, 1),
        "alarms": alarms.find_open(connection),
        "silences": silences.find_open(connection, now),
    }
