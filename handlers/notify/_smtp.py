"""Handing one mail to an SMTP server, under the guard.

The host's name is resolved once, addresses that the guard refuses are dropped, and one of the others is dialled,
while the TLS name stays the host's. Blocking: meant for a thread.
"""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from handlers.notify._plain import plain
from handlers.notify._secret import read_secret
from watcher import DeliveryError, NotAllowed, check_address, check_mail_host, parse_allow

__all__ = ["Handover", "Server", "Tls"]

Tls = Literal["starttls", "tls", "none"]
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 20.0
_MAX_ADDRESSES = 4
_MAX_REPLY = 200
_READY = 220
_LOGIN_REFUSED = frozenset({530, 534, 535, 538})  # about who asks, not about this mail


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server, and who asks it."""

    host: str
    port: int
    tls: Tls
    hello: str  # the name by which we greet
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None  # trusted instead of the system's authorities
    allow: tuple[str, ...] = ()

    def check(self) -> None:
        """Check what can be without dialling. Raises ``NotAllowed`` and ``ValueError``."""
        if not 0 < self.port < 65_536:
            raise ValueError("port: expected 1 to 65535")
        check_mail_host(self.host, self.port, encrypted=self.tls != "none", allow=self.allow)
        self.password()
        self.context()

    def password(self) -> str:
        """Read the password; "" when there is none. Raises ``ValueError``."""
        if self.password_file is None:
            return ""
        password = read_secret(self.password_file, "the password")
        if not password.isascii():
            raise ValueError(f"{self.password_file}: expected a password of plain ASCII, as smtplib does")
        return password

    def context(self) -> ssl.SSLContext:
        """What TLS must be: verified, with the host's own name. Raises ``ValueError``."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise ValueError(f"ca_file: {self.ca_file} is no file of certificates ({error})") from error


class Handover:
    """One conversation with the server, which `abort` may end from another thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._line: socket.socket | None = None  # a second handle of the connection
        self._is_over = False
        self.address: str | None = None  # what was dialled

    def hand_over(self, sender: str, to: Sequence[str], mail: bytes) -> Mapping[str, tuple[int, bytes]]:
        """Hand over one mail. Returns the replies to those of ``to`` who were refused while others were not.

        Raises ``DeliveryError``, permanent when the server refuses this mail for good.
        """
        try:
            return self._converse(sender, to, mail)
        except NotAllowed as error:
            raise DeliveryError(str(error), permanent=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused_recipients(error.recipients) from error
        except smtplib.SMTPResponseException as error:
            is_final = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError) and _is_final(
                error.smtp_code
            )
            raise self._failure(_reply(error.smtp_code, error.smtp_error), permanent=is_final) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise self._failure(_explained(error)) from error
        finally:
            self._close()

    def abort(self) -> None:
        """Break the connection, so that the thread that waits for the server ends."""
        self._is_over = True
        if self._line is not None:
            with suppress(OSError):  # it is closed already
                self._line.shutdown(socket.SHUT_RDWR)

    def _converse(self, sender: str, to: Sequence[str], mail: bytes) -> Mapping[str, tuple[int, bytes]]:
        server = self._server
        client = smtplib.SMTP(local_hostname=server.hello, timeout=_ANSWER_SECONDS)
        try:
            client.sock = self._connection()
            code, text = client.getreply()
            if code != _READY:
                raise smtplib.SMTPConnectError(code, text)
            client.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                self._start_tls(client)
            if server.user:
                client.login(server.user, server.password())
            refused = client.sendmail(sender, to, mail)
            with suppress(smtplib.SMTPException, OSError):  # the mail is handed over, whatever comes now
                client.quit()
        finally:
            client.close()
        return refused

    def _connection(self) -> socket.socket:
        raw = self._dial()
        self._line = raw.dup()
        raw.settimeout(_ANSWER_SECONDS)
        if self._is_over:  # while the name was looked up
            raw.close()
            raise TimeoutError
        return self._encrypted(raw) if self._server.tls == "tls" else raw

    def _start_tls(self, client: smtplib.SMTP) -> None:
        # smtplib's own method takes the TLS name from the address that it dialled, which is not the host's name.
        code, text = client.docmd("STARTTLS")
        if code != _READY or client.sock is None:
            raise smtplib.SMTPNotSupportedError(f"no STARTTLS: {_reply(code, text)}")
        client.sock = self._encrypted(client.sock)
        client.file = None  # drops what was sent in the clear behind the reply
        client.helo_resp = client.ehlo_resp = None
        client.esmtp_features = {}
        client.does_esmtp = False
        client.ehlo_or_helo_if_needed()

    def _encrypted(self, raw: socket.socket) -> ssl.SSLSocket:
        host = self._server.host.removeprefix("[").removesuffix("]")
        return self._server.context().wrap_socket(raw, server_hostname=host)

    def _dial(self) -> socket.socket:
        failure: OSError | None = None
        for address in self._judged():
            self.address = f"[{address}]:{self._server.port}" if ":" in address else f"{address}:{self._server.port}"
            try:
                return socket.create_connection((address, self._server.port), timeout=_CONNECT_SECONDS)
            except OSError as error:
                failure = error
        raise failure or NotAllowed("address not allowed")

    def _judged(self) -> list[str]:
        """The host's addresses that the guard lets through. Raises ``NotAllowed`` when none is left."""
        server = self._server
        target = check_mail_host(server.host, server.port, encrypted=server.tls != "none", allow=server.allow)
        allowances = parse_allow(server.allow)
        good = []
        for address in _addresses(target.host, target.port):
            try:
                check_address(target, address, allowances)
            except NotAllowed:
                continue
            good.append(address)
        if not good:
            raise NotAllowed("address not allowed")
        return good[:_MAX_ADDRESSES]

    def _refused_recipients(self, replies: Mapping[str, tuple[int, bytes]]) -> DeliveryError:
        told = "; ".join(f"{to}: {_reply(*reply)}" for to, reply in replies.items())
        is_final = all(_is_final(code) for code, _ in replies.values())
        return self._failure(f"no recipient was accepted: {told}", permanent=is_final)

    def _failure(self, text: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(self._without_password(text), permanent=permanent, address=self.address)

    def _without_password(self, text: str) -> str:
        with suppress(ValueError):  # the file cannot be read: then no password went out either
            password = self._server.password()
            return text.replace(password, "…") if password else text
        return text

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()


def _addresses(host: str, port: int) -> Iterable[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"name not found: {host}") from error
    return dict.fromkeys(str(address[0]) for *_, address in found)


def _is_final(code: int) -> bool:
    return 500 <= code < 600 and code not in _LOGIN_REFUSED


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {plain(words, _MAX_REPLY)}".strip()


def _explained(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: certificate refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'handshake failed').lower().replace('_', ' ')}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    # smtplib's own errors are of this kind, too, without a number.
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return plain(str(error), _MAX_REPLY) or "the connection broke"
