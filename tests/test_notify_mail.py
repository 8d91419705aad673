"""Mail: what is written, how it is handed to a server, and which servers may be asked."""

import re
import socket
import threading
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

import pytest

import handlers.notify.mail as mail_module
from handlers.notify import Mail
from handlers.notify._smtp import Handover
from tests._mail import CERTIFICATE_AND_KEY, Smtp, smtp_server, tls_context
from tests._telling import EDGAR, HOSTILE, NOW, PAGE, alarm, digest, hostile, hostile_digest, matched, ping
from watcher.errors import DeliveryError, NotAllowed
from watcher.guard import Target, check_address, check_mail_host
from watcher.testing import FakePost

TAGS = {"a", "blockquote", "body", "head", "html", "li", "meta", "p", "strong", "table", "td", "th", "tr", "ul"}
TO = ("desk@example.com", "night.desk@example.com")


@pytest.fixture
def pem(tmp_path):
    path = tmp_path / "server.pem"
    path.write_text(CERTIFICATE_AND_KEY)
    return path


@pytest.fixture
def password(tmp_path):
    path = tmp_path / "password"
    path.write_text("hunter two\n")
    return path


def mailer(server: Smtp | None = None, **settings) -> Mail:
    port = server.port if server else 25
    given = {"host": "127.0.0.1", "port": port, "tls": "none", "allow": (f"127.0.0.1:{port}",)}
    return Mail(**(given | {"sender": "alerts@example.com", "to": TO} | settings))


def secure(server: Smtp, pem, tls: str, **settings) -> Mail:
    allow = (f"localhost:{server.port}",)
    return mailer(server, host="localhost", tls=tls, ca_file=pem, allow=allow, **settings)


async def send(mail: Mail, message=None) -> None:
    await mail.notify(message or matched(), FakePost(), NOW)


