"""What must hold for EDGAR's lists and for what receivers answer, whatever bytes come. As in `promises`."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, date, datetime
from typing import Any, Protocol

from handlers.notify._http import post_json, retry_after
from watcher import Answer, DeliveryError, Filing
from watcher.edgar import answers
from watcher.edgar.companies import dump_companies, load_companies, parse_companies
from watcher.edgar.feed import merge_co_filers, parse_current
from watcher.edgar.full_text import parse_full_text
from watcher.edgar.submissions_api import SubmissionsPage, parse_company_file, parse_older_page
from watcher.edgar.xbrl_feed import parse_xbrl_feed
from watcher.errors import EdgarError, ReadError
from watcher.items import is_item_number
from watcher.models import EIGHT_K_FORMS
from watcher.report_json import to_json
from watcher.testing import FakePost

__all__ = ["check_companies", "check_company_file", "check_feed", "check_full_text", "check_wait", "check_xbrl_feed"]

NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
_MOST_PROBLEMS = 21  # twenty, and how many more
_LONGEST_PROBLEM = 500
_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_OLDER = re.compile(r"CIK[0-9]{10}-submissions-[0-9]{3}\.json")
_LONGEST_WAIT = 10**12  # seconds: the year 9999 is nearer


class _Listed(Protocol):
    """What every list of filings is read into."""

    @property
    def filings(self) -> tuple[Filing, ...]: ...

    @property
    def problems(self) -> tuple[str, ...]: ...


def check_feed(body: bytes) -> None:
    """Read a page of the live list: a typed error, or filings that can be stored, each entry one or a problem."""
    if (found := _read(parse_current, body)) is None:
        return
    _check_listed(found)
    assert len(found.filings) <= found.entries, (len(found.filings), found.entries)
    assert found.filings or not found.entries or found.problems, "entries went without a word"
    _check_moment(found.generated_at)
    merged = merge_co_filers(found.filings)
    assert len({one.accession for one in merged}) == len(merged), merged
    assert merge_co_filers(merged) == merged, "merging twice changes what was merged"


def check_xbrl_feed(body: bytes) -> None:
    """Read a feed of filings with XBRL. As above; of other forms it gives nothing."""
    if (found := _read(parse_xbrl_feed, body)) is None:
        return
    _check_listed(found)
    assert len(found.filings) <= found.entries, (len(found.filings), found.entries)
    assert all(one.form is None or one.form in EIGHT_K_FORMS for one in found.filings), found.filings
    _check_moment(found.generated_at)
    _check_moment(found.newest_at)


def check_full_text(body: bytes) -> None:
    """Read an answer of the full-text search. As above; the next page lies behind this one."""
    if (found := _read(parse_full_text, body)) is None:
        return
    _check_listed(found)
    assert len(found.filings) <= found.hits, (len(found.filings), found.hits)
    assert found.total is None or found.total >= 0, found.total
    assert found.next_start is None or found.next_start > found.start, found.next_start


def check_company_file(body: bytes) -> None:
    """Read what data.sec.gov tells of a company, as its main file and as one of older filings."""
    if (page := _read(parse_older_page, body)) is not None:
        _check_rows(page)
    if (found := _read(parse_company_file, body)) is None:
        return
    _check_problems(found.problems)
    _check_rows(found.page)
    assert 0 < found.company.cik < 10**10, found.company.cik
    _can_be_kept(to_json(found.company))
    _can_be_kept(to_json(found.company.filer))
    # These names become part of an address.
    assert all(_OLDER.fullmatch(one.name) for one in found.older), found.older


def check_companies(body: bytes) -> None:
    """Read a list of companies: a typed error, or companies that come back as they were from the cache's own form."""

    def read(body: bytes) -> Any:
        return parse_companies(body, fetched_at=NOW)

    with contextlib.suppress(ReadError):
        load_companies(body)
    if (found := _read(read, body)) is None:
        return
    _check_problems(found.problems)
    assert found.companies, "an empty list"
    again = load_companies(dump_companies(found))
    assert again.companies == found.companies, "not the same companies after the cache"
    for one in found.companies:
        assert found.by_cik(one.cik) is one, one
        assert all(one in found.by_ticker(ticker) for ticker in one.tickers), one


def check_wait(given: bytes) -> None:
    """Read how long to wait out of an answer: its first line is the header, the rest the body."""
    header, _, body = given.decode("latin-1").partition("\n")
    answer = Answer(429, {"retry-after": header}, body, "192.0.2.1:443")
    _check_wait(retry_after(answer, NOW.timestamp()))
    _check_wait(answers.Answer("/", 503, given, {"retry-after": header}).retry_after_seconds(NOW))
    post = FakePost(status=(200, 429, 503)[len(given) % 3], headers=answer.headers, body=body)
    sent = post_json(post, "https://example.com/a", {}, service="Slack", now=NOW.timestamp(), secret="abc")
    try:
        _run(sent)
    except DeliveryError as error:
        _check_wait(error.retry_after_seconds)
        _check_problems([str(error)])


def _read(read: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        found = read(body)
    except EdgarError as error:
        _check_problems([str(error)])
        return None
    assert found == read(body), "another answer the second time"
    return found


def _check_listed(found: _Listed) -> None:
    _check_problems(found.problems)
    for filing in found.filings:
        assert _ACCESSION.fullmatch(filing.accession), filing
        assert all(map(is_item_number, filing.items)), filing
        assert all(0 <= filer.cik < 10**10 for filer in filing.filers), filing
        _check_moment(filing.accepted_at)
        _can_be_kept(to_json(filing))


def _check_rows(page: SubmissionsPage) -> None:
    _check_problems(page.problems)
    for row in page.rows:
        assert _ACCESSION.fullmatch(row.accession), row
        assert all(map(is_item_number, row.items)), row
        assert row.size_bytes is None or 0 <= row.size_bytes < 10**15, row
        assert row.filed_on is None or row.filed_on > date(1990, 1, 1), row
        _check_moment(row.accepted_at)
        _can_be_kept(to_json(row.as_filing()))


def _check_problems(problems: Iterable[str]) -> None:
    told = list(problems)
    assert len(told) <= _MOST_PROBLEMS, len(told)
    assert all(len(one) < _LONGEST_PROBLEM for one in told), told
    "".join(told).encode()


def _check_moment(moment: datetime | None) -> None:
    assert moment is None or moment.tzinfo is UTC, moment


def _check_wait(seconds: float | None) -> None:
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds < _LONGEST_WAIT), seconds


def _can_be_kept(told: Any) -> None:
    """Neither database takes half a character, SQLite's full-text search and PostgreSQL no NUL."""
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    text.encode()
    assert "\\u0000" not in text, text


def _run(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run to its end what never waits: an event loop for each input would take most of the time."""
    with contextlib.suppress(StopIteration):
        coroutine.send(None)
        raise AssertionError("it waited for something")
