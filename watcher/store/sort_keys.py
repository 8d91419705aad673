"""Where a filing stands among all others: one number each, by which lists are ordered and which their cursors name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, select

from watcher.edgar.calendar import NEW_YORK
from watcher.errors import StoreError
from watcher.store.schema import document, event, filer, filing, item

__all__ = ["PER_FILING", "first_of_day", "free_key", "move", "wished_key"]

# So many documents of one filing can stand in the full-text index, where a document's number is
# ``sort_key * PER_FILING`` and its place among the documents: the newest has the greatest.
PER_FILING = 65536
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Multiplied by the above it must fit into 64 bits; 2**46 ms reach into the year 4199.
_FURTHEST = 2**46
_NOON = time(12)


def wished_key(accepted_at: datetime | None, filed_on: date | None, spotted_at: datetime) -> int:
    """Milliseconds since 1970: of its acceptance, else of its filing date's noon in New York, else of its spotting.

    The daily index knows the day only, and what was brought by hand may know neither. Raises ``StoreError`` for a time
    without a zone.
    """
    moment = accepted_at or (spotted_at if filed_on is None else datetime.combine(filed_on, _NOON, NEW_YORK))
    if moment.tzinfo is None:
        raise StoreError(f"a time without a zone cannot be stored: {moment!r}")
    return max(-_FURTHEST, min(_FURTHEST, (moment - _EPOCH) // timedelta(milliseconds=1)))


def first_of_day(day: date) -> int:
    """The key of a filing that was accepted as this day began in New York."""
    return wished_key(datetime.combine(day, time(), NEW_YORK), None, _EPOCH)


def free_key(connection: Connection, wished: int) -> int:
    """Return this key, or the next one that no filing has."""
    key = filing.c.sort_key
    if connection.execute(select(key).where(key == wished)).first() is None:
        return wished
    following = filing.alias()
    is_taken = select(following.c.sort_key).where(following.c.sort_key == key + 1).exists()
    last: int = connection.execute(select(key).where(key >= wished, ~is_taken).order_by(key).limit(1)).scalar_one()
    return last + 1


def move(connection: Connection, accession: str, wished: int) -> int:
    """Give a filing that is in the store this key, or the next one that is free; and all that repeats its key.

    Returns the key that it has now.
    """
    old: int = connection.execute(select(filing.c.sort_key).where(filing.c.accession == accession)).scalar_one()
    new = free_key(connection, wished)
    for table in (filing, filer, item, event):
        connection.execute(table.update().where(table.c.accession == accession).values(sort_key=new))
    moved = document.c.search_id + (new - old) * PER_FILING
    connection.execute(document.update().where(document.c.accession == accession).values(search_id=moved))
    return new
