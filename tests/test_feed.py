"""EDGAR's live list, read entry by entry."""

import contextlib
import time
from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from watcher.edgar.feed import CurrentPage, merge_co_filers, parse_current
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing, Origin

SUMMARY = (
    "\n <b>Filed:</b> 2024-05-06 <b>AccNo:</b> {accession} <b>Size:</b> 674 KB"
    "\n<br>Item 5.02: Departure of Directors\n<br>Item 9.01: Financial Statements and Exhibits\n"
)


def entry(
    *,
    accession: str = "0000912345-24-000007",
    form: str = "8-K",
    title: str = "8-K - Larkspur Instruments, Inc. (0000912345) (Filer)",
    summary: str = SUMMARY,
    updated: str = "2024-05-06T16:31:05-04:00",
    scheme: str = "https",
) -> str:
    """One made-up entry, as EDGAR would write it."""
    folder = f"{scheme}://www.sec.gov/Archives/edgar/data/912345/{accession.replace('-', '')}"
    return (
        f"<entry>\n<title>{title}</title>\n"
        f'<link rel="alternate" type="text/html" href="{folder}/{accession}-index.htm"/>\n'
        f'<summary type="html">{escape(summary.format(accession=accession))}</summary>\n'
        f"<updated>{updated}</updated>\n"
        f'<category scheme="{scheme}://www.sec.gov/" label="form type" term="{form}"/>\n'
        f"<id>urn:tag:sec.gov,2008:accession-number={accession}</id>\n</entry>\n"
    )


def page(*entries: str) -> bytes:
    """A made-up page of the list."""
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        "<title>Latest Filings - Mon, 06 May 2024 16:32:00 EDT</title>\n"
        "<updated>2024-05-06T16:32:00-04:00</updated>\n" + "".join(entries) + "</feed>\n"
    ).encode("latin-1")


def only(body: bytes) -> Filing:
    """The one filing of a page without a problem."""
    read = parse_current(body)
    assert read.problems == ()
    assert len(read.filings) == 1
    return read.filings[0]


def test_an_entry_tells_accession_form_filer_dates_and_items() -> None:
    assert only(page(entry())) == Filing(
        accession="0000912345-24-000007",
        form="8-K",
        filers=(Filer(cik=912345, name="Larkspur Instruments, Inc.", role="filer"),),
        filed_on=date(2024, 5, 6),
        accepted_at=datetime(2024, 5, 6, 20, 31, 5, tzinfo=UTC),
        items=("5.02", "9.01"),
        origin=Origin.LIVE,
        source="",
        channel="",
    )


def test_a_page_tells_when_it_was_made() -> None:
    assert parse_current(page(entry())).generated_at == datetime(2024, 5, 6, 20, 32, tzinfo=UTC)


def test_a_page_without_entries_is_an_empty_list() -> None:
    read = parse_current(page())

    assert read == CurrentPage(generated_at=datetime(2024, 5, 6, 20, 32, tzinfo=UTC))


def test_entries_keep_the_order_of_the_page() -> None:
    accessions = [f"0000912345-24-{number:06}" for number in (9, 2, 5)]
    read = parse_current(page(*(entry(accession=accession) for accession in accessions)))

    assert [filing.accession for filing in read.filings] == accessions


@pytest.mark.parametrize(
    ("title", "name", "cik", "role"),
    [
        ("8-K - A &amp; B (Holdings) - Trust /DE/ (0000000042) (Filer)", "A & B (Holdings) - Trust /DE/", 42, "filer"),
        ("8-K - Fund (2024) (0001234567) (Filed by)", "Fund (2024)", 1234567, "filed by"),
        ("8-K - Twice (0000000001) (0000000002) (Subject)", "Twice (0000000001)", 2, "subject"),
        ("8-K - 8-K - Odd Name Corp (0000000003) (Filer)", "8-K - Odd Name Corp", 3, "filer"),
    ],
)
def test_a_title_is_read_from_its_right_end(title: str, name: str, cik: int, role: str) -> None:
    assert only(page(entry(title=title))).filers == (Filer(cik=cik, name=name, role=role),)


