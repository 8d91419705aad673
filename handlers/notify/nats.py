"""Tells a stream of NATS JetStream, for programs that consume what they want of it. An extra: a package is needed.

The alert's id goes along as the message's, so the server drops a repeat within the stream's window of duplicates.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from handlers.notify._nats_server import NatsServer
from handlers.notify._subjects import Naming, identity
from watcher import Message, Notifier, Post

if TYPE_CHECKING:
    from handlers.notify._jetstream import JetStream

__all__ = ["Nats"]

SUBJECT = "eightk.{kind}.{rule}.{form}.{item}.{event}.{cik}"
_MISSING = "the package nats-py or nkeys is not installed: pip install 'eightk[stream]'"
_STREAM = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Nats(Notifier):
    """Publish the payload under ``subject``, and count it as told once a stream has acknowledged it.

    ``server`` is a URL, and ``allow`` must name it, too. ``stream`` names the stream that must take it; without, any
    may. ``credentials_file`` is a user's, as ``nsc`` writes it; or ``user`` goes with ``password_file``. They are read
    again for each connection.
    """

    name = "nats"

    def __init__(
        self,
        *,
        server: str,
        ca_file: Path | None = None,
        credentials_file: Path | None = None,
        user: str = "",
        password_file: Path | None = None,
        subject: str = SUBJECT,
        stream: str = "",
        allow: tuple[str, ...] = (),
    ) -> None:
        where = NatsServer.at(
            server,
            ca_file=ca_file,
            credentials_file=credentials_file,
            user=user,
            password_file=password_file,
            allow=allow,
        )
        problems = where.problems()
        if stream and not _STREAM.fullmatch(stream):
            problems.append("stream: expected 1 to 64 letters, digits, - or _")
        try:
            self._naming = Naming(subject)
        except ValueError as error:
            problems.append(f"subject: {error}")
        if problems:
            raise ValueError("; ".join(problems))
        self._stream = stream
        self._line = _line(where)

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Publish it once. Raises ``DeliveryError``. ``post`` is not used: this is not HTTP."""
        headers = self._naming.headers(message) | {"Nats-Msg-Id": identity(message)}
        if self._stream:
            headers["Nats-Expected-Stream"] = self._stream
        await self._line.publish(self._naming.subject(message), message.payload, headers)

    async def aclose(self) -> None:
        """Close the connection now. It closes by itself when idle, and with its event loop."""
        await self._line.aclose()


def _line(server: NatsServer) -> JetStream:
    try:
        package = importlib.import_module("handlers.notify._jetstream")
    except ImportError as error:
        raise ValueError(_MISSING) from error
    made: JetStream = package.JetStream(server)
    return made
