"""The API's description as a page: rendered here, from what a program reads at ``/v1/openapi.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from watcher.web.api.described import operations
from watcher.web.pages.templating import show

__all__ = ["api_docs"]

Schema = dict[str, Any]
_CODE = re.compile("`{1,2}([^`]+)`{1,2}")
# What every route can answer, told once.
_ALWAYS = frozenset({"401", "403", "421", "422", "429", "500", "503"})


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a key of an object."""

    name: str
    kind: str
    words: Markup | str
    place: str = ""
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked."""

    id: str
    method: str
    path: str
    summary: str
    words: Markup
    is_write: bool
    fields: tuple[Field, ...]
    body: str
    answers: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that is asked with, or answered."""

    name: str
    words: Markup
    fields: tuple[Field, ...]
    values: tuple[str, ...]
    example: str


def api_docs() -> APIRouter:
    """Build the route."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/v1/docs")
    async def page(request: Request) -> HTMLResponse:
        described = request.app.openapi()
        found = [(operation["tags"][0], _route(*told)) for told in _told(described) for operation in [told[2]]]
        groups = [
            (tag | {"description": _shown(tag["description"])}, [route for name, route in found if name == tag["name"]])
            for tag in described["tags"]
            if any(name == tag["name"] for name, _ in found)
        ]
        shapes = [_shape(name, schema) for name, schema in sorted(described["components"]["schemas"].items())]
        about = described["info"]["description"].split("\n\n")
        context = {"about": [_shown(part) for part in about], "groups": groups, "shapes": shapes}
        return show(request, "api.html", context, here="/v1/docs")

    return routes


def _told(described: Schema) -> Iterator[tuple[str, str, Schema]]:
    return (one for one in operations(described) if one[2].get("tags"))


def _route(path: str, method: str, operation: Schema) -> Route:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields = [_parameter(one) for one in operation.get("parameters", ()) if one["name"].lower() != "authorization"]
    answers = [
        Field(status, " or ".join(_content(told)), told.get("description", ""))
        for status, told in operation["responses"].items()
        if status not in _ALWAYS
    ]
    return Route(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        _shown(operation.get("description", "")),
        "security" in operation,
        tuple(fields),
        _kind(body) if body else "",
        tuple(answers),
    )


def _parameter(one: Schema) -> Field:
    words = one.get("description", "") or one["schema"].get("description", "")
    return Field(one["name"], _kind(one["schema"]), _shown(words), one["in"], bool(one.get("required")))


def _content(told: Schema) -> Iterator[str]:
    for media, content in told.get("content", {}).items():
        kind = _kind(content.get("schema", {}))
        yield kind if media.endswith("json") and kind else media


def _shape(name: str, schema: Schema) -> Shape:
    needed = schema.get("required", ())
    fields = [
        Field(key, _kind(one), _shown(one.get("description", "")), is_needed=key in needed)
        for key, one in schema.get("properties", {}).items()
    ]
    example = schema.get("example")
    shown = "" if example is None else json.dumps(example, indent=1, ensure_ascii=False)
    return Shape(
        name, _shown(schema.get("description", "")), tuple(fields), tuple(map(str, schema.get("enum", ()))), shown
    )


def _shown(words: str) -> Markup:
    """Words of a description for a page: what stands between backticks is code."""
    parts = enumerate(_CODE.split(words))  # words, code, words, and so on
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in parts
    )


def _kind(schema: Schema) -> str:
    """What a value is, in a word or two: ``list of Item, or null``."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {})) or 'anything'}"
    return str(schema.get("format") or schema.get("type") or "")
