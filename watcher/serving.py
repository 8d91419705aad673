"""Serving an ASGI application inside the caller's own event loop, on its own socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from watcher.errors import ListenError
from watcher.networks import network_of

__all__ = ["Limits", "listen", "serving"]

log = logging.getLogger(__name__)

START_SECONDS = 10.0
MOST_CONNECTIONS = 512
QUEUED = 512  # connections that the system keeps for us, not yet taken


@dataclass(frozen=True, slots=True)
class Limits:
    """What callers may take up, before anybody asks who they are.

    ``connections`` may be open at once, and ``connections_each`` from one address (of IPv6: one /64), so that places
    are left for others; None: all of them. One more is closed as it comes. A request that is not there, head and body,
    after ``request_seconds`` has its connection closed. At each turn of the loop so many as ``taken_at_once`` are
    accepted.
    """

    connections: int
    request_seconds: float = 20.0
    taken_at_once: int = 64
    connections_each: int | None = None

    def refuses(self, connections: int, of_caller: int) -> bool:
        """Whether a connection is one too many, with so many open in all, and from its address, itself counted."""
        return connections > self.connections or of_caller > (self.connections_each or self.connections)

    @classmethod
    def of_this_process(cls) -> Limits:
        """Leave most of the files that this process may open to the store, the archive and the ways out."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return cls(MOST_CONNECTIONS, connections_each=MOST_CONNECTIONS * 3 // 4)
        most = max(1, min(MOST_CONNECTIONS, files // 4))
        return cls(most, taken_at_once=max(1, min(64, files // 16)), connections_each=max(1, most * 3 // 4))


class _Config(uvicorn.Config):
    """The server's settings, with the limits and who takes up what: a connection is given these settings only."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.limits = limits
        self.callers: Counter[str] = Counter()  # how many connections each of them has
        super().__init__(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # whom to believe, the application knows
            backlog=limits.taken_at_once,
            timeout_graceful_shutdown=2,
        )

    def forget(self, caller: str) -> None:
        """One connection of this caller is no more."""
        self.callers[caller] -= 1
        if self.callers[caller] <= 0:
            del self.callers[caller]


class _Connection(H11Protocol):
    """A connection that is closed when there are too many, or when a request does not come to its end."""

    def __init__(
        self,
        config: _Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._config = config
        self._limits = config.limits
        self._caller = ""
        self._overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, unless there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        callers = self._config.callers
        self._caller = network_of(address)
        callers[self._caller] += 1
        if self._limits.refuses(len(self.connections), callers[self._caller]):
            log.warning("connections turned away", extra={"open": len(self.connections) - 1, "address": address})
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came. What is still lacking is owed from the first byte on, so that a trickle wins no time."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """End one answer."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._config.forget(self._caller)
        self._unwatch()

    def _watch(self) -> None:
        if not self._is_owed():
            self._unwatch()
        elif self._overdue is None:
            self._overdue = self.loop.call_later(self._limits.request_seconds, self.transport.abort)

    def _is_owed(self) -> bool:
        """Whether the caller has yet to send something: not while an answer is being made, however long that goes on.

        Between two requests the server's own timer for that runs.
        """
        if self.transport.is_closing() or self.timeout_keep_alive_task is not None:
            return False
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _unwatch(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


class _Server(uvicorn.Server):
    """A server that leaves signals to the program that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Begin. asyncio accepts as many at one turn as the system may keep waiting; only the latter may be many."""
        await super().startup(list(sockets or ()))
        for one in sockets or ():
            one.listen(QUEUED)

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """End, also what does not end by itself in time."""
        await super().shutdown(list(sockets or ()))
        for one in list(self.server_state.connections):
            one.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free one. Raises ``ListenError`` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(QUEUED)
    except OSError as error:
        opened.close()
        raise ListenError(
            f"cannot listen on {host}:{port}: {error.strerror} (another port, or port 0 for a free one, will do)"
        ) from error
    return opened


@asynccontextmanager
async def serving(
    app: ASGIApp, host: str = "127.0.0.1", port: int = 0, *, limits: Limits | None = None
) -> AsyncIterator[str]:
    """Serve while inside, and give the URL. Raises ``ListenError`` when the address cannot be had."""
    opened = listen(host, port)
    server = _Server(_Config(app, limits or Limits.of_this_process()))
    task = asyncio.create_task(server.serve(sockets=[opened]), name="serving")
    try:
        async with asyncio.timeout(START_SECONDS):
            while not server.started and not task.done():  # noqa: ASYNC110  # it tells by an attribute only
                await asyncio.sleep(0.01)
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        opened.close()
