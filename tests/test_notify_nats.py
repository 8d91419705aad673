"""NATS JetStream: an extra, tried against a real server on loopback; without the package it says what is missing."""

import asyncio
import json
import logging
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("nats", reason="the package nats-py is not installed")

from handlers.notify import Nats
from handlers.notify._jetstream import JetStream
from handlers.notify._nats_server import NatsServer
from tests._mail import CERTIFICATE_AND_KEY
from tests._nats import Keys, Server, add_stream, connected, free_port, serving, stored
from tests._telling import NOW, matched
from watcher.errors import DeliveryError
from watcher.testing import FakePost

SUBJECT = "eightk.alert.reg-fd.8-K.7_01._.1234567"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "nats") as running:
        yield running


def notifier(server: Server, **settings: Any) -> Nats:
    defaults = {"server": f"nats://{server.place}", "allow": (server.place,)}
    return Nats(**defaults | settings)


def at_localhost(server: Server, **settings: Any) -> Nats:
    place = f"localhost:{server.port}"
    return Nats(server=f"tls://{place}", allow=(place,), **settings)


async def tell(nats: Nats, id_: str = "alr_0011") -> None:
    await nats.notify(replace(matched(), id=id_), FakePost(), NOW)


async def refused(nats: Nats) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await tell(nats)
    await nats.aclose()
    return caught.value


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "pair.pem"
    file.write_text(CERTIFICATE_AND_KEY)
    return file


def tls_of(certificate: Path) -> str:
    return f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}\n'


async def test_what_is_told_is_in_the_stream_under_its_subject_and_id(server):
    nats = notifier(server)
    async with connected(server) as js:
        await add_stream(js)
        await tell(nats)
        (message,) = await stored(js)
    await nats.aclose()

    assert (message.subject, message.data) == (SUBJECT, matched().payload)
    assert message.headers["Nats-Msg-Id"] == "alr_0011"
    assert message.headers["Eightk-Items"] == "7.01,9.01"


async def test_a_consumer_filters_by_wildcards(server):
    nats = notifier(server)
    async with connected(server) as js:
        await add_stream(js)
        await tell(nats)
        some = [
            await js.pull_subscribe(one, stream="EIGHTK") for one in ("eightk.alert.*.*.7_01.>", "eightk.*.*.8-K_A.>")
        ]
        (got,) = await some[0].fetch(1, timeout=5)
        with pytest.raises(TimeoutError):
            await some[1].fetch(1, timeout=0.2)
    await nats.aclose()

    assert json.loads(got.data)["data"]["id"] == "alr_0011"


async def test_a_repeat_is_dropped_by_the_server(server):
    nats = notifier(server)
    async with connected(server) as js:
        await add_stream(js)
        for id_ in ("alr_1", "alr_2", "alr_1"):
            await tell(nats, id_)
        messages = await stored(js)
    await nats.aclose()

    assert [one.headers["Nats-Msg-Id"] for one in messages] == ["alr_1", "alr_2"]


async def test_without_a_stream_for_the_subject_it_is_tried_again(server):
    error = await refused(notifier(server))

    assert (str(error), error.permanent) == (f"no stream takes the subject {SUBJECT}", False)
    assert error.address == server.place


async def test_another_stream_than_the_named_one_is_no_success(server):
    async with connected(server) as js:
        await add_stream(js, "OTHER")
        error = await refused(notifier(server, stream="EIGHTK"))
        assert await stored(js, "OTHER") == []

    assert "expected stream does not match" in str(error)
    assert not error.permanent


async def test_a_full_stream_may_have_room_later(server):
    async with connected(server) as js:
        await add_stream(js, max_msgs=1, discard="new")
        nats = notifier(server)
        await tell(nats, "alr_1")
        error = await refused(nats)

    assert ("maximum messages exceeded" in str(error), error.permanent) == (True, False)


async def test_a_message_that_is_too_large_for_the_stream_is_given_up(server):
    async with connected(server) as js:
        await add_stream(js, max_msg_size=100)
        error = await refused(notifier(server))

    assert ("message size exceeds maximum" in str(error), error.permanent) == (True, True)


async def test_a_message_that_is_too_large_for_the_server_is_given_up(tmp_path):
    with serving(tmp_path, "max_payload: 1000") as server:
        error = await refused(notifier(server))

    assert (str(error), error.permanent) == ("the server takes no message of this size", True)


async def test_an_answer_from_somebody_who_is_no_stream_is_no_success(server):
    async with connected(server) as js:

        async def answer(message: Any) -> None:
            await message.respond(b"thanks")

        await js._nc.subscribe("eightk.>", cb=answer)
        await js._nc.flush()
        error = await refused(notifier(server))

    assert str(error) == "what answered is no stream: its answer cannot be read"


