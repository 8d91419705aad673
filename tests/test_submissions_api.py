"""What data.sec.gov tells of a company: facts, filings, and times whose zone has to be found out."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.companies import Listing
from watcher.edgar.submissions_api import (
    CompanyFile,
    FormerName,
    OlderPage,
    StampClock,
    SubmissionRow,
    SubmissionsPage,
    parse_company_file,
    parse_older_page,
)
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing

COMPANY: dict[str, Any] = {
    "cik": "0000912345",
    "entityType": "operating",
    "sic": "3826",
    "sicDescription": "Laboratory Analytical Instruments",
    "ownerOrg": "08 Industrial Applications and Services",
    "name": "Larkspur Instruments, Inc.",
    "tickers": ["LRKS", "LRKS-PA", "LRKSF"],
    "exchanges": ["NYSE", "NYSE", None],
    "ein": "123456789",
    "lei": None,
    "category": "Non-accelerated filer<br>Smaller reporting company<br>Emerging growth company",
    "fiscalYearEnd": "0331",
    "stateOfIncorporation": "DE",
    "phone": "555-0100",
    "flags": "",
    "formerNames": [
        {"name": "LARKSPUR LABS INC", "from": "2007-11-21T05:00:00.000Z", "to": "2022-09-19T04:00:00.000Z"},
        {"name": "LARK CORP", "from": "1996-08-07T00:00:00.000Z", "to": "1996-08-06T00:00:00.000Z"},
    ],
}


def columns(*filings: Mapping[str, Any]) -> dict[str, Any]:
    """Parallel lists, as data.sec.gov writes them; each filing is an 8-K but for what it says otherwise."""
    plain = {
        "filingDate": "2024-05-06",
        "reportDate": "2024-05-03",
        "acceptanceDateTime": "2024-05-06T16:31:05.000Z",
        "act": "34",
        "form": "8-K",
        "fileNumber": "001-01234",
        "filmNumber": "24912345",
        "items": "5.02,9.01",
        "size": 674000,
        "isXBRL": 1,
        "isInlineXBRL": 0,
        "primaryDocument": "lrks-8k.htm",
        "primaryDocDescription": "8-K",
    }
    made = [
        {"accessionNumber": f"0000912345-24-{place:06}"} | plain | filing
        for place, filing in enumerate(filings, start=1)
    ]
    return {name: [filing[name] for filing in made] for name in ("accessionNumber", *plain)}


def company_file(*filings: Mapping[str, Any], files: Any = (), **facts: Any) -> bytes:
    return json.dumps(COMPANY | facts | {"filings": {"recent": columns(*filings), "files": files}}).encode()


def page(*filings: Mapping[str, Any], known: Mapping[str, datetime] | None = None, **lists: Any) -> SubmissionsPage:
    return parse_older_page(json.dumps(columns(*filings) | lists).encode(), known=known or {})


def stamped(text: str, form: str = "8-K", filed: str = "2024-05-06") -> dict[str, Any]:
    """A filing with this time, as the file writes it."""
    return {"acceptanceDateTime": text, "form": form, "filingDate": filed}


# Between them no reading of these is odd: late in the morning, the New York clock or UTC.
QUIET = stamped("2024-05-06T15:31:05.000Z")
# At seven in the morning in New York: read as UTC it would be three, when EDGAR is closed.
EARLY_BY_NEW_YORK = stamped("2024-05-06T07:00:00.000Z")
# At a quarter past seven in the evening in New York, in UTC: read as New York's clock EDGAR is closed.
LATE_BY_UTC = stamped("2024-05-06T23:15:00.000Z", form="4")


# The company


def test_a_company_file_tells_who_the_company_is() -> None:
    company = parse_company_file(company_file()).company

    assert (company.cik, company.name, company.entity_type) == (912345, "Larkspur Instruments, Inc.", "operating")
    assert (company.sic, company.sic_name) == ("3826", "Laboratory Analytical Instruments")
    assert (company.state_of_incorporation, company.fiscal_year_end) == ("DE", "0331")
    assert (company.irs_number, company.lei, company.phone, company.flags) == ("123456789", None, "555-0100", "")
    assert company.organization == "08 Industrial Applications and Services"


def test_tickers_stand_with_their_exchanges_which_may_be_null() -> None:
    assert parse_company_file(company_file()).company.listings == (
        Listing("LRKS", "NYSE"),
        Listing("LRKS-PA", "NYSE"),
        Listing("LRKSF", None),
    )


def test_tickers_that_do_not_match_their_exchanges_keep_none() -> None:
    read = parse_company_file(company_file(exchanges=["NYSE"]))

    assert {listing.exchange for listing in read.company.listings} == {None}
    assert read.problems == ("3 tickers on 1 exchanges",)


@pytest.mark.parametrize(
    ("category", "categories"),
    [
        (COMPANY["category"], ("Non-accelerated filer", "Smaller reporting company", "Emerging growth company")),
        ("<br>Emerging growth company", ("Emerging growth company",)),
        ("Large accelerated filer", ("Large accelerated filer",)),
        ("", ()),
        (None, ()),
    ],
)
def test_a_category_is_several(category: str | None, categories: tuple[str, ...]) -> None:
    assert parse_company_file(company_file(category=category)).company.categories == categories


def test_former_names_have_the_days_that_edgar_gives_them_however_odd() -> None:
    assert parse_company_file(company_file()).company.former_names == (
        FormerName("LARKSPUR LABS INC", date(2007, 11, 21), date(2022, 9, 19)),
        FormerName("LARK CORP", date(1996, 8, 7), date(1996, 8, 6)),
    )


def test_the_company_is_the_filer_of_its_filings() -> None:
    assert parse_company_file(company_file()).company.filer == Filer(
        cik=912345,
        name="Larkspur Instruments, Inc.",
        sic="3826",
        state_of_incorporation="DE",
        irs_number="123456789",
        fiscal_year_end="0331",
        business_phone="555-0100",
        tickers=("LRKS", "LRKS-PA", "LRKSF"),
        former_names=("LARKSPUR LABS INC", "LARK CORP"),
        former_names_changed_on=(date(2022, 9, 19), date(1996, 8, 6)),
        sic_name="Laboratory Analytical Instruments",
        organization="08 Industrial Applications and Services",
    )


def test_a_person_without_any_of_this_is_read_without_a_problem() -> None:
    bare = dict.fromkeys(("sic", "ein", "fiscalYearEnd", "stateOfIncorporation", "ownerOrg", "phone", "category"))
    read = parse_company_file(company_file(**bare, tickers=[], exchanges=[], formerNames=[], entityType="other"))

    assert (read.company.listings, read.company.sic, read.company.categories) == ((), None, ())
    assert read.problems == ()


def test_odd_facts_are_named_and_cost_nothing_else() -> None:
    read = parse_company_file(
        company_file(
            {}, name=None, sic=7, tickers=[5, "LRKS"], exchanges=["NYSE", 6], formerNames=[None, {"name": "OLD"}]
        )
    )

    assert set(read.problems) == {
        "the company has no name",
        "no ticker in 5",
        "sic: expected text, came 7",
        "no former name in None",
    }
    assert read.company.former_names == (FormerName("OLD"),)
    assert len(read.page.rows) == 1


def test_older_filings_are_told_by_file() -> None:
    name = "CIK0000912345-submissions-001.json"
    files = [{"name": name, "filingCount": 720, "filingFrom": "2005-02-17", "filingTo": "2018-02-11"}]

    assert parse_company_file(company_file(files=files)).older == (
        OlderPage(name, 720, date(2005, 2, 17), date(2018, 2, 11)),
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "CIK0000912345-submissions-001.json?x=1", "", None, 5])
def test_a_file_of_another_name_is_not_let_through(name: object) -> None:
    read = parse_company_file(company_file(files=[{"name": name}]))

    assert read.older == ()
    assert "they are missing here" in read.problems[0]


def test_a_company_without_filings_is_one() -> None:
    read = parse_company_file(company_file())

    assert (read.page.rows, read.page.clock, read.older) == ((), StampClock.UNKNOWN, ())


# The filings


def test_a_row_tells_what_edgar_knows_of_a_filing() -> None:
    read = page(QUIET | {"acceptanceDateTime": "2024-05-06T07:31:05.000Z"}, EARLY_BY_NEW_YORK)

    assert read.rows[0] == SubmissionRow(
        accession="0000912345-24-000001",
        form="8-K",
        filed_on=date(2024, 5, 6),
        period_of_report=date(2024, 5, 3),
        accepted_at=datetime(2024, 5, 6, 11, 31, 5, tzinfo=UTC),
        items=("5.02", "9.01"),
        act="34",
        file_number="001-01234",
        film_number="24912345",
        size_bytes=674000,
        is_xbrl=True,
        is_inline_xbrl=False,
        primary_document="lrks-8k.htm",
        primary_document_description="8-K",
    )
    assert read.problems == ()


def test_a_row_becomes_a_filing_of_the_filers_that_the_caller_names() -> None:
    filer = Filer(912345, "Larkspur")

    assert page(QUIET).rows[0].as_filing(filer) == Filing(
        accession="0000912345-24-000001", form="8-K", filers=(filer,), filed_on=date(2024, 5, 6), items=("5.02", "9.01")
    )


@pytest.mark.parametrize(
    ("form", "written", "items"),
    [
        ("8-K", "2.02", ("2.02",)),
        ("8-K/A", "2.02,9.01", ("2.02", "9.01")),
        ("8-K", "5,7", ("5", "7")),
        ("8-K", "7.01, 7.01,9.01", ("7.01", "9.01")),
        ("8-K", "", ()),
        ("8-K", None, ()),
        ("ABS-15G", "1.01", ()),
        ("D", "06b", ()),
        ("EFFECT", "S-3,,2017-03-02 17:00:00", ()),
    ],
)
def test_items_are_those_of_the_8_k_family(form: str, written: str | None, items: tuple[str, ...]) -> None:
    read = page({"form": form, "items": written})

    assert (read.rows[0].items, read.problems) == (items, ())


def test_lists_that_leave_out_empty_values_at_their_end_are_read() -> None:
    read = page({}, {}, {}, items=["5.02"], primaryDocument=["a.htm", ""], size=[])

    assert [row.items for row in read.rows] == [("5.02",), (), ()]
    assert [row.primary_document for row in read.rows] == ["a.htm", None, None]
    assert [row.size_bytes for row in read.rows] == [None, None, None]
    assert read.problems == ()


def test_lists_that_are_missing_cost_only_what_they_tell() -> None:
    lists = {name: columns({})[name] for name in ("accessionNumber", "form", "filingDate")}
    row = parse_older_page(json.dumps(lists).encode()).rows[0]

    assert row == SubmissionRow("0000912345-24-000001", "8-K", date(2024, 5, 6))


def test_a_list_that_is_too_long_is_named() -> None:
    assert page({}, items=["5.02", "9.01"]).problems == ("items: 2 values for 1 filings",)


@pytest.mark.parametrize("odd", [None, 5, "", "none", "0000912345-24-00000", "000091234524000001", ["x"]])
def test_a_row_without_an_accession_number_is_left_out_and_named(odd: object) -> None:
    read = page({"accessionNumber": odd}, {})

    assert [row.accession for row in read.rows] == ["0000912345-24-000002"]
    assert read.problems[0].startswith("filing 0: no accession number in")


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        ({"form": 5}, "no form type in 5"),
        ({"filingDate": "05/06/2024"}, "no filing date in '05/06/2024'"),
        ({"filingDate": "0001-01-01"}, "no filing date in '0001-01-01'"),
        ({"filingDate": ""}, "no filing date in ''"),
        ({"reportDate": "2024-02-31"}, "no period of report in '2024-02-31'"),
        ({"acceptanceDateTime": "2024-05-06 16:31:05"}, "no time in '2024-05-06 16:31:05'"),
        ({"acceptanceDateTime": "2024-05-06T25:31:05Z"}, "no time in '2024-05-06T25:31:05Z'"),
        ({"acceptanceDateTime": 20240506163105}, "no time in 20240506163105"),
        ({"items": "5.02,57"}, "no item of Form 8-K: '57'"),
    ],
)
def test_an_odd_row_is_kept_and_named(odd: dict[str, Any], problem: str) -> None:
    read = page(odd, {})

    assert len(read.rows) == 2
    assert read.problems == (f"0000912345-24-000001: {problem}",)


def test_a_filing_may_have_no_period_and_no_time() -> None:
    read = page({"reportDate": "", "acceptanceDateTime": None, "primaryDocument": ""})

    assert (read.rows[0].period_of_report, read.rows[0].accepted_at, read.problems) == (None, None, ())


# The clock


def clock_of(*filings: Mapping[str, Any], known: Mapping[str, datetime] | None = None) -> StampClock:
    return page(*filings, known=known).clock


def test_a_clock_that_nothing_tells_is_unknown_and_gives_no_time() -> None:
    read = page(QUIET, QUIET)

    assert read.clock is StampClock.UNKNOWN
    assert [row.accepted_at for row in read.rows] == [None, None]
    assert read.clock_reason == "EDGAR's hours and filing dates do not tell (0 against utc, 0 against new-york)"


def test_an_hour_at_which_edgar_would_be_closed_in_utc_shows_the_clock_of_new_york() -> None:
    read = page(QUIET, EARLY_BY_NEW_YORK)

    assert read.clock is StampClock.NEW_YORK
    assert [row.accepted_at for row in read.rows] == [
        datetime(2024, 5, 6, 19, 31, 5, tzinfo=UTC),
        datetime(2024, 5, 6, 11, 0, tzinfo=UTC),
    ]


def test_an_hour_at_which_edgar_would_be_closed_in_new_york_shows_utc() -> None:
    read = page(QUIET, LATE_BY_UTC)

    assert read.clock is StampClock.UTC
    assert [row.accepted_at for row in read.rows] == [
        datetime(2024, 5, 6, 15, 31, 5, tzinfo=UTC),
        datetime(2024, 5, 6, 23, 15, tzinfo=UTC),
    ]


def test_filing_dates_show_the_clock_of_new_york() -> None:
    """Six in the evening, dated the next day: in UTC it would be two in the afternoon, and dated the same day."""
    evening = stamped("2024-05-06T18:00:00.000Z", filed="2024-05-07")

    assert clock_of(evening, evening) is StampClock.NEW_YORK


def test_filing_dates_show_utc() -> None:
    """Half past four in the afternoon, in UTC, dated the same day: half past eight in the evening is dated the next."""
    afternoon = stamped("2024-05-06T20:30:00.000Z", filed="2024-05-06")

    assert clock_of(afternoon, afternoon) is StampClock.UTC


def test_one_filing_date_alone_proves_nothing_for_some_are_adjusted() -> None:
    assert clock_of(stamped("2024-05-06T18:00:00.000Z", filed="2024-05-07"), QUIET) is StampClock.UNKNOWN


def test_filing_dates_of_forms_that_keep_the_day_until_ten_prove_nothing() -> None:
    evening = stamped("2024-05-06T18:00:00.000Z", form="4", filed="2024-05-06")

    assert clock_of(evening, evening, evening) is StampClock.UNKNOWN


def test_filing_dates_near_half_past_five_prove_nothing() -> None:
    """17:31 by New York's clock, dated the same day since its transmission began before."""
    at_the_cut = stamped("2024-05-06T17:31:00.000Z", filed="2024-05-06")

    assert clock_of(at_the_cut, at_the_cut, at_the_cut) is StampClock.UNKNOWN


