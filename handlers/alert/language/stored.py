"""A rule as the store keeps it, written as YAML again: whole for the reader of rule files, in short for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from handlers.alert.language.match import CONDITION
from handlers.alert.language.nodes import Place, Scalar
from handlers.alert.language.rule_reader import RULE_KEYS
from handlers.alert.language.scalars import ambiguous_scalars

__all__ = ["endpoints_in", "readable_source", "rule_file"]

_WIDTH = 10_000  # a line that is broken in the middle of a text is harder to read than a long one
_SHOWN_VALUES = 20
_MARKS = ("@", "&")  # of lists and phrase sets
_PARTS = ("lists", "phrases", "defaults", "rule")
_NOWHERE = Place(1, 1)  # nobody is told of it


def rule_file(source: str) -> str:
    """Return a rule file that holds this one rule, and all that it takes from elsewhere. Raises ``ValueError``."""
    whole = _whole(source)
    lists = {name: {"values": values} for name, values in whole["lists"].items()}
    groups = [{"name": "stored", "rules": [whole["rule"]]}]
    said = {"version": "1", "lists": lists, "phrases": whole["phrases"], "defaults": whole["defaults"]}
    return _dumped({**{name: one for name, one in said.items() if one}, "groups": groups})


def readable_source(source: str) -> str:
    """Return what a rule says with all that it takes from elsewhere, for a person. Raises ``ValueError``."""
    whole = _whole(source)
    whole["lists"] = {name: {"values": _in_short(values)} for name, values in whole["lists"].items()}
    whole["phrases"] = {name: _in_short(values) for name, values in whole["phrases"].items()}
    return _dumped({name: whole[name] for name in _PARTS if whole[name]})


def endpoints_in(source: str) -> frozenset[str]:
    """Return the endpoints that the rule notified, which may not be there any more. Raises ``ValueError``."""
    whole = _whole(source)
    named = whole["rule"].get("notify", whole["defaults"].get("notify", ()))
    return frozenset((named,) if isinstance(named, str) else named)


def _whole(source: str) -> dict[str, dict[str, Any]]:
    whole = json.loads(source)
    if not isinstance(whole, dict) or not isinstance(whole.get("rule"), dict):
        raise ValueError("expected an object with a rule in it")  # noqa: TRY004  # of a text, not of an argument
    return {**{name: whole.get(name) or {} for name in _PARTS}, "rule": _in_order(whole["rule"])}


def _in_order(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The keys as the documentation has them: what is kept has them by the alphabet."""
    ordered = {name: rule[name] for name in (*RULE_KEYS, *rule) if name in rule}
    match = ordered.get("match")
    if isinstance(match, dict) and CONDITION in match:
        others = {name: one for name, one in match.items() if name != CONDITION}
        ordered["match"] = {**others, CONDITION: match[CONDITION]}
    return ordered


def _in_short(values: list[str]) -> list[str]:
    more = len(values) - _SHOWN_VALUES
    return [*values[:_SHOWN_VALUES], f"... and {more} more"] if more > 0 else values


class _Dumper(yaml.BaseDumper):
    """Writes text, lists and maps, and nothing else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> yaml.Node:
    is_ambiguous = any(ambiguous_scalars(Scalar(text, _NOWHERE, is_plain=True)))
    is_quoted = is_ambiguous or text.startswith(_MARKS)
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style='"' if is_quoted else None)


def _list(dumper: Any, values: list[Any]) -> yaml.Node:
    is_flat = all(isinstance(one, str) for one in values)
    nodes = [dumper.represent_data(one) for one in values]
    return yaml.SequenceNode("tag:yaml.org,2002:seq", nodes, flow_style=is_flat)


def _map(dumper: Any, values: Mapping[str, Any]) -> yaml.Node:
    pairs = [(dumper.represent_data(name), dumper.represent_data(one)) for name, one in values.items()]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=not values)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _map)


def _dumped(value: Any) -> str:
    written: str = yaml.dump(value, Dumper=_Dumper, width=_WIDTH, allow_unicode=True, sort_keys=False)
    return written
