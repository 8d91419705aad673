"""Who is owed what, and when: the one place that decides it.

Pure, and called inside the transaction that saves the alerts, with what it needs read there; whatever replays
history calls the same function, over `watcher.pacing_state`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watcher.active_hours import next_hours
from watcher.models import ActiveHours, Alert, Delivery, DeliveryState, Grouping, Origin, Pacing, Throttle

__all__ = [
    "Digest",
    "DigestKey",
    "Plan",
    "PlanState",
    "Silence",
    "ThrottleCount",
    "ThrottleKey",
    "Untold",
    "Why",
    "digest_delivery",
    "plan",
]

ThrottleKey = tuple[str, str]  # rule, key
DigestKey = tuple[str, str, str]  # rule, key, endpoint


class Why(StrEnum):
    """Why nobody is told of an alert; of several reasons the first one of these counts."""

    ORIGIN = "origin"  # its filing is no news: backfill, a reread, or late by too much
    RECORD_ONLY = "record only"  # its rule wants nobody told: ``notify: []``
    NO_ENDPOINT = "no endpoint"  # its rule names none that the settings have
    SILENCED = "silenced"  # somebody silenced its rule or its company
    INHIBITED = "inhibited"  # by an alert on the same filing that says more
    THROTTLED = "throttled"  # as many as its rule allows were told
    OUTSIDE_HOURS = "outside hours"
    EXPIRED = "expired"  # before the hours begin in which it could be told


@dataclass(frozen=True, slots=True)
class Untold:
    """The reason for which nobody is told of an alert."""

    why: Why
    detail: str

    def __str__(self) -> str:
        return f"{self.why}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Silence:
    """What nobody wants to be told for a while: of a rule, of a company, or of that rule about that company."""

    id: int
    rule: str | None
    cik: int | None
    why: str
    by: str  # "" when not told
    begins_at: datetime
    until: datetime
    ended_at: datetime | None = None  # when somebody ended it before its time

    def is_open(self, now: datetime) -> bool:
        """Whether it counts now."""
        return self.ended_at is None and self.begins_at <= now < self.until


@dataclass(frozen=True, slots=True)
class ThrottleCount:
    """How many were told in the window that began with the first of them."""

    began_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """Alerts of one rule and key that an endpoint is told of together, once ``closes_at`` has come."""

    id: str
    rule: str
    key: str
    endpoint: str
    opened_at: datetime
    closes_at: datetime
    count: int = 0


@dataclass(frozen=True, slots=True)
class PlanState:
    """What the decision depends on, beside the alerts themselves.

    ``throttles``, ``digests`` (those not closed yet) and ``silences`` may hold more than these alerts ask for.
    """

    origin: Origin
    listed_at: datetime | None  # when EDGAR accepted or listed the filing
    late_hours: float
    endpoints: frozenset[str]
    notify_all: bool = False  # told to notify even of what came as backfill or reread
    ciks: frozenset[int] = frozenset()  # of the filing's filers
    fired: tuple[Alert, ...] = ()  # all alerts on this filing, when some of them were raised before
    throttles: Mapping[ThrottleKey, ThrottleCount] = field(default_factory=dict)
    digests: Mapping[DigestKey, Digest] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of alerts: each owes deliveries, or is in a digest, or is untold; what else changes by it."""

    deliveries: tuple[Delivery, ...]
    untold: Mapping[str, Untold]  # by alert id
    throttles: Mapping[ThrottleKey, ThrottleCount]  # those that changed
    digests: tuple[Digest, ...]  # those that are new, or gained members
    members: tuple[tuple[str, str], ...]  # (digest id, alert id), in the order of joining


def plan(alerts: Iterable[Alert], state: PlanState, now: datetime) -> Plan:
    """Decide about the alerts on one filing.

    Live filings owe every endpoint that their rules name; late ones too, when listed within ``late_hours``;
    backfill and reread owe nothing unless ``notify_all``. An endpoint that left the settings is owed nothing. How an
    alert is told, and when, is as its rule's pacing says.
    """
    listed = tuple(alerts)
    draft = _Draft(state, now)
    for one in listed:
        draft.decide(one, (*listed, *state.fired))
    return Plan(
        tuple(draft.deliveries),
        draft.untold,
        {key: count for key, count in draft.throttles.items() if count is not state.throttles.get(key)},
        tuple(draft.changed.values()),
        tuple(draft.members),
    )


