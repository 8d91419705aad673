"""How what EDGAR answered is judged and unpacked: data, or a typed error that says what came."""

import gzip
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from _wire import (
    ACCESS_DENIED,
    ACCESSION,
    MAINTENANCE_PAGE,
    NO_SUCH_KEY,
    SUBMISSION,
    Chunks,
    Wire,
    client_of,
    refused,
    says,
)

from watcher.edgar._body import gunzip, gunzip_head
from watcher.edgar.answers import Answer, Version, content_of, reason_of_block
from watcher.errors import EdgarError, NotListedYet, OutageError, TooLargeError

# Answers


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, ACCESS_DENIED), (404, NO_SUCH_KEY), (404, b"<html><title>404</title></html>"), (404, b"")],
)
async def test_a_document_that_is_not_served_yet_is_told_from_a_block(status: int, body: bytes) -> None:
    assert "no such file" in await refused(says(status, body), NotListedYet)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, MAINTENANCE_PAGE, "SEC.gov | File Unavailable"),
        (200, MAINTENANCE_PAGE, "SEC.gov | File Unavailable"),
        (500, b"Internal Server Error", "(500)"),
        (200, b"", "came nothing"),
        (200, b" \n", "came nothing"),
        (200, b'<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>', "SlowDown"),
        (204, b"", "(204)"),
        (200, b"some words", "no SEC form"),
    ],
)
async def test_what_is_no_data_is_an_error_that_says_what_came(status: int, body: bytes, told: str) -> None:
    assert told in await refused(says(status, body), OutageError if status >= 500 else EdgarError)


async def test_a_submission_that_stops_in_the_middle_is_called_truncated() -> None:
    assert "came truncated" in await refused(says(200, SUBMISSION[:-60]))


async def test_another_filings_submission_is_not_taken_for_this_one() -> None:
    other = SUBMISSION.replace(ACCESSION.encode(), b"0000912345-24-000008")

    assert "expected that submission, came 0000912345-24-000008" in await refused(says(200, other))


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")]
)
async def test_trouble_on_the_wire_is_an_edgar_error_with_its_cause(error: Exception) -> None:
    async with client_of(Wire(error)) as client:
        with pytest.raises(EdgarError) as caught:
            await client.submission(912345, ACCESSION)

    assert caught.value.__cause__ is error
    assert caught.value.status is None


async def test_a_connection_cut_in_the_body_is_an_edgar_error() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Chunks([SUBMISSION[:100]], httpx.RemoteProtocolError("cut")))

    async with client_of(Wire(answer)) as client:
        with pytest.raises(EdgarError, match="no whole answer"):
            await client.submission(912345, ACCESSION)


async def test_an_error_keeps_the_status_that_came() -> None:
    async with client_of(Wire(says(503, MAINTENANCE_PAGE))) as client:
        with pytest.raises(EdgarError) as caught:
            await client.submission(912345, ACCESSION)

    assert caught.value.status == 503


def test_what_an_answer_is_told_by_its_headers() -> None:
    headers = {"etag": '"a-gzip"', "last-modified": "Mon, 06 May 2024 16:00:00 GMT", "retry-after": "7"}
    answer = Answer("/x", 200, b"x", headers)

    assert answer.version == Version('"a-gzip"', "Mon, 06 May 2024 16:00:00 GMT")
    assert Answer("/x", 200, b"x").version == Version()
    assert Answer("/x", 200, b"x", {"etag": "a\tb", "last-modified": "é"}).version == Version()


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 06 May 2024 16:01:30 GMT", 90.0),
        ("Mon, 06 May 2024 12:01:30 -0400", 90.0),
        ("Mon, 06 May 2024 15:00:00 -0000", 0.0),
        ("Monday, 06-May-24 16:01:30 GMT", 90.0),
        *((told, None) for told in ("", "soon", "1.5", "-1", "١٢", "9" * 400, "Mon, 06 May 99999 16:00:00 GMT")),
    ],
)
def test_how_long_to_wait_is_read_in_both_its_forms(told: str, seconds: float | None) -> None:
    answer = Answer("/x", 503, b"", {"retry-after": told})

    assert answer.retry_after_seconds(datetime(2024, 5, 6, 16, 0, tzinfo=UTC)) == seconds


def test_a_403_that_asks_to_wait_is_a_block_unless_it_names_a_missing_file() -> None:
    headers = {"retry-after": "60"}

    assert "forbids us" in reason_of_block(Answer("/x", 403, b"Forbidden", headers))
    assert reason_of_block(Answer("/x", 403, ACCESS_DENIED, headers)) == ""
    assert reason_of_block(Answer("/x", 403, b"Forbidden")) == ""


# Sizes and packing


async def test_a_packed_body_is_unpacked() -> None:
    wire = Wire(says(200, gzip.compress(SUBMISSION), content_encoding="gzip"))
    async with client_of(wire) as client:
        assert await client.submission(912345, ACCESSION) == SUBMISSION


