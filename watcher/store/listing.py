"""Lists of filings, narrowed and a page at a time: each page costs the same, however far down the list it is.

A list is in the order of `sort_keys`; its cursors name the last key that was shown. What narrows it most is walked
along its own index, a portion at a time, and the rest is looked up for each filing. Which index that is, is decided
here and not left to the database, which knows too little of how the values are spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from watcher.models import FilingState, Origin
from watcher.store import companies
from watcher.store.schema import event, filer, filer_name, filing, item
from watcher.store.sort_keys import first_of_day
from watcher.store.stored_filing import StoredFiling, stored_filing

__all__ = ["SLACK", "Page", "Query", "ciks_of", "find", "is_cik", "items_of", "key_of", "page", "span"]

T = TypeVar("T")
# A filing is dated on the day of its acceptance, or on the next business day; corrections move a date by a few more.
SLACK = timedelta(days=14)
# A name with more companies than this is so common that walking down the list finds it soon.
MOST_COMPANIES = 200
_CIK_DIGITS = 10
_MOST_PARAMETERS = 1000
_NO_KEY = 2**47  # beyond all of them; times the documents of a filing it still fits into 64 bits
_LOOKED_AT = 2000  # of what a filter lets through, to tell a rare one
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Query:
    """Which filings are asked for; None asks for all. The latest accepted come first.

    ``before`` and ``after`` are cursors of a page: what follows it in the list, or stands ahead of it. ``by_arrival``
    orders a list that nothing narrows by when a filing was spotted.
    """

    state: FilingState | None = None
    form: str | None = None
    item: str | None = None
    cik: int | None = None
    company: str | None = None  # words of a filer's name, or its CIK
    since: date | None = None
    until: date | None = None
    limit: int | None = 50
    offset: int = 0
    by_arrival: bool = False
    event: str | None = None
    ticker: str | None = None
    severity: str | None = None  # of one of its events
    origin: Origin | None = None
    before: str | None = None
    after: str | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for anything but all."""
        return self != Query(
            limit=self.limit,
            offset=self.offset,
            by_arrival=self.by_arrival,
            before=self.before,
            after=self.after,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. The cursors are None where the list ends."""

    filings: tuple[StoredFiling, ...]
    next: str | None = None  # to be given as ``before``
    previous: str | None = None  # to be given as ``after``


@dataclass(frozen=True, slots=True)
class _Filter:
    """One condition: where the keys of what it lets through stand in order, and how one filing is checked for it."""

    key: Any  # the column
    where: ColumnElement[bool]
    check: ColumnElement[bool]


def find(connection: Connection, query: Query) -> tuple[StoredFiling, ...]:
    """Return the filings that are asked for, in the order that is asked for. Raises ``ValueError`` as ``page`` does."""
    if query.by_arrival and not query.is_narrowed:
        return _arrived(connection, query)
    return _walked(connection, query)


def page(connection: Connection, query: Query) -> Page:
    """Return the filings that are asked for, and where the list goes on in both directions.

    Raises ``ValueError`` for a cursor that is none, or when both are given.
    """
    if query.before is not None and query.after is not None:
        raise ValueError("before and after cannot both be given")
    if query.limit is None:
        return Page(find(connection, query))
    found = find(connection, replace(query, limit=query.limit + 1))
    is_back = query.after is not None
    has_more = len(found) > query.limit
    shown = found[-query.limit :] if is_back else found[: query.limit]
    if not shown:
        return Page(())
    name = _arrival_cursor if query.by_arrival and not query.is_narrowed else _key_cursor
    is_first = not query.offset and query.before is None
    return Page(
        shown,
        next=name(shown[-1]) if has_more or is_back else None,
        previous=name(shown[0]) if (has_more if is_back else not is_first) else None,
    )


def items_of(connection: Connection, accessions: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the item numbers of each of these filings that has a report, in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for asked in _portions(accessions):
        statement = select(item.c.accession, item.c.number).where(item.c.accession.in_(asked))
        for accession, number in connection.execute(statement.order_by(item.c.accession, item.c.position)):
            found[accession] = (*found.get(accession, ()), number)
    return found


def is_cik(who: str) -> bool:
    """Whether this is a CIK, and not words of a name."""
    return who.isascii() and who.isdigit() and len(who.lstrip("0")) <= _CIK_DIGITS


def ciks_of(connection: Connection, words: str, limit: int) -> tuple[int, ...]:
    """Return at most so many filers with all these words, or parts of words, in one name under which they filed."""
    asked = select(filer_name.c.cik).distinct().where(*_named(filer_name.c.name, words))
    return tuple(connection.execute(asked.limit(limit)).scalars())


def key_of(cursor: str) -> int:
    """Read a cursor of a list in the order of `sort_keys`. Raises ``ValueError``, for a person."""
    key = _read(int, cursor)
    if abs(key) >= _NO_KEY:
        raise ValueError(f"{cursor[:50]!r} is no cursor of this list")
    return key


def span(since: date | None, until: date | None) -> tuple[int | None, int | None]:
    """Return the first key that a filing of these days can have, and the first that is beyond them."""
    first = None if since is None else first_of_day(_moved(since, -SLACK))
    end = None if until is None else first_of_day(_moved(until, SLACK))
    return first, end


def _moved(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return date.min if by < timedelta() else date.max


def _walked(connection: Connection, query: Query) -> tuple[StoredFiling, ...]:
    filters = _filters(connection, query)
    if filters is None:
        return ()
    is_back = query.after is not None
    low, high = span(query.since, query.until)
    if query.before is not None:
        high = min(key_of(query.before), high) if high is not None else key_of(query.before)
    if query.after is not None:
        low = max(key_of(query.after) + 1, low) if low is not None else key_of(query.after) + 1
    walk, checks = _driver(connection, filters, low, high)
    wanted = None if query.limit is None else query.limit + query.offset
    found: list[StoredFiling] = []
    for keys in _keys(connection, walk, low, high, is_back=is_back, first=wanted):
        more = None if wanted is None else wanted - len(found)
        found += _checked(connection, keys, [*checks, *_dated(query)], more, is_back=is_back)
        if wanted is not None and len(found) >= wanted:
            break
    shown = found[query.offset : wanted]
    return tuple(reversed(shown) if is_back else shown)


def _filters(connection: Connection, query: Query) -> list[_Filter] | None:
    """What narrows the list; None when nothing can be found, for nobody has that ticker or name."""
    found: list[_Filter] = []
    for column, value in (
        (filing.c.form, query.form),
        (filing.c.state, query.state and query.state.value),
        (filing.c.origin, query.origin and query.origin.value),
    ):
        if value is not None:
            found.append(_Filter(filing.c.sort_key, column == value, column == value))
    for other, value in (
        (item.c.number, query.item),
        (event.c.event, query.event),
        (event.c.severity, query.severity),
    ):
        if value is not None:
            found.append(_among(other == value))
    if query.cik is not None:
        found.append(_among(filer.c.cik == query.cik))
    if query.ticker is not None:
        ciks = [one.cik for one in companies.by_ticker(connection, query.ticker)]
        if not ciks:
            return None
        found.append(_among(filer.c.cik.in_(ciks)))
    if query.company is not None:
        by_name = _by_name(connection, query.company)
        if by_name is None:
            return None
        found.append(by_name)
    return found


def _among(where: ColumnElement[bool]) -> _Filter:
    """A condition on a table that repeats the keys of the filings."""
    (column,) = (one for one in where.left.base_columns)
    key = column.table.c.sort_key
    return _Filter(key, where, select(key).where(where, key == filing.c.sort_key).exists())


def _by_name(connection: Connection, words: str) -> _Filter | None:
    if is_cik(words):
        return _among(filer.c.cik == int(words))
    ciks = ciks_of(connection, words, MOST_COMPANIES + 1)
    if not ciks:
        return None
    is_named = and_(*_named(filer.c.name, words))
    check = select(filer.c.cik).where(filer.c.accession == filing.c.accession, is_named).exists()
    if len(ciks) > MOST_COMPANIES:
        return _Filter(filing.c.sort_key, filing.c.sort_key.is_not(None), check)
    return _Filter(filer.c.sort_key, filer.c.cik.in_(ciks), check)


def _named(column: Any, words: str) -> list[ColumnElement[bool]]:
    return [column.icontains(word, autoescape=True) for word in words.split()] or [column.is_not(None)]


def _driver(
    connection: Connection, filters: list[_Filter], low: int | None, high: int | None
) -> tuple[_Filter, list[ColumnElement[bool]]]:
    """Return the rarest condition, along which the list is walked, and what is checked for each filing on the way.

    The walked one is checked as well: a name is looked up by company, which may have had another one at that time.
    """
    if not filters:
        return _Filter(filing.c.sort_key, filing.c.sort_key.is_not(None), filing.c.sort_key.is_not(None)), []
    rarest = filters[0]
    if len(filters) > 1:
        rarest = min(filters, key=lambda one: _weight(connection, one, low, high))
    return rarest, [one.check for one in filters]


def _weight(connection: Connection, one: _Filter, low: int | None, high: int | None) -> int:
    some = select(one.key).where(one.where, *_within(one.key, low, high)).limit(_LOOKED_AT).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _keys(
    connection: Connection, walk: _Filter, low: int | None, high: int | None, *, is_back: bool, first: int | None
) -> Iterator[list[int]]:
    """Give the keys of what the condition lets through, in order, in portions that grow."""
    size = _MOST_PARAMETERS if first is None else min(_MOST_PARAMETERS, first + 10)
    while True:
        bounded = select(walk.key).where(walk.where, *_within(walk.key, low, high))
        ordered = bounded.order_by(walk.key if is_back else walk.key.desc()).limit(size)
        keys = list(connection.execute(ordered).scalars())
        yield list(dict.fromkeys(keys))
        if len(keys) < size:
            return
        low, high = (keys[-1] + 1, high) if is_back else (low, keys[-1])
        size = min(_MOST_PARAMETERS, size * 4)


def _checked(
    connection: Connection, keys: list[int], checks: Iterable[ColumnElement[bool]], limit: int | None, *, is_back: bool
) -> list[StoredFiling]:
    if not keys:
        return []
    order = filing.c.sort_key if is_back else filing.c.sort_key.desc()
    statement = select(filing).where(filing.c.sort_key.in_(keys), *checks).order_by(order).limit(limit)
    return [stored_filing(row) for row in connection.execute(statement)]


def _within(key: Any, low: int | None, high: int | None) -> list[ColumnElement[bool]]:
    return [*([key >= low] if low is not None else []), *([key < high] if high is not None else [])]


def _dated(query: Query) -> list[ColumnElement[bool]]:
    since = [filing.c.filed_on >= query.since] if query.since is not None else []
    return [*since, *([filing.c.filed_on <= query.until] if query.until is not None else [])]


def _arrived(connection: Connection, query: Query) -> tuple[StoredFiling, ...]:
    at, accession = filing.c.spotted_at, filing.c.accession
    statement: Select[Any] = select(filing)
    is_back = query.after is not None
    if (cursor := query.after if is_back else query.before) is not None:
        moment, last = _arrival_of(cursor)
        # The first condition alone is one that an index can be entered with.
        beyond = (at >= moment, accession > last) if is_back else (at <= moment, accession < last)
        statement = statement.where(beyond[0], or_(at != moment, beyond[1]))
    order = (at, accession) if is_back else (at.desc(), accession.desc())
    rows = connection.execute(statement.order_by(*order).limit(query.limit).offset(query.offset))
    found = [stored_filing(row) for row in rows]
    return tuple(reversed(found) if is_back else found)


def _key_cursor(one: StoredFiling) -> str:
    return str(one.sort_key)


def _arrival_cursor(one: StoredFiling) -> str:
    return f"{(one.spotted_at - _EPOCH) // _MICROSECOND}.{one.filing.accession}"


def _arrival_of(cursor: str) -> tuple[datetime, str]:
    microseconds, _, accession = cursor.partition(".")
    return _read(lambda text: _EPOCH + int(text) * _MICROSECOND, microseconds), accession


def _read(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:50]!r} is no cursor of this list") from None


def _portions(accessions: Sequence[str]) -> Iterator[Sequence[str]]:
    return (accessions[start : start + _MOST_PARAMETERS] for start in range(0, len(accessions), _MOST_PARAMETERS))
