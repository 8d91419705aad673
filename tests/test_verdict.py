"""What an attempt means for its delivery and its endpoint: the delivery contract, line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.models import Delivery, DeliveryState
from watcher.verdict import RETRY_SECONDS, EndpointState, Notice, Outcome, Verdict, judge

NOW = datetime(2026, 5, 20, 18, 0, tzinfo=UTC)
ONE = Delivery("dlv_1", "alr_1", "desk", DeliveryState.PENDING, NOW)
DESK = EndpointState("desk")
OK = Outcome(ok=True)
BUSY = Outcome(ok=False, reason="503", status=503)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def failed(status: int | None = None, **more: object) -> Outcome:
    return Outcome(ok=False, reason=f"{status}", status=status, **more)  # type: ignore[arg-type]


def wait(verdict: Verdict) -> float:
    assert verdict.run_at is not None
    return (verdict.run_at - NOW).total_seconds()


def after(outcomes: list[Outcome], state: EndpointState = DESK, at: datetime = NOW) -> EndpointState:
    """How the endpoint fares after these attempts, each at another message."""
    for number, outcome in enumerate(outcomes):
        state = judge(replace(ONE, id=f"dlv_{number}"), state, outcome, at).endpoint
    return state


# The schedule.


def test_success_settles() -> None:
    verdict = judge(ONE, DESK, OK, NOW)

    assert (verdict.state, verdict.run_at, verdict.uses_attempt) == (DeliveryState.DELIVERED, None, True)
    assert verdict.endpoint == DESK


@pytest.mark.parametrize("attempts", range(9))
def test_a_failure_waits_as_the_schedule_says(attempts: int) -> None:
    assert wait(judge(replace(ONE, attempts=attempts), DESK, failed(500), NOW)) == RETRY_SECONDS[attempts]


@pytest.mark.parametrize("jitter", [0.8, 1.2])
def test_waits_are_jittered(jitter: float) -> None:
    assert wait(judge(replace(ONE, attempts=2), DESK, failed(500), NOW, jitter=jitter)) == 1800 * jitter


def test_the_tenth_failure_is_the_last() -> None:
    verdict = judge(replace(ONE, attempts=9), DESK, failed(500), NOW)

    assert (verdict.state, verdict.notices) == (DeliveryState.FAILED, (Notice.EXHAUSTED,))


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 422, 500, 501])
def test_whatever_may_be_mended_is_tried_again(status: int) -> None:
    assert wait(judge(ONE, DESK, failed(status), NOW)) == 5


@pytest.mark.parametrize("outcome", [failed(408), failed(425), failed(502), failed(504), failed(timed_out=True)])
def test_an_overloaded_receiver_gets_a_minute_at_least(outcome: Outcome) -> None:
    assert wait(judge(ONE, DESK, outcome, NOW, jitter=0.8)) == 60
    assert wait(judge(replace(ONE, attempts=1), DESK, outcome, NOW)) == 300


def test_what_the_guard_refuses_is_given_up() -> None:
    verdict = judge(ONE, DESK, failed(permanent=True), NOW)

    assert (verdict.state, verdict.endpoint.disabled_at) == (DeliveryState.FAILED, None)


def test_a_next_attempt_that_would_come_too_late_is_not_waited_for() -> None:
    assert judge(replace(ONE, expires_at=NOW + HOUR, attempts=3), DESK, BUSY, NOW).state is DeliveryState.EXPIRED


# Pauses.


@pytest.mark.parametrize(("asked", "waits"), [(None, 5), (1, 5), (120, 120), (10**9, 86_400)])
def test_429_pauses_the_endpoint_and_uses_no_attempt(asked: float | None, waits: float) -> None:
    verdict = judge(ONE, DESK, failed(429, retry_after_seconds=asked), NOW)

    assert (verdict.state, verdict.uses_attempt, wait(verdict)) == (DeliveryState.PENDING, False, waits)
    assert verdict.endpoint.resumes_at == NOW + timedelta(seconds=waits)


def test_429_again_and_again_waits_longer_up_to_half_an_hour() -> None:
    state, waits = DESK, []
    for _ in range(4):
        verdict = judge(ONE, state, failed(429), NOW)
        state = replace(verdict.endpoint, resumes_at=None)
        waits.append(wait(verdict))

    assert waits == [5, 300, 1800, 1800]


def test_other_failures_do_not_make_a_pause_longer() -> None:
    assert wait(judge(ONE, after([BUSY] * 9), failed(429), NOW)) == 5


def test_503_with_retry_after_pauses_the_endpoint_and_uses_an_attempt() -> None:
    verdict = judge(replace(ONE, attempts=1), DESK, failed(503, retry_after_seconds=20), NOW)

    assert (verdict.uses_attempt, wait(verdict)) == (True, 300)
    assert verdict.endpoint.resumes_at == NOW + timedelta(seconds=300)


def test_503_without_it_holds_nothing_else_up() -> None:
    assert judge(ONE, DESK, BUSY, NOW).endpoint.resumes_at is None


def test_what_was_under_way_when_a_pause_began_does_not_end_it() -> None:
    paused = judge(ONE, DESK, failed(429, retry_after_seconds=600), NOW).endpoint

    assert judge(ONE, paused, OK, NOW).endpoint.rests(NOW + timedelta(seconds=599))
    assert not paused.rests(NOW + timedelta(seconds=600))


# Time-outs, the circuit.


def test_after_two_timeouts_in_a_row_one_is_in_flight_until_a_success() -> None:
    late = failed(timed_out=True)

    assert after([late]).lanes(16) == 16
    assert after([late, late]).lanes(16) == 1
    assert after([late, late, BUSY]).lanes(16) == 1
    assert after([late, BUSY, late]).lanes(16) == 16
    assert after([late, late, OK]).lanes(16) == 16


def test_five_failures_in_a_row_open_the_circuit_and_a_success_closes_it() -> None:
    assert not after([BUSY] * 4).is_open
    assert after([BUSY] * 5).is_open
    assert after([BUSY] * 5).lanes(16) == 1
    assert not after([BUSY] * 4 + [OK] + [BUSY] * 4).is_open
    assert after([BUSY] * 5 + [OK]) == replace(DESK, resumes_at=NOW + timedelta(seconds=5))


def test_an_open_circuit_is_probed_by_steps_of_half_an_hour_at_most() -> None:
    rests = []
    for failures in range(5, 10):
        resumes_at = after([BUSY] * failures).resumes_at
        assert resumes_at is not None
        rests.append((resumes_at - NOW).total_seconds())

    assert rests == [5, 300, 1800, 1800, 1800]


def test_one_message_that_is_never_taken_does_not_open_it() -> None:
    state = DESK
    for attempts in range(9):
        state = judge(replace(ONE, attempts=attempts), state, failed(413), NOW).endpoint

    assert (state.failures, state.is_open) == (1, False)


# In order.


def test_an_ordered_endpoint_waits_for_the_message_that_failed() -> None:
    verdict = judge(replace(ONE, attempts=1), DESK, BUSY, NOW, ordered=True)

    assert verdict.endpoint.resumes_at == verdict.run_at == NOW + timedelta(seconds=300)


def test_it_goes_on_when_that_one_is_given_up() -> None:
    assert not judge(replace(ONE, attempts=9), DESK, BUSY, NOW, ordered=True).endpoint.rests(NOW)


# Disabled.


@pytest.mark.parametrize("outcome", [failed(410, permanent=True), failed(503, permanent=True, disables=True)])
def test_a_receiver_that_wants_nothing_more_disables_the_endpoint_at_once(outcome: Outcome) -> None:
    verdict = judge(ONE, DESK, outcome, NOW)

    assert (verdict.state, verdict.notices) == (DeliveryState.FAILED, (Notice.DISABLED,))
    assert (verdict.endpoint.disabled_at, verdict.endpoint.disabled_reason) == (NOW, outcome.reason)
    assert verdict.endpoint.rests(NOW + 1000 * DAY)


def test_it_may_take_a_message_and_want_no_more() -> None:
    verdict = judge(ONE, DESK, replace(OK, disables=True), NOW)

    assert (verdict.state, verdict.endpoint.disabled_at) == (DeliveryState.DELIVERED, NOW)


def test_a_receiver_that_wants_no_more_of_a_message_is_in_order() -> None:
    verdict = judge(ONE, DESK, failed(500, permanent=True, aborts=True), NOW)

    assert (verdict.state, verdict.endpoint, verdict.notices) == (DeliveryState.FAILED, DESK, ())


def exhausted(first: datetime, second: datetime) -> EndpointState:
    """Two messages given up then, after failures since NOW."""
    state = judge(ONE, DESK, BUSY, NOW).endpoint
    state = judge(replace(ONE, id="dlv_2", attempts=9), state, BUSY, first).endpoint
    return judge(replace(ONE, id="dlv_3", attempts=9), state, BUSY, second).endpoint


def test_five_days_without_success_and_two_given_up_half_a_day_apart_disable_it() -> None:
    state = exhausted(NOW + 3 * DAY, NOW + 5 * DAY)

    assert state.disabled_at == NOW + 5 * DAY
    assert "no success since 2026-05-20 18:00 UTC" in (state.disabled_reason or "")


def test_neither_four_days_nor_two_given_up_together_do() -> None:
    assert exhausted(NOW + 3 * DAY, NOW + 4 * DAY).disabled_at is None
    assert exhausted(NOW + 6 * DAY, NOW + 6 * DAY + 11 * HOUR).disabled_at is None


def test_any_success_begins_the_count_anew() -> None:
    state = judge(replace(ONE, attempts=9), after([BUSY]), BUSY, NOW + 3 * DAY).endpoint
    state = judge(ONE, state, OK, NOW + 4 * DAY).endpoint

    assert judge(replace(ONE, attempts=9), state, BUSY, NOW + 6 * DAY).endpoint.disabled_at is None


def test_a_disabled_endpoint_is_told_once() -> None:
    off = judge(ONE, DESK, failed(410), NOW).endpoint

    assert judge(ONE, off, failed(410), NOW + HOUR).notices == ()


# What the owner is told.


@pytest.mark.parametrize(("attempts", "notices"), [(2, ()), (3, (Notice.FAILING,)), (4, ())])
def test_the_fourth_failure_of_a_message_is_told(attempts: int, notices: tuple[Notice, ...]) -> None:
    assert judge(replace(ONE, attempts=attempts), DESK, BUSY, NOW).notices == notices


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422])
def test_what_looks_like_a_mistake_is_told_after_the_second(status: int) -> None:
    assert judge(ONE, DESK, failed(status), NOW).notices == ()
    assert judge(replace(ONE, attempts=1), DESK, failed(status), NOW).notices == (Notice.FAILING,)


def test_it_is_told_once_an_hour() -> None:
    state = judge(replace(ONE, attempts=3), DESK, BUSY, NOW).endpoint
    other = replace(ONE, id="dlv_2", attempts=3)

    assert judge(other, state, BUSY, NOW + HOUR - timedelta(seconds=1)).notices == ()
    assert judge(other, state, BUSY, NOW + HOUR).notices == (Notice.FAILING,)


def test_a_pause_that_does_not_end_is_told() -> None:
    told = []
    state = DESK
    for _ in range(5):
        verdict = judge(ONE, state, failed(429), NOW)
        state = verdict.endpoint
        told.append(verdict.notices)

    assert told == [(), (), (), (Notice.FAILING,), ()]


def test_recovery_is_told_when_the_message_that_failed_is_taken() -> None:
    """Other messages that are taken do not say that this one is."""
    state = judge(replace(ONE, attempts=3), DESK, BUSY, NOW).endpoint
    other = judge(replace(ONE, id="dlv_2"), state, OK, NOW)

    assert other.notices == ()
    assert judge(replace(ONE, attempts=4), other.endpoint, OK, NOW).notices == (Notice.RECOVERED,)


def test_recovery_of_an_endpoint_that_was_only_probed_is_told_at_its_first_success() -> None:
    state = judge(replace(ONE, attempts=3), after([BUSY] * 4), BUSY, NOW).endpoint

    verdict = judge(replace(ONE, id="dlv_9"), state, OK, NOW)

    assert verdict.notices == (Notice.RECOVERED,)
    assert judge(ONE, verdict.endpoint, OK, NOW).notices == ()


def test_recovery_is_told_after_a_message_was_given_up() -> None:
    state = judge(replace(ONE, attempts=9), DESK, BUSY, NOW).endpoint

    assert judge(replace(ONE, id="dlv_2"), state, OK, NOW).notices == (Notice.RECOVERED,)


def test_a_recovery_that_nobody_waits_for_is_not_told() -> None:
    assert judge(ONE, after([BUSY]), OK, NOW).notices == ()


# Asked for by a person.


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.DELIVERED])
def test_a_manual_attempt_that_fails_leaves_all_as_it_was(state: DeliveryState) -> None:
    verdict = judge(replace(ONE, attempts=1, manual_from=state), DESK, BUSY, NOW)

    assert (verdict.state, verdict.run_at, verdict.notices) == (state, None, ())


def test_a_manual_attempt_that_meets_a_pause_waits_for_its_end() -> None:
    verdict = judge(replace(ONE, manual_from=DeliveryState.FAILED), DESK, failed(429), NOW)

    assert verdict.state is DeliveryState.PENDING


def test_a_manual_attempt_is_made_however_old_its_news_is() -> None:
    old = replace(ONE, expires_at=NOW - DAY, manual_from=DeliveryState.EXPIRED)

    assert judge(old, DESK, failed(429), NOW).state is DeliveryState.PENDING
