"""Rules over filings that were read before, by a clock that follows them: what the tests of rules and backtests run on.

What fires, and what is owed for it, is decided by the very functions that the daemon calls; only the store's part is
played by memory.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.models import Alert, Delivery, Filing, Origin, Report
from watcher.pacing_state import PacingState
from watcher.plan import PlanState, Untold
from watcher.rulebook import RuleBook

__all__ = ["Replay", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one filing."""

    alerts: tuple[Alert, ...]  # all that its rules raised
    told: dict[str, int]  # by alert id: to how many endpoints, now or in a digest
    untold: dict[str, Untold]  # by alert id: why nobody is told
    endpoints: Counter[str]  # how often each of them is told, a digest's members counted one by one
    owed_at_once: int  # deliveries, but for those of digests
    seconds: float  # of matching alone


class Replay:
    """One run of rules over filings, which come in the order of time."""

    def __init__(self, *, endpoints: Iterable[str], late_hours: float = 72.0) -> None:
        self._endpoints = frozenset(endpoints)
        self._late_hours = late_hours
        self._pacing = PacingState()
        self.digests: list[tuple[Delivery, tuple[str, ...]]] = []  # that closed, with the ids of their alerts

    def take(self, book: RuleBook, report: Report, now: datetime) -> Taken:
        """Match one filing, as live, and decide about its alerts."""
        # A report from the store holds the alerts that it raised then.
        report = replace(report, alerts=())
        begun = time.perf_counter()
        alerts = book.alerts(report)
        return self.decide(report.filing, alerts, now, seconds=time.perf_counter() - begun)

    def decide(self, filing: Filing, alerts: tuple[Alert, ...], now: datetime, *, seconds: float = 0.0) -> Taken:
        """Decide about the alerts of one filing, as live. ``seconds`` is what it took to match it."""
        self.close(now)
        state = PlanState(
            origin=Origin.LIVE,
            listed_at=now,
            late_hours=self._late_hours,
            endpoints=self._endpoints,
            ciks=frozenset(filer.cik for filer in filing.filers),
        )
        made = self._pacing.plan(alerts, state, now)
        told: Counter[str] = Counter(one.alert for one in made.deliveries)
        told.update(alert for _, alert in made.members)
        endpoints = Counter(one.endpoint for one in made.deliveries)
        endpoint_of = {one.id: one.endpoint for one in made.digests}
        endpoints.update(endpoint_of[digest] for digest, _ in made.members)
        return Taken(alerts, dict(told), dict(made.untold), endpoints, len(made.deliveries), seconds)

    def close(self, until: datetime) -> None:
        """Close the digests that are due by then."""
        self.digests += self._pacing.close(until)
