"""How endpoints are reached: POSTs to URLs that users give, under the guard.

A name is resolved once, here; addresses that the guard refuses are dropped, and exactly the others are dialled,
while the TLS name and the Host header stay what the URL says. A second look-up that answers something else
therefore changes nothing. Redirects are not followed, the environment's proxies are not used, cookies are not
kept, and compressed answers are not unpacked.

This stands directly on httpcore, the connection pool under httpx: a client above it would parse the URL a
second time (what was checked must be what is dialled) and log it, though some URLs are secrets.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache, partial

import httpcore

from watcher.errors import DeliveryError, NotAllowed
from watcher.guard import Allowance, Target, check_address, check_url, parse_allow
from watcher.handler import Answer, Post

__all__ = ["Outbound", "Resolve"]

# Gives every address of a name, in the order in which to try them. Raises ``OSError`` when there is none.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_MAX_ADDRESSES = 8
_RESOLVER_THREADS = 16
# A burst to one endpoint shares a connection. Kept longer than this, it would often be one that the receiver
# is just closing, and a POST on it fails for no reason.
_KEEPALIVE_SECONDS = 1.0
_MAX_IDLE_CONNECTIONS = 20


class Outbound:
    """The one way out to endpoints. Close it with `aclose` when nothing is in flight."""

    def __init__(
        self,
        *,
        connect_seconds: float = 5.0,
        total_seconds: float = 15.0,
        max_body_bytes: int = 20_000,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        dialler: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._max_body_bytes = max_body_bytes
        self._ssl_context = ssl_context or httpcore.default_ssl_context()
        # Threads of our own: names that hang would fill the loop's few and hold up everything else there.
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
        self._resolve = resolve or self._look_up
        self._dialler = dialler or httpcore.AnyIOBackend()
        self._pools: list[httpcore.AsyncConnectionPool] = []

    def post_for(self, allow: Iterable[str] = ()) -> Post:
        """Return what one endpoint's notifier posts with: it may dial what ``allow`` opens, beside the Internet.

        The callable raises ``DeliveryError`` for everything but an answer. Raises ``ValueError`` when ``allow``
        holds an entry that is none.
        """
        allowed = tuple(allow)
        allowances = parse_allow(allowed)
        # A kept connection is judged only when it is dialled. So nobody shares it: an endpoint without an allow list
        # must not get one that an allow list opened. Besides, a pool looks at each of its connections for each request,
        # and once there are more than it may keep, keeps none.
        pools: dict[str, httpcore.AsyncConnectionPool] = {}
        check = lru_cache(maxsize=4)(partial(check_url, allow=allowed))  # mostly of one URL, and always the same

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            try:
                target = check(url)
            except NotAllowed as error:
                raise DeliveryError(str(error), permanent=True) from error
            if target.scheme not in pools:
                pools[target.scheme] = self._pool(target.scheme, allowances)
            return await self._post(target, pools[target.scheme], headers, body)

        return post

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _pool(self, scheme: str, allow: tuple[Allowance, ...]) -> httpcore.AsyncConnectionPool:
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=None,  # bounded by who posts; a queue here would make the healthy wait
            max_keepalive_connections=_MAX_IDLE_CONNECTIONS,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=_GuardedBackend(scheme, allow, self._resolve, self._dialler),
        )
        self._pools.append(pool)
        return pool

    async def _post(
        self, target: Target, pool: httpcore.AsyncConnectionPool, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        dialled = _Dialled()
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._exchange(target, pool, headers, body, dialled)
        except DeliveryError as error:
            error.address = error.address or dialled.address
            raise
        except httpcore.ConnectTimeout as error:
            text = f"no connection within {self._connect_seconds:g} s"
            raise DeliveryError(text, address=dialled.address, timed_out=True) from error
        except TimeoutError as error:
            text = f"no complete answer within {self._total_seconds:g} s"
            raise DeliveryError(text, address=dialled.address, timed_out=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise DeliveryError(_explained(error), address=dialled.address) from error

    async def _exchange(
        self,
        target: Target,
        pool: httpcore.AsyncConnectionPool,
        headers: Mapping[str, str],
        body: bytes,
        dialled: _Dialled,
    ) -> Answer:
        sent = {name.lower(): value for name, value in headers.items()}
        sent |= {"host": target.authority, "accept": "*/*", "accept-encoding": "identity"}
        async with pool.stream(
            "POST",
            httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in sent.items()],
            content=body,
            extensions={"timeout": {"connect": self._connect_seconds}, "trace": dialled},
        ) as response:
            dialled.note(response.extensions["network_stream"])
            return Answer(
                status=response.status,
                headers=_joined(response.headers),
                body=(await self._beginning(response)).decode("utf-8", errors="replace"),
                address=dialled.address or "",
                tls=_tls_version(response.extensions["network_stream"]),
            )

    async def _beginning(self, response: httpcore.Response) -> bytes:
        """Read the answer up to the limit; the rest is never taken from the network."""
        read = bytearray()
        async with aclosing(response.aiter_stream()) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                read += chunk
                if len(read) >= self._max_body_bytes:
                    break
        return bytes(read[: self._max_body_bytes])

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        def ask() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(address[0]) for *_, address in found))

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)


@dataclass(slots=True)
class _Dialled:
    """Notes what one POST dialled, as httpcore's trace of it, so that a failure can name it as well."""

    address: str | None = None

    async def __call__(self, event: str, facts: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.complete":
            self.note(facts["return_value"])

    def note(self, stream: object) -> None:
        peer = stream.get_extra_info("server_addr") if isinstance(stream, httpcore.AsyncNetworkStream) else None
        if peer:
            host, port = peer[0], peer[1]
            self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials what the guard lets through, for one scheme and one allow list."""

    def __init__(
        self,
        scheme: str,
        allow: tuple[Allowance, ...],
        resolve: Resolve,
        dialler: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._scheme = scheme
        self._allow = allow
        self._resolve = resolve
        self._dialler = dialler

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge and dial, all within ``timeout``."""
        try:
            async with asyncio.timeout(timeout):
                addresses = self._judged(Target(self._scheme, host, port, "/"), await self._found(host, port))
                return await self._first_that_answers(addresses, port, timeout, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except httpcore.ConnectError as error:
            # Told here, since the pool drops the cause of what passes through it.
            raise DeliveryError(_explained(error)) from error

    async def _found(self, host: str, port: int) -> Sequence[str]:
        try:
            socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        except OSError:
            pass  # a name, then
        else:
            return [host]
        try:
            return await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise DeliveryError(f"name not found: {host}") from error

    def _judged(self, target: Target, addresses: Sequence[str]) -> list[str]:
        good = []
        for address in addresses:
            try:
                check_address(target, address, self._allow)
            except NotAllowed:
                continue
            good.append(address)
        if not good:
            raise DeliveryError("address not allowed", permanent=True)
        return good[:_MAX_ADDRESSES]

    async def _first_that_answers(
        self,
        addresses: Sequence[str],
        port: int,
        seconds: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        # One after the other, each with a fair share of the time, so that a dead IPv6 route does not use up
        # all of it before an IPv4 address is tried.
        share = seconds / len(addresses) if seconds else None
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return await self._dialler.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or DeliveryError("address not allowed", permanent=True)


def _tls_version(stream: httpcore.AsyncNetworkStream) -> str:
    connection = stream.get_extra_info("ssl_object")
    return "" if connection is None else connection.version() or ""


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _explained(error: BaseException) -> str:
    """Say in our own words what broke: the library's may name the address that was dialled."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"TLS: certificate refused: {link.verify_message}"
        if isinstance(link, ssl.SSLError):
            return f"TLS: {(link.reason or 'handshake failed').lower().replace('_', ' ')}"
        if isinstance(link, OSError) and link.errno:
            return os.strerror(link.errno).lower()
        link = link.__cause__ or link.__context__
    return next(text for kind, text in _BROKEN.items() if isinstance(error, kind))


_BROKEN: dict[type[BaseException], str] = {
    httpcore.RemoteProtocolError: "the connection was closed without an answer, or the answer is not HTTP",
    httpcore.LocalProtocolError: "the request could not be written: a header is not valid HTTP",
    httpcore.ConnectError: "no connection could be made",
    BaseException: "the connection broke before the answer was complete",
}
