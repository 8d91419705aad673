"""Shuts the network for this process: no reader may look outside for what it should find in the bytes.

It replaces the two doors of Python's own `socket` module. Compiled code that opens sockets by itself would not be
held, but none of the peers brings any.
"""

from __future__ import annotations

import socket
from typing import Any

__all__ = ["refusals", "shut"]

_refused = 0


def shut() -> None:
    """Refuse every connection and every look-up of a name from now on. May be called twice."""
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _refuse)
    for name in ("getaddrinfo", "gethostbyname"):
        setattr(socket, name, _refuse)


def refusals() -> int:
    """How often this process has tried to reach the network."""
    return _refused


def _refuse(*_: Any, **__: Any) -> Any:
    global _refused  # noqa: PLW0603  # one count for the process
    _refused += 1
    raise OSError("the bench lets no reader reach the network")
