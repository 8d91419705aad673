"""The API's part on rules: those in force, their files, and drafts that are checked, tried on the past and saved."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from watcher.errors import ConfigError, EightkError
from watcher.report_json import to_json
from watcher.rulebook import RuleInfo
from watcher.rules.drafts import DraftBusy, DraftChanged, DraftFaults, RuleDrafts, UnknownRuleFile
from watcher.store import revisions
from watcher.store.database import Store
from watcher.web.api._answers import SAME, also, answer, is_fresh, listed
from watcher.web.api._query import Format, Number
from watcher.web.api.shapes_rules import (
    BacktestMade,
    Checked,
    DeletedFile,
    RuleDetail,
    RuleFileDetail,
    RuleFileList,
    RuleList,
    RulesAsked,
    SavedFile,
)
from watcher.web.desk import Desk
from watcher.web.leaving import unless_left
from watcher.web.problems import Refused

__all__ = ["rule_routes"]

COLUMNS = ("id", "title", "severity", "status", "notify", "revision", "file", "line", "found_by", "test_count")
MAX_TEXT = 1_000_000
_TRIED = (409, 503)

FileName = Annotated[
    str, Path(min_length=1, max_length=70, description="its name in the rules folder", examples=["mine.yaml"])
]
IfMatch = Annotated[str | None, Header(max_length=200, description="the ETag of the file as it was read")]
InsteadOf = Annotated[
    str | None, Query(min_length=1, max_length=255, description="the name that it has had: so it is renamed")
]
Text = Annotated[str, Field(max_length=MAX_TEXT, description="a whole rule file, in YAML")]


async def drafts(request: Request) -> RuleDrafts:
    """Whoever keeps the rules here; 404 when nobody does."""
    desk: Desk = request.app.state.desk
    if desk.rules is None:
        raise Refused(404, "no rules are kept here")
    return desk.rules


Rules = Annotated[RuleDrafts, Depends(drafts)]


class Draft(BaseModel, extra="forbid"):
    """Rules that are tried out; nothing is kept of them."""

    text: Text
    name: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\.yaml$", description="the file that they stand for")
    ] = "draft.yaml"


class DraftOverDays(Draft):
    """Rules that are tried on the stored filings of these days."""

    since: Annotated[date | None, Field(description="the first day, in New York; all there are, if not given")] = None
    until: Annotated[date | None, Field(description="the last day")] = None


class FileText(BaseModel, extra="forbid"):
    """What a file of rules is to hold."""

    text: Text


def rule_routes(desk: Desk, may_write: Callable[..., Awaitable[None]]) -> APIRouter:
    """Build the routes. ``may_write`` lets through who may change things."""
    routes = APIRouter(prefix="/v1/rules", tags=["rules"])
    writes = [Depends(may_write)]
    _add_list(routes)
    _add_files(routes)
    _add_saving(routes, writes)
    _add_drafts(routes, writes)
    _add_one(routes, desk.store)
    return routes


def _add_list(routes: APIRouter) -> None:
    @routes.get("", response_model=RuleList, operation_id="listRules", summary="List rules", responses=also(404, SAME))
    async def list_rules(request: Request, rules: Rules, shape: Format = None) -> Response:
        """The rules in force, in the order of their files, and why those of the files are not, if they are not."""
        with _refusals():
            found = await rules.in_force()
        rows = [_row(one) for one in found.rules]
        body = {"version": found.version, "trouble": found.trouble or None, "rules": rows}
        return listed(request, body, rows, COLUMNS, form=shape)


def _add_files(routes: APIRouter) -> None:
    @routes.get(
        "/files",
        response_model=RuleFileList,
        operation_id="listRuleFiles",
        summary="List rule files",
        responses=also(404, 409, SAME),
    )
    async def list_files(request: Request, rules: Rules) -> Response:
        """The files of the rules folder, by name."""
        with _refusals():
            found = await rules.files()
        rows = [{name: value for name, value in to_json(one).items() if name != "text"} for one in found]
        return answer(request, {"files": rows})

    @routes.get(
        "/files/{name}",
        response_model=RuleFileDetail,
        operation_id="getRuleFile",
        summary="Read a rule file",
        responses=also(404, 409, SAME),
    )
    async def read_file(request: Request, rules: Rules, name: FileName) -> Response:
        """Its text; what stands in the header `ETag` is sent back as `If-Match` by whoever saves it."""
        with _refusals():
            found = next((one for one in await rules.files() if one.name == name), None)
        if found is None:
            raise Refused(404, f"there is no file {name} in the rules folder")
        headers = {"ETag": f'"{found.etag}"', "Cache-Control": "private, no-cache"}
        if is_fresh(request, headers["ETag"]):
            return Response(status_code=SAME, headers=headers)
        return JSONResponse(to_json(found), headers=headers)


def _add_saving(routes: APIRouter, writes: list[Any]) -> None:
    @routes.put(
        "/files/{name}",
        dependencies=writes,
        response_model=SavedFile,
        operation_id="saveRuleFile",
        summary="Save a rule file",
        responses={**also(404, 412, 428, *_TRIED), 201: {"model": SavedFile}},
    )
    async def save_file(
        rules: Rules,
        name: FileName,
        content: FileText,
        if_match: IfMatch = None,
        if_none_match: Annotated[str | None, Header(max_length=200, description="`*` for a file that is new")] = None,
        instead_of: InsteadOf = None,
    ) -> Response:
        """Write it whole, if all rules of the folder check with it: else 422 with every fault, and all is as it was.

        Either header must be given, so that nothing is overwritten that whoever saves has not seen. With `instead_of`
        that file is renamed: `If-Match` has its ETag, and there must be none of the new name.
        """
        seen = _seen(if_match, if_none_match)
        if instead_of is not None and seen is None:
            raise Refused(428, "say which file you have seen: If-Match with the ETag of the one that is renamed")
        with _refusals():
            if instead_of is not None and seen is not None:
                saved = await rules.rename(content.text, name, old=instead_of, seen=seen)
            else:
                saved = await rules.save(content.text, name, seen=seen)
        headers = {"ETag": f'"{saved.etag}"'}
        return JSONResponse(to_json(saved), 201 if saved.is_new else 200, headers)

    @routes.delete(
        "/files/{name}",
        dependencies=writes,
        response_model=DeletedFile,
        operation_id="deleteRuleFile",
        summary="Delete a rule file",
        responses=also(404, 412, 428, *_TRIED),
    )
    async def delete_file(rules: Rules, name: FileName, if_match: IfMatch = None) -> Any:
        """Take it away, if the rules of all other files check without it: else 409 with every fault, and it stays.

        `If-Match` must be given, so that nothing is deleted that whoever deletes has not seen. The last file stays.
        """
        if if_match is None:
            raise Refused(428, "say which file you have seen: If-Match with its ETag")
        with _refusals(faults=409):
            warnings = await rules.delete(name, seen=_bare(if_match))
        return {"name": name, "warnings": to_json(warnings)}


def _add_drafts(routes: APIRouter, writes: list[Any]) -> None:
    @routes.post(
        "/check",
        dependencies=writes,
        response_model=Checked,
        operation_id="checkDraft",
        summary="Check a draft",
        responses=also(404, *_TRIED),
    )
    async def check(request: Request, rules: Rules, draft: Draft) -> Any:
        """Every fault and every warning, as if it stood in the rules folder beside the others. Nothing is kept."""
        with _refusals():
            found = await unless_left(request, rules.check(draft.text, draft.name))
        faults = sum(not one["is_warning"] for one in found)
        return {"findings": found, "faults": faults, "warnings": len(found) - faults}

    @routes.post(
        "/backtest",
        dependencies=writes,
        response_model=BacktestMade,
        operation_id="backtestDraft",
        summary="Try a draft on the past",
        responses=also(404, *_TRIED),
    )
    async def backtest(request: Request, rules: Rules, draft: DraftOverDays) -> Any:
        """What it would have raised over the stored filings, and how much of it told. Nobody is told; one at a time.

        It ends when whoever asked hangs up.
        """
        if draft.since and draft.until and draft.since > draft.until:
            raise Refused(422, "body.since: is after until", [{"where": "body.since", "problem": "is after until"}])
        made = rules.backtest(draft.text, since=draft.since, until=draft.until, name=draft.name)
        with _refusals():
            return await unless_left(request, made)

    @routes.post(
        "/reload",
        status_code=202,
        dependencies=writes,
        response_model=RulesAsked,
        operation_id="reloadRules",
        summary="Read the rule files again",
        responses=also(404),
    )
    async def reload(rules: Rules) -> Any:
        """They are read again within seconds, as after any change; the list's `trouble` says what came of it."""
        rules.ask()
        return {"asked": True}