def test_the_form_comes_from_the_category_and_not_from_the_title() -> None:
    filing = only(page(entry(form="8-K/A", title="8-K - Larkspur Instruments, Inc. (0000912345) (Filer)")))

    assert (filing.form, filing.company) == ("8-K/A", "Larkspur Instruments, Inc.")


def test_legacy_item_numbers_are_read() -> None:
    summary = "<b>Filed:</b> 2003-05-06 <b>Size:</b> 948\n<br>Item 5: Other events\n<br>Item 12: Results"

    assert only(page(entry(summary=summary))).items == ("5", "12")


def test_a_number_that_is_no_item_is_left_out_and_told() -> None:
    summary = "<b>Filed:</b> 2024-05-06 <br>Item 02: Departure <br>Item 5.02: Departure <br>Item 4.99: Whatever"
    found = parse_current(page(entry(summary=summary)))

    assert [one.items for one in found.filings] == [("5.02",)]
    assert found.problems == (
        "0000912345-24-000007: no item of Form 8-K: '02'",
        "0000912345-24-000007: no item of Form 8-K: '4.99'",
    )


def test_a_paper_filings_summary_with_a_film_number_is_read() -> None:
    summary = "<b>Film#:</b> 26000016 <b>Filed:</b> 2024-05-06 <b>AccNo:</b> 0000912345-24-000007 <b>Size:</b> 1"

    assert only(page(entry(summary=summary))).filed_on == date(2024, 5, 6)


def test_items_of_other_forms_are_not_taken_for_items_of_form_8_k() -> None:
    assert only(page(entry(form="ABS-15G", title="ABS-15G - Larkspur (0000912345) (Depositor)"))).items == ()


def test_a_page_of_the_old_http_days_is_read() -> None:
    assert only(page(entry(scheme="http"))).accession == "0000912345-24-000007"


def test_a_winter_time_is_five_hours_from_utc() -> None:
    filing = only(page(entry(updated="2024-01-08T16:31:05-05:00")))

    assert filing.accepted_at == datetime(2024, 1, 8, 21, 31, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        (entry(title="Larkspur without a number"), "no filer in the title"),
        (entry(updated="2024-05-06T16:31:05"), "no time with a zone"),
        (entry(updated="yesterday"), "no time with a zone"),
        (entry(summary="nothing here"), "no filing date"),
        (entry(form=""), "no form type"),
    ],
)
def test_an_odd_entry_is_kept_and_named(odd: str, problem: str) -> None:
    read = parse_current(page(odd, entry(accession="0000912345-24-000008")))

    assert [filing.accession for filing in read.filings] == ["0000912345-24-000007", "0000912345-24-000008"]
    assert [text[: len("0000912345-24-000007: ") + len(problem)] for text in read.problems] == [
        f"0000912345-24-000007: {problem}"
    ]


def test_the_cik_comes_from_the_link_when_the_title_has_none() -> None:
    read = parse_current(page(entry(title="Larkspur without a number")))

    assert read.filings[0].filers == (Filer(cik=912345, name=""),)


def test_a_time_without_a_zone_is_not_guessed() -> None:
    assert parse_current(page(entry(updated="2024-05-06T16:31:05"))).filings[0].accepted_at is None


def test_an_entry_without_an_accession_number_is_left_out_and_named() -> None:
    nameless = entry().replace("0000912345-24-000007", "none").replace("000091234524000007", "none")
    read = parse_current(page(nameless, entry(accession="0000912345-24-000008")))

    assert [filing.accession for filing in read.filings] == ["0000912345-24-000008"]
    assert read.problems == ("entry 1 ('8-K - Larkspur Instruments, Inc. (0000912345) (Filer)'): no accession number",)
    assert read.entries == 2


def test_a_raw_ampersand_in_one_title_costs_no_other_entry() -> None:
    damaged = entry(title="8-K - Salt & Sons (0000912345) (Filer)")
    read = parse_current(
        page(entry(accession="0000912345-24-000006"), damaged, entry(accession="0000912345-24-000008"))
    )

    assert [filing.accession for filing in read.filings] == [f"0000912345-24-00000{digit}" for digit in (6, 7, 8)]
    assert read.filings[1].company == "Salt & Sons"
    assert [text.partition(":")[0] for text in read.problems] == ["0000912345-24-000007"]
    assert read.generated_at == datetime(2024, 5, 6, 20, 32, tzinfo=UTC)


