"""Filings: what was spotted, what work is owed, and where each stands. One function, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, or_, select

from watcher.errors import UnknownFiling
from watcher.models import Filing, FilingState, Origin
from watcher.report_json import to_json
from watcher.store import tally
from watcher.store.archive import Archived
from watcher.store.listing import Query, find, items_of
from watcher.store.schema import filer, filer_name, filing, report
from watcher.store.sort_keys import free_key, move, wished_key
from watcher.store.stored_filing import StoredFiling, stored_filing
from watcher.store.upsert import insert_or

__all__ = [
    "Query",
    "StoredFiling",
    "Waiting",
    "adopt",
    "count_by_state",
    "count_failed",
    "count_taken_in",
    "count_waiting",
    "due",
    "fail",
    "find",
    "get",
    "historic",
    "items_of",
    "listed_by_edgar",
    "mark_gone",
    "newest_acceptance",
    "note_archived",
    "postpone",
    "retry",
    "skip",
    "spot",
    "unknown",
    "unmark_gone",
    "update_facts",
    "want",
]


MAX_REASON = 2000
_CIK_DIGITS = 10
# A database takes only so many parameters in one statement.
_MOST_PARAMETERS = 1000
_LONGEST_NAME = 500
# Who is waited for: a live filing by someone, a late one less, and nobody waits for history. A backfill that notifies
# runs as live ones do, and is history all the same.
_LIVE, _LATE, _HISTORY = range(3)
_RANK = case(
    (filing.c.source == "backfill", _HISTORY),
    (filing.c.run_as == Origin.LIVE.value, _LIVE),
    (filing.c.run_as == Origin.LATE.value, _LATE),
    else_=_HISTORY,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many filings that nobody waits for are still under way."""

    all: int
    untried: int  # of them, those with no failed attempt: the others are tried again when their time comes


def spot(
    connection: Connection,
    filings: Iterable[Filing],
    now: datetime,
    *,
    state: FilingState = FilingState.SPOTTED,
    run_as: Origin | None = None,
    archived: Archived | None = None,
    submit: Callable[[Connection, str], None] | None = None,
) -> tuple[str, ...]:
    """Take in the filings that are not known yet and return their accession numbers.

    The work that is owed counts under their own origin, or under ``run_as``. ``submit`` is called for each new one
    that work is owed for, inside this transaction.
    """
    new = []
    for one in filings:
        if connection.execute(select(filing.c.accession).where(filing.c.accession == one.accession)).first():
            continue
        key = free_key(connection, wished_key(one.accepted_at, one.filed_on, now))
        values = _values(one, now, state, run_as or one.origin, key) | _archive_values(archived)
        connection.execute(filing.insert().values(**values))
        _insert_filers(connection, one, key)
        new.append(one.accession)
        if submit is not None and state is FilingState.SPOTTED:
            submit(connection, one.accession)
    return tuple(new)


def get(connection: Connection, accession: str) -> StoredFiling:
    """Return one filing. Raises ``UnknownFiling``."""
    row = connection.execute(select(filing).where(filing.c.accession == accession)).first()
    if row is None:
        raise UnknownFiling(f"no filing {accession} in the store")
    return stored_filing(row)


def newest_acceptance(connection: Connection) -> datetime | None:
    """Return when EDGAR accepted the newest filing that one of its lists brought; None when none did."""
    statement = select(filing.c.accepted_at).where(filing.c.source != "folder", filing.c.accepted_at.is_not(None))
    return connection.execute(statement.order_by(filing.c.accepted_at.desc()).limit(1)).scalar()


def unknown(connection: Connection, accessions: Collection[str]) -> frozenset[str]:
    """Return those that are not in the store."""
    known: set[str] = set()
    for some in _portions(accessions):
        known.update(connection.execute(select(filing.c.accession).where(filing.c.accession.in_(some))).scalars())
    return frozenset(accessions) - known


def count_taken_in(connection: Connection, accessions: Collection[str], source: str) -> int:
    """Count those that this source spotted, but for those that it only listed."""
    count = 0
    for some in _portions(accessions):
        where = filing.c.accession.in_(some), filing.c.source == source, filing.c.state != FilingState.LISTED.value
        count += connection.execute(select(func.count()).select_from(filing).where(*where)).scalar_one()
    return count


def listed_by_edgar(connection: Connection, first: date, last: date, until: datetime) -> frozenset[str]:
    """Return those filed on these days that a list of EDGAR had shown until then; not those brought by hand."""
    where = filing.c.filed_on >= first, filing.c.filed_on <= last, filing.c.source != "folder"
    statement = select(filing.c.accession).where(*where, filing.c.spotted_at <= until)
    return frozenset(connection.execute(statement).scalars())


