"""Standard Webhooks signatures: how a receiver knows who sent a message, and that it was not replayed.

The scheme is that of https://www.standardwebhooks.com: HMAC-SHA256 over ``id.timestamp.body``, with a secret
written ``whsec_<base64>``. Pure, and of the standard library only, so that a receiver may use it as well.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Iterable, Mapping

from watcher.errors import SignatureError

__all__ = ["TOLERANCE_SECONDS", "new_secret", "parse_secret", "sign", "verify"]

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_NEW_SECRET_BYTES = 32
# What the scheme allows. A shorter key could be guessed; a longer one than a block gains nothing.
_SECRET_BYTES = range(24, 65)


def new_secret() -> str:
    """Make a fresh random secret, as the text that a secret file holds."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(_NEW_SECRET_BYTES)).decode("ascii")


def parse_secret(text: str) -> bytes:
    """Return the key in a ``whsec_`` secret. Raises ``ValueError``, whose text never holds the secret."""
    text = text.strip()
    if not text.startswith(_PREFIX):
        raise ValueError(f"a secret starts with {_PREFIX!r}, this one does not")
    encoded = text.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        # Without a cause on purpose: a secret must not come out in a traceback.
        raise ValueError(f"a secret is {_PREFIX!r} and then base64, this one is not base64") from None
    if len(key) not in _SECRET_BYTES:
        low, high = _SECRET_BYTES[0], _SECRET_BYTES[-1]
        raise ValueError(f"a secret holds {low} to {high} bytes, this one holds {len(key)}")
    return key


def sign(secrets: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` header: one signature for each key, in their order.

    Give the newest key first. While a secret is being changed, new and old both sign, and a receiver may
    know either.
    """
    if not message_id or "." in message_id:
        raise ValueError(f"a message id is not empty and holds no '.': {message_id!r}")
    signatures = [_signature(key, message_id, str(timestamp), body) for key in secrets]
    if not signatures:
        raise ValueError("there is no secret to sign with")
    return " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in signatures)


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Check one message as a receiver does: that who knows ``secret`` signed it within five minutes of ``now``.

    ``headers`` may be in any case; ``body`` is the bytes as they came. Returns when all is well. Raises
    ``SignatureError`` when it is not, and ``ValueError`` when ``secret`` itself is none.
    """
    key = parse_secret(secret)
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id = _required(lowered, "webhook-id")
    timestamp = _required(lowered, "webhook-timestamp")
    offered = _required(lowered, "webhook-signature")
    _check_age(timestamp, now)
    expected = _signature(key, message_id, timestamp, body)
    if not any(hmac.compare_digest(expected, digest) for digest in _offered(offered)):
        raise SignatureError("no signature fits this message: it was altered, or signed with another secret")


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise SignatureError(f"header {name} is missing")
    return value


def _check_age(timestamp: str, now: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureError("header webhook-timestamp is not a whole number of seconds")
    age = now - int(timestamp)
    if age > TOLERANCE_SECONDS:
        raise SignatureError(f"signed {age:.0f} s ago; more than {TOLERANCE_SECONDS} s may be a replay")
    if age < -TOLERANCE_SECONDS:
        raise SignatureError(f"signed {-age:.0f} s in the future; the clocks differ too much")


def _offered(header: str) -> list[bytes]:
    """Return the v1 signatures in the header; other versions and broken ones are not ours to judge."""
    digests = []
    for part in header.split(" "):
        version, _, encoded = part.partition(",")
        if version != "v1":
            continue
        try:
            digests.append(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            continue
    return digests
