"""Which stored reports an amendment amends, and which amendments there are of a report.

Read each time anew, so that whatever comes later is linked, too. Nothing is guessed: of several that it may be, all are
told, as such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, or_, select

from watcher.background import Link
from watcher.models import Amendment, FilingState, Report
from watcher.report_json import amendment_from_json
from watcher.store.listing import items_of
from watcher.store.schema import filer, filing, report

__all__ = ["amended_by", "amends"]

_EXHIBITS = "9.01"  # nearly every report has it


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is compared of a stored report."""

    accession: str
    form: str
    filed_on: date | None
    period: date | None
    items: frozenset[str]

    @property
    def is_amendment(self) -> bool:
        return self.form.endswith("/A")


def amends(connection: Connection, found: Report) -> tuple[Link, ...]:
    """Return the stored reports that this one may amend; none when it is no amendment, or the store has none such.

    By the filing date that it names, else by the date of the report that it names, else by its own date of event with
    an item in common.
    """
    if not found.is_amendment:
        return ()
    one = _Stored(
        found.filing.accession,
        found.filing.form or "",
        found.filing.filed_on,
        found.period_of_report,
        frozenset(item.number for item in found.items),
    )
    return _links(connection, one, found.amendment or Amendment(), [party.cik for party in found.filing.filers])


def amended_by(connection: Connection, found: Report) -> tuple[Link, ...]:
    """Return the stored amendments that may amend this report, oldest first."""
    is_amendment = filing.c.form.endswith("/A")
    later = [
        one
        for one in _reports(connection, [party.cik for party in found.filing.filers], is_amendment)
        if one.accession != found.filing.accession and _is_before(found.filing.filed_on, one.filed_on)
    ]
    told = _amendments(connection, [one.accession for one in later])
    links = [
        Link(one.accession, one.form, one.filed_on, link.basis, link.is_sure)
        for one in later
        for link in _links(connection, one, told.get(one.accession, Amendment()), _ciks(connection, one.accession))
        if link.accession == found.filing.accession
    ]
    return tuple(sorted(links, key=lambda link: (link.filed_on or date.min, link.accession)))


def _links(connection: Connection, one: _Stored, told: Amendment, ciks: Collection[int]) -> tuple[Link, ...]:
    """The reports that the amendment speaks of, by the best thing that it tells."""
    if (day := told.original_filed_on) is not None:
        where, basis = filing.c.filed_on == day, f"it names the filing date {day}"
    elif (day := told.original_dated) is not None:
        where, basis = or_(report.c.period_of_report == day, filing.c.filed_on == day), f"it names a report of {day}"
    elif one.period is not None:
        where, basis = report.c.period_of_report == one.period, f"both tell of {one.period}, with an item in common"
    else:
        return ()
    is_named = day is not None
    possible = [
        other
        for other in _reports(connection, ciks, where)
        if other.accession != one.accession
        and _is_before(other.filed_on, one.filed_on)
        and (is_named or (other.items & one.items and not other.is_amendment))
    ]
    return _best(one, told, possible, basis)


def _best(one: _Stored, told: Amendment, candidates: list[_Stored], basis: str) -> tuple[Link, ...]:
    """Of several those that fit best: originals, then those with the items in question."""
    asked = (frozenset(told.items) or one.items) - {_EXHIBITS}
    preferred: tuple[Callable[[_Stored], bool], ...] = (
        lambda other: not other.is_amendment,
        lambda other: bool(other.items & asked),
    )
    for is_better in preferred:
        candidates = [other for other in candidates if is_better(other)] or candidates
    return tuple(
        Link(other.accession, other.form, other.filed_on, basis, is_sure=len(candidates) == 1)
        for other in sorted(candidates, key=lambda other: (other.filed_on or date.min, other.accession))
    )


def _is_before(earlier: date | None, later: date | None) -> bool:
    return earlier is None or later is None or earlier <= later


def _reports(connection: Connection, ciks: Collection[int], where: ColumnElement[bool]) -> list[_Stored]:
    """Such saved reports of these companies, but for what EDGAR withdrew."""
    statement = (
        select(filing.c.accession, filing.c.form, filing.c.filed_on, report.c.period_of_report)
        .join(report, report.c.accession == filing.c.accession)
        .where(filing.c.accession.in_(select(filer.c.accession).where(filer.c.cik.in_(ciks))))
        .where(filing.c.state == FilingState.SAVED.value, filing.c.gone_on.is_(None), where)
    )
    rows = connection.execute(statement).all()
    items = items_of(connection, [row.accession for row in rows])
    return [
        _Stored(row.accession, row.form or "", row.filed_on, row.period_of_report, frozenset(items.get(row[0], ())))
        for row in rows
    ]


def _ciks(connection: Connection, accession: str) -> list[int]:
    return list(connection.execute(select(filer.c.cik).where(filer.c.accession == accession)).scalars())


def _amendments(connection: Connection, accessions: Collection[str]) -> dict[str, Amendment]:
    statement = select(report.c.accession, report.c.body["amendment"]).where(report.c.accession.in_(accessions))
    read = {accession: amendment_from_json(told) for accession, told in connection.execute(statement)}
    return {accession: told for accession, told in read.items() if told is not None}
