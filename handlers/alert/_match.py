"""Reads the ``match`` of a rule: selections, clauses and values, each checked against its field's type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from handlers.alert._conditions import Condition, Named, names_in, parse_condition
from handlers.alert._fields import (
    FORMS,
    ITEM_NUMBERS,
    LATER_FIELDS,
    Field,
    Operator,
    Value,
    field_named,
    names_to_suggest,
)
from handlers.alert._nodes import Entry, Node, Place, Scalar, Series, Table
from handlers.alert._page import Page, suggestion
from handlers.alert._rules import Clause, Selection
from handlers.alert._texts import fold

__all__ = ["Listed", "Match", "NamedList", "Scope", "read_match"]

_LATER_MODIFIERS = ("re", "near")
_CASED = "cased"
_ONE_VALUE = frozenset({Operator.HAS, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.EXISTS})
_ONLY_SELECTION = "match"


@dataclass(frozen=True, slots=True)
class Listed:
    """One value of a list, and where it stands if that is in a file of its own."""

    text: str
    place: Place
    where: str = ""


@dataclass(frozen=True, slots=True)
class NamedList:
    """A named set of values; ``type`` is the type of field that it is for, if the file says so."""

    values: tuple[Listed, ...]
    type: str | None = None


@dataclass(slots=True)
class Scope:
    """What a rule may refer to in its file, and what the one being read has referred to."""

    page: Page
    lists: Mapping[str, NamedList]
    phrases: Mapping[str, tuple[Scalar, ...]]
    used: set[str] = field(default_factory=set)  # "@name" and "&name"


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule asks for."""

    selections: tuple[Selection, ...]
    condition: Condition


def read_match(scope: Scope, node: Node, key: str) -> Match | None:
    """Read a ``match``: one map of clauses, or named selections with a condition."""
    table = scope.page.table(node, key)
    if table is None:
        return None
    condition = table.get("condition")
    if condition is None and table.entries and all(_is_selection(entry) for entry in table.entries):
        names = " and ".join(entry.key.text for entry in table.entries)
        scope.page.fault(table.place, key, "named selections need a condition", f"such as condition: {names}")
        return None
    if condition is None:
        only = _read_selection(scope, _ONLY_SELECTION, table, key)
        return Match((only,), Named(_ONLY_SELECTION)) if only else None
    entries = [entry for entry in table.entries if entry.key.text != "condition"]
    selections = [_read_selection(scope, one.key.text, one.value, f"{key}.{one.key.text}") for one in entries]
    tree = _read_condition(scope.page, condition, entries, f"{key}.condition")
    whole = tuple(one for one in selections if one is not None)
    return Match(whole, tree) if tree is not None and len(whole) == len(selections) else None


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
        page.fault(text.place, key, str(error), "write it like: a and (b or not c)")
        return None
    names = [entry.key.text for entry in entries]
    used = set(names_in(condition))
    for name in sorted(used.difference(names)):
        page.unknown(text.place, key, "selection", name, names)
    for entry in entries:
        if entry.key.text not in used:
            name = entry.key.text
            page.fault(entry.key.place, key, f"selection {name!r} is not used", "use it in the condition, or drop it")
    return condition if used == set(names) else None


def _read_selection(scope: Scope, name: str, node: Node, key: str) -> Selection | None:
    """Read a map (all of its clauses must hold) or a list of maps (one of them must)."""
    nodes = node.nodes if isinstance(node, Series) else (node,)
    alternatives = []
    for one in nodes:
        table = scope.page.table(one, key)
        if table is None:
            continue
        if not table.entries:
            scope.page.fault(
                table.place, key, "is empty, and would match every filing", 'ask something: items|has: "7.01"'
            )
            continue
        clauses = [_read_clause(scope, entry, f"{key}.{entry.key.text}") for entry in table.entries]
        whole = [clause for clause in clauses if clause is not None]
        # Facts first: most filings end there, and their texts need not be searched.
        alternatives.append(tuple(sorted(whole, key=lambda clause: clause.asked.passages is not None)))
    return Selection(name, tuple(alternatives)) if alternatives else None


def _read_clause(scope: Scope, entry: Entry, key: str) -> Clause | None:
    name, *modifiers = entry.key.text.split("|")
    asked = field_named(name)
    place = entry.key.place
    if asked is None:
        _tell_unknown_field(scope.page, place, key, name)
        return None
    cased = _CASED in modifiers
    operator = _read_operator(scope.page, place, key, asked, [one for one in modifiers if one != _CASED])
    if operator is None:
        return None
    if cased and not asked.type.is_text:
        scope.page.fault(place, key, f"'cased' is for texts, and {name} holds a {asked.type.name}", "drop it")
        return None
    if operator in _ONE_VALUE and not isinstance(entry.value, Scalar):
        remedy = "has_any or has_all take several" if operator is Operator.HAS else ""
        scope.page.fault(entry.value.place, key, f"{operator.value!r} takes one value", remedy)
        return None
    values = tuple(_read_values(scope, entry.value, key, asked, operator, cased=cased))
    return Clause(asked, operator, values, cased) if values else None


