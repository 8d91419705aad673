"""EDGAR's index files: every layout, odd rows, what is no index at all, and a quarter's worth of rows."""

import gzip
import re
import time
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.edgar.feed import merge_co_filers
from watcher.edgar.index import (
    IndexKind,
    IndexReader,
    IndexRow,
    daily_paths,
    eight_k_filings,
    parse_index,
    quarter_path,
)
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing
from watcher.simulator.exchange import Ask
from watcher.simulator.server import Simulator

ACCESSION = "0000912345-24-000007"
ROW = IndexRow(
    cik=912345,
    name="LARKSPUR & SONS, INC. /DE/",
    form="8-K",
    filed_on=date(2024, 5, 6),
    accession=ACCESSION,
    path=f"edgar/data/912345/{ACCESSION}.txt",
)
LEAD = (
    "Description:           Daily Index of EDGAR Dissemination Feed\n"
    "Last Data Received:    May  6, 2024\n"
    "Comments:              webmaster@sec.gov\n"
    "Anonymous FTP:         ftp://ftp.sec.gov/edgar/\n \n \n"
)
DASHES = "-" * 80 + "\n"
MASTER = LEAD + "CIK|Company Name|Form Type|Date Filed|File Name\n" + DASHES
FORM = LEAD + f"{'Form Type':<12}{'Company Name':<62}{'CIK':<12}{'Date Filed':<12}File Name\n" + DASHES
COMPANY = LEAD + f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  File Name\n" + DASHES
CRAWLER = LEAD + f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  URL \n" + DASHES
PATH = f"edgar/data/912345/{ACCESSION}.txt"
PAGE = f"http://www.sec.gov/Archives/edgar/data/912345/{ACCESSION}-index.htm"


def master(*rows: str, end: str = "\n") -> bytes:
    """A made-up master index of these rows."""
    return (MASTER + "\n".join(rows) + (end if rows else "")).encode("latin-1")


def row(name: str = "LARKSPUR & SONS, INC. /DE/", form: str = "8-K", filed: str = "20240506", path: str = PATH) -> str:
    """One row of a form index, in its columns."""
    return f"{form:<12}{name:<62}{912345:<12}{filed:<12}{path:<52}"


# Layouts


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (IndexKind.MASTER, f"{MASTER}912345|{ROW.name}|8-K|20240506|{PATH}\n"),
        (IndexKind.MASTER, f"{MASTER.replace('File Name', 'Filename')}912345|{ROW.name}|8-K|2024-05-06|{PATH}\n"),
        (IndexKind.XBRL, f"{MASTER.replace('Daily', 'XBRL')}912345|{ROW.name}|8-K|2024-05-06|{PATH}\n"),
        (IndexKind.FORM, f"{FORM}{'8-K':<12}{ROW.name:<62}{912345:<12}{20240506:<12}{PATH:<52}\n"),
        (IndexKind.COMPANY, f"{COMPANY}{ROW.name:<62}{'8-K':<12}{912345:<12}{20240506:<12}{PATH:<52}\n"),
        (
            IndexKind.CRAWLER,
            f"{CRAWLER}{ROW.name:<62}{'8-K':<12}{912345:<12}{20240506:<12}{PAGE}         \n",
        ),
    ],
    ids=lambda value: str(value)[:8],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_layout_gives_the_same_row(kind: IndexKind, text: str, end: str) -> None:
    index = parse_index(text.replace("\n", end).encode())

    (found,) = index.rows
    path = f"{PATH.removesuffix('.txt')}-index.htm" if kind is IndexKind.CRAWLER else PATH
    assert found == IndexRow(ROW.cik, ROW.name, ROW.form, ROW.filed_on, ROW.accession, path)
    assert (index.kind, index.day, index.problems, index.entries) == (kind, date(2024, 5, 6), (), 1)


