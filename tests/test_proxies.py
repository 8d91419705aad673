"""What a proxy says of who asks: believed where the settings name it, and from nobody else."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from _running import Place
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from watcher.errors import ConfigError
from watcher.ready import examine
from watcher.serving import serving
from watcher.web.access import Access
from watcher.web.gate import Gate
from watcher.web.proxies import Proxies


def seen(trusted: tuple[str, ...], client: str | None, *headers: tuple[str, str]) -> tuple[str | None, str]:
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": client and (client, 4711),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    found = Proxies(trusted).seen_through(scope)
    return found["client"] and found["client"][0], found["scheme"]


FOR, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


@pytest.mark.parametrize(
    ("trusted", "client", "told", "sender"),
    [
        ((), "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (("127.0.0.1",), "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        # What stands before the last address, the sender wrote.
        (("127.0.0.1",), "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (("127.0.0.1", "10.0.0.0/8"), "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "", "127.0.0.1"),
        (("fd00::/8",), "fd00::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_what_a_named_proxy_adds_is_believed(
    trusted: tuple[str, ...], client: str, told: str, sender: str
) -> None:
    assert seen(trusted, client, (FOR, told))[0] == sender


def test_the_scheme_is_that_of_the_named_proxy() -> None:
    assert seen(("127.0.0.1",), "127.0.0.1", (PROTO, "https"))[1] == "https"
    assert seen(("127.0.0.1",), "127.0.0.1", (PROTO, "javascript"))[1] == "http"
    assert seen((), "127.0.0.1", (PROTO, "https"))[1] == "http"


def test_a_socket_without_an_address_is_no_proxy() -> None:
    assert seen(("127.0.0.1",), None, (FOR, "203.0.113.9"))[0] is None


async def who(request: Request) -> PlainTextResponse:
    assert request.client is not None
    return PlainTextResponse(f"{request.client.host} {request.url.scheme}")


@pytest.mark.parametrize(
    ("trusted", "told"), [((), "127.0.0.1 http"), (("127.0.0.0/8",), "203.0.113.9 https")], ids=["nobody", "loopback"]
)
async def test_a_server_on_loopback_believes_only_a_proxy_that_is_named(trusted: tuple[str, ...], told: str) -> None:
    access = Access("token", proxies=Proxies(trusted))
    app = Gate(Starlette(routes=[Route("/", who)]), access)

    async with serving(app) as url, httpx.AsyncClient() as client:
        answer = await client.get(url, headers={FOR: "203.0.113.9", PROTO: "https"})

    assert answer.text == told


def test_a_proxy_that_is_no_address_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    text = place.config.read_text().replace("[web]", '[web]\ntrusted_proxies = ["proxy.example"]')
    place.config.write_text(text)

    with pytest.raises(ConfigError, match=r"web.trusted_proxies.*such as 127\.0\.0\.1"):
        examine(place.config)
