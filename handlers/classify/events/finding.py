"""Finds events in a report: one scan of each passage for all phrases, and all else works on what was found."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product

from handlers.classify.events.book import Book, Clue, EventRule
from handlers.classify.events.facts import Told, facts_in, is_of_others
from handlers.classify.events.passages import Passage, item_place, passages
from handlers.classify.events.sentences import dates_in, is_dated_before, sentences
from watcher import Event, Evidence, Report, Severity
from watcher.words import Hits, fold, matcher_for

__all__ = ["Finder", "Found", "Sentence"]

THRESHOLD = 0.5
HIGHEST = 0.99
DATED = "dated"  # the kind of a sentence that tells of a day long before the filing
DETAIL = "detail"  # far down in an item, where the terms of what was announced are told
# Items that tell terms at length, and how much of them is read as the announcement itself.
_LONG_ITEMS = frozenset({"1.01", "1.02", "2.01", "2.03", "7.01", "8.01"})
_OPENING = 1_200
# So a further announcement begins, wherever it stands.
_DATED_START = re.compile(
    r"[\s(a-z)]{0,6}(?:on|effective|as of|in connection with|also|simultaneously|concurrently)\b", re.IGNORECASE
)
_NEWS_DAYS = 45  # a report is due within four business days; agreements and amendments may come later
_MAX_EVIDENCE = 3
_MAX_HITS = 6  # of one phrase set in one sentence
_COVER = 2_500  # characters of the main document with the date of the report
_BEFORE, _AFTER = 3, 2  # sentences before and after, in which the office may be named that this one does not
_WORD = re.compile(r"[^\W_]+")
# What follows on its own line is the page's foot, or the head of the next one.
_EMPTY_ITEM = re.compile(r"\W*(?:none|not applicable|n/a|inapplicable|nothing to report)\W*(?:\n|$)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_Span = tuple[int, int]


@dataclass(slots=True)
class Sentence:
    """A sentence with what was found in it. Places count characters of ``passage.text``."""

    passage: Passage
    start: int
    end: int
    hits: dict[str, list[_Span]] = field(default_factory=lambda: defaultdict(list))
    kinds: frozenset[str] = frozenset()
    near: tuple[Sentence, ...] = ()  # the few before and after it

    @property
    def text(self) -> str:
        """The words as they stand there."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Found:
    """A clue that holds: in a sentence, or of the filing as a whole."""

    rule: EventRule
    clue: Clue
    sentence: Sentence | None = None
    span: _Span | None = None  # in the passage