async def test_the_connection_is_kept_and_closed_when_asked(server):
    nats = notifier(server)
    async with connected(server) as js:
        await add_stream(js)
        await tell(nats, "alr_1")
        first = nats._line._link
        await asyncio.gather(*(tell(nats, f"alr_{number}") for number in range(2, 9)))
        assert nats._line._link is first
        await nats.aclose()
        await nats.aclose()
        assert not first.is_open
        await tell(nats, "alr_9")  # and can be used again
        assert len(await stored(js)) == 9
    await nats.aclose()


async def test_an_idle_connection_is_closed_and_dialled_anew(server):
    line = JetStream(NatsServer("127.0.0.1", server.port, tls=False, allow=(server.place,)), idle_seconds=0.05)
    async with connected(server) as js:
        await add_stream(js)
        await line.publish("eightk.a", b"{}", {})
        first = line._link
        async with asyncio.timeout(30):
            await first._ended.wait()
        await line.publish("eightk.b", b"{}", {})
        assert line._link is not first
        assert len(await stored(js)) == 2
    await line.aclose()


def test_it_ends_with_its_event_loop(server):
    """Nobody closes it: neither a command that tries an endpoint out, nor a daemon that ends."""

    async def use() -> None:
        async with connected(server) as js:
            await add_stream(js)
        await tell(nats)

    nats = notifier(server)
    asyncio.run(use())

    assert not nats._line._link.is_open


async def test_a_kept_connection_that_broke_costs_no_attempt(server):
    nats = notifier(server)
    async with connected(server) as js:
        await add_stream(js)
        await tell(nats, "alr_1")
        server.kill()
        server.start()
        await tell(nats, "alr_2")
        await js._nc.flush()
        assert len(await stored(js)) == 2
    await nats.aclose()


async def test_a_server_that_is_down_is_tried_again(tmp_path):
    port = free_port()
    error = await refused(Nats(server=f"nats://127.0.0.1:{port}", allow=(f"127.0.0.1:{port}",)))

    assert (str(error), error.permanent) == ("connection refused", False)
    assert error.address == f"127.0.0.1:{port}"


async def test_tls_is_verified_against_the_host_s_own_name(tmp_path, certificate):
    with serving(tmp_path / "nats", tls_of(certificate)) as server:
        context = ssl.create_default_context(cafile=certificate)
        async with connected(server, tls=context, tls_hostname="localhost") as js:
            await add_stream(js)
            nats = at_localhost(server, ca_file=certificate)
            await tell(nats)
            await nats.aclose()
            assert len(await stored(js)) == 1
        stranger = await refused(at_localhost(server))
        wrong_name = await refused(Nats(server=f"tls://{server.place}", allow=(server.place,), ca_file=certificate))

    assert "TLS: certificate refused: self-signed certificate" in str(stranger)
    assert "TLS: certificate refused: IP address mismatch" in str(wrong_name)
    assert not stranger.permanent


async def test_a_server_without_tls_is_sent_nothing(tmp_path):
    """What asks for TLS in its URL never goes on in the clear, whatever the server says."""
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.9.10", "headers": True, "auth_required": True, "nonce": "n"}
        writer.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
        heard.extend(await reader.read(10_000))
        writer.close()

    password = tmp_path / "password"
    password.write_text(PASSWORD)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        place = f"127.0.0.1:{port}"
        error = await refused(Nats(server=f"tls://{place}", allow=(place,), user="desk", password_file=password))

    assert str(error) == "TLS: the server asks for none, so nothing was sent"
    assert heard == b""


async def test_a_password_logs_in_and_is_never_shown(tmp_path, certificate, caplog):
    caplog.set_level(logging.DEBUG)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    users = f'authorization {{ user: desk, password: "{PASSWORD}" }}'
    with serving(tmp_path / "nats", tls_of(certificate) + users) as server:
        context = ssl.create_default_context(cafile=certificate)
        login = {"user": "desk", "password": PASSWORD, "tls": context, "tls_hostname": "localhost"}
        async with connected(server, **login) as js:
            await add_stream(js)
            nats = at_localhost(server, ca_file=certificate, user="desk", password_file=password)
            await tell(nats)
            await nats.aclose()
            assert len(await stored(js)) == 1
        password.write_text("wrong-horse\n")
        error = await refused(nats)

    assert "Authorization Violation" in str(error)
    assert not error.permanent
    assert not any(secret in str(error) + caplog.text for secret in (PASSWORD, "wrong-horse"))


