"""Taking away what is old, a portion at a time: raw files and reports. The filing's own row stays for ever.

So a filing is never taken in twice, and an audit finds it. What is owed, or failed, is never touched: neither the
filing's own work nor word of it to an endpoint. Age counts from when a filing was spotted, which never changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from watcher.models import DeliveryState, FilingState, Origin
from watcher.store.schema import alert, delivery, digest, digest_member, document, filing, report

__all__ = ["Dropped", "Kind", "Old", "Place", "Portion", "drop", "find_old", "measure_old"]

_AT_REST = (FilingState.SAVED.value, FilingState.SKIPPED.value, FilingState.LISTED.value)
_UNTOLD = (DeliveryState.PENDING.value, DeliveryState.FAILED.value)
_MEASURED_AT_ONCE = 1_000
# A database takes only so many parameters in one statement.
_MOST_PARAMETERS = 1_000

Place = tuple[datetime, str]  # where a filing stands in the order of age


class Kind(StrEnum):
    """What is taken away, in the order in which it goes."""

    RAW = "raw"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Portion:
    """A few of those that are old: which of them may go, and where the next portion begins; None at the end."""

    accessions: tuple[str, ...]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was taken away."""

    accessions: tuple[str, ...] = ()
    bytes: int = 0  # of raw files, on the disk; of reports, the characters of their texts


@dataclass(frozen=True, slots=True)
class Old:
    """What would be taken away."""

    count: int = 0
    bytes: int = 0  # of raw files, unpacked; of reports, the characters of their texts
    spotted_until: datetime | None = None  # when the youngest of them was spotted


def find_old(connection: Connection, kind: Kind, before: datetime | None, after: Place | None, limit: int) -> Portion:
    """Return the next portion, the oldest first: spotted before an instant (None: at any time), after that place."""
    statement = select(filing.c.spotted_at, filing.c.accession).where(*_is_old(kind, before))
    if after is not None:
        at, accession = after
        same = and_(filing.c.spotted_at == at, filing.c.accession > accession)
        statement = statement.where(filing.c.spotted_at >= at, or_(filing.c.spotted_at > at, same))
    rows = connection.execute(statement.order_by(filing.c.spotted_at, filing.c.accession).limit(limit)).fetchall()
    untold = _untold(connection, [row.accession for row in rows])
    going = tuple(row.accession for row in rows if row.accession not in untold)
    return Portion(going, (rows[-1].spotted_at, rows[-1].accession) if rows else None)


def measure_old(connection: Connection, kind: Kind, before: datetime | None) -> Old:
    """Return how much may go."""
    count = size = 0
    youngest: datetime | None = None
    after: Place | None = None
    while (some := find_old(connection, kind, before, after, _MEASURED_AT_ONCE)).after is not None:
        after = some.after
        count += len(some.accessions)
        size += sum(row[0] for row in _rows(connection, *_sizes(kind), some.accessions))
        youngest = after[0] if some.accessions else youngest
    return Old(count, size, youngest)


def drop(connection: Connection, kind: Kind, accessions: Collection[str], folder: Path, now: datetime) -> Dropped:
    """Take those of them away that may still go. ``folder`` is the archive's.

    A file is deleted inside the transaction that notes it: the writer's thread is the only one that could owe work for
    it meanwhile. Should the transaction fail after that, the row names a file that is gone, which is fetched again when
    somebody asks for it. Raises ``OSError`` for a file that is there and cannot be deleted.
    """
    untold = _untold(connection, accessions)
    statement = select(filing.c.accession, filing.c.archive_path).where(*_is_old(kind, None))
    rows = [row for row in _rows(connection, statement, filing.c.accession, accessions) if row.accession not in untold]
    going = tuple(row.accession for row in rows)
    if kind is Kind.RAW:
        freed = sum(_delete(folder / row.archive_path) for row in rows)
        connection.execute(filing.update().where(filing.c.accession.in_(going)).values(archive_path=None))
        return Dropped(going, freed)
    freed = sum(row[0] for row in _rows(connection, *_sizes(kind), going))
    for table in (document, report):
        connection.execute(table.delete().where(table.c.accession.in_(going)))
    # Read again it is no news, whatever it was at first.
    values = {"state": FilingState.SKIPPED.value, "run_as": Origin.REREAD.value, "settled_at": now}
    reason = f"its report was taken away by retention on {now:%Y-%m-%d}; eightk retry reads it again"
    connection.execute(filing.update().where(filing.c.accession.in_(going)).values(reason=reason, **values))
    return Dropped(going, freed)


def _is_old(kind: Kind, before: datetime | None) -> list[ColumnElement[bool]]:
    """The conditions that lie in the row itself: at rest, with something that may go."""
    # Not the bare column: an index on it would be taken, and all that it finds be sorted by age, for a few at a time.
    state = func.coalesce(filing.c.state, "")
    where = [] if before is None else [filing.c.spotted_at < before]
    if kind is Kind.RAW:
        return [*where, filing.c.archive_path.is_not(None), state.in_(_AT_REST)]
    has_report = exists().where(report.c.accession == filing.c.accession)
    return [*where, filing.c.archive_path.is_(None), state == FilingState.SAVED.value, has_report]


def _untold(connection: Connection, accessions: Collection[str]) -> set[str]:
    """Return those of which an endpoint is owed word, or could not be told; alone, or in a digest, open or closed.

    Key by key: in one statement a database may begin with all that is owed to anybody, for each filing anew.
    """
    alerts = _rows(connection, select(alert.c.id, alert.c.accession), alert.c.accession, accessions)
    about = {row.id: row.accession for row in alerts}
    member = select(digest_member.c.digest_id, digest_member.c.alert_id)
    members = list(_rows(connection, member, digest_member.c.alert_id, about))
    digests = {row.digest_id for row in members}
    closing = _rows(connection, select(digest.c.id, digest.c.closed_at), digest.c.id, digests)
    told = select(delivery.c.alert_id, delivery.c.state)
    states = _rows(connection, told, delivery.c.alert_id, {*about, *digests})
    owed = {row.alert_id for row in states if row.state in _UNTOLD} | {row.id for row in closing if not row.closed_at}
    alone = {accession for one, accession in about.items() if one in owed}
    return alone | {about[row.alert_id] for row in members if row.digest_id in owed}


def _sizes(kind: Kind) -> tuple[Select[Any], ColumnElement[str]]:
    """How large what may go is, and the column by which filings are asked for."""
    if kind is Kind.RAW:
        return select(func.coalesce(filing.c.bytes, 0)), filing.c.accession
    return select(func.length(document.c.text)), document.c.accession


def _rows(
    connection: Connection, statement: Select[Any], column: ColumnElement[str], keys: Collection[str]
) -> Iterator[Row[Any]]:
    """Give the rows whose column is one of these."""
    listed = list(keys)
    for start in range(0, len(listed), _MOST_PARAMETERS):
        yield from connection.execute(statement.where(column.in_(listed[start : start + _MOST_PARAMETERS])))


def _delete(file: Path) -> int:
    """Delete a file and return its size; one that is gone already has none."""
    try:
        size = file.stat().st_size
        file.unlink()
    except FileNotFoundError:
        return 0
    return size
