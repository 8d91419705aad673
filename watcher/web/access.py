"""Who may look at the page and use the API, and who may change things.

Without a password and tokens whoever reaches the loopback address may look, a page's own forms may change things, and
the API takes the token of the store's lock file, which only this user can read. With them everybody must come in by
one of them. A form is believed when it carries the token that only our own pages show, and comes from them (OWASP,
"Cross-Site Request Forgery Prevention": signed token, and the Origin header beside it).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from fastapi import HTTPException, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from watcher.disk import in_words
from watcher.errors import ConfigError, EightkError, Fault
from watcher.keyring import Keyring, Token, read_keyring
from watcher.settings import Settings
from watcher.web.proxies import Proxies
from watcher.web.tries import Tries

__all__ = [
    "COOKIE",
    "SESSION_SECONDS",
    "Access",
    "Form",
    "KeyringFile",
    "TooManyTries",
    "Visitor",
    "access_of",
    "csrf",
    "may_post",
    "may_write",
    "read_form",
]

log = logging.getLogger(__name__)

COOKIE = "eightk_session"
SESSION_SECONDS = 14 * 86_400
_KEY_BYTES = 32
_MOST_ENDED = 10_000
_MOST_WAITING = 8  # for their turn to be tried
_MAX_FORM_BYTES = 1_048_576
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")

Form = dict[str, str]
Found = TypeVar("Found")
Stamp = tuple[int, int, int] | None  # of a file; None: it is not there


class TooManyTries(Exception):  # noqa: N818  # the visitor's fault, and no error of ours
    """Raised when somebody was wrong too often; ``seconds`` tells how long to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many tries; again in {seconds} s")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: by name, and by what they were let in."""

    name: str
    may_write: bool = False  # by the API; a page's form is believed by its own token
    session: str = ""  # what a form's token is bound to
    has_pages: bool = True  # comes by a browser, not by a token


class Access:
    """Decides who a request is from. ``read`` gives the keyring as it is now; ``key`` signs sessions and forms."""

    def __init__(
        self,
        lock_token: str,
        *,
        read: Callable[[], Keyring] = Keyring,
        key: bytes = b"",
        public_url: str = "",
        proxies: Proxies | None = None,
    ) -> None:
        self.proxies = proxies or Proxies()
        self._lock_token = lock_token
        self._read = read
        self._key = key or secrets.token_bytes(32)
        self._public_scheme, self._public_host = urlsplit(public_url)[:2]
        self._tries = Tries()
        self._one_hash = asyncio.Semaphore(1)  # each takes 64 MB for a while
        self._waiting = 0
        self._ended: dict[str, None] = {}  # sessions, the first ended first

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._read().is_empty

    def knows_host(self, host: str) -> bool:
        """Whether a request for this host is meant for us.

        A page elsewhere could point its own name at our address and read what is served here; where one must come in
        first it reads no more than the form for that.
        """
        is_ours = _LOOPBACK.fullmatch(host) is not None or host == self._public_host
        return bool(host) and (is_ours or not self.is_open)

    def is_https(self, scheme: str, host: str) -> bool:
        """Whether a request came by HTTPS: to us, or to the proxy before the public URL, whoever that is."""
        return scheme == "https" or (self._public_scheme == "https" and host == self._public_host)

    async def visitor(self, authorization: str, cookie: str, address: str) -> Visitor | None:
        """Return who it is, or None. Raises ``TooManyTries``."""
        if authorization:
            return await self._by_token(authorization, address)
        keyring = self._read()
        if keyring.is_empty:
            return Visitor("this machine", session="open")
        session = self._session(keyring, cookie)
        return None if session is None else Visitor("password", session=session)

    def may_stay(self, authorization: str, cookie: str) -> bool:
        """Whether who was let in by these would still be: no token was removed, no session has ended. Tries nothing."""
        keyring = self._read()
        if authorization:
            text = authorization.partition(" ")[2]
            return self._is_lock_token(text) or keyring.remembered(text) is not None
        return keyring.is_empty or self._session(keyring, cookie) is not None

    async def log_in(self, password: str, address: str) -> str | None:
        """Return the cookie of a new session, or None for a wrong password. Raises ``TooManyTries``."""
        keyring = self._read()
        if not await self._tried(lambda: keyring.is_password(password), address):
            log.warning("log-in refused", extra={"address": address})
            return None
        log.info("logged in", extra={"address": address})
        return self._signer(keyring).dumps(secrets.token_urlsafe(16))

    def log_out(self, visitor: Visitor) -> None:
        """End a session: its cookie, wherever a copy of it lies, is worth nothing from now until the next start."""
        self._ended[visitor.session] = None
        while len(self._ended) > _MOST_ENDED:
            self._ended.pop(next(iter(self._ended)))

    def form_token(self, visitor: Visitor) -> str:
        """What a form on this visitor's pages carries."""
        return hmac.new(self._key, f"form {visitor.session}".encode(), hashlib.sha256).hexdigest()

    async def _by_token(self, authorization: str, address: str) -> Visitor | None:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        if self._is_lock_token(text):
            return Visitor("this machine", may_write=True, has_pages=False)
        keyring = self._read()
        found: Token | None = keyring.remembered(text)
        if found is None and keyring.tokens:
            found = await self._tried(lambda: keyring.token(text), address)
        return None if found is None else Visitor(found.name, may_write=found.may_write, has_pages=False)

    def _is_lock_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._lock_token.encode())

    async def _tried(self, look: Callable[[], Found], address: str) -> Found:
        self._may_try(address)
        if self._waiting >= _MOST_WAITING:
            raise TooManyTries(1)
        self._waiting += 1
        try:
            async with self._one_hash:
                self._may_try(address)  # those before it in the queue may have used all tries up
                found = await asyncio.to_thread(look)
                if found:
                    self._tries.forget(address)
                else:
                    self._tries.note_failure(address)
                return found
        finally:
            self._waiting -= 1

    def _may_try(self, address: str) -> None:
        if seconds := self._tries.wait_seconds(address):
            raise TooManyTries(seconds)

    def _session(self, keyring: Keyring, cookie: str) -> str | None:
        try:
            session: str = self._signer(keyring).loads(cookie, max_age=SESSION_SECONDS)
        except BadSignature:  # another's, an old one, or none: they may come in anew
            return None
        return None if session in self._ended else session

    def _signer(self, keyring: Keyring) -> URLSafeTimedSerializer:
        # Bound to the password: a new one ends every session.
        return URLSafeTimedSerializer(self._key + keyring.fingerprint, salt="eightk session")


