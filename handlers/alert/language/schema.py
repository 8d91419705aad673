"""The rule files' form as a JSON Schema, for editors: made from the tables by which rule files are read.

Draft 7, which editors know best (https://json-schema.org/draft-07). It accepts every file that the reader does, but for
values such as ``~`` of which that warns; what it cannot say, such as which names go with which, the reader alone finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from handlers.alert.language.annotations import MOST_ANNOTATIONS, NAME_PATTERN
from handlers.alert.language.clauses import CASED, NEAR_KEYS, ONE_VALUE
from handlers.alert.language.files import GROUP_KEYS, RULE_FILE_KEYS, VERSION
from handlers.alert.language.lists import LIST_KEYS
from handlers.alert.language.match import CONDITION
from handlers.alert.language.pacing import (
    ACTIVE_KEYS,
    CLOCK_PATTERN,
    DAYS,
    DURATION_PATTERN,
    GROUPING_KEYS,
    MOST_TELLINGS,
    MOST_TOGETHER,
    NONE,
    OUTSIDE,
    THROTTLE_KEYS,
)
from handlers.alert.language.rule_reader import (
    DEFAULT_KEYS,
    ID_PATTERN,
    INHIBITS_KEYS,
    ONE_ALERT,
    RULE_KEYS,
    SEVERITIES,
    STATUSES,
)
from handlers.alert.language.tests import INLINE_KEYS, OUTCOMES
from handlers.alert.matching.conditions import NAME_PATTERN as SELECTION_PATTERN
from handlers.alert.matching.fields import (
    FACTS,
    FIELDS,
    FORMS,
    ITEM_NUMBERS,
    LIST_TYPES,
    Field,
    Operator,
    field_named,
)
from watcher import Session
from watcher.words import MAX_WITHIN_WORDS

__all__ = ["rule_schema"]

Schema = dict[str, Any]

# Fields that are made from a number: what stands for all of them, and the names that they may have.
_MADE_FROM_NUMBERS = (
    ("text.item.5_02", r"text\.item\.[0-9_]{1,4}"),
    ("text.ex99", r"text\.ex[0-9]{1,3}(?:_[0-9A-Za-z]{1,4})?"),
)
# What an editor offers; any other value is left to the reader, which knows lists, capitals and what else there is.
_OFFERED: Mapping[str, Iterable[str]] = {
    "form": FORMS,
    "item": ITEM_NUMBERS,
    "session": [session.value for session in Session],
    "severity": SEVERITIES,
}
_MEANINGS = {
    "id": "Its name, unique over all files, whatever the case; part of the alert's id, so keep it.",
    "title": "What a person reads.",
    "status": "For people; a rule that says stable should have tests.",
    "severity": "How much it matters; medium if not given.",
    "tags": "For people.",
    "references": "For people.",
    "include_amendments": "true to match amendments such as 8-K/A, too; false if not given.",
    "match": "What must be so: fields with what is asked of them, or named selections with a condition.",
    "notify": "Names of endpoints; log is always there. [] keeps the alert and tells nobody.",
    "annotations": "summary is the line that a person reads first; any other name is told along. Fields in {brackets}.",
    "false_positives": "For people.",
    "inhibits": "Rules whose alerts on the same filing are not told beside this one's.",
    "dedup_key": "A rule raises one alert for each filing, always: this need not be written.",
    "tests": "Filings made up by you, and whether the rule fires on them.",
    "throttle": "At most max tellings in the window for each value of the fields; none takes a default back.",
    "group": "Alerts are told together, wait after the first, or once there are max.",
    "active": "Told in these hours only.",
    "expires": "After this time it is not sent any more, such as 6h.",
}


def rule_schema() -> Schema:
    """Return the schema of rule files."""
    defaults = {"$ref": "#/definitions/defaults"}
    group: Schema = {"name": _ref("text"), "defaults": defaults, "rules": {"type": "array", "items": _ref("rule")}}
    file: Schema = {
        "version": {"enum": [VERSION, int(VERSION)]},
        "lists": {"type": "object", "additionalProperties": _ref("list")},
        "phrases": {"type": "object", "additionalProperties": _ref("values")},
        "defaults": defaults,
        "groups": {"type": "array", "items": _ref("group")},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Alert rules of eightk",
        **_map(file, RULE_FILE_KEYS, required=("version", "groups")),
        "definitions": {
            **_small(),
            "list": _list(),
            "defaults": _map(_rule_parts(), DEFAULT_KEYS),
            "group": _map(group, GROUP_KEYS, required=("name", "rules")),
            "rule": _map(_rule_parts(), RULE_KEYS, required=("id", "title", "match")),
            "match": _match(),
            "clauses": _clauses(),
            "filing": _filing(),
        },
    }


def _small() -> Schema:
    """What many parts are made of. All values are read as text, whatever an editor takes them for."""
    text = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
    duration = {"type": "string", "pattern": _whole(DURATION_PATTERN)}
    return {
        "text": text,
        "texts": {"anyOf": [_ref("text"), {"type": "array", "items": _ref("text")}]},
        "values": {"anyOf": [_ref("text"), {"type": "array", "items": _ref("text"), "minItems": 1}]},
        "flag": {"enum": [True, False, "true", "false"]},
        "duration": {**duration, "examples": ["15m", "24h", "7d"]},
        "facts": {"anyOf": [{"enum": list(FACTS)}, {"type": "array", "items": {"enum": list(FACTS)}}]},
        "near": _map(
            {"a": _ref("values"), "b": _ref("values"), "within_words": _number(0, MAX_WITHIN_WORDS)},
            NEAR_KEYS,
            required=NEAR_KEYS,
        ),
    }


def _list() -> Schema:
    parts = {"values": _ref("values"), "file": _ref("text"), "column": _ref("text"), "type": {"enum": [*LIST_TYPES]}}
    return {
        **_map(parts, LIST_KEYS),
        "oneOf": [{"required": ["values"]}, {"required": ["file", "column"]}],
    }


def _rule_parts() -> Schema:
    """Every key of a rule; those of defaults are among them."""
    parts = {
        "id": {"type": ["string", "number", "boolean"], "pattern": _whole(ID_PATTERN)},
        "title": _ref("text"),
        "status": {"enum": [*STATUSES]},
        "severity": {"enum": [*SEVERITIES]},
        "tags": _ref("texts"),
        "references": _ref("texts"),
        "include_amendments": _ref("flag"),
        "match": _ref("match"),
        "notify": _ref("texts"),
        "annotations": {
            "type": "object",
            "propertyNames": {"pattern": _whole(NAME_PATTERN)},
            "properties": {"summary": _ref("text")},
            "additionalProperties": _ref("text"),
            "maxProperties": MOST_ANNOTATIONS,
        },
        "false_positives": _ref("texts"),
        "inhibits": _inhibits(),
        "dedup_key": {"type": "array", "items": {"enum": [*ONE_ALERT]}},
        "tests": {"type": "array", "items": _test()},
        **_pace(),
    }
    return {name: {"description": _MEANINGS[name], **_described(part)} for name, part in parts.items()}


def _described(part: Schema) -> Schema:
    """Beside a reference nothing else counts in this draft, a description neither."""
    return {"allOf": [part]} if "$ref" in part else part


def _inhibits() -> Schema:
    parts = {"rules": _ref("texts"), "same": {"anyOf": [{"const": "accession"}, {"const": ["accession"]}]}}
    one = {"anyOf": [_ref("text"), _map(parts, INHIBITS_KEYS, required=("rules",))]}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _pace() -> Schema:
    throttle = {"key": _ref("facts"), "window": _ref("duration"), "max": _number(1, MOST_TELLINGS)}
    grouping = {"by": _ref("facts"), "wait": _ref("duration"), "max": _number(2, MOST_TOGETHER)}
    clock = {"type": "string", "pattern": _whole(CLOCK_PATTERN)}
    days = {"anyOf": [{"enum": [*DAYS]}, {"type": "array", "items": {"enum": [*DAYS]}, "minItems": 1}]}
    active = {"timezone": _ref("text"), "days": days, "from": clock, "to": clock, "outside": {"enum": [*OUTSIDE]}}
    parts = {
        "throttle": _map(throttle, THROTTLE_KEYS, required=("window",)),
        "group": _map(grouping, GROUPING_KEYS, required=("wait",)),
        "active": _map(active, ACTIVE_KEYS),
        "expires": _ref("duration"),
    }
    return {name: {"anyOf": [part, {"const": NONE}]} for name, part in parts.items()}


def _match() -> Schema:
    """One map of clauses, or with a condition named selections, each of them a map or a list of maps."""
    alternatives = {"anyOf": [_ref("clauses"), {"type": "array", "items": _ref("clauses"), "minItems": 1}]}
    selections = {
        "properties": {CONDITION: _ref("text")},
        "propertyNames": {"pattern": _whole(SELECTION_PATTERN)},
        "additionalProperties": alternatives,
    }
    return {"type": "object", "if": {"required": [CONDITION]}, "then": selections, "else": _ref("clauses")}


def _clauses() -> Schema:
    properties: Schema = {}
    patterns: Schema = {}
    for field in FIELDS.values():
        properties |= {f"{field.name}{_modifier(one)}": _value(field, one) for one in field.type.operators}
        if field.type.is_text:
            patterns |= _texts(field, re.escape(field.name))
    for example, pattern in _MADE_FROM_NUMBERS:
        field = _field(example)
        properties |= {f"{example}{_modifier(one)}": _value(field, one) for one in field.type.operators}
        patterns |= _texts(field, pattern)
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": False,
        "minProperties": 1,
    }


def _texts(field: Field, pattern: str) -> Schema:
    """A text may be asked for in its case: ``cased`` stands before or after the modifier."""
    cased = rf"(?:\|{CASED})*"
    return {f"^{pattern}{cased}{re.escape(_modifier(one))}{cased}$": _value(field, one) for one in field.type.operators}


def _modifier(operator: Operator) -> str:
    return f"|{operator.value}" if operator.value else ""


def _value(field: Field, operator: Operator) -> Schema:
    match operator:
        case Operator.EXISTS:
            return _ref("flag")
        case Operator.NEAR:
            return _ref("near")
        case Operator.RE:
            return _ref("values")
    offered = _OFFERED.get(field.type.name)
    one: Schema = {"anyOf": [{"enum": [*offered]}, _ref("text")]} if offered else _ref("text")
    if operator in ONE_VALUE:
        return one
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _test() -> Schema:
    parts = {
        "name": _ref("text"),
        "filing": {"anyOf": [_ref("filing"), {"type": "string", "pattern": r"\S"}]},
        "lists": {"type": "object", "additionalProperties": _ref("texts")},
        "expect": {"enum": [*OUTCOMES]},
    }
    return _map(parts, INLINE_KEYS, required=("name", "filing", "expect"))


def _filing() -> Schema:
    """What a made-up filing has: the facts and texts, several values or one, some with more to tell of each."""
    several = {"anyOf": [_ref("texts"), {"type": "object"}]}
    names = (*FACTS, *FIELDS, *(example for example, _ in _MADE_FROM_NUMBERS if field_named(example)))
    nested = sorted({name.rpartition(".")[0] for name in names} - {""})
    return {
        "type": "object",
        "properties": {**dict.fromkeys(names, several), **{name: {"type": "object"} for name in nested}},
        "patternProperties": {f"^{pattern}$": _ref("text") for _, pattern in _MADE_FROM_NUMBERS},
        "additionalProperties": False,
    }


def _field(name: str) -> Field:
    found = field_named(name)
    if found is None:
        raise KeyError(name)
    return found


def _map(parts: Mapping[str, Schema], keys: Iterable[str], *, required: Iterable[str] = ()) -> Schema:
    """A map that has these keys and no others: the reader's own table of them says which. Raises ``KeyError``."""
    made: Schema = {
        "type": "object",
        "properties": {name: parts[name] for name in keys},
        "additionalProperties": False,
    }
    return {**made, "required": [*required]} if required else made


def _number(least: int, most: int) -> Schema:
    number = {"type": "integer", "minimum": least, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": r"^[0-9]{1,11}$"}]}


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
