"""Searching all stored text."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from watcher.store import search
from watcher.store.search import Results, Search
from watcher.web.desk import Desk
from watcher.web.pages.choice import FORMS, SEVERITIES, Choice
from watcher.web.pages.templating import show

__all__ = ["search_page"]

_PAGE_SIZE = 20


def search_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/search")
    async def find(request: Request) -> Response:
        choice = Choice.of(request.query_params)
        problem, results = choice.problem, Results(())
        if choice.q and not problem:
            try:
                choice = await desk.store.read(choice.known, desk.events)
                results = await desk.store.read(search.find, _asked(choice))
            except ValueError as error:  # told on the page, in words for a person
                problem = str(error)
        context = {"choice": choice, "problem": problem, "results": results, "forms": FORMS, "severities": SEVERITIES}
        return show(request, "search.html", context, here="/search")

    return routes


def _asked(choice: Choice) -> Search:
    query = choice.query()
    return Search(
        words=choice.q,
        form=query.form,
        item=query.item,
        event=query.event,
        severity=query.severity,
        ticker=query.ticker,
        company=query.company,
        since=query.since,
        until=query.until,
        limit=_PAGE_SIZE,
        before=query.before,
    )