def test_a_packed_index_is_read_as_a_plain_one() -> None:
    raw = master(f"912345|{ROW.name}|8-K|20240506|{PATH}")

    assert parse_index(gzip.compress(raw)) == parse_index(raw)
    assert parse_index(gzip.compress(raw[:300]) + gzip.compress(raw[300:])) == parse_index(raw)


@pytest.mark.parametrize("heading", [MASTER, FORM, COMPANY, CRAWLER])
def test_an_index_with_a_heading_only_is_an_empty_one(heading: str) -> None:
    index = parse_index(heading.encode())

    assert (index.rows, index.entries, index.problems, index.day) == ((), 0, (), date(2024, 5, 6))


def test_the_day_of_a_quarters_index_is_the_last_one_in_it() -> None:
    raw = master().replace(b"May  6, 2024", b"March 31, 2021")

    assert parse_index(raw).day == date(2021, 3, 31)


@pytest.mark.parametrize("told", [b"Foo 31, 2021", b"May 32, 2024", b"", b"May 6"])
def test_a_heading_without_a_day_is_no_reason_to_refuse_the_rows(told: bytes) -> None:
    raw = master(f"912345|{ROW.name}|8-K|20240506|{PATH}").replace(b"May  6, 2024", told)

    index = parse_index(raw)
    assert (index.day, index.rows) == (None, (ROW,))


def test_the_days_of_the_rows_are_told() -> None:
    index = parse_index(master(f"1|A|4|20240503|edgar/data/1/{ACCESSION}.txt", f"912345|B|8-K|20240506|{PATH}"))

    assert index.days == {date(2024, 5, 3), date(2024, 5, 6)}


def test_names_are_read_as_latin_1_whatever_their_bytes() -> None:
    raw = master(f"912345|SOCI\xc9T\xc9 \x85 \xa0X|8-K|20240506|{PATH}")

    assert parse_index(raw).rows[0].name == "SOCI\xc9T\xc9 \x85 \xa0X"


# Odd rows


def test_a_company_without_a_name_is_a_row_like_another() -> None:
    in_columns = FORM + row(name="") + "\n"
    for raw in (master(f"912345||8-K|20240506|{PATH}"), in_columns.encode()):
        index = parse_index(raw)

        assert (index.rows[0].name, index.rows[0].form, index.problems) == ("", "8-K", ())


def test_a_bar_in_a_name_parts_no_field() -> None:
    index = parse_index(master(f"912345|LARK|SPUR|8-K|20240506|{PATH}"))

    assert (index.rows[0].name, index.rows[0].form, index.problems) == ("LARK|SPUR", "8-K", ())


@pytest.mark.parametrize("name", ["N" * 62, "LARKSPUR AND ALL OF ITS MANY SONS " * 3 + "LP"])
def test_a_name_wider_than_its_column_costs_nothing(name: str) -> None:
    in_form = f"{'8-K/A':<12}{name}  {912345:<12}{20240506:<12}{PATH}\n"
    in_company = f"{name}  {'8-K/A':<12}{912345:<12}{20240506:<12}{PATH}\n"
    for text in (FORM + in_form, COMPANY + in_company):
        index = parse_index(text.encode(), forms=EIGHT_K_FORMS)

        assert [(one.form, one.name, one.cik) for one in index.rows] == [("8-K/A", name, 912345)]
        assert index.problems == ()


def test_a_form_wider_than_its_column_costs_nothing() -> None:
    text = f"{FORM}SCHEDULE 13G/A  {ROW.name:<62}{912345:<12}{20240506:<12}{PATH}\n"

    assert [(one.form, one.name) for one in parse_index(text.encode()).rows] == [("SCHEDULE 13G/A", ROW.name)]


def test_forms_with_blanks_and_numbers_stay_whole() -> None:
    text = FORM + "\n".join(row(form=form) for form in ("1-A POS", "BD   310", "SCHEDULE 13D"))

    assert [one.form for one in parse_index(text.encode()).rows] == ["1-A POS", "BD   310", "SCHEDULE 13D"]


