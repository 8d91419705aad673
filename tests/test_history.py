"""What a company reported before, read from the store: counted once for each matter, and told in words."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from _stores import NOW, store_url

from watcher.background import EventHistory
from watcher.models import Amendment, Event, Filer, Filing, Report, Severity
from watcher.store import filings, reports
from watcher.store.database import Store
from watcher.store.history import background, histories

pytestmark = pytest.mark.usefixtures("either_store")

DAY = date(2026, 6, 1)
KIN = ("cfo-departure", "cfo-appointment")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def cfo(name: str = "departure") -> Event:
    return Event(f"cfo-{name}", 0.9, severity=Severity.HIGH, family="CFO change", kin=KIN)


def report(
    number: int, day: date, *events: Event, cik: int = 1, period: date | None = None, form: str = "8-K"
) -> Report:
    filing = Filing(f"0000000001-26-{number:06}", form, (Filer(cik, "Made Up, Inc."),), day)
    return Report(filing, period_of_report=period, events=events)


def keep(store: Store, *found: Report) -> None:
    for one in found:
        store.write_now(filings.spot, [one.filing], NOW)
        store.write_now(reports.save, one, {}, NOW, late_hours=72, endpoints=frozenset())


def history(store: Store, found: Report) -> dict[str, EventHistory]:
    return {one.event: one for one in store.read_now(histories, found)}


def words(store: Store, found: Report) -> list[str]:
    return [one.words for one in store.read_now(histories, found)]


def months_ago(count: int) -> date:
    return DAY - timedelta(days=30 * count)


def test_the_third_time_is_told_in_words_and_matters_more(store: Store) -> None:
    keep(store, report(1, months_ago(20), cfo()), report(2, months_ago(9), cfo()))

    one = history(store, report(3, DAY, cfo()))["cfo-departure"]

    assert one.words == "third CFO change in 24 months"
    assert (one.count, one.severity, one.since) == (3, Severity.CRITICAL, months_ago(20))
    assert [(before.accession, before.filed_on) for before in one.earlier] == [
        ("0000000001-26-000002", months_ago(9)),
        ("0000000001-26-000001", months_ago(20)),
    ]


def test_the_first_time_nothing_is_said_and_the_second_time_severity_stays(store: Store) -> None:
    assert words(store, report(2, DAY, cfo())) == [""]

    keep(store, report(1, months_ago(9), cfo()))

    assert history(store, report(2, DAY, cfo()))["cfo-departure"].severity is Severity.HIGH
    assert words(store, report(2, DAY, cfo())) == ["second CFO change in 24 months"]


def test_a_departure_and_the_naming_of_the_successor_are_one_change(store: Store) -> None:
    keep(store, report(1, months_ago(3), cfo("departure")))

    assert words(store, report(2, DAY, cfo("appointment"))) == [""]

    keep(store, report(2, months_ago(2), cfo("appointment")))

    assert words(store, report(3, DAY, cfo("departure"), cfo("appointment"))) == ["second CFO change in 24 months"] * 2


def test_what_lies_more_than_24_months_back_does_not_count(store: Store) -> None:
    keep(store, report(1, date(2024, 5, 31), cfo()))
    assert words(store, report(2, DAY, cfo())) == [""]

    keep(store, report(3, date(2024, 6, 1), cfo()))
    assert words(store, report(2, DAY, cfo())) == ["second CFO change in 24 months"]


def test_the_window_before_a_leap_day_begins_on_the_last_of_february(store: Store) -> None:
    keep(store, report(1, date(2022, 2, 28), cfo()))

    assert words(store, report(2, date(2024, 2, 29), cfo())) == ["second CFO change in 24 months"]


def test_what_came_later_does_not_count(store: Store) -> None:
    keep(store, report(1, DAY + timedelta(days=1), cfo()))

    assert words(store, report(2, DAY, cfo())) == [""]


def test_filings_of_one_day_count_once(store: Store) -> None:
    day = months_ago(5)
    keep(store, report(1, day, cfo()), report(2, day, cfo()), report(3, DAY, cfo()))

    assert words(store, report(4, DAY, cfo())) == ["second CFO change in 24 months"]


def test_an_amendment_counts_once_with_what_it_amends(store: Store) -> None:
    event_on = months_ago(5)
    first = report(1, event_on + timedelta(days=3), cfo(), period=event_on)
    amendment = report(2, event_on + timedelta(days=20), cfo(), period=event_on, form="8-K/A")
    keep(store, first, amendment)

    assert words(store, amendment) == [""]
    assert words(store, report(3, DAY, cfo())) == ["second CFO change in 24 months"]


def test_the_report_that_an_amendment_names_is_the_same_matter(store: Store) -> None:
    keep(store, report(1, months_ago(5), cfo()))
    amendment = report(2, DAY, cfo(), form="8-K/A")
    amendment.amendment = Amendment(original_filed_on=months_ago(5))

    known = store.read_now(background, amendment)

    assert known.history["cfo-departure"].words == ""
    assert [one.accession for one in known.amends] == ["0000000001-26-000001"]


def test_other_companies_and_other_events_do_not_count(store: Store) -> None:
    keep(store, report(1, months_ago(5), cfo(), cik=2), report(2, months_ago(4), Event("dividend", 0.9)))

    assert words(store, report(3, DAY, cfo())) == [""]


def test_a_filing_of_several_companies_counts_for_each(store: Store) -> None:
    joint = report(1, months_ago(5), cfo())
    joint.filing = Filing(joint.filing.accession, "8-K", (Filer(1, "One"), Filer(2, "Two")), months_ago(5))
    keep(store, joint)

    assert words(store, report(2, DAY, cfo(), cik=2)) == ["second CFO change in 24 months"]


def test_what_edgar_withdrew_does_not_count(store: Store) -> None:
    keep(store, report(1, months_ago(5), cfo()))
    store.write_now(filings.mark_gone, ["0000000001-26-000001"], DAY)

    assert words(store, report(2, DAY, cfo())) == [""]


def test_an_event_whose_repetition_says_nothing_is_counted_and_not_told(store: Store) -> None:
    keep(store, *(report(n, months_ago(3 * n), Event("dividend", 0.9)) for n in (1, 2, 3)))

    one = history(store, report(9, DAY, Event("dividend", 0.9)))["dividend"]

    assert (one.count, one.words, one.severity) == (4, "", Severity.MEDIUM)


def test_the_filing_itself_is_not_its_own_past(store: Store) -> None:
    found = report(1, DAY, cfo())
    keep(store, found)

    assert words(store, found) == [""]
    assert history(store, found)["cfo-departure"].since == DAY


@pytest.mark.parametrize(
    ("count", "word"), [(4, "fourth"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (22, "22nd")]
)
def test_a_count_is_told_as_people_write_it(store: Store, count: int, word: str) -> None:
    keep(store, *(report(n, DAY - timedelta(days=20 * n), cfo()) for n in range(1, count)))

    assert words(store, report(99, DAY, cfo())) == [f"{word} CFO change in 24 months"]
