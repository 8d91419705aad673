"""EDGAR's full-text search: documents made into filings."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from watcher.edgar.full_text import FullTextPage, parse_full_text
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing


def hit(name: str = "lrks-8k.htm", *, accession: str = "0000912345-24-000007", **told: Any) -> dict[str, Any]:
    """One made-up document, as the search would answer it."""
    source = {
        "ciks": ["0000912345"],
        "period_ending": "2024-05-03",
        "file_num": ["001-01234"],
        "display_names": ["Larkspur Instruments, Inc.  (LRKS, LRKSW)  (CIK 0000912345)"],
        "sequence": 1,
        "root_forms": ["8-K"],
        "file_date": "2024-05-06",
        "sics": ["3826"],
        "form": "8-K",
        "adsh": accession,
        "file_type": "8-K",
        "inc_states": ["DE"],
        "items": ["5.02", "9.01"],
    }
    return {"_index": "edgar_file", "_id": f"{accession}:{name}", "_source": source | told}


def answer(*hits: Any, total: Any = None, start: int = 0, size: int = 100, **outer: Any) -> bytes:
    made = {
        "took": 49,
        "timed_out": False,
        "_shards": {"total": 50, "successful": 50, "skipped": 0, "failed": 0},
        "hits": {"total": total or {"value": len(hits), "relation": "eq"}, "hits": list(hits)},
        "query": {"query": {"bool": {}}, "from": start, "size": size},
    }
    return json.dumps(made | outer).encode()


def only(*hits: Any) -> Filing:
    """The one filing of a page without a problem."""
    read = parse_full_text(answer(*hits))
    assert read.problems == ()
    assert len(read.filings) == 1
    return read.filings[0]


LARKSPUR = Filer(
    cik=912345,
    name="Larkspur Instruments, Inc.",
    sic="3826",
    state_of_incorporation="DE",
    tickers=("LRKS", "LRKSW"),
)


def test_a_hit_tells_accession_form_filer_date_and_items_but_no_time() -> None:
    assert only(hit()) == Filing(
        accession="0000912345-24-000007",
        form="8-K",
        filers=(LARKSPUR,),
        filed_on=date(2024, 5, 6),
        accepted_at=None,
        items=("5.02", "9.01"),
    )


def test_the_documents_of_a_filing_are_one_filing_whose_form_is_not_the_exhibits() -> None:
    documents = [hit(), hit("ex99.htm", file_type="EX-99.1", sequence=2), hit("ex10.htm", file_type="EX-10.1")]

    assert only(*documents) == only(hit())
    assert only(documents[1]).form == "8-K"


def test_filings_come_in_the_order_of_their_first_hit() -> None:
    accessions = [f"0000912345-24-{number:06}" for number in (9, 2, 9, 5, 2)]
    read = parse_full_text(answer(*(hit(accession=accession) for accession in accessions)))

    assert [filing.accession[-1] for filing in read.filings] == ["9", "2", "5"]
    assert (read.hits, read.total) == (5, 5)


def test_only_the_8_k_family_is_taken_by_its_exact_form() -> None:
    forms = ["8-K", "8-K/A", "10-Q", "8-K12G3/A", "DEFA14A", "8-K-X"]
    read = parse_full_text(
        answer(*(hit(accession=f"0000912345-24-{place:06}", form=form) for place, form in enumerate(forms)))
    )

    assert [filing.form for filing in read.filings] == ["8-K", "8-K/A", "8-K12G3/A"]


@pytest.mark.parametrize(
    "roots", [{"root_forms": ["8-K"]}, {"root_forms": None, "root_form": "8-K"}, {"root_forms": ["10-K", "8-K"]}]
)
def test_a_hit_without_its_form_is_kept_when_its_root_is_in_the_family(roots: dict[str, Any]) -> None:
    read = parse_full_text(answer(hit(form=None, **roots)))

    assert [filing.form for filing in read.filings] == [None]
    assert read.problems == ("0000912345-24-000007: no form type",)


def test_a_hit_of_no_family_and_without_its_form_is_left_out() -> None:
    assert parse_full_text(answer(hit(form=None, root_forms=["10-K"]))).filings == ()


@pytest.mark.parametrize(
    ("display", "name", "tickers"),
    [
        ("Larkspur (NEW) Corp  (LRKS)  (CIK 0000912345)", "Larkspur (NEW) Corp", ("LRKS",)),
        ("LARKSPUR TRUST (2024)  (CIK 0000912345)", "LARKSPUR TRUST (2024)", ()),
        ("LARKSPUR /DE/ (CIK 0000912345)", "LARKSPUR /DE/", ()),
        ("Larkspur  (LRKS-PA, LRKS-PB, LRKS)  (CIK 0000912345)", "Larkspur", ("LRKS-PA", "LRKS-PB", "LRKS")),
    ],
)
def test_a_display_name_is_read_from_its_right_end(display: str, name: str, tickers: tuple[str, ...]) -> None:
    filer = only(hit(display_names=[display])).filers[0]

    assert (filer.name, filer.tickers) == (name, tickers)


def test_co_filers_keep_their_order_and_take_no_fact_that_may_be_anothers() -> None:
    """The lists of industries and states leave out who has none."""
    filers = only(
        hit(
            ciks=["0000000042", "0000912345"],
            display_names=["Larkspur  (LRKS)  (CIK 0000912345)", "Salt & Sons  (CIK 0000000042)"],
            inc_states=["DE", "NY"],
        )
    ).filers

    assert filers == (
        Filer(42, "Salt & Sons", state_of_incorporation="DE"),
        Filer(912345, "Larkspur", state_of_incorporation="NY", tickers=("LRKS",)),
    )


def test_a_filer_without_a_readable_name_keeps_its_cik() -> None:
    assert only(hit(display_names=["Larkspur"])).filers[0].cik == 912345


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        ({"ciks": []}, "no filer"),
        ({"ciks": None, "display_names": 5}, "no filer"),
        ({"file_date": "05/06/2024"}, "no filing date"),
        ({"file_date": None}, "no filing date"),
        ({"items": ["5.02", "57"]}, "no item of Form 8-K: '57'"),
        ({"items": ["5.02", 7.01]}, "no item of Form 8-K: ''"),
    ],
)
def test_an_odd_hit_is_kept_and_named(odd: dict[str, Any], problem: str) -> None:
    read = parse_full_text(answer(hit(**odd), hit(accession="0000912345-24-000008")))

    assert len(read.filings) == 2
    assert read.problems == (f"0000912345-24-000007: {problem}",)


def test_the_accession_number_is_found_in_the_id_when_the_source_does_not_tell_it() -> None:
    assert only(hit(adsh=None)).accession == "0000912345-24-000007"


@pytest.mark.parametrize(
    "odd", [hit(accession="none"), None, 5, {}, {"_source": 5}, hit() | {"_source": None, "_id": 5}]
)
def test_a_hit_without_an_accession_number_is_left_out_and_named(odd: object) -> None:
    read = parse_full_text(answer(odd, hit()))

    assert [filing.accession for filing in read.filings] == ["0000912345-24-000007"]
    assert (read.hits, len(read.problems)) == (2, 1)
    assert read.problems[0].startswith("hit 1: no accession number in")


def test_no_hits_are_an_empty_page() -> None:
    assert parse_full_text(answer()) == FullTextPage(filings=(), hits=0, start=0, total=0, is_total_exact=True)


# Paging


def paged(hits: int, *, start: int = 0, total: int = 250, relation: str = "eq") -> FullTextPage:
    body = answer(*[hit()] * hits, start=start, total={"value": total, "relation": relation})
    return parse_full_text(body, start=start)


def test_the_next_page_begins_after_the_hits_that_came_and_not_after_those_asked_for() -> None:
    assert paged(10).next_start == 10
    assert paged(100).next_start == 100
    assert paged(10, start=100).next_start == 110


def test_the_last_page_and_an_empty_one_have_no_next() -> None:
    assert paged(50, start=200).next_start is None
    assert paged(0, start=100).next_start is None


def test_nothing_is_asked_for_past_the_end_of_what_the_search_shows() -> None:
    assert paged(100, start=9_800, total=10_000, relation="gte").next_start == 9_900
    assert paged(100, start=9_900, total=10_000, relation="gte").next_start is None
    assert paged(10, start=9_980, total=10_000, relation="gte").next_start is None


def test_a_total_that_is_a_floor_is_told() -> None:
    read = paged(100, total=10_000, relation="gte")

    assert (read.total, read.is_total_exact, read.is_cut_off) == (10_000, False, True)
    assert (paged(100).is_total_exact, paged(100).is_cut_off) == (True, False)


@pytest.mark.parametrize("total", [{"relation": "eq"}, {"value": "many"}, 5, "many", {"value": -1, "relation": "eq"}])
def test_a_page_without_a_total_goes_on_until_an_empty_one(total: object) -> None:
    read = parse_full_text(answer(hit(), total=total))

    assert (read.total, read.is_total_exact, read.next_start) == (None, False, 1)
    assert read.problems == ("the page: no total",)


def test_an_answer_from_another_place_than_asked_for_is_refused() -> None:
    with pytest.raises(EdgarError, match="from 100 on, came those from 0 on"):
        parse_full_text(answer(hit(), start=0), start=100)


def test_an_answer_that_does_not_repeat_the_question_is_read() -> None:
    assert parse_full_text(answer(hit(), query=None), start=100).start == 100


# What is none


WHOLE = answer(hit(), hit())
NO_ANSWERS = {
    "nothing": b"",
    "a page": b"<html><head><title>SEC.gov | Request Rate Threshold Exceeded</title></head></html>",
    "the archive's error": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "cut off": WHOLE[:-30],
    "a list": b"[]",
    "empty": b"{}",
    "a message": b'{"message": "Internal server error"}',
    "an engine's error": b'{"error": {"type": "search_phase_execution_exception"}, "status": 500}',
    "no list of hits": b'{"hits": {"total": {"value": 0, "relation": "eq"}}}',
    "odd hits": b'{"hits": []}',
    "out of time": answer(hit(), timed_out=True),
    "a part of the index": answer(hit(), _shards={"total": 50, "successful": 48, "failed": 2}),
    "brackets without end": b'{"hits":' * 100_000,
}


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_not_a_whole_answer_is_an_error_and_never_an_empty_page(body: bytes) -> None:
    with pytest.raises(EdgarError, match="full-text search: expected"):
        parse_full_text(body)


def test_an_error_says_what_the_search_said() -> None:
    with pytest.raises(EdgarError, match="Internal server error"):
        parse_full_text(NO_ANSWERS["a message"])


# Captured answers


@pytest.mark.parametrize(
    ("name", "hits", "total", "is_exact", "filings"),
    [
        ("2021_post_37d955", 6, 6, True, 0),
        ("2021_post_797cb5", 21, 21, True, 0),
        ("2025-02_S-1_sorted", 100, 10_000, False, 0),
        ("2025-04_0_hits", 0, 0, True, 0),
        ("2025-04_10000_hits", 100, 10_000, False, 64),
        ("2025-04_1_hit", 1, 1, True, 0),
        ("2025_*_8-K_items", 100, 146, True, 38),
    ],
)
def test_captured_answers_are_read_without_a_problem(
    shared: Path, name: str, hits: int, total: int, is_exact: bool, filings: int
) -> None:
    [file] = (shared / "edgar" / "samples" / "efts").glob(f"{name}.json")
    read = parse_full_text(file.read_bytes())

    assert (read.hits, read.total, read.is_total_exact, len(read.filings)) == (hits, total, is_exact, filings)
    assert read.problems == ()
    assert all(filing.form in EIGHT_K_FORMS and filing.items and filing.filed_on for filing in read.filings)
    assert all(filer.name for filing in read.filings for filer in filing.filers)


def test_no_captured_error_is_taken_for_an_answer(shared: Path) -> None:
    for file in sorted((shared / "edgar" / "samples" / "errors").iterdir()):
        with pytest.raises(EdgarError):
            parse_full_text(file.read_bytes())