async def refused(mail: Mail, message=None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(mail, message)
    return caught.value


async def test_a_mail_is_handed_over_with_what_a_person_wants_to_know():
    with smtp_server() as server:
        await send(mailer(server))

    received = server.received[0]
    text = received.text("plain")
    assert (received.sender, received.to) == ("alerts@example.com", list(TO))
    assert received.mail["Subject"] == "[high] Made-up Corp: Regulation FD disclosure"
    assert received.mail["From"] == "eightk <alerts@example.com>"
    assert received.mail["To"] == "desk@example.com, night.desk@example.com"
    assert received.mail["Auto-Submitted"] == "auto-generated"
    assert received.mail["Date"] == "Thu, 28 May 2026 20:26:40 +0000"
    assert "Company: Made-up Corp (MADE), CIK 1234567\n" in text
    assert "“will hold a call”\n" in text
    assert f"EDGAR: {EDGAR}\n" in text
    assert server.commands[0] == "EHLO example.com"


async def test_the_html_alternative_says_the_same_and_fetches_nothing():
    with smtp_server() as server:
        await send(mailer(server))

    html = server.received[0].text("html")
    assert "<td>Made-up Corp (MADE), CIK 1234567</td>" in html
    assert re.findall(r'<a href="([^"]*)">', html) == [EDGAR, PAGE]
    assert not re.search(r"<(img|link|script|style|iframe)|src=|url\(", html)


async def test_the_same_message_has_the_same_message_id():
    with smtp_server() as server:
        await send(mailer(server))
        await send(mailer(server))

    assert [received.mail["Message-ID"] for received in server.received] == ["<alr_0011@example.com>"] * 2


def test_an_id_that_a_header_could_not_hold_is_hashed():
    written = mailer().write(replace(matched(), id="alr 1>\r\nBcc: evil@evil.example"), NOW)

    assert re.fullmatch(r"<[0-9a-f]{64}@example\.com>", written["Message-ID"])


@pytest.mark.parametrize("message", [alarm(), alarm(over=True), digest(30), digest(99, told=3), ping()])
async def test_every_type_of_message_can_be_mailed(message):
    with smtp_server() as server:
        await send(mailer(server), message)

    assert message.summary in server.received[0].mail["Subject"]
    assert message.summary in server.received[0].text("plain")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("make", [hostile, hostile_digest])
def test_no_text_makes_a_header_or_markup(make, name):
    raw = mailer().write(make(HOSTILE[name]), NOW).as_bytes()
    mail = message_from_bytes(raw, policy=SMTP)

    names = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    html = mail.get_body(("html",)).get_content()
    assert mail.keys() == names
    assert (mail["To"], len(mail["Subject"]) <= 160) == ("desk@example.com, night.desk@example.com", True)
    assert set(re.findall(r"<(\w+)", html)) <= TAGS
    assert set(re.findall(r'href="([^"]*)"', html)) <= {EDGAR, PAGE}
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert len(raw) < 200_000


async def test_a_line_that_begins_with_a_dot_arrives_whole():
    with smtp_server() as server:
        await send(mailer(server), replace(ping(), summary=".hidden"))

    assert server.received[0].text("plain").startswith(".hidden\n")


async def test_starttls_comes_before_the_password(pem, password):
    with smtp_server(tls=tls_context(pem), extensions=("AUTH PLAIN",)) as server:
        await send(secure(server, pem, "starttls", user="desk", password_file=password))

    assert [command.split(" ")[0] for command in server.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert server.logins == ["\0desk\0hunter two"]
    assert len(server.received) == 1


async def test_tls_from_the_first_byte(pem):
    with smtp_server(tls=tls_context(pem), at_once=True) as server:
        await send(secure(server, pem, "tls"))

    assert len(server.received) == 1


async def test_a_server_that_offers_no_tls_gets_neither_password_nor_mail(pem, password):
    with smtp_server(replies={"STARTTLS": "502 no"}) as server:
        error = await refused(secure(server, pem, "starttls", user="desk", password_file=password))

    assert (str(error), error.permanent) == ("no STARTTLS: 502 no", False)
    assert (server.logins, server.received) == ([], [])


async def test_what_was_said_in_the_clear_behind_starttls_counts_for_nothing(pem, password):
    injected = "220 go ahead\r\n250-evil\r\n250 AUTH PLAIN"
    with smtp_server(tls=tls_context(pem), extensions=("SIZE",), replies={"STARTTLS": injected}) as server:
        error = await refused(secure(server, pem, "starttls", user="desk", password_file=password))

    assert "AUTH" in str(error)
    assert server.logins == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(pem):
    with smtp_server(tls=tls_context(pem)) as server:
        mail = mailer(server, host="localhost", tls="starttls", allow=(f"localhost:{server.port}",))
        error = await refused(mail)

    assert str(error).startswith("TLS: certificate refused: self")
    assert (error.permanent, server.received) == (False, [])


async def test_a_certificate_for_another_name_is_refused(pem):
    with smtp_server(tls=tls_context(pem)) as server:
        error = await refused(mailer(server, tls="starttls", ca_file=pem))

    assert str(error).startswith("TLS: certificate refused: IP address mismatch")


@pytest.mark.parametrize(
    ("replies", "permanent", "text"),
    [
        ({"CONNECT": "421 too busy"}, False, "421 too busy"),
        ({"CONNECT": "554 not here"}, False, "554 not here"),
        ({"MAIL": "451 later"}, False, "451 later"),
        ({"MAIL": "550 never"}, True, "550 never"),
        ({"MAIL": "530 log in first"}, False, "530 log in first"),
        ({"RCPT": "450 grey"}, False, "no recipient was accepted: desk@example.com: 450 grey; night.desk"),
        ({"RCPT": "550 nobody"}, True, "no recipient was accepted: desk@example.com: 550 nobody"),
        ({"RCPT TO:<desk@example.com>": "452 full", "RCPT": "550 no"}, False, "no recipient was accepted"),
        ({"DATA": "452 full"}, False, "452 full"),
        ({"DATA": "554 spam\x1b[31m"}, True, "554 spam[31m"),
        ({"DATA": ""}, False, "Connection unexpectedly closed"),
        ({"EHLO": "nonsense", "HELO": "nonsense"}, False, ""),
    ],
)
async def test_what_the_servers_answer_means(replies, permanent, text):
    with smtp_server(replies=replies) as server:
        error = await refused(mailer(server))

    assert str(error).startswith(text)
    assert (error.permanent, error.address) == (permanent, f"127.0.0.1:{server.port}")


async def test_a_refused_password_may_be_mended_and_is_not_told(pem, password):
    replies = {"AUTH": "535 hunter two is wrong"}
    with smtp_server(tls=tls_context(pem), extensions=("AUTH PLAIN",), replies=replies) as server:
        mail = secure(server, pem, "starttls", user="desk", password_file=password)
        error = await refused(mail)

    assert (str(error), error.permanent) == ("535 … is wrong", False)
    assert "hunter" not in repr(mail) + repr(vars(mail)) + repr(error)


async def test_a_password_file_that_broke_meanwhile_fails_the_attempt(pem, password):
    with smtp_server(tls=tls_context(pem), extensions=("AUTH PLAIN",)) as server:
        mail = secure(server, pem, "starttls", user="desk", password_file=password)
        password.unlink()
        error = await refused(mail)

    assert ("cannot be read" in str(error), error.permanent) == (True, False)


async def test_who_is_refused_for_good_keeps_nobody_else_from_having_it(caplog):
    with smtp_server(replies={"RCPT TO:<desk@example.com>": "550 nobody"}) as server:
        await send(mailer(server))

    assert server.received[0].to == ["night.desk@example.com"]
    assert [record.recipient for record in caplog.records] == ["desk@example.com"]


async def test_another_attempt_goes_to_those_alone_who_have_not_had_it():
    replies = {"RCPT TO:<desk@example.com>": "450 grey"}
    with smtp_server(replies=replies) as server:
        mail = mailer(server)
        error = await refused(mail)
        replies.clear()
        await send(mail)

    assert str(error) == "not accepted yet for desk@example.com; the others have it"
    assert [received.to for received in server.received] == [["night.desk@example.com"], ["desk@example.com"]]
    assert server.received[1].mail["To"] == "desk@example.com, night.desk@example.com"


async def test_nobody_listening_is_told_as_refused():
    with smtp_server() as server:
        mail = mailer(server)
    error = await refused(mail)

    assert (str(error), error.permanent) == ("connection refused", False)


async def test_a_server_that_never_ends_is_left_in_time(monkeypatch):
    monkeypatch.setattr(mail_module, "_TOTAL_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        error = await refused(mailer(port=port, allow=(f"127.0.0.1:{port}",)))

    for thread in threading.enumerate():
        if thread.name.startswith("mail"):
            thread.join(timeout=30)
            assert not thread.is_alive()
    assert (str(error), error.permanent) == ("the mail was not handed over within 0.2 s", False)


async def test_a_name_is_dialled_only_where_the_guard_lets_it(monkeypatch, pem):
    dialled = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.5", 25))])
    monkeypatch.setattr(socket, "create_connection", lambda address, **_: dialled.append(address))
    error = await refused(mailer(host="mail.example.com", port=587, tls="starttls", allow=()))

    assert (str(error), error.permanent, dialled) == ("address not allowed", True, [])


async def test_of_a_names_addresses_only_public_ones_are_dialled_and_the_tls_name_stays(monkeypatch, pem):
    dialled: list[tuple[str, int]] = []
    there = [("169.254.169.254", 25), ("::ffff:127.0.0.1", 25), ("8.8.8.8", 25), ("8.8.8.8", 25)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", address) for address in there])

    def dial(address, **_):
        dialled.append(address)
        raise ConnectionRefusedError(111, "no")

    monkeypatch.setattr(socket, "create_connection", dial)
    error = await refused(mailer(host="mail.example.com", port=587, tls="starttls", allow=()))

    assert dialled == [("8.8.8.8", 587)]
    assert error.address == "8.8.8.8:587"


async def test_a_name_that_nobody_knows_may_be_known_later(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await refused(mailer(host="mail.example.com", port=587, tls="starttls", allow=()))

    assert (str(error), error.permanent) == ("name not found: mail.example.com", False)


def test_a_conversation_that_was_given_up_while_the_name_was_looked_up_sends_nothing():
    with smtp_server() as server:
        handover = Handover(mailer(server)._server)
        handover.abort()
        with pytest.raises(DeliveryError, match="no answer in time"):
            handover.hand_over("alerts@example.com", list(TO), b"Subject: x\r\n\r\nx\r\n")

    assert server.received == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"sender": "alerts"}, "sender: 'alerts' is no plain mail address"),
        ({"sender": "a@b.example\r\nBcc: x@y.example"}, "is no plain mail address"),
        ({"to": ("Desk <desk@example.com>",)}, "to: 'Desk <desk@example.com>' is no plain mail address"),
        ({"to": ("a@b.example, c@d.example",)}, "is no plain mail address"),
        ({"to": ()}, "to: names nobody"),
        ({"user": "desk"}, "user and password_file go together"),
        ({"user": "desk", "tls": "none"}, "a password is not sent without TLS"),
        ({"host": "mail.example.com", "port": 25, "tls": "none", "allow": ()}, "host: mail without TLS needs an entry"),
        ({"host": "127.0.0.1", "port": 25, "tls": "none", "allow": ()}, "host: address not allowed"),
        ({"host": "mail.example.com", "port": 22, "tls": "tls", "allow": ()}, "host: port 22 is not allowed"),
        ({"host": "mail", "port": 465, "tls": "tls", "allow": ()}, "host: the host must be a full name"),
        ({"host": "a b", "tls": "tls"}, "host: the host is not a name"),
        ({"port": 70_000}, "port: expected 1 to 65535"),
        ({"ca_file": "/nowhere"}, "ca_file: /nowhere is no file of certificates"),
        ({"user": "desk", "tls": "tls", "password_file": "/nowhere"}, "/nowhere cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_told(settings, problem, tmp_path):
    paths = {name: tmp_path / settings[name] for name in ("ca_file", "password_file") if name in settings}
    with pytest.raises(ValueError, match=re.escape(problem)):
        mailer(**(settings | paths))


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465)])
def test_the_port_goes_by_the_kind_of_tls(tls, port):
    assert mailer(host="mail.example.com", port=None, tls=tls, allow=())._server.port == port


@pytest.mark.parametrize(
    ("host", "port", "encrypted", "allow"),
    [
        ("mail.example.com", 587, True, ()),
        ("MAIL.example.com.", 465, True, ()),
        ("8.8.8.8", 25, True, ()),
        ("[2001:4860:4860::8888]", 2525, True, ()),
        ("127.0.0.1", 25, False, ("127.0.0.1:25",)),
        ("::1", 1025, False, ("::1",)),
        ("relay", 25, False, ("relay:25",)),
        ("relay.example.com", 2626, True, ("relay.example.com:2626",)),
    ],
)
def test_a_mail_server_that_may_be_asked(host, port, encrypted, allow):
    assert check_mail_host(host, port, encrypted=encrypted, allow=allow).port == port


@pytest.mark.parametrize(
    ("host", "port", "encrypted", "allow"),
    [
        ("mail.example.com", 25, False, ()),
        ("mail.example.com", 443, True, ()),
        ("mail", 25, True, ()),
        ("127.0.0.1", 25, True, ()),
        ("127.0.0.1", 25, False, ("127.0.0.1:26",)),
        ("2130706433", 25, True, ()),
        ("::ffff:127.0.0.1", 25, True, ()),
        ("64:ff9b::7f00:1", 25, True, ()),
        ("169.254.169.254", 25, True, ()),
        ("a@b.example", 25, True, ()),
        ("", 25, True, ()),
    ],
)
def test_a_mail_server_that_may_not(host, port, encrypted, allow):
    with pytest.raises(NotAllowed):
        check_mail_host(host, port, encrypted=encrypted, allow=allow)


def test_a_server_for_mail_is_no_way_to_a_web_port_and_back():
    with pytest.raises(NotAllowed):
        check_address(Target("smtps", "a.example", 443, "/"), "8.8.8.8", ())
    with pytest.raises(NotAllowed):
        check_address(Target("https", "a.example", 25, "/"), "8.8.8.8", ())
