"""Which NATS server an endpoint tells: who asks, what TLS must be, and which of its addresses may be dialled."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers.notify._apart import run_apart
from handlers.notify._secret import read_secret
from watcher import DeliveryError, NotAllowed, check_address, check_url, parse_allow, read_small_text

__all__ = ["Credentials", "NatsServer"]

_MAX_BYTES = 65_536
_MAX_ADDRESSES = 4
_DEFAULT_PORT = 4222
_URL = re.compile(r"(?P<scheme>tls|nats)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@?#]+)(?::(?P<port>[0-9]{1,5}))?/?")
_JWT = re.compile(r"^-{3,}BEGIN NATS USER JWT-{3,}\s+([\w.=-]+)\s+-{3,}END", re.MULTILINE | re.ASCII)
_SEED = re.compile(r"^-{3,}BEGIN USER NKEY SEED-{3,}\s+([A-Z2-7]+)\s+-{3,}END", re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a credentials file holds. The seed signs, and is never sent."""

    jwt: str
    seed: str


@dataclass(frozen=True, slots=True)
class NatsServer:
    """A NATS server, and who asks it. It is dialled only if ``allow`` names it."""

    host: str  # without brackets
    port: int
    tls: bool
    ca_file: Path | None = None  # trusted instead of the system's authorities
    credentials_file: Path | None = None
    user: str = ""
    password_file: Path | None = None
    allow: tuple[str, ...] = ()

    @classmethod
    def at(cls, url: str, **settings: Any) -> NatsServer:
        """The server at ``tls://HOST[:PORT]``, or in the clear ``nats://HOST[:PORT]``. Raises ``ValueError``."""
        match = _URL.fullmatch(url)
        if match is None:
            raise ValueError("server: expected tls://HOST:PORT, or nats://HOST:PORT without TLS")
        host = match["host"].removeprefix("[").removesuffix("]")
        return cls(host, int(match["port"] or _DEFAULT_PORT), match["scheme"] == "tls", **settings)

    def problems(self) -> list[str]:
        """What is wrong with it, as far as that can be told without dialling."""
        problems = [*self._place_problems(), *self._login_problems()]
        for read in (self.context, self.credentials, self.password):
            try:
                read()
            except ValueError as error:
                problems.append(str(error))
        return problems

    def context(self) -> ssl.SSLContext | None:
        """What TLS must be: verified, with the host's own name. None without TLS. Raises ``ValueError``."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise ValueError(f"ca_file: {self.ca_file} is no file of certificates ({error})") from error

    def password(self) -> str:
        """Read the password; "" when there is none. Raises ``ValueError``."""
        return "" if self.password_file is None else read_secret(self.password_file, "the password")

    def credentials(self) -> Credentials | None:
        """Read the credentials; None when there are none. Raises ``ValueError``, never with a piece of them in it."""
        path = self.credentials_file
        if path is None:
            return None
        try:
            text = read_small_text(path, _MAX_BYTES)
        except OSError as error:
            raise ValueError(f"credentials_file: {path} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError:
            raise ValueError(f"credentials_file: {path} is not text") from None
        jwt, seed = _JWT.search(text), _SEED.search(text)
        if jwt is None or seed is None:
            raise ValueError(
                f"credentials_file: {path} holds no user JWT with its seed, as `nsc generate creds` writes"
            )
        return Credentials(jwt[1], seed[1])

    async def addresses(self) -> list[str]:
        """The host's addresses that the guard lets through.

        Raises ``DeliveryError``: permanent when there is none, and not when the name is not found.
        """
        try:
            target = check_url(self._url, self.allow)
        except NotAllowed as error:
            raise DeliveryError(str(error), permanent=True) from error
        found = await run_apart(lambda: _resolved(target.host, target.port), name="resolve")
        allowances = parse_allow(self.allow)
        good = []
        for address in found:
            try:
                check_address(target, address, allowances)
            except NotAllowed:
                continue
            good.append(address)
        if not good:
            raise DeliveryError("address not allowed", permanent=True)
        return good[:_MAX_ADDRESSES]

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def _url(self) -> str:
        # The guard knows no NATS. Plain http is what it opens for entries in allow alone, whatever the port is.
        return f"http://{self._place}/"

    def _place_problems(self) -> list[str]:
        if not 0 < self.port < 65_536:
            return ["server: expected a port from 1 to 65535"]
        try:
            parse_allow([self._place])
        except ValueError:
            return ["server: expected a full name or an address"]
        try:
            check_url(self._url, self.allow)
        except NotAllowed:
            return [f'server: a NATS server is dialled only if allow names it: allow = ["{self._place}"]']
        except ValueError as error:
            return [f"allow: {error}"]
        return []

    def _login_problems(self) -> list[str]:
        problems = []
        if bool(self.user) != (self.password_file is not None):
            problems.append("user and password_file go together")
        if self.user and self.credentials_file is not None:
            problems.append("credentials_file: give it or user, one of the two")
        if self.user and not self.tls:
            problems.append("server: a password is not sent without TLS: tls://...")
        return problems


def _resolved(host: str, port: int) -> Iterable[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"name not found: {host}") from error
    return dict.fromkeys(str(address[0]) for *_, address in found)
