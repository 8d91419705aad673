"""A rule that was read and checked, and how it is matched with a report."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from handlers.alert.language.pacing import AT_ONCE, Pace
from handlers.alert.matching.conditions import Condition, supporters
from handlers.alert.matching.fields import Field, Operator, Passage, Value
from handlers.alert.matching.passages import WORD_OPERATORS, find_edges, find_near, find_patterns, find_phrases
from handlers.alert.matching.view import ReportView
from watcher import Alert, Event, Evidence, Severity, alert_id
from watcher.words import Near, Span

__all__ = ["Clause", "Near", "ReportView", "Rule", "Selection", "Template", "found_together"]

_MAX_EVIDENCE_PER_CLAUSE = 3
_MAX_EVIDENCE = 20
_MAX_QUOTE = 2_000
_MAX_SUMMARY = 300
_ORDER: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
_SETS = frozenset({Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL, Operator.ONLY})

# What a clause found: None is "does not hold"; evidence may be empty where a fact has no place in a document.
Found = tuple[Evidence, ...] | None


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a selection: a field, what is asked of it, and the values.

    Words are folded already; patterns are not. ``near`` has one value, a `Near`.
    """

    asked: Field
    operator: Operator
    values: tuple[Value | Near, ...]
    cased: bool = False
    written: str = field(default="", compare=False, repr=False)  # as the file has it, lists and all by their names
    members: frozenset[Value | Near] = field(init=False, repr=False)  # the same, for lists of thousands

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", frozenset(self.values))

    @property
    def words(self) -> frozenset[str]:
        """The values of a clause about texts, but for ``near``."""
        return cast("frozenset[str]", self.members)

    def found(self, view: ReportView) -> Found:
        """Return the evidence that it holds, or None when it does not."""
        if self.asked.of_event is not None:
            return _words_of(self.events(view.report.events))
        if self.operator is Operator.EXISTS:
            exists = bool(view.passages(self.asked) if self.asked.passages else view.values(self.asked))
            return () if exists is self.values[0] else None
        if self.operator in WORD_OPERATORS:
            return self._found_in_passages(view)
        if self.operator in _SETS:
            return self._found_in_set(view)
        is_text = self.asked.type.is_text
        known = view.folded_values(self.asked, cased=self.cased) if is_text else view.values(self.asked)
        return () if self._holds(known) else None

    def events(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Return those of these events of which it holds. For a field of events alone."""
        return tuple(
            one for one in events if self._holds(tuple(self.asked.of_event(one) if self.asked.of_event else ()))
        )

    def _holds(self, known: Collection[Value]) -> bool:
        if self.operator is Operator.EXISTS:
            return bool(known) is self.values[0]
        if self.operator in _ORDER:
            return any(_ORDER[self.operator](value, self.values[0]) for value in known)
        if self.operator is Operator.NEQ:
            return bool(known) and not any(value in self.members for value in known)
        return any(value in self.members for value in known)

    def _found_in_set(self, view: ReportView) -> Found:
        known, wanted = view.members(self.asked), self.members
        holds = {
            Operator.HAS: wanted <= known,
            Operator.HAS_ANY: bool(wanted & known),
            Operator.HAS_ALL: wanted <= known,
            Operator.ONLY: bool(known) and known <= wanted,
        }[self.operator]
        if not holds:
            return None
        return tuple(_evidence_for(self.asked, known & wanted, view))[:_MAX_EVIDENCE_PER_CLAUSE]

    def _found_in_passages(self, view: ReportView) -> Found:
        found: list[tuple[Passage, Span]] = []
        for passage in view.passages(self.asked):
            most = _MAX_EVIDENCE_PER_CLAUSE - len(found)
            found += [(passage, span) for span in self._spans(view, passage, most)] if most else []
        if not found:
            return None
        in_document = self.asked.passages is not None
        return tuple(_quoted(passage, span) for passage, span in found if in_document and span.start < span.end)

    def _spans(self, view: ReportView, passage: Passage, most: int) -> Sequence[Span]:
        match self.operator:
            case Operator.PHRASE:
                return find_phrases(view.places(passage, cased=self.cased), self.words, most)
            case Operator.NEAR:
                places = view.places(passage, cased=self.cased)
                nears = (near for near in self.values if isinstance(near, Near))
                return [span for near in nears for span in find_near(places, near, most)][:most]
            case Operator.RE:
                return find_patterns(view, passage, self.words, cased=self.cased, most=most)
            case _:
                folded = view.folded(passage.text, cased=self.cased)
                return find_edges(self.operator, folded, self.words, most)


@dataclass(frozen=True, slots=True)
class Selection:
    """A named part of a rule. It holds when every clause of one of its alternatives holds."""

    name: str
    alternatives: tuple[tuple[Clause, ...], ...]

    def found(self, view: ReportView) -> Found:
        """Return the evidence that it holds, or None when it does not."""
        for clauses in self.alternatives:
            evidence: list[Evidence] = []
            for found in found_together(clauses, view):
                if found is None:
                    break
                evidence += found
            else:
                return tuple(evidence)
        return None


def found_together(clauses: Sequence[Clause], view: ReportView) -> Iterator[Found]:
    """Give what each of these clauses found, in their order, where all of them must hold.

    Those about one event speak of the same: each looks at what the ones before left over, and ``events`` at those that
    all of them left.
    """
    left, of_events = view.report.events, dict[int, Found]()
    for place, clause in enumerate(clauses):
        if clause.asked.of_event is not None:
            left = clause.events(left)
            of_events[place] = _words_of(left)
    narrowed = ReportView(replace(view.report, events=left)) if of_events else view
    for place, clause in enumerate(clauses):
        if place in of_events:
            yield of_events[place]
        else:
            yield clause.found(narrowed if clause.asked.name == "events" else view)


def _words_of(events: Collection[Event]) -> Found:
    words = (one for event in events for one in event.evidence[:1])
    return tuple(words)[:_MAX_EVIDENCE_PER_CLAUSE] if events else None


@dataclass(frozen=True, slots=True)
class Template:
    """A summary with placeholders such as ``{company}``: texts and fields in turn."""

    parts: tuple[str | Field, ...]

    def filled(self, view: ReportView) -> str:
        """Fill it from a report, on one line."""
        texts = [part if isinstance(part, str) else _told(view.values(part)) for part in self.parts]
        return _one_line("".join(texts))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a user asks for."""

    id: str
    title: str
    severity: Severity
    include_amendments: bool
    notify: tuple[str, ...]
    selections: tuple[Selection, ...]
    condition: Condition
    revision: str
    summary: Template | None = None
    annotations: tuple[tuple[str, Template], ...] = ()  # all but the summary
    pace: Pace = AT_ONCE
    inhibits: tuple[str, ...] = ()
    status: str = "stable"
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()

    def alert(self, view: ReportView) -> Alert | None:
        """Return the alert that this rule raises on the report, or None."""
        if view.report.is_amendment and not self.include_amendments:
            return None
        found: dict[str, Found] = {}
        selections = {selection.name: selection for selection in self.selections}

        def holds(name: str) -> bool:
            if name not in found:
                found[name] = selections[name].found(view)
            return found[name] is not None

        names = supporters(self.condition, holds)
        if names is None:
            return None
        evidence = dict.fromkeys(one for name in names for one in found[name] or ())
        default = f"{view.report.filing.company}: {self.title}" if view.report.filing.company else self.title
        return Alert(
            id=alert_id(view.report.filing.accession, self.id),
            rule=self.id,
            title=self.title,
            severity=self.severity,
            revision=self.revision,
            notify=self.notify,
            selections=names,
            evidence=tuple(evidence)[:_MAX_EVIDENCE],
            summary=self.summary.filled(view) if self.summary else _one_line(default),
            pacing=self.pace.pacing(lambda asked: _counted(view.values(asked))),
            inhibits=self.inhibits,
            annotations={name: template.filled(view) for name, template in self.annotations},
        )


def _evidence_for(asked: Field, values: Collection[Value], view: ReportView) -> Iterator[Evidence]:
    """Point at the headings of items, and at the words that speak for events; other facts have no place."""
    if asked.name == "items":
        yield from (heading for number, heading in view.headings if number in values)
    if asked.name == "events":
        for event in view.report.events:
            if event.event in values:
                yield from event.evidence[:1]


def _quoted(passage: Passage, span: Span) -> Evidence:
    text = passage.text[span.start : min(span.end, span.start + _MAX_QUOTE)]
    start = passage.start + span.start
    return Evidence(passage.document, start, start + len(text), text)


def _told(values: Iterable[Value]) -> str:
    told = []
    for value in values:
        if isinstance(value, datetime):
            told.append(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))
        else:
            told.append(str(value))
    return ", ".join(sorted(told)) or "unknown"


def _counted(values: Iterable[Value]) -> str:
    """The values as a part of a key: always the same text for the same facts."""
    told = (value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value) for value in values)
    return ",".join(sorted(set(told))) or "unknown"


def _one_line(text: str) -> str:
    line = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()
    return line if len(line) <= _MAX_SUMMARY else line[: _MAX_SUMMARY - 1].rstrip() + "…"