async def test_a_credentials_file_logs_in_and_is_never_shown(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    keys, strangers = Keys(), Keys()
    file = tmp_path / "desk.creds"
    file.write_text(keys.credentials)
    with serving(tmp_path / "nats", keys.config) as server:
        async with connected(server, user_credentials=file) as js:
            await add_stream(js)
            nats = notifier(server, credentials_file=file)
            await tell(nats)
            await nats.aclose()
            assert len(await stored(js)) == 1
        file.write_text(strangers.credentials)
        error = await refused(nats)

    assert "Authorization Violation" in str(error)
    assert not any(secret in str(error) + caplog.text for secret in (keys.seed, strangers.seed))


async def test_without_leave_to_publish_it_says_so(tmp_path):
    users = "authorization { users: [ { user: a, password: a, permissions: { publish: { deny: 'eightk.>' } } } ] }"
    with serving(tmp_path, f"{users}\nno_auth_user: a") as server:
        error = await refused(notifier(server))

    assert "permissions violation for publish" in str(error).lower()
    assert not error.permanent


async def test_a_name_that_leads_to_a_cloud_s_credentials_is_not_dialled(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 4222))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    error = await refused(Nats(server="nats://stream.example.com", allow=("stream.example.com:4222",)))

    assert (str(error), error.permanent, error.address) == ("address not allowed", True, None)


async def test_what_a_server_tells_of_others_is_never_dialled(tmp_path):
    """A server names its cluster's other members; they would be dialled past the guard."""
    with serving(tmp_path) as elsewhere:
        async with connected(elsewhere) as js:
            await add_stream(js)

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                info = {"server_id": "x", "version": "2.9.10", "headers": True, "connect_urls": [elsewhere.place]}
                writer.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
                with suppress(OSError):
                    await reader.readline()
                    await reader.readline()
                    writer.write(b"PONG\r\n")
                    await reader.readline()
                writer.close()

            async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
                place = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
                await refused(Nats(server=f"nats://{place}", allow=(place,)))
            assert await stored(js) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"server": "http://a.example"}, "server: expected tls://HOST:PORT"),
        ({"server": "tls://user:word@a.example"}, "server: expected tls://HOST:PORT"),
        ({"server": "tls://a.example:70000"}, "server: expected a port from 1 to 65535"),
        ({"server": "tls://a_b!.example"}, "server: expected a full name or an address"),
        ({"server": "tls://a.example", "allow": ()}, r'dialled only if allow names it: allow = \["a.example:4222"\]'),
        ({"server": "tls://[::1]:4223", "allow": ()}, r'dialled only if allow names it: allow = \["\[::1\]:4223"\]'),
        ({"user": "desk"}, "user and password_file go together"),
        ({"user": "desk", "server": "nats://127.0.0.1"}, "a password is not sent without TLS"),
        ({"subject": "a.*"}, "subject: expected tokens"),
        ({"stream": "a.b"}, "stream: expected 1 to 64"),
        ({"credentials_file": Path("nowhere")}, "credentials_file: nowhere cannot be read"),
        ({"ca_file": Path("nowhere")}, "ca_file: nowhere is no file of certificates"),
    ],
)
def test_wrong_settings_are_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        Nats(**{"server": "tls://127.0.0.1:4222", "allow": ("127.0.0.1",)} | settings)


def test_a_credentials_file_of_another_kind_is_refused_without_a_piece_of_it(tmp_path):
    file = tmp_path / "desk.creds"
    broken = Keys().credentials.replace("BEGIN USER NKEY SEED", "BEGIN SEED"), "SUASECRETSECRET"
    for text in broken:
        file.write_text(text)
        with pytest.raises(ValueError, match="holds no user JWT with its seed") as caught:
            Nats(server="nats://127.0.0.1", allow=("127.0.0.1",), credentials_file=file)
        assert "SU" not in str(caught.value).replace(str(file), "")


def test_a_seed_that_is_none_is_refused_without_it(tmp_path):
    file = tmp_path / "desk.creds"
    keys = Keys()
    file.write_text(keys.credentials.replace(keys.seed, "SUASECRETSECRET"))

    with pytest.raises(ValueError, match="its seed is none") as caught:
        Nats(server="nats://127.0.0.1", allow=("127.0.0.1",), credentials_file=file)
    assert "SUASECRET" not in str(caught.value)


@pytest.mark.parametrize("package", ["nats.errors", "nkeys"])
def test_without_the_package_it_says_how_to_get_it(package, monkeypatch):
    monkeypatch.delitem(sys.modules, "handlers.notify._jetstream")
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ValueError, match=r"not installed: pip install 'eightk\[stream\]'"):
        Nats(server="nats://127.0.0.1", allow=("127.0.0.1",))
