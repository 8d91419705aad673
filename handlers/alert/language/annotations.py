"""Reads what a rule wants told beside its title: templates with placeholders such as ``{company}``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from handlers.alert.language.codes import Code
from handlers.alert.language.nodes import Node, Scalar
from handlers.alert.language.page import Page
from handlers.alert.matching.fields import FACTS, Field
from handlers.alert.matching.rules import Template

__all__ = ["MOST_ANNOTATIONS", "NAME_PATTERN", "Annotations", "read_annotations"]

_SUMMARY = "summary"
MOST_ANNOTATIONS = 20
NAME_PATTERN = r"[A-Za-z][A-Za-z0-9._-]{0,49}"
_NAME = re.compile(NAME_PATTERN)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|([{}])")


@dataclass(frozen=True, slots=True)
class Annotations:
    """The line that a person reads first, and what else is to be told, by name."""

    summary: Template | None = None
    others: tuple[tuple[str, Template], ...] = ()


def read_annotations(page: Page, node: Node | None, key: str) -> Annotations:
    """Read the ``annotations`` of a rule."""
    table = page.table(node, key) if node else None
    templates: dict[str, Template] = {}
    for entry in table.entries if table else ():
        name, full = entry.key.text, f"{key}.{entry.key.text}"
        if not _NAME.fullmatch(name):
            problem = f"{name!r}: expected a name that begins with a letter, of letters, digits, '.', '_' and '-'"
            page.fault(Code.BAD_VALUE, entry.key.place, full, problem)
        text = page.told(entry.value, full)
        if text is not None:
            templates[name] = _read_template(page, text, full)
    if table and len(templates) > MOST_ANNOTATIONS:
        page.fault(Code.BAD_VALUE, table.place, key, f"more than {MOST_ANNOTATIONS} of them")
    summary = templates.pop(_SUMMARY, None)
    return Annotations(summary, tuple(templates.items()))


def _read_template(page: Page, text: Scalar, key: str) -> Template:
    parts: list[str | Field] = []
    done = 0
    for match in _PLACEHOLDER.finditer(text.text):
        parts.append(text.text[done : match.start()])
        done = match.end()
        name = match[1]
        if name is None:
            problem = f"a {match[2]!r} stands alone"
            page.fault(Code.BAD_TEMPLATE, text.place, key, problem, "placeholders look like {company}")
        elif name in FACTS:
            parts.append(FACTS[name])
        else:
            page.unknown(Code.UNKNOWN_FIELD, text.place, key, name, FACTS)
    parts.append(text.text[done:])
    return Template(tuple(part for part in parts if part != ""))
