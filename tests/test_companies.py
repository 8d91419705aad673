"""EDGAR's lists of companies: which CIK has which tickers."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from watcher.edgar.companies import (
    Company,
    CompanyList,
    Listing,
    dump_companies,
    load_companies,
    merge_company_lists,
    normal_ticker,
    parse_companies,
)
from watcher.errors import EdgarError, ReadError

FETCHED_AT = datetime(2025, 1, 24, 17, 0, tzinfo=UTC)


def numbered(*rows: Any) -> bytes:
    """company_tickers.json of these rows: (CIK, ticker, name), or whatever stands there instead."""
    named = [
        dict(zip(("cik_str", "ticker", "title"), row, strict=True)) if isinstance(row, tuple) else row for row in rows
    ]
    return json.dumps({str(place): row for place, row in enumerate(named)}).encode()


def table(*rows: Any, fields: tuple[str, ...] = ("cik", "name", "ticker", "exchange")) -> bytes:
    """company_tickers_exchange.json of these rows."""
    return json.dumps({"fields": fields, "data": rows}).encode()


def read(body: bytes) -> CompanyList:
    return parse_companies(body, fetched_at=FETCHED_AT)


LARKSPUR = Company(912345, "Larkspur Instruments, Inc.", (Listing("LRKS-B", "NYSE"), Listing("LRKS-A", "NYSE")))


def test_the_numbered_list_tells_cik_ticker_and_name() -> None:
    made = read(numbered((912345, "LRKS", "Larkspur Instruments, Inc."), (42, "SALT", "Salt & Sons")))

    assert made == CompanyList(
        companies=(
            Company(912345, "Larkspur Instruments, Inc.", (Listing("LRKS"),)),
            Company(42, "Salt & Sons", (Listing("SALT"),)),
        ),
        fetched_at=FETCHED_AT,
    )


def test_the_table_tells_the_exchange_too_and_null_where_there_is_none() -> None:
    made = read(table([912345, "Larkspur", "LRKS", "Nasdaq"], [42, "Salt", "SALT", None]))

    assert [company.listings for company in made.companies] == [(Listing("LRKS", "Nasdaq"),), (Listing("SALT", None),)]
    assert made.problems == ()


def test_the_columns_of_the_table_may_come_in_another_order() -> None:
    made = read(table(["OTC", "SALT", 42, "Salt"], fields=("exchange", "ticker", "cik", "name")))

    assert made.companies == (Company(42, "Salt", (Listing("SALT", "OTC"),)),)


def test_a_company_with_several_tickers_is_one_company_with_the_first_ticker_first() -> None:
    name = "Larkspur Instruments, Inc."
    made = read(table([912345, name, "LRKS-B", "NYSE"], [42, "Salt", "SALT", None], [912345, name, "LRKS-A", "NYSE"]))

    assert made.companies[0] == LARKSPUR
    assert made.companies[0].tickers == ("LRKS-B", "LRKS-A")


def test_a_row_that_comes_twice_counts_once() -> None:
    made = read(table([42, "Salt", "SALT", None], [42, "Salt", "SALT", "OTC"], [42, "Salt", "SALT", None]))

    assert made.companies == (Company(42, "Salt", (Listing("SALT", "OTC"),)),)
    assert made.problems == ()


def test_a_company_is_found_by_its_cik() -> None:
    made = read(numbered((912345, "LRKS", "Larkspur"), (42, "SALT", "Salt")))

    assert made.by_cik(42) == made.companies[1]
    assert made.by_cik(43) is None


@pytest.mark.parametrize("written", ["LRKS-B", "lrks.b", "LRKS/B", " Lrks b ", "$LRKS.B"])
def test_a_share_class_is_found_however_it_is_written(written: str) -> None:
    made = CompanyList((LARKSPUR,), FETCHED_AT)

    assert made.by_ticker(written) == (LARKSPUR,)
    assert normal_ticker(written) == "LRKS-B"


def test_another_share_class_is_another_ticker() -> None:
    made = CompanyList((LARKSPUR,), FETCHED_AT)

    assert [made.by_ticker(text) for text in ("LRKS", "LRKSB", "LRKS-C", "")] == [(), (), (), ()]


def test_a_ticker_of_two_companies_finds_both_and_is_named() -> None:
    made = read(numbered((1, "SALT", "Old Salt"), (2, "SALT", "New Salt")))

    assert [company.cik for company in made.by_ticker("salt")] == [1, 2]
    assert made.problems == ("ticker 'SALT': of CIK 1 and of CIK 2",)


def test_a_company_of_two_names_keeps_the_first_and_is_named() -> None:
    made = read(numbered((1, "SALT", "Salt"), (1, "SALTW", "Salt & Sons")))

    assert made.companies[0].name == "Salt"
    assert made.problems == ("CIK 1: named 'Salt' and 'Salt & Sons'",)


@pytest.mark.parametrize("cik", [42, "42", "0000000042"])
def test_a_cik_may_be_a_number_or_digits(cik: object) -> None:
    assert read(numbered((cik, "SALT", "Salt"))).companies[0].cik == 42


@pytest.mark.parametrize(
    "odd",
    [
        (None, "LRKS", "Larkspur"),
        (True, "LRKS", "Larkspur"),
        (-5, "LRKS", "Larkspur"),
        (0, "LRKS", "Larkspur"),
        (4.2, "LRKS", "Larkspur"),
        ("9" * 11, "LRKS", "Larkspur"),
        ("٤٢", "LRKS", "Larkspur"),
        (912345, None, "Larkspur"),
        (912345, "", "Larkspur"),
        (912345, ["LRKS"], "Larkspur"),
        None,
        "LRKS",
        [912345],
    ],
)
def test_a_row_without_company_or_ticker_is_left_out_and_named(odd: object) -> None:
    made = read(numbered(odd, (42, "SALT", "Salt")))

    assert [company.cik for company in made.companies] == [42]
    assert len(made.problems) == 1
    assert made.problems[0].startswith("row 0: no company and ticker in")


def test_rows_of_a_table_that_are_too_short_or_none_are_named() -> None:
    made = read(table([42, "Salt", "SALT"], [43, "Short"], 7, [44, 5, "FIVE", 6]))

    assert [(company.cik, company.name) for company in made.companies] == [(42, "Salt"), (44, "")]
    assert [problem.partition(" in ")[0] for problem in made.problems] == [
        "row 1: no company and ticker",
        "row 2: no company and ticker",
        "row 3: no name",
        "row 3: no exchange",
    ]


def test_what_no_store_can_hold_is_taken_out_of_a_name() -> None:
    body = b'{"0": {"cik_str": 42, "ticker": "SALT", "title": "Sa\\u0000lt \\ud800 Co"}}'

    assert read(body).companies[0].name == "Salt ? Co"


def test_of_many_problems_the_first_twenty_are_named_and_the_rest_is_counted() -> None:
    made = read(numbered(*[None] * 50, (42, "SALT", "Salt")))

    assert (len(made.problems), made.problems[-1]) == (21, "and 30 more")


WHOLE = numbered((42, "SALT", "Salt"), (43, "PEPR", "Pepper"))
NO_LISTS = {
    "nothing": b"",
    "blanks": b" \n",
    "a page": b"<!DOCTYPE html><html><head><title>SEC.gov | Request Rate Threshold Exceeded</title></head></html>",
    "the archive's error": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "cut off": WHOLE[:-20],
    "a list": b"[1, 2]",
    "null": b"null",
    "empty": b"{}",
    "an empty table": table(),
    "no data": b'{"fields": ["cik", "name", "ticker"]}',
    "other columns": table([42, "S000000042", "C000000042", "SALTX"], fields=("cik", "seriesId", "classId", "symbol")),
    "odd columns": b'{"fields": 5, "data": []}',
    "no row that can be read": numbered(None, 5),
    "an error message": b'{"message": "Internal server error"}',
    "brackets without end": b"[" * 100_000,
    "digits without end": b'{"0": {"cik_str": ' + b"9" * 5_000 + b"}}",
    "other bytes": b"\xff\xfe\x00\x00\xd8",
}


@pytest.mark.parametrize("body", NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_not_a_whole_list_is_an_error_and_never_an_empty_list(body: bytes) -> None:
    with pytest.raises(EdgarError, match="company list: expected"):
        read(body)


def test_an_error_names_the_page_that_came() -> None:
    with pytest.raises(EdgarError, match="Rate Threshold Exceeded"):
        read(NO_LISTS["a page"])


def test_merging_adds_what_only_the_second_list_tells() -> None:
    first = parse_companies(numbered((42, "SALT", "Salt"), (43, "PEPR", "Pepper")), fetched_at=FETCHED_AT)
    later = FETCHED_AT + timedelta(hours=1)
    second = parse_companies(table([42, "SALT CO", "SALT", "OTC"], [44, "Dill", "DILL", None]), fetched_at=later)

    assert merge_company_lists(first, second) == CompanyList(
        companies=(
            Company(42, "Salt", (Listing("SALT", "OTC"),)),
            Company(43, "Pepper", (Listing("PEPR"),)),
            Company(44, "Dill", (Listing("DILL"),)),
        ),
        fetched_at=FETCHED_AT,
    )


def test_a_list_comes_back_from_the_cache_as_it_was() -> None:
    made = read(
        table([42, "Société Salt", "SALT", "OTC"], [42, "Société Salt", "SALTW", None], [43, None, "PEPR", None])
    )

    assert made.problems
    assert load_companies(dump_companies(made)) == made


def test_the_cache_has_one_company_a_line() -> None:
    lines = dump_companies(read(WHOLE)).decode().splitlines()

    assert lines[1:3] == ['[42, "Salt", [["SALT", null]]],', '[43, "Pepper", [["PEPR", null]]]']


@pytest.mark.parametrize(
    "body",
    [
        b"",
        dump_companies(read(WHOLE))[:-20],
        b"{}",
        b'{"format": 2, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": [[1, "a", []]]}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": []}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00", "problems": [], "companies": [[1, "a", []]]}',
        b'{"format": 1, "fetched_at": 5, "problems": [], "companies": [[1, "a", []]]}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": [["1", "a", []]]}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": [[1, "a", [[5, null]]]]}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": [[1, "a"]]}',
        b'{"format": 1, "fetched_at": "2025-01-24T17:00:00Z", "problems": [], "companies": 7}',
    ],
)
def test_a_damaged_cache_is_an_error(body: bytes) -> None:
    with pytest.raises(ReadError, match="cached company list: expected"):
        load_companies(body)


def test_a_list_is_told_by_when_it_was_fetched_in_utc() -> None:
    made = parse_companies(WHOLE, fetched_at=datetime(2025, 1, 24, 12, 0, 5, 77, tzinfo=timezone(timedelta(hours=-5))))

    assert made.version == "2025-01-24T17:00:05Z"


def test_a_time_of_fetching_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        parse_companies(WHOLE, fetched_at=datetime.fromisoformat("2025-01-24T17:00:00"))


@pytest.mark.parametrize("name", ["company_tickers", "company_tickers_exchange"])
def test_captured_lists_are_read_without_a_problem(shared: Path, name: str) -> None:
    made = read((shared / "edgar" / "samples" / "tickers" / f"{name}.trim500.json").read_bytes())

    assert (len(made.companies), made.problems) == (500, ())
    assert all(company.name and company.tickers for company in made.companies)
    for company in made.companies:
        for ticker in company.tickers:
            assert made.by_ticker(ticker.lower().replace("-", ".")) == (company,)
    assert load_companies(dump_companies(made)) == made


def test_captured_lists_merge_into_one_that_knows_the_exchanges(shared: Path) -> None:
    folder = shared / "edgar" / "samples" / "tickers"
    lists = [read((folder / f"company_tickers{kind}.trim500.json").read_bytes()) for kind in ("", "_exchange")]
    merged = merge_company_lists(*lists)

    assert len(merged.companies) == 521
    assert sum(listing.exchange is not None for company in merged.companies for listing in company.listings) == 480


def test_the_captured_list_of_funds_is_none_of_companies(shared: Path) -> None:
    body = (shared / "edgar" / "samples" / "tickers" / "company_tickers_mf.trim200.json").read_bytes()

    with pytest.raises(EdgarError, match="expected the columns"):
        read(body)


def test_no_captured_error_is_taken_for_a_list(shared: Path) -> None:
    for file in sorted((shared / "edgar" / "samples" / "errors").iterdir()):
        with pytest.raises(EdgarError):
            read(file.read_bytes())
