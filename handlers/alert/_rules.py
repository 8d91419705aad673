"""A rule that was read and checked, and how it is matched with a report."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from handlers.alert._conditions import Condition, supporters
from handlers.alert._fields import Field, Operator, Passage, Value
from handlers.alert._texts import Folded, Span, fold
from watcher import Alert, Evidence, Report, Severity, alert_id

__all__ = ["Clause", "ReportView", "Rule", "Selection", "Template"]

_MAX_EVIDENCE_PER_CLAUSE = 3
_MAX_EVIDENCE = 20
_MAX_SUMMARY = 300
_ORDER: dict[Operator, Callable[[Value, Value], bool]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
_SETS = frozenset({Operator.HAS, Operator.HAS_ANY, Operator.HAS_ALL, Operator.ONLY})

# What a clause found: None is "does not hold"; evidence may be empty where a fact has no place in a document.
Found = tuple[Evidence, ...] | None


class ReportView:
    """One report as rules see it. What several rules ask for is found and folded once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._values: dict[str, tuple[Value, ...]] = {}
        self._passages: dict[str, tuple[Passage, ...]] = {}
        self._folded: dict[tuple[str, bool], Folded] = {}

    def values(self, asked: Field) -> tuple[Value, ...]:
        """Return what the report has of this field."""
        if asked.name not in self._values:
            self._values[asked.name] = tuple(asked.values(self.report)) if asked.values else ()
        return self._values[asked.name]

    def passages(self, asked: Field) -> tuple[Passage, ...]:
        """Return the stretches of text that this field means."""
        if asked.name not in self._passages:
            self._passages[asked.name] = tuple(asked.passages(self.report)) if asked.passages else ()
        return self._passages[asked.name]

    def folded(self, text: str, *, cased: bool) -> Folded:
        """Return a text of this report, made ready for searching."""
        key = (text, cased)
        if key not in self._folded:
            self._folded[key] = fold(text, cased=cased)
        return self._folded[key]


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a selection: a field, what is asked of it, and the values. Words are folded already."""

    asked: Field
    operator: Operator
    values: tuple[Value, ...]
    cased: bool = False
    members: frozenset[Value] = field(init=False, repr=False)  # the same, for lists of thousands

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", frozenset(self.values))

    def found(self, view: ReportView) -> Found:
        """Return the evidence that it holds, or None when it does not."""
        if self.operator is Operator.EXISTS:
            exists = bool(view.passages(self.asked) if self.asked.passages else view.values(self.asked))
            return () if exists is self.values[0] else None
        if self.asked.passages:
            return self._found_in_passages(view)
        if self.operator in _SETS:
            return self._found_in_set(view)
        return () if self._holds(view) else None

    def _holds(self, view: ReportView) -> bool:
        known = view.values(self.asked)
        if self.operator in _ORDER:
            return any(_ORDER[self.operator](value, self.values[0]) for value in known)
        if self.asked.type.is_text:
            return self._words_hold([view.folded(str(value), cased=self.cased) for value in known])
        if self.operator is Operator.NEQ:
            return bool(known) and not any(value in self.members for value in known)
        return any(value in self.members for value in known)

    def _words_hold(self, known: list[Folded]) -> bool:
        if self.operator is Operator.NEQ:
            return bool(known) and not any(one.text.strip() in self.members for one in known)
        if self.operator in (Operator.EQUALS, Operator.IN):
            return any(one.text.strip() in self.members for one in known)
        return any(True for one in known for needle in self.values for _ in self._spans(one, str(needle)))

    def _found_in_set(self, view: ReportView) -> Found:
        known, wanted = frozenset(view.values(self.asked)), self.members
        holds = {
            Operator.HAS: wanted <= known,
            Operator.HAS_ANY: bool(wanted & known),
            Operator.HAS_ALL: wanted <= known,
            Operator.ONLY: bool(known) and known <= wanted,
        }[self.operator]
        if not holds:
            return None
        return tuple(_evidence_for(self.asked, known & wanted, view.report))[:_MAX_EVIDENCE_PER_CLAUSE]

    def _found_in_passages(self, view: ReportView) -> Found:
        found: list[Evidence] = []
        for passage in view.passages(self.asked):
            folded = view.folded(passage.text, cased=self.cased)
            for needle in self.values:
                for span in self._spans(folded, str(needle)):
                    found.append(_quoted(passage, span))
                    if len(found) == _MAX_EVIDENCE_PER_CLAUSE:
                        return tuple(found)
        return tuple(found) or None

    def _spans(self, folded: Folded, needle: str) -> Iterator[Span]:
        match self.operator:
            case Operator.STARTSWITH:
                span = folded.at_start(needle)
            case Operator.ENDSWITH:
                span = folded.at_end(needle)
            case _:
                yield from folded.find(needle, as_words=self.operator is Operator.PHRASE)
                return
        if span is not None:
            yield span


@dataclass(frozen=True, slots=True)
class Selection:
    """A named part of a rule. It holds when every clause of one of its alternatives holds."""

    name: str
    alternatives: tuple[tuple[Clause, ...], ...]

    def found(self, view: ReportView) -> Found:
        """Return the evidence that it holds, or None when it does not."""
        for clauses in self.alternatives:
            evidence: list[Evidence] = []
            for clause in clauses:
                found = clause.found(view)
                if found is None:
                    break
                evidence += found
            else:
                return tuple(evidence)
        return None


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
        )


def _evidence_for(asked: Field, values: Iterable[Value], report: Report) -> Iterator[Evidence]:
    """Point at the headings of items, and at the words that speak for events; other facts have no place."""
    if asked.name == "items":
        for item in report.items:
            if item.number in values and item.document is not None:
                yield from _heading(report, item.document, item.start or 0, item.end or 0, item.text)
    if asked.name == "events":
        for event in report.events:
            if event.event in values:
                yield from event.evidence[:1]


def _heading(report: Report, document: int, start: int, end: int, content: str) -> Iterator[Evidence]:
    text = next((one.text for one in report.documents if one.sequence == document), "")
    place = text.find(content, start, end) if content else end
    heading = text[start : place if place > start else end].strip()[:_MAX_SUMMARY]
    if heading:
        begin = text.find(heading, start, end)
        yield Evidence(document, begin, begin + len(heading), heading)


def _quoted(passage: Passage, span: Span) -> Evidence:
    start, end = passage.start + span.start, passage.start + span.end
    return Evidence(passage.document, start, end, passage.text[span.start : span.end])


def _told(values: Iterable[Value]) -> str:
    told = []
    for value in values:
        if isinstance(value, datetime):
            told.append(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))
        else:
            told.append(str(value))
    return ", ".join(sorted(told)) or "unknown"


def _one_line(text: str) -> str:
    line = re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()
    return line if len(line) <= _MAX_SUMMARY else line[: _MAX_SUMMARY - 1].rstrip() + "…"
