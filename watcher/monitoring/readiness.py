"""Whether the watcher can be relied on now: what ``/readyz`` answers.

What holds is a pure function of what was seen (`checks_of`). An open socket says little: what counts is how old the
data may be by EDGAR's own hours, whether the store takes what is written, and whether what is owed moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watcher.edgar.calendar import is_open, next_open

__all__ = ["CHECKS", "STUCK_SECONDS", "Check", "Readiness", "Seen", "checks_of", "poll_is_good_until"]

CHECKS = ("poll", "store", "workers", "work", "running")
# Of the looks that the rhythm asks for so many may fail before the data counts as old, and a slow answer takes a while.
LOOKS = 3
SLOW_SECONDS = 60.0
# What is owed for so long, while nothing at all came to an end, does not move: a fetch may take 300 seconds.
STUCK_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, and why it does or does not, for a person."""

    name: str
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """All checks at one moment."""

    at: datetime
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        """Whether all hold."""
        return all(one.ok for one in self.checks)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the daemon. Troubles are "" where there is none.

    ``next_look`` says when to look at EDGAR's list again after a look; it is None where EDGAR is not polled.
    """

    next_look: Callable[[datetime], datetime] | None = None
    polled_at: datetime | None = None  # when the last complete poll ended, over all starts
    has_edgar_hours: bool = True  # another address need not keep them
    edgar: str = ""  # what is known of why it cannot be polled
    store: str = ""  # why it cannot be written
    workers: str = ""  # why none can start
    stuck: tuple[str, ...] = ()  # what is owed and has not moved
    is_stopping: bool = False


def checks_of(seen: Seen, now: datetime, *, slow_seconds: float = SLOW_SECONDS) -> tuple[Check, ...]:
    """Judge what was seen. ``slow_seconds`` is what a slow answer may take, by the clock of ``now``."""
    return (
        _poll(seen, now, slow_seconds),
        Check("store", not seen.store, seen.store or "it takes what is written"),
        Check("workers", not seen.workers, seen.workers or "they start"),
        Check("work", not seen.stuck, "; ".join(seen.stuck) or "what is owed moves"),
        Check("running", not seen.is_stopping, "it is being stopped" if seen.is_stopping else "it runs"),
    )


def poll_is_good_until(seen: Seen, polled_at: datetime, slow_seconds: float = SLOW_SECONDS) -> datetime:
    """Return the instant from which on data as of the poll at ``polled_at`` counts as old.

    While EDGAR is closed nothing new can come: what is good until a moment of the night is good until its next opening,
    and as long as a poll may take from then on.
    """
    if seen.next_look is None:
        raise ValueError("EDGAR is not polled")
    slow = timedelta(seconds=slow_seconds)
    until = polled_at
    for _ in range(LOOKS):
        until = seen.next_look(until)
    until += slow
    if seen.has_edgar_hours and not is_open(until):
        return next_open(until) + slow
    return until


def _poll(seen: Seen, now: datetime, slow_seconds: float) -> Check:
    if seen.next_look is None:
        return Check("poll", ok=True, reason="EDGAR is not polled: no contact is set")
    why = f": {seen.edgar}" if seen.edgar else ""
    if seen.polled_at is None:
        return Check("poll", ok=False, reason=f"no poll of EDGAR's list was complete yet{why}")
    until = poll_is_good_until(seen, seen.polled_at, slow_seconds)
    told = f"the last complete poll ended at {_instant(seen.polled_at)}"
    if now <= until:
        return Check("poll", ok=True, reason=f"{told}; good until {_instant(until)}")
    return Check("poll", ok=False, reason=f"{told}, too old since {_instant(until)}{why}")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