def test_an_entry_that_is_never_closed_costs_no_other_entry() -> None:
    unclosed = entry().replace("</title>", "").replace("</entry>", "")
    read = parse_current(page(unclosed, entry(accession="0000912345-24-000008")))

    assert [filing.accession for filing in read.filings][-1] == "0000912345-24-000008"
    assert any(text.startswith("0000912345-24-000007: not well-formed XML") for text in read.problems)


def test_letters_of_the_declared_encoding_are_read() -> None:
    assert only(page(entry(title="8-K - Société Larkspur (0000912345) (Filer)"))).company == "Société Larkspur"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><head><title>SEC.gov</title></head><body></body></html>",
        b"<html><body><p>Results</p></body></html>",
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        b'{"hits": []}',
        page(entry(), entry())[:-40],
        page(entry()).replace(b"</feed>", b""),
        b"<atom:feed></atom:feed>",
        b"\0" * 60 + b"<feed>" + page(entry()),
    ],
)
def test_what_is_not_a_whole_feed_is_an_error_and_never_an_empty_list(body: bytes) -> None:
    with pytest.raises(EdgarError, match="expected a"):
        parse_current(body)


def test_a_feed_with_entities_of_its_own_is_refused() -> None:
    bomb = b'<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    body = page(entry(title="&b;")).replace(b"<feed", bomb + b"<feed")

    with pytest.raises(EdgarError, match="document of type"):
        parse_current(body)


@pytest.mark.parametrize(
    "updated",
    [
        *("9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:00"),
        *("1989-12-31T23:59:59+00:00", "1990-01-01T00:00:00+14:00", "2100-12-31T23:59:59-05:00"),
    ],
)
def test_a_time_of_no_filings_year_is_none_and_named(updated: str) -> None:
    read = parse_current(page(entry(updated=updated)).replace(b"2024-05-06T16:32:00-04:00", updated.encode()))

    assert (read.generated_at, read.filings[0].accepted_at) == (None, None)
    assert read.problems == (
        f"the page: no time with a zone in '{updated}'",
        f"0000912345-24-000007: no time with a zone in '{updated}'",
    )


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31", "2101-01-01", "9999-12-31", "9999-99-99"])
def test_a_day_of_no_filings_year_is_none_and_named(day: str) -> None:
    read = parse_current(page(entry(summary=SUMMARY.replace("2024-05-06", day))))

    assert read.filings[0].filed_on is None
    assert "no filing date" in read.problems[0]


def test_digits_of_other_scripts_make_no_accession_number() -> None:
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    odd = entry(accession="0000912345-24-000007".translate(arabic))
    read = parse_current(f'<feed xmlns="http://www.w3.org/2005/Atom">{odd}</feed>'.encode())

    assert (read.entries, read.filings) == (1, ())


def test_of_many_problems_the_first_twenty_are_named_and_the_rest_is_counted() -> None:
    read = parse_current(page("<entry>&bad <title>x</entry>\n" * 20_000))

    assert read.entries == 20_000
    assert len(read.problems) == 21
    assert read.problems[-1] == "and 39,980 more"


def test_a_page_of_more_entries_than_any_is_refused() -> None:
    with pytest.raises(EdgarError, match="at most 20,000 entries"):
        parse_current(page("<entry/>" * 20_001))


HOSTILE_ENTRIES = {
    "empty entries": b"<entry/>" * 1_200_000,
    "half entries": b"<entry" * 1_600_000,
    "broken entries": b"<entry>&bad</entry>" * 500_000,
    "attributes without an end": b"<entry>" + b"<a " * 3_000_000 + b"</entry>",
    "children": b"<entry>" + b"<a/>" * 2_000_000 + b"</entry>",
    "comments": b"<entry><title>" + b"<!---->" * 1_200_000 + b"</title></entry>",
    "zeros": b'<entry><link href="/edgar/data/' + b"0" * 9_000_000 + b'"/><id>0000912345-24-000001</id></entry>',
    "nested": b"<entry><title>" * 120 + b"x" * 9_000_000 + b"</title></entry>" * 120,
}


