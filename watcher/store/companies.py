"""Companies: who is who, as EDGAR's list of companies and the filings themselves tell.

The list has every company with a ticker, and says it anew each day; a company that left it keeps its name here and
loses its tickers, which may be another's by now. The others come from their filings, with the tickers that these tell,
as far as the list gives them to nobody. Former names are only added.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, or_, select

from watcher.edgar.companies import CompanyList, normal_ticker
from watcher.edgar.submissions_api import FormerName
from watcher.errors import EdgarError
from watcher.models import Filer, Filing
from watcher.report_json import to_json
from watcher.store.database import get_meta, set_meta
from watcher.store.schema import company, filer, filing
from watcher.store.upsert import insert_or

__all__ = [
    "KnownCompany",
    "by_name",
    "by_ticker",
    "get",
    "listed_at",
    "note_filers",
    "note_list",
    "note_told",
    "sics_of",
    "tickers_of",
    "version_of_list",
    "with_tickers",
]

LISTED_KEY = "companies.listed_at"
# EDGAR's list changes by a few companies a day. One that lost half of them is damaged, whatever it looks like.
_BELIEVED_SHARE = 0.5
# Filings of one company that are looked at for its industry: the first that tells is believed.
_LOOK_BACK = 5
# A database takes only so many parameters in one statement.
_MOST_PARAMETERS = 1000


@dataclass(frozen=True, slots=True)
class KnownCompany:
    """What is known of one company. No tickers: neither EDGAR's list nor a filing tells any."""

    cik: int
    name: str
    tickers: tuple[str, ...] = ()  # the main one first, as EDGAR writes them ("SALT-B")
    exchange: str | None = None  # of the main ticker
    former_names: tuple[FormerName, ...] = ()
    seen_at: datetime | None = None  # when the list, or a filing, last told its name or tickers


def note_list(connection: Connection, listed: CompanyList) -> int:
    """Keep a list in place of the last one; return how many companies changed.

    Raises ``EdgarError`` when it has lost so many companies that it cannot be believed; all stays as it was then.
    """
    known = {row.cik: _company(row) for row in connection.execute(select(company))}
    last = listed_at(connection)
    before = sum(1 for one in known.values() if _is_listed(one, last))
    if len(listed.companies) < before * _BELIEVED_SHARE:
        raise EdgarError(f"company list: {len(listed.companies):,} companies, of {before:,} before: not believed")
    now = listed.fetched_at
    made = [_listed(one.cik, one.name, one.listings, known.get(one.cik), now) for one in listed.companies]
    ciks = {one.cik for one in made}
    taken = {normal_ticker(each) for one in made for each in one.tickers}
    others = [one for one in known.values() if one.tickers and one.cik not in ciks]
    left = [replace(one, tickers=_left(one, last, taken), exchange=None) for one in others]
    gone = [new for new, old in zip(left, others, strict=True) if new.tickers != old.tickers]
    _put(connection, [*made, *gone])
    set_meta(connection, LISTED_KEY, now.isoformat())
    return len(gone) + sum(1 for one in made if _facts(one) != _facts(known.get(one.cik)))


def listed_at(connection: Connection) -> datetime | None:
    """Return when EDGAR's list of companies was last had, or None."""
    found = get_meta(connection, LISTED_KEY)
    return None if found is None else datetime.fromisoformat(found)


def version_of_list(connection: Connection) -> str:
    """Say which of EDGAR's lists of companies this is, for a report that is made with it; "" when there is none."""
    at = listed_at(connection)
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def note_told(connection: Connection, filing: Filing) -> None:
    """Keep what a filing tells of its filers, as of its acceptance, or its day where that is all that is known."""
    day = None if filing.filed_on is None else datetime.combine(filing.filed_on, time(), UTC)
    if told_at := filing.accepted_at or day:
        note_filers(connection, filing.filers, told_at)


