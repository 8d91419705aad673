"""Publishing to NATS JetStream over one kept connection. Needs the package nats-py, of the extra ``stream``.

The library dials one address, which was judged before, and never again by itself: neither what a server tells of its
cluster nor a broken connection makes it dial. Dialling anew is done here, so that each connection passes the guard.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import nats.errors
import nats.js.errors
import nkeys
from nats.aio.client import Client

from handlers.notify._nats_server import Credentials, NatsServer
from handlers.notify._plain import plain
from watcher import DeliveryError

__all__ = ["JetStream"]

_CONNECT_SECONDS = 5
_ACK_SECONDS = 5.0
_TOTAL_SECONDS = 15.0
_CLOSE_SECONDS = 2.0
_IDLE_SECONDS = 60.0
_MAX_REASON = 200
_TOO_LARGE = 10_054  # JSStreamMessageExceedsMaximumErr: a message is no smaller the next time


class JetStream:
    """The connection of one endpoint. It is opened when something is published, and closed when it was idle for long.

    It ends with its event loop, too, so that nobody needs to close it for the process to end in order.
    """

    def __init__(self, server: NatsServer, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._server = server
        self._context = server.context()
        _key_of(server.credentials())
        self._idle_seconds = idle_seconds
        self._link: _Link | None = None
        self._opening = asyncio.Lock()

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """Publish, and return once a stream has acknowledged it. Raises ``DeliveryError``."""
        address: str | None = None
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                kept = self._link
                link = await self._open()
                address = link.address
                try:
                    await link.publish(subject, payload, headers)
                except _BrokenError:
                    if link is not kept:
                        raise
                    # It broke while nobody looked. To publish again is harmless: the stream drops what it has.
                    link = await self._open()
                    await link.publish(subject, payload, headers)
        except TimeoutError as error:
            await self.aclose()
            text = f"no acknowledgement within {_TOTAL_SECONDS:g} s"
            raise DeliveryError(text, address=address, timed_out=True) from error

    async def aclose(self) -> None:
        """Close the connection. May be called twice, and something may be published again afterwards."""
        link, self._link = self._link, None
        if link is not None:
            await link.aclose()

    async def _open(self) -> _Link:
        async with self._opening:
            if self._link is None or not self._link.is_open:
                self._link = await self._dial()
            return self._link

    async def _dial(self) -> _Link:
        failure: DeliveryError | None = None
        for address in await self._server.addresses():
            host = f"[{address}]" if ":" in address else address
            link = _Link(self._server, f"{host}:{self._server.port}", self._idle_seconds)
            try:
                await link.connect(self._context)
            except DeliveryError as error:
                failure = error
            else:
                return link
        raise failure or DeliveryError("address not allowed", permanent=True)


class _BrokenError(DeliveryError):
    """Raised when the connection ended before the acknowledgement came."""


class _Client(Client):
    """The library's client, which by itself goes on in the clear when a server asks for no TLS."""

    def _connect_command(self) -> bytes:
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise nats.errors.SecureConnRequiredError
        return super()._connect_command()


