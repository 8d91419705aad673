"""What may be dialled: the guard against requests that a user-given URL would turn against the inside.

Pure, and of the standard library only. A URL is checked here when the settings are read and again at each
send; every address is checked when it is about to be dialled, since a name may resolve to anything. Resolving
and dialling are `watcher.outbound`'s.

An endpoint's ``allow`` list (the operator's alone) opens single places inside, with plain http and any port:

- ``127.0.0.1:9000``, ``[::1]:9000``: this address and port; without a port, every port of it
- ``10.1.0.0/16``, ``fd12::/16``: every address of this network, every port
- ``hooks.internal:8080``, ``receiver:9000``: this very name, at whatever private or loopback address it
  resolves to. Never at a link-local address, where clouds serve their machines' credentials: those are opened
  only by an address entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from watcher.errors import NotAllowed

__all__ = ["Allowance", "Target", "check_address", "check_mail_host", "check_url", "is_public", "parse_allow"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DEFAULT_PORTS = {"https": 443, "http": 80}
# By scheme, for all that may be dialled without an entry in allow. ``smtps`` stands for mail over TLS, whether
# from the first byte or by STARTTLS; plain ``http`` and ``smtp`` are none of them.
_PUBLIC_PORTS = {"https": frozenset({443, 8443, 80}), "smtps": frozenset({25, 465, 587, 2525})}
_MAX_URL = 2_000
_MAX_NAME = 253

# Written out, since `is_global` differs between Python versions and calls some of these global.
_REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by its number, but a cloud's inner services by its route
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # unspecified, loopback, and IPv4 addresses in a form long given up
        "::ffff:0:0:0/96",
        "64:ff9b:1::/48",  # NAT64 of a network's own: where the IPv4 address stands in it is not known
        "100::/64",
        "2001::/23",  # Teredo among others: a tunnel to an IPv4 address of the sender's choice
        "2001:db8::/32",
        "2002::/16",  # 6to4: the same
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that is given out so far; the rest has no use on the Internet

# What an allow-listed name may turn out to be, beside a public address.
_BY_NAME: tuple[Network, ...] = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_NEVER_BY_NAME = IPv6Network("fd00:ec2::/32")  # a cloud's credentials, within the private range

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]+)(:[0-9]*)?")
_ENTRY = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{1,5}))?")
# The old and the new rules for international names turn these into different names. Which one was meant is
# not ours to guess: the other may belong to somebody else.
_AMBIGUOUS = frozenset("ßς\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL, in its one canonical form, split into what a request needs."""

    scheme: str
    host: str  # a name in ASCII, or an address without brackets
    port: int
    path: str  # with the query, percent-encoded

    @property
    def authority(self) -> str:
        """The host as a Host header has it: the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL as text."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_ordinary(self) -> bool:
        """Whether it asks for nothing that only an allow list can open."""
        return self.port in _PUBLIC_PORTS.get(self.scheme, ()) and not _is_bare(self.host)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of an allow list: a network or a name, with one port or every port."""

    network: Network | None
    name: str | None
    port: int | None

    def covers(self, target: Target, address: Address) -> bool:
        """Whether this entry opens this address for this target."""
        if self.port is not None and self.port != target.port:
            return False
        if self.network is not None:
            return address in self.network
        return self.name == target.host and _may_be_named(address)

    def might_cover(self, target: Target) -> bool:
        """Whether this entry could open the target, going by what is known before its name is resolved."""
        literal = _literal(target.host)
        if literal is not None:
            return self.covers(target, literal)
        if self.port is not None and self.port != target.port:
            return False
        return self.network is not None or self.name == target.host


def check_url(url: str, allow: Iterable[str] = ()) -> Target:
    """Check a URL that a user gives, and return it in canonical form.

    Says nothing yet about what a name resolves to. Raises ``NotAllowed`` with a sentence that the user can act
    on, and ``ValueError`` when ``allow`` holds an entry that is none.
    """
    allowances = parse_allow(allow)
    target = _parse(url)
    opened = any(allowance.might_cover(target) for allowance in allowances)
    literal = _literal(target.host)
    if literal is not None and not (opened or is_public(literal)):
        raise NotAllowed("address not allowed")
    if opened or target.is_ordinary:
        return target
    if target.scheme != "https":
        raise NotAllowed("the URL must start with https:// (plain http needs an entry in allow)")
    if target.port not in _PUBLIC_PORTS["https"]:
        raise NotAllowed(f"port {target.port} is not allowed (443, 8443, 80, or an entry in allow)")
    raise NotAllowed("the host must be a full name such as hooks.example.com (or an entry in allow)")


def check_mail_host(host: str, port: int, *, encrypted: bool, allow: Iterable[str] = ()) -> Target:
    """Check the mail server that a user gives. What it resolves to is `check_address`'s to judge, as for a URL.

    Raises ``NotAllowed`` with a sentence that the user can act on, and ``ValueError`` when ``allow`` holds an
    entry that is none.
    """
    allowances = parse_allow(allow)
    bare = host.removeprefix("[").removesuffix("]")
    name = _canonical_host(bare, in_brackets=":" in bare)
    target = Target("smtps" if encrypted else "smtp", name, port, "/")
    opened = any(allowance.might_cover(target) for allowance in allowances)
    literal = _literal(name)
    if literal is not None and not (opened or is_public(literal)):
        raise NotAllowed("address not allowed")
    if opened or target.is_ordinary:
        return target
    if not encrypted:
        raise NotAllowed("mail without TLS needs an entry in allow")
    if port not in _PUBLIC_PORTS["smtps"]:
        raise NotAllowed(f"port {port} is not allowed (25, 465, 587, 2525, or an entry in allow)")
    raise NotAllowed("the host must be a full name such as mail.example.com (or an entry in allow)")


