"""How alerts are told: silences, inhibition, throttles, hours and digests, decided by the plan alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watcher.active_hours import next_hours
from watcher.models import ActiveHours, Alert, Delivery, Grouping, Origin, Pacing, Severity, Throttle
from watcher.pacing_state import PacingState
from watcher.plan import Plan, PlanState, Silence, Why, plan

NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)  # a Monday, 12:00 in New York
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STATE = PlanState(
    Origin.LIVE, listed_at=NOW, late_hours=72, endpoints=frozenset({"desk", "ops"}), ciks=frozenset({320, 7})
)
OFFICE = ActiveHours("America/New_York", (0, 1, 2, 3, 4), 6 * 60, 22 * 60, holds=True)
NIGHT = datetime(2026, 1, 13, 4, 0, tzinfo=UTC)  # Monday, 23:00 in New York
MORNING = datetime(2026, 1, 13, 11, 0, tzinfo=UTC)


def alert(
    identity: str = "a",
    rule: str = "r",
    *,
    notify: tuple[str, ...] = ("desk",),
    inhibits: tuple[str, ...] = (),
    throttle: Throttle | None = None,
    grouping: Grouping | None = None,
    active: ActiveHours | None = None,
    expires_seconds: int | None = None,
) -> Alert:
    pacing = Pacing(throttle, grouping, active, expires_seconds)
    return Alert(identity, rule, "t", Severity.LOW, "1", notify, pacing=pacing, inhibits=inhibits)


def silence(
    *, rule: str | None = None, cik: int | None = None, until: datetime = NOW + HOUR, ended: datetime | None = None
) -> Silence:
    return Silence(3, rule, cik, "an exercise", "A. Person", NOW - HOUR, until, ended)


def why(made: Plan, identity: str = "a") -> Why:
    return made.untold[identity].why


def told(made: Plan) -> list[tuple[str, str, datetime]]:
    return [(one.alert, one.endpoint, one.run_at) for one in made.deliveries]


# Silences.


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(silence(rule="r"), id="of its rule"),
        pytest.param(silence(cik=7), id="of any of its filers"),
        pytest.param(silence(rule="r", cik=320), id="of both"),
    ],
)
def test_a_silenced_alert_is_told_to_nobody(which: Silence) -> None:
    made = plan([alert()], replace(STATE, silences=(which,)), NOW)

    assert made.deliveries == ()
    assert str(made.untold["a"]) == "silenced: silence 3 by A. Person until 2026-01-12 18:00 UTC: an exercise"


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(silence(rule="s"), id="of another rule"),
        pytest.param(silence(cik=8), id="of another company"),
        pytest.param(silence(rule="r", cik=8), id="of its rule about another company"),
        pytest.param(silence(rule="s", cik=7), id="of another rule about its company"),
        pytest.param(silence(rule="r", until=NOW), id="that is over"),
        pytest.param(silence(rule="r", ended=NOW - MINUTE), id="that was ended"),
    ],
)
def test_a_silence_that_does_not_mean_it_leaves_an_alert_alone(which: Silence) -> None:
    assert told(plan([alert()], replace(STATE, silences=(which,)), NOW)) == [("a", "desk", NOW)]


# Inhibition.


def test_an_alert_that_another_on_the_same_filing_inhibits_is_told_to_nobody() -> None:
    made = plan([alert("a", "small"), alert("b", "great", inhibits=("small",))], STATE, NOW)

    assert (told(made), why(made)) == ([("b", "desk", NOW)], Why.INHIBITED)


def test_one_that_was_raised_before_inhibits_a_new_one() -> None:
    made = plan([alert("a", "small")], replace(STATE, fired=(alert("b", "great", inhibits=("small",)),)), NOW)

    assert why(made) is Why.INHIBITED


def test_a_silenced_alert_inhibits_all_the_same() -> None:
    alerts = [alert("a", "small"), alert("b", "great", inhibits=("small",))]
    made = plan(alerts, replace(STATE, silences=(silence(rule="great"),)), NOW)

    assert (made.deliveries, why(made, "a"), why(made, "b")) == ((), Why.INHIBITED, Why.SILENCED)


def test_an_inhibited_alert_inhibits_all_the_same() -> None:
    alerts = [alert("a", "x", inhibits=("y",)), alert("b", "y", inhibits=("z",)), alert("c", "z")]

    assert [one for one, _, _ in told(plan(alerts, STATE, NOW))] == ["a"]


def test_two_that_inhibit_each_other_are_both_told() -> None:
    alerts = [alert("a", "x", inhibits=("y",)), alert("b", "y", inhibits=("x",))]

    assert [one for one, _, _ in told(plan(alerts, STATE, NOW))] == ["a", "b"]


def test_a_rule_does_not_inhibit_itself() -> None:
    assert plan([alert(inhibits=("r",))], STATE, NOW).untold == {}


# Throttles.


def throttled(times: Sequence[datetime], throttle: Throttle, **changes) -> list[bool]:
    """Whether each of these alerts of one rule, raised at these times, is told."""
    kept = PacingState()
    found = [
        kept.plan([alert(f"a{n}", throttle=throttle, notify=("desk", "ops"), **changes)], STATE, at)
        for n, at in enumerate(times)
    ]
    return [bool(made.deliveries) for made in found]


def test_no_more_than_allowed_are_told_in_the_window_that_begins_with_the_first() -> None:
    times = [NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + DAY - timedelta(seconds=1), NOW + DAY]

    assert throttled(times, Throttle("", 86400, 2)) == [True, True, False, False, True]


def test_a_throttle_counts_alerts_and_not_endpoints() -> None:
    """Each of these is owed to two endpoints."""
    assert throttled([NOW, NOW, NOW], Throttle("", 60, 2)) == [True, True, False]


def test_each_key_of_a_throttle_is_counted_by_itself() -> None:
    kept = PacingState()
    plans = [
        kept.plan([alert(f"a{n}", throttle=Throttle(key, 60, 1))], STATE, NOW)
        for n, key in enumerate(["cik=1", "cik=2", "cik=1"])
    ]

    assert [bool(made.deliveries) for made in plans] == [True, True, False]


def test_what_is_not_told_for_another_reason_is_not_counted() -> None:
    throttle = Throttle("", 60, 1)
    made = plan([alert(throttle=throttle)], replace(STATE, silences=(silence(rule="r"),)), NOW)

    assert made.throttles == {}


def test_what_is_dropped_outside_the_hours_is_not_counted() -> None:
    made = plan([alert(throttle=Throttle("", 60, 1), active=replace(OFFICE, holds=False))], STATE, NIGHT)

    assert (why(made), made.throttles) == (Why.OUTSIDE_HOURS, {})


def test_a_throttle_counts_held_alerts_by_when_they_are_told() -> None:
    """All of a night are told in the same morning minute."""
    times = [NIGHT, NIGHT + 2 * HOUR, NIGHT + 4 * HOUR, NIGHT + 9 * HOUR]

    assert throttled(times, Throttle("", 3600, 1), active=OFFICE) == [True, False, False, True]


def test_a_clock_that_was_set_back_opens_a_throttle_after_its_window() -> None:
    assert throttled([NOW, NOW - HOUR, NOW - 3 * DAY], Throttle("", 86400, 1)) == [True, False, True]


# Hours, and what expires.


def test_an_alert_outside_the_hours_is_held_until_they_begin() -> None:
    assert told(plan([alert(active=OFFICE)], STATE, NIGHT)) == [("a", "desk", MORNING)]


def test_within_the_hours_an_alert_is_owed_at_once() -> None:
    assert told(plan([alert(active=OFFICE)], STATE, NOW)) == [("a", "desk", NOW)]


def test_a_rule_that_drops_tells_nobody_outside_its_hours() -> None:
    made = plan([alert(active=replace(OFFICE, holds=False))], STATE, NIGHT)

    assert (made.deliveries, why(made)) == ((), Why.OUTSIDE_HOURS)


def test_hours_that_never_come_tell_nobody() -> None:
    assert why(plan([alert(active=replace(OFFICE, days=()))], STATE, NOW)) is Why.OUTSIDE_HOURS


def test_a_delivery_expires_so_long_after_its_alert() -> None:
    (one,) = plan([alert(expires_seconds=3600)], STATE, NOW).deliveries

    assert one.expires_at == NOW + HOUR


def test_what_would_expire_while_it_is_held_is_told_to_nobody() -> None:
    made = plan([alert(active=OFFICE, expires_seconds=3600)], STATE, NIGHT)

    assert (made.deliveries, why(made)) == ((), Why.EXPIRED)


def test_an_alert_without_an_endpoint_says_so() -> None:
    assert why(plan([alert(notify=("gone",))], STATE, NOW)) is Why.NO_ENDPOINT


# The order of reasons.


def test_the_first_reason_counts() -> None:
    """Each step takes away the reason that counted before."""
    throttle = Throttle("", 86400, 0)
    one = alert("a", "r", throttle=throttle, active=replace(OFFICE, holds=False))
    great = alert("b", "great", inhibits=("r",))
    steps = [
        ([one, great], replace(STATE, origin=Origin.BACKFILL, silences=(silence(rule="r"),))),
        ([one, great], replace(STATE, silences=(silence(rule="r"),))),
        ([one, great], STATE),
        ([one], replace(STATE, throttles={("r", ""): plan_count(NIGHT)})),
        ([one], STATE),
    ]

    found = [why(plan(alerts, state, NIGHT if len(alerts) == 1 else NOW)) for alerts, state in steps]

    assert found == [Why.ORIGIN, Why.SILENCED, Why.INHIBITED, Why.THROTTLED, Why.OUTSIDE_HOURS]


def plan_count(at: datetime):
    made = plan([alert(throttle=Throttle("", 86400, 9))], STATE, at)
    return made.throttles["r", ""]


# Digests.

GROUP = Grouping("filed_on=2026-01-12", 900, 3)


def test_grouped_alerts_owe_nothing_until_their_digest_closes() -> None:
    made = plan([alert(grouping=GROUP)], STATE, NOW)

    (one,) = made.digests
    assert made.deliveries == ()
    assert (one.key, one.endpoint, one.closes_at, one.count) == (GROUP.key, "desk", NOW + 15 * MINUTE, 1)
    assert made.members == ((one.id, "a"),)


def test_later_alerts_of_the_key_join_and_do_not_put_the_closing_off() -> None:
    kept = PacingState()
    first = kept.plan([alert("a", grouping=GROUP)], STATE, NOW)
    second = kept.plan([alert("b", grouping=GROUP)], STATE, NOW + 10 * MINUTE)

    assert second.digests == (replace(first.digests[0], count=2),)


def test_each_endpoint_has_a_digest_of_its_own() -> None:
    made = plan([alert(grouping=GROUP, notify=("desk", "ops"))], STATE, NOW)

    assert [one.endpoint for one in made.digests] == ["desk", "ops"]
    assert len({one.id for one in made.digests}) == 2


def test_each_key_has_a_digest_of_its_own() -> None:
    kept = PacingState()
    for n, key in enumerate("xyx"):
        kept.plan([alert(f"a{n}", grouping=replace(GROUP, key=key))], STATE, NOW)

    assert [ids for _, ids in kept.close(NOW + HOUR)] == [("a0", "a2"), ("a1",)]


def test_a_digest_that_is_full_closes_at_once_and_the_next_alert_opens_another() -> None:
    kept = PacingState()
    for n in range(4):
        kept.plan([alert(f"a{n}", grouping=GROUP)], STATE, NOW + n * MINUTE)

    closed = kept.close(NOW + HOUR)

    assert [(one.run_at, ids) for one, ids in closed] == [
        (NOW + 2 * MINUTE, ("a0", "a1", "a2")),
        (NOW + 18 * MINUTE, ("a3",)),
    ]


def test_a_full_digest_stays_so_when_the_clock_is_set_back() -> None:
    kept = PacingState()
    for n in range(4):
        kept.plan([alert(f"a{n}", grouping=GROUP)], STATE, NOW - n * MINUTE)

    assert [ids for _, ids in kept.close(NOW + HOUR)] == [("a0", "a1", "a2"), ("a3",)]


def test_a_digest_gathers_through_the_night_when_its_rule_holds() -> None:
    kept = PacingState()
    for n in range(3):
        kept.plan([alert(f"a{n}", grouping=replace(GROUP, max=50), active=OFFICE)], STATE, NIGHT + n * HOUR)

    assert [(one.run_at, ids) for one, ids in kept.close(NIGHT + DAY)] == [(MORNING + 15 * MINUTE, ("a0", "a1", "a2"))]


def test_a_digest_that_closes_outside_the_hours_waits_for_them() -> None:
    kept = PacingState()
    kept.plan([alert(grouping=GROUP, active=OFFICE)], STATE, NIGHT - HOUR - 5 * MINUTE)

    ((one, _),) = kept.close(NIGHT)

    assert one.run_at == MORNING


def test_a_digest_of_a_rule_that_drops_closes_with_the_hours() -> None:
    (one,) = plan(
        [alert(grouping=GROUP, active=replace(OFFICE, holds=False))], STATE, NIGHT - HOUR - 5 * MINUTE
    ).digests

    assert one.closes_at == NIGHT - HOUR


def test_a_digest_is_news_for_as_long_as_its_newest_alert() -> None:
    kept = PacingState()
    for n in range(2):
        kept.plan([alert(f"a{n}", grouping=GROUP, expires_seconds=3600)], STATE, NOW + n * MINUTE)

    ((one, _),) = kept.close(NOW + HOUR)

    assert one.expires_at == NOW + MINUTE + HOUR


def test_a_filing_that_comes_again_owes_nothing_new() -> None:
    kept = PacingState()
    first, second = (kept.plan([alert(), alert("b")], STATE, NOW) for _ in range(2))

    assert (len(first.deliveries), second.deliveries, second.untold) == (2, (), {})


# What holds of every plan.

THROTTLES = st.builds(Throttle, st.sampled_from(["", "x"]), st.integers(1, 200_000), st.integers(1, 3))
GROUPINGS = st.builds(Grouping, st.sampled_from(["", "x"]), st.integers(0, 40_000), st.integers(1, 4))
HOURS = st.builds(
    ActiveHours,
    zone=st.sampled_from(["America/New_York", "Europe/London"]),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    begin_minute=st.integers(0, 1439),
    end_minute=st.integers(0, 1440),
    holds=st.booleans(),
)
PACINGS = st.builds(
    Pacing, st.none() | THROTTLES, st.none() | GROUPINGS, st.none() | HOURS, st.none() | st.integers(1, 100_000)
)
# In the weeks in which the clocks change, too.
STARTS = st.sampled_from([NOW, datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])
RULES = ("r", "s", "t")
# A busy machine is no failure.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SILENCES = st.lists(st.builds(silence, rule=st.sampled_from(RULES), cik=st.none() | st.integers(5, 8)), max_size=2)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[datetime, list[Alert]]], list[Silence]]:
    """Filings in the order of time, each with the alerts that it raises; each rule keeps its pacing."""
    pacing = {rule: draw(PACINGS) for rule in RULES}
    inhibits = {rule: tuple(draw(st.sets(st.sampled_from(RULES), max_size=2))) for rule in RULES}
    at = draw(STARTS)
    filings = []
    for number in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from([MINUTE, HOUR, 7 * HOUR, DAY])) * draw(st.integers(0, 3))
        rules = draw(st.lists(st.sampled_from(RULES), unique=True))
        filings.append(
            (
                at,
                [
                    replace(
                        alert(f"{number}{rule}", rule, notify=draw(st.sampled_from([("desk",), ("desk", "ops")]))),
                        pacing=pacing[rule],
                        inhibits=inhibits[rule],
                    )
                    for rule in rules
                ],
            )
        )
    return filings, draw(SILENCES)


def replayed(history: tuple[list[tuple[datetime, list[Alert]]], list[Silence]]):
    """Every plan, and every digest that closed with its alerts."""
    filings, silences = history
    kept = PacingState(silences)
    plans: list[tuple[datetime, list[Alert], Plan]] = []
    closed: list[tuple[Delivery, tuple[str, ...]]] = []
    for at, alerts in filings:
        closed += kept.close(at)
        plans.append((at, alerts, kept.plan(alerts, STATE, at)))
    return plans, [*closed, *kept.close(filings[-1][0] + 30 * DAY)]


@PATIENT
@given(histories())
def test_each_alert_owes_or_is_in_a_digest_or_has_a_reason(history) -> None:
    plans, closed = replayed(history)
    in_closed = {identity for _, members in closed for identity in members}

    for _, alerts, made in plans:
        owed = {one.alert for one in made.deliveries}
        joined = {identity for _, identity in made.members}
        for one in alerts:
            assert (one.id in owed) + (one.id in joined) + (one.id in made.untold) == 1
        assert joined <= in_closed


@PATIENT
@given(histories())
def test_the_same_history_gives_the_same_plans(history) -> None:
    assert replayed(history) == replayed(history)


@PATIENT
@given(histories())
def test_a_throttle_lets_no_more_through_than_its_window_allows(history) -> None:
    """From each telling that begins a window on, by the times at which alerts alone are told."""
    plans, _ = replayed(history)
    tellings: dict[str, list[datetime]] = defaultdict(list)
    throttles: dict[str, Throttle] = {}
    for at, alerts, made in plans:
        times = {one.alert: one.run_at for one in made.deliveries} | {identity: at for _, identity in made.members}
        for one in alerts:
            pacing = one.pacing or Pacing()
            if one.id in times and pacing.throttle is not None and (pacing.grouping is None or pacing.active is None):
                tellings[one.rule].append(times[one.id])
                throttles[one.rule] = pacing.throttle

    for rule, times in tellings.items():
        window = timedelta(seconds=throttles[rule].window_seconds)
        begun: datetime | None = None
        count = 0
        for at in times:
            if begun is None or at - begun >= window:
                begun, count = at, 0
            count += 1
            assert count <= throttles[rule].max


@PATIENT
@given(histories())
def test_what_a_rule_holds_for_its_hours_is_owed_within_them(history) -> None:
    plans, closed = replayed(history)
    alerts = {one.id: one for _, raised, _ in plans for one in raised}
    owed = [(one, alerts[one.alert]) for _, _, made in plans for one in made.deliveries]
    owed += [(one, alerts[members[-1]]) for one, members in closed]

    for one, about in owed:
        active = about.pacing.active if about.pacing else None
        if active is not None and active.holds:
            hours = next_hours(active, one.run_at)
            assert hours is not None
            assert hours.begin <= one.run_at < hours.end


@PATIENT
@given(histories())
def test_no_digest_outgrows_its_rule_or_waits_longer(history) -> None:
    plans, closed = replayed(history)
    alerts = {one.id: one for _, raised, _ in plans for one in raised}
    raised_at = {one.id: at for at, raised, _ in plans for one in raised}

    for one, members in closed:
        pacing = alerts[members[0]].pacing
        assert pacing is not None
        assert pacing.grouping is not None
        assert 1 <= len(members) <= pacing.grouping.max
        if pacing.active is None:
            assert one.run_at - raised_at[members[0]] <= timedelta(seconds=pacing.grouping.wait_seconds)
