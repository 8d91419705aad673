"""Checks whom we ask and as whom: EDGAR's addresses and our contact, with sentences fit for the settings' faults.

Needs no HTTP library, so that settings can be checked before any is loaded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

__all__ = ["Host", "check_base_url", "check_contact", "host_addresses", "is_loopback"]

# Stricter than any URL parser: what passes here, none of them reads otherwise.
_ADDRESS = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?/?")
_NAME = re.compile(r"(?=.{1,253}\Z)(?!xn--)(?!-)[a-z0-9_-]{1,63}(?:\.(?!xn--)[a-z0-9_-]{1,63})*")
_LAST_PORT = 65_535


class Host(StrEnum):
    """The SEC's hosts that are asked: no other one ever is."""

    WWW = "www.sec.gov"  # the archive, its indexes, the live list
    DATA = "data.sec.gov"  # the submissions API
    SEARCH = "efts.sec.gov"  # full-text search


def check_base_url(text: str) -> str:
    """Return the address that stands for the SEC's, such as ``https://www.sec.gov``, without a slash at its end.

    Raises ``ValueError`` with a sentence that says what was expected.
    """
    found = _ADDRESS.fullmatch(text.lower())
    if not text.isascii() or found is None:
        raise ValueError("expected http:// or https://, a host and perhaps a port, such as https://www.sec.gov")
    scheme, host, port = found.groups()
    if port is not None and not 0 < int(port) <= _LAST_PORT:
        raise ValueError(f"expected a port from 1 to {_LAST_PORT}, came {port}")
    if not _is_host(host):
        raise ValueError(f"expected the name of a host or an IP address, came {host[:80]!r}")
    if scheme != "https" and f".{host}".endswith(".sec.gov"):
        raise ValueError("expected https://, for the SEC is asked in no other way")
    return found[0].rstrip("/")


def host_addresses(base_url: str) -> Mapping[Host, str]:
    """Return the address of each of the SEC's hosts. Another one than ``https://www.sec.gov`` stands for all of them.

    Raises ``ValueError`` as `check_base_url` does.
    """
    base = check_base_url(base_url)
    if base.removesuffix(":443") == f"https://{Host.WWW}":
        return {host: f"https://{host}" for host in Host}
    return dict.fromkeys(Host, base)


def check_contact(text: str) -> str:
    """Return the contact that every request names, without blanks around it.

    Raises ``ValueError`` with a sentence that says what was expected.
    """
    # Before the blanks go: a line's end at either side is a mistake that wants to be seen.
    if not text.strip() or not text.isascii() or not text.isprintable():
        raise ValueError('expected "Your Firm you@firm.com" in one line of plain ASCII, as it is sent in a header')
    return text.strip()


def is_loopback(base_url: str) -> bool:
    """Whether an address is one of this machine's own: its loopback, by number or as ``localhost``."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_host(host: str) -> bool:
    if not host.startswith("[") and not re.fullmatch(r"[0-9.]+", host):
        return _NAME.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host[1:-1]) if host.startswith("[") else ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
