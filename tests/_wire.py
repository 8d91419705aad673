"""What stands for EDGAR in the client's tests: made-up answers, a wire that gives them, and a clock moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

import httpx
import pytest

from watcher.clock import Clock
from watcher.edgar.client import EdgarClient
from watcher.errors import EdgarError

CONTACT = "Larkspur Research desk@larkspur.example"
ACCESSION = "0000912345-24-000007"
SUBMISSION = (
    f"<SEC-DOCUMENT>{ACCESSION}.txt : 20240506\n<SEC-HEADER>{ACCESSION}.hdr.sgml : 20240506\n"
    "<ACCEPTANCE-DATETIME>20240506163105\n"
    f"ACCESSION NUMBER:\t\t{ACCESSION}\nCONFORMED SUBMISSION TYPE:\t8-K\n"
    "</SEC-HEADER>\n<DOCUMENT>\n<TYPE>8-K\n<SEQUENCE>1\n<FILENAME>a.htm\n<TEXT>\n<p>Item 8.01</p>\n</TEXT>\n"
    "</DOCUMENT>\n</SEC-DOCUMENT>\n"
).encode()
RATE_PAGE = (
    b"<!DOCTYPE html PUBLIC 'x'>\n<html><head><title>SEC.gov | Request Rate Threshold Exceeded</title></head></html>"
)
TOOL_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>SEC.gov | Your Request Originates from an Undeclared Automated Tool</title>"
    b"</head></html>"
)
MAINTENANCE_PAGE = b"<!DOCTYPE html>\n<html><head><title>SEC.gov | File Unavailable</title></head><body></body></html>"
NO_SUCH_KEY = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>no</Message></Error>'
ACCESS_DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'


def feed(entries: int) -> bytes:
    """A made-up page of the live list."""
    made = "".join(
        f"<entry><title>8-K - Larkspur (0000912345) (Filer)</title><summary>Filed: 2024-05-06</summary>"
        f"<updated>2024-05-06T16:31:05-04:00</updated><category term='8-K'/>"
        f"<id>urn:tag:sec.gov,2008:accession-number=0000912345-24-{number:06}</id></entry>"
        for number in range(entries)
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{made}</feed>'.encode()


class Chunks(httpx.AsyncByteStream):
    """A body that comes in pieces, as from a wire; raises ``error`` after them."""

    def __init__(self, pieces: Sequence[bytes], error: Exception | None = None) -> None:
        self.pieces = pieces
        self.error = error
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.sent += 1
            yield piece
        if self.error is not None:
            raise self.error


class Wire(httpx.AsyncBaseTransport):
    """Stands for the wire: answers from a list, then with the last answer again, and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


def says(status: int, body: bytes, **headers: str) -> httpx.Response:
    """An answer over the wire; ``content_encoding="gzip"`` names a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=Chunks([body]))


class ManualClock(Clock):
    """A clock that moves only when somebody waits for it, or by hand."""

    __setattr__ = object.__setattr__  # the real one is frozen

    def __init__(self, start: datetime = datetime(2024, 5, 6, 16, 0, tzinfo=UTC)) -> None:
        super().__init__()
        self.at = start.timestamp()
        self.waits: list[float] = []

    def time(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        wake = self.at + seconds
        self.waits.append(seconds)
        await asyncio.sleep(0)
        self.at = max(self.at, wake)


def client_of(wire: httpx.AsyncBaseTransport, *, clock: Clock | None = None, **settings: float) -> EdgarClient:
    """A client on that wire, with a clock that costs no time."""
    return EdgarClient(
        contact=CONTACT,
        clock=clock or ManualClock(),
        transport=wire,
        **settings,  # type: ignore[arg-type]
    )


async def refused(answer: httpx.Response, kind: type[Exception] = EdgarError) -> str:
    """Ask for a submission, expect that error, and return its text."""
    async with client_of(Wire(answer)) as client:
        with pytest.raises(kind) as caught:
            await client.submission(912345, ACCESSION)
    assert type(caught.value) is kind
    return str(caught.value)
