"""Reads one line of a match: a field, a modifier and values, each checked against the field's type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from handlers.alert.language.codes import Code
from handlers.alert.language.lists import Listed, Scope
from handlers.alert.language.nodes import Entry, Node, Place, Scalar, Series, Table
from handlers.alert.language.page import Page, suggestion
from handlers.alert.matching.fields import (
    FORMS,
    ITEM_NUMBERS,
    Field,
    Operator,
    Value,
    field_named,
    names_to_suggest,
)
from handlers.alert.matching.rules import Clause
from watcher.words import MAX_WITHIN_WORDS, Near, check_pattern, fold

__all__ = ["CASED", "NEAR_KEYS", "ONE_VALUE", "read_clause"]

CASED = "cased"
NEAR_KEYS = ("a", "b", "within_words")
ONE_VALUE = frozenset({Operator.HAS, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.EXISTS})
# What is compared with a company's whole name, and may stand in a list; all else of a text is a search for words.
_WHOLE = frozenset({Operator.EQUALS, Operator.IN, Operator.NEQ})
_OF_WORDS = frozenset({Operator.PHRASE, Operator.NEAR})
_RE2 = "as RE2 has them, without back references and look-around"
_MAX_WRITTEN = 200


def read_clause(scope: Scope, entry: Entry, key: str) -> Clause | None:
    """Read one line, such as ``items|has: "5.02"``; None after telling what is wrong with it."""
    page, place = scope.page, entry.key.place
    name, *modifiers = entry.key.text.split("|")
    asked = field_named(name)
    if asked is None:
        page.unknown(Code.UNKNOWN_FIELD, place, key, name, names_to_suggest())
        return None
    cased = CASED in modifiers
    operator = _read_operator(page, place, key, asked, [one for one in modifiers if one != CASED])
    if operator is None or not _may_be_cased(page, place, key, asked, cased=cased):
        return None
    if operator in ONE_VALUE and not isinstance(entry.value, Scalar):
        remedy = "has_any or has_all take several" if operator is Operator.HAS else ""
        page.fault(Code.WRONG_KIND, entry.value.place, key, f"{operator.value!r} takes one value", remedy)
        return None
    before = page.count
    values = tuple(_read_values(scope, entry.value, key, asked, operator, cased=cased))
    return Clause(asked, operator, values, cased, _written(entry)) if page.count == before else None


def _read_operator(page: Page, place: Place, key: str, asked: Field, modifiers: list[str]) -> Operator | None:
    known = [one.value for one in Operator if one.value]
    if len(modifiers) > 1:
        remedy = f"beside 'cased'; found {', '.join(modifiers)}"
        page.fault(Code.WRONG_MODIFIER, place, key, "takes one modifier", remedy)
        return None
    modifier = modifiers[0] if modifiers else ""
    if modifiers and modifier not in known:
        page.unknown(Code.UNKNOWN_MODIFIER, place, key, modifier, [*known, CASED])
        return None
    operator = Operator(modifier)
    if operator not in asked.type.operators:
        usable = ", ".join(one.value or "no modifier" for one in asked.type.operators)
        problem = (
            f"modifier {modifier!r} does not go with {asked.name}" if modifier else f"{asked.name} needs a modifier"
        )
        page.fault(Code.WRONG_MODIFIER, place, key, problem, f"use one of: {usable}")
        return None
    return operator


def _may_be_cased(page: Page, place: Place, key: str, asked: Field, *, cased: bool) -> bool:
    if cased and not asked.type.is_text:
        problem = f"'cased' is for texts, and {asked.name} holds a {asked.type.name}"
        page.fault(Code.WRONG_MODIFIER, place, key, problem, "drop it")
        return False
    return True


def _read_values(
    scope: Scope, node: Node, key: str, asked: Field, operator: Operator, *, cased: bool
) -> Iterator[Value | Near]:
    match operator:
        case Operator.EXISTS:
            flag = scope.page.flag(node, key)
            return iter(() if flag is None else (flag,))
        case Operator.NEAR:
            near = _read_near(scope, node, key, asked, cased=cased)
            return iter(() if near is None else (near,))
        case Operator.RE:
            return _read_patterns(scope.page, node, key)
    return iter(_read_words(scope, node, key, asked, operator, cased=cased))


def _read_words(scope: Scope, node: Node, key: str, asked: Field, operator: Operator, *, cased: bool) -> list[Value]:
    """Read one or several values; of texts they are folded, as the texts are that they are looked for in."""
    values: list[Value] = []
    for scalar in _texts(scope.page, node, key):
        found = tuple(_expanded(scope, scalar, key, asked, operator))
        if operator in _OF_WORDS:
            _check_words(scope.page, scalar, key, found)
        values += found
    return [fold(str(value), cased=cased).text.strip() for value in values] if asked.type.is_text else values


def _check_words(page: Page, scalar: Scalar, key: str, values: Iterable[Value]) -> None:
    """Tell what is sought as a phrase and has no word in it: it would be found beside any other mark, or nowhere."""
    for value in values:
        if not any(character.isalnum() for character in str(value)):
            problem = f"{str(value)!r} has no letter or digit in it, and a phrase is made of whole words"
            page.fault(Code.BAD_VALUE, scalar.place, key, problem, "contains looks for characters")


def _texts(page: Page, node: Node, key: str) -> tuple[Scalar, ...]:
    before = page.count
    scalars = page.texts(node, key)
    if not scalars and page.count == before:
        page.fault(Code.EMPTY, node.place, key, "is an empty list, which nothing matches")
    return scalars


def _read_near(scope: Scope, node: Node, key: str, asked: Field, *, cased: bool) -> Near | None:
    page = scope.page
    table = page.table(node, key)
    if table is None:
        return None
    page.check_keys(table, key, NEAR_KEYS)
    before = page.count
    sides = []
    for name in ("a", "b"):
        side = page.required(table, name, key, 'words, or a phrase set: "&name"')
        read = _read_words(scope, side, f"{key}.{name}", asked, Operator.NEAR, cased=cased) if side else []
        sides.append(tuple(str(one) for one in read))
    count = page.required(table, "within_words", key, "such as within_words: 30")
    most = page.number(count, f"{key}.within_words", 0, MAX_WITHIN_WORDS)
    return Near(sides[0], sides[1], most) if page.count == before and most is not None else None


def _read_patterns(page: Page, node: Node, key: str) -> Iterator[str]:
    for text in _texts(page, node, key):
        if reason := check_pattern(text.text):
            page.fault(Code.BAD_PATTERN, text.place, key, f"not a pattern: {reason}", _RE2)
        else:
            yield text.text


def _expanded(scope: Scope, scalar: Scalar, key: str, asked: Field, operator: Operator) -> Iterable[Value]:
    """Return the values that ``@list`` and ``&phrases`` stand for; any other text stands for itself."""
    mark, name = scalar.text[0], scalar.text[1:]
    if mark not in "@&":
        return _parsed(scope.page, (Listed(scalar.text, scalar.place),), key, asked)
    if operator in ONE_VALUE:
        problem = f"{operator.value!r} takes one value, not the list {scalar.text}"
        remedy = "has_any takes a list" if operator is Operator.HAS else ""
        scope.page.fault(Code.WRONG_SET, scalar.place, key, problem, remedy)
        return ()
    is_words = asked.type.is_text and operator not in _WHOLE
    if (mark == "&") is not is_words:
        remedy = "&name is a phrase set, for phrase and contains; @name a list, for in, has_any and the like"
        scope.page.fault(Code.WRONG_SET, scalar.place, key, f"{scalar.text} cannot be used here", remedy)
        return ()
    scope.use(scalar.text)
    listed = _phrases(scope, scalar, name, key) if is_words else _listed(scope, scalar, name, key, asked)
    if listed is None:
        return ()
    known = (scalar.text, asked.type.name)
    if known not in scope.values:  # lists are long, and many rules may use one
        scope.values[known] = tuple(_parsed(scope.page, listed, key, asked))
    return scope.values[known]


def _phrases(scope: Scope, scalar: Scalar, name: str, key: str) -> Iterable[Listed] | None:
    if name not in scope.phrases:
        scope.page.unknown(Code.UNKNOWN_PHRASES, scalar.place, key, name, scope.phrases)
        return None
    return [Listed(one.text, one.place) for one in scope.phrases[name].phrases]


def _listed(scope: Scope, scalar: Scalar, name: str, key: str, asked: Field) -> Iterable[Listed] | None:
    found = scope.lists.get(name)
    if found is None:
        scope.page.unknown(Code.UNKNOWN_LIST, scalar.place, key, name, scope.lists)
        return None
    if found.type is not None and found.type != asked.type.name:
        problem = f"list {scalar.text} is of type {found.type}, and {asked.name} of type {asked.type.name}"
        scope.page.fault(Code.WRONG_SET, scalar.place, key, problem)
        return None
    return found.values


def _parsed(page: Page, listed: Iterable[Listed], key: str, asked: Field) -> Iterator[Value]:
    for one in listed:
        try:
            yield asked.type.parse(one.text)
        except ValueError as error:
            if one.in_file:
                page.fault(Code.BAD_VALUE, one.place, key, f"{one.where}: not of type {asked.type.name}: {error}")
                continue
            known = {"item": ITEM_NUMBERS, "form": FORMS}.get(asked.type.name, ())
            close = suggestion(one.text, known) if known else ""
            remedy = close if close.startswith("did") else ""
            source = f"{one.where}: " if one.where else ""
            page.fault(Code.BAD_VALUE, one.place, key, f"{source}{one.text!r}: {error}", remedy)


def _written(entry: Entry) -> str:
    text = f"{entry.key.text}: {_said(entry.value)}"
    return text if len(text) <= _MAX_WRITTEN else f"{text[: _MAX_WRITTEN - 1]}…"


def _said(node: Node) -> str:
    match node:
        case Scalar():
            return node.text
        case Series():
            return f"[{', '.join(_said(one) for one in node.nodes)}]"
        case Table():
            return f"{{{', '.join(f'{one.key.text}: {_said(one.value)}' for one in node.entries)}}}"