@pytest.mark.parametrize(
    ("raw", "form", "name"),
    [
        (master(f"912345|8-K|20240506|{PATH}"), "8-K", ""),
        (master(f"something|{PATH}"), "", ""),
        (master(PATH), "", ""),
        (f"{FORM}{'8-K':<12}{'LARKSPUR AND SO':<62}ER8206    20240506\t{PATH}\n".encode(), "8-K", ""),
        (f"{FORM}{'8-K':<12}{'LARKSPUR':<62}{'?':<12}20240506 {PATH}\n".encode(), "8-K", ""),
        (f"{FORM}8-K {PATH}\n".encode(), "", ""),
    ],
)
def test_a_row_that_is_not_of_its_layout_is_kept_by_its_address_and_named(raw: bytes, form: str, name: str) -> None:
    index = parse_index(raw, forms=EIGHT_K_FORMS)

    assert [(one.accession, one.cik, one.form, one.name) for one in index.rows] == [(ACCESSION, 912345, form, name)]
    assert index.problems[0].startswith(f"{ACCESSION}: ")


def test_a_row_without_an_accession_number_is_left_out_and_named() -> None:
    index = parse_index(master("912345|LARKSPUR|8-K|20240506|edgar/data/912345/", f"912345|B|8-K|20240506|{PATH}"))

    assert (len(index.rows), index.entries) == (1, 2)
    assert index.problems == ("row 1: no accession number in '912345|LARKSPUR|8-K|20240506|edgar/data/912345/'",)


@pytest.mark.parametrize("filed", ["20241306", "2024-0506", "00010101", "", "May 6", "٢٠٢٤٠٥٠٦"])
def test_a_day_that_there_is_not_is_named(filed: str) -> None:
    raw = f"{MASTER}912345|LARKSPUR|8-K|{filed}|{PATH}\n".encode()

    index = parse_index(raw)
    assert (index.rows[0].filed_on, index.rows[0].form) == (None, "8-K")
    assert "no filing date in" in index.problems[0]


def test_the_address_tells_the_cik_when_the_row_tells_another() -> None:
    index = parse_index(master(f"0912345|A|8-K|20240506|{PATH}", f"7|A|8-K|20240506|{PATH}"))

    assert [one.cik for one in index.rows] == [912345, 912345]
    assert index.problems == (f"{ACCESSION}: listed for CIK '7' at the address of 912345",)


def test_what_is_odd_is_told_twenty_times_and_then_counted() -> None:
    index = parse_index(master(*["?"] * 1_025))

    assert (len(index.problems), index.problems[-1], index.entries) == (21, "and 1,005 more", 1_025)


def test_the_folder_of_a_filing_may_stand_in_its_address() -> None:
    path = f"edgar/data/912345/000091234524000007/{ACCESSION}.txt"

    assert parse_index(master(f"912345|A|8-K|20240506|{path}")).rows[0].path == path


# By form


def test_only_wanted_forms_are_given_and_all_are_counted() -> None:
    rows = [f"912345|A|{form}|20240506|{PATH}" for form in ("8-K", "8-K/A", "8-K12B", "10-K", "8-KT", "4")]
    in_columns = FORM + "\n".join(row(form=form) for form in ("8-K", "10-K"))

    index = parse_index(master(*rows), forms=EIGHT_K_FORMS)
    assert ([one.form for one in index.rows], index.entries) == (["8-K", "8-K/A", "8-K12B"], 6)
    assert [one.form for one in parse_index(in_columns.encode(), forms=["8-K"]).rows] == ["8-K"]


def test_a_row_whose_form_cannot_be_read_is_never_filtered_out() -> None:
    rows = [f"912345|LARKSPUR||20240506|{PATH}", f"912345|10-K|{PATH}"]

    index = parse_index(master(*rows), forms=EIGHT_K_FORMS)
    assert [one.form for one in index.rows] == ["", ""]
    assert len(index.problems) == 2


