"""A webhook receiver that is quick enough to measure a sender by, and as sick as it is told to be.

It takes POSTs to ``/NAME`` on a raw socket, notes when each arrived under which id, and answers as its mood says.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["Arrival", "Mood", "Taker", "Trap", "calm", "gone", "take", "unwell"]

_HEAD = re.compile(rb"POST /([^ ]+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *(\S+)", re.IGNORECASE)
_SLOW_SECONDS = 2.0

# What is answered to one request: a status with more headers, None to break the connection off, or seconds to dawdle.
Reply = tuple[int, str] | float | None
Mood = Callable[[], Reply]


def calm() -> Reply:
    """Take everything."""
    return 204, ""


def gone() -> Reply:
    """Want nothing more."""
    return 410, ""


def unwell(chance: random.Random, elsewhere: str) -> Mood:
    """Be slow, break off, send elsewhere, ask for time, fail, or take it: each time something else."""
    replies: tuple[Callable[[], Reply], ...] = (
        lambda: _SLOW_SECONDS,
        lambda: None,
        lambda: (chance.choice((301, 302, 307, 308)), f"location: {elsewhere}\r\n"),
        lambda: (429, f"retry-after: {chance.randint(1, 600)}\r\n"),
        lambda: (chance.choice((500, 502, 503)), ""),
        calm,
    )

    def mood() -> Reply:
        return chance.choice(replies)()

    return mood


@dataclass(frozen=True, slots=True)
class Arrival:
    """One POST that came: to which endpoint, under which id, when (Unix time), and what was answered."""

    endpoint: str
    id: str
    at: float
    status: int  # 0: nothing was


@dataclass(slots=True)
class Taker:
    """Keeps what arrives; ``moods`` are the endpoints that do not just take it."""

    moods: dict[str, Mood] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    url: str = ""

    @property
    def taken(self) -> list[Arrival]:
        """Those that were accepted."""
        return [one for one in self.arrivals if one.status == 204]


@dataclass(slots=True)
class Trap:
    """A place that nobody should visit."""

    url: str = ""
    visits: int = 0

    def __call__(self) -> asyncio.Protocol:
        return _Visit(self)


@asynccontextmanager
async def take(taker: Taker | Trap, opened: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve while inside, and give the URL."""
    loop = asyncio.get_running_loop()
    make = taker if isinstance(taker, Trap) else lambda: _Connection(taker)
    if opened is None:
        server = await loop.create_server(make, "127.0.0.1", 0, backlog=512)
    else:
        server = await loop.create_server(make, sock=opened, backlog=512)
    taker.url = taker.url or f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield taker.url
    finally:
        server.close()


class _Visit(asyncio.Protocol):
    def __init__(self, trap: Trap) -> None:
        self._trap = trap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._trap.visits += 1
        transport.close()


class _Connection(asyncio.Protocol):
    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._read = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._read[:end]
        length = _LENGTH.search(head)
        whole = end + 4 + int(length[1] if length else 0)
        if len(self._read) >= whole:
            self._read = self._read[whole:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        line, number = _HEAD.match(head), _ID.search(head)
        name = line[1].decode() if line else ""
        reply = self._taker.moods.get(name, calm)()
        status = reply[0] if isinstance(reply, tuple) else 0
        self._taker.arrivals.append(Arrival(name, number[1].decode() if number else "", time.time(), status))
        if reply is None:
            self._write(b"", abort=True)
        elif isinstance(reply, float):
            # Too late for whoever waits: it counts as not taken.
            asyncio.get_running_loop().call_later(reply, self._write, b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            self._write(f"HTTP/1.1 {reply[0]} -\r\n{reply[1]}content-length: 0\r\n\r\n".encode())

    def _write(self, answer: bytes, *, abort: bool = False) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if abort:
            self._transport.abort()
        else:
            self._transport.write(answer)
