"""Asks EDGAR whether what we assume of it holds: each assumption once, politely, with some twenty requests in all.

What nobody could verify for us stands here as a question, so that anyone with a contact can settle it. A question that
this hour cannot answer says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from watcher.edgar.calendar import NEW_YORK, is_business_day, previous_business_day
from watcher.edgar.client import EdgarClient
from watcher.edgar.companies import parse_companies
from watcher.edgar.feed import CurrentPage
from watcher.edgar.full_text import parse_full_text
from watcher.edgar.submission import split_submission
from watcher.edgar.submissions_api import parse_company_file
from watcher.edgar.xbrl_feed import parse_xbrl_feed
from watcher.errors import BlockedError, EdgarError, NotListedYet, ReadError
from watcher.models import EIGHT_K_FORMS, Filing

__all__ = ["Finding", "check_assumptions"]

_PAGE = 100
_SHIFT = 50
_MOST_SKEW = timedelta(minutes=2)
_HELD_FROM, _SURELY_HELD_FROM, _CLOSES = time(17, 31), time(18, 0), time(22, 0)
_INDEX_BY = time(23, 30)


@dataclass(frozen=True, slots=True)
class Finding:
    """One assumption, and what EDGAR said to it. ``holds`` is None when it could not be told now."""

    assumption: str
    holds: bool | None
    found: str


@dataclass(slots=True)
class _Look:
    """What was asked so far."""

    edgar: EdgarClient
    now: datetime
    page: CurrentPage

    @property
    def newest(self) -> Filing | None:
        """The newest filing of the list that can be asked for."""
        return next((one for one in self.page.filings if one.filers and one.accepted_at), None)

    @property
    def local(self) -> datetime:
        """The hour in New York."""
        return self.now.astimezone(NEW_YORK)


_Answer = tuple[bool | None, str]
_Check = Callable[[_Look], Awaitable[_Answer]]


async def check_assumptions(edgar: EdgarClient, now: datetime) -> tuple[Finding, ...]:
    """Ask EDGAR about each assumption, one after the other.

    Raises ``EdgarError`` when not even the list of latest filings can be had, and ``BlockedError`` as soon as EDGAR
    blocks us: the rest is not asked then.
    """
    look = _Look(edgar, now, await edgar.current_filings(0, _PAGE))
    findings = []
    for assumption, check in _ASSUMPTIONS.items():
        try:
            is_empty = check in _OF_THE_LIST and not look.page.entries
            holds, found = (None, "the list is empty") if is_empty else await check(look)
        except BlockedError:
            raise
        except (EdgarError, ReadError) as error:
            holds, found = False, str(error)
        findings.append(Finding(assumption, holds, found))
    return tuple(findings)


async def _prefix(look: _Look) -> _Answer:
    forms = sorted({one.form or "none" for one in look.page.filings})
    others = [form for form in forms if not form.startswith("8-K")]
    return not others and bool(forms), f"forms on the first page: {', '.join(forms) or 'none'}"


async def _family(look: _Look) -> _Answer:
    others = sorted({one.form or "none" for one in look.page.filings} - EIGHT_K_FORMS)
    return not others, f"not of the family that we take: {', '.join(others)}" if others else "no other form came"


async def _page_size(look: _Look) -> _Answer:
    return look.page.entries == _PAGE, f"{look.page.entries} entries came, {_PAGE} were asked for"


async def _readable(look: _Look) -> _Answer:
    return not look.page.problems, "; ".join(look.page.problems[:3]) or "no odd entry"


async def _offset(look: _Look) -> _Answer:
    later = await look.edgar.current_filings(_SHIFT, _PAGE)
    first = {one.accession for one in look.page.filings}
    shared = sum(one.accession in first for one in later.filings)
    wanted = _PAGE - _SHIFT
    return abs(shared - wanted) <= wanted // 5, f"the page from {_SHIFT} on shares {shared} entries with the first"


async def _order(look: _Look) -> _Answer:
    times = [one.accepted_at for one in look.page.filings if one.accepted_at is not None]
    wrong = sum(earlier < later for earlier, later in pairwise(times))
    return not wrong, f"{wrong} of {max(0, len(times) - 1)} neighbours stand the other way round"


async def _clock(look: _Look) -> _Answer:
    if look.page.generated_at is None:
        return False, "the list does not say when it was made"
    skew = look.page.generated_at - look.now
    return abs(skew) <= _MOST_SKEW, f"the list was made {skew.total_seconds():+.0f} s from our clock"


async def _depth(look: _Look) -> _Answer:
    last = look.page
    for start in (1_000, 4_900, 5_000):
        page = await look.edgar.current_filings(start, _PAGE)
        if not page.filings:
            break
        last = page
    oldest = min((one.accepted_at for one in last.filings if one.accepted_at), default=None)
    if oldest is None:
        return False, "no time on the deepest page"
    days = (look.now - oldest) / timedelta(days=1)
    return days >= 1, f"the deepest page goes {days:.1f} days back"


async def _past_the_end(look: _Look) -> _Answer:
    query = {"action": "getcurrent", "type": "", "owner": "include", "start": "5100", "count": "100", "output": "atom"}
    answer = await look.edgar.probe("/cgi-bin/browse-edgar", query)
    return answer.is_maintenance, f"status {answer.status}: {answer.title[:80] or 'no page for people'}"


async def _same_acceptance(look: _Look) -> _Answer:
    one = look.newest
    if one is None:
        return None, "no filing on the list to ask for"
    header = split_submission(await look.edgar.header(one.filers[0].cik, one.accession))
    return header.accepted_at == one.accepted_at, f"list {one.accepted_at}, header {header.accepted_at}"


async def _served(look: _Look) -> _Answer:
    one = look.newest
    if one is None or one.accepted_at is None:
        return None, "no filing on the list to ask for"
    raw = await look.edgar.submission(one.filers[0].cik, one.accession)
    age = (look.now - one.accepted_at).total_seconds()
    return True, f"the newest, accepted {age:.0f} s ago, was served: {len(raw):,} bytes"


async def _company_clock(look: _Look) -> _Answer:
    one = look.newest
    if one is None or one.accepted_at is None:
        return None, "no filing on the list to ask for"
    file = parse_company_file(await look.edgar.company(one.filers[0].cik), known={one.accession: one.accepted_at})
    return file.page.clock.value != "unknown", f"the file of CIK {one.filers[0].cik} shows the clock: {file.page.clock}"


async def _no_index(look: _Look) -> _Answer:
    day = look.local.date()
    while is_business_day(day):
        day -= timedelta(days=1)
    try:
        await look.edgar.daily_index(day)
    except NotListedYet as error:
        return True, str(error)
    return False, f"there is an index of {day}, which is no business day"


async def _last_index(look: _Look) -> _Answer:
    day = _indexed_day(look.local)
    index = await look.edgar.daily_index(day)
    family = {row.accession for row in index.rows if row.form in EIGHT_K_FORMS}
    return bool(family) and not index.problems, f"{day}: {len(family)} 8-Ks; {'; '.join(index.problems[:2]) or 'clean'}"


def _indexed_day(local: datetime) -> date:
    """The last business day whose index should be there."""
    is_written = is_business_day(local.date()) and local.time() >= _INDEX_BY
    return local.date() if is_written else previous_business_day(local.date())


async def _no_filing(look: _Look) -> _Answer:
    try:
        await look.edgar.header(1, "0000000001-00-000001")
    except NotListedYet as error:
        return True, str(error)
    return False, "a filing that cannot be was served"


async def _held(look: _Look) -> _Answer:
    today = look.local.date()
    if not is_business_day(today) or not _SURELY_HELD_FROM <= look.local.time() < _CLOSES:
        return None, "can be told on business days from 18:00 to 22:00 in New York only"
    locals_ = [one.accepted_at.astimezone(NEW_YORK) for one in look.page.filings if one.accepted_at]
    shown = [one for one in locals_ if one.date() == today and one.time() > _HELD_FROM]
    return not shown, f"{len(shown)} accepted after 17:31 today are shown already"


async def _tickers(look: _Look) -> _Answer:
    companies = parse_companies(await look.edgar.company_tickers(), fetched_at=look.now)
    return bool(companies.companies), f"{len(companies.companies):,} companies"


async def _xbrl_feed(look: _Look) -> _Answer:
    feed = parse_xbrl_feed(await look.edgar.xbrl_feed())
    minutes = None if feed.newest_at is None else (look.now - feed.newest_at).total_seconds() / 60
    age = "" if minutes is None else f", the newest {minutes:.0f} minutes old"
    return bool(feed.filings), f"{len(feed.filings)} 8-Ks{age}"


async def _full_text(look: _Look) -> _Answer:
    day = previous_business_day(look.local.date())
    page = parse_full_text(await look.edgar.full_text_search(day, day))
    return bool(page.filings), f"{day}: {len(page.filings)} filings on the first page, {page.total} documents in all"


_ASSUMPTIONS: dict[str, _Check] = {
    "type=8-K gives every form that begins with 8-K, and no other": _prefix,
    "every form that it gives is one that we take": _family,
    "a page has 100 entries": _page_size,
    "every entry can be read": _readable,
    "start counts entries": _offset,
    "the list is in the order of acceptance, newest first": _order,
    "the list's own time is true": _clock,
    "type=8-K goes back at least a day": _depth,
    "past 5,000 entries a maintenance page stands for the end": _past_the_end,
    "the list's time of acceptance is the header's": _same_acceptance,
    "what is listed is served": _served,
    "it can be told which clock a company's file shows": _company_clock,
    "an index that is not there is told apart from a block": _no_index,
    "the index of the last business day is there and clean": _last_index,
    "a filing that is not there is told apart from a block": _no_filing,
    "what is accepted after 17:30 is held until the morning": _held,
    "the list of companies and tickers can be read": _tickers,
    "the XBRL feed can be read": _xbrl_feed,
    "the full-text search can be read": _full_text,
}
_OF_THE_LIST = frozenset((_prefix, _family, _page_size, _readable, _offset, _order, _depth))
