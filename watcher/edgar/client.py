"""The only way to the SEC: one polite client with one limiter for all requests.

What cannot be had is a typed error, never an empty answer (`answers` judges it). Trying again is left to whoever asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx

from watcher.clock import Clock
from watcher.edgar._body import gunzip, read_body
from watcher.edgar.address import check_base_url, check_contact
from watcher.edgar.answers import Answer, content_of, reason_of_block
from watcher.edgar.feed import CurrentPage, parse_current
from watcher.edgar.submission import split_submission
from watcher.errors import BlockedError, EdgarError, NotListedYet, ReadError, TooLargeError, TruncatedError

__all__ = ["BLOCK_SECONDS", "MAX_REQUESTS_PER_SECOND", "EdgarClient"]

MAX_REQUESTS_PER_SECOND = 10.0  # the SEC's own limit, over all machines of one user
BLOCK_SECONDS = 600.0  # what the block page says; asking earlier prolongs it

# EDGAR rounds any other count down, and then a full page would look like the list's end.
_COUNTS = (10, 20, 40, 80, 100)
# The deepest page that EDGAR serves, whatever the form; past it a maintenance page stands for the end of the list.
_DEEPEST_START = 5_000
_LIST_MAX_BYTES = 8_000_000  # a page of 100 entries takes 60,000
_MAX_BYTES = 250_000_000
_TOTAL_SECONDS = 300.0  # real ones, like every time-out here: they protect this machine
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MAX_REDIRECTS = 3

_ACCESSION = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")


class EdgarClient:
    """Asks EDGAR, never faster than allowed and never under a false name.

    One client is one limiter: a program has one. With another ``base_url`` than the SEC's, that address stands for
    all of the SEC's hosts. ``blocked_until`` is that of a client before this one, so that a new start does not break
    a silence. ``transport`` takes the place of the wire in tests. Must be closed with `aclose`.
    """

    def __init__(
        self,
        *,
        contact: str,
        clock: Clock,
        base_url: str = "https://www.sec.gov",
        requests_per_second: float = 5.0,
        max_bytes: int = _MAX_BYTES,
        blocked_until: datetime | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if not 0 < requests_per_second <= MAX_REQUESTS_PER_SECOND:
            raise ValueError(f"requests_per_second: expected more than 0 and at most 10, came {requests_per_second}")
        if blocked_until is not None and blocked_until.tzinfo is None:
            raise ValueError(f"blocked_until: expected a time with a zone, came {blocked_until}")
        self._base = httpx.URL(check_base_url(base_url))
        self._clock = clock
        self._interval = 1.0 / requests_per_second
        self._max_bytes = max_bytes
        self._next_slot = 0.0
        self._waiting = 0
        self._blocked_until = blocked_until.timestamp() if blocked_until is not None else 0.0
        self._block_reason = "EDGAR blocked us before this start"
        self._requests_made = 0
        self._blocks_seen = 0
        self._http = httpx.AsyncClient(
            headers={"User-Agent": check_contact(contact), "Accept-Encoding": "gzip"},
            timeout=_TIMEOUT,
            transport=transport,
            follow_redirects=False,
            # A proxy of the environment leads out of this machine, so it is no way to a server on it.
            trust_env=not _is_loopback(self._base.host),
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
        return self._requests_made

    @property
    def blocks_seen(self) -> int:
        """How many block pages have come, since this client was made."""
        return self._blocks_seen

    @property
    def blocked_until(self) -> datetime | None:
        """Until when every request is refused because of a block page; None when EDGAR may be asked."""
        remaining = self._blocked_until - self._clock.time()
        if not 0 < remaining <= BLOCK_SECONDS:  # more than that: the clock was set back
            return None
        return datetime.fromtimestamp(self._blocked_until, UTC)

    async def current_filings(self, start: int, count: int = 100, form: str = "8-K") -> CurrentPage:
        """Fetch one page of the live list, from its ``start``-th entry on, newest first.

        ``form`` is a prefix: EDGAR answers "8-K" with 8-K/A and 8-K12B, too. ``is_last`` is set on a page that is not
        full, and on the empty one that stands for EDGAR's refusal to page deeper than it does.
        """
        if start < 0 or count not in _COUNTS:
            raise ValueError(f"expected start from 0 and count of {_COUNTS}, came start={start}, count={count}")
        query = {"action": "getcurrent", "type": form, "owner": "include"}
        query |= {"start": str(start), "count": str(count), "output": "atom"}
        try:
            answer = await self._ask("/cgi-bin/browse-edgar", query, _LIST_MAX_BYTES)
        except TooLargeError as error:
            raise EdgarError(f"expected a page of the live list: {error}") from error
        if answer.is_maintenance and start > _DEEPEST_START:
            return CurrentPage(generated_at=None, is_last=True)
        page = await asyncio.to_thread(parse_current, content_of(answer, missing=EdgarError))
        return replace(page, is_last=page.entries < count)

    async def submission(self, cik: int, accession: str) -> bytes:
        """Fetch the full submission text of one filing, whole and checked to be the one that was asked for.

        ``cik`` is that of any of its filers. Raises ``NotListedYet`` while EDGAR does not serve it, ``EdgarError``
        when it came truncated or is another one (trying again makes sense) or has no CIK to be asked for by,
        ``TooLargeError`` past the limit.
        """
        if not _ACCESSION.fullmatch(accession):
            raise ValueError(f"expected an accession number, came {accession!r}")
        if cik <= 0:
            raise EdgarError(f"{accession}: listed without a filer's CIK, by which alone a filing can be asked for")
        path = f"/Archives/edgar/data/{cik}/{accession.replace('-', '')}/{accession}.txt"
        body = content_of(await self._ask(path, {}, self._max_bytes), missing=NotListedYet)
        await asyncio.to_thread(_check_submission, body, accession, path)
        return body

    async def _ask(self, path: str, query: Mapping[str, str], max_bytes: int) -> Answer:
        """Send a request and follow redirects on the same host. Raises ``BlockedError`` on a block page."""
        url = self._base.copy_with(raw_path=path.encode()).copy_merge_params(query)
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                answer, location = await self._send(url, max_bytes)
            # httpx reads where a redirect leads to even if it is not to follow, and is careless about odd host names.
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, UnicodeError) as error:
                reason = str(error) or type(error).__name__
                raise EdgarError(f"{self._base.host}: {url.path}: no whole answer came: {reason}") from error
            if not location:
                return self._judged(answer)
            url = self._redirected(url, location, answer.status)
        raise EdgarError(f"{path}: more than {_MAX_REDIRECTS} redirects")

    async def _send(self, url: httpx.URL, max_bytes: int) -> tuple[Answer, str]:
        """Send one request, in its turn. Returns the answer and where it redirects to, or ""."""
        await self._wait_for_slot()
        self._refuse_while_blocked()
        self._requests_made += 1
        async with asyncio.timeout(_TOTAL_SECONDS), self._http.stream("GET", url) as response:
            try:
                # A transport that is no wire may hand over what it has read and unpacked already.
                is_read = response.is_stream_consumed
                chunks = response.aiter_bytes() if is_read else response.aiter_raw()
                encoding = "" if is_read else response.headers.get("Content-Encoding", "")
                body = await read_body(chunks, encoding, max_bytes)
                # A block page may come as gzip without saying so.
                body = await asyncio.to_thread(gunzip, body, max_bytes)
            except TooLargeError as error:
                raise TooLargeError(f"{url.path}: {error}") from error
            except EdgarError as error:
                raise EdgarError(f"{url.path}: {error}", status=response.status_code) from error
            location = response.headers.get("Location", "") if response.is_redirect else ""
        return Answer(url.path, response.status_code, body), location

    def _redirected(self, url: httpx.URL, location: str, status: int) -> httpx.URL:
        try:
            target = url.join(location)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise EdgarError(f"{url.path}: redirected to what is no address", status=status) from error
        # Raw hosts: to make one readable again is to read what a stranger wrote.
        base = self._base
        if (target.scheme, target.raw_host, target.port) != (base.scheme, base.raw_host, base.port):
            host = target.raw_host.decode("ascii", "replace")
            raise EdgarError(f"{url.path}: redirected to another host, {host}: not followed", status=status)
        return target

    async def _wait_for_slot(self) -> None:
        """Wait for this request's turn. Refused while blocked, so that nobody queues up for the end of a block."""
        self._refuse_while_blocked()
        now = self._clock.time()
        # Never later than the queue is long: a clock that was set back must not stop us for as long.
        slot = min(max(self._next_slot, now), now + (self._waiting + 1) * self._interval)
        self._next_slot = slot + self._interval
        self._waiting += 1
        try:
            await self._clock.sleep(slot - now)
        finally:
            self._waiting -= 1

    def _refuse_while_blocked(self) -> None:
        until = self.blocked_until
        if until is not None:
            raise BlockedError(f"{self._block_reason}; nothing is asked until {until:%Y-%m-%dT%H:%M:%SZ}")

    def _judged(self, answer: Answer) -> Answer:
        """Pass on an answer that is no block page; else begin the silence and raise ``BlockedError``."""
        reason = reason_of_block(answer)
        if not reason:
            return answer
        self._blocks_seen += 1
        self._block_reason = reason
        self._blocked_until = self._clock.time() + BLOCK_SECONDS
        raise BlockedError(f"{answer.path}: {reason}", status=answer.status)


def _check_submission(body: bytes, accession: str, path: str) -> None:
    try:
        submission = split_submission(body)
    except TruncatedError as error:
        raise EdgarError(f"{path}: came truncated, {len(body):,} bytes: {error}", status=200) from error
    except ReadError as error:
        raise EdgarError(f"{path}: {error}", status=200) from error
    if submission.accession != accession:
        raise EdgarError(f"{path}: expected that submission, came {submission.accession}", status=200)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
