"""One report as rules see it: a fact is looked up, and a text folded and scanned, once and when first asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from handlers.alert.matching.fields import Field, Passage, Value
from watcher import Evidence, Item, Report
from watcher.words import Folded, Hits, Levelled, Matcher, Span, fold, matcher_for, possible_patterns

__all__ = ["Places", "ReportView", "Scanner", "Stretch"]

_MAX_HEADING = 300


class Scanner:
    """Looks for every phrase of all rules at once. To be built once, and used for any number of reports."""

    def __init__(
        self,
        phrases: Iterable[str],
        cased_phrases: Iterable[str],
        build: Callable[[Iterable[str]], Matcher] = matcher_for,
    ) -> None:
        given = {False: tuple(phrases), True: tuple(cased_phrases)}
        self._matchers = {cased: build(some) for cased, some in given.items() if some}

    def scan(self, text: str, *, cased: bool) -> Hits:
        """Return where each phrase stands in the folded text."""
        return self._matchers[cased].find(text) if cased in self._matchers else {}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A passage as a stretch of a folded text, which is the passage's own or that of the document around it."""

    source: str  # what was folded
    folded: Folded
    first: int
    last: int
    begin: int  # where the passage begins in the source

    @property
    def text(self) -> str:
        """The passage, folded."""
        return self.folded.text[self.first : self.last]

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the folded text."""
        return self.last - self.first == len(self.folded.text)

    @property
    def cuts_a_word(self) -> bool:
        """Whether a word of the text around it begins or ends outside of it."""
        return self.folded.is_inside_word(self.first) or self.folded.is_inside_word(self.last)

    def span(self, start: int, end: int) -> Span:
        """Return folded places as places of the passage's own text."""
        found = self.folded.span(start, end)
        return Span(found.start - self.begin, found.end - self.begin)


@dataclass(frozen=True, slots=True)
class Places:
    """Where phrases stand in one passage."""

    stretch: Stretch
    hits: Hits | None  # None: no scanner, and each phrase is looked for when asked for

    def present(self, phrases: Collection[str]) -> Collection[str]:
        """Return those phrases that may stand here."""
        if self.hits is None:
            return phrases
        fewer, more = (phrases, self.hits) if len(phrases) <= len(self.hits) else (self.hits, phrases)
        return [phrase for phrase in fewer if phrase in more]

    def starts(self, phrase: str) -> Sequence[int]:
        """Return the folded places where the phrase begins; two of them may overlap."""
        if self.hits is None:
            return tuple(self.stretch.folded.starts(phrase))
        found = self.hits.get(phrase, ())
        low = bisect_left(found, self.stretch.first)
        return found[low : bisect_right(found, self.stretch.last - len(phrase), low)]

    def spans(self, phrase: str) -> Iterator[Span]:
        """Give the stretches of the passage's text where the phrase stands, one after the other."""
        done = 0
        for start in self.starts(phrase):
            if start >= done:
                done = start + len(phrase)
                yield self.stretch.span(start, done)


