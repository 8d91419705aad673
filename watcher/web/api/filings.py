"""The API's part on filings: which there are, narrowed in any way, and running one again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from watcher.models import FilingState, Origin, Severity
from watcher.store import filings, glance, listing, search
from watcher.store.filings import StoredFiling
from watcher.store.names import Names
from watcher.web.api._answers import also, listed
from watcher.web.api._pages import cursor_of, next_link, read_cursor
from watcher.web.api._query import USUAL, Accession, Cik, CursorText, Format, Limit, names_of
from watcher.web.api.shapes import FilingList, FilingStanding
from watcher.web.desk import Desk
from watcher.web.problems import Refused
from watcher.web.show import row_json, stored_json

__all__ = ["Asked", "asked_for", "filing_routes"]

NOUN = "filing"
COLUMNS = (
    "accession", "form", "company", "ciks", "tickers", "filed_on", "accepted_at", "items", "events", "state", "origin",
    "source", "channel", "spotted_at", "settled_at", "gone_on", "reason", "sha256",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which filings are asked for: what narrows them, and the words that are looked for in their texts."""

    query: listing.Query
    words: str | None = None

    def search(self) -> search.Search:
        """The same as a search. Raises ``Refused`` for what a search cannot be narrowed by."""
        one = self.query
        for name, value in (("state", one.state), ("offset", one.offset or None)):
            if value is not None:
                fault = f"cannot be given together with q: a search is not narrowed by {name}"
                raise Refused(422, f"query.{name}: {fault}", [{"where": f"query.{name}", "problem": fault}])
        names = ("form", "item", "event", "severity", "cik", "ticker", "company", "since", "until", "origin", "before")
        given = {name: getattr(one, name) for name in names}
        return search.Search(self.words or "", limit=one.limit or USUAL, **given)


async def asked_for(  # noqa: PLR0913, PLR0917  # one for each parameter
    names: Annotated[Names, Depends(names_of)],
    q: Annotated[str | None, Query(min_length=1, max_length=1000, description="words in the texts")] = None,
    state: FilingState | None = None,
    severity: Annotated[Severity | None, Query(description="of one of its events")] = None,
    company: Annotated[str | None, Query(min_length=1, max_length=200, description="words of a filer's name")] = None,
    cik: Cik = None,
    ticker: Annotated[str | None, Query(min_length=1, max_length=20)] = None,
    origin: Origin | None = None,
    since: Annotated[date | None, Query(description="filed on this day or later")] = None,
    until: Annotated[date | None, Query(description="filed on this day or earlier")] = None,
    limit: Limit = USUAL,
    offset: Annotated[int, Query(ge=0, le=10**9, description="to pass over so many; a cursor is faster")] = 0,
    cursor: CursorText = None,
) -> Asked:
    """Read what is asked for."""
    if since and until and since > until:
        raise Refused(
            422, f"query.since: {since} is after {until}", [{"where": "query.since", "problem": "is after until"}]
        )
    if cursor is not None and offset:
        raise Refused(422, "query.offset: cannot be given together with cursor")
    before = None if cursor is None else str(read_cursor(cursor, NOUN, str)[0])
    query = listing.Query(
        state=state, form=names.form, item=names.item, event=names.event, severity=severity,
        company=company, cik=cik, ticker=ticker, origin=origin, since=since, until=until, limit=limit, offset=offset,
        before=before,
    )  # fmt: skip
    return Asked(query, q)


def filing_routes(desk: Desk, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1/filings", tags=["filings"])

    @routes.get("", response_model=FilingList, operation_id="listFilings", summary="List filings")
    async def list_filings(
        request: Request, asked: Annotated[Asked, Depends(asked_for)], shape: Format = None
    ) -> Response:
        """The latest accepted first. All filters must hold; with `q` the texts of all documents are searched."""
        try:
            rows, following = await desk.store.read(_found if asked.words is not None else _listed, asked)
        except ValueError as error:  # a cursor or words that cannot be
            raise Refused(422, str(error)) from error
        cursor = None if following is None else cursor_of(NOUN, following)
        body = {"filings": rows, "next": cursor}
        headers = next_link(request, cursor, "offset")
        return listed(request, body, [_table_row(one) for one in rows], COLUMNS, form=shape, headers=headers)

    @routes.post(
        "/{accession}/retry",
        status_code=202,
        dependencies=[Depends(may_write)],
        response_model=FilingStanding,
        operation_id="retryFiling",
        summary="Run a filing again",
        responses=also(404),
    )
    async def retry(accession: Accession) -> Any:
        """Run it through the line again; nobody is told twice of the same alert."""
        await desk.retry(accession)
        return stored_json(await desk.store.read(filings.get, accession))

    return routes


Rows = tuple[list[dict[str, Any]], str | None]


def _listed(connection: Connection, asked: Asked) -> Rows:
    page = listing.page(connection, asked.query)
    return _rows(connection, page.filings), page.next


def _found(connection: Connection, asked: Asked) -> Rows:
    made = search.find(connection, asked.search())
    rows = _rows(connection, [one.stored for one in made.found])
    for row, one in zip(rows, made.found, strict=True):
        row["snippet"] = "".join(piece.text for piece in one.hits[0].pieces) if one.hits else None
    return rows, made.next


def _rows(connection: Connection, found: Sequence[StoredFiling]) -> list[dict[str, Any]]:
    accessions = [one.filing.accession for one in found]
    items = listing.items_of(connection, accessions)
    events = glance.events_of(connection, accessions)
    return [row_json(one, items.get(name), events.get(name, ())) for name, one in zip(accessions, found, strict=True)]


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    """A line of a table: what is many in one cell stands there with blanks between."""
    ciks = [one["cik"] for one in row["filers"]]
    tickers = [ticker for one in row["filers"] for ticker in one["tickers"]]
    return row | {"ciks": ciks, "tickers": tickers, "events": [one["event"] for one in row["events"]]}
