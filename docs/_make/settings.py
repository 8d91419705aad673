"""``reference/settings.md``: every setting, from the models by which the file is checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs._make.words import ABOUT, WORDS
from docs._make.writing import code, one_line, page, table, words_of
from watcher.handler import Handler, Notifier
from watcher.registry import Found, discover
from watcher.settings import EndpointSettings, Section, Settings

__all__ = ["ENVIRONMENT", "every_setting", "settings_page"]

# What the environment sets, whatever the file says; `watcher/config.py` reads it.
ENVIRONMENT = {"edgar.contact": "EIGHTK_CONTACT"}
_FACTS = ("endpoint", "handler", "file", "base")
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number", Path: "path", Any: "anything"}


def every_setting() -> dict[str, FieldInfo]:
    """Return each setting of the file by its full name; those of an endpoint begin with ``endpoint.NAME``."""
    found: dict[str, FieldInfo] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            found |= {f"{name}.{key}": one for key, one in type(field.default).model_fields.items()}
        elif name not in _FACTS:
            found[name] = field
    return found | {f"endpoint.NAME.{key}": one for key, one in EndpointSettings.model_fields.items()}


def settings_page() -> str:
    """Return the page."""
    found = sorted(discover(None), key=lambda one: one.name)
    kinds = [one for one in found if issubclass(one.handler, Notifier)]
    steps = [one for one in found if issubclass(one.handler, Handler) and _given(one.handler)]
    return page(
        "Settings",
        ABOUT["settings"],
        *(_section(name, words, model) for name, words, model in _tables()),
        "## Endpoints by kind\n\nWhat stands in `[endpoint.NAME]` beside the settings above, for each `kind`: "
        "[notifiers.md](../notifiers.md), [webhooks.md](../webhooks.md).",
        *(_own(one, "###", "kind") for one in kinds),
        "## Handlers\n\nWhat stands in `[handler.NAME]`: the keyword arguments of the handler's constructor, also of "
        "one of [your own](../handlers.md). Of those that come along these have any:",
        *(_own(one, "###", "handler") for one in steps),
    )


def _tables() -> Iterator[tuple[str, str, Mapping[str, FieldInfo]]]:
    top = {name: field for name, field in every_setting().items() if "." not in name}
    yield "", "", top
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            model = type(field.default)
            yield f"{name}.", words_of(model.__doc__), model.model_fields
    yield "endpoint.NAME.", words_of(EndpointSettings.__doc__), EndpointSettings.model_fields


def _section(prefix: str, words: str, fields: Mapping[str, FieldInfo]) -> str:
    rows = [_row(prefix + name, field) for name, field in fields.items()]
    shown = table(["setting", "type", "default", "meaning"], rows)
    return f"## `[{prefix.rstrip('.')}]`\n\n{words}\n\n{shown}" if prefix else f"## Without a table\n\n{shown}"


def _row(name: str, field: FieldInfo) -> tuple[str, ...]:
    bounds = [
        f"{words} {_number(getattr(one, key))}"
        for one in field.metadata
        for key, words in _BOUNDS.items()
        if hasattr(one, key)
    ]
    default = "" if field.is_required() else _default(field.default)
    told = [(field.description or "").removesuffix("."), WORDS["settings"].get(name, "")]
    if name in ENVIRONMENT:
        told.append(f"environment: {code(ENVIRONMENT[name])}")
    return code(name), ", ".join([_kind(field.annotation), *bounds]), default, "; ".join(filter(None, told))


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _own(one: Found, mark: str, what: str) -> str:
    words = words_of(one.handler.__doc__).split("\n\n", maxsplit=1)[0]
    rows = [(code(name), kind, default) for name, kind, default in _given(one.handler)]
    return f"{mark} {what} `{one.name}`\n\n{words}\n\n{table(['setting', 'type', 'default'], rows)}"


def _given(handler: type[Handler] | type[Notifier]) -> list[tuple[str, str, str]]:
    """What a constructor takes: name, type, default."""
    build = handler.__init__
    if build is object.__init__:
        return []
    hints = get_type_hints(build)
    given = [one for one in inspect.signature(build).parameters.values() if one.kind is one.KEYWORD_ONLY]
    return [
        (one.name, _kind(hints.get(one.name)), "needed" if one.default is one.empty else _default(one.default))
        for one in given
    ]


def _default(value: Any) -> str:
    return "" if value is None else code(one_line(value))


def _kind(annotation: Any) -> str:
    """What a value is, in words."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "one of " + ", ".join(code(one_line(one)) for one in inside)
    if origin is tuple:
        return f"list of {_kind(inside[0])}"
    if origin in (Union, UnionType):
        return " or ".join(_kind(one) for one in inside if one is not type(None))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of {_kind(inside[1])}"
    return "table" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else str(annotation)