def check_address(target: Target, address: str, allow: Iterable[Allowance]) -> None:
    """Check one address that ``target`` resolved to, just before it is dialled. Raises ``NotAllowed``."""
    parsed = _unmapped(_without_zone(address))
    if any(allowance.covers(target, parsed) for allowance in allow):
        return
    if not (target.is_ordinary and is_public(parsed)):
        raise NotAllowed("address not allowed")


def is_public(address: str | Address) -> bool:
    """Whether an address is one of the public Internet. Raises ``ValueError`` when the text is no address."""
    address = _unmapped(ip_address(address) if isinstance(address, str) else address)
    if isinstance(address, IPv6Address):
        # On a network without IPv4, every IPv4 host is reached so. The gateway dials the address inside.
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not any(address in network for network in _REFUSED)


def parse_allow(entries: Iterable[str]) -> tuple[Allowance, ...]:
    """Read an endpoint's allow list. Raises ``ValueError`` with a sentence for the first entry that is none."""
    return tuple(_parse_allowance(entry) for entry in entries)


def _parse_allowance(entry: str) -> Allowance:
    try:
        # A bare IPv6 address holds colons, so it is tried before a port is looked for.
        return Allowance(_network(entry), None, None)
    except ValueError:
        pass
    match = _ENTRY.fullmatch(entry.strip())
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 0 < port < 65_536):
        raise ValueError(f"allow entry {entry!r} is none: write '127.0.0.1:9000', '10.1.0.0/16' or 'name:8080'")
    host = match["host"].strip("[]")
    try:
        return Allowance(_network(host), None, port)
    except ValueError as error:
        if "/" in host or ":" in host:
            raise ValueError(f"allow entry {entry!r}: {error}") from error
    try:
        return Allowance(None, _canonical_host(host), port)
    except NotAllowed as error:
        raise ValueError(f"allow entry {entry!r}: {error}") from error


def _network(text: str) -> Network:
    return ip_network(text.strip())


def _parse(url: str) -> Target:
    """Split a URL strictly: what two parsers could read in two ways is refused, not guessed at."""
    if len(url) > _MAX_URL:
        raise NotAllowed(f"the URL is longer than {_MAX_URL} characters")
    if any(char <= " " or char == "\x7f" or char.isspace() for char in url) or "\\" in url:
        raise NotAllowed("the URL holds a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Without the parser's words, which quote what stands before the path, a password among it.
        raise NotAllowed("the URL cannot be read: its host or its port is not written as it should be") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise NotAllowed("the URL must start with https://")
    if "@" in parts.netloc:
        raise NotAllowed("the URL must not hold a user name or password")
    if not _AUTHORITY.fullmatch(parts.netloc):
        raise NotAllowed("the URL names no host, or brackets stand where they do not belong")
    if "#" in url:
        raise NotAllowed("the URL must not hold a fragment (#...)")
    if port == 0:
        raise NotAllowed("port 0 is not allowed")
    host = _canonical_host(parts.hostname or "", in_brackets="[" in parts.netloc)
    path = quote(parts.path or "/", safe="/%:=&~+!$,;'()*@-._")
    query = "?" + quote(parts.query, safe="/%:=&?~+!$,;'()*@-._") if parts.query else ""
    return Target(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], path + query)


def _canonical_host(host: str, *, in_brackets: bool = False) -> str:
    """Return an address in its shortest form, or a name in lower-case ASCII without a final dot."""
    if in_brackets:
        try:
            return str(_unmapped(IPv6Address(host if "%" not in host else "")))
        except ValueError as error:
            raise NotAllowed("the host in brackets is not an IPv6 address") from error
    name = _ascii(host).lower().removesuffix(".")
    labels = name.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        # 2130706433, 0x7f.1, 0177.0.0.1 and 127.1 are 127.0.0.1 to some resolvers and nothing to others.
        try:
            return str(IPv4Address(name))
        except ValueError as error:
            raise NotAllowed("an IPv4 address must be written as four decimal numbers") from error
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotAllowed("the host is not a name: labels of letters, digits and hyphens, with dots between")
    return name


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    if len(host) > _MAX_NAME:  # the codec below takes time that grows with the square of the length
        raise NotAllowed(f"the host name is longer than {_MAX_NAME} characters")
    if _AMBIGUOUS.intersection(host):
        raise NotAllowed("the host name can be read in two ways: write it in its ASCII form (xn--...)")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise NotAllowed("the host is not a valid international name") from error


def _literal(host: str) -> Address | None:
    try:
        return _unmapped(ip_address(host))
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    """Return the IPv4 address in ``::ffff:a.b.c.d``: to the operating system the two are one."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _without_zone(address: str) -> Address:
    """Read a resolved address. A zone (``%eth0``) says how to go there, not where."""
    return ip_address(address.partition("%")[0])


def _may_be_named(address: Address) -> bool:
    return is_public(address) or (address not in _NEVER_BY_NAME and any(address in network for network in _BY_NAME))


def _is_bare(host: str) -> bool:
    return "." not in host and ":" not in host
