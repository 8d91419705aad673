"""The only way to the SEC: one polite client with one limiter for all requests, to whichever of its hosts.

What cannot be had is a typed error, never an empty answer (`answers` judges it). Trying again is left to whoever asked.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType, TracebackType
from typing import Self

import httpx

from watcher.clock import Clock
from watcher.edgar._body import gunzip, gunzip_head, read_body
from watcher.edgar.address import Host, check_contact, host_addresses, is_loopback
from watcher.edgar.answers import Answer, Download, Version, content_of, reason_of_block
from watcher.edgar.feed import CurrentPage, parse_current
from watcher.edgar.full_text import FURTHEST_START
from watcher.edgar.index import IndexFile, daily_paths, parse_index, quarter_path
from watcher.edgar.limiter import BLOCK_SECONDS, MAX_REQUESTS_PER_SECOND, Limiter, SharedTurn
from watcher.edgar.submission import split_submission
from watcher.errors import BlockedError, EdgarError, NotListedYet, OutageError, ReadError, TooLargeError, TruncatedError
from watcher.meters import Meters

__all__ = ["BLOCK_SECONDS", "MAX_REQUESTS_PER_SECOND", "XBRL_FEEDS", "EdgarClient"]

# EDGAR rounds any other count down, and then a full page would look like the list's end.
_COUNTS = (10, 20, 40, 80, 100)
# The deepest page that EDGAR serves, whatever the form; past it a maintenance page stands for the end of the list.
_DEEPEST_START = 5_000
_SEARCH_COUNT = 100  # the full-text search gives no more at a time

# The latest 200 filings with XBRL; of the first, 161 of 200 were seen to be 8-Ks.
XBRL_FEEDS = ("usgaap.rss.xml", "xbrl-inline.rss.xml", "xbrlrss.all.xml")

_LIST_MAX_BYTES = 8_000_000  # a page of 100 entries takes 60,000
_DATA_MAX_BYTES = 50_000_000  # a company with 10,000 filings takes 3,000,000
_INDEX_MAX_BYTES = 200_000_000  # a quarter's takes 40,000,000
_MAX_BYTES = 250_000_000
_HEAD_BYTES = 20_000  # enough to tell a file from an error page
_TOTAL_SECONDS = 300.0  # real ones, like every time-out here: they protect this machine
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_REDIRECTS = 3

_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is asked for, and how much of it is taken. With ``stays_packed`` a gzip file is left as it is.

    What is not ``is_live`` lets the others go first.
    """

    path: str
    host: Host = Host.WWW
    max_bytes: int = _LIST_MAX_BYTES
    stays_packed: bool = False
    is_live: bool = True