class Finder:
    """The rules of a book, ready for any number of reports."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._sets: dict[str, list[str]] = defaultdict(list)  # phrase: the sets that hold it
        for name, phrases in book.phrases.items():
            for phrase in phrases:
                self._sets[phrase].append(name)
        self._matcher = matcher_for([*self._sets, *book.ignored])
        self._ignored = frozenset(book.ignored)
        self._by_first: dict[str, list[tuple[EventRule, Clue]]] = defaultdict(list)
        self._of_filing: list[tuple[EventRule, Clue]] = []
        for rule in book.events:
            for clue in rule.clues:
                (self._by_first[clue.find[0]] if clue.find else self._of_filing).append((rule, clue))

    def events(self, report: Report) -> tuple[tuple[Event, tuple[Found, ...]], ...]:
        """Return the events that the report tells of, with what speaks for each, best first."""
        items = frozenset(item_place(item.number) for item in report.items if not _EMPTY_ITEM.match(item.text))
        exhibits = frozenset(number[0] for one in report.exhibits if (number := _NUMBER.match(one.number)))
        found = [
            one for one in self.found(passages(report), _day(report)) if _is_such_a_filing(one.clue, items, exhibits)
        ]
        found += [Found(rule, clue) for rule, clue in self._of_filing if _is_such_a_filing(clue, items, exhibits)]
        return _told(found, items, report.filing.company)

    def found(self, texts: Iterable[Passage], day: date | None) -> Iterator[Found]:
        """Give every clue that holds in a sentence of these passages. ``day``: that of the filing."""
        for passage in texts:
            for sentence in self._sentences(passage, day):
                for name in tuple(sentence.hits):
                    for rule, clue in self._by_first.get(name, ()):
                        span = _span(sentence, clue)
                        if span is not None:
                            yield Found(rule, clue, sentence, span)

    def _sentences(self, passage: Passage, day: date | None) -> list[Sentence]:
        """The sentences in which any phrase stands."""
        folded = fold(passage.text)
        hits = self._matcher.find(folded.text)
        if not hits:
            return []
        bounds = list(sentences(passage.text)) or [(0, len(passage.text))]
        starts = [start for start, _ in bounds]
        cut: dict[int, Sentence] = {}
        ignored = _Ignored(hits, self._ignored)
        for phrase, places in hits.items():
            for place in ignored.left(phrase, places):
                span = folded.span(place, place + len(phrase))
                index = max(0, bisect_right(starts, span.start) - 1)
                if index not in cut:
                    cut[index] = Sentence(passage, *bounds[index])
                for name in self._sets[phrase]:
                    cut[index].hits[name].append((span.start, span.end))
        for index, sentence in cut.items():
            sentence.kinds = self._kinds(sentence, day)
            around = (*range(index - _BEFORE, index), *range(index + 1, index + 1 + _AFTER))
            sentence.near = tuple(cut[one] for one in around if one in cut)
        return [cut[index] for index in sorted(cut)]

    def _kinds(self, sentence: Sentence, day: date | None) -> frozenset[str]:
        kinds = {kind for kind, names in self.book.kinds.items() if any(name in sentence.hits for name in names)}
        # Lists of exhibits, and statements for past periods, bear old dates by their nature.
        is_told = sentence.passage.place not in ("exhibits", "9.01", "headline")
        if day is not None and is_told and is_dated_before(sentence.text, day - timedelta(days=_NEWS_DAYS)):
            kinds.add(DATED)
        if _is_detail(sentence):
            kinds.add(DETAIL)
        return frozenset(kinds)


class _Ignored:
    """The stretches of a text inside which shorter phrases do not count."""

    def __init__(self, hits: Hits, phrases: Collection[str]) -> None:
        self._spans = sorted((place, place + len(one)) for one in hits if one in phrases for place in hits[one])
        self._starts = [start for start, _ in self._spans]

    def left(self, phrase: str, places: Sequence[int]) -> Sequence[int]:
        """Return the places of this phrase that count."""
        return [place for place in places if not self._is_inside(place, len(phrase))] if self._spans else places

    def _is_inside(self, place: int, length: int) -> bool:
        last = bisect_right(self._starts, place)
        return any(
            place + length <= end and length < end - start for start, end in self._spans[max(0, last - 3) : last]
        )


def _is_detail(sentence: Sentence) -> bool:
    return (
        sentence.passage.place in _LONG_ITEMS
        and sentence.start > _OPENING
        and _DATED_START.match(sentence.text) is None
    )


def _day(report: Report) -> date | None:
    """The day of the filing, or of its first event, which a document without its submission tells on its cover."""
    day, main = report.filing.filed_on or report.period_of_report, report.main_document
    if day is not None or main is None:
        return day
    return next(iter(dates_in(main.text[:_COVER])), None)


def _is_such_a_filing(clue: Clue, items: frozenset[str], exhibits: frozenset[str]) -> bool:
    """Whether the filing is made as the clue asks."""
    return (
        (not clue.items or bool(clue.items & items))
        and not clue.not_items & items
        and (not clue.only or items <= clue.only)
        and (not clue.exhibits or bool(clue.exhibits & exhibits))
        and not clue.not_exhibits & exhibits
    )


def _span(sentence: Sentence, clue: Clue) -> _Span | None:
    """The narrowest stretch of the sentence that has all that the clue asks for, or None."""
    hits = sentence.hits
    if clue.places and sentence.passage.place not in clue.places:
        return None
    if any(name not in hits for name in clue.find) or any(name in hits for name in clue.without):
        return None
    if sentence.kinds - clue.even:
        return None
    if clue.near and not any(clue.near <= one.hits.keys() for one in sentence.near):
        return None
    best: _Span | None = None
    for spans in product(*(sorted(hits[name])[:_MAX_HITS] for name in clue.find)):
        if clue.in_order and any(one[1] > after[0] for one, after in pairwise(spans)):
            continue
        start, end = min(one[0] for one in spans), max(one[1] for one in spans)
        if best is None or end - start < best[1] - best[0]:
            best = start, end
    if best is None or len(_WORD.findall(sentence.passage.text, *best)) > clue.within + 2 * len(clue.find):
        return None
    return best


def _told(found: Sequence[Found], items: frozenset[str], company: str) -> tuple[tuple[Event, tuple[Found, ...]], ...]:
    counted = [one for one in found if not (one.clue.is_alone or one.clue.beside_none)]
    told = _scored(counted)
    for clues in _last_resorts(found):
        counted += [one for one in clues if _counts_beside(one.clue, told)]
        told = _scored(counted)
    events = [(_event(score, clues, items, company), tuple(clues)) for score, clues in told.values()]
    return tuple(sorted(events, key=lambda one: (-one[0].score, one[0].event)))


def _last_resorts(found: Iterable[Found]) -> Iterable[list[Found]]:
    """The clues that count beside few events or none, by event, in the order of the rules: the first may still them."""
    by_event: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        if one.clue.is_alone or one.clue.beside_none:
            by_event[one.rule.event].append(one)
    return [clues for _, clues in sorted(by_event.items(), key=lambda one: one[1][0].rule.number)]


def _counts_beside(clue: Clue, told: Collection[str]) -> bool:
    """Whether a clue counts although these events are told."""
    return not (clue.is_alone and told) and clue.beside_none.isdisjoint(told)


def _scored(found: Iterable[Found]) -> dict[str, tuple[float, list[Found]]]:
    """The events that enough speaks for, without those that are not told beside another of them."""
    by_event: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        by_event[one.rule.event].append(one)
    scores = {event: score for event, clues in by_event.items() if (score := _score(clues)) >= THRESHOLD}
    return {
        event: (score, by_event[event])
        for event, score in scores.items()
        if not any(other in scores for other in by_event[event][0].rule.unless)
    }


def _score(found: Iterable[Found]) -> float:
    """All clues together, each counted once: any of them may be wrong by chance, independently of the others."""
    doubt, left = 1.0, 1.0
    for clue in {id(one.clue): one.clue for one in found}.values():
        if clue.is_against:
            left *= 1 - clue.weight
        else:
            doubt *= 1 - clue.weight
    return round(min(HIGHEST, (1 - doubt) * left), 2)


def _event(score: float, found: Sequence[Found], items: frozenset[str], company: str) -> Event:
    rule = found[0].rule
    facts: dict[str, str] = {}
    for one in _weightiest_first(found):
        if one.sentence is not None and one.span is not None:
            start, end = (place - one.sentence.start for place in one.span)
            further = facts_in(rule.facts, Told(one.sentence.text, company, start, end, one.sentence.passage.text))
            facts = facts if is_of_others(further, facts) else further | facts
    is_expected = not rule.items or not items.isdisjoint(rule.items)
    severity = _severity(rule, items)
    return Event(rule.event, score, tuple(_evidence(found)), is_expected, facts, severity, rule.family, rule.kin)


def _severity(rule: EventRule, items: frozenset[str]) -> Severity:
    """What the rule says of the filing's items, the highest; else what it says of the event."""
    by_item = [severity for item, severity in rule.severity_by_item.items() if item in items]
    return max(by_item, key=lambda one: one.rank, default=rule.severity)


def _weightiest_first(found: Iterable[Found]) -> list[Found]:
    return sorted((one for one in found if not one.clue.is_against), key=lambda one: -one.clue.weight)


def _evidence(found: Iterable[Found]) -> Iterator[Evidence]:
    """The words of the clues that speak for it, the weightiest first."""
    told: set[tuple[int, int, int]] = set()
    for one in _weightiest_first(found):
        if one.sentence is None or one.span is None or one.sentence.passage.start is None:
            continue
        passage = one.sentence.passage
        start, end = one.sentence.passage.start + one.span[0], one.sentence.passage.start + one.span[1]
        if (passage.document, start, end) not in told and len(told) < _MAX_EVIDENCE:
            told.add((passage.document, start, end))
            yield Evidence(passage.document, start, end, passage.text[one.span[0] : one.span[1]])
