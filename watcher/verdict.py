"""What an attempt means for its delivery and for its endpoint: the one place that decides it.

Pure, and called inside the transaction that notes the attempt, with the endpoint's state read there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watcher.models import Delivery, DeliveryState

__all__ = ["RETRY_SECONDS", "EndpointState", "Notice", "Outcome", "Verdict", "is_stale", "judge"]

# The waits of Standard Webhooks' example schedule: ten attempts in about three days, past a weekend.
RETRY_SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
MAX_RETRY_AFTER_SECONDS = 86_400
# A receiver that is overloaded, or has a proxy before it that says so, gets a minute at least (as Svix does it).
OVERLOAD_SECONDS = 60.0
# After so many failures in a row the circuit is open: one probe at each step, and the rest waits. The steps of a whole
# endpoint are those of the schedule, up to half an hour.
OPEN_AFTER = 5
LONGEST_STEP_SECONDS = 1_800
ALONE_AFTER_TIMEOUTS = 2
DISABLE_AFTER = timedelta(days=5)
DISABLE_APART = timedelta(hours=12)
FAILING_AFTER = 4
MISTAKEN_AFTER = 2
QUIET = timedelta(hours=1)

_GONE, _TOO_MANY = 410, 429
_OVERLOADED = frozenset({408, 425, 502, 504})
_MISTAKEN = frozenset({400, 401, 403, 404, 405, 413, 422})


class Notice(StrEnum):
    """What the owner is told of an endpoint."""

    FAILING = "failing"  # a message failed again and again
    RECOVERED = "recovered"
    EXHAUSTED = "exhausted"  # a message was given up
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended."""

    ok: bool
    reason: str = ""
    permanent: bool = False
    status: int | None = None
    retry_after_seconds: float | None = None
    timed_out: bool = False
    disables: bool = False  # the receiver wants nothing more
    aborts: bool = False  # the receiver wants no more of this message


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How an endpoint fares. One that was never seen to fail has the defaults."""

    name: str
    failures: int = 0  # in a row; of one message alone only the first counts
    timeouts: int = 0  # in a row
    pauses: int = 0  # asked for in a row, by 429
    last_failed: str | None = None  # the delivery that failed last
    last_error: str | None = None
    failing_since: datetime | None = None  # the first failure since the last success
    exhausted_at: datetime | None = None  # when a message was first given up since the last success
    resumes_at: datetime | None = None  # until then nothing is sent
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    failing_told_at: datetime | None = None
    exhausted_told_at: datetime | None = None
    told_of: str | None = None  # the delivery told as failing and not as recovered yet; "": any success is recovery

    @property
    def is_open(self) -> bool:
        """Whether it failed so often that it is only probed."""
        return self.failures >= OPEN_AFTER

    def rests(self, now: datetime) -> bool:
        """Whether nothing may be sent now."""
        return self.disabled_at is not None or (self.resumes_at is not None and self.resumes_at > now)

    def lanes(self, concurrency: int) -> int:
        """How many may be in flight."""
        return 1 if self.is_open or self.timeouts >= ALONE_AFTER_TIMEOUTS else concurrency


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery and of its endpoint."""

    state: DeliveryState
    run_at: datetime | None  # when it is tried again; None: it is settled
    uses_attempt: bool
    endpoint: EndpointState
    notices: tuple[Notice, ...] = ()


def is_stale(one: Delivery, at: datetime) -> bool:
    """Whether it is no news any more by then. What a person asked for again is told however old it is."""
    return one.manual_from is None and one.expires_at is not None and at >= one.expires_at


def judge(
    one: Delivery,
    endpoint: EndpointState,
    outcome: Outcome,
    at: datetime,
    *,
    jitter: float = 1.0,
    ordered: bool = False,
) -> Verdict:
    """Decide what follows from an attempt that ended at this time.

    ``jitter`` is what waits are multiplied with. An ``ordered`` endpoint waits for each message that failed.
    """
    if outcome.ok:
        verdict = _delivered(one, endpoint)
    elif outcome.status == _TOO_MANY and not outcome.aborts:
        verdict = _held_off(one, endpoint, outcome, at, jitter)
    else:
        verdict = _failed(one, endpoint, outcome, at, jitter)
        if ordered and verdict.run_at is not None:
            verdict = replace(verdict, endpoint=_rest(verdict.endpoint, verdict.run_at))
    return _quieted(_disabled_if_due(verdict, endpoint, outcome, at), one, at)


def _delivered(one: Delivery, endpoint: EndpointState) -> Verdict:
    is_recovered = endpoint.told_of is not None and (endpoint.is_open or endpoint.told_of in ("", one.id))
    # A pause stays: what was under way when it began says nothing about it.
    after = replace(
        endpoint,
        failures=0,
        timeouts=0,
        pauses=0,
        last_failed=None,
        last_error=None,
        failing_since=None,
        exhausted_at=None,
        told_of=None if is_recovered else endpoint.told_of,
    )
    notices = (Notice.RECOVERED,) if is_recovered else ()
    return Verdict(DeliveryState.DELIVERED, None, uses_attempt=True, endpoint=after, notices=notices)


def _held_off(one: Delivery, endpoint: EndpointState, outcome: Outcome, at: datetime, jitter: float) -> Verdict:
    """429: the endpoint pauses, by steps of its own, and the message loses no attempt."""
    after = _counted(one, endpoint, outcome, at)
    step = _short_step(after.pauses - 1) * jitter
    run_at = at + timedelta(seconds=_at_least(step, outcome.retry_after_seconds))
    if is_stale(one, run_at):
        return Verdict(DeliveryState.EXPIRED, None, uses_attempt=False, endpoint=_rest(after, run_at))
    notices = (Notice.FAILING,) if after.pauses == FAILING_AFTER else ()
    return Verdict(DeliveryState.PENDING, run_at, uses_attempt=False, endpoint=_rest(after, run_at), notices=notices)