def mark_gone(connection: Connection, accessions: Collection[str], day: date) -> None:
    """Note that EDGAR's index does not have them any more; the first day on which that was seen stays."""
    for some in _portions(accessions):
        where = filing.c.accession.in_(some), filing.c.gone_on.is_(None)
        connection.execute(filing.update().where(*where).values(gone_on=day))


def unmark_gone(connection: Connection, accessions: Collection[str]) -> tuple[str, ...]:
    """Note that EDGAR's index has them; return those that had been marked as gone."""
    back: list[str] = []
    for some in _portions(accessions):
        where = filing.c.accession.in_(some), filing.c.gone_on.is_not(None)
        back += connection.execute(select(filing.c.accession).where(*where)).scalars()
        connection.execute(filing.update().where(*where).values(gone_on=None))
    return tuple(back)


def want(
    connection: Connection,
    accessions: Collection[str],
    now: datetime,
    *,
    run_as: Origin,
    submit: Callable[[Connection, str], None],
) -> tuple[str, ...]:
    """Owe work for those that were only listed so far, and return them."""
    wanted: list[str] = []
    for some in _portions(accessions):
        where = filing.c.accession.in_(some), filing.c.state == FilingState.LISTED.value
        wanted += connection.execute(select(filing.c.accession).where(*where)).scalars()
        changes = {"state": FilingState.SPOTTED.value, "run_at": now, "run_as": run_as.value}
        connection.execute(filing.update().where(*where).values(**changes))
    for accession in wanted:
        submit(connection, accession)
    return tuple(wanted)


def due(
    connection: Connection, now: datetime, limit: int, exclude: Collection[str] = (), *, kept: int = 0
) -> tuple[str, ...]:
    """Return accession numbers for which work is owed by now: live ones first, then late ones, then the longest owed.

    Of the ``limit`` places ``kept`` go to live filings or stay free, so that one that comes next need not wait.
    """
    statement = (
        select(filing.c.accession, _RANK.label("rank"))
        .where(filing.c.state == FilingState.SPOTTED.value, filing.c.run_at <= now)
        .where(filing.c.accession.not_in(exclude))
        .order_by("rank", filing.c.run_at)
        .limit(limit)
    )
    rows = connection.execute(statement).fetchall()
    live = sum(row.rank == _LIVE for row in rows)
    return tuple(row.accession for row in rows[: max(live, limit - kept)])


def historic(connection: Connection, accessions: Collection[str]) -> frozenset[str]:
    """Return those of these for which nobody waits."""
    asked = select(filing.c.accession).where(filing.c.accession.in_(accessions), _RANK == _HISTORY)
    return frozenset(connection.execute(asked).scalars())


def count_failed(connection: Connection, first: date, last: date) -> int:
    """Count the filings with a filing date of these days that are parked."""
    where = filing.c.state == FilingState.FAILED.value, filing.c.filed_on >= first, filing.c.filed_on <= last
    return connection.execute(select(func.count()).select_from(filing).where(*where)).scalar_one()


def count_waiting(connection: Connection) -> Waiting:
    """Count the filings that an audit or a backfill took in and that are not done yet."""
    statement = (
        select(func.count(), func.count().filter(filing.c.attempts == 0))
        .where(filing.c.state == FilingState.SPOTTED.value, filing.c.run_as != Origin.REREAD.value)
        .where(or_(filing.c.source.in_(("audit", "backfill")), filing.c.origin == Origin.BACKFILL.value))
    )
    row = connection.execute(statement).one()
    return Waiting(row[0], row[1])


def count_by_state(connection: Connection) -> dict[FilingState, int]:
    """Return how many filings stand in each state."""
    return {FilingState(state): count for state, count in tally.counts(connection, "filing").items()}


def note_archived(connection: Connection, accession: str, archived: Archived) -> None:
    """Note where a filing's raw bytes lie. Tries at fetching them count no more."""
    _update(connection, accession, attempts=0, **_archive_values(archived))


def adopt(
    connection: Connection,
    accession: str,
    archived: Archived,
    now: datetime,
    *,
    submit: Callable[[Connection, str], None],
) -> None:
    """Give a filing that was only listed, or could not be fetched, the bytes that someone brought."""
    changes: dict[str, Any] = _archive_values(archived)
    stored = get(connection, accession)
    if stored.state in (FilingState.LISTED, FilingState.FAILED, FilingState.SPOTTED):
        changes |= {"state": FilingState.SPOTTED.value, "run_at": now, "attempts": 0}
        changes |= {"settled_at": None, "reason": None}
    if stored.state is FilingState.LISTED:
        # Nobody wanted it for being listed before the watcher began; now somebody brings it.
        changes["run_as"] = Origin.LIVE.value
    _update(connection, accession, **changes)
    submit(connection, accession)


def postpone(connection: Connection, accession: str, reason: str, run_at: datetime) -> None:
    """Try again at that time, without counting an attempt: the filing is not to blame."""
    _update(connection, accession, run_at=run_at, reason=reason)


