"""Active hours: local days on the line of instants, over nights and changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.active_hours import Hours, next_hours
from watcher.models import ActiveHours

WEEK = (0, 1, 2, 3, 4, 5, 6)
WORKDAYS = (0, 1, 2, 3, 4)
NEW_YORK = "America/New_York"


def hours(begin: str, end: str, *, days: tuple[int, ...] = WEEK, zone: str = NEW_YORK) -> ActiveHours:
    first, last = ((int(text[:2]) * 60 + int(text[3:])) for text in (begin, end))
    return ActiveHours(zone, days, first, last, holds=True)


def local(text: str, zone: str = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("active", "at", "begin", "end"),
    [
        pytest.param(
            hours("06:00", "22:00"), "2026-05-20T12:00", "2026-05-20T06:00", "2026-05-20T22:00", id="within them"
        ),
        pytest.param(
            hours("06:00", "22:00"), "2026-05-20T22:00", "2026-05-21T06:00", "2026-05-21T22:00", id="as they end"
        ),
        pytest.param(
            hours("06:00", "22:00"), "2026-05-20T06:00", "2026-05-20T06:00", "2026-05-20T22:00", id="as they begin"
        ),
        pytest.param(
            hours("06:00", "22:00", days=WORKDAYS),
            "2026-05-22T23:00",
            "2026-05-25T06:00",
            "2026-05-25T22:00",
            id="from Friday night to Monday",
        ),
        pytest.param(
            hours("22:00", "06:00", days=(4,)),
            "2026-05-23T05:00",
            "2026-05-22T22:00",
            "2026-05-23T06:00",
            id="on the morning after the day on which they began",
        ),
        pytest.param(
            hours("22:00", "06:00", days=(4,)),
            "2026-05-22T05:00",
            "2026-05-22T22:00",
            "2026-05-23T06:00",
            id="on the morning before",
        ),
        pytest.param(
            hours("00:00", "24:00", days=(2,)),
            "2026-05-21T00:00",
            "2026-05-27T00:00",
            "2026-05-28T00:00",
            id="a whole day, to midnight",
        ),
        pytest.param(
            hours("09:00", "09:00", days=(2,)),
            "2026-05-21T08:00",
            "2026-05-20T09:00",
            "2026-05-21T09:00",
            id="hours that end as they begin last a day",
        ),
        pytest.param(
            hours("06:00", "22:00"),
            "2026-03-07T23:00",
            "2026-03-08T06:00",
            "2026-03-08T22:00",
            id="over the night in which the clocks go forward",
        ),
        pytest.param(
            hours("02:30", "04:00"),
            "2026-03-08T01:00",
            "2026-03-08T03:00",
            "2026-03-08T04:00",
            id="a beginning that the clock leaves out is when it goes on",
        ),
        pytest.param(
            hours("01:00", "02:30"),
            "2026-03-08T01:30",
            "2026-03-08T01:00",
            "2026-03-08T03:00",
            id="an end that the clock leaves out is when it goes on",
        ),
        pytest.param(
            hours("02:10", "02:50"),
            "2026-03-08T01:00",
            "2026-03-09T02:10",
            "2026-03-09T02:50",
            id="hours that the clock leaves out are not there on that day",
        ),
    ],
)
def test_hours_are_those_of_the_local_clock(active: ActiveHours, at: str, begin: str, end: str) -> None:
    assert next_hours(active, local(at)) == Hours(local(begin), local(end))


def test_hours_that_the_clock_shows_twice_last_from_the_first_to_the_last_time() -> None:
    found = next_hours(hours("01:15", "01:45"), local("2026-11-01T00:00"))

    assert found == Hours(local("2026-11-01T01:15", fold=0), local("2026-11-01T01:45", fold=1))


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    """Samoa went over the date line: there was no 30 December 2011."""
    active = hours("09:00", "17:00", zone="Pacific/Apia")

    found = next_hours(active, local("2011-12-29T18:00", "Pacific/Apia"))

    assert found == Hours(local("2011-12-31T09:00", "Pacific/Apia"), local("2011-12-31T17:00", "Pacific/Apia"))


def test_without_days_there_are_no_hours() -> None:
    assert next_hours(hours("06:00", "22:00", days=()), local("2026-05-20T12:00")) is None


# A busy machine is no failure.
PATIENT = settings(deadline=None)
INSTANTS = st.integers(0, 4 * 366 * 24 * 60).map(lambda minutes: local("2024-01-01T00:00") + timedelta(minutes=minutes))
ACTIVE = st.builds(
    ActiveHours,
    zone=st.sampled_from([NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    begin_minute=st.integers(0, 1439),
    end_minute=st.integers(0, 1440),
    holds=st.booleans(),
)


@PATIENT
@given(ACTIVE, INSTANTS)
def test_the_next_hours_end_after_the_instant_and_begin_on_an_active_day(active: ActiveHours, at: datetime) -> None:
    found = next_hours(active, at)

    assert found is not None
    assert found.begin < found.end
    assert at < found.end
    assert found.begin - at < timedelta(days=15)
    assert found.begin.astimezone(ZoneInfo(active.zone)).weekday() in active.days


@PATIENT
@given(ACTIVE, INSTANTS)
def test_nothing_lies_between_the_instant_and_the_next_hours(active: ActiveHours, at: datetime) -> None:
    """Asked at any instant up to their beginning, the answer is the same hours."""
    found = next_hours(active, at)

    assert found is not None
    if found.begin > at:
        assert next_hours(active, at + (found.begin - at) / 2) == found
        assert next_hours(active, found.begin) == found