# Filings


def test_co_registrants_become_one_filing_with_all_of_them() -> None:
    rows = [
        IndexRow(1, "FIRST", "8-K", date(2024, 5, 6), ACCESSION, "edgar/data/1/x.txt"),
        IndexRow(9, "OTHER", "8-K/A", date(2024, 5, 7), "0000912345-24-000009", "edgar/data/9/y.txt"),
        IndexRow(2, "SECOND", "8-K", date(2024, 5, 6), ACCESSION, "edgar/data/2/x.txt"),
        IndexRow(1, "FIRST", "8-K", date(2024, 5, 6), ACCESSION, "edgar/data/1/x.txt"),
    ]

    filings = eight_k_filings(rows)
    assert filings == (
        Filing(ACCESSION, "8-K", (Filer(1, "FIRST"), Filer(2, "SECOND")), date(2024, 5, 6)),
        Filing("0000912345-24-000009", "8-K/A", (Filer(9, "OTHER"),), date(2024, 5, 7)),
    )
    singles = [Filing(one.accession, one.form, (Filer(one.cik, one.name),), one.filed_on) for one in rows]
    assert filings == merge_co_filers(singles)


def test_an_accession_listed_under_other_forms_too_is_of_the_8_k_family() -> None:
    rows = parse_index(master(f"912345|A|425|20240506|{PATH}", f"912345|A|8-K|20240506|{PATH}")).rows

    assert [(one.form, one.accession) for one in eight_k_filings(rows)] == [("8-K", ACCESSION)]


def test_other_forms_and_unknown_ones_make_no_filing() -> None:
    rows = [IndexRow(1, "A", form, None, ACCESSION, "") for form in ("10-K", "", "8-KT", "8-k")]

    assert eight_k_filings(rows) == ()


def test_a_filing_of_ten_thousand_companies_is_merged_soon() -> None:
    rows = [IndexRow(number, "A", "8-K", None, ACCESSION, "") for number in range(10_000)]
    began = time.process_time()

    (filing,) = eight_k_filings(rows)
    assert len(filing.filers) == 10_000
    assert time.process_time() - began < 2


# What is no index


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "no line of dashes"),
        (b"\n\n", "no line of dashes"),
        (b"<!DOCTYPE html>\n<html><title>SEC.gov</title></html>", "<!DOCTYPE html>"),
        (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', "no line of dashes"),
        (MASTER.encode()[:200], "no line of dashes"),
        (b'{"directory": {}}', "no line of dashes"),
        (LEAD.encode() + DASHES.encode(), "a heading that is not EDGAR's"),
        (b"CIK|Name\n" + DASHES.encode(), "a heading that is not EDGAR's"),
        (DASHES.encode(), "a heading that is not EDGAR's"),
        (b"x\n" * 50 + MASTER.encode(), "no line of dashes"),
        (b"\x1f\x9d\x90abc", "packed by compress"),
        (b"PK\x03\x04abc", "packed by zip"),
        (b"x" * 100_000, "lines of at most 4,096 characters"),
        (gzip.compress(b"", mtime=0), "no line of dashes"),
        (b"\x1f\x8b\x08\x00rubbish that is no gzip at all", "gzip"),
    ],
)
def test_what_is_no_index_is_an_error_and_never_an_empty_one(raw: bytes, told: str) -> None:
    with pytest.raises(EdgarError, match=re.escape(told)):
        parse_index(raw)


@pytest.mark.parametrize("cut", [1, 5, 20, 50, 60])
def test_an_index_that_stops_in_the_middle_of_a_row_is_an_error(cut: int) -> None:
    raw = master(f"912345|A|10-K|20240506|{PATH}", f"912345|LARKSPUR|4|20240506|{PATH}", end="")
    for forms in (None, EIGHT_K_FORMS):
        with pytest.raises(EdgarError, match="truncated: it stops in the middle of row 2"):
            parse_index(raw[:-cut], forms=forms)