def _add_one(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/{number}",
        response_model=RuleDetail,
        operation_id="getRule",
        summary="Get a rule",
        responses=also(404, SAME),
    )
    async def one_rule(request: Request, rules: Rules, number: Number) -> Response:
        """What it asks, as its author wrote it and as it is understood, and the texts that it had before."""
        with _refusals():
            found = next((one for one in (await rules.in_force()).rules if one.id == number), None)
            if found is None:
                raise Refused(404, f"no rule {number} is in force")
            text = await asyncio.to_thread(rules.source_text, found)
        known = await store.read(revisions.of_rule, number)
        before = [
            {name: to_json(getattr(one, name)) for name in ("revision", "title", "first_used_at")} for one in known
        ]
        return answer(request, _row(found) | {"text": text, "tree": found.tree, "revisions": before})


def _row(rule: RuleInfo) -> dict[str, Any]:
    path, line, _ = (*rule.where.rsplit(":", 2), "", "")[:3]
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "status": rule.status,
        "notify": list(rule.notify),
        "revision": rule.revision,
        "file": re.split(r"[/\\]", path)[-1],
        "line": int(line) if line.isdigit() else 0,
        "found_by": rule.found_by,
        "test_count": rule.test_count,
    }


def _seen(if_match: str | None, if_none_match: str | None) -> str | None:
    """The etag of the file that was seen, or None for a new one; else 412, 422 or 428."""
    if (if_match is None) == (if_none_match is None):
        raise Refused(428, "say which file you have seen: If-Match with its ETag, or If-None-Match: * for a new one")
    if if_match is None:
        if (if_none_match or "").strip() != "*":
            raise Refused(412, "If-None-Match takes * here: for a file that is not there yet")
        return None
    return _bare(if_match)


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


@contextmanager
def _refusals(*, faults: int = 422) -> Iterator[None]:
    """Answer what cannot be; with the status ``faults`` when the rules would not check."""
    try:
        yield
    except DraftFaults as error:
        told = [{"where": _place(one), "problem": one["problem"], **one} for one in error.findings]
        raise Refused(faults, str(error), told) from error
    except UnknownRuleFile as error:
        raise Refused(404, str(error)) from error
    except DraftChanged as error:
        raise Refused(412, str(error)) from error
    except DraftBusy as error:
        raise Refused(503, str(error), headers={"Retry-After": "10"}) from error
    except ValueError as error:
        raise Refused(422, str(error)) from error
    except (ConfigError, EightkError) as error:
        raise Refused(409, str(error)) from error


def _place(found: dict[str, Any]) -> str:
    return f"{found['file']}:{found['line']}:{found['column']}" if found["line"] else str(found["file"])
