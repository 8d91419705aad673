"""How a clause looks for words in one passage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from handlers.alert.matching.fields import Operator, Passage
from handlers.alert.matching.view import Places, ReportView
from watcher.words import Folded, Near, Span, find_pattern, near_stretches

__all__ = ["WORD_OPERATORS", "find_edges", "find_near", "find_patterns", "find_phrases"]

WORD_OPERATORS = frozenset(
    {
        *(Operator.PHRASE, Operator.CONTAINS, Operator.STARTSWITH, Operator.ENDSWITH),
        *(Operator.NEAR, Operator.RE),
    }
)


def find_phrases(places: Places, phrases: Collection[str], most: int) -> Sequence[Span]:
    """Return the first places of any of these phrases, as whole words."""
    found = (span for phrase in places.present(phrases) for span in islice(places.spans(phrase), most))
    return _first(found, most)


def find_near(places: Places, near: Near, most: int) -> Sequence[Span]:
    """Return the first stretches in which both sides stand near each other."""
    a, b = (
        [(start, start + len(phrase)) for phrase in places.present(side) for start in places.starts(phrase)]
        for side in near.sides
    )
    stretches = near_stretches(places.stretch.folded.text, a, b, near.within_words) if a and b else []
    return [places.stretch.span(start, end) for start, end in stretches[:most]]


def find_patterns(
    view: ReportView, passage: Passage, patterns: Collection[str], *, cased: bool, most: int
) -> Sequence[Span]:
    """Return the first places that any of these patterns matches; an empty span where it matches nothing at all."""
    levelled, stretch = view.levelled(passage)
    found = (
        stretch.span(stretch.first + start, stretch.first + end) if start < end else Span(0, 0)
        for pattern in patterns
        for start, end in find_pattern(pattern, levelled, cased=cased, most=most)
    )
    return _first(found, most)


def find_edges(operator: Operator, folded: Folded, needles: Collection[str], most: int) -> Sequence[Span]:
    """Return where the text holds one of these, whole words or not, or begins or ends with it."""
    found = (span for needle in needles for span in islice(_edges(operator, folded, needle), most))
    return _first(found, most)


def _edges(operator: Operator, folded: Folded, needle: str) -> Iterator[Span]:
    match operator:
        case Operator.STARTSWITH:
            span = folded.at_start(needle)
        case Operator.ENDSWITH:
            span = folded.at_end(needle)
        case _:
            yield from folded.find(needle, as_words=False)
            return
    if span is not None:
        yield span


def _first(spans: Iterator[Span], most: int) -> Sequence[Span]:
    return sorted(spans, key=lambda span: (span.start, span.end))[:most]
