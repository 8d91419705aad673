"""The page and the API: where they are served, and who may come in."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from watcher.settings._base import PathFromBase, Section

__all__ = ["WebSettings"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EVERY = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  # what listens everywhere is reached here


class WebSettings(Section):
    """The page and the API."""

    listen: str = Field(
        "127.0.0.1:8000",
        description="address and port; port 0: a free one, printed; other than loopback only with a password or token",
    )
    url: str = Field(
        "", description='how others reach it, such as "https://eightk.example.com": for links in what is told'
    )
    access_file: PathFromBase = Field(
        Path("secrets/web"), description="who may come in: a password and tokens, made with eightk web; may be missing"
    )

    trusted_proxies: tuple[str, ...] = Field(
        (), description="addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for one in proxies:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise ValueError(
                    f"{one!r}: expected an address or a network, such as 127.0.0.1 or 10.0.0.0/8"
                ) from None
        return proxies

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str) -> str:
        host, colon, port = listen.rpartition(":")
        if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError("expected an address and a port, such as 127.0.0.1:8000")
        try:
            if host != "localhost":
                ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            raise ValueError("expected an IP address of this machine, such as 127.0.0.1:8000") from None
        return listen

    @field_validator("url")
    @classmethod
    def _is_a_site(cls, url: str) -> str:
        parts = urlsplit(url)
        is_site = parts.scheme in ("http", "https") and parts.hostname and not parts.path.strip("/")
        if url and (not is_site or parts.query or parts.fragment or parts.username or parts.password):
            raise ValueError("expected an address without a path, such as https://eightk.example.com")
        return url.rstrip("/")

    @property
    def host(self) -> str:
        """The address that is listened on, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in _LOOPBACK or ipaddress.ip_address(self.host).is_loopback

    @property
    def is_private(self) -> bool:
        """Whether it is meant for this machine alone: a public URL says that a proxy brings others."""
        host = urlsplit(self.url).hostname or "localhost"
        return self.is_loopback and (host in _LOOPBACK or host.endswith(".localhost"))

    def reached_at(self, served: str) -> str:
        """Where this machine reaches what is served at this URL: "0.0.0.0" is no address to go to."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return served.replace(f"//{shown}:", f"//{_EVERY[self.host]}:", 1) if self.host in _EVERY else served
