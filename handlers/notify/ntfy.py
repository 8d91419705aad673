"""Tells an alert by ntfy, as a push message to phones: published as JSON to the server's root.

ntfy shows titles and messages as they are; no text becomes markup. The alert's id goes along as the sequence id, by
which a server from 2.16 on lets a repeat replace the first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handlers.notify._http import post_json, url_problems
from handlers.notify._letter import text_of
from handlers.notify._message import Content, read
from handlers.notify._secret import read_secret
from watcher import Answer, DeliveryError, Message, Notifier, Post, Severity

__all__ = ["Ntfy"]

_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_MAX_MESSAGE_BYTES = 4_000  # from 4,096 on, ntfy makes an attachment of it
_PRIORITIES = {Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
_TAGS = {Severity.HIGH: ("warning",), Severity.CRITICAL: ("rotating_light",)}


class Ntfy(Notifier):
    """Publish to ``topic`` on ``server``, with the access token in ``token_file`` if the server asks for one.

    ``tags`` are added to those by severity. ``allow`` is the endpoint's own list of addresses inside.
    """

    name = "ntfy"

    def __init__(
        self,
        *,
        topic: str,
        server: str = "https://ntfy.sh",
        token_file: Path | None = None,
        tags: tuple[str, ...] = (),
        allow: tuple[str, ...] = (),
    ) -> None:
        self._url = server.rstrip("/") + "/"
        self._topic = topic
        self._tags = tags
        self._token_file = None if token_file is None else Path(token_file)
        problems = url_problems(self._url, allow, "server")
        if not _TOPIC.fullmatch(topic):
            problems.append("topic: expected 1 to 64 letters, digits, - or _")
        try:
            self._token()
        except ValueError as error:
            problems.append(f"token_file: {error}")
        if problems:
            raise ValueError("; ".join(problems))

    async def notify(self, message: Message, post: Post, now: float) -> Answer:
        """Publish it once. Raises ``DeliveryError``."""
        try:
            token = await asyncio.to_thread(self._token)
        except ValueError as error:
            raise DeliveryError(f"no token: {error}") from error
        headers = {"authorization": f"Bearer {token}"} if token else {}
        told = self.dress(read(message))
        return await post_json(post, self._url, told, service="ntfy", now=now, headers=headers, secret=token)

    def dress(self, content: Content) -> Mapping[str, Any]:
        """Write it as ntfy takes it."""
        told: dict[str, Any] = {
            "topic": self._topic,
            "title": content.summary,
            "message": _fitting(content),
            "priority": _PRIORITIES[content.severity],
            "tags": [*_TAGS.get(content.severity, ()), *self._tags],
        }
        if _TOPIC.fullmatch(content.id):
            told["sequence_id"] = content.id
        return told | ({"click": content.links[0].url} if content.links else {})

    def _token(self) -> str:
        if self._token_file is None:
            return ""
        token = read_secret(self._token_file, "the access token").strip()
        if not _TOKEN.fullmatch(token):
            raise ValueError(f"{self._token_file} must hold one word of plain ASCII: the access token")
        return token


def _fitting(content: Content) -> str:
    """The text without its headline, of whole lines, as many as there is room for."""
    room = _MAX_MESSAGE_BYTES
    kept = []
    for line in text_of(content, headline=False).splitlines():
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept).strip() or content.summary