def test_a_last_row_without_its_lines_end_is_whole() -> None:
    assert parse_index(master(f"912345|{ROW.name}|8-K|20240506|{PATH}", end="")).rows == (ROW,)


@pytest.mark.parametrize("cut", [5, 40, -10, -1])
def test_a_packed_index_that_is_cut_off_is_an_error(cut: int) -> None:
    packed = gzip.compress(master(*(f"912345|A{number}|8-K|20240506|{PATH}" for number in range(500))))

    with pytest.raises(EdgarError, match=r"truncated|no line of dashes"):
        parse_index(packed[:cut])


def test_a_packed_index_that_is_damaged_is_an_error() -> None:
    packed = bytearray(gzip.compress(master(*(f"912345|A{number}|8-K|20240506|{PATH}" for number in range(500)))))
    packed[-8] ^= 1  # its checksum

    with pytest.raises(EdgarError, match="damaged gzip"):
        parse_index(bytes(packed))


@given(
    st.one_of(st.binary(), st.text(alphabet="|- \n0123456789edgar/t.xKC").map(lambda text: (MASTER + text).encode()))
)
def test_any_bytes_are_an_index_or_an_edgar_error(raw: bytes) -> None:
    try:
        index = parse_index(raw)
    except EdgarError:
        return
    assert len(index.rows) + len(index.problems) >= min(index.entries, 20)


@given(st.text(alphabet="8-KA/ \t0123456789edgar/t.x\xa0", max_size=200))
def test_any_text_in_the_columns_is_a_row_or_named(text: str) -> None:
    for heading in (FORM, COMPANY):
        index = parse_index((heading + text.replace("\n", " ") + "\n").encode("latin-1"))

        assert len(index.rows) + len(index.problems) >= index.entries


# Size


def test_a_quarter_is_read_row_by_row_in_little_memory() -> None:
    name = "LARKSPUR AND SONS WITH A NAME OF THE USUAL LENGTH"
    rows = (
        f"{number}|{name}|{'8-K' if number % 10 == 0 else '4'}|2024-05-06"
        f"|edgar/data/{number}/0000912345-24-{number:06}.txt\n"
        for number in range(1, 30_001)
    )
    packed = gzip.compress((MASTER + "".join(rows)).encode())
    tracemalloc.start()
    try:
        reader = IndexReader(packed, forms=EIGHT_K_FORMS)
        found = sum(1 for _ in reader)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (found, reader.entries, reader.problems) == (3_000, 30_000, ())
    assert peak < 2_000_000  # unpacked they take 3,500,000


# Addresses


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (date(2024, 1, 2), ["2024/QTR1/master.20240102.idx"]),
        (date(2023, 12, 29), ["2023/QTR4/master.20231229.idx"]),
        (date(1999, 7, 1), ["1999/QTR3/master.19990701.idx"]),
        (date(1998, 4, 1), ["1998/QTR2/master.980401.idx", "1998/QTR2/master.19980401.idx"]),
        (date(1995, 3, 31), ["1995/QTR1/master.950331.idx", "1995/QTR1/master.19950331.idx"]),
        (date(1994, 11, 30), ["1994/QTR4/master.113094.idx", "1994/QTR4/master.941130.idx"]),
    ],
)
def test_a_days_index_lies_in_its_quarter_under_the_names_of_its_time(day: date, names: list[str]) -> None:
    assert list(daily_paths(day)) == [f"/Archives/edgar/daily-index/{name}" for name in names]


def test_a_quarters_index_lies_in_its_folder() -> None:
    assert quarter_path(2023, 1) == "/Archives/edgar/full-index/2023/QTR1/master.gz"