def note_filers(connection: Connection, filers: Iterable[Filer], at: datetime) -> None:
    """Keep what a filing accepted ``at`` that time tells of its filers, or a company's own file of now.

    Former names are added. A company of EDGAR's list keeps the name and the tickers that it has there; another one has
    those of its latest filing that tells them, but no ticker of a company of that list.
    """
    changed, last = [], listed_at(connection)
    if at == last:
        at -= timedelta(microseconds=1)  # what was seen at the instant of the list is the list's: see _is_listed
    for one in filers:
        known = get(connection, one.cik)
        is_listed = known is not None and _is_listed(known, last)
        tickers = () if is_listed else _free(connection, one, known, last)
        told = _told(one, known, at, tickers, is_listed=is_listed)
        if one.cik > 0 and told.name and told != known:
            changed.append(told)
    _put(connection, changed)


def get(connection: Connection, cik: int) -> KnownCompany | None:
    """Return the company with this CIK, or None."""
    row = connection.execute(select(company).where(company.c.cik == cik)).first()
    return None if row is None else _company(row)


def by_ticker(connection: Connection, ticker: str) -> tuple[KnownCompany, ...]:
    """Return the companies of this ticker, however it is written: one, seldom more, or none."""
    wanted = normal_ticker(ticker)
    found = _find(connection, cast(company.c.tickers, Text).icontains(wanted, autoescape=True))
    return tuple(one for one in found if wanted in map(normal_ticker, one.tickers))


def by_name(connection: Connection, words: str, limit: int = 50) -> tuple[KnownCompany, ...]:
    """Return companies whose name, or a former one, has these words in it, as they stand."""
    texts = (company.c.name, cast(company.c.former_names, Text))
    return _find(connection, or_(*(text.icontains(words, autoescape=True) for text in texts)))[:limit]


