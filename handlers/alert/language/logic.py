"""Whether a rule can match at all, whether it always does, and whether two of them ask for the same.

A condition is written out as alternatives, each a set of clauses that must hold, or must not; one with a
contradiction in it never holds. What is not seen as one may be one all the same: this finds mistakes, and proves
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from handlers.alert.language.contradictions import Ask, ask_of, excludes, follows, implied_by
from handlers.alert.matching.conditions import AllOf, AnyOf, Condition, Named, Not
from handlers.alert.matching.fields import FORMS, Operator
from handlers.alert.matching.rules import Clause, Rule, Selection

__all__ = ["Alternatives", "alternatives_of", "always_matches", "why_never"]

_MOST_ALTERNATIVES = 500
_AMENDMENTS = Ask("form", Operator.IN, frozenset(form for form in FORMS if form.endswith("/A")), written="8-K/A")


@dataclass(frozen=True, slots=True)
class Literal:
    """Something that must hold, or must not."""

    ask: Ask
    holds: bool


Alternative = frozenset[Literal]
Alternatives = frozenset[Alternative]


class _TooManyError(Exception):
    """Raised when a condition has more alternatives than are looked into."""


def alternatives_of(rule: Rule, *, wanted: bool = True) -> Alternatives | None:
    """What must hold for the rule's condition to hold, or not to; None when that is too much to write out."""
    selections = {selection.name: selection for selection in rule.selections}
    try:
        return _alternatives(rule.condition, selections, wanted=wanted)
    except _TooManyError:
        return None


def why_never(rule: Rule) -> str | None:
    """Why no filing can match the rule; None when one can, for all that is known."""
    found = alternatives_of(rule)
    besides = frozenset() if rule.include_amendments else frozenset({Literal(_AMENDMENTS, holds=False)})
    reasons = [_contradiction(one | besides) for one in found or ()]
    if not reasons or any(reason is None for reason in reasons):
        return None
    return reasons[0]


def always_matches(rule: Rule) -> bool:
    """Whether every filing matches the rule."""
    found = alternatives_of(rule, wanted=False)
    return found is not None and all(_contradiction(one) is not None for one in found)


def _alternatives(condition: Condition, selections: dict[str, Selection], *, wanted: bool) -> Alternatives:
    match condition:
        case Named(name):
            return _of_selection(selections[name], wanted=wanted)
        case Not(part):
            return _alternatives(part, selections, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            written = [_alternatives(part, selections, wanted=wanted) for part in parts]
            return _all_of(written) if isinstance(condition, AllOf) is wanted else _any_of(written)


def _of_selection(selection: Selection, *, wanted: bool) -> Alternatives:
    rows = [[_of_clause(clause, wanted=wanted) for clause in clauses] for clauses in selection.alternatives]
    if wanted:
        return _any_of([_all_of(row) for row in rows])
    return _all_of([_any_of(row) for row in rows])


def _of_clause(clause: Clause, *, wanted: bool) -> Alternatives:
    ask, holds = ask_of(clause)
    return frozenset({frozenset({Literal(ask, holds is wanted)})})


def _any_of(parts: list[Alternatives]) -> Alternatives:
    return frozenset(one for part in parts for one in part)


def _all_of(parts: list[Alternatives]) -> Alternatives:
    found: Alternatives = frozenset({frozenset()})
    for part in parts:
        if len(found) * len(part) > _MOST_ALTERNATIVES:
            raise _TooManyError
        found = frozenset(one | other for one in found for other in part)
    return found


def _contradiction(alternative: Iterable[Literal]) -> str | None:
    """The first two parts of an alternative that cannot go together, in words; None when there are none."""
    given = sorted(alternative, key=lambda one: (one.ask.name, one.ask.written))
    held = [one.ask for one in given if one.holds]
    held += [implied for ask in held for implied in implied_by(ask)]
    for one, other in combinations(held, 2):
        if excludes(one, other):
            return f"{one.written!r} and {other.written!r} never hold together"
    for not_held in (one.ask for one in given if not one.holds):
        for one in held:
            if follows(one, not_held):
                return _denied(one, not_held)
    return None


def _denied(ask: Ask, denied: Ask) -> str:
    if denied is _AMENDMENTS:
        return f"{ask.written!r} asks for amendments, and include_amendments is not set"
    if ask == denied:
        return f"{ask.written!r} must hold and must not"
    return f"where {ask.written!r} holds, {denied.written!r} does, too, and it must not"
