"""What can be asked of any list: parameters that all lists share, and no word that none of them knows."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import AfterValidator, AwareDatetime

from watcher.store.names import Names, UnknownNames, stored_names
from watcher.web.desk import Desk
from watcher.web.problems import Refused

__all__ = [
    "MOST",
    "USUAL",
    "Accession",
    "Cik",
    "CursorText",
    "EndpointName",
    "Format",
    "Limit",
    "Moment",
    "Number",
    "RuleName",
    "names_of",
    "only_known",
]

MOST, USUAL = 500, 50
NUL = "has a NUL character in it"


def _utc(moment: datetime) -> datetime:
    """The same instant in UTC, as it is stored. Raises ``ValueError`` when that is before year 1 or after 9999."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment.isoformat()} is no instant of UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]

Accession = Annotated[
    str, Path(description="the accession number", pattern=r"^\d{10}-\d{2}-\d{6}$", examples=["0000000001-26-000001"])
]
Number = Annotated[str, Path(min_length=1, max_length=100)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
CursorText = Annotated[
    str | None, Query(max_length=200, description="where the page begins: the `next` of the page before")
]
Format = Annotated[
    Literal["json", "csv"] | None,
    Query(alias="format", description="as the header Accept does, for whoever cannot set one"),
]
RuleText = Annotated[
    str | None, Query(min_length=1, max_length=200, description="the id of a rule, one that was taken away included")
]
EndpointText = Annotated[
    str | None, Query(min_length=1, max_length=200, description="the name of an endpoint, one of former days included")
]
FormText = Annotated[str | None, Query(min_length=1, max_length=20, description="as EDGAR writes it, as in 8-K/A")]
ItemText = Annotated[
    str | None, Query(min_length=1, max_length=20, description="as in 5.02; 1 to 13 are those of before 2004-08-23")
]
EventText = Annotated[str | None, Query(min_length=1, max_length=60, description="as `eightk events list` has it")]
Cik = Annotated[int | None, Query(ge=0, le=9_999_999_999, description="Central Index Key of a filer")]


async def names_of(request: Request, form: FormText = None, item: ItemText = None, event: EventText = None) -> Names:
    """Read the names by which a list is narrowed; 422 for one that nobody knows: an empty list would mislead."""
    return await _as_stored(request, Names(form, item, event))


async def _rule_of(request: Request, rule: RuleText = None) -> str | None:
    return (await _as_stored(request, Names(rule=rule))).rule


async def _endpoint_of(request: Request, endpoint: EndpointText = None) -> str | None:
    return (await _as_stored(request, Names(endpoint=endpoint))).endpoint


# Such a name, or 422 for one that nobody knows.
RuleName = Annotated[str | None, Depends(_rule_of)]
EndpointName = Annotated[str | None, Depends(_endpoint_of)]


async def _as_stored(request: Request, asked: Names) -> Names:
    if asked == Names():
        return asked
    desk: Desk = request.app.state.desk
    try:
        return await desk.store.read(stored_names, asked, desk.events, lambda: desk.alerting)
    except UnknownNames as error:
        faults = [{"where": f"query.{name}", "problem": problem} for name, problem in error.faults.items()]
        raise Refused(422, "; ".join(f"{one['where']}: {one['problem']}" for one in faults), faults) from error


async def only_known(request: Request) -> None:
    """Refuse a parameter that the route does not know, or that holds a NUL: what is passed over in silence misleads."""
    known = _names(request.scope["route"].dependant)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    problems = {name: _words(name, known) for name in unknown}
    # A database would take it for the end of what is looked for.
    problems |= {name: NUL for name, text in request.query_params.multi_items() if name in known and "\0" in text}
    if problems:
        faults = [{"where": f"query.{name}", "problem": problem} for name, problem in problems.items()]
        raise Refused(422, "; ".join(f"{one['where']}: {one['problem']}" for one in faults[:5]), faults)


def _words(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, 1)
    if close:
        return f"there is no such parameter; did you mean {close[0]}?"
    return (
        f"there is no such parameter; there are {', '.join(sorted(known))}" if known else "no parameter is taken here"
    )


def _names(dependant: Dependant) -> set[str]:
    found = {_alias(one) for one in dependant.query_params}
    for one in dependant.dependencies:
        found |= _names(one)
    return found


def _alias(field: Any) -> str:
    alias: str = field.alias
    return alias
