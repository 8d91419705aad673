"""Answers: JSON, or CSV for spreadsheets, with a validator by which a client asks again for no more than a word."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from watcher.printable import printable

__all__ = ["SAME", "Responses", "also", "answer", "csv_text", "is_fresh", "is_wanted_as_csv", "listed"]

Responses = dict[int | str, dict[str, Any]]
SAME = 304

CSV = "text/csv; charset=utf-8; header=present"
# A spreadsheet would run a cell that begins with one of these as a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def also(*statuses: int) -> Responses:
    """Describe what else a route answers with; `described` has the words."""
    return {status: {} for status in statuses}


def answer(request: Request, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, or with 304 when the client has the very same."""
    return _validated(request, JSONResponse(body, headers=headers))


def listed(
    request: Request,
    body: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    form: str | None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with the body, or with a table of its rows, as the request asks for."""
    told = {"Vary": "Accept", **(headers or {})}
    if is_wanted_as_csv(request, form):
        return _validated(request, Response(csv_text(rows, columns), headers=told, media_type=CSV))
    return answer(request, body, told)


def is_wanted_as_csv(request: Request, form: str | None) -> bool:
    """Whether a table is asked for, by the parameter or else by the header: when that names CSV, and no JSON."""
    accept = request.headers.get("accept", "").lower()
    return form == "csv" if form is not None else "text/csv" in accept and "json" not in accept


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    r"""Write a table as RFC 4180 has it: names first, ``\r\n`` after each line; no byte order mark at its head."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue()


def is_fresh(request: Request, etag: str) -> bool:
    """Whether the client says that it has what this validator stands for; the weak comparison of RFC 9110, 13.1.2."""
    asked = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return "*" in asked or etag.removeprefix("W/") in asked


def _validated(request: Request, made: Response) -> Response:
    # Weak: packed or not, it means the same.
    etag = f'W/"{hashlib.sha256(made.body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_fresh(request, etag):
        kept = {name: made.headers[name] for name in ("vary", "link") if name in made.headers}
        return Response(status_code=304, headers=headers | kept)
    made.headers.update(headers)
    return made


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    text = "" if value is None else str(value)
    text = f"'{text}" if text.startswith(_FORMULAS) else text
    # What steers a terminal, or turns a name around, is written out; an end of a line stays one.
    return printable(text.replace("\r\n", "\n").replace("\r", "\n"))