@pytest.mark.parametrize("entries", HOSTILE_ENTRIES.values(), ids=HOSTILE_ENTRIES)
def test_a_page_made_to_cost_time_is_answered_soon(entries: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(EdgarError):
        parse_current(b'<feed xmlns="http://www.w3.org/2005/Atom">' + entries + b"</feed>")

    assert time.process_time() - began < 2


def test_co_filers_become_one_filing_with_all_filers_in_order() -> None:
    titles = [f"8-K - {name} ({cik:010}) (Filer)" for name, cik in (("Parent", 9), ("Operating LP", 3))]
    read = parse_current(page(entry(title=titles[0]), entry(accession="0000912345-24-000008"), entry(title=titles[1])))
    merged = merge_co_filers(read.filings)

    assert [filing.accession for filing in merged] == ["0000912345-24-000007", "0000912345-24-000008"]
    assert [filer.name for filer in merged[0].filers] == ["Parent", "Operating LP"]


def test_an_entry_that_a_crawl_meets_twice_is_merged_into_one_filer() -> None:
    filings = parse_current(page(entry(), entry())).filings

    assert [len(filing.filers) for filing in merge_co_filers(filings)] == [1]


def test_merging_takes_from_a_later_entry_what_the_first_does_not_tell() -> None:
    read = parse_current(page(entry(updated="odd", summary="odd"), entry()))
    merged = merge_co_filers(read.filings)[0]

    assert merged == only(page(entry()))


def crawl(folder: Path) -> list[Filing]:
    """All entries of a captured crawl, which must be read without a problem."""
    filings: list[Filing] = []
    for file in sorted(folder.glob("*_200.xml")):
        read = parse_current(file.read_bytes())
        assert read.problems == (), file.name
        filings.extend(read.filings)
    return filings


def test_a_whole_captured_crawl_is_read_without_a_problem(shared: Path) -> None:
    filings = crawl(shared / "edgar" / "samples" / "getcurrent" / "A_20251212T2302Z")
    family = [filing for filing in merge_co_filers(filings) if filing.form in EIGHT_K_FORMS]
    of_the_day = [filing for filing in family if filing.filed_on == date(2025, 12, 12)]

    assert len(filings) == 5_220
    assert (len(family), len(of_the_day)) == (281, 228)
    assert all(filing.items and filing.accepted_at and filing.filers for filing in family)
    assert sum(len(filing.filers) > 1 for filing in family) == 5
    assert {filer.role for filing in family for filer in filing.filers} == {"filer"}


def test_entries_of_a_captured_crawl_come_newest_first(shared: Path) -> None:
    folder = shared / "edgar" / "samples" / "getcurrent" / "A_20251212T2302Z"
    times = [
        filing.accepted_at for filing in parse_current((folder / "03_count100_start0000_200.xml").read_bytes()).filings
    ]

    assert len(times) == 100
    assert times == sorted(times, key=lambda time: time or datetime.min.replace(tzinfo=UTC), reverse=True)


@pytest.mark.parametrize("name", ["B_20251212T2303Z", "D_20251212T2304Z_type4"])
def test_other_captured_crawls_are_read_without_a_problem(shared: Path, name: str) -> None:
    assert len(crawl(shared / "edgar" / "samples" / "getcurrent" / name)) == 600


@pytest.mark.parametrize(
    ("name", "count", "company"),
    [("2016-02-25_type10-K_count40.xml", 40, "TESORO CORP /NEW/"), ("2018-04-24_type13F-HR_count100.xml", 100, None)],
)
def test_captured_pages_of_older_days_are_read(shared: Path, name: str, count: int, company: str | None) -> None:
    read = parse_current((shared / "edgar" / "samples" / "getcurrent" / "older" / name).read_bytes())

    assert read.problems == ()
    assert len(read.filings) == count
    assert company is None or read.filings[0].company == company


def test_no_captured_error_page_is_taken_for_the_list(shared: Path) -> None:
    samples = shared / "edgar" / "samples"
    pages = [*(samples / "errors").iterdir(), *(samples / "getcurrent").glob("*/*.html")]
    for file in pages:
        with pytest.raises(EdgarError):
            parse_current(file.read_bytes())

    assert len(pages) == 10
