"""Search over the texts of all stored documents: the newest filings first, a page at a time, and never for long.

How a text gets into the index is told in `search_index`; what people may type, in `search_words`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from watcher.models import Origin
from watcher.store import companies, search_postgresql, search_sqlite
from watcher.store.database import time_limit
from watcher.store.listing import is_cik, key_of, span
from watcher.store.passages import Piece, Term, passage
from watcher.store.schema import document, filing, report
from watcher.store.search_asked import Asked
from watcher.store.search_index import tag
from watcher.store.search_words import read_words
from watcher.store.sort_keys import PER_FILING
from watcher.store.stored_filing import StoredFiling, stored_filing

__all__ = ["MOST_HITS", "SECONDS", "Found", "Hit", "Piece", "Results", "Search", "find"]

MOST_HITS = 3  # that are shown of one filing
SECONDS = 5.0  # after which a search is given up
# After which passages are no longer looked for: documents are shown by their beginning then.
_PASSAGE_SECONDS = 1.0
_TOO_LONG = "the search takes longer than {seconds:g} seconds: use rarer or longer words, or a shorter span of days"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, as people type it, and what it is narrowed to; None narrows nothing.

    ``company``: whole words of a filer's name, or its CIK. ``since`` and ``until``: filing dates. ``before``: the
    cursor of an earlier page.
    """

    words: str
    form: str | None = None
    item: str | None = None
    event: str | None = None
    severity: str | None = None  # of one of the events
    cik: int | None = None
    ticker: str | None = None
    company: str | None = None
    since: date | None = None
    until: date | None = None
    origin: Origin | None = None
    limit: int = 20
    before: str | None = None
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Hit:
    """One document in which it stands.

    ``pieces`` are one passage of its text. ``start`` and ``end`` count characters of the text, around the first match
    that is shown; None when the words stand in the names of the filers only.
    """

    document: int  # its sequence
    label: str  # its type, such as "EX-99.1"
    description: str
    pieces: tuple[Piece, ...]
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A filing in which it stands: its first documents that have it, and how many more there are."""

    stored: StoredFiling
    hits: tuple[Hit, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """One page. ``next`` is given as ``before`` for what follows; None at the end."""

    found: tuple[Found, ...]
    next: str | None = None


def find(connection: Connection, search: Search) -> Results:
    """Return the filings in which it stands, the newest first.

    Raises ``ValueError``, for a person, when this cannot be asked, or takes longer than ``seconds``.
    """
    asked = _asked(connection, search)
    if asked is None:
        return Results(())
    if search.limit < 1:
        raise ValueError("at least one filing must be asked for")
    try:
        with time_limit(connection, search.seconds):
            groups = _groups(connection, asked, search.limit)
            shown = groups[: search.limit]
            found = _found(connection, shown, asked.words.terms)
    except TimeoutError as error:
        raise ValueError(_TOO_LONG.format(seconds=search.seconds)) from error
    return Results(found, str(shown[-1][0] // PER_FILING) if len(groups) > search.limit else None)


def _asked(connection: Connection, search: Search) -> Asked | None:
    """What the index is asked; None when nothing can be found, for nobody has that ticker."""
    kinds = (
        ("form", search.form),
        ("item", search.item),
        ("event", search.event),
        ("origin", search.origin and search.origin.value),
    )
    tags = [tag(kind, value) for kind, value in kinds if value is not None]
    if search.cik is not None:
        tags.append(f"cik{search.cik}")
    names: list[str] = []
    if search.company is not None and is_cik(search.company):
        tags.append(f"cik{int(search.company)}")
    elif search.company is not None:
        names = [word for word in search.company.split() if any(map(str.isalnum, word))]
    ciks: list[int] = []
    if search.ticker is not None:
        ciks = [one.cik for one in companies.by_ticker(connection, search.ticker)]
        if not ciks:
            return None
    low, high = span(search.since, search.until)
    if search.before is not None:
        before = key_of(search.before)
        high = before if high is None else min(before, high)
    return Asked(
        read_words(search.words),
        names=tuple(names),
        tags=tuple(tags),
        ciks=tuple(ciks),
        severity=search.severity,
        since=search.since,
        until=search.until,
        low=None if low is None else low * PER_FILING,
        high=None if high is None else high * PER_FILING,
        seconds=search.seconds,
    )


def _groups(connection: Connection, asked: Asked, limit: int) -> list[list[int]]:
    """Return the numbers of the documents in which it stands, by filing: one filing more than is asked for, if any."""
    groups: list[list[int]] = []
    numbers = search_sqlite.numbers if connection.dialect.name == "sqlite" else search_postgresql.numbers
    for number in numbers(connection, asked):
        if groups and groups[-1][0] // PER_FILING == number // PER_FILING:
            groups[-1].append(number)
        elif len(groups) > limit:
            break
        else:
            groups.append([number])
    return groups


def _found(connection: Connection, groups: list[list[int]], terms: Sequence[Term]) -> tuple[Found, ...]:
    if not groups:
        return ()
    keys = [numbers[0] // PER_FILING for numbers in groups]
    stored = {row.sort_key: row for row in connection.execute(select(filing).where(filing.c.sort_key.in_(keys)))}
    # The 8-K itself comes first among the documents, and last in the index's order.
    hits = _hits(connection, [number for numbers in groups for number in numbers[-MOST_HITS:]], terms)
    return tuple(
        Found(
            stored_filing(stored[key]),
            tuple(hits[number] for number in reversed(numbers[-MOST_HITS:])),
            max(0, len(numbers) - MOST_HITS),
        )
        for key, numbers in zip(keys, groups, strict=True)
    )


def _hits(connection: Connection, numbers: list[int], terms: Sequence[Term]) -> dict[int, Hit]:
    asked = document.c.search_id.in_(numbers)
    listed = select(report.c.accession, report.c.body["documents"]).where(
        report.c.accession.in_(select(document.c.accession).where(asked))
    )
    told = {
        (accession, one["sequence"]): one for accession, documents in connection.execute(listed) for one in documents
    }
    end = time.monotonic() + _PASSAGE_SECONDS
    columns = (document.c.search_id, document.c.accession, document.c.sequence, document.c.text)
    # One by one: all of these texts need not be in memory together.
    with connection.execute(select(*columns).where(asked)) as rows:
        return {
            row.search_id: _hit(row, told[row.accession, row.sequence], terms, lambda: time.monotonic() > end)
            for row in rows
        }


def _hit(row: Any, told: dict[str, Any], terms: Sequence[Term], is_over: Callable[[], bool]) -> Hit:
    """Make a hit of its row and of what its report tells of the document."""
    shown = passage(row.text, () if is_over() else terms, is_over)
    return Hit(row.sequence, told["type"], told["description"], shown.pieces, shown.start, shown.end)
