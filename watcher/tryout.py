"""Trying an endpoint out: one message, by the notifier and the way out that the daemon has; nothing is kept of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.clock import Clock
from watcher.errors import DeliveryError
from watcher.handler import Answer, Notifier, Post
from watcher.models import Message, Report
from watcher.outbound import Outbound
from watcher.payload.alert import message_for, ping_message

__all__ = ["Tried", "message_about", "ping", "try_out"]

_SIGNATURE = "webhook-signature"


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went. What a notifier that posts nothing does not have is None or empty."""

    ok: bool
    milliseconds: int
    error: str = ""
    status: int | None = None
    address: str | None = None  # what was dialled
    tls: str = ""  # the version
    answer: str = ""  # the beginning of what came back
    signed: tuple[str, ...] = ()  # the headers by which a receiver verifies that were sent
    signatures: int = 0


def ping(endpoint: str, *, at: datetime, url: str) -> Message:
    """Make the message of a plain test. ``url`` is our own page."""
    return ping_message(_identity(), endpoint, at=at, url=url)


def message_about(report: Report, endpoint: str, *, at: datetime, url: str) -> Message | None:
    """Make what the first alert on this filing would tell the endpoint, marked as a test; None if it raises none.

    The id is a new one each time: a receiver that keeps the ids it has seen must not take the true alert for a repeat.
    """
    chosen = sorted(report.alerts, key=lambda one: endpoint not in one.notify)
    if not chosen:
        return None
    first = chosen[0]
    summary = f"Test: {first.summary or f'{report.filing.company}: {first.title}'}"
    test = replace(first, id=_identity(), title=f"Test: {first.title}", summary=summary)
    return message_for(test, report, saved_at=at, page_url=f"{url}/filings/{report.filing.accession}")


async def try_out(notifier: Notifier, allow: Iterable[str], message: Message, clock: Clock) -> Tried:
    """Tell it once. A failure is told in the result, not raised."""
    outbound = Outbound()
    watched = _Watched(outbound.post_for(allow))
    begun = time.monotonic()
    error: DeliveryError | None = None
    answer: Answer | None = None
    try:
        answer = await notifier.notify(message, watched, clock.time())
    except DeliveryError as failed:
        error = failed
    except Exception as broken:  # noqa: BLE001  # the border to someone else's notifier: told as its failure
        error = DeliveryError(f"{type(broken).__name__}: {broken}")
    finally:
        await outbound.aclose()
    seen = watched.answer or answer
    return Tried(
        ok=error is None,
        milliseconds=round((time.monotonic() - begun) * 1000),
        error="" if error is None else str(error),
        status=error.status if error else seen.status if seen else None,
        address=error.address if error else seen.address if seen else None,
        tls=seen.tls if seen else "",
        # The notifier's own, if it has one: secrets are taken out of it.
        answer=error.body if error else answer.body if answer else "",
        signed=tuple(sorted(name for name in watched.headers if name.startswith("webhook-"))),
        signatures=len(watched.headers.get(_SIGNATURE, "").split()),
    )


class _Watched:
    """A way out that notes what was sent by it."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.headers: Mapping[str, str] = {}
        self.answer: Answer | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.answer = await self._post(url, headers, body)
        return self.answer


def _identity() -> str:
    return f"test_{secrets.token_hex(16)}"
