"""Reads the ``match`` of a rule: one map of clauses, or named selections and how they are put together."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.alert.language.clauses import read_clause
from handlers.alert.language.codes import Code
from handlers.alert.language.lists import Scope
from handlers.alert.language.nodes import Entry, Node, Scalar, Series, Table
from handlers.alert.language.page import Page
from handlers.alert.matching.conditions import Condition, Named, names_in, parse_condition
from handlers.alert.matching.rules import Selection

__all__ = ["CONDITION", "Match", "read_match"]

CONDITION = "condition"
_ONLY_SELECTION = "match"


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule asks for."""

    selections: tuple[Selection, ...]
    condition: Condition
    written: str  # the condition as it stands in the file; "" where there is none


def read_match(scope: Scope, node: Node, key: str) -> Match | None:
    """Read a ``match``: one map of clauses, or named selections with a condition."""
    table = scope.page.table(node, key)
    if table is None:
        return None
    condition = table.get(CONDITION)
    if condition is None and table.entries and all(_is_selection(entry) for entry in table.entries):
        remedy = f"such as condition: {' and '.join(entry.key.text for entry in table.entries)}"
        scope.page.fault(Code.MISSING, table.place, key, "named selections need a condition", remedy)
        return None
    if condition is None:
        only = _read_selection(scope, _ONLY_SELECTION, table, key)
        return Match((only,), Named(_ONLY_SELECTION), "") if only else None
    entries = [entry for entry in table.entries if entry.key.text != CONDITION]
    selections = [_read_selection(scope, one.key.text, one.value, f"{key}.{one.key.text}") for one in entries]
    tree = _read_condition(scope.page, condition, entries, f"{key}.condition")
    whole = tuple(one for one in selections if one is not None)
    if tree is None or len(whole) < len(selections) or not isinstance(condition, Scalar):
        return None
    return Match(whole, tree, " ".join(condition.text.split()))


def _is_selection(entry: Entry) -> bool:
    """Whether this looks like a named selection and not like a clause."""
    nodes = entry.value.nodes if isinstance(entry.value, Series) else (entry.value,)
    return "|" not in entry.key.text and bool(nodes) and all(isinstance(one, Table) for one in nodes)


def _read_condition(page: Page, node: Node, entries: list[Entry], key: str) -> Condition | None:
    text = page.text(node, key)
    if text is None:
        return None
    try:
        condition = parse_condition(text.text)
    except ValueError as error:
        page.fault(Code.BAD_CONDITION, text.place, key, str(error), "write it like: a and (b or not c)")
        return None
    names = [entry.key.text for entry in entries]
    used = set(names_in(condition))
    for name in sorted(used.difference(names)):
        page.unknown(Code.UNKNOWN_SELECTION, text.place, key, name, names)
    for entry in entries:
        if entry.key.text not in used:
            problem, remedy = f"selection {entry.key.text!r} is not used", "use it in the condition, or drop it"
            page.fault(Code.UNUSED_SELECTION, entry.key.place, key, problem, remedy)
    return condition if used == set(names) else None


def _read_selection(scope: Scope, name: str, node: Node, key: str) -> Selection | None:
    """Read a map (all of its clauses must hold) or a list of maps (one of them must)."""
    alternatives = []
    for one in node.nodes if isinstance(node, Series) else (node,):
        table = scope.page.table(one, key)
        if table is None:
            continue
        if not table.entries:
            problem, remedy = "is empty, and would match every filing", 'ask something: items|has: "7.01"'
            scope.page.fault(Code.EMPTY, table.place, key, problem, remedy)
            continue
        clauses = [read_clause(scope, entry, f"{key}.{entry.key.text}") for entry in table.entries]
        whole = [clause for clause in clauses if clause is not None]
        # Facts first: most filings end there, and their texts need not be searched.
        alternatives.append(tuple(sorted(whole, key=lambda clause: clause.asked.passages is not None)))
    if isinstance(node, Series) and not node.nodes:
        scope.page.fault(Code.EMPTY, node.place, key, "is an empty list, which nothing matches")
    return Selection(name, tuple(alternatives)) if alternatives else None
