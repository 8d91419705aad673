"""``reference/api.md``: every operation of the API, by its own description of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from docs._make.pages import slug_of
from docs._make.words import ABOUT
from docs._make.writing import cell, code, page, paragraphs, table
from watcher.web.app import make_app
from watcher.web.desk import Desk

__all__ = ["api_page", "described", "every_operation"]

Schema = Mapping[str, Any]
# What every operation can answer, told once.
_ALWAYS = ("401", "421", "422", "429", "500", "503")


@cache
def described() -> Schema:
    """Return the description that the daemon gives."""
    nothing: Any = None  # an application that is never asked for more than its description
    return make_app(Desk(nothing, "", nothing, nothing, nothing, nothing)).openapi()


def every_operation(api: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Give the method, the path and what is told of each operation."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def api_page() -> str:
    """Return the page."""
    api = described()
    parts = []
    for tag in api["tags"]:
        inside = [one for one in every_operation(api) if tag["name"] in one[2].get("tags", ())]
        if inside:
            parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}")
            parts += [_operation(*one) for one in inside]
    probes = [one for one in every_operation(api) if not one[2].get("tags")]
    if probes:
        parts += ["## Others", *(_operation(*one) for one in probes)]
    shapes = [_shape(name, one) for name, one in sorted(api["components"]["schemas"].items())]
    return page("The API", ABOUT["api"], _always(api), *parts, "## Shapes", *shapes)


def _always(api: Schema) -> str:
    answers = api["paths"]["/v1/filings"]["get"]["responses"]
    rows = [(status, answers[status]["description"]) for status in _ALWAYS if status in answers]
    before = "Whatever is asked can be answered by one of these, a [Problem](#problem):"
    after = "What changes something needs a token that may write; else it is answered with 403."
    return f"{before}\n\n{table(['status', 'meaning'], rows)}\n\n{after}"


def _operation(method: str, path: str, operation: Schema) -> str:
    asked = [one for one in operation.get("parameters", ()) if one["name"].lower() != "authorization"]
    parts = [
        f"### {method} {path}",
        f"{operation.get('summary', '')}. {paragraphs(operation.get('description', ''))}".removeprefix(". "),
        table(["parameter", "in", "takes", "meaning"], map(_parameter, asked)),
        _body(operation),
        table(["answer", "meaning", "is"], _answers(operation)),
    ]
    return "\n\n".join(part for part in parts if part)


def _parameter(one: Schema) -> tuple[str, ...]:
    schema = one["schema"]
    words = one.get("description") or schema.get("description", "")
    needed = " (needed)" if one.get("required") else ""
    default = f"; {code(json.dumps(schema['default']))} if not given" if schema.get("default") not in (None, []) else ""
    return code(one["name"]), one["in"], _kind(schema) + _bounds(schema), f"{cell(words)}{default}{needed}"


def _bounds(schema: Schema) -> str:
    told = [f"at {word} {schema[key]}" for word, key in (("least", "minimum"), ("most", "maximum")) if key in schema]
    return f", {', '.join(told)}" if told else ""


def _body(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    kinds = " or ".join(f"{code(media)}: {_kind(one.get('schema', {}))}" for media, one in content.items())
    return f"Body: {kinds}." if kinds else ""


def _answers(operation: Schema) -> Iterator[tuple[str, ...]]:
    for status, told in operation["responses"].items():
        if status not in (*_ALWAYS, "403"):
            kinds = [
                f"{code(media)}: {kind}" if (kind := _kind(one.get("schema", {}))) else code(media)
                for media, one in told.get("content", {}).items()
            ]
            yield status, told.get("description", "").replace("Successful Response", ""), "; ".join(kinds)


def _shape(name: str, schema: Schema) -> str:
    needed = schema.get("required", ())
    rows = [
        (code(key) + ("*" if key in needed else ""), _kind(one) + _bounds(one), cell(one.get("description", "")))
        for key, one in schema.get("properties", {}).items()
    ]
    values = ", ".join(code(one) for one in schema.get("enum", ()))
    parts = [f"### {name}", paragraphs(schema.get("description", "")), table(["key", "is", "meaning"], rows), values]
    return "\n\n".join(part for part in parts if part)


def _kind(schema: Schema) -> str:
    """What a value is, in a word or two: ``list of [Item](#item) or null``."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{slug_of(name)})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {})) or 'anything'}"
    return str(schema.get("format") or schema.get("type") or "")
