"""What stands in a rule file and should not: values that another YAML reader takes for something else, and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from handlers.alert.language.nodes import Node, Place, Scalar, Series, Table

__all__ = ["ambiguous_scalars", "secrets_in"]

_SWITCH = re.compile(r"y|yes|n|no|true|false|on|off", re.IGNORECASE)
_NULL = re.compile(r"~|null", re.IGNORECASE)
# https://yaml.org/type/int.html and float.html: with leading zeros, underscores, other bases, or minutes and seconds.
_NUMBER = re.compile(
    r"""[-+]?(?:0b[01_]+|0x[0-9a-f_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
        |[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+][0-9]+)?|\.[0-9_]+(?:e[-+][0-9]+)?|\.inf)|\.nan""",
    re.IGNORECASE | re.VERBOSE,
)
_SAME_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.0|\.[0-9]*[1-9])?")
_SECRETS = {
    "a signing secret": re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,}"),
    "a URL with a password in it": re.compile(r"https?://[^\s/@\"']+@"),
    "the URL of a chat's webhook, which is a secret": re.compile(
        r"https://(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/\S{8,}"
    ),
}


def ambiguous_scalars(node: Node) -> Iterator[tuple[Scalar, str]]:
    """Give each value without quotes that YAML takes for something else than its letters, and for what."""
    match node:
        case Scalar():
            taken_for = _taken_for(node)
            if taken_for:
                yield node, taken_for
        case Series():
            for one in node.nodes:
                yield from ambiguous_scalars(one)
        case Table():
            for entry in node.entries:
                yield from ambiguous_scalars(entry.key)
                yield from ambiguous_scalars(entry.value)


def _taken_for(scalar: Scalar) -> str:
    text = scalar.text
    if not scalar.is_plain or text in ("true", "false"):
        return ""
    if _SWITCH.fullmatch(text):
        return "true or false"
    if _NULL.fullmatch(text):
        return "nothing"
    return "another number" if _NUMBER.fullmatch(text) and not _SAME_NUMBER.fullmatch(text) else ""


def secrets_in(text: str) -> Iterator[tuple[Place, str]]:
    """Give the place of each thing in a file, comments and all, that looks like a secret, and what it is."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in _SECRETS.items():
            for match in pattern.finditer(line):
                yield Place(number, match.start() + 1), what
