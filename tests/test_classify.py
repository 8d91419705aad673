"""The classifying handlers: official titles, and when a filing came."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.classify import FilingTiming, OfficialTitles
from handlers.classify.timing import Lateness, judge_lateness
from watcher import Filing, Item, Report, Session, Stage, Timing
from watcher.edgar.submissions_api import parse_company_file, parse_older_page


def item(number: str, *, title: str = "", declared: bool = True, found: bool = True) -> Item:
    return Item(number=number, title=title, declared=declared, found=found)


def report(  # one filing of a quiet week in May, on a Thursday, four business days after a Friday
    *items: Item | str,
    form: str | None = "8-K",
    filed_on: date | None = date(2024, 5, 9),
    accepted_at: datetime | None = datetime(2024, 5, 9, 20, 15, tzinfo=UTC),
    event: date | None = date(2024, 5, 3),
) -> Report:
    filing = Filing(accession="0000912345-24-000007", form=form, filed_on=filed_on, accepted_at=accepted_at)
    made = tuple(item(number) if isinstance(number, str) else number for number in items)
    return Report(filing=filing, items=made, period_of_report=event)


def timed(given: Report) -> Timing:
    FilingTiming().handle(given)
    assert given.timing is not None
    return given.timing


def answers(given: Report) -> tuple[Session | None, int | None, bool | None]:
    """The session, the business days after the event, and whether it was late."""
    timing = timed(given)
    return timing.session, timing.business_days_after_event, timing.is_late


def titled(given: Report) -> Report:
    OfficialTitles().handle(given)
    return given


def test_both_run_among_the_classifying_handlers_by_their_names() -> None:
    assert [(handler.name, handler.stage) for handler in (OfficialTitles, FilingTiming)] == [
        ("titles", Stage.CLASSIFY),
        ("timing", Stage.CLASSIFY),
    ]


# Titles


def test_every_item_gets_its_official_title_whatever_the_filer_wrote() -> None:
    given = titled(report(item("5.02", title="Departure of a director"), item("9.01")))

    assert [made.title.partition(";")[0] for made in given.items] == [
        "Departure of Directors or Certain Officers",
        "Financial Statements and Exhibits",
    ]


def test_titles_change_nothing_else_of_an_item() -> None:
    before = Item("7.01", "x", declared=True, found=True, document=1, start=5, end=90, text="On May 3 ...")
    after = titled(report(before)).items[0]

    assert after == Item("7.01", "Regulation FD Disclosure", True, True, 1, 5, 90, "On May 3 ...")


def test_the_old_item_9_has_the_title_of_its_day() -> None:
    assert titled(report("9", filed_on=date(1998, 6, 1))).items[0].title != "Regulation FD Disclosure"
    assert titled(report("9", filed_on=date(2003, 6, 2))).items[0].title == "Regulation FD Disclosure"


def test_a_number_that_no_form_has_keeps_its_title_and_is_warned_about() -> None:
    given = titled(report(item("57", title="As filed"), "8.01", item("4.99")))

    assert [made.title for made in given.items] == ["As filed", "Other Events", ""]
    assert given.warnings == [
        "item '57' is in no version of Form 8-K",
        "item '4.99' is in no version of Form 8-K",
    ]


# Timing


def test_a_filing_of_the_day_of_its_event_after_the_close_is_timely() -> None:
    given = report(
        "7.01",
        "9.01",
        filed_on=date(2017, 3, 8),
        accepted_at=datetime(2017, 3, 8, 21, 2, 21, tzinfo=UTC),
        event=date(2017, 3, 8),
    )

    assert answers(given) == (Session.POST, 0, False)


@pytest.mark.parametrize(
    ("event", "days", "late"),
    [(date(2024, 5, 3), 4, False), (date(2024, 5, 4), 4, False), (date(2024, 5, 2), 5, True)],
)
def test_an_item_with_a_clock_is_late_after_four_business_days(event: date, days: int, late: bool) -> None:
    timing = timed(report("5.02", "9.01", event=event))

    assert (timing.business_days_after_event, timing.is_late) == (days, late)


@pytest.mark.parametrize(
    "number", ["1.01", "2.01", "2.02", "3.01", "4.01", "4.02", "5.07", "6.02", "8.01", "7.01", "9.01"]
)
def test_whatever_comes_within_four_days_is_not_late(number: str) -> None:
    assert timed(report(number)).is_late is False


def test_results_are_late_more_than_four_days_after_they_were_announced() -> None:
    assert timed(report("2.02", "9.01", event=date(2024, 5, 1))).is_late is True


@pytest.mark.parametrize("numbers", [["7.01"], ["8.01"], ["9.01"], ["7.01", "8.01", "9.01"]])
def test_items_without_a_clock_are_never_late(numbers: list[str]) -> None:
    timing = timed(report(*numbers, event=date(2024, 3, 1)))

    assert (timing.business_days_after_event, timing.is_late) == (49, False)


def test_an_old_event_beside_a_voluntary_item_may_be_that_items() -> None:
    assert timed(report("5.02", "8.01", event=date(2024, 5, 2))).is_late is None
    assert timed(report("5.02", "8.01", event=date(2024, 5, 3))).is_late is False


def test_a_cybersecurity_incident_has_no_clock_that_a_date_could_tell() -> None:
    assert answers(report("1.05", "5.02", event=date(2024, 4, 1))) == (Session.POST, None, None)


@pytest.mark.parametrize("number", ["6.01", "6.06", "6.10"])
def test_material_whose_time_other_rules_set_is_not_judged(number: str) -> None:
    assert timed(report(number, event=date(2024, 3, 1))).is_late is None


@pytest.mark.parametrize("form", ["8-K/A", "8-K12B/A", None, "10-Q"])
def test_amendments_and_other_forms_are_not_judged(form: str | None) -> None:
    timing = timed(report("5.02", form=form, event=date(2024, 3, 1)))

    assert (timing.business_days_after_event, timing.is_late) == (49, None)


def test_a_successors_first_report_is_judged_like_any_8_k() -> None:
    assert timed(report("5.01", form="8-K12B", event=date(2024, 3, 1))).is_late is True


def test_the_items_of_before_august_2004_are_not_judged() -> None:
    given = report("5", filed_on=date(2003, 5, 29), accepted_at=None, event=date(2003, 5, 1))

    assert answers(given) == (None, 19, None)


def test_an_event_of_before_august_2004_is_not_judged_under_todays_items() -> None:
    given = report("5.02", filed_on=date(2004, 8, 31), accepted_at=None, event=date(2004, 8, 20))

    assert timed(given).is_late is None


def test_an_item_that_no_form_has_leaves_lateness_open() -> None:
    assert timed(report("5.02", "57")).is_late is None


def test_the_declared_items_decide_and_not_what_looks_like_a_heading() -> None:
    given = report("7.01", item("5.02", declared=False), event=date(2024, 4, 1))

    assert timed(given).is_late is False


def test_the_found_items_decide_where_none_is_declared() -> None:
    given = report(item("5.02", declared=False), event=date(2024, 4, 1))

    assert timed(given).is_late is True


def test_a_filing_after_half_past_five_counts_for_its_filing_date() -> None:
    evening = datetime(2024, 5, 9, 22, 15, tzinfo=UTC)
    given = report("5.02", accepted_at=evening, filed_on=date(2024, 5, 10))

    assert answers(given) == (Session.EVENING, 5, True)


def test_without_a_filing_date_it_follows_from_the_acceptance() -> None:
    evening = datetime(2024, 5, 9, 22, 15, tzinfo=UTC)

    assert timed(report("5.02", accepted_at=evening, filed_on=None)).business_days_after_event == 5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (report("5.02", event=None), (Session.POST, None, None)),
        (report("5.02", accepted_at=None), (None, 4, False)),
        (report("5.02", accepted_at=None, filed_on=None), (None, None, None)),
        (report(), (Session.POST, 4, None)),
    ],
)
def test_what_a_missing_fact_would_decide_stays_open(
    given: Report, expected: tuple[Session | None, int | None, bool | None]
) -> None:
    assert answers(given) == expected


def test_an_event_after_its_filing_is_warned_about_and_not_counted() -> None:
    given = report("5.02", event=date(2024, 5, 19))

    assert answers(given) == (Session.POST, None, None)
    assert given.warnings == ["the period of report, 2024-05-19, is after the filing date, 2024-05-09"]


def test_a_report_keeps_which_calendar_it_was_made_with() -> None:
    given = report("5.02")
    timed(given)

    assert date.fromisoformat(given.versions["calendar"]) >= date(2025, 12, 26)


def test_a_cybersecurity_incident_told_within_four_days_is_in_time_whichever_day_counts() -> None:
    assert answers(report("1.05")) == (Session.POST, None, False)


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("(b) On May 1, 2024, the treasurer resigned.\n\n(d) A director was appointed.", True),
        ("(c) On May 1, 2024, the board appointed a treasurer.", None),
        ("Item 5.02(b) and Item 5.02 (c)\n\nOn May 1, 2024, the treasurer left.", None),
        ("b) The treasurer resigned; see also note (c) below.", True),
        ("On May 1, 2024, the board appointed a treasurer.", None),
        ("On May 1, 2024, the treasurer was promoted.", None),
        ("Appointment of Certain Officers\n\nOn May 1, 2024, the treasurer resigned.", True),
        ("On May 1, 2024, the treasurer retired.", True),
        ("", True),
    ],
)
def test_an_appointment_may_wait_until_it_is_announced(text: str, late: bool | None) -> None:
    told = Item("5.02", "", declared=True, found=True, document=1, start=0, end=9, text=text)

    assert timed(report(told, "9.01", event=date(2024, 5, 1))).is_late is late


def test_an_appointment_in_time_is_in_time() -> None:
    told = Item("5.02", "", declared=True, found=True, text="(c) On May 3, 2024, the board appointed a treasurer.")

    assert timed(report(told)).is_late is False


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            report("5.02", "9.01"),
            Lateness(
                False,
                "filed 4 business days after the earliest event, in time for every item",
                date(2024, 5, 9),
                ("5.02",),
                ("9.01",),
            ),
        ),
        (
            report("1.01", "2.03", event=date(2024, 4, 29)),
            Lateness(True, "filed 8 business days after the event, not within 4", date(2024, 5, 3), ("1.01", "2.03")),
        ),
        (
            report("9.01", "8.01", event=date(2024, 3, 1)),
            Lateness(False, "none of its items has a deadline", items_without_deadline=("8.01", "9.01")),
        ),
        (
            report("5.02", "7.01", "9.01", event=date(2024, 4, 29)),
            Lateness(
                None,
                "the event may be that of item 7.01, which has no deadline",
                date(2024, 5, 3),
                ("5.02",),
                ("7.01", "9.01"),
            ),
        ),
        (
            report("1.05", event=date(2024, 4, 29)),
            Lateness(
                None,
                "item 1.05 counts from the day on which the incident was found material",
                date(2024, 5, 3),
                ("1.05",),
            ),
        ),
        (
            report("5.02", event=None),
            Lateness(None, "the date of its event is not told", items_with_deadline=("5.02",)),
        ),
        (
            report("5.02", filed_on=None, accepted_at=None),
            Lateness(None, "its filing date is not told", items_with_deadline=("5.02",)),
        ),
        (
            report("5.02", event=date(2024, 5, 19)),
            Lateness(None, "its event is dated after its filing", items_with_deadline=("5.02",)),
        ),
        (report("5.02", form="8-K/A"), Lateness(None, "amendments have no deadline of their own")),
        (report("5.02", form=None), Lateness(None, "its form is not known")),
        (report("5.02", form="10-Q"), Lateness(None, "its form is 10-Q")),
        (report(), Lateness(None, "it has no items")),
        (report("5.02", "57"), Lateness(None, "no deadline is known for item 57")),
        (report("6.01", "9.01"), Lateness(None, "the time of item 6.01 is set by other rules")),
        (
            report("5.02", event=date(2004, 8, 20)),
            Lateness(None, "its event is of before 2004-08-23, when other deadlines held"),
        ),
    ],
)
def test_every_answer_on_lateness_says_why(given: Report, expected: Lateness) -> None:
    assert judge_lateness(given) == expected
    timing = timed(given)
    assert (timing.is_late, timing.reason, timing.deadline) == (expected.is_late, expected.reason, expected.deadline)
    assert timing.items_with_deadline == expected.items_with_deadline
    assert timing.items_without_deadline == expected.items_without_deadline


@pytest.mark.parametrize(
    ("event", "deadline"),
    [
        (date(2024, 5, 3), date(2024, 5, 9)),  # Friday: Monday is day one
        (date(2024, 5, 4), date(2024, 5, 9)),  # Saturday: Monday is day one, too
        (date(2024, 7, 3), date(2024, 7, 10)),  # over a holiday
        (date(2025, 12, 23), date(2026, 1, 2)),  # over two closings by order, Christmas and New Year
    ],
)
def test_the_deadline_is_the_fourth_business_day_after_the_event(event: date, deadline: date) -> None:
    judged = judge_lateness(report("1.01", filed_on=deadline, event=event))

    assert (judged.is_late, judged.deadline) == (False, deadline)
    assert judge_lateness(report("1.01", filed_on=deadline + timedelta(days=3), event=event)).is_late is True


@pytest.mark.parametrize(
    ("accepted_at", "session"),
    [
        (datetime(2024, 3, 8, 14, 29, 59, tzinfo=UTC), Session.PRE),  # winter time, the last Friday of it
        (datetime(2024, 3, 8, 14, 30, tzinfo=UTC), Session.REGULAR),
        (datetime(2024, 3, 11, 13, 29, 59, tzinfo=UTC), Session.PRE),  # summer time, from the Monday on
        (datetime(2024, 3, 11, 13, 30, tzinfo=UTC), Session.REGULAR),
        (datetime(2024, 11, 1, 20, 0, tzinfo=UTC), Session.POST),
        (datetime(2024, 11, 4, 20, 59, 59, tzinfo=UTC), Session.REGULAR),
        (datetime(2024, 11, 4, 22, 30, 1, tzinfo=UTC), Session.EVENING),
        (datetime(2024, 11, 3, 6, 30, tzinfo=UTC), Session.CLOSED),  # the hour that comes twice, on a Sunday
    ],
)
def test_a_session_follows_the_clock_in_new_york_through_summer_time(accepted_at: datetime, session: Session) -> None:
    assert timed(report("8.01", accepted_at=accepted_at)).session is session


def test_hardly_any_eight_k_of_the_real_filings_is_called_late(shared: Path) -> None:
    """Companies of this size seldom are: many late ones would mean a fault in the counting."""
    folder = shared / "edgar" / "samples" / "submissions"
    pages = [parse_older_page(file.read_bytes()) for file in folder.glob("CIK*-submissions-*.json")]
    pages += [parse_company_file(file.read_bytes()).page for file in folder.glob("CIK??????????.json")]
    rows = [row for page in pages for row in page.rows if row.form == "8-K" and row.filed_on and row.period_of_report]
    judged = Counter(
        judge_lateness(report(*row.items, filed_on=row.filed_on, event=row.period_of_report)).is_late for row in rows
    )

    assert len(rows) > 500
    assert judged[True] < len(rows) / 100
    assert judged[False] > judged[None] * 5