def test_what_edgars_staff_puts_in_at_night_proves_nothing() -> None:
    effect = stamped("2024-05-06T04:15:00.000Z", form="EFFECT")
    paper = stamped("2024-05-06T04:15:00.000Z", form="REGDEX") | {"accessionNumber": "9999999997-24-000001"}

    assert clock_of(effect, effect, paper, paper) is StampClock.UNKNOWN


def test_a_few_odd_filings_do_not_turn_what_many_show() -> None:
    odd = stamped("2024-05-06T08:00:00.000Z")

    assert clock_of(*[LATE_BY_UTC] * 20, odd) is StampClock.UTC
    assert clock_of(*[LATE_BY_UTC] * 5, odd) is StampClock.UNKNOWN


def test_one_acceptance_that_is_known_tells_the_clock() -> None:
    in_utc = {"0000912345-24-000002": datetime(2024, 5, 6, 15, 31, 5, tzinfo=UTC)}
    in_new_york = {"0000912345-24-000002": datetime(2024, 5, 6, 15, 31, 5, tzinfo=NEW_YORK)}

    assert clock_of(QUIET, QUIET, known=in_utc) is StampClock.UTC
    assert clock_of(QUIET, QUIET, known=in_new_york) is StampClock.NEW_YORK
    assert page(QUIET, QUIET, known=in_utc).clock_reason.startswith("0000912345-24-000002 is known")


