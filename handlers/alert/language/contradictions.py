"""When one clause follows from another, and when two of them cannot both hold."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from handlers.alert.matching.fields import Operator
from handlers.alert.matching.rules import Clause

__all__ = ["Ask", "ask_of", "excludes", "follows", "implied_by"]

# Fields of which a filing has one value at most. Of the others one of several is enough.
_SINGLE = frozenset(
    {
        *("form", "accepted", "filed_on", "period"),
        *("timing.session", "timing.business_days_after_event", "timing.is_late"),
    }
)
# One of the values is enough, or no other may be there: the fewer of them, the more is asked.
_FEWER_ASK_MORE = frozenset(
    {
        *(Operator.IN, Operator.HAS_ANY, Operator.ONLY, Operator.RE),
        *(Operator.PHRASE, Operator.CONTAINS, Operator.STARTSWITH, Operator.ENDSWITH),
    }
)
_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
_LOWER = (Operator.GT, Operator.GTE)
_STRICT = (Operator.GT, Operator.LT)
_TEXT_ITEM = "text.item."


@dataclass(frozen=True, slots=True)
class Ask:
    """What a clause asks, in one form for all ways to write it. To exist is to have any value."""

    name: str  # the field's
    operator: Operator
    values: frozenset[Any]
    cased: bool = False
    written: str = field(default="", compare=False)

    @property
    def bound(self) -> Any:
        """The one value of a comparison."""
        return next(iter(self.values))


def ask_of(clause: Clause) -> tuple[Ask, bool]:
    """Return what a clause asks, and whether it asks for that or for its opposite."""
    values, asked = clause.members, clause.operator
    if asked is Operator.EXISTS:
        return Ask(clause.asked.name, asked, frozenset({True}), written=clause.written), True in values
    if asked is Operator.HAS or (asked is Operator.HAS_ALL and len(values) == 1):
        asked = Operator.HAS_ANY
    if asked is Operator.EQUALS:
        asked = Operator.IN
    return Ask(clause.asked.name, asked, values, clause.cased, clause.written), True


def implied_by(ask: Ask) -> Iterator[Ask]:
    """What else holds where this does: an item with a text is one of the filing's items."""
    if ask.name.startswith(_TEXT_ITEM):
        number = ask.name.removeprefix(_TEXT_ITEM).replace("_", ".")
        yield Ask("items", Operator.HAS_ANY, frozenset({number}), written=ask.written)


def follows(ask: Ask, other: Ask) -> bool:
    """Whether ``other`` holds wherever ``ask`` does."""
    if ask.name != other.name:
        return False
    if other.operator is Operator.EXISTS:
        return True
    if other.operator in _COMPARE:
        return _is_within(ask, other)
    return ask.cased == other.cased and _follows_by_values(ask, other)


def _is_within(ask: Ask, other: Ask) -> bool:
    """Whether all that one asks for is allowed by a comparison."""
    if ask.operator is Operator.IN:
        return all(_COMPARE[other.operator](value, other.bound) for value in ask.values)
    if ask.operator not in _COMPARE or (ask.operator in _LOWER) is not (other.operator in _LOWER):
        return False
    is_further = operator.gt if ask.operator in _LOWER else operator.lt
    is_same = ask.bound == other.bound and (ask.operator in _STRICT or other.operator not in _STRICT)
    return is_same or bool(is_further(ask.bound, other.bound))


def _follows_by_values(ask: Ask, other: Ask) -> bool:
    if ask.operator is Operator.HAS_ALL and other.operator is Operator.HAS_ANY:
        return bool(ask.values & other.values)
    if ask.operator is not other.operator:
        return False
    if ask.operator in (Operator.HAS_ALL, Operator.NEQ):
        return ask.values >= other.values
    return ask == other or (ask.operator in _FEWER_ASK_MORE and ask.values <= other.values)


def excludes(ask: Ask, other: Ask) -> bool:
    """Whether the two can never both hold."""
    return ask.name == other.name and (_excludes(ask, other) or _excludes(other, ask))


def _excludes(ask: Ask, other: Ask) -> bool:
    match ask.operator, other.operator:
        case Operator.ONLY, Operator.HAS_ANY | Operator.ONLY:
            return not ask.values & other.values
        case Operator.ONLY, Operator.HAS_ALL:
            return not other.values <= ask.values
        case Operator.IN, Operator.NEQ:
            return ask.cased == other.cased and ask.values <= other.values
    return ask.name in _SINGLE and _single_values_differ(ask, other)


def _single_values_differ(ask: Ask, other: Ask) -> bool:
    if ask.operator is Operator.IN and other.operator is Operator.IN:
        return not ask.values & other.values
    if ask.operator is Operator.IN and other.operator in _COMPARE:
        return not any(_COMPARE[other.operator](value, other.bound) for value in ask.values)
    if ask.operator in _LOWER and other.operator in _COMPARE and other.operator not in _LOWER:
        is_strict = ask.operator in _STRICT or other.operator in _STRICT
        return bool(ask.bound > other.bound or (is_strict and ask.bound == other.bound))
    return False
