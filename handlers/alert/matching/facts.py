"""What a filing must have for a rule to fire: by such facts an index leads from a filing to the rules worth a look."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import cast

from handlers.alert.matching.conditions import AllOf, AnyOf, Condition, Named, Not
from handlers.alert.matching.fields import Field, Operator, Value
from handlers.alert.matching.rules import Clause, Rule, Selection
from handlers.alert.matching.view import ReportView
from watcher.words import Near

__all__ = ["Channel", "Either", "Kind", "Need", "needs_of", "scans", "share_of"]

# How many filings have one given value of a field, roughly; it only decides which of a rule's facts is asked first.
_SHARES = {
    "cik": 0.0001,
    "ticker": 0.0001,
    "company": 0.0001,
    "sic": 0.01,
    "filed_on": 0.005,
    "period": 0.005,
    "events": 0.02,
    "event.severity": 0.3,
    "event.is_expected": 0.3,
    "state": 0.1,
    "items": 0.1,
    "exhibits": 0.3,
}
_OTHER_SHARE = 0.5
_PHRASE_SHARE = 0.005


class Kind(Enum):
    """How a fact is looked up."""

    VALUE = auto()  # the field has this value
    NAME = auto()  # a field of names has this value, folded
    PHRASE = auto()  # this phrase stands in the field's texts
    PATTERN = auto()  # this pattern may match in the field's texts
    PRESENCE = auto()  # the field has a text at all


@dataclass(frozen=True, slots=True)
class Channel:
    """Facts of one kind about one field."""

    kind: Kind
    name: str
    cased: bool
    asked: Field = field(
        compare=False, repr=False
    )  # of this name; made anew for each clause where it is an item's text

    @property
    def scans(self) -> bool:
        """Whether a filing's texts must be read to know."""
        return self.kind in (Kind.PHRASE, Kind.PATTERN) and self.asked.passages is not None

    def common(self, view: ReportView, facts: Mapping[Value, object]) -> Collection[Value]:
        """Return those of these facts that a report has, or may have."""
        match self.kind:
            case Kind.VALUE:
                return _common(view.members(self.asked), facts)
            case Kind.NAME:
                return _common(frozenset(view.folded_values(self.asked, cased=self.cased)), facts)
            case Kind.PHRASE:
                return view.present(self.asked, cast("Collection[str]", facts), cased=self.cased)
            case Kind.PATTERN:
                return view.possible(self.asked, cast("tuple[str, ...]", tuple(facts)), cased=self.cased)
            case Kind.PRESENCE:
                return facts if view.passages(self.asked) else ()


@dataclass(frozen=True, slots=True)
class Need:
    """One of these facts at least."""

    channel: Channel
    values: frozenset[Value]

    @property
    def share(self) -> float:
        """How many filings have one, roughly."""
        channel = self.channel
        if channel.kind in (Kind.PHRASE, Kind.PATTERN):
            one = _PHRASE_SHARE
        elif channel.kind is Kind.PRESENCE:
            one = _SHARES["items"] if channel.name.startswith("text.item.") else _OTHER_SHARE
        else:
            one = _SHARES.get(channel.name, _OTHER_SHARE)
        return min(1.0, one * len(self.values))


# One of these needs at least must be met.
Either = tuple[Need, ...]


def needs_of(rule: Rule) -> list[Either]:
    """Return what must be so wherever the rule fires. An empty list: it may fire on any filing."""
    selections = {selection.name: _of_selection(selection) for selection in rule.selections}
    return _of_condition(rule.condition, selections)


def share_of(either: Either) -> float:
    """How many filings meet one of these needs, roughly."""
    return min(1.0, sum(need.share for need in either))


def scans(either: Either) -> bool:
    """Whether a filing's texts must be read to know."""
    return any(need.channel.scans for need in either)


def _of_condition(condition: Condition, selections: dict[str, list[Either]]) -> list[Either]:
    match condition:
        case Named(name):
            return selections[name]
        case Not():
            return []
        case AllOf(parts):
            return [either for part in parts for either in _of_condition(part, selections)]
        case AnyOf(parts):
            return _any_of([_of_condition(part, selections) for part in parts])


def _of_selection(selection: Selection) -> list[Either]:
    alternatives = [
        [either for clause in clauses for either in _of_clause(clause)] for clauses in selection.alternatives
    ]
    return alternatives[0] if len(alternatives) == 1 else _any_of(alternatives)


def _any_of(alternatives: Sequence[list[Either]]) -> list[Either]:
    """Where one of several must hold, the rarest need of each, all together."""
    if not all(alternatives):
        return []
    rarest = (min(needs, key=lambda either: (scans(either), share_of(either))) for needs in alternatives)
    return [tuple(dict.fromkeys(need for either in rarest for need in either))]


def _of_clause(clause: Clause) -> list[Either]:
    if clause.asked.passages is not None:
        is_absent = clause.operator is Operator.EXISTS and not clause.values[0]
        has_text = [] if is_absent else _need(Kind.PRESENCE, clause, frozenset((True,)))
        return has_text + _of_words(clause)
    return _of_words(clause) if clause.asked.type.is_text else _of_values(clause)


def _of_words(clause: Clause) -> list[Either]:
    match clause.operator:
        case Operator.PHRASE:
            return _need(Kind.PHRASE, clause, clause.words)
        case Operator.NEAR:
            nears = [one for one in clause.values if isinstance(one, Near)]
            either_side = (frozenset[Value]().union(*(near.sides[side] for near in nears)) for side in (0, 1))
            return [either for phrases in either_side for either in _need(Kind.PHRASE, clause, phrases)]
        case Operator.RE:
            return _need(Kind.PATTERN, clause, clause.words)
        case Operator.EQUALS | Operator.IN:
            return _need(Kind.NAME, clause, clause.words)
        case _:
            return []


def _of_values(clause: Clause) -> list[Either]:
    values = cast("frozenset[Value]", clause.members)
    match clause.operator:
        case Operator.EQUALS | Operator.IN | Operator.HAS_ANY | Operator.ONLY:
            return _need(Kind.VALUE, clause, values)
        case Operator.HAS | Operator.HAS_ALL:
            return [either for value in values for either in _need(Kind.VALUE, clause, frozenset((value,)))]
        case _:
            return []


def _need(kind: Kind, clause: Clause, values: Set[Value]) -> list[Either]:
    return [(Need(Channel(kind, clause.asked.name, clause.cased, clause.asked), frozenset(values)),)]


def _common(known: Collection[Value], facts: Mapping[Value, object]) -> Collection[Value]:
    fewer, more = (known, facts) if len(known) < len(facts) else (facts, known)
    return [fact for fact in fewer if fact in more]