def test_a_known_acceptance_of_another_filing_or_another_time_tells_nothing() -> None:
    other = {"0000912345-24-000009": datetime(2024, 5, 6, 15, 31, 5, tzinfo=UTC)}
    wrong = {"0000912345-24-000001": datetime(2024, 5, 6, 15, 31, 6, tzinfo=UTC)}

    assert clock_of(QUIET, known=other) is StampClock.UNKNOWN
    assert clock_of(QUIET, known=wrong) is StampClock.UNKNOWN


def test_known_acceptances_that_contradict_each_other_leave_it_unknown() -> None:
    known = {
        "0000912345-24-000001": datetime(2024, 5, 6, 15, 31, 5, tzinfo=UTC),
        "0000912345-24-000002": datetime(2024, 5, 6, 15, 31, 5, tzinfo=NEW_YORK),
    }
    read = page(QUIET, QUIET, known=known)

    assert (read.clock, read.clock_reason) == (StampClock.UNKNOWN, "known acceptances speak for either clock")


def test_a_known_acceptance_against_edgars_hours_leaves_it_unknown() -> None:
    known = {"0000912345-24-000001": datetime(2024, 5, 6, 15, 31, 5, tzinfo=UTC)}
    read = page(QUIET, EARLY_BY_NEW_YORK, known=known)

    assert (read.clock, read.rows[0].accepted_at) == (StampClock.UNKNOWN, None)
    assert ", but EDGAR's hours" in read.clock_reason


