"""A gate before a server: it lets connections through, refuses them, or takes them and never answers."""

from __future__ import annotations

import asyncio
from asyncio import Server, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

__all__ = ["Gate", "gate_to"]

_AT_ONCE = 65_536


class Gate:
    """Listens on a port of its own, the same one each time it is opened."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._server: Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_silent = False
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens, as ``host:port``."""
        return f"127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Let connections through."""
        self._is_silent = False
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse connections, and break off those that there are. May be called twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for one in self._under_way:
            one.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def fall_silent(self) -> None:
        """Take every connection from now on, and never answer; those that there are break off."""
        await self.shut()
        await self.open()
        self._is_silent = True

    async def _take(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            if self._is_silent:
                await asyncio.Event().wait()
            await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # one of the two has gone, or the gate is shut: this connection is over
        finally:
            self._under_way.discard(task)
            writer.transport.abort()

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection(*self._to)
        try:
            ways = (_flow(reader, their_writer), _flow(their_reader, writer))
            await asyncio.wait([asyncio.ensure_future(one) for one in ways], return_when=asyncio.FIRST_COMPLETED)
        finally:
            their_writer.transport.abort()


@asynccontextmanager
async def gate_to(url: str) -> AsyncIterator[Gate]:
    """Have an open gate before this server while inside."""
    parts = urlsplit(url)
    gate = Gate(parts.hostname or "127.0.0.1", parts.port or 80)
    await gate.open()
    try:
        yield gate
    finally:
        await gate.shut()


async def _flow(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):  # whoever was to be written to has gone
        while some := await reader.read(_AT_ONCE):
            writer.write(some)
            await writer.drain()
