"""Joins the list of exhibits with the documents that were filed, with its links, and with what the 8-K itself holds.

An exhibit that is incorporated by reference, or part of another one, has a number and a title but no document of its
own: ``url`` or ``filename`` then says where its link leads.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handlers.parse.exhibit_list import NUMBER, Entry, number_key, read_list, tidy_number
from handlers.parse.links import Link, find_links, links_of
from watcher import Document, Exhibit

__all__ = ["find_exhibits"]

_INDEX = re.compile(
    r"^[^\w\n]*(?:index[ \t]+(?:to|of)[ \t]+exhibits?|exhibits?[ \t]+(?:index|list))\b[^\n]{0,40}$",
    re.IGNORECASE | re.MULTILINE,
)
_IS_ELSEWHERE = re.compile(
    r"\b(?:incorporated|previously\s+filed|(?:included|contained|set\s+forth)\s+(?:in|as|within)|embedded|to\s+be\s+filed)\b",
    re.IGNORECASE,
)
_PAGE = re.compile(rf"^[^\w\n]*exhibit[ \t]+(?:no\.?[ \t]*)?({NUMBER})[^\w\n]*$", re.IGNORECASE | re.MULTILINE)
_SHORTEST_PAGE = 300  # characters: less is a line of an index
_MAX_PAGES = 100
_MAX_INDEX = 50_000
_SELF_NAMED = re.compile(rf"^\W*(?:exh?(?:ibit)?s?\b[-. ]*)?{NUMBER}(?:\W+|$)", re.IGNORECASE)

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    """An exhibit that the main document holds itself: what its heading calls it, and where its text stands."""

    number: str
    start: int
    text: str


def find_exhibits(
    lists: Iterable[str],
    documents: Sequence[Document],
    elsewhere: str = "",
    *,
    source: str = "",
    main: Document | None = None,
    after: int = 0,
) -> tuple[Exhibit, ...]:
    """Join what these texts list with the documents that were filed as exhibits.

    ``elsewhere`` is text that may name exhibits on lines of their own; only filed ones are looked for there.
    ``source`` is the main document as it was filed, for its links. Behind the place ``after`` of its text the main
    document may hold an index of exhibits, and exhibits themselves, as plain ones of old do.
    """
    filed = [document for document in documents if document.type.upper().startswith("EX-")]
    pages = _pages(main, after) if main else {}
    index = _index(main.text, after, pages) if main else ""
    entries = _entries([*lists, index], {number_key(document.type[3:]) for document in filed}, elsewhere)
    links = links_of(entries, find_links(source)) if entries else []
    free = _Free(filed)
    taken = _joined(entries, links, free)
    exhibits = [
        _of_document(entry.number, entry.title, document) if document else _without(entry, link, main, pages)
        for entry, link, document in zip(entries, links, taken, strict=True)
    ]
    left = [document for document in free.left.values() if not _is_xbrl(document)]
    exhibits += [_of_document(tidy_number(document.type[3:]), "", document) for document in left]
    known = {number_key(exhibit.number) for exhibit in exhibits}
    exhibits += [_on_page(page.number, "", page, main) for key, page in pages.items() if main and key not in known]
    return tuple(exhibits)


def _is_xbrl(document: Document) -> bool:
    """Whether it is one of the files of XBRL, which are no exhibit for people."""
    return document.type.upper().startswith("EX-101")


def _pages(main: Document, after: int) -> dict[Key, _Page]:
    """Find the exhibits that follow the signature in the main document itself, each under its own heading."""
    headings: list[tuple[re.Match[str], str]] = []
    for match in _PAGE.finditer(main.text, after):
        # The heading may stand on each of its pages.
        if not headings or number_key(headings[-1][1]) != number_key(match[1]):
            headings.append((match, match[1]))
        if len(headings) == _MAX_PAGES:
            break
    pages: dict[Key, _Page] = {}
    for place, (match, number) in enumerate(headings):
        end = headings[place + 1][0].start() if place + 1 < len(headings) else len(main.text)
        text = main.text[match.end() : end].strip()
        if len(text) >= _SHORTEST_PAGE:
            pages.setdefault(number_key(number), _Page(number, main.text.find(text[:1], match.end()), text))
    return pages


def _index(text: str, after: int, pages: dict[Key, _Page]) -> str:
    """Cut out the index of exhibits behind the signature, as far as the first exhibit."""
    heading = _INDEX.search(text, after)
    if heading is None:
        return ""
    end = min((page.start for page in pages.values() if page.start > heading.end()), default=len(text))
    return text[heading.start() : min(end, heading.start() + _MAX_INDEX)]


def _entries(lists: Iterable[str], filed: set[Key], elsewhere: str) -> list[Entry]:
    """Take the list that names most of what was filed, and from the others what it lacks of that."""
    read = [read_list(text, filed) for text in lists if text]
    best = max(read, key=lambda entries: (_count_filed(entries, filed), bool(entries)), default=[])
    others = [entry for entries in read if entries is not best for entry in entries]
    if not best and filed and elsewhere:
        others = read_list(elsewhere, filed)
    known = {number_key(entry.number) for entry in best}
    return best + [entry for entry in _once(others) if number_key(entry.number) in filed - known]


def _count_filed(entries: list[Entry], filed: set[Key]) -> int:
    return sum(number_key(entry.number) in filed for entry in entries)


def _once(entries: list[Entry]) -> list[Entry]:
    return list({number_key(entry.number): entry for entry in reversed(entries)}.values())[::-1]


class _Free:
    """The documents that no entry has been given yet, by number, by file name and by both.

    ``left`` has them in order, by their place. Nothing here takes longer the more documents there are.
    """

    def __init__(self, filed: Sequence[Document]) -> None:
        self.left = dict(enumerate(filed))
        self._places: defaultdict[tuple[Key | None, str | None], deque[int]] = defaultdict(deque)
        for place, document in self.left.items():
            key, name = number_key(document.type[3:]), document.filename.lower()
            for wanted in ((key, name), (key, None), (None, name)):
                self._places[wanted].append(place)

    def take(self, key: Key | None, name: str | None) -> Document | None:
        """Take the first document of this number and this file name; None stands for any."""
        places = self._places.get((key, name), deque())
        while places:
            document = self.left.pop(places.popleft(), None)
            if document is not None:
                return document
        return None


def _joined(entries: list[Entry], links: list[Link | None], free: _Free) -> list[Document | None]:
    """Give each entry its document, surest ways first: link and number, number, link, what is left over."""
    taken: list[Document | None] = [None] * len(entries)
    for by_number, by_link in ((True, True), (True, False), (False, True)):
        for place, (entry, link) in enumerate(zip(entries, links, strict=True)):
            if taken[place] is None and (link is not None or not by_link):
                name = link.filename.lower() if link is not None and by_link else None
                taken[place] = free.take(number_key(entry.number) if by_number else None, name)
    _join_left(entries, links, taken, free)
    return taken


def _join_left(entries: list[Entry], links: list[Link | None], taken: list[Document | None], free: _Free) -> None:
    """Join what is left, in order, where as many entries as documents are and their numbers may mean the same.

    "EX-99" is whichever 99 the list names; a list of 1996 may call an EX-2 just "1."; a 24(d) became a 23(d).
    """
    left = [
        place for place, entry in enumerate(entries) if taken[place] is None and not _is_elsewhere(entry, links[place])
    ]
    families: dict[str, tuple[list[int], list[int]]] = {}
    for place in left:
        families.setdefault(number_key(entries[place].number)[0], ([], []))[0].append(place)
    for spot, document in free.left.items():
        families.setdefault((number_key(document.type[3:]) or ("",))[0], ([], []))[1].append(spot)
    for listed, filed in [*families.values(), (left, list(free.left))]:
        places = [place for place in listed if taken[place] is None]
        spots = [spot for spot in filed if spot in free.left]
        if len(places) == len(spots) and all(
            _may_be(entries[place], free.left[spot]) for place, spot in zip(places, spots, strict=True)
        ):
            for place, spot in zip(places, spots, strict=True):
                taken[place] = free.left.pop(spot)


def _is_elsewhere(entry: Entry, link: Link | None) -> bool:
    """Whether an entry says itself that no document of its own comes with this filing."""
    is_cover = entry.number.startswith(("101", "104"))
    return is_cover or (link is not None and link.url is not None) or _IS_ELSEWHERE.search(entry.title) is not None


def _may_be(entry: Entry, document: Document) -> bool:
    listed, filed = number_key(entry.number), number_key(document.type[3:])
    is_renumbered = {listed[0], *filed[:1]} == {"23", "24"} and listed[1:] == filed[1:]
    return len(listed) == 1 or listed[:1] == filed or is_renumbered


def _of_document(number: str, title: str, document: Document) -> Exhibit:
    title = title or _SELF_NAMED.sub("", document.description)
    return Exhibit(number, title, document.sequence, document.filename or None, document.text)


def _without(entry: Entry, link: Link | None, main: Document | None, pages: dict[Key, _Page]) -> Exhibit:
    """Make the exhibit of an entry that no document of this filing is."""
    page = pages.get(number_key(entry.number))
    if page and main:
        return _on_page(entry.number, entry.title, page, main)
    if link is None:
        return Exhibit(entry.number, entry.title)
    return Exhibit(entry.number, entry.title, filename=None if link.url else link.filename, url=link.url)


def _on_page(number: str, title: str, page: _Page, main: Document) -> Exhibit:
    return Exhibit(number, title, main.sequence, main.filename or None, page.text, start=page.start)