def _failed(one: Delivery, endpoint: EndpointState, outcome: Outcome, at: datetime, jitter: float) -> Verdict:
    if outcome.aborts:
        # The receiver is in order, and said what it wants.
        return Verdict(DeliveryState.FAILED, None, uses_attempt=True, endpoint=endpoint)
    after = _counted(one, endpoint, outcome, at)
    wait = _wait_seconds(one.attempts, outcome, jitter)
    if outcome.retry_after_seconds is not None:
        pause = _at_least(wait or 0.0, outcome.retry_after_seconds)
        after = _rest(after, at + timedelta(seconds=pause))
    if after.is_open:
        after = _rest(after, at + timedelta(seconds=_short_step(after.failures - OPEN_AFTER) * jitter))
    if one.manual_from is not None:
        # Asked for by a person, once: its schedule is over, or goes on as if this had not been.
        return Verdict(one.manual_from, None, uses_attempt=True, endpoint=after)
    if wait is None:
        after = replace(after, exhausted_at=after.exhausted_at or at)
        return Verdict(DeliveryState.FAILED, None, uses_attempt=True, endpoint=after, notices=(Notice.EXHAUSTED,))
    run_at = at + timedelta(seconds=wait)
    if is_stale(one, run_at):
        return Verdict(DeliveryState.EXPIRED, None, uses_attempt=True, endpoint=after)
    tries = one.attempts + 1
    is_told = tries == FAILING_AFTER or (tries == MISTAKEN_AFTER and outcome.status in _MISTAKEN)
    notices = (Notice.FAILING,) if is_told else ()
    return Verdict(DeliveryState.PENDING, run_at, uses_attempt=True, endpoint=after, notices=notices)


def _counted(one: Delivery, endpoint: EndpointState, outcome: Outcome, at: datetime) -> EndpointState:
    # One message that the receiver will never take must not close the endpoint to all others.
    counts = endpoint.is_open or outcome.status == _TOO_MANY or endpoint.last_failed != one.id
    is_alone = endpoint.timeouts >= ALONE_AFTER_TIMEOUTS
    return replace(
        endpoint,
        failures=endpoint.failures + counts,
        timeouts=endpoint.timeouts + 1 if outcome.timed_out else endpoint.timeouts if is_alone else 0,
        pauses=endpoint.pauses + 1 if outcome.status == _TOO_MANY else 0,
        last_failed=one.id,
        last_error=outcome.reason,
        failing_since=endpoint.failing_since or at,
    )


def _wait_seconds(attempts: int, outcome: Outcome, jitter: float) -> float | None:
    """Seconds until the next attempt after so many earlier ones; None when it is given up."""
    if outcome.permanent or outcome.disables or outcome.status == _GONE or attempts >= len(RETRY_SECONDS):
        return None
    wait = RETRY_SECONDS[attempts] * jitter
    if outcome.timed_out or outcome.status in _OVERLOADED:
        wait = max(wait, OVERLOAD_SECONDS)
    return _at_least(wait, outcome.retry_after_seconds)


def _short_step(number: int) -> float:
    """Seconds until a whole endpoint is tried again: its receiver, once back, should not have to wait for long."""
    return min(RETRY_SECONDS[min(number, len(RETRY_SECONDS) - 1)], LONGEST_STEP_SECONDS)


def _at_least(wait: float, retry_after_seconds: float | None) -> float:
    return round(max(wait, min(retry_after_seconds or 0.0, MAX_RETRY_AFTER_SECONDS)), 3)


def _rest(endpoint: EndpointState, until: datetime) -> EndpointState:
    return replace(endpoint, resumes_at=max(until, endpoint.resumes_at or until))


def _disabled_if_due(verdict: Verdict, before: EndpointState, outcome: Outcome, at: datetime) -> Verdict:
    after = verdict.endpoint
    if after.disabled_at is not None:
        return replace(verdict, notices=())  # what was under way then: all is told
    reason = None
    if outcome.disables or outcome.status == _GONE:
        reason = outcome.reason or "the receiver asked for it"
    elif Notice.EXHAUSTED in verdict.notices and after.failing_since is not None and before.exhausted_at is not None:
        is_long = at - after.failing_since >= DISABLE_AFTER
        if is_long and at - before.exhausted_at >= DISABLE_APART:
            reason = f"no success since {after.failing_since:%Y-%m-%d %H:%M} UTC; the last: {outcome.reason}"
    if reason is None:
        return verdict
    off = replace(after, disabled_at=at, disabled_reason=reason)
    return replace(verdict, endpoint=off, notices=(Notice.DISABLED,))


def _quieted(verdict: Verdict, one: Delivery, at: datetime) -> Verdict:
    """Leave out what the owner was told within the hour, and note what is told now."""
    after, told = verdict.endpoint, []
    for notice in verdict.notices:
        if notice is Notice.FAILING and not _is_recent(after.failing_told_at, at):
            after = replace(after, failing_told_at=at, told_of=one.id)
        elif notice is Notice.EXHAUSTED and not _is_recent(after.exhausted_told_at, at):
            after = replace(after, exhausted_told_at=at, told_of="")
        elif notice in (Notice.FAILING, Notice.EXHAUSTED):
            continue
        told.append(notice)
    # A message that was given up will never be the one that recovers.
    if verdict.run_at is None and after.told_of == one.id:
        after = replace(after, told_of="")
    return replace(verdict, endpoint=after, notices=tuple(told))


def _is_recent(told_at: datetime | None, at: datetime) -> bool:
    # Both ways, for a clock may be set back.
    return told_at is not None and abs(at - told_at) < QUIET
