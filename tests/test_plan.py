"""The plan: who is owed what, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.models import Alert, DeliveryState, Origin, Severity
from watcher.plan import PlanState, plan

NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
STATE = PlanState(Origin.LIVE, listed_at=NOW, late_hours=72, endpoints=frozenset({"desk", "ops"}))


def alert(identity: str = "alr_1", *notify: str) -> Alert:
    return Alert(identity, "r", "t", Severity.LOW, "1", notify or ("desk",))


def told(*alerts: Alert, **changes) -> list[tuple[str, str]]:
    """Who is told of what, under a state that differs in this."""
    return [(one.alert, one.endpoint) for one in plan(alerts, replace(STATE, **changes), NOW).deliveries]


def test_a_live_alert_is_owed_to_every_endpoint_that_its_rule_names():
    assert told(alert("a", "desk", "ops"), alert("b", "ops")) == [("a", "desk"), ("a", "ops"), ("b", "ops")]


def test_an_endpoint_that_is_named_twice_is_told_once():
    assert told(alert("a", "desk", "desk")) == [("a", "desk")]


def test_an_endpoint_that_left_the_settings_is_owed_nothing():
    assert told(alert("a", "desk", "gone")) == [("a", "desk")]


def test_a_delivery_is_owed_now():
    (one,) = plan([alert()], STATE, NOW).deliveries

    assert (one.state, one.run_at, one.attempts) == (DeliveryState.PENDING, NOW, 0)


def test_the_same_alert_and_endpoint_give_the_same_id_whenever_it_is_planned():
    (first,) = plan([alert()], STATE, NOW).deliveries
    (second,) = plan([alert()], STATE, NOW + timedelta(days=1)).deliveries

    assert first.id == second.id


def test_no_two_deliveries_share_an_id():
    owed = plan([alert("a", "desk", "ops"), alert("b", "desk", "ops")], STATE, NOW).deliveries

    assert len({one.id for one in owed}) == 4


def test_a_live_filing_is_told_of_whatever_its_date():
    assert told(alert(), listed_at=NOW - timedelta(days=9999)) == [("alr_1", "desk")]


@pytest.mark.parametrize(
    ("late_by", "is_told"), [(timedelta(hours=72), True), (timedelta(hours=72, microseconds=1), False)]
)
def test_a_late_filing_is_told_of_up_to_the_set_number_of_hours(late_by: timedelta, is_told: bool):
    assert bool(told(alert(), origin=Origin.LATE, listed_at=NOW - late_by)) is is_told


def test_a_late_filing_of_unknown_age_is_told_of_to_no_one():
    assert told(alert(), origin=Origin.LATE, listed_at=None) == []


@pytest.mark.parametrize("origin", [Origin.BACKFILL, Origin.REREAD])
def test_what_is_not_news_is_told_to_no_one(origin: Origin):
    assert told(alert(), origin=origin) == []


@pytest.mark.parametrize("origin", list(Origin))
def test_everything_is_told_on_demand(origin: Origin):
    assert told(alert(), origin=origin, listed_at=None, notify_all=True) == [("alr_1", "desk")]
