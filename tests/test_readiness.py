"""Whether the watcher can be relied on: judged by EDGAR's own hours, not by an open socket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.monitoring.readiness import CHECKS, Check, Readiness, Seen, checks_of, poll_is_good_until
from watcher.settings import EdgarSettings
from watcher.sources.rhythm import Rhythm

RHYTHM = EdgarSettings().rhythm
NOON = datetime(2025, 3, 5, 17, 0, tzinfo=UTC)  # a Wednesday, 12:00 in New York
WELL = Seen(next_look=RHYTHM.next_look, polled_at=NOON - timedelta(seconds=30))


def at(text: str) -> datetime:
    """An instant of New York's winter."""
    return datetime.fromisoformat(f"{text}-05:00")


def failed(seen: Seen, now: datetime = NOON) -> list[str]:
    return [one.name for one in checks_of(seen, now) if not one.ok]


def test_a_daemon_that_polls_saves_and_tells_is_ready() -> None:
    assert failed(WELL) == []


def test_every_check_is_named_and_has_its_reason() -> None:
    found = checks_of(WELL, NOON)

    assert tuple(one.name for one in found) == CHECKS
    assert all(one.reason for one in found)


@pytest.mark.parametrize(
    ("polled_at", "until"),
    [
        # Three looks, 30 seconds apart, and a minute for a slow answer.
        pytest.param("2025-03-05T12:00:00", "2025-03-05T12:02:30", id="in open hours"),
        # Looks are ten seconds apart then.
        pytest.param("2025-03-05T16:30:00", "2025-03-05T16:31:30", id="in a busy window"),
        pytest.param("2025-03-05T21:59:00", "2025-03-06T06:01:00", id="as EDGAR closes"),
        pytest.param("2025-03-05T23:00:00", "2025-03-06T06:01:00", id="in the night"),
        pytest.param("2025-03-07T21:58:00", "2025-03-10T05:01:00", id="before a weekend and the spring's leap"),
        pytest.param("2025-07-03T20:59:30", "2025-07-07T05:01:00", id="before a holiday and a weekend"),
    ],
)
def test_data_is_good_until_edgar_may_have_shown_more(polled_at: str, until: str) -> None:
    assert poll_is_good_until(WELL, at(polled_at)) == at(until)


def test_an_address_that_keeps_other_hours_is_judged_by_the_rhythm_alone() -> None:
    night = at("2025-03-05T23:00:00")
    seen = replace(WELL, next_look=Rhythm(1, 1, 1).next_look, has_edgar_hours=False)

    assert poll_is_good_until(seen, night) == night + timedelta(seconds=63)


def test_a_cron_expression_says_when_the_next_look_is_due() -> None:
    seen = replace(WELL, next_look=EdgarSettings(poll_cron="*/20 6-22 * * mon-fri").next_poll)

    assert poll_is_good_until(seen, at("2025-03-05T12:00:00")) == at("2025-03-05T13:01:00")


def test_old_data_is_told_with_its_age_and_why() -> None:
    seen = replace(WELL, polled_at=NOON - timedelta(minutes=3), edgar="no whole answer came")
    found = {one.name: one for one in checks_of(seen, NOON)}

    assert not found["poll"].ok
    assert "ended at 2025-03-05T16:57:00Z, too old since 2025-03-05T16:59:30Z: no whole answer" in found["poll"].reason


def test_before_the_first_poll_nothing_can_be_relied_on() -> None:
    assert failed(replace(WELL, polled_at=None)) == ["poll"]


def test_a_watcher_of_a_folder_alone_is_ready() -> None:
    assert failed(Seen()) == []


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (replace(WELL, store="disk full"), "store"),
        (replace(WELL, workers="cannot be started"), "workers"),
        (replace(WELL, stuck=("deliveries",)), "work"),
        (replace(WELL, is_stopping=True), "running"),
    ],
)
def test_each_trouble_fails_its_own_check(seen: Seen, name: str) -> None:
    assert failed(seen) == [name]


def test_one_failed_check_is_enough() -> None:
    fine, broken = Check("store", ok=True, reason="fine"), Check("work", ok=False, reason="stuck")

    assert Readiness(NOON, (fine,)).is_ready
    assert not Readiness(NOON, (fine, broken)).is_ready


def test_a_slow_answer_takes_as_long_on_a_clock_that_runs_fast() -> None:
    old = replace(WELL, polled_at=NOON - timedelta(minutes=30))
    named = {one.name: one.ok for one in checks_of(old, NOON, slow_seconds=60 * 600)}

    assert named["poll"]