class KeyringFile:
    """The keyring of a file, read again when the file has changed.

    One that cannot be read any more, or has gone, opens nothing: what was read last stays in force. With ``is_needed``
    the same goes for one that was emptied.
    """

    def __init__(self, path: Path, *, is_needed: bool) -> None:
        """Read it. Raises ``ValueError`` and ``OSError``."""
        self._path = path
        self._is_needed = is_needed
        self._keyring = read_keyring(path)
        self._seen = _stamp(path)
        self._refused: Stamp | Literal[""] = ""  # which was read in vain, for good

    def __call__(self) -> Keyring:
        """Return it as it is now."""
        stamp = _stamp(self._path)
        if stamp not in (self._seen, self._refused):
            try:
                self._keyring = self._again(is_there=stamp is not None)
                self._seen, self._refused = stamp, ""
            except OSError as error:  # it may pass: looked at again with the next request
                log.error("what was read last stays in force", extra={"reason": error.strerror})
            except ValueError as error:
                self._refused = stamp
                log.error("what was read last stays in force", extra={"reason": str(error)})
        return self._keyring

    def _again(self, *, is_there: bool) -> Keyring:
        found = read_keyring(self._path).knowing(self._keyring)
        if found.is_empty and not self._keyring.is_empty and (self._is_needed or not is_there):
            raise ValueError(f"{self._path} holds neither a password nor a token any more")
        return found


def access_of(settings: Settings, lock_token: str) -> Access:
    """Build it from the settings. Raises ``ConfigError`` when the access file cannot be read."""
    web = settings.web
    try:
        read = KeyringFile(web.access_file, is_needed=not web.is_private)
    except (ValueError, OSError) as error:
        raise ConfigError([Fault(settings.file, "web.access_file", str(error))]) from error
    key = signing_key(settings.data_dir / "web.key")
    return Access(lock_token, read=read, key=key, public_url=web.url, proxies=Proxies(web.trusted_proxies))


def signing_key(path: Path) -> bytes:
    """Return the key that signs sessions and forms, made at the first time, so that a restart ends no session.

    Raises ``EightkError``.
    """
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise EightkError(f"{path}: cannot be made or read: {in_words(error)}") from error
    if len(key) < _KEY_BYTES:
        raise EightkError(f"{path} is damaged: remove it, and everybody logs in anew")
    return key


def _make_key(path: Path) -> None:
    """Write it aside, sync, rename: a full disk or a power cut leaves no half of a key, which would end each start."""
    aside = path.with_name(f"{path.name}.part")
    opened = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def csrf(request: Request) -> str:
    """What every form of a page carries in its hidden field ``csrf``."""
    visitor: Visitor = request.state.visitor
    access: Access = request.app.state.access
    return access.form_token(visitor) if visitor.has_pages else ""


async def may_write(request: Request) -> None:
    """Let a request to the API through that changes something, or answer 401 or 403."""
    visitor: Visitor = request.state.visitor
    if visitor.may_write:
        return
    if not visitor.has_pages:
        raise HTTPException(403, f"the token {visitor.name} may only read")
    raise HTTPException(
        401,
        "a request that changes something needs a token: one made with eightk web, or that of the store's lock file",
        {"WWW-Authenticate": "Bearer"},
    )


async def may_post(request: Request) -> Form:
    """Return the fields of a form that one of our own pages sent, or answer 403, 413 or 415."""
    visitor: Visitor = request.state.visitor
    if not visitor.has_pages:
        raise HTTPException(403, "forms are for people who have come in by the page; a token uses the API under /v1")
    form = await read_form(request)
    access: Access = request.app.state.access
    if not hmac.compare_digest(form.pop("csrf", "").encode("utf-8", "replace"), access.form_token(visitor).encode()):
        raise HTTPException(403, "this form is not one of ours, or is too old: open the page again")
    return form


async def read_form(request: Request) -> Form:
    """Read a form that comes from our own origin; of a field given twice the last counts."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "a form comes as application/x-www-form-urlencoded")
    if _host_of(request.headers.get("origin", "null")) != request.headers.get("host"):
        raise HTTPException(403, "this form was sent from somewhere else")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, f"a form may have {_MAX_FORM_BYTES:,} bytes")
    try:
        return dict(parse_qsl(bytes(body).decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise HTTPException(422, "the form cannot be read") from error


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no address at all: nobody's
        return ""


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:  # it is not there, or may not be looked at: so it says when it is read
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
