"""The rhythm of polling follows EDGAR's day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from watcher.sources.rhythm import Rhythm, parse_window

NEW_YORK = ZoneInfo("America/New_York")
RHYTHM = Rhythm(30, 5, 1800, (parse_window("05:59-07:15"), parse_window("16:00-17:35")))


def at(text: str) -> datetime:
    """An instant by the clock of New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param("2025-03-05T11:00:00", "2025-03-05T11:00:30", id="an ordinary hour"),
        pytest.param("2025-03-05T16:30:00", "2025-03-05T16:30:05", id="a busy window"),
        pytest.param("2025-03-05T15:59:50", "2025-03-05T16:00:00", id="not past the beginning of a busy window"),
        pytest.param("2025-03-05T17:35:00", "2025-03-05T17:35:30", id="after a busy window"),
        pytest.param("2025-03-05T23:00:00", "2025-03-05T23:30:00", id="a night"),
        pytest.param("2025-03-05T05:50:00", "2025-03-05T05:59:00", id="not past the morning"),
        pytest.param("2025-03-08T12:00:00", "2025-03-08T12:30:00", id="a Saturday, though at noon"),
        pytest.param("2025-07-04T16:30:00", "2025-07-04T17:00:00", id="a holiday has no busy window"),
        pytest.param("2025-03-09T01:50:00", "2025-03-09T03:20:00", id="the night in which the clock springs forward"),
    ],
)
def test_the_next_look(last: str, expected: str) -> None:
    assert RHYTHM.next_look(at(last).astimezone(UTC)) == at(expected)


def test_without_busy_windows_it_is_still_there_when_edgar_opens() -> None:
    assert Rhythm(30, 5, 86_400).next_look(at("2025-03-07T23:00:00")) == at("2025-03-08T23:00:00")
    assert Rhythm(30, 5, 86_400).next_look(at("2025-03-09T23:00:00")) == at("2025-03-10T06:00:00")


def test_a_week_of_looks_is_mostly_spent_when_edgar_is_open() -> None:
    moment, end, looks = at("2025-03-03T00:00:00").astimezone(UTC), at("2025-03-10T00:00:00"), []
    while moment < end:
        looks.append(moment)
        moment = RHYTHM.next_look(moment)

    local = [one.astimezone(NEW_YORK) for one in looks]
    at_night = [one for one in local if not 6 <= one.hour < 22 or one.weekday() > 4]
    assert len(at_night) < len(looks) / 40
    assert all(later - earlier <= timedelta(minutes=30) for earlier, later in pairwise(looks))


@pytest.mark.parametrize("text", ["", "16:00", "16-17", "25:00-26:00", "17:35-16:00", "16:00-16:00", "16:00-17:35 ET"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected two times|ends before"):
        parse_window(text)
