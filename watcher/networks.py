"""Who counts as one caller, by the address they come from."""

from __future__ import annotations

import ipaddress

__all__ = ["network_of"]


def network_of(address: str) -> str:
    """Return what one caller has to choose from: an IPv4 address itself, and of an IPv6 address its /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a name that a test, or a socket of another kind, gives
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