@pytest.mark.parametrize(("year", "quarter"), [(1992, 4), (2024, 0), (2024, 5), (2101, 1)])
def test_a_quarter_that_there_is_not_is_refused(year: int, quarter: int) -> None:
    with pytest.raises(ValueError, match="expected a year from 1993"):
        quarter_path(year, quarter)


# What stands for EDGAR, and what EDGAR really wrote


def test_all_layouts_of_the_simulator_tell_the_same_filings() -> None:
    simulator = Simulator.from_generator(seed=5, count=30)
    simulator.answer(Ask("/cgi-bin/browse-edgar", {"action": "getcurrent"}, "A b@c.example"))  # lists them
    filed_on = simulator.catalog.filings[0].filed_on
    folder = daily_paths(filed_on)[0].partition("master")[0]
    told = {}
    for kind in ("master", "form", "company", "crawler"):
        reply = simulator.answer(Ask(f"{folder}{kind}.{filed_on:%Y%m%d}.idx", {}, "A b@c.example"))
        index = parse_index(reply.body)
        assert (index.kind, index.day, index.problems) == (IndexKind(kind), filed_on, ())
        told[kind] = {one.accession for one in eight_k_filings(index.rows)}

    wanted = {one.accession for one in simulator.catalog.filings if one.filed_on == filed_on}
    assert told["master"] >= wanted
    assert set(map(frozenset, told.values())) == {frozenset(told["master"])}


SAMPLES = {
    "daily/company.20221003.idx": (IndexKind.COMPANY, date(2022, 10, 3), 4_925),
    "daily/company.20230703.idx": (IndexKind.COMPANY, date(2023, 7, 3), 4_539),
    "daily/crawler.20230703.idx": (IndexKind.CRAWLER, date(2023, 7, 3), 4_539),
    "daily/form.20200318.idx": (IndexKind.FORM, date(2020, 3, 18), 4_084),
    "daily/master.20181231.trimmed.idx": (IndexKind.MASTER, date(2018, 12, 31), 10),
    "full/form.bad_rows.idx": (IndexKind.FORM, date(2021, 3, 31), 10),
    "full/form.empty.idx": (IndexKind.FORM, date(2025, 3, 29), 0),
    "full/master.trimmed.idx": (IndexKind.MASTER, date(1993, 12, 31), 20),
    "full/xbrl.2023QTR1.idx": (IndexKind.XBRL, date(2023, 3, 31), 27_606),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_captured_indexes_are_read_whole(shared: Path, name: str) -> None:
    raw = (shared / "edgar" / "samples" / "index" / name).read_bytes()

    index = parse_index(raw)
    addresses = re.findall(rb"edgar/data/(\d+)/(\d{10}-\d\d-\d{6})", raw)
    assert (index.kind, index.day, index.entries) == SAMPLES[name]
    assert [(b"%d" % one.cik, one.accession.encode()) for one in index.rows] == addresses
    assert index.problems == ()
    assert all(one.form and one.name and one.filed_on for one in index.rows)


def test_captured_rows_of_the_8_k_family_are_all_found(shared: Path) -> None:
    folder = shared / "edgar" / "samples" / "index"
    rows = {
        name: sum(1 for _ in IndexReader((folder / name).read_bytes(), forms=EIGHT_K_FORMS))
        for name in ("daily/form.20200318.idx", "daily/company.20230703.idx", "full/xbrl.2023QTR1.idx")
    }

    assert rows == {
        "daily/form.20200318.idx": 232 + 13,
        "daily/company.20230703.idx": 159 + 6 + 1,
        "full/xbrl.2023QTR1.idx": 17_565 + 463 + 3,
    }


def test_captured_pages_that_are_no_index_are_refused(shared: Path) -> None:
    folder = shared / "edgar" / "samples"
    pages = [*(folder / "errors").iterdir(), folder / "index" / "json" / "daily_index_2018_QTR4.html"]
    for page in pages:
        with pytest.raises(EdgarError):
            parse_index(page.read_bytes())

    assert len(pages) == 7
