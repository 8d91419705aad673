"""EDGAR's calendar: holidays, hours, sessions, and the counting of days for Form 8-K."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.edgar.calendar import (
    CLOSINGS,
    NEW_YORK,
    business_days_between,
    federal_holidays,
    filing_day,
    from_new_york,
    is_business_day,
    is_open,
    next_business_day,
    next_open,
    previous_business_day,
    session_of,
)
from watcher.edgar.feed import parse_current
from watcher.models import EIGHT_K_FORMS, Session


def new_york(text: str) -> datetime:
    """A New York wall-clock time, as the UTC instant that the program holds."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def test_the_holidays_of_2024_are_the_eleven_that_the_sec_lists() -> None:
    assert sorted(day.isoformat() for day in federal_holidays(2024)) == [
        "2024-01-01",
        "2024-01-15",
        "2024-02-19",
        "2024-05-27",
        "2024-06-19",
        "2024-07-04",
        "2024-09-02",
        "2024-10-14",
        "2024-11-11",
        "2024-11-28",
        "2024-12-25",
    ]


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2020-07-03", "4 July on a Saturday"),
        ("2021-12-31", "New Year's Day 2022 on a Saturday"),
        ("1993-12-31", "New Year's Day 1994 on a Saturday"),
        ("2022-12-26", "Christmas on a Sunday"),
        ("2023-01-02", "New Year's Day on a Sunday"),
        ("2018-11-12", "Veterans Day on a Sunday"),
        ("2021-06-18", "the first Juneteenth, on a Saturday"),
    ],
)
def test_a_holiday_on_a_weekend_is_observed_on_the_nearest_weekday(day: str, why: str) -> None:
    assert not is_business_day(date.fromisoformat(day)), why


def test_juneteenth_was_a_business_day_before_2021() -> None:
    assert is_business_day(date(2020, 6, 19))


@pytest.mark.parametrize("day", ["2018-12-05", "2018-12-24", "2019-12-24", "2020-12-24", "2025-01-09", "2025-12-26"])
def test_a_day_that_was_closed_by_order_is_no_business_day(day: str) -> None:
    assert not is_business_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2021-12-23", "2022-12-23", "2023-12-22", "2009-01-20", "2015-12-24", "2023-04-07"])
def test_good_friday_inauguration_day_and_half_days_are_business_days(day: str) -> None:
    assert is_business_day(date.fromisoformat(day))


def test_every_closing_falls_on_a_day_that_would_otherwise_be_a_business_day() -> None:
    odd = [day for day in CLOSINGS if day.weekday() > 4 or day in federal_holidays(day.year)]

    assert odd == []


def test_no_holiday_is_observed_on_a_weekend() -> None:
    days = [day for year in range(1993, 2050) for day in federal_holidays(year)]

    assert [day for day in days if day.weekday() > 4] == []


def test_the_next_and_the_previous_business_day_jump_over_a_long_christmas() -> None:
    assert next_business_day(date(2025, 12, 23)) == date(2025, 12, 29)
    assert previous_business_day(date(2025, 12, 29)) == date(2025, 12, 23)


