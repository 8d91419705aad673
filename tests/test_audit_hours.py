"""When which days are audited: by EDGAR's calendar, and by what the store knows of earlier audits alone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from watcher.audit_hours import Audit, AuditHours, AuditState, business_days, has_ended, parse_time

NEW_YORK = ZoneInfo("America/New_York")
HOURS = AuditHours()
MONDAY = date(2025, 3, 3)


def at(text: str) -> datetime:
    """An instant by the clock of New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def audited(*days: str, state: AuditState = AuditState.DONE, when: str = "2025-03-07T22:45") -> dict[date, Audit]:
    return {day(one): Audit(day(one), state, at(when)) for one in days}


def due(now: str, audits: dict[date, Audit] | None = None, since: date = MONDAY) -> list[str]:
    return [one.isoformat() for one in HOURS.days_due(at(now), since, audits or {})]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2025-03-05T22:44", "2025-03-04", id="before the evening it is yesterday's"),
        pytest.param("2025-03-05T22:45", "2025-03-05", id="in the evening today's"),
        pytest.param("2025-03-10T03:00", "2025-03-07", id="on Monday Friday's"),
        pytest.param("2025-03-08T23:00", "2025-03-07", id="on Saturday evening Friday's"),
        pytest.param("2025-07-04T23:30", "2025-07-03", id="a holiday has none"),
    ],
)
def test_the_last_day_whose_index_should_be_there(now: str, expected: str) -> None:
    assert HOURS.last_day(at(now)) == day(expected)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("2025-03-05T12:00", "2025-03-05T22:45", id="the evening"),
        pytest.param("2025-03-05T22:45", "2025-03-06T06:30", id="the next morning"),
        pytest.param("2025-03-06T06:29:59", "2025-03-06T06:30", id="a moment before"),
        pytest.param("2025-03-07T22:45", "2025-03-10T06:30", id="over a weekend in which the clocks go forward"),
        pytest.param("2025-10-31T23:00", "2025-11-03T06:30", id="over a weekend in which they go back"),
        pytest.param("2025-07-03T22:45", "2025-07-07T06:30", id="over a holiday and a weekend"),
        pytest.param("2025-03-08T06:30", "2025-03-10T06:30", id="no Saturday"),
    ],
)
def test_the_next_turn(after: str, expected: str) -> None:
    assert HOURS.next_turn(at(after)) == at(expected)


def test_every_business_day_of_a_year_has_two_turns() -> None:
    moment, end, turns = at("2025-01-01T00:00"), at("2026-01-01T00:00"), []
    while (moment := HOURS.next_turn(moment)) < end:
        turns.append(moment.astimezone(NEW_YORK))

    assert len(turns) == 2 * len(business_days(date(2025, 1, 1), date(2025, 12, 31)))
    assert {turn.time() for turn in turns} == {time(6, 30), time(22, 45)}


def test_a_day_is_due_from_its_evening_on() -> None:
    assert (due("2025-03-03T22:44"), due("2025-03-03T22:45")) == ([], ["2025-03-03"])


def test_every_business_day_that_nobody_watched_is_due_the_oldest_first() -> None:
    """The daemon was down from Wednesday to the Tuesday after next."""
    done = audited("2025-03-03", "2025-03-04", when="2025-03-04T22:45")

    assert due("2025-03-18T10:00", done) == [
        *("2025-03-05", "2025-03-06", "2025-03-07"),
        *("2025-03-10", "2025-03-11", "2025-03-12", "2025-03-13", "2025-03-14", "2025-03-17"),
    ]


def test_no_day_before_the_watcher_began_is_due() -> None:
    assert due("2025-03-05T23:00", since=day("2025-03-05")) == ["2025-03-05"]
    assert due("2025-03-05T12:00", since=day("2025-03-05")) == []


def test_in_the_morning_the_last_three_are_looked_at_again_once() -> None:
    week = audited("2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", when="2025-03-06T22:45")
    again = [*("2025-03-04", "2025-03-05", "2025-03-06")]

    assert due("2025-03-07T06:29", week) == []
    assert due("2025-03-07T06:30", week) == again
    assert due("2025-03-07T18:00", week) == again
    looked_at = week | audited(*again, when="2025-03-07T06:30")
    assert due("2025-03-07T18:00", looked_at) == []