def _tell_unknown_field(page: Page, place: Place, key: str, name: str) -> None:
    if name in LATER_FIELDS:
        page.not_yet(place, key, f"field {name!r}")
    else:
        page.unknown(place, key, "field", name, names_to_suggest())


def _read_operator(page: Page, place: Place, key: str, asked: Field, modifiers: list[str]) -> Operator | None:
    known = [one.value for one in Operator if one.value]
    if len(modifiers) > 1:
        page.fault(place, key, "takes one modifier", f"beside 'cased'; found {', '.join(modifiers)}")
        return None
    modifier = modifiers[0] if modifiers else ""
    if modifier in _LATER_MODIFIERS:
        page.not_yet(place, key, f"modifier {modifier!r}")
        return None
    if modifiers and modifier not in known:
        page.unknown(place, key, "modifier", modifier, [*known, _CASED])
        return None
    operator = Operator(modifier)
    if operator not in asked.type.operators:
        usable = ", ".join(one.value or "no modifier" for one in asked.type.operators)
        problem = (
            f"modifier {modifier!r} does not go with {asked.name}" if modifier else f"{asked.name} needs a modifier"
        )
        page.fault(place, key, problem, f"use one of: {usable}")
        return None
    return operator


def _read_values(
    scope: Scope, node: Node, key: str, asked: Field, operator: Operator, *, cased: bool
) -> Iterator[Value]:
    if operator is Operator.EXISTS:
        flag = scope.page.flag(node, key)
        if flag is not None:
            yield flag
        return
    before = scope.page.count
    scalars = scope.page.texts(node, key)
    if not scalars and scope.page.count == before:
        scope.page.fault(node.place, key, "is an empty list, which nothing matches")
    for scalar in scalars:
        for one in _expanded(scope, scalar, key, asked, operator):
            value = _parsed(scope.page, one, key, asked)
            if value is not None:
                yield fold(str(value), cased=cased).text.strip() if asked.type.is_text else value


def _expanded(scope: Scope, scalar: Scalar, key: str, asked: Field, operator: Operator) -> Iterable[Listed]:
    """Return the values that ``@list`` and ``&phrases`` stand for; any other text stands for itself."""
    mark, name = scalar.text[0], scalar.text[1:]
    if mark not in "@&":
        return (Listed(scalar.text, scalar.place),)
    if operator in _ONE_VALUE:
        remedy = "has_any takes a list" if operator is Operator.HAS else ""
        scope.page.fault(scalar.place, key, f"{operator.value!r} takes one value, not the list {scalar.text}", remedy)
        return ()
    is_words = asked.type.is_text and operator not in (Operator.EQUALS, Operator.IN, Operator.NEQ)
    if (mark == "&") is not is_words:
        remedy = "&name is a phrase set, for phrase and contains; @name a list, for in, has_any and the like"
        scope.page.fault(scalar.place, key, f"{scalar.text} cannot be used here", remedy)
        return ()
    scope.used.add(scalar.text)
    return _phrases(scope, scalar, name, key) if is_words else _listed(scope, scalar, name, key, asked)


def _phrases(scope: Scope, scalar: Scalar, name: str, key: str) -> Iterable[Listed]:
    if name not in scope.phrases:
        scope.page.unknown(scalar.place, key, "phrase set", name, scope.phrases)
        return ()
    return [Listed(one.text, one.place) for one in scope.phrases[name]]


def _listed(scope: Scope, scalar: Scalar, name: str, key: str, asked: Field) -> Iterable[Listed]:
    found = scope.lists.get(name)
    if found is None:
        scope.page.unknown(scalar.place, key, "list", name, scope.lists)
        return ()
    if found.type is not None and found.type != asked.type.name:
        problem = f"list {scalar.text} is of type {found.type}, and {asked.name} of type {asked.type.name}"
        scope.page.fault(scalar.place, key, problem)
        return ()
    return found.values


def _parsed(page: Page, one: Listed, key: str, asked: Field) -> Value | None:
    try:
        return asked.type.parse(one.text)
    except ValueError as error:
        known = {"item": ITEM_NUMBERS, "form": FORMS}.get(asked.type.name, ())
        remedy = suggestion(one.text, known) if known else ""
        source = f"{one.where}: " if one.where else ""
        page.fault(one.place, key, f"{source}{one.text!r}: {error}", remedy if remedy.startswith("did") else "")
        return None
