"""The two shapes of a handler: one that looks at a report, and one that tells an endpoint.

A handler is found by entry point (group ``watcher.handlers``) or as a plain ``*.py`` file in the folder that
``[handlers] path`` names. Its settings are the keyword arguments of its constructor, checked there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, ClassVar, Self

from watcher.models import Message, Report

__all__ = ["Answer", "Context", "Handler", "Notifier", "Post", "Stage"]


class Stage(IntEnum):
    """The stages of a filing's route, in the order in which they run."""

    PARSE = 1
    CLASSIFY = 2
    ALERT = 3
    NOTIFY = 4


@dataclass(frozen=True, slots=True)
class Context:
    """What the program tells a handler that is being built, beside its own settings."""

    rules_path: Path | None = None
    endpoints: frozenset[str] = frozenset()  # names that a rule may notify
    prepared: bytes | None = None  # what this handler's own `prepare` gave


class Handler:
    """One step that looks at a report: parse, classify or alert.

    It never touches network, disk or clock, so that any report can be made again. It runs in a worker process
    with a bound on time and memory. It may raise `Skip` to end the filing's route.
    """

    name: ClassVar[str]
    stage: ClassVar[Stage]
    after: ClassVar[tuple[str, ...]] = ()  # handlers of the same stage that must run before this one
    events: ClassVar[tuple[str, ...]] = ()  # names of those that it may find; then rules and lists may ask for them

    @classmethod
    def prepare(cls, context: Context) -> bytes | None:
        """Read what every worker's `build` would else read for itself; it is given to them as ``context.prepared``.

        Called once, in the daemon, so that all workers go by the same, also those that start later, while files are
        being edited. Raises as `build`.
        """
        return None

    @classmethod
    def build(cls, context: Context, **settings: Any) -> Self:
        """Make one from its settings. Override it to take something from ``context``.

        Raises ``ConfigError`` or ``ValueError`` when it cannot work with these settings.
        """
        return cls(**settings)

    def describe(self) -> str:
        """What it goes by, in a few words for ``eightk check``; "" when there is nothing to say."""
        return ""

    def handle(self, report: Report) -> None:
        """Look at the report and fill in what was found. Raises ``Skip`` to end the route on purpose."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered to a POST: any status, redirects not followed."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: str  # its first 20,000 bytes at most
    address: str  # what was dialled, as ``ip:port``
    tls: str = ""  # the version, such as ``TLSv1.3``; "" without TLS


# Posts (url, headers, body) under the guard: raises ``DeliveryError`` when nothing was, or may be, answered.
Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]


class Notifier:
    """A kind of telling, such as a webhook. ``name`` is what an endpoint gives as its ``kind``.

    It may be called twice for one message, so it sends the message's own id along.
    """

    name: ClassVar[str]
    stage: ClassVar[Stage] = Stage.NOTIFY
    requests_per_second: ClassVar[float | None] = None  # what its service takes for long, when that is known

    @classmethod
    def build(cls, context: Context, **settings: Any) -> Self:
        """Make one from an endpoint's settings. Raises ``ConfigError`` or ``ValueError``."""
        return cls(**settings)

    async def notify(self, message: Message, post: Post, now: float) -> Answer | None:
        """Tell the endpoint. Returns what it answered, if its kind has answers. ``now`` is Unix time.

        Raises ``DeliveryError``, which says whether to try again.
        """
        raise NotImplementedError
