"""Tells an alert by mail: plain text with an HTML alternative, handed to an SMTP server.

The Message-ID is made of the alert's id, so a mail that is sent again is the same mail to whoever looks at it.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import logging
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from handlers.notify._apart import run_apart
from handlers.notify._letter import text_of
from handlers.notify._message import Content, read
from handlers.notify._plain import plain
from handlers.notify._reached import Reached
from handlers.notify._smtp import Handover, Server, Tls
from watcher import DeliveryError, Message, NotAllowed, Notifier, Post

__all__ = ["Mail"]

log = logging.getLogger(__name__)

_PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}
_TOTAL_SECONDS = 60.0
_MAX_SUBJECT = 160
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Mail(Notifier):
    """Mail each message from ``sender`` to all of ``to``.

    ``tls`` is ``starttls``, ``tls`` (from the first byte) or ``none``, which only an entry in ``allow`` opens. ``user``
    goes with ``password_file``. ``ca_file`` names the authorities to trust in place of the system's.
    """

    name = "mail"

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        to: tuple[str, ...],
        port: int | None = None,
        tls: Tls = "starttls",
        user: str = "",
        password_file: Path | None = None,
        ca_file: Path | None = None,
        allow: tuple[str, ...] = (),
    ) -> None:
        self._sender, self._to = sender, tuple(dict.fromkeys(to))
        self._server = Server(
            host=host,
            port=_PORTS[tls] if port is None else port,
            tls=tls,
            hello=sender.rpartition("@")[2],
            user=user,
            password_file=password_file,
            ca_file=ca_file,
            allow=allow,
        )
        self._reached = Reached()
        if problems := [*self._problems(), *_server_problems(self._server)]:
            raise ValueError("; ".join(problems))

    async def notify(self, message: Message, post: Post, now: float) -> None:
        """Mail it once to all who have not had it. Raises ``DeliveryError``. ``post`` is not used: this is not HTTP."""
        mail = self.write(message, now).as_bytes()
        to = self._reached.missing(message.id, self._to)
        handover = Handover(self._server)
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                refused = await run_apart(lambda: handover.hand_over(self._sender, to, mail), name="mail")
        except TimeoutError as error:
            text = f"the mail was not handed over within {_TOTAL_SECONDS:g} s"
            raise DeliveryError(text, address=handover.address) from error
        finally:
            handover.abort()
        self._settle(message, [one for one in to if one not in refused], dict(refused), handover.address)

    def write(self, message: Message, now: float) -> EmailMessage:
        """Write the mail. The same message has the same Message-ID every time."""
        content = read(message)
        mail = EmailMessage(SMTP)
        mail["From"] = Address("eightk", addr_spec=self._sender)
        mail["To"] = [Address(addr_spec=one) for one in self._to]
        mail["Subject"] = _subject(content)
        mail["Date"] = datetime.fromtimestamp(now, UTC)
        mail["Message-ID"] = f"<{_id(message.id)}@{self._server.hello}>"
        mail["Auto-Submitted"] = "auto-generated"
        # Of seven bits each: no server on the way has a reason to touch them.
        mail.set_content(text_of(content), cte="quoted-printable")
        mail.add_alternative(_html(content), subtype="html", cte="quoted-printable")
        return mail

    def _settle(
        self, message: Message, told: list[str], refused: dict[str, tuple[int, bytes]], address: str | None
    ) -> None:
        """Note who has it. Raises ``DeliveryError`` when another attempt may reach more."""
        later = sorted(one for one, (code, _) in refused.items() if code < 500)
        for one in sorted(set(refused) - set(later)):
            log.warning("recipient refused", extra={"alert": message.id, "recipient": one, "code": refused[one][0]})
        if later:
            self._reached.note(message.id, {*told, *refused} - {*later})
            raise DeliveryError(f"not accepted yet for {', '.join(later)}; the others have it", address=address)
        self._reached.forget(message.id)

    def _problems(self) -> list[str]:
        problems = [
            f"{key}: {one!r} is no plain mail address" for key, one in self._addresses() if not _is_address(one)
        ]
        if not self._to:
            problems.append("to: names nobody")
        if bool(self._server.user) != (self._server.password_file is not None):
            problems.append("user and password_file go together")
        if not self._server.user.isascii():
            problems.append("user: expected plain ASCII, as smtplib does")
        if self._server.user and self._server.tls == "none":
            problems.append("tls: a password is not sent without TLS")
        return problems

    def _addresses(self) -> list[tuple[str, str]]:
        return [("sender", self._sender), *(("to", one) for one in self._to)]


def _server_problems(server: Server) -> list[str]:
    try:
        server.check()
    except NotAllowed as error:
        return [f'host: {error}; to dial it all the same: allow = ["{server.host}:{server.port}"]']
    except ValueError as error:
        return [str(error)]
    return []


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and ".." not in text and ".@" not in text and not text.startswith(".")


def _id(alert: str) -> str:
    return alert if _ID.fullmatch(alert) else hashlib.sha256(alert.encode("utf-8", "replace")).hexdigest()


def _subject(content: Content) -> str:
    is_told = any(fact.label == "Severity" for fact in content.facts)
    return plain(f"[{content.severity}] {content.summary}" if is_told else content.summary, _MAX_SUBJECT)


def _html(content: Content) -> str:
    """Write it as HTML of the plainest kind: nothing in it is fetched from anywhere."""
    rows = "".join(f"<tr><th align=left>{_e(fact.label)}</th><td>{_e(fact.value)}</td></tr>" for fact in content.facts)
    snippets = "".join(f"<blockquote>{_e(snippet)}</blockquote>" for snippet in content.snippets)
    lines = "".join(f"<li>{_anchor(line.url, line.text)}</li>" for line in content.lines)
    if content.count > len(content.lines):
        lines += f"<li>and {content.count - len(content.lines)} more</li>"
    links = " | ".join(_anchor(link.url, link.label) for link in content.links)
    body = f"<p><strong>{_e(content.summary)}</strong></p><table>{rows}</table>{snippets}<ul>{lines}</ul><p>{links}</p>"
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{body}</body></html>\n'


def _anchor(url: str, text: str) -> str:
    return f'<a href="{_e(url)}">{_e(text)}</a>' if url else _e(text)


def _e(text: str) -> str:
    return html.escape(text)
