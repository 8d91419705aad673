"""What plans depend on, kept in memory: for whatever replays filings, such as the tests of rules and the backtest.

It takes a plan in as the store does, so that a replay and the daemon decide alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watcher.models import Alert, Delivery
from watcher.plan import Digest, Plan, PlanState, Silence, ThrottleCount, ThrottleKey, digest_delivery, plan

__all__ = ["PacingState"]


class PacingState:
    """Throttles, digests and the alerts that were raised, for one replay. Filings must come in the order of time."""

    def __init__(self, silences: Iterable[Silence] = ()) -> None:
        self.silences = tuple(silences)
        self._throttles: dict[ThrottleKey, ThrottleCount] = {}
        self._digests: dict[str, Digest] = {}  # by id; those not closed yet
        self._newest: dict[str, tuple[Alert, datetime]] = {}  # of each of these digests, and when it was raised
        self._members: dict[str, list[str]] = {}
        self._raised: set[str] = set()

    def plan(self, alerts: Iterable[Alert], state: PlanState, now: datetime) -> Plan:
        """Decide about the alerts on a filing, and remember what changes. One that was raised before owes nothing new.

        ``state`` tells of the filing alone. What closed by then is asked of `close` before.
        """
        listed = tuple(alerts)
        new = {one.id: one for one in listed if one.id not in self._raised}
        self._raised |= new.keys()
        # Of two digests of one key the later one is open: the other is full, and about to close.
        digests = {(one.rule, one.key, one.endpoint): one for one in self._digests.values()}
        paced = replace(
            state, fired=listed, throttles=self._throttles, digests=digests, silences=(*state.silences, *self.silences)
        )
        made = plan(new.values(), paced, now)
        self._throttles |= made.throttles
        self._digests |= {one.id: one for one in made.digests}
        for digest_id, alert_id in made.members:
            self._newest[digest_id] = new[alert_id], now
            self._members.setdefault(digest_id, []).append(alert_id)
        return made

    def close(self, until: datetime) -> tuple[tuple[Delivery, tuple[str, ...]], ...]:
        """Close the digests that are due by then, each at its own time, in the order of time.

        Return what each of them owes, with the ids of its alerts.
        """
        due = sorted((one for one in self._digests.values() if one.closes_at <= until), key=lambda one: one.closes_at)
        return tuple(self._closed(one) for one in due)

    def _closed(self, one: Digest) -> tuple[Delivery, tuple[str, ...]]:
        del self._digests[one.id]
        newest, raised_at = self._newest.pop(one.id)
        return digest_delivery(one, newest, raised_at, one.closes_at), tuple(self._members.pop(one.id))