def test_the_first_morning_looks_no_further_back_than_the_watcher_began() -> None:
    known = audited("2025-03-05", "2025-03-06", when="2025-03-06T22:45")

    assert due("2025-03-07T07:00", known, since=day("2025-03-06")) == ["2025-03-06"]


def test_on_monday_morning_the_last_days_are_those_of_the_week_before() -> None:
    week = audited("2025-03-05", "2025-03-06", "2025-03-07", when="2025-03-07T22:45")

    assert due("2025-03-09T12:00", week, since=day("2025-03-05")) == []
    assert due("2025-03-10T06:30", week, since=day("2025-03-05")) == ["2025-03-05", "2025-03-06", "2025-03-07"]


@pytest.mark.parametrize("state", [AuditState.WAITING, AuditState.FAILED])
def test_what_did_not_get_through_is_tried_again_each_half_hour(state: AuditState) -> None:
    tried = audited("2025-03-03", state=state, when="2025-03-03T22:45")

    assert due("2025-03-03T23:10", tried) == []
    assert due("2025-03-03T23:15", tried) == ["2025-03-03"]


def test_a_clock_that_was_set_back_does_not_put_an_audit_off() -> None:
    tried = audited("2025-03-03", state=AuditState.WAITING, when="2025-03-05T12:00")

    assert due("2025-03-04T02:00", tried) == ["2025-03-03"]


def test_without_days_to_look_at_again_a_morning_looks_at_none() -> None:
    hours = AuditHours(again_days=0)

    assert hours.days_due(at("2025-03-07T07:00"), MONDAY, audited("2025-03-03", "2025-03-04")) == (
        day("2025-03-05"),
        day("2025-03-06"),
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2025-03-04T11:59", [], id="it may still come until noon"),
        pytest.param("2025-03-04T12:00", ["2025-03-03"], id="at noon it is missed"),
        pytest.param("2025-03-10T11:59", ["2025-03-03"], id="Friday's may come until Monday noon"),
    ],
)
def test_a_day_is_missed_from_noon_of_the_next_business_day_on(now: str, expected: list[str]) -> None:
    known = audited("2025-03-03", state=AuditState.WAITING) | audited("2025-03-04", "2025-03-05", "2025-03-06")

    assert [one.isoformat() for one in HOURS.missed(at(now), MONDAY, known)] == expected


def test_a_day_that_was_done_or_is_from_before_our_time_is_not_missed() -> None:
    assert HOURS.missed(at("2025-03-04T13:00"), MONDAY, audited("2025-03-03")) == ()
    assert HOURS.missed(at("2025-03-04T13:00"), day("2025-03-04"), {}) == ()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2025-03-10T06:30", "2025-03-10T06:30", id="on Monday morning"),
        pytest.param("2025-03-10T06:29", "2025-03-03T06:30", id="a moment before"),
        pytest.param("2025-03-16T12:00", "2025-03-10T06:30", id="until the next Monday"),
        pytest.param("2025-09-03T12:00", "2025-09-02T06:30", id="on Tuesday, when Monday is a holiday"),
        pytest.param("2026-01-01T12:00", "2025-12-29T06:30", id="over New Year"),
    ],
)
def test_the_turn_of_the_week(now: str, expected: str) -> None:
    assert HOURS.week_turn(at(now)) == at(expected)


def test_a_day_has_ended_when_edgar_has_closed() -> None:
    assert [has_ended(MONDAY, at(f"2025-03-03T{clock}")) for clock in ("06:00", "21:59", "22:00")] == [
        False,
        False,
        True,
    ]


def test_whatever_hours_a_machine_is_awake_no_day_is_left_out() -> None:
    known: dict[date, Audit] = {}
    first, last = date(2025, 1, 2), date(2026, 1, 2)
    now = at("2025-01-02T09:00")
    while now < at("2026-01-05T09:00"):
        for one in HOURS.days_due(now, first, known):
            known[one] = Audit(one, AuditState.DONE, now)
        now += timedelta(hours=29)

    assert set(known) == set(business_days(first, last))


@pytest.mark.parametrize("text", ["", "6:30", "24:00", "22:60", "22.45", "22:45:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time of day"):
        parse_time(text)
