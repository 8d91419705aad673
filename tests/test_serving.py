"""The server: strangers take up no more than their share, and a request that never ends is not waited for."""

import asyncio
import resource
import socket
import subprocess
import sys
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from watcher.serving import Limits, serving

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
GENEROUS = 30.0


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"got {len(await request.body())}")


async def stream(request: Request) -> StreamingResponse:
    async def lines():
        for number in range(4):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(lines())


APP = Starlette(routes=[Route("/", answer, methods=["GET", "POST"]), Route("/stream", stream)])


class Caller:
    """A connection, and what came on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(GENEROUS):
            return await self.reader.readuntil(end)

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        try:
            async with asyncio.timeout(GENEROUS):
                return await self.reader.read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def calling(url: str, *, by: str | None = None):
    there = urlsplit(url)
    reader, writer = await asyncio.open_connection(there.hostname, there.port, local_addr=by and (by, 0))
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):  # the server was first
            await writer.wait_closed()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: he",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_end_is_closed(begun: bytes) -> None:
    limits = Limits(10, request_seconds=0.3)

    async with serving(APP, limits=limits) as url, calling(url) as caller:
        await caller.send(begun)
        await caller.rest()


async def test_a_second_request_that_does_not_end_is_closed() -> None:
    async with serving(APP, limits=Limits(10, request_seconds=0.3)) as url, calling(url) as caller:
        await caller.send(GET)
        await caller.until(b"got 0")
        await caller.send(b"GET / HT")

        assert await caller.rest() == b""


async def test_a_trickle_wins_no_time() -> None:
    async with serving(APP, limits=Limits(10, request_seconds=0.3)) as url, calling(url) as caller:

        async def trickle() -> None:
            await caller.send(b"GET / HTTP/1.1\r\nX-Slow: ")
            while True:
                await caller.send(b"a")
                await asyncio.sleep(0.02)

        with pytest.raises(ConnectionError):
            async with asyncio.timeout(GENEROUS):
                await trickle()


async def test_a_stream_goes_on_however_long_it_is() -> None:
    async with serving(APP, limits=Limits(10, request_seconds=0.1)) as url, calling(url) as caller:
        await caller.send(GET.replace(b"/ ", b"/stream ", 1))

        assert b"data: 3" in await caller.until(b"\r\n0\r\n\r\n")


async def test_one_connection_too_many_is_closed_and_the_others_are_served() -> None:
    async with serving(APP, limits=Limits(2)) as url, calling(url) as first, calling(url) as second:
        await first.send(GET)
        await first.until(b"got 0")
        await second.send(b"GET / HT")
        async with calling(url) as third:
            assert await third.rest() == b""

        await second.send(GET[8:])
        assert (await second.until(b"got 0")).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 without setting it up")
async def test_one_address_leaves_places_for_others() -> None:
    limits = Limits(3, connections_each=2)

    async with serving(APP, limits=limits) as url, calling(url) as first, calling(url) as second:
        for one in (first, second):
            await one.send(GET)
            await one.until(b"got 0")
        async with calling(url) as third:
            assert await third.rest() == b""
        async with calling(url, by="127.0.0.2") as other:
            await other.send(GET)
            assert (await other.until(b"got 0")).startswith(b"HTTP/1.1 200")


async def test_an_address_that_has_left_has_its_places_again() -> None:
    async with serving(APP, limits=Limits(8, connections_each=1)) as url:
        for _ in range(3):
            async with calling(url) as caller:
                await caller.send(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                assert (await caller.rest()).startswith(b"HTTP/1.1 200")


async def test_a_place_that_is_free_again_is_given() -> None:
    async with serving(APP, limits=Limits(1, request_seconds=0.3)) as url:
        async with calling(url) as idle:
            await idle.rest()

        async with calling(url) as caller:
            await caller.send(GET)
            assert (await caller.until(b"got 0")).startswith(b"HTTP/1.1 200")


async def test_the_end_waits_for_no_half_sent_request() -> None:
    async with asyncio.timeout(GENEROUS), AsyncExitStack() as callers:
        async with serving(APP, limits=Limits(10, request_seconds=3600)) as url:
            begun = (b"GET / HT", b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf")
            opened = [await callers.enter_async_context(calling(url)) for _ in begun]
            for caller, data in zip(opened, begun, strict=True):
                await caller.send(data)

        for caller in opened:
            await caller.rest()


def test_callers_cannot_use_up_the_files_that_this_process_may_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (400, 400))

    limits = Limits.of_this_process()

    assert (limits.connections, limits.taken_at_once) == (100, 25)
    # All that are being accepted or turned away at a time, over a few turns of the loop.
    assert limits.connections + 5 * limits.taken_at_once < 400
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert Limits.of_this_process().connections == 512


BURST = """
import asyncio, os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from starlette.applications import Starlette
from watcher.logs import set_up_logging
from watcher.serving import serving

async def main():
    set_up_logging("info", "text")
    async with serving(Starlette()) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(len(os.listdir("/proc/self/fd")), flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts open files in /proc")
def test_a_burst_of_half_sent_requests_leaves_files_to_open(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, ExitStack() as opened:
        server = opened.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", BURST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        )
        there = urlsplit(server.stdout.readline().strip())
        for _ in range(400):
            one = opened.enter_context(socket.create_connection((there.hostname, there.port), GENEROUS))
            with suppress(ConnectionError):  # it was one too many
                one.send(b"GET / HT")
        files, _ = server.communicate("\n", GENEROUS)

    assert int(files) < 200
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert "connections turned away open=48 address=127.0.0.1" in line
