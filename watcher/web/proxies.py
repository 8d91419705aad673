"""Who is asking, when a proxy asks for them: what it says of them is believed only where the settings name it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Scope

__all__ = ["Proxies"]

_SCHEMES = ("http", "https")


class Proxies:
    """The proxies of ``web.trusted_proxies``, addresses or networks. Raises ``ValueError`` for what is neither."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._networks = tuple(ipaddress.ip_network(one) for one in trusted)

    def seen_through(self, scope: Scope) -> Scope:
        """Return the request as its sender made it, with their address and scheme, if a trusted proxy passed it on."""
        client = scope.get("client")
        if client is None or not self._trusts(str(client[0])):
            return scope
        headers = Headers(scope=scope)
        changes: dict[str, Any] = {"client": (self._sender(str(client[0]), headers.getlist("x-forwarded-for")), 0)}
        scheme = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
        return {**scope, **changes, **({"scheme": scheme} if scheme in _SCHEMES else {})}

    def _sender(self, proxy: str, told: Iterable[str]) -> str:
        """The last one in the chain who is no proxy of ours: what stands before that, anybody may have written."""
        sender = proxy
        for one in reversed([part.strip() for line in told for part in line.split(",")]):
            if not _is_address(one):
                return sender
            sender = one
            if not self._trusts(one):
                return sender
        return sender

    def _trusts(self, address: str) -> bool:
        if not self._networks or not _is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return any((mapped or parsed) in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