def digest_delivery(one: Digest, newest: Alert, raised_at: datetime, now: datetime) -> Delivery:
    """Return what a digest that closes now owes. ``newest`` is the last alert in it, and ``raised_at`` when it came.

    It waits for the rule's hours, if these are held for, and is news for as long as its newest alert is.
    """
    pacing = newest.pacing or Pacing()
    hours = next_hours(pacing.active, now) if pacing.active is not None and pacing.active.holds else None
    run_at = now if hours is None else max(now, hours.begin)
    return _delivery(one.id, one.endpoint, run_at, _expires_at(pacing, raised_at))


class _Draft:
    """A plan that is being made, alert by alert."""

    def __init__(self, state: PlanState, now: datetime) -> None:
        self.state = state
        self.now = now
        self.deliveries: list[Delivery] = []
        self.untold: dict[str, Untold] = {}
        self.throttles = dict(state.throttles)
        self.digests = dict(state.digests)
        self.changed: dict[str, Digest] = {}
        self.members: list[tuple[str, str]] = []

    def decide(self, one: Alert, fired: Sequence[Alert]) -> None:
        """Say what becomes of one alert. ``fired`` are all on this filing."""
        endpoints = [name for name in dict.fromkeys(one.notify) if name in self.state.endpoints]
        pacing = one.pacing or Pacing()
        tell_at = _tell_at(pacing.active, self.now)
        untold = (
            _by_origin(self.state, self.now)
            or _by_endpoints(one, endpoints)
            or _by_silence(one, self.state, self.now)
            or _by_inhibition(one, fired)
            or self._by_throttle(one, pacing.throttle, tell_at or self.now)
            or _by_hours(pacing, tell_at, self.now)
        )
        if untold is None:
            self._tell(one, pacing, endpoints, tell_at or self.now)
        else:
            self.untold[one.id] = untold

    def _tell(self, one: Alert, pacing: Pacing, endpoints: Iterable[str], tell_at: datetime) -> None:
        if pacing.throttle is not None:
            self._count(one, pacing.throttle, tell_at)
        for endpoint in endpoints:
            if pacing.grouping is None:
                self.deliveries.append(_delivery(one.id, endpoint, tell_at, _expires_at(pacing, self.now)))
            else:
                self._join(one, pacing.grouping, endpoint, tell_at)

    def _by_throttle(self, one: Alert, throttle: Throttle | None, tell_at: datetime) -> Untold | None:
        if throttle is None:
            return None
        told = self._told(one, throttle, tell_at)
        if told is None or told.count < throttle.max:
            return None
        of = f" of {throttle.key}" if throttle.key else ""
        return Untold(Why.THROTTLED, f"{told.count}{of} told in the window that began {_shown(told.began_at)}")

    def _told(self, one: Alert, throttle: Throttle, tell_at: datetime) -> ThrottleCount | None:
        """How many were told in the window in which this one would be; None if it begins one."""
        told = self.throttles.get((one.rule, throttle.key))
        if told is None:
            return None
        # Both ways: a clock that was set back must not close the window for as long as it was ahead.
        is_within = abs(tell_at - told.began_at) < timedelta(seconds=throttle.window_seconds)
        return told if is_within else None

    def _count(self, one: Alert, throttle: Throttle, tell_at: datetime) -> None:
        told = self._told(one, throttle, tell_at) or ThrottleCount(tell_at, 0)
        self.throttles[one.rule, throttle.key] = replace(told, count=told.count + 1)

    def _join(self, one: Alert, grouping: Grouping, endpoint: str, tell_at: datetime) -> None:
        """Put the alert into the open digest, or into a new one that it opens."""
        key = one.rule, grouping.key, endpoint
        found = self.digests.get(key)
        if found is None or found.closes_at <= self.now or found.count >= grouping.max:
            found = Digest(_digest_id(one, *key), *key, self.now, _closes_at(one, grouping, tell_at, self.now))
        count = found.count + 1
        closes_at = min(found.closes_at, self.now) if count >= grouping.max else found.closes_at
        joined = replace(found, count=count, closes_at=closes_at)
        self.digests[key] = self.changed[joined.id] = joined
        self.members.append((joined.id, one.id))


