"""The only way to the SEC: its manners, its limit, its silence after a block, its lists."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import httpx
import pytest
from _wire import (
    ACCESS_DENIED,
    ACCESSION,
    CONTACT,
    MAINTENANCE_PAGE,
    NO_SUCH_KEY,
    RATE_PAGE,
    SUBMISSION,
    TOOL_PAGE,
    ManualClock,
    Wire,
    client_of,
    feed,
    refused,
    says,
)

from watcher.clock import Clock
from watcher.edgar.address import Host, host_addresses
from watcher.edgar.answers import Version
from watcher.edgar.client import XBRL_FEEDS, EdgarClient
from watcher.edgar.index import IndexReader, parse_index
from watcher.edgar.limiter import Limiter, backoff_seconds
from watcher.errors import BlockedError, EdgarError, NotListedYet, OutageError
from watcher.simulator.server import Simulator, serve

DAY = date(2024, 5, 6)
INDEX = (
    "Description:           Daily Index of EDGAR Dissemination Feed\n"
    "Last Data Received:    May  6, 2024\n\n"
    f"CIK|Company Name|Form Type|Date Filed|File Name\n{'-' * 80}\n"
    f"912345|LARKSPUR|8-K|20240506|edgar/data/912345/{ACCESSION}.txt\n"
    f"912346|OTHER|4|20240503|edgar/data/912346/{ACCESSION}.txt\n"
).encode()
# Everything but filings that can be asked for, and where it then goes.
LISTS: dict[str, Callable[[EdgarClient], Awaitable[object]]] = {
    "https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent&type=8-K&owner=include&start=0&count=100&output=atom": (
        lambda client: client.current_filings(0)
    ),
    "https://www.sec.gov/Archives/edgar/daily-index/2024/QTR2/master.20240506.idx": (
        lambda client: client.daily_index(DAY)
    ),
    "https://www.sec.gov/Archives/edgar/full-index/2024/QTR2/master.gz": lambda client: client.quarter_index(2024, 2),
    "https://www.sec.gov/files/company_tickers_exchange.json": lambda client: client.company_tickers(),
    "https://data.sec.gov/submissions/CIK0000912345.json": lambda client: client.company(912345),
    "https://data.sec.gov/submissions/CIK0000912345-submissions-002.json": (
        lambda client: client.company(912345, page=2)
    ),
    "https://www.sec.gov/Archives/edgar/usgaap.rss.xml": lambda client: client.xbrl_feed(),
    "https://efts.sec.gov/LATEST/search-index?q=&forms=8-K%2C-8-K%2FA&dateRange=custom&startdt=2024-05-06"
    "&enddt=2024-05-07&from=200&size=100": (
        lambda client: client.full_text_search(DAY, date(2024, 5, 7), forms=("8-K", "-8-K/A"), start=200)
    ),
}
# Those of them that are handed over as they came.
PLAIN = [url for url in LISTS if url.endswith((".json", ".xml")) or "efts" in url]


def answers_lists(request: httpx.Request) -> httpx.Response:
    """Answer each of these lists with something that passes for it."""
    if "browse-edgar" in request.url.path:
        return says(200, feed(1))
    return says(200, INDEX if "-index/" in request.url.path else b'{"some": "data"}')


# Manners


async def test_a_submission_is_asked_for_by_its_full_text_address() -> None:
    wire = Wire(says(200, SUBMISSION))
    async with client_of(wire) as client:
        body = await client.submission(912345, ACCESSION)

    assert body == SUBMISSION
    assert str(wire.requests[0].url) == (
        "https://www.sec.gov/Archives/edgar/data/912345/000091234524000007/0000912345-24-000007.txt"
    )


async def test_the_list_is_asked_for_by_offset_count_and_form() -> None:
    wire = Wire(says(200, feed(1)))
    async with client_of(wire) as client:
        await client.current_filings(200, 40)

    assert str(wire.requests[0].url) == (
        "https://www.sec.gov/cgi-bin/browse-edgar"
        "?action=getcurrent&type=8-K&owner=include&start=200&count=40&output=atom"
    )


async def test_every_request_names_the_contact_and_takes_gzip() -> None:
    wire = Wire(says(200, SUBMISSION))
    async with client_of(wire) as client:
        await client.submission(912345, ACCESSION)

    assert wire.requests[0].headers["User-Agent"] == CONTACT
    assert wire.requests[0].headers["Accept-Encoding"] == "gzip"


async def test_another_base_url_stands_for_the_sec() -> None:
    wire = Wire(says(200, feed(0)))
    async with EdgarClient(contact=CONTACT, clock=Clock(), base_url="http://127.0.0.1:9/", transport=wire) as client:
        await client.current_filings(0)

    assert (wire.requests[0].url.host, wire.requests[0].url.port) == ("127.0.0.1", 9)


@pytest.mark.parametrize("url", LISTS)
async def test_each_list_is_asked_of_its_own_host(url: str) -> None:
    wire = Wire(answers_lists)
    async with client_of(wire) as client:
        await LISTS[url](client)

    assert [str(request.url) for request in wire.requests] == [url]
    assert client.requests_by_host == {url.split("/")[2]: 1}


@pytest.mark.parametrize("url", LISTS)
async def test_another_base_url_stands_for_all_of_the_secs_hosts(url: str) -> None:
    wire = Wire(answers_lists)
    base_url = "http://edgar_simulator:8900"
    async with EdgarClient(contact=CONTACT, clock=ManualClock(), base_url=base_url, transport=wire) as client:
        await LISTS[url](client)

    (request,) = wire.requests
    assert f"{request.url.scheme}://{request.url.netloc.decode()}" == base_url
    assert str(request.url).removeprefix(base_url) == "/" + url.split("/", 3)[3]


@pytest.mark.parametrize("base_url", ["https://www.sec.gov", "https://WWW.sec.gov/", "https://www.sec.gov:443/"])
def test_the_secs_own_address_means_each_of_its_hosts(base_url: str) -> None:
    assert host_addresses(base_url) == {host: f"https://{host}" for host in Host}


@pytest.mark.parametrize("base_url", ["https://www.sec.gov:8443", "https://data.sec.gov", "http://127.0.0.1:9"])
def test_any_other_address_means_itself(base_url: str) -> None:
    assert set(host_addresses(base_url).values()) == {base_url}


async def test_every_request_to_every_host_names_the_contact_and_waits_in_one_queue() -> None:
    clock = ManualClock()
    times: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        times.append(clock.at)
        return answers_lists(request)

    wire = Wire(answer)
    async with client_of(wire, clock=clock, requests_per_second=1) as client:
        await asyncio.gather(*(ask(client) for ask in LISTS.values()))

    assert {request.headers["User-Agent"] for request in wire.requests} == {CONTACT}
    assert [at - times[0] for at in times] == pytest.approx([*range(len(LISTS))])
    assert client.requests_by_host == {"www.sec.gov": 5, "data.sec.gov": 2, "efts.sec.gov": 1}
    assert client.requests_made == len(LISTS)


async def test_after_a_block_by_one_host_no_other_is_asked() -> None:
    wire = Wire(says(403, RATE_PAGE))
    async with client_of(wire) as client:
        with pytest.raises(BlockedError):
            await client.company(912345)
        for ask in LISTS.values():
            with pytest.raises(BlockedError, match="nothing is asked until"):
                await ask(client)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("contact", ["", "   ", "Desk\r\nX-Evil: 1", "Société x@y.example"])
def test_a_contact_that_cannot_be_sent_is_refused(contact: str) -> None:
    with pytest.raises(ValueError, match="one line of plain ASCII"):
        EdgarClient(contact=contact, clock=Clock())


@pytest.mark.parametrize(
    "base_url",
    ["http://www.sec.gov", "http://data.sec.gov", "ftp://host", "https://host/path", "https://user@host", "sec.gov"],
)
def test_a_base_url_that_must_not_be_asked_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match=r"^expected http"):
        EdgarClient(contact=CONTACT, clock=Clock(), base_url=base_url)


@pytest.mark.parametrize("rate", [0, -1, 10.5])
def test_a_rate_above_the_secs_limit_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="requests_per_second"):
        EdgarClient(contact=CONTACT, clock=Clock(), requests_per_second=rate)


async def test_a_count_that_edgar_would_round_is_refused() -> None:
    async with client_of(Wire(says(200, feed(0)))) as client:
        with pytest.raises(ValueError, match="count=50"):
            await client.current_filings(0, 50)


@pytest.mark.parametrize(
    "accession", ["../../etc/passwd", "000091234524000007", "0000912345-24-000007\n", "٠٠٠٠٩١٢٣٤٥-٢٤-٠٠٠٠٠٧"]
)
async def test_what_is_no_accession_number_is_never_put_into_an_address(accession: str) -> None:
    wire = Wire(says(200, SUBMISSION))
    async with client_of(wire) as client:
        with pytest.raises(ValueError, match="accession"):
            await client.submission(912345, accession)

    assert wire.requests == []


@pytest.mark.parametrize("cik", [0, -1])
async def test_a_filing_listed_without_a_cik_is_an_edgar_error_and_asks_nothing(cik: int) -> None:
    wire = Wire(says(200, SUBMISSION))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match=f"{ACCESSION}: listed without a filer's CIK"):
            await client.submission(cik, ACCESSION)

    assert wire.requests == []


async def test_the_loop_goes_on_while_a_submission_is_checked() -> None:
    documents = b"<DOCUMENT>\n<TYPE>8-K\n<TEXT>\nx\n</TEXT>\n</DOCUMENT>\n" * 9_000
    body = SUBMISSION.replace(b"</SEC-DOCUMENT>", documents + b"</SEC-DOCUMENT>")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    async with client_of(Wire(says(200, body))) as client:
        counting = asyncio.create_task(count())
        await client.submission(912345, ACCESSION)
        counting.cancel()

    assert turns >= 3


# The limiter


async def test_live_filings_and_lists_go_before_indexes_and_history() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(".idx"):
            return says(200, INDEX)
        return says(200, feed(0) if "browse-edgar" in request.url.path else SUBMISSION)

    async with client_of(wire := Wire(answer), requests_per_second=1) as client:
        await asyncio.gather(
            *(client.daily_index(DAY) for _ in range(3)),
            client.submission(912345, ACCESSION, is_live=False),
            client.current_filings(0),
            client.submission(912345, ACCESSION),
        )

    kinds = [request.url.path.rpartition(".")[2] for request in wire.requests]
    assert kinds == ["idx", "/cgi-bin/browse-edgar", "txt", "idx", "idx", "txt"]
    assert client.requests_made == 6


async def test_the_limit_counts_the_seconds_of_a_scaled_clock() -> None:
    clock = Clock(scale=20, start=datetime(2024, 5, 6, 16, 0, tzinfo=UTC))
    async with client_of(Wire(says(200, feed(0))), clock=clock, requests_per_second=2) as client:
        began = clock.time()
        await asyncio.gather(*(client.current_filings(0) for _ in range(5)))

    assert clock.time() - began >= 1.9


# Blocks


@pytest.mark.parametrize("status", [200, 403, 429])
async def test_a_rate_page_is_a_block_whatever_its_status(status: int) -> None:
    assert "too fast" in await refused(says(status, RATE_PAGE), BlockedError)


async def test_an_undeclared_tool_page_asks_for_another_contact() -> None:
    assert "another contact" in await refused(says(403, TOOL_PAGE), BlockedError)


async def test_a_429_is_a_block_whatever_its_body() -> None:
    assert "too fast" in await refused(says(429, b""), BlockedError)


async def test_a_forbidding_page_that_nobody_knows_is_a_block() -> None:
    page = b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD></HTML>"

    assert "Access Denied" in await refused(says(403, page), BlockedError)


async def test_a_block_page_packed_without_saying_so_is_recognised() -> None:
    assert "too fast" in await refused(says(403, gzip.compress(RATE_PAGE)), BlockedError)


async def test_after_a_block_no_request_leaves_for_ten_minutes_of_the_clock() -> None:
    clock = ManualClock()
    wire = Wire(says(403, RATE_PAGE), says(200, SUBMISSION))
    async with client_of(wire, clock=clock) as client:
        with pytest.raises(BlockedError):
            await client.submission(912345, ACCESSION)
        clock.at += 599
        with pytest.raises(BlockedError, match="too fast; nothing is asked until 2024-05-06T16:10:00Z"):
            await client.current_filings(0)

    assert len(wire.requests) == 1
    assert client.blocked_until == datetime(2024, 5, 6, 16, 10, tzinfo=UTC)


async def test_after_ten_minutes_edgar_is_asked_again() -> None:
    clock = ManualClock()
    async with client_of(Wire(says(403, RATE_PAGE), says(200, SUBMISSION)), clock=clock) as client:
        with pytest.raises(BlockedError):
            await client.submission(912345, ACCESSION)
        clock.at += 600
        body = await client.submission(912345, ACCESSION)

    assert body == SUBMISSION
    assert (client.requests_made, client.blocks_seen, client.blocked_until) == (2, 1, None)


async def test_requests_that_wait_for_their_turn_are_refused_when_a_block_comes() -> None:
    wire = Wire(says(403, RATE_PAGE))
    clock = Clock(scale=20, start=datetime(2024, 5, 6, 16, 0, tzinfo=UTC))
    async with client_of(wire, clock=clock, requests_per_second=1) as client:
        asked = [client.submission(912345, ACCESSION) for _ in range(5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(answer) for answer in answers] == [BlockedError] * 5
    assert len(wire.requests) == 1


async def test_a_block_does_not_outlive_a_clock_that_is_set_back() -> None:
    clock = ManualClock()
    async with client_of(Wire(says(403, RATE_PAGE)), clock=clock) as client:
        with pytest.raises(BlockedError):
            await client.submission(912345, ACCESSION)
        clock.at -= 86_400

        assert client.blocked_until is None


async def test_a_block_from_before_the_start_is_kept() -> None:
    clock = ManualClock()
    until = datetime(2024, 5, 6, 16, 5, tzinfo=UTC)
    wire = Wire(says(200, SUBMISSION))
    async with EdgarClient(contact=CONTACT, clock=clock, blocked_until=until, transport=wire) as client:
        with pytest.raises(BlockedError, match="before this start; nothing is asked until 2024-05-06T16:05:00Z"):
            await client.submission(912345, ACCESSION)
        assert (client.blocked_until, wire.requests) == (until, [])
        clock.at += 300
        await client.submission(912345, ACCESSION)

    assert (client.blocked_until, client.blocks_seen) == (None, 0)


async def test_a_block_from_before_the_start_that_is_longer_than_any_is_not_kept() -> None:
    until = datetime(2024, 5, 6, 17, 0, tzinfo=UTC)
    wire = Wire(says(200, SUBMISSION))
    async with EdgarClient(contact=CONTACT, clock=ManualClock(), blocked_until=until, transport=wire) as client:
        assert await client.submission(912345, ACCESSION) == SUBMISSION


def test_the_end_of_a_block_has_a_zone() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        EdgarClient(contact=CONTACT, clock=Clock(), blocked_until=datetime(2024, 5, 6, 17, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("status", "body", "told", "seconds"),
    [
        (429, b"", "900", 900),
        (429, b"", "30", 600),
        (403, RATE_PAGE, "Mon, 06 May 2024 16:20:00 GMT", 1_200),
        (403, RATE_PAGE, "86400", 1_800),
        (403, b"Forbidden", "5", 600),
        (503, MAINTENANCE_PAGE, "120", 120),
        (503, b"", "Mon, 06 May 2024 16:01:00 GMT", 60),
        (503, b"", "99999999", 1_800),
    ],
)
async def test_edgar_is_left_alone_for_as_long_as_it_asks_and_half_an_hour_at_most(
    status: int, body: bytes, told: str, seconds: int
) -> None:
    clock = ManualClock()
    wire = Wire(says(status, body, retry_after=told), says(200, SUBMISSION))
    async with client_of(wire, clock=clock) as client:
        with pytest.raises(EdgarError):
            await client.submission(912345, ACCESSION)
        clock.at += seconds - 1
        with pytest.raises(BlockedError, match="nothing is asked until"):
            await client.submission(912345, ACCESSION)
        clock.at += 1
        await client.submission(912345, ACCESSION)

    assert len(wire.requests) == 2
    assert client.blocks_seen == (0 if status == 503 else 1)


@pytest.mark.parametrize("told", ["soon", "", "-5", "0", "Mon, 06 May 2024 15:00:00 GMT", "9" * 400, "Mon, 99 May"])
async def test_a_wait_that_cannot_be_read_is_none(told: str) -> None:
    async with client_of(Wire(says(503, MAINTENANCE_PAGE, retry_after=told))) as client:
        with pytest.raises(EdgarError, match="File Unavailable"):
            await client.submission(912345, ACCESSION)

    assert client.blocked_until is None


async def test_a_missing_index_with_a_wait_is_no_block() -> None:
    async with client_of(Wire(says(403, ACCESS_DENIED, retry_after="60"))) as client:
        with pytest.raises(NotListedYet):
            await client.daily_index(DAY)

    assert client.blocked_until is None


async def test_the_end_of_the_list_is_no_outage_to_wait_for() -> None:
    async with client_of(Wire(says(503, MAINTENANCE_PAGE, retry_after="120"))) as client:
        assert (await client.current_filings(5_100)).is_last

    assert client.blocked_until is None


def test_a_short_silence_ends_no_long_one() -> None:
    clock = ManualClock()
    limiter = Limiter(clock, 5.0)
    limiter.silence(600, "long")
    limiter.silence(60, "short")

    assert limiter.silent_until == datetime(2024, 5, 6, 16, 10, tzinfo=UTC)


def test_waits_grow_to_a_limit_and_differ() -> None:
    longest = [backoff_seconds(failures, draw=lambda: 1.0) for failures in (1, 2, 3, 5, 6, 1_000)]
    shortest = [backoff_seconds(failures, draw=lambda: 0.0) for failures in (1, 2, 6)]

    assert longest == [30, 60, 120, 480, 600, 600]
    assert shortest == [15, 30, 300]
    assert len({backoff_seconds(3) for _ in range(10)}) > 1


async def test_a_submission_that_speaks_of_a_block_page_is_no_block() -> None:
    body = SUBMISSION.replace(b"<p>Item 8.01</p>", RATE_PAGE + TOOL_PAGE)
    async with client_of(Wire(says(200, body))) as client:
        assert await client.submission(912345, ACCESSION) == body


# The list


async def test_a_full_page_is_not_the_last() -> None:
    async with client_of(Wire(says(200, feed(10)))) as client:
        page = await client.current_filings(0, 10)

    assert (len(page.filings), page.is_last) == (10, False)


async def test_a_page_that_is_not_full_is_the_last() -> None:
    async with client_of(Wire(says(200, feed(9)))) as client:
        page = await client.current_filings(40, 10)

    assert (len(page.filings), page.is_last) == (9, True)


async def test_a_maintenance_page_past_edgars_depth_is_the_end_of_the_list() -> None:
    async with client_of(Wire(says(503, MAINTENANCE_PAGE))) as client:
        page = await client.current_filings(5_100)

    assert (page.filings, page.is_last) == ((), True)


@pytest.mark.parametrize("start", [0, 100, 5_000])
async def test_a_maintenance_page_where_edgar_serves_pages_is_an_outage(start: int) -> None:
    async with client_of(Wire(says(503, MAINTENANCE_PAGE))) as client:
        with pytest.raises(EdgarError, match="File Unavailable"):
            await client.current_filings(start)


async def test_another_503_past_edgars_depth_is_no_end_of_the_list() -> None:
    async with client_of(Wire(says(503, b"upstream error"))) as client:
        with pytest.raises(EdgarError, match="503"):
            await client.current_filings(5_100)


async def test_a_page_in_place_of_the_list_is_an_error_and_never_an_empty_list() -> None:
    async with client_of(Wire(says(200, b"<html><title>Search</title></html>"))) as client:
        with pytest.raises(EdgarError, match="Search"):
            await client.current_filings(0)


async def test_a_missing_list_is_no_missing_document() -> None:
    async with client_of(Wire(says(404, NO_SUCH_KEY))) as client:
        with pytest.raises(EdgarError) as caught:
            await client.current_filings(0)

    assert not isinstance(caught.value, NotListedYet)


async def test_a_list_without_an_end_is_an_edgar_error() -> None:
    async with client_of(Wire(says(200, b"x" * 8_000_001))) as client:
        with pytest.raises(EdgarError, match="8,000,000 bytes"):
            await client.current_filings(0)


# Lists


@pytest.mark.parametrize("url", PLAIN)
async def test_a_list_comes_as_the_bytes_that_were_sent(url: str) -> None:
    wire = Wire(says(200, gzip.compress(b'{"a": 1}'), content_encoding="gzip"))
    async with client_of(wire) as client:
        assert await LISTS[url](client) == b'{"a": 1}'


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize(
    ("status", "body"),
    [(200, MAINTENANCE_PAGE), (503, MAINTENANCE_PAGE), (500, b'{"message": "Internal server error"}'), (200, b"")],
)
async def test_what_is_no_list_is_an_error_and_never_an_empty_one(url: str, status: int, body: bytes) -> None:
    async with client_of(Wire(says(status, body))) as client:
        with pytest.raises(EdgarError) as caught:
            await LISTS[url](client)

    assert type(caught.value) is (OutageError if status >= 500 else EdgarError)
    assert caught.value.status == status


@pytest.mark.parametrize("url", LISTS)
async def test_a_block_page_is_a_block_whatever_was_asked_for(url: str) -> None:
    packed = gzip.compress(RATE_PAGE)
    for answer in (says(200, RATE_PAGE), says(200, packed), says(403, packed), says(429, b"")):
        async with client_of(Wire(answer)) as client:
            with pytest.raises(BlockedError):
                await LISTS[url](client)


async def test_a_list_past_all_bounds_is_edgars_fault() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 51_000_000, 1))
    for url in PLAIN:
        async with client_of(Wire(says(200, bomb, content_encoding="gzip"))) as client:
            with pytest.raises(EdgarError, match="50,000,000 bytes"):
                await LISTS[url](client)


@pytest.mark.parametrize("url", [url for url in PLAIN if "/submissions/" in url])
async def test_a_company_that_there_is_not_is_told_by_its_status(url: str) -> None:
    async with client_of(Wire(says(404, NO_SUCH_KEY))) as client:
        with pytest.raises(EdgarError) as caught:
            await LISTS[url](client)

    assert (type(caught.value), caught.value.status) == (EdgarError, 404)


@pytest.mark.parametrize(("cik", "page"), [(0, 0), (-1, 0), (10**10, 0), (1, -1), (1, 1_000)])
async def test_what_can_be_no_company_is_not_asked_for(cik: int, page: int) -> None:
    async with client_of(wire := Wire(says(200, b"{}"))) as client:
        with pytest.raises(ValueError, match="expected a CIK"):
            await client.company(cik, page=page)

    assert wire.requests == []


async def test_every_feed_of_filings_with_xbrl_can_be_had_and_no_other() -> None:
    async with client_of(wire := Wire(says(200, b"<rss/>"))) as client:
        for name in XBRL_FEEDS:
            await client.xbrl_feed(name)
        with pytest.raises(ValueError, match="expected one of usgaap"):
            await client.xbrl_feed("../secret")

    assert [request.url.path for request in wire.requests] == [f"/Archives/edgar/{name}" for name in XBRL_FEEDS]


@pytest.mark.parametrize(("start", "last"), [(-1, DAY), (9_990, DAY), (0, date(2024, 5, 5))])
async def test_a_search_that_edgar_would_answer_wrongly_is_refused(start: int, last: date) -> None:
    async with client_of(wire := Wire(says(200, b"{}"))) as client:
        with pytest.raises(ValueError, match="expected days in order"):
            await client.full_text_search(DAY, last, start=start)

    assert wire.requests == []


# Indexes


async def test_a_days_index_is_read_whole_or_by_form() -> None:
    async with client_of(Wire(says(200, INDEX))) as client:
        assert await client.daily_index(DAY) == parse_index(INDEX)
        assert [row.form for row in (await client.daily_index(DAY, forms=["8-K"])).rows] == ["8-K"]


@pytest.mark.parametrize("url", [url for url in LISTS if "-index/" in url])
@pytest.mark.parametrize(("status", "body"), [(403, ACCESS_DENIED), (404, NO_SUCH_KEY), (404, b"")])
async def test_an_index_that_is_not_there_is_told_from_a_block(url: str, status: int, body: bytes) -> None:
    async with client_of(Wire(says(status, body))) as client:
        with pytest.raises(NotListedYet):
            await LISTS[url](client)

    assert (client.blocked_until, client.blocks_seen) == (None, 0)


@pytest.mark.parametrize("url", [url for url in LISTS if "-index/" in url])
@pytest.mark.parametrize(
    "body", [b"", b"Forbidden", b'{"message": "Forbidden"}', b"<Error><Code>SlowDown</Code></Error>"]
)
async def test_a_403_that_does_not_say_what_it_means_is_neither_a_block_nor_a_missing_index(
    url: str, body: bytes
) -> None:
    async with client_of(Wire(says(403, body))) as client:
        with pytest.raises(EdgarError) as caught:
            await LISTS[url](client)

    assert type(caught.value) is EdgarError


@pytest.mark.parametrize("cut", [30, 150, -3])
async def test_a_days_index_that_came_cut_off_is_an_error_with_its_address(cut: int) -> None:
    async with client_of(Wire(says(200, INDEX[:cut]))) as client:
        with pytest.raises(EdgarError, match=r"master.20240506.idx: index: "):
            await client.daily_index(DAY)


async def test_the_index_of_another_day_is_not_taken_for_this_one() -> None:
    async with client_of(Wire(says(200, INDEX))) as client:
        with pytest.raises(EdgarError, match="expected the index of 2024-05-07, came that of 2024-05-06"):
            await client.daily_index(date(2024, 5, 7))


@pytest.mark.parametrize("told", [b"May  7, 2024", b"some day"])
async def test_a_days_index_with_an_odd_heading_is_known_by_its_rows(told: bytes) -> None:
    async with client_of(Wire(says(200, INDEX.replace(b"May  6, 2024", told)))) as client:
        assert len((await client.daily_index(DAY)).rows) == 2


async def test_an_old_days_index_is_asked_for_by_both_names_of_its_time() -> None:
    index = INDEX.replace(b"May  6, 2024", b"May  6, 1998").replace(b"20240506", b"19980506")
    wire = Wire(says(403, ACCESS_DENIED), says(200, index))
    async with client_of(wire) as client:
        assert (await client.daily_index(date(1998, 5, 6))).day == date(1998, 5, 6)

    names = [request.url.path.rpartition("/")[2] for request in wire.requests]
    assert names == ["master.980506.idx", "master.19980506.idx"]


async def test_a_quarters_index_stays_packed_and_can_be_read_row_by_row() -> None:
    packed = gzip.compress(INDEX)
    async with client_of(Wire(says(200, packed, last_modified="Sat, 11 May 2024 07:11:02 GMT", etag='"x"'))) as client:
        got = await client.quarter_index(2024, 2)

    assert got is not None
    assert (got.raw, got.version) == (packed, Version('"x"', "Sat, 11 May 2024 07:11:02 GMT"))
    assert [row.accession for row in IndexReader(got.raw)] == [ACCESSION] * 2


@pytest.mark.parametrize("encoding", ["gzip", ""])
async def test_a_quarters_index_may_come_unpacked_on_the_way(encoding: str) -> None:
    body = gzip.compress(INDEX) if encoding else INDEX
    async with client_of(Wire(says(200, body, content_encoding=encoding))) as client:
        got = await client.quarter_index(2024, 2)

    assert got is not None
    assert got.raw == INDEX


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [
        (Version('"x"', "Sat, 11 May 2024 07:11:02 GMT"), "If-Modified-Since", "Sat, 11 May 2024 07:11:02 GMT"),
        (Version('"x"'), "If-None-Match", '"x"'),
    ],
)
async def test_a_quarters_index_that_has_not_changed_is_not_sent_again(
    version: Version, header: str, value: str
) -> None:
    async with client_of(wire := Wire(says(304, b""))) as client:
        assert await client.quarter_index(2024, 2, unless=version) is None

    assert wire.requests[0].headers[header] == value


async def test_without_a_version_nothing_is_asked_on_condition_and_a_304_is_an_error() -> None:
    wire = Wire(says(304, b""))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match="304"):
            await client.quarter_index(2024, 2)
        assert await client.quarter_index(2024, 2, unless=Version()) is None

    assert all(not {"if-modified-since", "if-none-match"} & set(request.headers) for request in wire.requests)


async def test_a_version_that_could_not_be_sent_back_is_not_kept() -> None:
    headers = [(b"ETag", b'"\xff"'), (b"Last-Modified", b"x" * 500)]
    async with client_of(
        Wire(lambda _: httpx.Response(200, headers=headers, stream=says(200, INDEX).stream))
    ) as client:
        got = await client.quarter_index(2024, 2)

    assert got is not None
    assert got.version == Version()


async def test_a_quarters_index_that_is_no_gzip_inside_is_an_error() -> None:
    damaged = bytearray(gzip.compress(INDEX))
    damaged[10] = 7
    async with client_of(Wire(says(200, bytes(damaged)))) as client:
        with pytest.raises(EdgarError, match="damaged gzip at its beginning"):
            await client.quarter_index(2024, 2)


# One filing's header


async def test_a_header_is_asked_for_by_its_address_and_checked() -> None:
    header = f"<SEC-HEADER>{ACCESSION}.hdr.sgml : 20240506\n<ACCESSION-NUMBER>{ACCESSION}\n<TYPE>8-K\n</SEC-HEADER>\n"
    wire = Wire(says(200, header.encode()))
    async with client_of(wire) as client:
        assert await client.header(912345, ACCESSION) == header.encode()
        with pytest.raises(EdgarError, match="expected that submission"):
            await client.header(912345, "0000912345-24-000008")

    assert wire.requests[0].url.path == f"/Archives/edgar/data/912345/000091234524000007/{ACCESSION}.hdr.sgml"


@pytest.mark.parametrize(
    ("status", "body", "kind"), [(404, NO_SUCH_KEY, NotListedYet), (200, b"<SEC-HEADER>\n<TYPE>8-K\n", EdgarError)]
)
async def test_a_header_that_is_not_there_or_not_whole_is_an_error(
    status: int, body: bytes, kind: type[EdgarError]
) -> None:
    async with client_of(Wire(says(status, body))) as client:
        with pytest.raises(EdgarError) as caught:
            await client.header(912345, ACCESSION)

    assert type(caught.value) is kind


# Anything at all


async def test_a_probe_hands_over_what_came_error_pages_included() -> None:
    wire = Wire(says(503, MAINTENANCE_PAGE, last_modified="x"))
    async with client_of(wire) as client:
        answer = await client.probe("/cgi-bin/browse-edgar", {"start": "5100"})
        await client.probe("/x", host=Host.DATA)

    assert (answer.status, answer.is_maintenance, answer.headers["last-modified"]) == (503, True, "x")
    assert [str(one.url) for one in wire.requests] == [
        "https://www.sec.gov/cgi-bin/browse-edgar?start=5100",
        "https://data.sec.gov/x",
    ]


async def test_a_probe_that_meets_a_block_page_is_blocked() -> None:
    async with client_of(Wire(says(403, TOOL_PAGE))) as client:
        with pytest.raises(BlockedError):
            await client.probe("/")


@pytest.mark.parametrize("path", ["", "x", "https://evil.example/", "/a b", "/a?b", "/a#b", "/\r\nX: 1", "/é"])
async def test_a_probe_goes_to_a_path_and_nowhere_else(path: str) -> None:
    async with client_of(wire := Wire(says(200, b"x"))) as client:
        with pytest.raises(ValueError, match="expected a path"):
            await client.probe(path)

    assert wire.requests == []


@pytest.mark.parametrize("path", ["//evil.example/", "/@evil.example/", "/\\evil.example", "/..//evil.example"])
async def test_no_path_leads_a_probe_to_another_host(path: str) -> None:
    async with client_of(wire := Wire(says(200, b"x"))) as client:
        await client.probe(path)

    assert wire.requests[0].url.host == "www.sec.gov"


# Redirects


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    wire = Wire(says(301, b"", location="/Archives/elsewhere.txt"), says(200, SUBMISSION))
    async with client_of(wire) as client:
        await client.submission(912345, ACCESSION)

    assert str(wire.requests[1].url) == "https://www.sec.gov/Archives/elsewhere.txt"
    assert client.requests_made == 2


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "http://www.sec.gov/x", "//data.sec.gov/x", "https://www.sec.gov:8443/"]
)
async def test_a_redirect_to_anywhere_else_is_not_followed(target: str) -> None:
    wire = Wire(says(302, b"", location=target))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match="redirected to another host"):
            await client.submission(912345, ACCESSION)

    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        *("http://xn--a/", "//xn--a", "https://xn--a.sec.gov/x", "http://[::1", "http://a..b/", "http:x", "/\x00"),
        *("http://127.0.0.1:99999999/", "http://\xff\xfe/"),
    ],
)
async def test_a_redirect_to_what_is_no_address_is_an_edgar_error(target: str) -> None:
    wire = Wire(httpx.Response(302, headers=[(b"Location", target.encode("latin-1"))]))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match=r"redirected|no whole answer"):
            await client.submission(912345, ACCESSION)

    assert len(wire.requests) == 1


async def test_a_redirect_from_one_of_the_secs_hosts_to_another_is_not_followed() -> None:
    wire = Wire(says(302, b"", location="https://www.sec.gov/x"))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match=r"redirected to another host, www\.sec\.gov"):
            await client.company(912345)

    assert len(wire.requests) == 1


async def test_a_redirect_on_another_of_the_secs_hosts_stays_there() -> None:
    wire = Wire(says(302, b"", location="/elsewhere.json"), says(200, b"{}"))
    async with client_of(wire) as client:
        await client.company(912345)

    assert [request.url.host for request in wire.requests] == ["data.sec.gov"] * 2


async def test_redirects_in_a_circle_end() -> None:
    wire = Wire(says(302, b"", location="/again"))
    async with client_of(wire) as client:
        with pytest.raises(EdgarError, match="more than 3 redirects"):
            await client.submission(912345, ACCESSION)

    assert len(wire.requests) == 4


# A real wire


async def served(answer: bytes) -> bytes:
    """Ask a real server on this machine, which gives these bytes and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, EdgarClient(contact=CONTACT, clock=Clock(), base_url=f"http://127.0.0.1:{port}") as client:
        return await client.submission(912345, ACCESSION)


