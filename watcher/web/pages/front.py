"""The front page: what it is narrowed to, and all that it shows of the store, as of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from watcher.models import EIGHT_K_FORMS
from watcher.store import audits, deliveries, filings, reports, silences
from watcher.web.api.lists import DAYS, Comparison
from watcher.web.desk import Desk
from watcher.web.pages.templating import TEMPLATES

__all__ = ["Choice", "front_page"]

PAGE_SIZE = 50
FORMS = tuple(sorted(EIGHT_K_FORMS))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person asked to see, as it was typed; "" asks for all."""

    item: str = ""
    company: str = ""  # words of its name, or its CIK
    form: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Choice:
        """Read it from a query; what else stands there is nobody's."""
        return cls(*(asked.get(name, "").strip() for name in ("item", "company", "form", "since", "until")))

    @property
    def given(self) -> dict[str, str]:
        """What was asked for, by name."""
        pairs = {name: getattr(self, name) for name in ("item", "company", "form", "since", "until")}
        return {name: text for name, text in pairs.items() if text}

    @property
    def problem(self) -> str:
        """Why nothing can be shown, in words; "" when something can."""
        try:
            since, until = _day(self.since), _day(self.until)
        except ValueError:
            return "a day reads like 2026-03-09"
        return f"{since} is after {until}" if since and until and since > until else ""

    def link(self, **changes: Any) -> str:
        """Where the same, with these changes, is shown."""
        asked = {**self.given, **{name: value for name, value in changes.items() if value}}
        return f"/?{urlencode(asked)}" if asked else "/"

    def query(self, offset: int) -> filings.Query:
        """The same as a question to the store. Raises ``ValueError`` when there is a problem."""
        return filings.Query(
            form=self.form or None,
            item=self.item or None,
            company=self.company or None,
            since=_day(self.since),
            until=_day(self.until),
            limit=PAGE_SIZE,
            offset=offset,
            by_arrival=True,
        )


def front_page(desk: Desk) -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    comparison = Comparison(desk.store, desk.now)

    @routes.get("/")
    async def front(request: Request, offset: Annotated[int, Query(ge=0, le=10**9)] = 0) -> HTMLResponse:
        choice = Choice.of(request.query_params)
        context = {
            **await desk.store.read(_front_rows, choice, offset, desk.now()),
            "channels": await comparison.rows(),
            "days": DAYS,
            "health": desk.health(),
            "choice": choice,
            "forms": FORMS,
            "offset": offset,
            "page_size": PAGE_SIZE,
        }
        return TEMPLATES.TemplateResponse(request, "front.html", context)

    return routes


def _front_rows(connection: Connection, choice: Choice, offset: int, now: datetime) -> dict[str, Any]:
    """Read all of it in the caller's one transaction, so that rows and counts cannot contradict each other."""
    found = () if choice.problem else filings.find(connection, choice.query(offset))
    accessions = [one.filing.accession for one in found]
    return {
        "filings": found,
        "items": filings.items_of(connection, accessions),
        "alerts": reports.count_alerts(connection, accessions),
        "counts": filings.count_by_state(connection),
        "owed": deliveries.count_by_state(connection),
        "audits": audits.latest(connection, 1),
        "silences": silences.find_open(connection, now),
    }


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
