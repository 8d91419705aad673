"""The file of who may look at the page and use the API: one password, and tokens by name, each as an Argon2 hash.

A line reads ``password HASH`` or ``token NAME read|write HASH``; what begins with ``#`` is a remark. The hashes are
Argon2id with the parameters of RFC 9106 for machines with little memory, which is what its library's defaults are. A
token is ``eightk_NAME_SECRET``, so that one hash is enough to tell whether it is right.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from watcher.small_files import read_small_text

__all__ = ["SHORTEST_PASSWORD", "Keyring", "Token", "new_token", "read_keyring", "write_keyring"]

SHORTEST_PASSWORD, _LONGEST_PASSWORD = 12, 1_000
_MAX_BYTES = 262_144
_MOST_TOKENS = 200
_MOST_REMEMBERED = 1_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOKEN = re.compile(rf"eightk_({_NAME.pattern})_([A-Za-z0-9_-]{{43}})")
_HASHER = PasswordHasher()
# Fits nothing: of a secret that nobody keeps.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGF0IGFsbA$" + "A" * 43


@dataclass(frozen=True, slots=True)
class Token:
    """One token: whose it is, and whether it may change things."""

    name: str
    may_write: bool
    hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Who may come in. Empty: nobody is asked."""

    password: str | None = field(default=None, repr=False)  # its hash
    tokens: tuple[Token, ...] = ()
    # Of tokens found right: an Argon2 hash for each request would cost more than most answers do.
    _right: dict[bytes, Token] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a password nor a token."""
        return self.password is None and not self.tokens

    @property
    def fingerprint(self) -> bytes:
        """Another one as soon as the password is another one: sessions begun with the old one end."""
        return hashlib.sha256((self.password or "").encode()).digest()

    def is_password(self, text: str) -> bool:
        """Whether this is the password. Takes some hundredths of a second, on purpose."""
        if self.password is None or len(text) > _LONGEST_PASSWORD:
            return False
        return _fits(self.password, text)

    def remembered(self, text: str) -> Token | None:
        """Return the token if it was found right before, which costs nothing to tell."""
        return self._right.get(hashlib.sha256(text.encode()).digest())

    def token(self, text: str) -> Token | None:
        """Return the token that this is, or None. Takes some hundredths of a second for one not seen before."""
        if known := self.remembered(text):
            return known
        parts = _TOKEN.fullmatch(text)
        named = next((one for one in self.tokens if parts and one.name == parts[1]), None)
        # One that is not known takes as long, or the time would tell the names.
        if not _fits(_NOBODY if named is None else named.hash, text) or named is None:
            return None
        if len(self._right) < _MOST_REMEMBERED:
            self._right[hashlib.sha256(text.encode()).digest()] = named
        return named

    def knowing(self, before: Keyring) -> Keyring:
        """The same, remembering what another one, of before, had found right, as far as it still is."""
        kept = {digest: one for digest, one in before._right.items() if one in self.tokens}
        return Keyring(self.password, self.tokens, kept)

    def with_password(self, text: str) -> Keyring:
        """The same with another password. Raises ``ValueError`` for one that is too short, or too long."""
        if not SHORTEST_PASSWORD <= len(text) <= _LONGEST_PASSWORD:
            raise ValueError(f"a password needs {SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
        return Keyring(_HASHER.hash(text), self.tokens)

    def with_token(self, name: str, *, may_write: bool) -> tuple[Keyring, str]:
        """The same with one token more, and that token. Raises ``ValueError`` for a name that is bad, or taken."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r}: a name has up to 40 small letters, digits and hyphens")
        if any(one.name == name for one in self.tokens):
            raise ValueError(f"there is a token {name} already")
        if len(self.tokens) >= _MOST_TOKENS:
            raise ValueError(f"there are {_MOST_TOKENS} tokens already; remove one")
        text = new_token(name)
        return Keyring(self.password, (*self.tokens, Token(name, may_write, _HASHER.hash(text)))), text

    def without_token(self, name: str) -> Keyring:
        """The same without a token. Raises ``ValueError`` when there is none of that name."""
        left = tuple(one for one in self.tokens if one.name != name)
        if len(left) == len(self.tokens):
            names = ", ".join(one.name for one in self.tokens) or "none"
            raise ValueError(f"there is no token {name}; there are: {names}")
        return Keyring(self.password, left)


def new_token(name: str) -> str:
    """Make one up: 256 bits from the system."""
    return f"eightk_{name}_{secrets.token_urlsafe(32)}"


def read_keyring(path: Path) -> Keyring:
    """Read the file; one that is not there is empty.

    Raises ``OSError``, and ``ValueError``, never with a hash in it.
    """
    try:
        text = read_small_text(path, _MAX_BYTES)
    except FileNotFoundError:
        return Keyring()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text") from None
    if not text.strip():
        # We write a remark at least: whatever emptied it did not mean to open the page.
        raise ValueError(f"{path} is empty: remove it, or change it with: eightk web")
    return _parsed(path, text.splitlines())


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Write the file, whole or not at all, for its owner alone. Raises ``OSError``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = ["# Who may look at the page and use the API. Changed by: eightk web"]
    if keyring.password is not None:
        lines.append(f"password {keyring.password}")
    lines += [f"token {one.name} {'write' if one.may_write else 'read'} {one.hash}" for one in keyring.tokens]
    opened, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(opened)
        os.replace(aside, path)  # noqa: PTH105  # beside mkstemp
    except BaseException:
        Path(aside).unlink()
        raise


def _parsed(path: Path, lines: Iterable[str]) -> Keyring:
    password: str | None = None
    tokens: list[Token] = []
    for number, line in enumerate(lines, start=1):
        match line.split():
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["password", hashed] if password is None and _is_hash(hashed):
                password = hashed
            case ["token", name, ("read" | "write") as scope, hashed] if _NAME.fullmatch(name) and _is_hash(hashed):
                tokens.append(Token(name, scope == "write", hashed))
            case _:
                raise ValueError(f"{path}, line {number}: neither a password nor a token; change it with: eightk web")
    if len({one.name for one in tokens}) < len(tokens):
        raise ValueError(f"{path}: two tokens have one name")
    return Keyring(password, tuple(tokens))


def _is_hash(text: str) -> bool:
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def _fits(hashed: str, text: str) -> bool:
    try:
        return _HASHER.verify(hashed, text)
    except (VerificationError, InvalidHashError):  # it does not fit, which is the answer
        return False
