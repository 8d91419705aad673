"""The API's description of itself: what every route can answer beside its own, and nothing that it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from watcher.web.api.shapes import Problem

__all__ = ["describe", "operations"]

Operation = dict[str, Any]

_ABOUT = """What eightk knows of filings, and what it does about them.

Errors are problem details (RFC 9457). Lists go a page at a time by `cursor`. See docs/api.md for first steps."""
_TAGS = {
    "filings": "What was filed, what was found in it, and its raw bytes.",
    "alerts": "What rules raised, for whoever fetches it, or looks at who was told.",
    "deliveries": "What endpoints are owed and were told, with every attempt.",
    "endpoints": "Where alerts are told.",
    "rules": "What raises alerts; drafts of it.",
    "silences": "What nobody is told of for a while.",
    "completeness": "The store against EDGAR's own indexes, and the past.",
    "lists": "EDGAR's lists: sources, channels, companies.",
    "stream": "What happens, as it happens.",
    "watching": "How the watcher itself is.",
}
# What any request can be answered with, and what one that changes things, or brings a body.
_ALWAYS = (401, 421, 422, 429, 500, 503)
_WRITES = (403,)
_BODIES = (400, 413, 415)
_WORDS = {
    400: "The body cannot be read",
    401: "A token is needed",
    403: "The token may only read",
    404: "There is no such thing",
    409: "It cannot be done now",
    412: "The file is another one than was seen",
    413: "The body is too long",
    415: "The body is no JSON",
    421: "This host is not served here",
    422: "The request cannot be: each fault is told",
    428: "It must be said which file was seen",
    429: "Too many wrong tokens",
    500: "A fault of eightk's own",
    503: "It cannot be done for a while",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def describe(app: FastAPI) -> None:
    """Have the application describe itself so."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as its own documentation has it


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Give every path, method and operation."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _described(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": words} for name, words in _TAGS.items()]
    made = get_openapi(title="eightk", version=_version(), description=_ABOUT, routes=app.routes, tags=tags)
    schemas = made["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, method, operation in operations(made):
        if path.startswith("/v1"):
            _complete(operation, is_write=method not in ("get", "head"))
    return made


def _version() -> str:
    try:
        return version("eightk")
    except PackageNotFoundError:  # run from its sources alone
        return "0"


def _complete(operation: Operation, *, is_write: bool) -> None:
    told = operation["responses"]
    told.update({str(status): {} for status in _statuses(operation, is_write=is_write)})
    for status, answer in told.items():
        if int(status) >= 400:
            told[status] = {"description": _WORDS[int(status)], "content": _PROBLEM}
        elif any(one["name"] == "format" for one in operation.get("parameters", ())):
            answer.setdefault("content", {})["text/csv"] = {"schema": {"type": "string"}}
        if status == "304":
            told[status] = {"description": "The client has it already"}
    operation["responses"] = dict(sorted(told.items()))
    if is_write:
        operation["security"] = [{"token": []}]


def _statuses(operation: Operation, *, is_write: bool) -> set[int]:
    return {*_ALWAYS, *(_WRITES if is_write else ()), *(_BODIES if "requestBody" in operation else ())}