async def test_every_list_can_be_had_from_what_stands_for_edgar() -> None:
    simulator = Simulator.from_generator(seed=3, count=20)
    one = simulator.catalog.filings[0]
    day, cik = one.filed_on, one.filers[0].cik
    async with (
        serve(simulator) as url,
        EdgarClient(contact=CONTACT, clock=Clock(scale=20), base_url=url, requests_per_second=10) as client,
    ):
        await client.current_filings(0)  # its day begins
        daily = await client.daily_index(day)
        quarterly = await client.quarter_index(day.year, (day.month + 2) // 3)
        assert quarterly is not None
        for index in (daily.rows, tuple(IndexReader(quarterly.raw))):
            assert one.accession in {row.accession for row in index}
        with pytest.raises(NotListedYet):
            await client.daily_index(date(2001, 1, 6))  # a Saturday
        assert one.accession.encode() in await client.header(cik, one.accession)
        assert one.accession.encode() in await client.company(cik)
        for body in (await client.company_tickers(), await client.full_text_search(day, day)):
            assert body.startswith(b"{")
        assert b"<rss" in await client.xbrl_feed()

    assert client.requests_by_host == {"127.0.0.1": 9}


async def test_a_packed_submission_comes_over_a_real_wire() -> None:
    packed = gzip.compress(SUBMISSION)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()

    assert await served(head + packed) == SUBMISSION


async def test_a_real_connection_that_ends_early_is_an_edgar_error() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SUBMISSION)}\r\n\r\n".encode()

    with pytest.raises(EdgarError, match="no whole answer"):
        await served(head + SUBMISSION[:100])
