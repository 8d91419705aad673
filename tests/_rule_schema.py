"""Rule files as an editor sees them: YAML 1.2 values, held against the schema."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft7Validator

from handlers.alert import MatchRules


class _Loader(yaml.BaseLoader):
    """Takes for numbers and the like what the core schema of YAML 1.2 does; all else is text, days and times too."""


_CORE = (
    ("tag:yaml.org,2002:null", r"(?:~|null|Null|NULL|)", "~nN\0"),
    ("tag:yaml.org,2002:bool", r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
)
_MADE = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": float,
}


def _made(make: Callable[[str], Any]) -> Callable[[Any, Any], Any]:
    return lambda loader, node: make(loader.construct_scalar(node))


for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), list(_first))
    _Loader.add_constructor(_tag, _made(_MADE[_tag.rpartition(":")[2]]))


@cache
def validator() -> Draft7Validator:
    schema = MatchRules.rule_schema()
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def seen(text: str) -> Any:
    """What an editor reads of a file."""
    return yaml.load(text.removeprefix("\ufeff"), Loader=_Loader)


def complaints(text: str) -> Iterator[str]:
    """What an editor would underline."""
    for error in validator().iter_errors(seen(text)):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