def test_midnight_in_new_york_stands_for_no_time() -> None:
    by_new_york = page(stamped("1999-05-06T00:00:00.000Z"), EARLY_BY_NEW_YORK)
    by_utc = page(stamped("1999-05-06T04:00:00.000Z"), LATE_BY_UTC)

    assert [(read.clock, read.rows[0].accepted_at) for read in (by_new_york, by_utc)] == [
        (StampClock.NEW_YORK, None),
        (StampClock.UTC, None),
    ]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2024-01-08T16:31:05.000Z", "2024-01-08T21:31:05+00:00"),
        ("2024-07-08T16:31:05Z", "2024-07-08T20:31:05+00:00"),
        ("2024-11-03T01:30:00.000Z", None),  # comes twice that night
        ("2024-03-10T02:30:00.000Z", None),  # is left out that night
    ],
)
def test_the_clock_of_new_york_keeps_summer_time(written: str, instant: str | None) -> None:
    known = {"0000912345-24-000002": datetime(2024, 5, 6, 7, 0, tzinfo=NEW_YORK)}
    read = page(stamped(written, form="EFFECT"), EARLY_BY_NEW_YORK, known=known)

    assert read.rows[0].accepted_at == (None if instant is None else datetime.fromisoformat(instant))


def test_the_clock_is_decided_for_each_file() -> None:
    main = parse_company_file(company_file(LATE_BY_UTC))
    older = page(EARLY_BY_NEW_YORK)

    assert (main.page.clock, older.clock) == (StampClock.UTC, StampClock.NEW_YORK)


