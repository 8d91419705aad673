"""What the channels that are told by HTTP share: where to post, and what an answer means.

A chat service's webhook URL is a secret: whoever has it may post. So it may stand in a file, and no error names it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from handlers.notify._message import Content, read
from handlers.notify._plain import plain
from handlers.notify._secret import read_secret
from watcher import Answer, DeliveryError, Message, NotAllowed, Notifier, Post, check_url

__all__ = ["ChatNotifier", "post_json", "retry_after", "url_problems"]

_GONE = 410
_ASKS_TO_WAIT = frozenset({429, 503})
_MAX_REASON = 120
_MAX_WAIT_SECONDS = 1e9
# A URL whose host is a literal address.
_INSIDE = re.compile(r"https?://((?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\])(?::\d+)?)(?:/.*)?")
# What in a URL may be a token: services use at least 18 characters.
_TOKEN = re.compile(r"[\w-]{16,}")


class ChatNotifier(Notifier):
    """Base of the channels that take one JSON object at a URL that is a secret.

    ``url`` or ``url_file``, a file with the URL on its one line, says where. ``allow`` is the endpoint's own list of
    addresses inside that may be dialled.
    """

    service: ClassVar[str]  # as a person calls it
    requests_per_second: ClassVar[float | None] = None  # what the service takes for long; None: no word of it

    def __init__(self, *, url: str = "", url_file: Path | None = None, allow: tuple[str, ...] = ()) -> None:
        if bool(url) == (url_file is not None):
            raise ValueError(f"give url or url_file, one of the two: where {self.service} takes messages")
        self._url = url
        self._url_file = None if url_file is None else Path(url_file)
        try:
            given = self._where()
        except ValueError as error:
            raise ValueError(f"url_file: {error}") from error
        if problems := url_problems(given, allow, "url" if url else "url_file"):
            raise ValueError("; ".join(problems))

    async def notify(self, message: Message, post: Post, now: float) -> Answer:
        """Send it once. Raises ``DeliveryError``, permanent when the service or the guard says to stop."""
        try:
            url = await asyncio.to_thread(self._where)
        except ValueError as error:
            raise DeliveryError(f"no URL to post to: {error}") from error
        answer = await post_json(post, self.address(url), self.dress(read(message)), service=self.service, now=now)
        if problem := self.refusal(answer):
            raise DeliveryError(
                f"{answer.status}: {self.service} {problem}",
                status=answer.status,
                body=answer.body,
                address=answer.address,
            )
        return answer

    def address(self, url: str) -> str:
        """The URL to post to, of the one that was given."""
        return url

    def dress(self, content: Content) -> Mapping[str, Any]:
        """Write the message as the service takes it."""
        raise NotImplementedError

    def refusal(self, answer: Answer) -> str:
        """What tells that a 2xx answer is none of the service's acceptance; "" when nothing does."""
        return ""

    def _where(self) -> str:
        return self._url if self._url_file is None else read_secret(self._url_file, "the URL").strip()


async def post_json(
    post: Post,
    url: str,
    content: Mapping[str, Any],
    *,
    service: str,
    now: float,
    headers: Mapping[str, str] | None = None,
    secret: str = "",
) -> Answer:
    """Post one JSON object. Returns a 2xx answer, and raises ``DeliveryError`` for every other.

    Tokens of the URL, and ``secret``, are taken out of the answer, for that is kept and shown.
    """
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    sent = {**(headers or {}), "content-type": "application/json", "user-agent": f"eightk/{version('eightk')}"}
    answer = _without_secrets(await post(url, sent, body), url, secret)
    if 200 <= answer.status < 300:
        return answer
    raise DeliveryError(
        _meaning(answer, service),
        permanent=answer.status == _GONE,
        status=answer.status,
        retry_after_seconds=_wait_seconds(answer, now) if answer.status in _ASKS_TO_WAIT else None,
        body=answer.body,
        address=answer.address,
    )


def retry_after(answer: Answer, now: float) -> float | None:
    """Read the header in either of its forms; None when it is missing or means nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text[:20]), _MAX_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date that names no zone is in UTC: HTTP knows no other.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)


def url_problems(url: str, allow: Iterable[str], key: str = "url") -> list[str]:
    """What keeps a URL from being dialled, in sentences that do not name it; ``key`` is the setting it stands in."""
    try:
        check_url(url, allow)
    except NotAllowed as error:
        # A literal address inside is told without a remedy by the guard, which also speaks to strangers.
        inside = _INSIDE.fullmatch(url)
        remedy = f'; to dial it all the same: allow = ["{inside[1]}"]' if inside else ""
        return [f"{key}: {error}{remedy}"]
    except ValueError as error:
        return [f"allow: {error}"]
    return []


def _meaning(answer: Answer, service: str) -> str:
    if 300 <= answer.status < 400:
        return f"{answer.status}: a redirect, which is never followed; give the final URL"
    if answer.status == _GONE:
        return f"410: {service} wants no more of these"
    reason = plain(answer.body, _MAX_REASON)
    return f"{answer.status}: {service} did not accept it{f' ({reason})' if reason else ''}"


def _without_secrets(answer: Answer, url: str, secret: str) -> Answer:
    place = url.partition("://")[2].partition("/")[2]
    body = answer.body
    for token in (*_TOKEN.findall(place), secret):
        body = body.replace(token, "…") if token else body
    return replace(answer, body=body)


def _wait_seconds(answer: Answer, now: float) -> float | None:
    """What the service asks for, by the header or, more exactly, as Discord does, in the body."""
    asked = [seconds for seconds in (retry_after(answer, now), _by_body(answer)) if seconds is not None]
    return max(asked, default=None)


def _by_body(answer: Answer) -> float | None:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):  # an answer in words: it asks for nothing
        return None
    seconds = told.get("retry_after") if isinstance(told, dict) else None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    return float(seconds) if 0 <= seconds < _MAX_WAIT_SECONDS else None
