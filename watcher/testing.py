"""Fakes and helpers for the tests of handler authors; eightk's own tests use them, too.

::

    def test_mine_counts_two_items():
        report = handled(submission(items=("1.01", "9.01")), ParseEightK(), Mine())

        assert "2 items" in report.warnings
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from watcher.errors import DeliveryError
from watcher.handler import Answer, Handler
from watcher.line import Line
from watcher.models import Filing, Message, Report
from watcher.registry import load_file
from watcher.simulator.generator import Generator

__all__ = ["FakePost", "Posted", "handled", "message", "plain_file", "submission"]


def submission(*, seed: int = 1, **wanted: Any) -> bytes:
    """A made-up, format-true submission; ``wanted`` are the options of `Generator.submission`, such as ``items``.

    Each ``seed`` below a million has an accession number of its own.
    """
    made = Generator(seed=seed).submission(**wanted)
    if "accession" in wanted:
        return made.raw
    own = f"{made.accession[:-6]}{seed % 1_000_000:06}"
    return Generator(seed=seed).submission(**wanted, accession=own).raw


def handled(raw: bytes, *handlers: Handler, filing: Filing | None = None) -> Report:
    """Run these handlers over a submission, in this order, and return the report. Raises what a worker would."""
    return Line(handlers).run(filing or Filing(accession=""), raw)


def plain_file(path: Path) -> ModuleType:
    """Import a plain-file handler as eightk does. Raises what the file raises."""
    return load_file(path)


def message(payload: bytes = b'{"type":"filing.matched"}', *, id: str = "alr_0") -> Message:  # noqa: A002
    """A message as a notifier is given it."""
    at = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
    return Message(id, "filing.matched", at, "Made Up, Inc.: 8-K", "http://127.0.0.1:8000/filings/x", payload)


@dataclass(frozen=True, slots=True)
class Posted:
    """One request that a notifier made."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class FakePost:
    """Stands for the guarded way out: keeps what was posted, and answers as told."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    error: DeliveryError | None = None
    posted: list[Posted] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post, as notifiers do. Raises ``error`` if one is set."""
        self.posted.append(Posted(url, dict(headers), body))
        if self.error is not None:
            raise self.error
        return Answer(self.status, self.headers, self.body, "192.0.2.1:443")
