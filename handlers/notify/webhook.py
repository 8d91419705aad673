"""Tells an alert as a signed POST to a URL, after Standard Webhooks.

What an answer means: 2xx is success; 410 says to stop; every other one, redirects among them, is a failure that
may pass. A receiver that answers 429 or 503 may say when to come back. With ``webhook-delivery: abort-message`` it
wants no more of this message, with ``disable`` nothing more at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from handlers.notify._http import retry_after, url_problems
from watcher import Answer, DeliveryError, Message, Notifier, Post, in_force, read_secrets, sign

__all__ = ["Webhook"]

_GONE = 410
_ASKS_TO_WAIT = frozenset({429, 503})
_WISHES = frozenset({"abort-message", "disable"})  # in the header by which a receiver controls what it is sent
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
# Ours, or the transport's: a receiver relies on them.
_RESERVED = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive"}
    | {"te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
)


class Webhook(Notifier):
    """POST the message to ``url``, signed with every secret of ``secret_file`` that is not over.

    The file is read again for each attempt, so that a new secret counts at once. ``allow`` is the endpoint's own
    list of addresses inside that may be dialled; it is taken here to check the URL before anything is sent.
    """

    name = "webhook"

    def __init__(
        self,
        *,
        url: str,
        secret_file: Path,
        headers: Mapping[str, str] | None = None,
        allow: tuple[str, ...] = (),
    ) -> None:
        self._url = url
        self._secret_file = Path(secret_file)
        self._headers = dict(headers or {})
        problems = [*url_problems(url, allow), *_header_problems(self._headers)]
        try:
            read_secrets(self._secret_file)
        except ValueError as error:
            problems.append(f"secret_file: {error}")
        if problems:
            raise ValueError("; ".join(problems))
        self._user_agent = f"eightk/{version('eightk')}"

    async def notify(self, message: Message, post: Post, now: float) -> Answer:
        """Send it once. Raises ``DeliveryError``, permanent when the receiver or the guard says to stop."""
        try:
            secrets = in_force(await asyncio.to_thread(read_secrets, self._secret_file), now)
        except ValueError as error:
            raise DeliveryError(f"cannot sign: {error}") from error
        answer = await post(self._url, self._signed(message, secrets, int(now)), message.payload)
        if 200 <= answer.status < 300:
            return answer
        wish = answer.headers.get("webhook-delivery", "").strip().lower()
        aborts, disables = wish == "abort-message", wish == "disable" or answer.status == _GONE
        raise DeliveryError(
            f"{_meaning(answer.status)}{f' (webhook-delivery: {wish})' if wish in _WISHES else ''}",
            permanent=aborts or disables,
            status=answer.status,
            retry_after_seconds=retry_after(answer, now) if answer.status in _ASKS_TO_WAIT else None,
            body=answer.body,
            address=answer.address,
            disables=disables,
            aborts=aborts,
        )

    def _signed(self, message: Message, secrets: Iterable[bytes], timestamp: int) -> dict[str, str]:
        return {
            **self._headers,
            "content-type": "application/json",
            "user-agent": self._user_agent,
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secrets, message.id, timestamp, message.payload),
        }


def _header_problems(headers: Mapping[str, str]) -> list[str]:
    problems = []
    for name, value in headers.items():
        if name.lower() in _RESERVED or name.lower().startswith("webhook-"):
            problems.append(f"headers: {name!r} is set by eightk and may not be given")
        elif not _HEADER_NAME.fullmatch(name):
            problems.append(f"headers: {name!r} is not the name of a header")
        elif not _HEADER_VALUE.fullmatch(value):
            problems.append(f"headers: the value of {name!r} must be one line of plain ASCII")
    return problems


def _meaning(status: int) -> str:
    if status == _GONE:
        return "410: the receiver wants no more of these"
    if 300 <= status < 400:
        return f"{status}: a redirect, which is never followed; give the final URL"
    return f"{status}: the receiver did not accept it"
