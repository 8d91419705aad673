"""Outbound: what is really dialled, sent and read, against real servers on loopback."""

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import pytest

from watcher.errors import DeliveryError
from watcher.outbound import Outbound

LOOPBACK = "127.0.0.0/8"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

# For hooks.example.com alone, signed by itself; the key guards nothing.
CERTIFICATE_AND_KEY = """\
-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFob29rcy5l
eGFtcGxlLmNvbTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRaG9va3MuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAR0GmtIS8vs0H5o9Hi2sF+Q/dJ+6wsxyiswsAYdA4B0vFN9v845x3IDap7o
zwpG8oaUmCS+02vB7PNHBw2XOHIAo2AwXjAcBgNVHREEFTATghFob29rcy5leGFt
cGxlLmNvbTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNVHQ4E
FgQU5bhNL+XhvHLLvJatWtFaY0QnLDgwCgYIKoZIzj0EAwIDSAAwRQIgX8LbQI6/
O1E4pqLuRRmQyHRcsT1QENObw3GpDNW/7tMCIQCZ6AmV70Mhf54dgAUv+KaRIncY
JtUJh1d9fbl5yjBvNA==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZDKU8l4CslQJMqfE
70tNzUWyat/Hnbx18AurkjdXg1ShRANCAAR0GmtIS8vs0H5o9Hi2sF+Q/dJ+6wsx
yiswsAYdA4B0vFN9v845x3IDap7ozwpG8oaUmCS+02vB7PNHBw2XOHIA
-----END PRIVATE KEY-----
"""


@dataclass
class Receiver:
    """A server on loopback that keeps what it was sent."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    tls_names: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def allow(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answers(data: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return behave


@asynccontextmanager
async def receiver(
    behave: Behaviour | None = None,
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    greeting: bytes = b"",
):
    """Run a server that reads whole requests and behaves as told after each."""
    state = Receiver()
    behave = behave or answers(OK)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        writer.write(greeting)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                state.requests.append(head + await reader.readexactly(length))
                await behave(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def outbound(**settings):
    way_out = Outbound(**settings)
    try:
        yield way_out
    finally:
        await way_out.aclose()


def resolving(*answers_in_turn: list[str]):
    """A resolver that gives these answers one after the other, and counts how often it was asked."""
    remaining = list(answers_in_turn)
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return remaining.pop(0)

    resolve.asked = asked
    return resolve


class NotingDialler(httpcore.AsyncNetworkBackend):
    """Notes what it is asked to dial, and refuses the connection."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.dialled.append((host, port))
        raise httpcore.ConnectError(f"{host} refused") from ConnectionRefusedError(errno.ECONNREFUSED, host)


async def failure(way_out: Outbound, url: str, allow: tuple[str, ...] = ()) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await way_out.post_for(allow)(url, {}, b"{}")
    return caught.value


async def test_the_receiver_gets_the_body_and_headers_that_were_given():
    async with receiver() as there, outbound() as way_out:
        await way_out.post_for(there.allow)(there.url + "?a=b", {"Webhook-Id": "alr_1"}, b'{"a": 1}')

    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /hook?a=b HTTP/1.1"
    assert f"host: 127.0.0.1:{there.port}".encode() in head.lower()
    assert b"webhook-id: alr_1" in head
    assert body == b'{"a": 1}'


async def test_an_answer_holds_what_came_and_from_where():
    data = b"HTTP/1.1 202 Accepted\r\nX-One: 1\r\nx-one: 2\r\ncontent-length: 4\r\n\r\nth\xffx"
    async with receiver(answers(data)) as there, outbound() as way_out:
        answer = await way_out.post_for(there.allow)(there.url, {}, b"{}")

    assert (answer.status, answer.headers["x-one"], answer.body, answer.tls) == (202, "1, 2", "th�x", "")
    assert answer.address == f"127.0.0.1:{there.port}"