async def test_a_body_packed_in_several_members_is_unpacked_whole() -> None:
    packed = gzip.compress(SUBMISSION[:200]) + gzip.compress(SUBMISSION[200:])
    async with client_of(Wire(says(200, packed, content_encoding="gzip"))) as client:
        assert await client.submission(912345, ACCESSION) == SUBMISSION


async def test_a_body_that_a_transport_has_unpacked_already_is_taken() -> None:
    packed = gzip.compress(SUBMISSION)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"}))
    async with client_of(transport) as client:
        assert await client.submission(912345, ACCESSION) == SUBMISSION


@pytest.mark.parametrize("cut", [12, 40, -4])
async def test_a_packed_body_that_is_cut_off_is_called_truncated(cut: int) -> None:
    packed = gzip.compress(SUBMISSION)[:cut]

    assert "truncated" in await refused(says(200, packed, content_encoding="gzip"))


async def test_a_damaged_packed_body_is_an_error() -> None:
    packed = bytearray(gzip.compress(SUBMISSION))
    packed[30] ^= 0xFF

    assert "gzip" in await refused(says(200, bytes(packed), content_encoding="gzip"))


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
async def test_an_encoding_that_was_not_asked_for_is_an_error(encoding: str) -> None:
    assert encoding in await refused(says(200, zlib.compress(SUBMISSION), content_encoding=encoding))


async def test_a_body_larger_than_the_limit_is_not_read_to_its_end() -> None:
    stream = Chunks([b"x" * 1_000] * 1_000)
    async with client_of(Wire(lambda _: httpx.Response(200, stream=stream)), max_bytes=10_000) as client:
        with pytest.raises(TooLargeError, match=r"10,000 bytes"):
            await client.submission(912345, ACCESSION)

    assert stream.sent == 11


async def test_a_small_body_that_unpacks_beyond_the_limit_is_refused() -> None:
    packed = gzip.compress(b"\0" * 5_000_000)
    assert len(packed) < 10_000
    async with client_of(Wire(says(200, packed, content_encoding="gzip")), max_bytes=10_000) as client:
        with pytest.raises(TooLargeError, match=r"10,000 bytes"):
            await client.submission(912345, ACCESSION)


# What EDGAR really served


def captured(shared: Path, name: str, status: int) -> Answer:
    return Answer("/x", status, (shared / "edgar" / "samples" / "errors" / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "reason"), [("rate_threshold_exceeded.html", "too fast"), ("undeclared_automated_tool.html", "contact")]
)
def test_captured_block_pages_are_blocks_even_at_status_200(shared: Path, name: str, reason: str) -> None:
    assert reason in reason_of_block(captured(shared, name, 200))


@pytest.mark.parametrize(
    ("name", "status"), [("403_s3_AccessDenied_missing_index.xml", 403), ("404_s3_NoSuchKey_submissions.xml", 404)]
)
def test_captured_missing_objects_are_missing_and_no_blocks(shared: Path, name: str, status: int) -> None:
    answer = captured(shared, name, status)

    assert reason_of_block(answer) == ""
    with pytest.raises(NotListedYet):
        content_of(answer, missing=NotListedYet)


@pytest.mark.parametrize("name", ["503_file_unavailable_20251212.html", "503_file_unavailable_20260112.html"])
def test_captured_maintenance_pages_are_recognised(shared: Path, name: str) -> None:
    answer = captured(shared, name, 503)

    assert answer.is_maintenance
    assert reason_of_block(answer) == ""


async def test_captured_submissions_pass_as_what_they_are(shared: Path) -> None:
    files = sorted((shared / "edgar" / "samples" / "filings_8k").glob("*.txt"))
    for file in files:
        body = file.read_bytes()
        async with client_of(Wire(says(200, body))) as client:
            assert await client.submission(1, file.stem) == body

    assert len(files) == 3


@pytest.mark.parametrize(
    "body",
    [b" " * 20_000, b"<html>" + b"<h1>" * 5_000, b"<html>" + b"<h1 " * 5_000, b"<!-- -->" * 2_500, b"<?xml " * 4_000],
    ids=["blanks", "headings", "half headings", "comments", "declarations"],
)
def test_a_page_made_to_cost_time_is_judged_soon(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(EdgarError):
        content_of(Answer("/x", 503, body), missing=NotListedYet)

    assert time.process_time() - began < 0.3


def test_gzip_of_more_members_than_any_is_refused() -> None:
    with pytest.raises(EdgarError, match="at most 16 members"):
        gunzip(gzip.compress(b"") * 17, 1_000)


def test_gzip_of_several_members_is_read() -> None:
    assert gunzip(gzip.compress(b"a") * 16 + b"\0\0", 1_000) == b"a" * 16


def test_the_beginning_of_gzip_is_had_without_the_rest() -> None:
    packed = gzip.compress(b"abc" * 1_000_000)

    assert gunzip_head(packed, 4) == b"abca"
    assert gunzip_head(packed[:-20], 4) == b"abca"
    assert gunzip_head(b"no gzip", 4) == b"no g"
    with pytest.raises(EdgarError, match="damaged gzip"):
        gunzip_head(packed[:10] + b"\x07rubbish", 4)