def fail(connection: Connection, accession: str, reason: str, now: datetime, retry_at: datetime | None) -> None:
    """Count a failed attempt; try again at ``retry_at``, or park the filing when that is None.

    A filing that has a report is not parked: a reread that fails leaves what was found before, and its reason.
    """
    if retry_at is not None:
        changes: dict[str, Any] = {"run_at": retry_at}
    else:
        has_report = connection.execute(select(report.c.accession).where(report.c.accession == accession)).first()
        state = FilingState.SAVED if has_report else FilingState.FAILED
        changes = {"state": state.value, "run_at": None, "settled_at": now}
    _update(connection, accession, attempts=filing.c.attempts + 1, reason=reason, **changes)


def skip(connection: Connection, accession: str, reason: str, now: datetime) -> None:
    """End a filing's route on purpose."""
    _update(connection, accession, state=FilingState.SKIPPED.value, run_at=None, reason=reason, settled_at=now)


def retry(connection: Connection, accession: str, now: datetime) -> StoredFiling:
    """Owe work for a filing again, from its first attempt. A saved one is read again as a reread.

    One that was only listed, for not being wanted, comes late: who asks for it knows of it, and to tell others of what
    is days old as if it were news would mislead them. Raises ``UnknownFiling``.
    """
    stored = get(connection, accession)
    run_as = Origin.REREAD if stored.state is FilingState.SAVED else stored.run_as
    if stored.state is FilingState.LISTED and run_as is Origin.LIVE:
        run_as = Origin.LATE
    changes = {"state": FilingState.SPOTTED.value, "run_at": now, "attempts": 0, "run_as": run_as.value}
    _update(connection, accession, reason=None, settled_at=None, **changes)
    return get(connection, accession)


def _portions(accessions: Collection[str]) -> Iterator[list[str]]:
    listed = list(accessions)
    for start in range(0, len(listed), _MOST_PARAMETERS):
        yield listed[start : start + _MOST_PARAMETERS]


def _update(connection: Connection, accession: str, **changes: Any) -> None:
    if isinstance(reason := changes.get("reason"), str):
        # What handlers and EDGAR say may hold what no database takes.
        changes["reason"] = reason[:MAX_REASON].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    changed = connection.execute(filing.update().where(filing.c.accession == accession).values(**changes))
    if not changed.rowcount:
        raise UnknownFiling(f"no filing {accession} in the store")


def update_facts(connection: Connection, one: Filing, before: StoredFiling, **more: Any) -> int:
    """Replace what a list said of a filing, which is stored as ``before``, by what its own header says.

    ``more`` are other columns of its row that change with it. Returns its number among all filings.
    """
    facts = {"form": one.form, "company": one.company, "filed_on": one.filed_on, "filers": to_json(one.filers)}
    if one.accepted_at is not None:
        facts["accepted_at"] = one.accepted_at
    own = filing.update().where(filing.c.accession == one.accession).values(**facts, **more)
    key: int = connection.execute(own.returning(filing.c.sort_key)).scalar_one()
    known = before.filing
    wished = wished_key(one.accepted_at or known.accepted_at, one.filed_on, before.spotted_at)
    if wished != wished_key(known.accepted_at, known.filed_on, before.spotted_at):
        key = move(connection, one.accession, wished)
    if _names(one) != _names(known):
        connection.execute(filer.delete().where(filer.c.accession == one.accession))
        _insert_filers(connection, one, key)
    return key


def _names(one: Filing) -> dict[int, str]:
    return {party.cik: party.name for party in reversed(one.filers)}


def _insert_filers(connection: Connection, one: Filing, key: int) -> None:
    names = _names(one)
    if not names:
        return
    rows = [{"accession": one.accession, "cik": cik, "name": name, "sort_key": key} for cik, name in names.items()]
    connection.execute(filer.insert(), rows)
    # What is looked for is words of a name: its beginning will do, and a key of an index cannot be of any length.
    known = [{"cik": cik, "name": name[:_LONGEST_NAME]} for cik, name in names.items()]
    connection.execute(insert_or(connection, filer_name).on_conflict_do_nothing(), known)


def _values(one: Filing, now: datetime, state: FilingState, run_as: Origin, key: int) -> dict[str, Any]:
    return {
        "sort_key": key,
        "accession": one.accession,
        "form": one.form,
        "company": one.company,
        "filed_on": one.filed_on,
        "accepted_at": one.accepted_at,
        "listed_items": list(one.items),
        "filers": to_json(one.filers),
        "origin": one.origin.value,
        "run_as": run_as.value,
        "source": one.source,
        "channel": one.channel,
        "state": state.value,
        "run_at": now if state is FilingState.SPOTTED else None,
        "spotted_at": now,
    }


def _archive_values(archived: Archived | None) -> dict[str, Any]:
    if archived is None:
        return {}
    return {"archive_path": archived.path, "sha256": archived.sha256, "bytes": archived.bytes}