async def test_an_answer_with_an_error_status_is_still_an_answer():
    async with receiver(answers(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n")) as there, outbound() as way_out:
        answer = await way_out.post_for(there.allow)(there.url, {}, b"{}")

    assert answer.status == 500


async def test_without_an_allow_list_loopback_is_not_dialled():
    async with receiver() as there, outbound() as way_out:
        error = await failure(way_out, there.url.replace("http:", "https:"))

    assert (str(error), error.permanent, there.connections) == ("address not allowed", True, 0)


async def test_an_allow_list_of_another_port_does_not_open_this_one():
    async with receiver() as there, outbound() as way_out:
        error = await failure(way_out, there.url, ("127.0.0.1:1",))

    assert (error.permanent, there.connections) == (True, 0)


async def test_a_connection_that_an_allow_list_opened_is_not_lent_to_an_endpoint_without_one():
    resolve = resolving(["127.0.0.1"], ["127.0.0.1"])
    async with receiver() as there, outbound(resolve=resolve) as way_out:
        url = f"http://hooks.example.com:{there.port}/"
        await way_out.post_for((LOOPBACK,))(url, {}, b"{}")
        error = await failure(way_out, url, ("10.0.0.0/8",))

    assert (str(error), len(there.requests)) == ("address not allowed", 1)


async def test_a_name_that_resolves_inside_is_refused_without_naming_the_address():
    async with outbound(resolve=resolving(["10.1.2.3", "::1"])) as way_out:
        error = await failure(way_out, "https://hooks.example.com/")

    assert (str(error), error.permanent, error.address) == ("address not allowed", True, None)


async def test_a_resolver_that_answers_public_then_private_cannot_turn_us_inside():
    resolve, dialler = resolving(["93.184.215.14"], ["127.0.0.1"]), NotingDialler()
    async with outbound(resolve=resolve, dialler=dialler) as way_out:
        first = await failure(way_out, "https://hooks.example.com/")
        second = await failure(way_out, "https://hooks.example.com/")

    assert dialler.dialled == [("93.184.215.14", 443)]
    assert (str(first), str(second)) == ("connection refused", "address not allowed")


async def test_a_name_is_resolved_once_for_each_connection():
    resolve = resolving(["93.184.215.14"])
    async with outbound(resolve=resolve, dialler=NotingDialler()) as way_out:
        await failure(way_out, "https://hooks.example.com/")

    assert resolve.asked == ["hooks.example.com"]


async def test_of_several_addresses_the_bad_ones_are_dropped_and_the_others_tried_in_order():
    resolve, dialler = resolving(["10.0.0.1", "93.184.215.14", "::1", "2606:4700::1111"]), NotingDialler()
    async with outbound(resolve=resolve, dialler=dialler) as way_out:
        await failure(way_out, "https://hooks.example.com/")

    assert dialler.dialled == [("93.184.215.14", 443), ("2606:4700::1111", 443)]


async def test_when_the_first_address_is_dead_the_next_one_is_used():
    async with receiver() as there, outbound(resolve=resolving(["127.0.0.2", "127.0.0.1"])) as way_out:
        answer = await way_out.post_for((LOOPBACK,))(f"http://hooks.example.com:{there.port}/", {}, b"{}")

    assert answer.address == f"127.0.0.1:{there.port}"


async def test_the_host_header_stays_the_name_that_was_given():
    async with receiver() as there, outbound(resolve=resolving(["127.0.0.1"])) as way_out:
        await way_out.post_for((LOOPBACK,))(f"http://hooks.example.com:{there.port}/", {}, b"{}")

    assert f"host: hooks.example.com:{there.port}\r\n".encode() in there.requests[0].lower()


async def test_an_ipv6_address_is_dialled_and_named_in_brackets():
    try:
        async with receiver(host="::1") as there, outbound() as way_out:
            answer = await way_out.post_for(["::1"])(f"http://[::1]:{there.port}/", {}, b"{}")
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert answer.address == f"[::1]:{there.port}"
    assert f"host: [::1]:{there.port}\r\n".encode() in there.requests[0].lower()


async def test_a_name_that_does_not_exist_is_worth_another_try():
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    async with outbound(resolve=resolve) as way_out:
        error = await failure(way_out, "https://hooks.example.com/")

    assert (str(error), error.permanent) == ("name not found: hooks.example.com", False)


async def test_the_systems_resolver_is_asked_when_no_other_is_given():
    async with receiver() as there, outbound() as way_out:
        url = f"http://localhost:{there.port}/"
        answer = await way_out.post_for([f"localhost:{there.port}"])(url, {}, b"{}")

    assert answer.status == 200


async def test_a_redirect_is_handed_back_and_its_target_is_not_visited():
    async with receiver() as other:
        data = f"HTTP/1.1 307 Moved\r\nlocation: {other.url}\r\ncontent-length: 0\r\n\r\n".encode()
        async with receiver(answers(data)) as there, outbound() as way_out:
            answer = await way_out.post_for((LOOPBACK,))(there.url, {}, b"{}")

    assert (answer.status, other.connections) == (307, 0)


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    async with receiver() as proxy, receiver() as there, outbound() as way_out:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        await way_out.post_for(there.allow)(there.url, {}, b"{}")

    assert (proxy.connections, there.connections) == (0, 1)


async def test_a_cookie_is_not_kept():
    data = b"HTTP/1.1 200 OK\r\nset-cookie: a=b; path=/\r\ncontent-length: 0\r\n\r\n"
    async with receiver(answers(data)) as there, outbound() as way_out:
        post = way_out.post_for(there.allow)
        await post(there.url, {}, b"{}")
        await post(there.url, {}, b"{}")

    assert b"cookie" not in there.requests[1].lower()


async def test_two_posts_in_a_row_share_a_connection():
    async with receiver() as there, outbound() as way_out:
        post = way_out.post_for(there.allow)
        await post(there.url, {}, b"{}")
        await post(there.url, {}, b"{}")

    assert (len(there.requests), there.connections) == (2, 1)


async def test_of_a_huge_answer_only_the_beginning_is_taken():
    async def forever(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with receiver(forever) as there, outbound() as way_out:
        answer = await way_out.post_for(there.allow)(there.url, {}, b"{}")

    assert (answer.status, answer.body) == (200, "x" * 20_000)


async def test_a_compressed_answer_is_not_unpacked():
    data = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd"
    async with receiver(answers(data)) as there, outbound() as way_out:
        answer = await way_out.post_for(there.allow)(there.url, {}, b"{}")

    assert answer.body == "abcd"


async def test_a_receiver_that_does_not_answer_is_given_up_in_time():
    async def silence(reader, writer):
        await reader.read()

    async with receiver(silence) as there, outbound(total_seconds=0.1) as way_out:
        error = await failure(way_out, there.url, there.allow)

    assert (str(error), error.permanent) == ("no complete answer within 0.1 s", False)


async def test_a_failure_after_dialling_names_what_was_dialled():
    async def silence(reader, writer):
        await reader.read()

    async with receiver(silence) as there, outbound(total_seconds=2) as way_out:  # dialling, too, takes its time
        error = await failure(way_out, there.url, there.allow)

    assert error.timed_out
    assert error.address == f"127.0.0.1:{there.port}"


async def test_a_receiver_that_drips_its_answer_is_given_up_in_time():
    async def drip(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async with receiver(drip) as there, outbound(total_seconds=0.15) as way_out:
        error = await failure(way_out, there.url, there.allow)

    assert str(error) == "no complete answer within 0.15 s"


async def test_a_resolver_that_hangs_is_given_up_in_time():
    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async with outbound(resolve=resolve, connect_seconds=0.05) as way_out:
        error = await failure(way_out, "https://hooks.example.com/")

    assert str(error) == "no connection within 0.05 s"


async def test_a_connection_that_hangs_is_given_up_in_time():
    class Hanging(NotingDialler):
        async def connect_tcp(self, *args, **settings):
            await asyncio.sleep(30)

    async with outbound(resolve=resolving(["8.8.8.8"]), dialler=Hanging(), connect_seconds=0.05) as way_out:
        error = await failure(way_out, "https://hooks.example.com/")

    assert (str(error), error.permanent) == ("no connection within 0.05 s", False)


async def test_a_port_where_nobody_listens_is_told_as_refused():
    async with receiver() as there:
        url, allow = there.url, there.allow
    async with outbound() as way_out:
        error = await failure(way_out, url, allow)

    assert (str(error), error.permanent) == ("connection refused", False)


async def test_a_reset_is_told_as_such():
    async def reset(reader, writer):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER with no time: close sends a reset
        writer.transport.abort()

    async with receiver(reset) as there, outbound() as way_out:
        error = await failure(way_out, there.url, there.allow)

    assert str(error) == "connection reset by peer"


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n"])
async def test_what_is_not_http_is_told_as_such(data):
    async def speak(reader, writer):
        writer.write(data)
        writer.close()

    async with receiver(speak) as there, outbound() as way_out:
        error = await failure(way_out, there.url, there.allow)

    assert str(error) == "the connection was closed without an answer, or the answer is not HTTP"


async def test_an_answer_that_stops_in_the_middle_is_a_failure():
    async def stop(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
        writer.close()

    async with receiver(stop) as there, outbound() as way_out:
        error = await failure(way_out, there.url, there.allow)

    assert error.permanent is False


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "server.pem"
    path.write_text(CERTIFICATE_AND_KEY)
    return path


def serving(certificate, there: list[str | None] | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if there is not None:
        context.sni_callback = lambda connection, name, _: there.append(name)
    return context


async def test_tls_is_checked_against_the_name_in_the_url_whatever_address_is_dialled(certificate):
    names: list[str | None] = []
    async with (
        receiver(tls=serving(certificate, names)) as there,
        outbound(
            ssl_context=ssl.create_default_context(cafile=certificate), resolve=resolving(["127.0.0.1"])
        ) as way_out,
    ):
        answer = await way_out.post_for((LOOPBACK,))(f"https://hooks.example.com:{there.port}/", {}, b"{}")

    assert (answer.status, names, answer.tls) == (200, ["hooks.example.com"], "TLSv1.3")


async def test_a_certificate_for_another_name_is_refused(certificate):
    async with (
        receiver(tls=serving(certificate)) as there,
        outbound(
            ssl_context=ssl.create_default_context(cafile=certificate), resolve=resolving(["127.0.0.1"])
        ) as way_out,
    ):
        error = await failure(way_out, f"https://other.example.com:{there.port}/", (LOOPBACK,))

    assert str(error).startswith("TLS: certificate refused: Hostname mismatch")
    assert (error.permanent, there.requests) == (False, [])


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate):
    async with (
        receiver(tls=serving(certificate)) as there,
        outbound(resolve=resolving(["127.0.0.1"])) as way_out,
    ):
        error = await failure(way_out, f"https://hooks.example.com:{there.port}/", (LOOPBACK,))

    assert str(error).startswith("TLS: certificate refused: self")
    assert there.requests == []


async def test_a_server_without_tls_is_told_apart():
    async with receiver(greeting=b"220 mail.example.com ESMTP\r\n") as there, outbound() as way_out:
        error = await failure(way_out, there.url.replace("http:", "https:"), there.allow)

    assert str(error).startswith("TLS: ")


async def test_an_allow_entry_that_is_none_is_refused_before_anything_is_sent():
    async with outbound() as way_out:
        with pytest.raises(ValueError, match="allow entry"):
            way_out.post_for(["http://127.0.0.1:9000"])


async def test_closing_twice_does_no_harm():
    way_out = Outbound()

    await way_out.aclose()
    await way_out.aclose()


async def test_a_notifier_cannot_name_another_host_than_the_one_that_was_judged():
    async with receiver() as there, outbound() as way_out:
        await way_out.post_for(there.allow)(there.url, {"Host": "inside.example.com"}, b"{}")

    assert b"inside.example.com" not in there.requests[0]