def _by_origin(state: PlanState, now: datetime) -> Untold | None:
    if state.origin is Origin.LIVE or state.notify_all:
        return None
    if state.origin is not Origin.LATE:
        return Untold(Why.ORIGIN, f"{state.origin} is no news")
    if state.listed_at is None:
        return Untold(Why.ORIGIN, "late, and nothing tells by how much")
    if now - state.listed_at <= timedelta(hours=state.late_hours):
        return None
    return Untold(Why.ORIGIN, f"late by more than {state.late_hours:g} hours")


def _by_endpoints(one: Alert, endpoints: Sequence[str]) -> Untold | None:
    if not one.notify:
        return Untold(Why.RECORD_ONLY, "its rule says notify: []")
    return None if endpoints else Untold(Why.NO_ENDPOINT, "the rule names none that the settings have")


def _by_silence(one: Alert, state: PlanState, now: datetime) -> Untold | None:
    for silence in state.silences:
        is_meant = silence.rule in (None, one.rule) and (silence.cik is None or silence.cik in state.ciks)
        if is_meant and silence.is_open(now):
            by = f" by {silence.by}" if silence.by else ""
            return Untold(Why.SILENCED, f"silence {silence.id}{by} until {_shown(silence.until)}: {silence.why}")
    return None


def _by_inhibition(one: Alert, fired: Iterable[Alert]) -> Untold | None:
    """Whether an alert that fired speaks for this one, too.

    As with Alertmanager, one that is itself silenced or inhibited inhibits all the same: who wants to hear nothing of
    the greater matter does not want the lesser one in its place. And two that inhibit each other both do not.
    """
    for other in fired:
        if one.rule in other.inhibits and other.rule not in one.inhibits and other.rule != one.rule:
            return Untold(Why.INHIBITED, f"by rule {other.rule}, which fired on the same filing")
    return None


def _by_hours(pacing: Pacing, tell_at: datetime | None, now: datetime) -> Untold | None:
    if pacing.active is None:
        return None
    if tell_at is None:
        return Untold(Why.OUTSIDE_HOURS, f"the rule tells only within its hours ({pacing.active.zone})")
    expires_at = _expires_at(pacing, now)
    if expires_at is None or tell_at < expires_at:
        return None
    return Untold(Why.EXPIRED, f"the rule's hours begin {_shown(tell_at)}, and by then it is no news any more")


def _tell_at(active: ActiveHours | None, now: datetime) -> datetime | None:
    """When an alert that is raised now is told at the earliest; None: never."""
    if active is None:
        return now
    hours = next_hours(active, now)
    if hours is None:
        return None
    if hours.begin <= now:
        return now
    return hours.begin if active.holds else None


def _closes_at(one: Alert, grouping: Grouping, tell_at: datetime, now: datetime) -> datetime:
    """When a digest that this alert opens closes: after its wait, but not after hours that nothing is held for."""
    closes_at = tell_at + timedelta(seconds=grouping.wait_seconds)
    active = one.pacing.active if one.pacing else None
    hours = None if active is None or active.holds else next_hours(active, now)
    return closes_at if hours is None else min(closes_at, hours.end)


def _expires_at(pacing: Pacing, raised_at: datetime) -> datetime | None:
    return None if pacing.expires_seconds is None else raised_at + timedelta(seconds=pacing.expires_seconds)


def _delivery(alert: str, endpoint: str, run_at: datetime, expires_at: datetime | None) -> Delivery:
    identity = f"dlv_{_hash(alert, endpoint)}"
    return Delivery(identity, alert, endpoint, DeliveryState.PENDING, run_at, expires_at=expires_at)


def _digest_id(first: Alert, rule: str, key: str, endpoint: str) -> str:
    # An alert is the first of one digest for each endpoint, and of no other ever.
    return f"dig_{_hash(rule, key, endpoint, first.id)}"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
