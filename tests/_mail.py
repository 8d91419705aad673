"""A small SMTP server on loopback: it keeps what it is given and answers as told."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

# For localhost alone, signed by itself; the key guards nothing.
CERTIFICATE_AND_KEY = """\
-----BEGIN CERTIFICATE-----
MIIBTzCB9qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuYPIGjxurbX2A6uC
/edIoPEUVlON/4POo3LO9yo8uQDtLTuT5E3vFUzRpAYrFh9Yd3xNB7Jw0N65gE4X
z/wSZKM3MDUwFAYDVR0RBA0wC4IJbG9jYWxob3N0MB0GA1UdDgQWBBTUuGdjmpBZ
z9M4eUq1Bs6lBlllKjAKBggqhkjOPQQDAgNIADBFAiBmxaVjiRf/lPyoPiZSruq+
f39x7cflgROsJ9K8y1KZ3wIhAPCzxLqoMhmh7Ht/swTKFNXUdJTrJIDWfvZp1fDQ
sPif
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz90DriBjKjFUZfRk
PjuQr/xbES+T/nsLNZ7sW7LWtOOhRANCAAS5g8gaPG6ttfYDq4L950ig8RRWU43/
g86jcs73Kjy5AO0tO5PkTe8VTNGkBisWH1h3fE0HsnDQ3rmAThfP/BJk
-----END PRIVATE KEY-----
"""


@dataclass
class Received:
    """One mail as it was handed over."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=SMTP)  # type: ignore[arg-type, return-value]

    def text(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@dataclass
class Smtp:
    """Answers by ``replies``: what is said to a verb or to a whole command in place of the ordinary reply."""

    replies: Mapping[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")
    tls: ssl.SSLContext | None = None  # for STARTTLS
    at_once: bool = False  # TLS from the first byte
    port: int = 0
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: bool = False

    def serve(self, raw: socket.socket) -> None:
        with suppress(OSError, EOFError, ssl.SSLError):
            sock = self.tls.wrap_socket(raw, server_side=True) if self.tls and self.at_once else raw
            self.encrypted = self.at_once
            talk = _Talk(self, sock)
            try:
                talk.run()
            finally:
                talk.file.close()
                talk.sock.close()

    def reply(self, command: str, ordinary: str) -> str:
        return self.replies.get(command, self.replies.get(command.split(" ", maxsplit=1)[0], ordinary))


class _Talk:
    def __init__(self, server: Smtp, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.file: Any = sock.makefile("rb")
        self.sender, self.to = "", list[str]()

    def run(self) -> None:
        self.say(self.server.reply("CONNECT", "220 there"))
        while line := self.file.readline():
            verb, space, rest = line.decode().rstrip("\r\n").partition(" ")
            command = f"{verb.upper()}{space}{rest}"
            self.server.commands.append(command)
            if not self.answer(command):
                return

    def answer(self, command: str) -> bool:
        verb = command.split(" ", maxsplit=1)[0]
        if verb == "EHLO":
            offered = [
                *self.server.extensions,
                *(["STARTTLS"] if self.server.tls and not self.server.encrypted else []),
            ]
            lines = ["there", *offered]
            ordinary = "\r\n".join(f"250{' ' if one == lines[-1] else '-'}{one}" for one in lines)
        elif verb == "QUIT":
            ordinary = "221 bye"
        elif verb == "STARTTLS":
            ordinary = "220 go ahead"
        elif verb == "AUTH":
            self.server.logins.append(base64.b64decode(command.split(" ")[2]).decode())
            ordinary = "235 welcome"
        elif verb == "DATA":
            return self.data()
        else:
            ordinary = "250 ok"
        reply = self.server.reply(command, ordinary)
        if reply == "":
            return False
        self.say(reply)
        self.note(verb, command, reply)
        return verb != "QUIT"

    def note(self, verb: str, command: str, reply: str) -> None:
        address = command.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self.sender, self.to = address, []
        elif verb == "RCPT" and reply.startswith("2"):
            self.to.append(address)
        elif verb == "STARTTLS" and reply.startswith("2") and self.server.tls:
            self.file.close()
            self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            self.file = self.sock.makefile("rb")
            self.server.encrypted = True

    def data(self) -> bool:
        self.say("354 go on")
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        reply = self.server.reply("DATA", "250 kept")
        if reply.startswith("2"):
            self.server.received.append(Received(self.sender, self.to, b"".join(lines)))
        if reply:
            self.say(reply)
        return bool(reply)

    def say(self, reply: str) -> None:
        self.sock.sendall(reply.encode() + b"\r\n")


@contextmanager
def smtp_server(**settings: Any) -> Iterator[Smtp]:
    server = Smtp(**settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        talks: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    raw, _ = listening.accept()
                    talks.append(threading.Thread(target=server.serve, args=(raw,)))
                    talks[-1].start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for talk in talks:
                talk.join()


def tls_context(pem: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