@pytest.mark.parametrize(
    ("clock", "instant"),
    [
        ("2024-01-08T16:31:05", "2024-01-08T21:31:05"),
        ("2024-07-08T16:31:05", "2024-07-08T20:31:05"),
        ("2024-03-10T01:59:59", "2024-03-10T06:59:59"),  # the night in which summer time begins
        ("2024-03-10T03:00:00", "2024-03-10T07:00:00"),
        ("2024-11-03T00:59:59", "2024-11-03T04:59:59"),  # the night in which it ends
        ("2024-11-03T02:00:00", "2024-11-03T07:00:00"),
        ("2006-03-20T16:00:00", "2006-03-20T21:00:00"),  # summer time began in April then
    ],
)
def test_a_clock_in_new_york_is_read_as_the_instant_it_shows(clock: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    assert from_new_york(datetime.fromisoformat(clock)) == expected


@pytest.mark.parametrize(
    "clock",
    ["2024-03-10T02:30:00", "2024-11-03T01:30:00", "2024-11-03T01:00:00", "1989-12-31T12:00:00", "9999-12-31T23:59"],
)
def test_a_clock_in_an_hour_that_is_none_or_two_is_not_guessed(clock: str) -> None:
    assert from_new_york(datetime.fromisoformat(clock)) is None


def test_a_clock_that_has_a_zone_already_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        from_new_york(datetime(2024, 5, 6, 16, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("event", "filed", "days"),
    [
        ("2017-03-08", "2017-03-08", 0),
        ("2017-03-08", "2017-03-09", 1),
        ("2024-05-03", "2024-05-09", 4),  # Friday to Thursday
        ("2024-05-04", "2024-05-09", 4),  # a Saturday counts as that Friday does: Monday is day one
        ("2024-05-05", "2024-05-06", 1),
        ("2024-07-04", "2024-07-10", 4),  # on a holiday: Friday is day one
        ("2024-07-03", "2024-07-10", 4),
        ("2019-12-18", "2019-12-26", 4),  # over a Christmas Eve that was closed by order
        ("2004-12-31", "2005-01-03", 1),  # from New Year's Day observed
    ],
)
def test_days_after_an_event_are_counted_as_the_form_says(event: str, filed: str, days: int) -> None:
    assert business_days_between(date.fromisoformat(event), date.fromisoformat(filed)) == days


def test_a_filing_before_its_event_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot come before its event"):
        business_days_between(date(2024, 5, 7), date(2024, 5, 6))


@pytest.mark.parametrize(
    ("accepted", "session"),
    [
        ("2024-05-06T06:00:12", Session.PRE),
        ("2024-05-06T09:29:59", Session.PRE),
        ("2024-05-06T09:30:00", Session.REGULAR),
        ("2024-05-06T15:59:59", Session.REGULAR),
        ("2024-05-06T16:00:00", Session.POST),
        ("2017-03-08T16:02:21", Session.POST),
        ("2024-05-06T17:30:00", Session.POST),
        ("2024-05-06T17:30:01", Session.EVENING),
        ("2024-05-06T21:59:00", Session.EVENING),
        ("2024-05-04T12:00:00", Session.CLOSED),
        ("2024-07-04T12:00:00", Session.CLOSED),
    ],
)
def test_the_session_goes_by_the_new_york_clock(accepted: str, session: Session) -> None:
    assert session_of(new_york(accepted)) is session


def test_the_same_utc_time_is_another_session_in_summer_than_in_winter() -> None:
    assert session_of(datetime(2024, 7, 8, 20, 30, tzinfo=UTC)) is Session.POST
    assert session_of(datetime(2024, 1, 8, 20, 30, tzinfo=UTC)) is Session.REGULAR


def test_a_utc_time_after_midnight_belongs_to_the_evening_before_in_new_york() -> None:
    assert session_of(datetime(2024, 5, 7, 1, 30, tzinfo=UTC)) is Session.EVENING


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        session_of(datetime(2024, 5, 6, 12, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("accepted", "filed"),
    [
        ("2024-05-06T12:00:00", "2024-05-06"),
        ("2024-05-06T17:30:00", "2024-05-06"),
        ("2024-05-06T17:30:01", "2024-05-07"),
        ("2022-02-04T20:11:00", "2022-02-07"),  # Friday evening
        ("2024-07-03T18:00:00", "2024-07-05"),
        ("2024-05-04T12:00:00", "2024-05-06"),
    ],
)
def test_a_filing_after_half_past_five_gets_the_next_business_days_date(accepted: str, filed: str) -> None:
    assert filing_day(new_york(accepted)) == date.fromisoformat(filed)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2024-05-06T05:59:59", False),
        ("2024-05-06T06:00:00", True),
        ("2024-05-06T21:59:59", True),
        ("2024-05-06T22:00:00", False),
        ("2024-05-05T12:00:00", False),
        ("2024-10-14T12:00:00", False),  # Columbus Day, when the exchanges trade
    ],
)
def test_edgar_is_open_from_six_to_ten_on_business_days(at: str, expected: bool) -> None:
    assert is_open(new_york(at)) is expected


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2024-05-06T12:00:00", "2024-05-06T12:00:00"),
        ("2024-05-06T03:00:00", "2024-05-06T06:00:00"),
        ("2024-05-06T22:00:00", "2024-05-07T06:00:00"),
        ("2024-05-03T23:00:00", "2024-05-06T06:00:00"),
        ("2024-05-04T03:00:00", "2024-05-06T06:00:00"),
        ("2024-03-08T22:30:00", "2024-03-11T06:00:00"),  # the clocks change in between
    ],
)
def test_the_next_opening_is_now_or_at_six_on_a_business_day(at: str, opens: str) -> None:
    assert next_open(new_york(at)) == new_york(opens)


def columns(folder: Path) -> Iterator[dict[str, list[Any]]]:
    """Every table of filings in the captured submissions files."""
    for file in sorted(folder.glob("*.json")):
        stack = [json.loads(file.read_text())]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                if isinstance(value.get("filingDate"), list):
                    yield value
                stack.extend(value.values())


def test_real_filing_dates_are_business_days(shared: Path) -> None:
    folder = shared / "edgar" / "samples" / "submissions"
    dates = {day for table in columns(folder) for day in table["filingDate"]}
    odd = sorted(day for day in dates if not is_business_day(date.fromisoformat(day)))

    assert len(dates) > 4_000
    # A Saturday, unexplained; and a closing at two days' notice, which EDGAR still gave as a date.
    assert odd == ["2009-01-24", "2018-12-05"]


def test_real_8_ks_bear_the_filing_date_that_follows_from_their_acceptance(shared: Path) -> None:
    pages = (shared / "edgar" / "samples" / "getcurrent" / "A_20251212T2302Z").glob("*_200.xml")
    filings = [filing for page in pages for filing in parse_current(page.read_bytes()).filings]
    eight_ks = {filing.accession: filing for filing in filings if filing.form in EIGHT_K_FORMS}.values()
    odd = [
        filing.accepted_at.astimezone(NEW_YORK).time()
        for filing in eight_ks
        if filing.accepted_at is not None and filing_day(filing.accepted_at) != filing.filed_on
    ]

    assert len(eight_ks) == 281
    # Accepted in the evening's first two minutes, after a transmission that began in the afternoon.
    assert odd
    assert all(time(17, 30) < clock < time(17, 32) for clock in odd)


def test_days_missing_from_edgars_own_daily_indexes_are_the_days_we_call_closed(shared: Path) -> None:
    listing = (shared / "edgar" / "samples" / "index" / "json" / "daily_index_2018_QTR4.html").read_text()
    days = [date(2018, 10, 1) + timedelta(days=count) for count in range(92)]
    indexed = [day for day in days if f"form.{day:%Y%m%d}" in listing]

    assert indexed == [day for day in days if is_business_day(day)]


def test_the_corpus_was_filed_on_business_days(shared: Path) -> None:
    with (shared / "corpus" / "MANIFEST.csv").open(newline="") as file:
        dates = {row["filed_date"].replace("-", "") for row in csv.DictReader(file) if row["filed_date"]}
    odd = sorted(day for day in dates if not is_business_day(date.fromisoformat(day)))

    assert len(dates) > 100
    assert odd == []