class ReportView:
    """One report as rules see it. With a scanner, no other phrases may be asked for than it looks for."""

    def __init__(self, report: Report, scanner: Scanner | None = None) -> None:
        self.report = report
        self._scanner = scanner
        self._values: dict[str, tuple[Value, ...]] = {}
        self._members: dict[str, frozenset[Value]] = {}
        self._passages: dict[str, tuple[Passage, ...]] = {}
        self._folded: dict[tuple[str, bool], Folded] = {}
        self._hits: dict[tuple[str, bool], Hits] = {}
        self._places: dict[tuple[Passage, bool], Places] = {}
        self._stretches: dict[tuple[Passage, bool], Stretch] = {}
        self._levelled: dict[Passage, Levelled] = {}

    def values(self, asked: Field) -> tuple[Value, ...]:
        """Return what the report has of this field."""
        if asked.name not in self._values:
            self._values[asked.name] = tuple(asked.values(self.report)) if asked.values else ()
        return self._values[asked.name]

    def members(self, asked: Field) -> frozenset[Value]:
        """Return the same as a set."""
        if asked.name not in self._members:
            self._members[asked.name] = frozenset(self.values(asked))
        return self._members[asked.name]

    def folded_values(self, asked: Field, *, cased: bool) -> tuple[str, ...]:
        """Return what the report has of a field of names, folded."""
        return tuple(self.folded(str(value), cased=cased).text.strip() for value in self.values(asked))

    def passages(self, asked: Field) -> tuple[Passage, ...]:
        """Return the texts that this field means. A name is a text in no document."""
        if asked.name not in self._passages:
            if asked.passages:
                self._passages[asked.name] = tuple(asked.passages(self.report))
            else:
                self._passages[asked.name] = tuple(Passage(0, 0, str(value)) for value in self.values(asked))
        return self._passages[asked.name]

    def folded(self, text: str, *, cased: bool) -> Folded:
        """Return a text of this report, made ready for searching."""
        key = (text, cased)
        if key not in self._folded:
            self._folded[key] = fold(text, cased=True) if cased else self.folded(text, cased=True).lowered()
        return self._folded[key]

    def places(self, passage: Passage, *, cased: bool) -> Places:
        """Return where phrases stand in this passage."""
        key = (passage, cased)
        if key not in self._places:
            stretch = self._stretch(passage, cased=cased)
            self._places[key] = Places(stretch, self._scanned(stretch, cased=cased))
        return self._places[key]

    def present(self, asked: Field, phrases: Collection[str], *, cased: bool) -> Collection[str]:
        """Return those of these phrases that stand somewhere in the texts of this field."""
        places = (self.places(passage, cased=cased) for passage in self.passages(asked))
        return {
            phrase
            for one in places
            for phrase in one.present(phrases)
            if (one.hits is not None and one.stretch.is_whole) or one.starts(phrase)
        }

    def possible(self, asked: Field, patterns: tuple[str, ...], *, cased: bool) -> Collection[str]:
        """Return all of these patterns that match in the texts of this field, and perhaps some that do not."""
        levelled = (self.levelled(passage)[0] for passage in self.passages(asked))
        return {pattern for one in levelled for pattern in possible_patterns(patterns, one, cased=cased)}

    @cached_property
    def headings(self) -> Sequence[tuple[str, Evidence]]:
        """The headings of items as they stand in their documents, with the items' numbers."""
        found = ((item.number, _heading(self.report, item)) for item in self.report.items)
        return [(number, heading) for number, heading in found if heading is not None]

    def levelled(self, passage: Passage) -> tuple[Levelled, Stretch]:
        """Return the passage as patterns see it, and what its places are places of."""
        stretch = self._stretch(passage, cased=True)
        if passage not in self._levelled:
            self._levelled[passage] = Levelled(stretch.text)
        return self._levelled[passage], stretch

    def _stretch(self, passage: Passage, *, cased: bool) -> Stretch:
        key = (passage, cased)
        if key not in self._stretches:
            if cased:
                self._stretches[key] = self._found_stretch(passage)
            else:  # in the same place
                stretch = self._stretch(passage, cased=True)
                self._stretches[key] = replace(stretch, folded=self.folded(stretch.source, cased=False))
        return self._stretches[key]

    def _found_stretch(self, passage: Passage) -> Stretch:
        around = self._text_around(passage) if self._scanner else passage.text
        if around is not passage.text:
            folded = self.folded(around, cased=True)
            first, last = (folded.place(passage.start + one) for one in (0, len(passage.text)))
            stretch = Stretch(around, folded, first, last, passage.start)
            # What is a word there may be none here.
            if not stretch.cuts_a_word:
                return stretch
        folded = self.folded(passage.text, cased=True)
        return Stretch(passage.text, folded, 0, len(folded.text), 0)

    def _text_around(self, passage: Passage) -> str:
        """Return the text of the passage's document, so that it is scanned once for all passages in it."""
        for document in self.report.documents:
            if document.sequence == passage.document and document.text.startswith(passage.text, passage.start):
                return document.text
        return passage.text

    def _scanned(self, stretch: Stretch, *, cased: bool) -> Hits | None:
        if self._scanner is None:
            return None
        key = (stretch.source, cased)
        if key not in self._hits:
            self._hits[key] = self._scanner.scan(stretch.folded.text, cased=cased)
        return self._hits[key]


def _heading(report: Report, item: Item) -> Evidence | None:
    text = next((one.text for one in report.documents if one.sequence == item.document), "")
    start, end = item.start or 0, item.end or 0
    place = text.find(item.text, start, end) if item.text else end
    heading = text[start : place if place > start else end].strip()[:_MAX_HEADING]
    if item.document is None or not heading:
        return None
    begin = text.find(heading, start, end)
    return Evidence(item.document, begin, begin + len(heading), heading)
