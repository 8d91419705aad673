"""Asking a simulator without a network, at times that a test decides."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from watcher.clock import Clock
from watcher.simulator.exchange import Ask, Reply
from watcher.simulator.server import Simulator

CONTACT = "Test Firm test@example.com"
FEED = {"action": "getcurrent", "type": "8-K", "owner": "include", "start": "0", "count": "100", "output": "atom"}
ATOM = "{http://www.w3.org/2005/Atom}"
NOON = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)  # in New York


class Hands(Clock):
    """A clock that stands still until it is told to move."""

    def __init__(self, at: datetime = NOON) -> None:
        super().__init__(start=at)
        self.move(at.timestamp())

    def time(self) -> float:
        return self.at

    def move(self, seconds: float) -> None:
        # A clock is frozen; this one's hands are not.
        object.__setattr__(self, "at", getattr(self, "at", 0.0) + seconds)


def ask(simulator: Simulator, path: str, **query: str) -> Reply:
    return simulator.answer(Ask(path, query, CONTACT))


def feed(simulator: Simulator, **query: str) -> list[ET.Element]:
    reply = ask(simulator, "/cgi-bin/browse-edgar", **(FEED | query))
    return ET.fromstring(reply.body).findall(f"{ATOM}entry")


def accessions(entries: list[ET.Element]) -> list[str]:
    return [(entry.findtext(f"{ATOM}id") or "")[-20:] for entry in entries]


def opened(simulator: Simulator) -> Simulator:
    """Let the day begin, and everything that comes at once be listed."""
    feed(simulator)
    return simulator
