"""What is counted as it happens: one method for each thing that does. `Meters` itself counts nothing.

Whoever works is given one and calls it; nobody but `metrics` knows what becomes of it. A label takes few values: never
an accession number, a company or a rule.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["DeliveryOutcome", "Meters", "PollOutcome"]


class DeliveryOutcome(StrEnum):
    """What became of an attempt to tell."""

    DELIVERED = "delivered"
    RETRIED = "retried"  # it failed, and is tried again
    FAILED = "failed"  # it failed, and is given up
    EXPIRED = "expired"  # no news any more


class PollOutcome(StrEnum):
    """How a look at EDGAR's list ended."""

    COMPLETE = "complete"
    FAILED = "failed"


class Meters:
    """Takes note of nothing. Every method may be called from any thread, and none raises."""

    def spotted(self, source: str, channel: str, lag_seconds: float | None) -> None:
        """A filing was taken in; ``lag_seconds`` after EDGAR accepted it, where that means something."""

    def settled(self, state: str) -> None:
        """A filing's route came to an end in this state."""

    def examined(self, seconds: float) -> None:
        """A worker read a filing, or failed to."""

    def saved(self, seconds: float) -> None:
        """A report, its alerts and what they owe were written in one transaction."""

    def attempted(self, endpoint: str, outcome: DeliveryOutcome, seconds: float | None) -> None:
        """An endpoint was told of an alert, or was not; ``seconds`` is None when nothing was sent."""

    def asked(self, host: str, status: int | None) -> None:
        """EDGAR was asked; ``status`` is None when no answer began."""

    def polled(self, outcome: PollOutcome) -> None:
        """The live list was looked at."""

    def worker_replaced(self, reason: str) -> None:
        """A worker process was ended and another one started."""

    def removed(self, what: str, count: int, size: int) -> None:
        """Retention took away so many raw files (``raw``) or reports (``report``), and so many bytes on the disk."""
