"""A filing as a person reads it: its texts in order, with the words marked that raised an alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watcher.models import Alert, Document, Evidence, Exhibit, Item, Report
from watcher.places import anchor

__all__ = ["Piece", "Section", "exhibit_pieces", "sections"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``anchors`` name it where it is the beginning of marked words."""

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
        """Whether words in it raised an alert."""
        return any(piece.is_marked for piece in self.pieces)


def sections(report: Report) -> tuple[Section, ...]:
    """Cut the main document at its items, and add those that are only declared, or stand elsewhere, at the end."""
    made = list(_cut(report.main_document, report)) if report.main_document else []
    shown = {id(item) for section in made for item in section.items}
    others = (item for item in report.items if id(item) not in shown)
    return (*made, *(Section((item,), (Piece(item.text),) if item.text else ()) for item in others))


def _cut(main: Document, report: Report) -> Iterator[Section]:
    marks = _marks(report.alerts, main.sequence)
    spans: dict[tuple[int, int], list[Item]] = {}
    for item in report.items:
        if item.document == main.sequence and item.start is not None and item.end is not None:
            spans.setdefault((item.start, item.end), []).append(item)
    done = 0
    for (start, end), items in sorted(spans.items(), key=lambda one: one[0]):
        yield from _between(main, done, start, marks)
        yield Section(tuple(items), tuple(_pieces(main.text, max(start, done), end, marks)))
        done = max(done, end)
    yield from _between(main, done, len(main.text), marks)


def exhibit_pieces(report: Report, exhibit: Exhibit) -> tuple[Piece, ...]:
    """Cut an exhibit's text at the words that raised an alert."""
    marks = [] if exhibit.document is None else _marks(report.alerts, exhibit.document)
    end = exhibit.start + len(exhibit.text)
    return tuple(_pieces(exhibit.text, exhibit.start, end, marks, base=exhibit.start))


def _between(main: Document, start: int, end: int, marks: list[Evidence]) -> Iterator[Section]:
    if main.text[start:end].strip():
        yield Section((), tuple(_pieces(main.text, start, end, marks)))


def _marks(alerts: Iterable[Alert], document: int) -> list[Evidence]:
    found = {evidence for alert in alerts for evidence in alert.evidence if evidence.document == document}
    return sorted(found, key=lambda one: (one.start, one.end))


def _pieces(text: str, start: int, end: int, marks: Iterable[Evidence], base: int = 0) -> Iterator[Piece]:
    """Cut what stands from ``start`` to ``end`` of a document where marked words begin and end.

    ``text`` begins at the document's place ``base``. Words that overlap are marked as one.
    """
    done = start
    for first, last, anchors in _runs(marks, start, end):
        if first > done:
            yield Piece(text[done - base : first - base])
        yield Piece(text[first - base : last - base], is_marked=True, anchors=anchors)
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