def tickers_of(connection: Connection, ciks: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the tickers of those of these companies that have any."""
    asked = list(ciks)
    found: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(asked), _MOST_PARAMETERS):
        some = asked[start : start + _MOST_PARAMETERS]
        rows = connection.execute(select(company.c.cik, company.c.tickers).where(company.c.cik.in_(some)))
        found |= {row.cik: tuple(row.tickers) for row in rows if row.tickers}
    return found


def with_tickers(connection: Connection, one: Filing) -> Filing:
    """Return the filing with the tickers that EDGAR's list has for those of its filers that have none."""
    last = listed_at(connection)
    if last is None:
        return one
    known = {each.cik: get(connection, each.cik) for each in one.filers if not each.tickers}
    found = {cik: each.tickers for cik, each in known.items() if each is not None and _is_listed(each, last)}
    if not found:
        return one
    return replace(one, filers=tuple(_with_tickers(each, found) for each in one.filers))


def sics_of(connection: Connection, ciks: Iterable[int]) -> dict[int, str]:
    """Return the industries of those of these companies of which an earlier filing tells it."""
    found = {cik: _sic(connection, cik) for cik in dict.fromkeys(ciks)}
    return {cik: sic for cik, sic in found.items() if sic is not None}


def _sic(connection: Connection, cik: int) -> str | None:
    statement = (
        select(filing.c.filers)
        .join(filer, filer.c.accession == filing.c.accession)
        .where(filer.c.cik == cik)
        .order_by(filing.c.accepted_at.desc().nulls_last())
        .limit(_LOOK_BACK)
    )
    told = (one for row in connection.execute(statement) for one in row.filers if one["cik"] == cik)
    return next((one["sic"] for one in told if one.get("sic")), None)


def _with_tickers(one: Filer, found: Mapping[int, tuple[str, ...]]) -> Filer:
    return one if one.tickers else replace(one, tickers=found.get(one.cik, ()))


def _find(connection: Connection, condition: Any) -> tuple[KnownCompany, ...]:
    statement = select(company).where(condition).order_by(company.c.name, company.c.cik)
    return tuple(_company(row) for row in connection.execute(statement))


def _listed(cik: int, name: str, listings: Iterable[Any], known: KnownCompany | None, now: datetime) -> KnownCompany:
    """What a row of the list makes of what was known."""
    told = tuple(listings)
    former = () if known is None else known.former_names
    if known is not None and name and _folded(name) != _folded(known.name):
        former = _added(former, [FormerName(known.name, until=now.date())])
    return KnownCompany(
        cik=cik,
        name=name or (known.name if known else ""),
        tickers=tuple(one.ticker for one in told),
        exchange=told[0].exchange if told else None,
        former_names=former,
        seen_at=now,
    )


def _is_listed(one: KnownCompany, last: datetime | None) -> bool:
    """Whether EDGAR's list of that time, the last one, told its tickers: those of filings are of another time."""
    return bool(one.tickers) and one.seen_at == last


def _left(one: KnownCompany, last: datetime | None, taken: Collection[str]) -> tuple[str, ...]:
    """The tickers that one has which a new list does not name."""
    return () if _is_listed(one, last) else tuple(each for each in one.tickers if each not in taken)


def _free(connection: Connection, one: Filer, known: KnownCompany | None, last: datetime | None) -> tuple[str, ...]:
    """The tickers that a filing tells of one, without those of companies of the list."""
    told = tuple(dict.fromkeys(filter(None, map(normal_ticker, one.tickers))))
    if known is not None and told == known.tickers:
        return told
    return tuple(each for each in told if not any(_is_listed(other, last) for other in by_ticker(connection, each)))


def _told(
    one: Filer, known: KnownCompany | None, at: datetime, tickers: tuple[str, ...], *, is_listed: bool
) -> KnownCompany:
    """What a filing makes of what was known."""
    days = (*one.former_names_changed_on, *(None for _ in one.former_names))
    former = [FormerName(name, until=until) for name, until in zip(one.former_names, days, strict=False)]
    if known is None:
        return KnownCompany(one.cik, one.name, tickers, former_names=_added((), former), seen_at=at)
    is_newer = not is_listed and (known.seen_at is None or known.seen_at < at)
    if tickers and tickers != known.tickers and (is_newer or not known.tickers):
        known = replace(known, tickers=tickers, seen_at=max(at, known.seen_at or at))
    if is_newer and one.name and _folded(one.name) != _folded(known.name):
        former.append(FormerName(known.name, until=at.date()))
        known = replace(known, name=one.name, seen_at=at)
    return replace(known, former_names=_added(known.former_names, former))


def _added(known: tuple[FormerName, ...], more: Iterable[FormerName]) -> tuple[FormerName, ...]:
    """Add the names that are new, and the days of those that had none."""
    found = {_folded(one.name): one for one in known}
    for one in more:
        same = found.setdefault(_folded(one.name), one)
        found[_folded(one.name)] = replace(same, since=same.since or one.since, until=same.until or one.until)
    return tuple(found.values())


def _folded(name: str) -> str:
    """A name as far as it matters: lists and filings differ in capitals and points."""
    return " ".join(re.findall(r"\w+", name.casefold()))


def _facts(one: KnownCompany | None) -> KnownCompany | None:
    return None if one is None else replace(one, seen_at=None)


def _put(connection: Connection, companies: Collection[KnownCompany]) -> None:
    rows = [
        {
            "cik": one.cik,
            "name": one.name,
            "tickers": list(one.tickers),
            "exchange": one.exchange,
            "former_names": to_json(one.former_names),
            "seen_at": one.seen_at,
        }
        for one in companies
    ]
    if not rows:
        return
    statement = insert_or(connection, company)
    changes = {key: statement.excluded[key] for key in rows[0] if key != "cik"}
    connection.execute(statement.on_conflict_do_update(index_elements=["cik"], set_=changes), rows)


def _company(row: Row[Any]) -> KnownCompany:
    former = (FormerName(one["name"], _day(one["since"]), _day(one["until"])) for one in row.former_names)
    return KnownCompany(row.cik, row.name, tuple(row.tickers), row.exchange, tuple(former), row.seen_at)


def _day(text: str | None) -> date | None:
    # Names were given up long before there was an EDGAR, so that no bound fits.
    return None if text is None else date.fromisoformat(text)