class EdgarClient:
    """Asks EDGAR, never faster than allowed and never under a false name.

    One client is one limiter: a program has one. With another ``base_url`` than the SEC's, that address stands for
    all of the SEC's hosts. ``blocked_until`` is that of a client before this one, so that a new start does not break
    a silence, and ``asked_until`` when that one may have asked last; ``shared`` keeps the limit over several processes.
    ``silenced`` is set whenever a silence begins or
    grows. ``transport`` takes the place of the wire in tests; ``meters`` are told of every request. Must be closed with
    `aclose`.

    Whatever is asked for raises ``BlockedError`` on a block page and in the silence after it, and ``EdgarError`` when
    what came is not what was asked for.
    """

    def __init__(  # noqa: PLR0913  # one for each thing that another client, or a test, knows
        self,
        *,
        contact: str,
        clock: Clock,
        base_url: str = "https://www.sec.gov",
        requests_per_second: float = 5.0,
        max_bytes: int = _MAX_BYTES,
        blocked_until: datetime | None = None,
        asked_until: datetime | None = None,
        shared: SharedTurn | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._bases = {host: httpx.URL(address) for host, address in host_addresses(base_url).items()}
        self._clock = clock
        self._limiter = Limiter(
            clock, requests_per_second, silent_until=blocked_until, asked_until=asked_until, shared=shared
        )
        self._max_bytes = max_bytes
        self.silenced = asyncio.Event()
        self._blocks_seen = 0
        self._requests_by_host: Counter[str] = Counter()
        self._meters = meters or Meters()
        self._http = httpx.AsyncClient(
            headers={"User-Agent": check_contact(contact), "Accept-Encoding": "gzip"},
            timeout=_TIMEOUT,
            transport=transport,
            follow_redirects=False,
            # A proxy of the environment leads out of this machine, so it is no way to a server on it.
            trust_env=not is_loopback(str(self._bases[Host.WWW])),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. May be called twice."""
        await self._http.aclose()

    @property
    def requests_made(self) -> int:
        """How many requests have left, since this client was made."""
        return self._requests_by_host.total()

    @property
    def requests_by_host(self) -> Mapping[str, int]:
        """How many requests have left, by the name of the host that was asked."""
        return MappingProxyType(self._requests_by_host)

    @property
    def blocks_seen(self) -> int:
        """How many block pages have come, since this client was made."""
        return self._blocks_seen

    @property
    def blocked_until(self) -> datetime | None:
        """Until when every request is refused, by a block page or because EDGAR asked for it; None when it may be."""
        return self._limiter.silent_until

    async def current_filings(self, start: int, count: int = 100, form: str = "8-K") -> CurrentPage:
        """Fetch one page of the live list, from its ``start``-th entry on, newest first.

        ``form`` is a prefix: EDGAR answers "8-K" with 8-K/A and 8-K12B, too. ``is_last`` is set on a page that is not
        full, and on the empty one that stands for EDGAR's refusal to page deeper than it does.
        """
        if start < 0 or count not in _COUNTS:
            raise ValueError(f"expected start from 0 and count of {_COUNTS}, came start={start}, count={count}")
        query = {"action": "getcurrent", "type": form, "owner": "include"}
        query |= {"start": str(start), "count": str(count), "output": "atom"}
        answer = await self._ask_list(_Ask("/cgi-bin/browse-edgar"), query)
        if answer.is_maintenance and start > _DEEPEST_START:
            return CurrentPage(generated_at=None, is_last=True)
        page = await asyncio.to_thread(parse_current, self._content(answer))
        return replace(page, is_last=page.entries < count)

    async def submission(self, cik: int, accession: str, *, is_live: bool = True) -> bytes:
        """Fetch the full submission text of one filing, whole and checked to be the one that was asked for.

        ``cik`` is that of any of its filers; a filing for which nobody waits is not ``is_live``. Raises
        ``NotListedYet`` while EDGAR does not serve it, ``EdgarError`` when it came truncated or is another one (trying
        again makes sense) or has no CIK to be asked for by, ``TooLargeError`` past the limit.
        """
        return await self._filing_file(cik, accession, ".txt", self._max_bytes, is_live)

    async def header(self, cik: int, accession: str, *, is_live: bool = True) -> bytes:
        """Fetch the header of one filing (``.hdr.sgml``), whole and checked to be the one that was asked for.

        It is small, and has what the lists lack: item numbers, industry, time of acceptance. Raises as `submission`.
        """
        return await self._filing_file(cik, accession, ".hdr.sgml", _LIST_MAX_BYTES, is_live)

    async def daily_index(self, day: date, *, forms: Collection[str] | None = None) -> IndexFile:
        """Fetch and read the master index of one day, only rows of these ``forms`` if they are given.

        It is written once, from 22:00 New York time on. Raises ``NotListedYet`` while there is none, as on a weekend or
        holiday for ever. Its rows may have been filed on other days: what was corrected or came on paper is listed
        when it is processed.
        """
        first, *others = daily_paths(day)
        try:
            return await self._daily_index(first, day, forms)
        except NotListedYet:
            if not others:
                raise
            return await self._daily_index(others[0], day, forms)

    async def quarter_index(self, year: int, quarter: int, *, unless: Version | None = None) -> Download | None:
        """Fetch the master index of one quarter, packed: `index.IndexReader` reads it row by row.

        A quarter that goes on has all of its filings through the last business day; on Saturdays EDGAR applies
        corrections. Returns None when it is still the version ``unless``. Raises ``NotListedYet`` while there is none.
        """
        ask = _Ask(quarter_path(year, quarter), max_bytes=_INDEX_MAX_BYTES, stays_packed=True, is_live=False)
        answer = await self._ask_list(ask, headers=_unless(unless))
        if answer.status == 304 and unless is not None:
            return None
        content = self._content(answer, missing=NotListedYet)
        return Download(content if answer.packed is None else answer.packed, answer.version)

    async def company_tickers(self) -> bytes:
        """Fetch the list of companies with CIK, name, ticker and exchange (JSON)."""
        path = "/files/company_tickers_exchange.json"
        return await self._data(_Ask(path, max_bytes=_DATA_MAX_BYTES, is_live=False))

    async def company(self, cik: int, *, page: int = 0) -> bytes:
        """Fetch what EDGAR knows of one company (JSON): page 0 has names, tickers, industry and the latest filings.

        It names the older pages, which hold filings only. Raises ``EdgarError`` with the status 404 when there is none.
        """
        if not 0 < cik < 10**10 or not 0 <= page < 1_000:
            raise ValueError(f"expected a CIK and a page below 1,000, came {cik} and {page}")
        older = f"-submissions-{page:03}" if page else ""
        return await self._data(_Ask(f"/submissions/CIK{cik:010}{older}.json", Host.DATA, _DATA_MAX_BYTES))

    async def xbrl_feed(self, feed: str = XBRL_FEEDS[0]) -> bytes:
        """Fetch one of the feeds of filings with XBRL (RSS), which EDGAR renews every ten minutes."""
        if feed not in XBRL_FEEDS:
            raise ValueError(f"expected one of {', '.join(XBRL_FEEDS)}, came {feed!r}")
        return await self._data(_Ask(f"/Archives/edgar/{feed}", max_bytes=_DATA_MAX_BYTES))

    async def full_text_search(
        self, first_day: date, last_day: date, *, forms: Iterable[str] = ("8-K",), words: str = "", start: int = 0
    ) -> bytes:
        """Fetch one page of the full-text search (JSON), from its ``start``-th hit on; a hit is a document.

        A form stands for its amendments, too. The next page starts after as many hits as came; none starts at
        `FURTHEST_START`, where the search ends without saying so. It does not say either when it overlooks a part of
        the question: its answer repeats what it understood. Three of 22 requests were seen to fail with the status 500.
        """
        if not 0 <= start < FURTHEST_START or first_day > last_day:
            came = f"{start} from {first_day} to {last_day}"
            raise ValueError(f"expected days in order and start below {FURTHEST_START:,}, came {came}")
        query = {"q": words, "forms": ",".join(forms), "dateRange": "custom"}
        query |= {"startdt": first_day.isoformat(), "enddt": last_day.isoformat()}
        query |= {"from": str(start), "size": str(_SEARCH_COUNT)}
        return await self._data(_Ask("/LATEST/search-index", Host.SEARCH, _DATA_MAX_BYTES), query)

    async def probe(self, path: str, query: Mapping[str, str] | None = None, *, host: Host = Host.WWW) -> Answer:
        """Ask for anything at all, and return what came as it came, error pages included.

        For whoever wants to know how EDGAR answers. Raises ``BlockedError`` on a block page all the same.
        """
        if not re.fullmatch(r"/[!-~]*", path) or "?" in path or "#" in path:
            raise ValueError(f"expected a path that starts with /, came {path!r}")
        return await self._ask_list(_Ask(path, host, _DATA_MAX_BYTES), query)

    async def _filing_file(self, cik: int, accession: str, suffix: str, max_bytes: int, is_live: bool) -> bytes:
        if not _ACCESSION.fullmatch(accession):
            raise ValueError(f"expected an accession number, came {accession!r}")
        if cik <= 0:
            raise EdgarError(f"{accession}: listed without a filer's CIK, by which alone a filing can be asked for")
        path = f"/Archives/edgar/data/{cik}/{accession.replace('-', '')}/{accession}{suffix}"
        ask = _Ask(path, max_bytes=max_bytes, is_live=is_live)
        body = self._content(await self._ask(ask), missing=NotListedYet)
        await asyncio.to_thread(_check_submission, body, accession, path)
        return body

    async def _daily_index(self, path: str, day: date, forms: Collection[str] | None) -> IndexFile:
        answer = await self._ask_list(_Ask(path, max_bytes=_INDEX_MAX_BYTES, is_live=False))
        content = self._content(answer, missing=NotListedYet)
        try:
            index = await asyncio.to_thread(parse_index, content, forms=forms)
        except EdgarError as error:
            raise EdgarError(f"{path}: {error}", status=answer.status) from error
        if index.day not in (day, None) and day not in index.days:
            raise EdgarError(f"{path}: expected the index of {day}, came that of {index.day}", status=answer.status)
        return index

    async def _data(self, ask: _Ask, query: Mapping[str, str] | None = None) -> bytes:
        return self._content(await self._ask_list(ask, query))

    async def _ask_list(
        self, ask: _Ask, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for what is no filing: a size past all bounds is then EDGAR's fault, as anything else that is odd."""
        try:
            return await self._ask(ask, query, headers)
        except TooLargeError as error:
            raise EdgarError(f"expected no more of a list: {error}") from error

    async def _ask(
        self, ask: _Ask, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and follow redirects on the same host. Raises ``BlockedError`` on a block page."""
        url = self._bases[ask.host].copy_with(raw_path=ask.path.encode()).copy_merge_params(query or {})
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                answer, location = await self._send(url, ask, headers)
            # httpx reads where a redirect leads to even if it is not to follow, and is careless about odd host names.
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, UnicodeError) as error:
                reason = str(error) or type(error).__name__
                raise OutageError(f"{url.netloc.decode()}: {url.path}: no whole answer came: {reason}") from error
            if not location:
                return self._judged(answer)
            url = _redirected(url, location, answer.status)
        raise EdgarError(f"{ask.path}: more than {_MAX_REDIRECTS} redirects")

    async def _send(self, url: httpx.URL, ask: _Ask, headers: Mapping[str, str] | None) -> tuple[Answer, str]:
        """Send one request, in its turn. Returns the answer and where it redirects to, or ""."""
        async with AsyncExitStack() as stack:
            async with self._limiter.turn(is_live=ask.is_live):
                self._requests_by_host[url.host] += 1
                await stack.enter_async_context(asyncio.timeout(_TOTAL_SECONDS))
                response = await self._begin(stack, url, headers)
            try:
                body, packed = await _read(response, ask)
            except TooLargeError as error:
                raise TooLargeError(f"{url.path}: {error}") from error
            except EdgarError as error:
                raise EdgarError(f"{url.path}: {error}", status=response.status_code) from error
            location = response.headers.get("Location", "") if response.has_redirect_location else ""
        return Answer(url.path, response.status_code, body, dict(response.headers), packed), location

    async def _begin(self, stack: AsyncExitStack, url: httpx.URL, headers: Mapping[str, str] | None) -> httpx.Response:
        """Send it and have the beginning of its answer; the stack closes it."""
        status: int | None = None
        try:
            response = await stack.enter_async_context(self._http.stream("GET", url, headers=headers))
            status = response.status_code
        finally:
            self._meters.asked(url.host, status)
        return response

    def _judged(self, answer: Answer) -> Answer:
        """Pass on an answer that is no block page; else begin the silence and raise ``BlockedError``."""
        reason = reason_of_block(answer)
        if not reason:
            return answer
        self._blocks_seen += 1
        wanted = answer.retry_after_seconds(self._clock.now()) or 0.0
        self._silence(max(BLOCK_SECONDS, wanted), reason)
        raise BlockedError(f"{answer.path}: {reason}", status=answer.status)

    def _silence(self, seconds: float, reason: str) -> None:
        self._limiter.silence(seconds, reason)
        self.silenced.set()

    def _content(self, answer: Answer, *, missing: type[EdgarError] = EdgarError) -> bytes:
        """Return what was asked for. An outage that names its end begins a silence till then, and is an error."""
        wanted = answer.retry_after_seconds(self._clock.now()) if answer.status == 503 else None
        if wanted:
            self._silence(wanted, f"EDGAR asked to be left alone for {wanted:.0f} seconds")
        return content_of(answer, missing=missing)


async def _read(response: httpx.Response, ask: _Ask) -> tuple[bytes, bytes | None]:
    """Read a body. A file that stays packed comes second, and first the beginning of what is in it."""
    # A transport that is no wire may hand over what it has read and unpacked already.
    is_read = response.is_stream_consumed
    chunks = response.aiter_bytes() if is_read else response.aiter_raw()
    encoding = "" if is_read else response.headers.get("Content-Encoding", "")
    body = await read_body(chunks, encoding, ask.max_bytes)
    if ask.stays_packed and response.status_code == 200:
        return gunzip_head(body, _HEAD_BYTES), body
    # A block page may come as gzip without saying so.
    return await asyncio.to_thread(gunzip, body, ask.max_bytes), None


def _redirected(url: httpx.URL, location: str, status: int) -> httpx.URL:
    try:
        target = url.join(location)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise EdgarError(f"{url.path}: redirected to what is no address", status=status) from error
    # Raw hosts: to make one readable again is to read what a stranger wrote.
    if (target.scheme, target.raw_host, target.port) != (url.scheme, url.raw_host, url.port):
        host = target.raw_host.decode("ascii", "replace")
        raise EdgarError(f"{url.path}: redirected to another host, {host}: not followed", status=status)
    return target


def _unless(version: Version | None) -> dict[str, str]:
    """Ask for a file only if it is another one. By its date where there is one: its tag changes with the packing."""
    if version is None:
        return {}
    if version.last_modified:
        return {"If-Modified-Since": version.last_modified}
    return {"If-None-Match": version.etag} if version.etag else {}


def _check_submission(body: bytes, accession: str, path: str) -> None:
    try:
        submission = split_submission(body)
    except TruncatedError as error:
        raise EdgarError(f"{path}: came truncated, {len(body):,} bytes: {error}", status=200) from error
    except ReadError as error:
        raise EdgarError(f"{path}: {error}", status=200) from error
    if submission.accession != accession:
        raise EdgarError(f"{path}: expected that submission, came {submission.accession}", status=200)
