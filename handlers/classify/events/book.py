"""The rules about events, once they are read: clues, and what each speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher import Severity

__all__ = ["Book", "Clue", "EventRule", "Trial"]


@dataclass(frozen=True, slots=True)
class Clue:
    """What speaks for an event, or against it: words in one sentence, or what the filing is made of, or both."""

    where: str  # ``file:line:column``
    find: tuple[str, ...] = ()  # names of phrase sets, of each of which a phrase stands in one sentence
    within: int = 30  # words between the first and the last of these phrases, at most
    in_order: bool = False  # the phrases stand in the order of ``find``
    places: frozenset[str] = frozenset()  # item numbers, ``headline``, ``release``, ``exhibits``
    without: frozenset[str] = frozenset()  # phrase sets of which nothing stands in the sentence
    even: frozenset[str] = frozenset()  # kinds of sentence that count all the same
    items: frozenset[str] = frozenset()  # one of these items is there
    not_items: frozenset[str] = frozenset()  # none of these
    only: frozenset[str] = frozenset()  # no other item than these
    exhibits: frozenset[str] = frozenset()  # exhibits of one of these numbers are there, such as ``1`` for 1.1
    not_exhibits: frozenset[str] = frozenset()
    weight: float = 0.0  # how far it settles the question: 1 would be beyond doubt
    is_against: bool = False
    near: frozenset[str] = frozenset()  # phrase sets of each of which a phrase stands in one sentence close by
    is_alone: bool = False  # counts only where no other event would be told
    beside_none: frozenset[str] = frozenset()  # counts only where none of these events would be told


@dataclass(frozen=True, slots=True)
class Trial:
    """A sentence made up to try the rules, and the place where it stands."""

    where: str
    event: str
    text: str
    place: str  # where it stands in the filing: an item number, ``headline``, ``release``, ``exhibits``
    expected: bool


@dataclass(frozen=True, slots=True)
class EventRule:
    """One event of the taxonomy."""

    event: str
    meaning: str
    items: tuple[str, ...]  # under which it is usually reported
    clues: tuple[Clue, ...] = ()
    unless: tuple[str, ...] = ()  # events beside which this one is not told
    facts: tuple[str, ...] = ()  # which are looked for in the sentences that speak for it
    where: str = ""
    number: int = 0  # of the events, as they were read
    severity: Severity = Severity.MEDIUM
    severity_by_item: Mapping[str, Severity] = field(default_factory=dict)  # where one of these items is there
    family: str = ""  # what it is called when it happens again; "" where that says nothing
    kin: tuple[str, ...] = ()  # the events of its family


@dataclass(frozen=True, slots=True)
class Book:
    """All events, in the order of the file."""

    events: tuple[EventRule, ...]
    phrases: Mapping[str, tuple[str, ...]]  # by the set's name
    kinds: Mapping[str, tuple[str, ...]]  # kind of sentence: names of phrase sets that make one
    ignored: tuple[str, ...] = ()  # phrases inside which a shorter phrase does not count
    trials: tuple[Trial, ...] = ()
    version: str = ""
