"""A filing as a person reads it: its texts in order, with the words marked that say what happened or are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from watcher.models import Document, Evidence, Exhibit, Item, Report
from watcher.places import anchor

__all__ = ["Piece", "Section", "exhibit_pieces", "sections"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``anchors`` name it where it is the beginning of marked words that no piece before has."""

    text: str
    is_marked: bool = False
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the main document: the content of items, or what stands before, between and after them."""

    items: tuple[Item, ...]  # several under one heading share it; none: no item's
    pieces: tuple[Piece, ...]

    @property
    def is_marked(self) -> bool:
        """Whether words in it are marked."""
        return any(piece.is_marked for piece in self.pieces)


def sections(report: Report, more: Iterable[Evidence] = ()) -> tuple[Section, ...]:
    """Cut the main document at its items, and add those that are only declared, or stand elsewhere, at the end.

    ``more`` is marked, too: what somebody looked for, say.
    """
    made = list(_cut(report.main_document, report, more)) if report.main_document else []
    shown = {id(item) for section in made for item in section.items}
    others = (item for item in report.items if id(item) not in shown)
    return (*made, *(Section((item,), (Piece(item.text),) if item.text else ()) for item in others))


def _cut(main: Document, report: Report, more: Iterable[Evidence]) -> Iterator[Section]:
    marks = _marks(report, main.sequence, more)
    spans: dict[tuple[int, int], list[Item]] = {}
    for item in report.items:
        if item.document == main.sequence and item.start is not None and item.end is not None:
            spans.setdefault((item.start, item.end), []).append(item)
    done = 0
    named: set[str] = set()
    for (start, end), items in sorted(spans.items(), key=lambda one: one[0]):
        yield from _between(main, done, start, marks, named)
        yield Section(tuple(items), tuple(_pieces(main.text, max(start, done), end, marks, named)))
        done = max(done, end)
    yield from _between(main, done, len(main.text), marks, named)


def exhibit_pieces(report: Report, exhibit: Exhibit, more: Iterable[Evidence] = ()) -> tuple[Piece, ...]:
    """Cut an exhibit's text at the words that are marked.

    Where it is shown a second time, as a part of the main document or of an exhibit before it, the words are marked
    and have no names: those on a page stand there once.
    """
    marks = [] if exhibit.document is None else _marks(report, exhibit.document, more)
    start, end = _span(exhibit)
    named = {anchor(one) for first, last in _shown_before(report, exhibit) for one in marks if _meets(one, first, last)}
    return tuple(_pieces(exhibit.text, start, end, marks, named, base=start))


def _shown_before(report: Report, exhibit: Exhibit) -> Iterator[tuple[int, int]]:
    """Give the stretches of the exhibit's document that stand on the page before it."""
    main = report.main_document
    if main is not None and main.sequence == exhibit.document:
        yield 0, len(main.text)
    for other in report.exhibits:
        if other is exhibit:
            return
        if other.document == exhibit.document:
            yield _span(other)


def _span(exhibit: Exhibit) -> tuple[int, int]:
    return exhibit.start, exhibit.start + len(exhibit.text)


def _meets(one: Evidence, start: int, end: int) -> bool:
    return max(one.start, start) < min(one.end, end)


def _between(main: Document, start: int, end: int, marks: list[Evidence], named: set[str]) -> Iterator[Section]:
    if main.text[start:end].strip():
        yield Section((), tuple(_pieces(main.text, start, end, marks, named)))


def _marks(report: Report, document: int, more: Iterable[Evidence]) -> list[Evidence]:
    told = [one.evidence for one in report.alerts] + [one.evidence for one in report.events]
    found = {evidence for evidence in (*chain.from_iterable(told), *more) if evidence.document == document}
    return sorted(found, key=lambda one: (one.start, one.end))


def _pieces(
    text: str, start: int, end: int, marks: Iterable[Evidence], named: set[str], base: int = 0
) -> Iterator[Piece]:
    """Cut what stands from ``start`` to ``end`` of a document where marked words begin and end.

    ``text`` begins at the document's place ``base``. Words that overlap are marked as one. ``named`` holds the anchors
    that were given already, and takes in those that are given here.
    """
    done = start
    for first, last, anchors in _runs(marks, start, end):
        if first > done:
            yield Piece(text[done - base : first - base])
        new = tuple(name for name in anchors if name not in named)
        named.update(new)
        yield Piece(text[first - base : last - base], is_marked=True, anchors=new)
        done = last
    if done < end:
        yield Piece(text[done - base : end - base])


def _runs(marks: Iterable[Evidence], start: int, end: int) -> list[tuple[int, int, tuple[str, ...]]]:
    runs: list[tuple[int, int, tuple[str, ...]]] = []
    for one in marks:
        first, last = max(one.start, start), min(one.end, end)
        if first >= last:
            continue
        names: tuple[str, ...] = (anchor(one),)
        if runs and first < runs[-1][1]:
            first, before, earlier = runs.pop()
            last, names = max(before, last), tuple(dict.fromkeys((*earlier, *names)))
        runs.append((first, last, names))
    return runs
