"""The page on which rules are written: a draft is checked, tried on the past, and then saved as a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, count
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from watcher.edgar.calendar import NEW_YORK
from watcher.errors import EightkError
from watcher.rules.drafts import DraftFaults, RuleDrafts
from watcher.store.newest import newest_day
from watcher.web.access import Form, may_post
from watcher.web.desk import Desk
from watcher.web.leaving import unless_left
from watcher.web.pages.templating import back_to, show

__all__ = ["draft_page"]

_DAYS = 30  # of the past on which a draft is tried, unless others are asked for
_NEW = """\
version: 1
groups:
- name: mine
  rules:
  - id: {rule}
    title: Regulation FD disclosure
    match: {{items|has: "7.01"}}
    notify: [log]
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is writing."""

    name: str
    text: str
    seen: str = ""  # the etag of the file that it is to replace; "": a new one
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, form: Form) -> Draft:
        """Read it from the form; a browser ends lines with carriage returns, too."""
        text = form.get("text", "").replace("\r\n", "\n")
        return cls(
            form.get("name", "").strip(), text, form.get("seen", ""), form.get("since", ""), form.get("until", "")
        )

    def days(self) -> tuple[date | None, date | None]:
        """The days to try it on. Raises ``ValueError``, for a person."""
        try:
            since, until = (date.fromisoformat(day) if day else None for day in (self.since, self.until))
        except ValueError:
            raise ValueError("a day reads like 2026-03-09") from None
        if since and until and since > until:
            raise ValueError(f"{since} is after {until}")
        return since, until


def draft_page(desk: Desk) -> APIRouter:
    """Build the routes."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/draft")
    async def write(request: Request) -> Response:
        rules = _rules(desk)
        name = request.query_params.get("file", "")
        draft = await _opened(rules, name) if name else await _new(rules)
        newest, today = await desk.store.read(newest_day), desk.now().astimezone(NEW_YORK).date()
        is_old = newest is not None and newest < today - timedelta(days=_DAYS)
        until = newest if newest is not None and is_old else today
        proposed = replace(draft, since=str(until - timedelta(days=_DAYS)), until=str(until))
        return _page(request, proposed, {"days": _DAYS, "newest": newest, "is_old": is_old})

    @routes.post("/draft")
    async def act(request: Request, form: Annotated[Form, Depends(may_post)]) -> Response:
        draft, rules = Draft.of(form), _rules(desk)
        try:
            match form.get("do", ""):
                case "save":
                    await rules.save(draft.text, draft.name, seen=draft.seen or None)
                    return back_to("/rules", "saved")
                case "backtest":
                    since, until = draft.days()
                    work = rules.backtest(draft.text, since=since, until=until, name=draft.name)
                    made = await unless_left(request, work)
                    newest = await desk.store.read(newest_day)
                    return _page(request, draft, {"made": made, "findings": made["warnings"], "newest": newest})
                case _:
                    found = await unless_left(request, rules.check(draft.text, draft.name))
                    return _page(request, draft, {"findings": found, "checked": True})
        except DraftFaults as error:
            return _page(request, draft, {"findings": error.findings}, status=422)
        except (ValueError, EightkError) as error:
            return _page(request, draft, {"problem": str(error)}, status=409)

    return routes


def _rules(desk: Desk) -> RuleDrafts:
    if desk.rules is None:
        raise HTTPException(404, "no rules are kept here")
    return desk.rules


async def _new(rules: RuleDrafts) -> Draft:
    """A rule to begin with, in a file and under an id that nobody has yet. Ids may not differ in case only."""
    try:
        names = {one.name.lower() for one in await rules.files()}
        ids = {one.id.lower() for one in (await rules.in_force()).rules}
    except EightkError:  # the folder cannot be read, or no handler keeps rules: a check of the draft tells why
        names, ids = set(), set()
    return Draft(f"{_free('mine', names, '.yaml')}.yaml", _NEW.format(rule=_free("my-disclosures", ids)))


def _free(stem: str, taken: Collection[str], ending: str = "") -> str:
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(one for one in chain([stem], numbered) if f"{one}{ending}" not in taken)


async def _opened(rules: RuleDrafts, name: str) -> Draft:
    try:
        found = next((one for one in await rules.files() if one.name == name), None)
    except EightkError as error:
        raise HTTPException(409, str(error)) from error
    if found is None:
        raise HTTPException(404, f"there is no file {name} of rules")
    return Draft(found.name, found.text, found.etag)


def _page(request: Request, draft: Draft, found: dict[str, Any], *, status: int = 200) -> Response:
    findings = [_placed(one, draft) for one in found.get("findings", ())]
    findings.sort(key=lambda one: (one["is_warning"], one["elsewhere"], one["line"]))
    context = {**found, "draft": draft, "findings": findings, "faults": sum(not one["is_warning"] for one in findings)}
    return show(request, "draft.html", context, here="/rules", status=status)


def _placed(finding: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """Tell the file of a finding, unless it is the draft, whose line is quoted."""
    is_here = finding["file"] == draft.name
    text = _line(draft.text, finding["line"]) if is_here else ""
    return {**finding, "text": text, "elsewhere": "" if is_here else finding["file"]}


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip()[:160] if 0 < number <= len(lines) else ""