class _Link:
    """One connection, from dialling to its end."""

    def __init__(self, server: NatsServer, address: str, idle_seconds: float) -> None:
        self.address = address
        self._server = server
        self._idle_seconds = idle_seconds
        self._client = _Client()
        self._ended = asyncio.Event()
        self._is_connecting = True
        self._said = ""  # what the server complained of last
        self._busy = 0
        self._used_at = 0.0
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._client.is_connected and not self._ended.is_set()

    async def connect(self, context: ssl.SSLContext | None) -> None:
        """Dial and log in. Raises ``DeliveryError``."""
        try:
            options = self._login() | ({} if context is None else {"tls": context, "tls_hostname": self._server.host})
            await self._client.connect(
                f"nats://{self.address}",
                name="eightk",
                allow_reconnect=False,
                connect_timeout=_CONNECT_SECONDS,
                error_cb=self._complained,
                closed_cb=self._close_noted,
                **options,
            )
        except (OSError, TimeoutError, ValueError, nats.errors.Error) as error:
            await self._close()
            raise DeliveryError(self._explained(error), address=self.address) from error
        except BaseException:  # cancelled, by the caller's time-out among others: then only the line must not stay
            await self._close()
            raise
        self._is_connecting = False
        self._used_at = asyncio.get_running_loop().time()
        self._keeper = asyncio.create_task(self._keep(), name="nats")

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """Publish, and wait for the stream's word. Raises ``DeliveryError``, ``_BrokenError`` when the line broke."""
        self._busy += 1
        asked = asyncio.create_task(
            self._client.jetstream().publish(subject, payload, timeout=_ACK_SECONDS, headers=dict(headers))
        )
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise _BrokenError("the connection was closed before the acknowledgement", address=self.address)
            self._judge(asked, subject)
        finally:
            asked.cancel()
            ended.cancel()
            self._busy -= 1
            self._used_at = asyncio.get_running_loop().time()

    async def aclose(self) -> None:
        """Close it, and wait for that."""
        self._ended.set()
        if self._keeper is not None:
            await asyncio.wait({self._keeper})

    def _judge(self, asked: asyncio.Task[Any], subject: str) -> None:
        """Return if a stream has it. Raises ``DeliveryError``."""
        try:
            asked.result()
        except nats.js.errors.NoStreamResponseError as error:
            raise self._failure(f"no stream takes the subject {subject}") from error
        except nats.js.errors.APIError as error:
            told = plain(error.description or "", _MAX_REASON)
            text = f"the stream did not take it: {told} ({error.err_code})"
            raise self._failure(text, permanent=error.err_code == _TOO_LARGE) from error
        except nats.errors.MaxPayloadError as error:
            raise self._failure("the server takes no message of this size", permanent=True) from error
        except nats.errors.TimeoutError as error:
            # The line may be dead without a word: the next attempt dials anew.
            self._ended.set()
            text = self._said or f"no acknowledgement within {_ACK_SECONDS:g} s"
            raise DeliveryError(text, address=self.address, timed_out=not self._said) from error
        except (nats.errors.Error, OSError) as error:
            self._ended.set()
            raise _BrokenError(self._explained(error), address=self.address) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._failure("what answered is no stream: its answer cannot be read") from error

    async def _keep(self) -> None:
        """Wait until it ended, or was idle for long; then close it, and when the event loop ends as well."""
        loop = asyncio.get_running_loop()
        try:
            while not self._ended.is_set():
                left = self._used_at + self._idle_seconds - loop.time()
                if left <= 0 and not self._busy:
                    break
                with suppress(TimeoutError):  # time to look again
                    async with asyncio.timeout(max(left, 1.0)):
                        await self._ended.wait()
        finally:
            self._ended.set()
            await self._close()

    async def _close(self) -> None:
        # What cannot be closed in order is gone already.
        with suppress(OSError, TimeoutError, nats.errors.Error):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.close()

    async def _complained(self, error: Exception) -> None:
        if self._is_connecting:
            raise error  # else the library would dial the same address again and again
        self._said = self._explained(error)

    async def _close_noted(self) -> None:
        self._ended.set()

    def _login(self) -> dict[str, Any]:
        """What the client logs in with. Raises ``ValueError`` when a file cannot be used."""
        credentials = self._server.credentials()
        key = _key_of(credentials)
        if credentials is not None:
            return {
                "user_jwt_cb": lambda: bytearray(credentials.jwt.encode()),
                "signature_cb": lambda nonce: base64.b64encode(key.sign(nonce.encode())),
            }
        return {"user": self._server.user, "password": self._server.password()} if self._server.user else {}

    def _failure(self, text: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(text, permanent=permanent, address=self.address)

    def _explained(self, error: Exception) -> str:
        if isinstance(error, nats.errors.SecureConnRequiredError):
            return "TLS: the server asks for none, so nothing was sent"
        if isinstance(error, OSError | TimeoutError):
            return _explained(error)
        return self._without_password(plain(str(error), _MAX_REASON)) or "the connection broke"

    def _without_password(self, text: str) -> str:
        with suppress(ValueError):  # the file cannot be read: then no password went out either
            password = self._server.password()
            return text.replace(password, "…") if password else text
        return text


def _key_of(credentials: Credentials | None) -> Any:
    """What signs with the seed; None without credentials. Raises ``ValueError``, which does not name the seed."""
    if credentials is None:
        return None
    try:
        return nkeys.from_seed(bytearray(credentials.seed.encode()))
    except (nkeys.NkeysError, ValueError) as error:
        raise ValueError("credentials_file: its seed is none") from error


def _explained(error: OSError) -> str:
    """What the network or TLS says, in our own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: certificate refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'handshake failed').lower().replace('_', ' ')}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return os.strerror(error.errno).lower() if error.errno else "the connection broke"
