"""The port: what the daemon asks of an engine, whichever it is.

An engine says only who works on what, now. What is owed, and when, stands in the store: a job carries no time and no
content, and doing it when nothing is owed is harmless. One contract test-suite runs over every engine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection

__all__ = ["Engine", "EngineHealth", "Job", "JobKind", "Work"]


class JobKind(StrEnum):
    """What a job is about."""

    FILING = "filing"  # bring this filing as far as it goes
    ENDPOINT = "endpoint"  # drain what this endpoint is owed


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to work on: a filing's accession number, or an endpoint's name."""

    kind: JobKind
    key: str


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """What an engine is doing."""

    running: tuple[Job, ...]
    failures: int  # jobs whose function raised, since the start
    is_stopping: bool
    is_in_trouble: bool = False  # a job's last run raised, or the store cannot be asked
    trouble: str = ""  # of such troubles the last one, in words


Work = Callable[[Job], Awaitable[None]]


class Engine(Protocol):
    """Hands out jobs. The same job never runs twice at once; a job whose function raised is handed out again."""

    def submit(self, job: Job, connection: Connection | None = None, *, is_history: bool = False) -> None:
        """Ask for this job to be done soon, once ``connection``'s transaction has committed, if one is given.

        May be called from any thread. Submitting what is already waiting is harmless. Nobody waits for ``is_history``:
        it comes after the others.
        """

    async def work(self, do: Work) -> None:
        """Hand out jobs to ``do`` until stopped, then wait for those that run."""

    def health(self) -> EngineHealth:
        """Tell what runs now."""

    async def stop(self, seconds: float) -> None:
        """Hand out nothing more; give what runs so many seconds to end, then cancel it. ``work`` then returns."""