# What is none


WHOLE = company_file({}, {})
NO_FILES = {
    "nothing": b"",
    "a page": b"<html><head><title>SEC.gov | File Unavailable</title></head></html>",
    "the archive's error": b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    "cut off": WHOLE[:-100],
    "a list": b"[]",
    "empty": b"{}",
    "no cik": company_file(cik=None),
    "no filings": json.dumps(COMPANY).encode(),
    "no lists": json.dumps(COMPANY | {"filings": {"recent": {}, "files": []}}).encode(),
    "odd lists": json.dumps(COMPANY | {"filings": {"recent": columns({}) | {"form": "8-K"}}}).encode(),
    "odd filings": json.dumps(COMPANY | {"filings": []}).encode(),
    "brackets without end": b'{"a":' * 100_000,
    "values without end": b'{"cik":1,"filings":{"recent":{"accessionNumber":[' + b"[]," * 1_000_001 + b"1]}}}",
}


@pytest.mark.parametrize("body", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_company_file_is_an_error_and_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(EdgarError, match="submissions of a company: expected"):
        parse_company_file(body)


def test_more_values_than_any_company_has_are_refused_unread() -> None:
    with pytest.raises(EdgarError, match="at most 2,000,000 values"):
        parse_company_file(NO_FILES["values without end"])


@pytest.mark.parametrize("body", [b"", b"{}", b'{"accessionNumber": []}', json.dumps(columns({})).encode()[:-9], WHOLE])
def test_what_is_no_file_of_older_filings_is_an_error(body: bytes) -> None:
    with pytest.raises(EdgarError, match="submissions of a company: expected"):
        parse_older_page(body)


# Captured files


def captured(shared: Path, name: str) -> bytes:
    return (shared / "edgar" / "samples" / "submissions" / name).read_bytes()


def captured_companies(shared: Path) -> list[tuple[str, CompanyFile]]:
    files = sorted((shared / "edgar" / "samples" / "submissions").glob("*CIK*.json"))
    bodies = [(file.name, json.loads(file.read_bytes())) for file in files if "-submissions-" not in file.name]
    # Two were kept inside the wrapper of somebody's cache.
    return [(name, parse_company_file(json.dumps(body.get("data", body)).encode())) for name, body in bodies]


def test_captured_companies_are_read_without_a_problem(shared: Path) -> None:
    read = captured_companies(shared)

    assert len(read) == 15
    assert [
        (name, file.problems, file.page.problems) for name, file in read if file.problems or file.page.problems
    ] == []
    rows = [row for _, file in read for row in file.page.rows if row.form in EIGHT_K_FORMS]
    assert len(rows) > 1_000
    assert all(row.items and row.filed_on and row.period_of_report and row.accepted_at for row in rows)


def test_the_clock_of_every_captured_file_with_filings_is_found_out(shared: Path) -> None:
    clocks = {name: file.page.clock for name, file in captured_companies(shared) if file.page.rows}

    assert {clock for name, clock in clocks.items() if "ET-as-Z" in name} == {StampClock.NEW_YORK}
    assert {clock for name, clock in clocks.items() if "_UTC" in name} == {StampClock.UTC}
    assert StampClock.UNKNOWN not in clocks.values()


@pytest.mark.parametrize("number", ["0000749647", "0001009672", "0001318605", "0001324424"])
def test_captured_older_pages_show_the_clock_of_their_company(shared: Path, number: str) -> None:
    main = parse_company_file(captured(shared, f"CIK{number}.json"))
    older = parse_older_page(captured(shared, main.older[0].name))

    assert len(older.rows) == main.older[0].filings
    assert (older.clock, older.problems) == (main.page.clock, ())


@pytest.mark.parametrize(
    ("by_new_york", "by_utc"),
    [
        ("CIK0000310522_20260208_ET-as-Z.json", "CIK0000310522_20260305_UTC.json"),
        ("CIK0001677077_20260310_ET-as-Z.json", "CIK0001677077_20260620_UTC.json"),
    ],
)
def test_two_captures_of_a_company_on_two_clocks_give_the_same_times(
    shared: Path, by_new_york: str, by_utc: str
) -> None:
    first, second = (
        {row.accession: row.accepted_at for row in parse_company_file(captured(shared, name)).page.rows}
        for name in (by_new_york, by_utc)
    )
    common = first.keys() & second.keys()

    assert len(common) > 300
    assert all(first[accession] == second[accession] is not None for accession in common)


def test_the_clock_of_a_part_of_a_captured_file_is_the_files_or_unknown(shared: Path) -> None:
    """Companies that file little leave less to go by: it may not be found out then, but it is never the wrong one."""
    found = {True: 0, False: 0}
    for name in ("CIK0000310522_20260208_ET-as-Z.json", "CIK0001318605.json", "CIK0001677077_20260620_UTC.json"):
        lists = json.loads(captured(shared, name))["filings"]["recent"]
        clock = StampClock.NEW_YORK if "ET-as-Z" in name else StampClock.UTC
        for start in range(0, len(lists["form"]), 5):
            part = {column: values[start : start + 5] for column, values in lists.items()}
            told = parse_older_page(json.dumps(part).encode()).clock
            assert told in (clock, StampClock.UNKNOWN)
            found[told is clock] += 1

    assert found[True] > found[False] > 0


def test_no_captured_error_is_taken_for_a_company(shared: Path) -> None:
    for file in sorted((shared / "edgar" / "samples" / "errors").iterdir()):
        with pytest.raises(EdgarError):
            parse_company_file(file.read_bytes())
