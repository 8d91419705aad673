"""The only way to the SEC: its manners, its limit, its silence after a block, its lists."""

import asyncio
import gzip
from datetime import UTC, datetime

import httpx
import pytest
from _wire import (
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
from watcher.edgar.client import EdgarClient
from watcher.errors import BlockedError, EdgarError, NotListedYet

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


async def test_requests_of_all_kinds_wait_for_their_turn_in_one_queue() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return says(200, feed(0) if "browse-edgar" in request.url.path else SUBMISSION)

    clock = ManualClock()
    async with client_of(Wire(answer), clock=clock, requests_per_second=2) as client:
        lists = [client.current_filings(0) for _ in range(3)]
        await asyncio.gather(*lists, *(client.submission(912345, ACCESSION) for _ in range(3)))

    assert clock.waits == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    assert client.requests_made == 6


async def test_a_pause_does_not_save_up_requests() -> None:
    clock = ManualClock()
    async with client_of(Wire(says(200, feed(0))), clock=clock, requests_per_second=2) as client:
        await client.current_filings(0)
        clock.at += 60
        await asyncio.gather(*(client.current_filings(0) for _ in range(3)))

    assert clock.waits == pytest.approx([0.0, 0.0, 0.5, 1.0])


async def test_a_fresh_request_waits_for_the_rest_of_the_last_ones_interval() -> None:
    clock = ManualClock()
    async with client_of(Wire(says(200, feed(0))), clock=clock, requests_per_second=2) as client:
        await client.current_filings(0)
        clock.at += 0.2
        await client.current_filings(0)

    assert clock.waits == pytest.approx([0.0, 0.3])


async def test_the_limit_counts_the_seconds_of_a_scaled_clock() -> None:
    clock = Clock(scale=20, start=datetime(2024, 5, 6, 16, 0, tzinfo=UTC))
    async with client_of(Wire(says(200, feed(0))), clock=clock, requests_per_second=2) as client:
        began = clock.time()
        await asyncio.gather(*(client.current_filings(0) for _ in range(5)))

    assert clock.time() - began >= 1.9


async def test_a_clock_that_is_set_back_does_not_stop_the_requests() -> None:
    clock = ManualClock()
    async with client_of(Wire(says(200, feed(0))), clock=clock, requests_per_second=2) as client:
        await client.current_filings(0)
        clock.at -= 86_400
        await client.current_filings(0)

    assert clock.waits == pytest.approx([0.0, 0.5])


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


async def test_a_packed_submission_comes_over_a_real_wire() -> None:
    packed = gzip.compress(SUBMISSION)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()

    assert await served(head + packed) == SUBMISSION


async def test_a_real_connection_that_ends_early_is_an_edgar_error() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SUBMISSION)}\r\n\r\n".encode()

    with pytest.raises(EdgarError, match="no whole answer"):
        await served(head + SUBMISSION[:100])
