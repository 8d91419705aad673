"""``reference/rules.md``: fields, modifiers and keys of rule files, from the tables by which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs._make.words import ABOUT, words_for
from docs._make.writing import code, page, table
from handlers.alert import MatchRules
from handlers.alert.language.clauses import ONE_VALUE
from handlers.alert.matching.fields import FACTS, FIELDS, LIST_TYPES, Field, Operator, field_named

__all__ = ["every_field", "rules_page"]

_FROM_NUMBERS = ("text.item.5_02", "text.ex99")
_NONE = "(none)"


def every_field() -> dict[str, Field]:
    """Return each field by its name; of those that are made from a number one example."""
    made = {name: field for name in _FROM_NUMBERS if (field := field_named(name)) is not None}
    return {**FIELDS, **made}


def rules_page() -> str:
    """Return the page. Raises ``ValueError`` when a field, a modifier or a type has no words."""
    fields = every_field()
    words = words_for("fields", fields)
    rows = [
        (code(name), words[name], _type(field), ", ".join(map(_modifier, field.type.operators)))
        for name, field in fields.items()
    ]
    return page(
        "Rules: fields, modifiers, keys",
        ABOUT["rules"],
        "## Fields\n\n" + table(["field", "what it is", "value", "modifiers"], rows),
        "A text takes `|cased`, too, before or after its modifier; without it case does not matter.",
        "## Modifiers\n\n" + table(["modifier", "it holds where the field", "takes"], _modifiers()),
        "## Keys\n\nA key with `*` must be there.",
        *_keys(MatchRules.rule_schema()),
        "## Facts\n\nWhat annotations quote in `{brackets}`, and `throttle.key` and `group.by` count by: "
        + ", ".join(map(code, FACTS))
        + ".\n\nWhat `type` of a list may be: "
        + ", ".join(map(code, LIST_TYPES))
        + ".",
    )


def _type(field: Field) -> str:
    return words_for("types", {one.type.name for one in every_field().values()})[field.type.name]


def _modifier(one: Operator) -> str:
    return code(one.value) if one.value else _NONE


def _modifiers() -> Iterator[tuple[str, ...]]:
    words = words_for("operators", [one.value for one in Operator])
    for one in Operator:
        takes = (
            "`a`, `b`, `within_words`"
            if one is Operator.NEAR
            else "one value"
            if one in ONE_VALUE
            else "one or several"
        )
        yield _modifier(one), words[one.value], takes


def _keys(schema: Mapping[str, Any]) -> Iterator[str]:
    """What the schema has of the maps of a rule file: their keys, and what each means where it says so."""
    inside = schema["definitions"]
    rule = inside["rule"]["properties"]
    maps = {
        "a rule file": schema,
        "a list": inside["list"],
        "a group": inside["group"],
        "defaults (of a file or a group)": inside["defaults"],
        "a rule": inside["rule"],
        "throttle": rule["throttle"]["anyOf"][0],
        "group (of alerts)": rule["group"]["anyOf"][0],
        "active": rule["active"]["anyOf"][0],
        "inhibits": rule["inhibits"]["anyOf"][0]["anyOf"][1],
        "a test": rule["tests"]["items"],
    }
    for name, one in maps.items():
        keys = [code(key) + ("*" if key in one.get("required", ()) else "") for key in one["properties"]]
        told = [(code(key), part["description"]) for key, part in one["properties"].items() if part.get("description")]
        is_rule = name == "a rule"
        shown = table(["key", "meaning"], told) if is_rule else ", ".join(keys)
        needed = f"\n\nNeeded: {', '.join(map(code, one['required']))}." if is_rule else ""
        yield f"### {name[:1].upper()}{name[1:]}\n\n{shown}{needed}"
