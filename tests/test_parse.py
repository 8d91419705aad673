"""The parse stage from raw bytes to a filled report: cover, exhibits, signature, and what it warns of."""

import csv
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from handlers.parse import ParseEightK
from handlers.parse.cover import read_cover
from handlers.parse.dates import find_date
from handlers.parse.exhibits import find_exhibits
from handlers.parse.signature import find_signature
from watcher import Document, Filer, Filing, ReadError, Report, Skip, TruncatedError

ACCESSION = "0001234567-21-000042"
COVER = """<p>UNITED STATES SECURITIES AND EXCHANGE COMMISSION</p><p>FORM 8-K</p>
<p>Date of Report (Date of earliest event reported): March 3, 2021</p>
<p>MADE UP WIDGETS, INC.</p><p>(Exact name of registrant as specified in its charter)</p>
<table><tr><td>Delaware</td><td>001-12345</td><td>12-3456789</td></tr>
<tr><td>(State or other jurisdiction of incorporation)</td><td>(Commission File Number)</td>
<td>(IRS No.)</td></tr></table>
<p>Registrant's telephone number: (217) 555-0100</p>
<p>&#9746; Written communications pursuant to Rule 425 under the Securities Act</p>
<p>[ ] Soliciting material pursuant to Rule 14a-12 under the Exchange Act</p>
<table><tr><td>Title of each class</td><td>Trading Symbol(s)</td><td>Name of each exchange</td></tr>
<tr><td>Common Stock</td><td>WDGT</td><td>The Nasdaq Stock Market LLC</td></tr></table>
<p>Emerging growth company &#9744;</p>
"""
ITEMS = """<p>Item 7.01 Regulation FD Disclosure.</p><p>On March 3, 2021 we said so.</p>
<p>Item 9.01 Financial Statements and Exhibits.</p><p>(d) Exhibits</p>
<table><tr><td>Exhibit No.</td><td>Description</td></tr>
<tr><td>99.1</td><td>Press release dated March 3, 2021</td></tr>
<tr><td>104</td><td>Cover Page Interactive Data File</td></tr></table>
"""
SIGNATURE = """<p>SIGNATURE</p><p>Pursuant to the requirements of the Securities Exchange Act of 1934, the registrant
has duly caused this report to be signed.</p>
<table><tr><td>Date: March 4, 2021</td><td>By:</td><td>/s/ Ann B. Lee</td></tr>
<tr><td></td><td></td><td>Ann B. Lee</td></tr><tr><td></td><td></td><td>Chief Financial Officer</td></tr></table>
"""


def submission(
    body: str = COVER + ITEMS + SIGNATURE, form: str = "8-K", declared: tuple[str, ...] = ("7.01", "9.01")
) -> bytes:
    items = "".join(f"<ITEMS>{number}\n" for number in declared)
    return f"""<SUBMISSION>
<ACCESSION-NUMBER>{ACCESSION}
<TYPE>{form}
<PERIOD>20210303
{items}<FILING-DATE>20210304
<FILER>
<COMPANY-DATA>
<CONFORMED-NAME>MADE UP WIDGETS INC
<CIK>0000123456
</COMPANY-DATA>
</FILER>
<DOCUMENT>
<TYPE>{form}
<SEQUENCE>1
<FILENAME>main.htm
<TEXT>
<html><body>{body}</body></html>
</TEXT>
</DOCUMENT>
<DOCUMENT>
<TYPE>EX-99.1
<SEQUENCE>2
<FILENAME>ex.htm
<DESCRIPTION>PRESS RELEASE
<TEXT>
<html><p>Great news.</p></html>
</TEXT>
</DOCUMENT>
<DOCUMENT>
<TYPE>GRAPHIC
<SEQUENCE>3
<FILENAME>logo.jpg
<TEXT>
begin 644 logo.jpg
`
end
</TEXT>
</DOCUMENT>
</SUBMISSION>
""".encode()


def handled(raw: bytes, filing: Filing | None = None) -> Report:
    report = Report(filing=filing or Filing(accession=ACCESSION), raw=raw)
    ParseEightK().handle(report)
    return report


def test_the_header_completes_the_filing() -> None:
    filing = handled(submission()).filing

    assert (filing.form, filing.filed_on) == ("8-K", date(2021, 3, 4))
    assert filing.filers[0].name == "MADE UP WIDGETS INC"


def test_the_header_wins_over_what_a_list_said() -> None:
    listed = Filing(accession=ACCESSION, form="8-K/A", filers=(Filer(9, "SOMEBODY"),), filed_on=date(2021, 1, 1))
    filing = handled(submission(), listed).filing

    assert (filing.form, filing.filed_on, filing.filers[0].cik) == ("8-K", date(2021, 3, 4), 123456)


def test_what_the_header_lacks_stays_as_the_list_said() -> None:
    accepted = datetime(2021, 3, 4, 21, 0, tzinfo=UTC)

    assert handled(submission(), Filing(accession=ACCESSION, accepted_at=accepted)).filing.accepted_at == accepted


@pytest.mark.parametrize("form", ["10-K", "SC 13G", "4"])
def test_another_form_is_skipped(form: str) -> None:
    with pytest.raises(Skip, match=f"form is {form}"):
        handled(submission(form=form))


@pytest.mark.parametrize("form", ["8-K", "8-K/A", "8-K12B", "8-K12G3/A", "8-K15D5"])
def test_every_form_of_the_family_is_read(form: str) -> None:
    assert [item.number for item in handled(submission(form=form)).items] == ["7.01", "9.01"]


def test_a_truncated_submission_is_an_error() -> None:
    with pytest.raises(TruncatedError):
        handled(submission()[:-100])


def test_pictures_have_no_text_and_exhibits_have() -> None:
    assert [document.text for document in handled(submission()).documents[1:]] == ["Great news.", ""]


def test_an_item_is_declared_and_found() -> None:
    item = handled(submission()).items[0]

    assert (item.number, item.title, item.declared, item.found) == ("7.01", "Regulation FD Disclosure", True, True)
    assert (item.document, item.text) == (1, "On March 3, 2021 we said so.")


def test_an_item_that_only_the_header_knows_has_no_text() -> None:
    report = handled(submission(declared=("5.02", "7.01", "9.01")))
    item = report.items[-1]

    assert (item.number, item.declared, item.found, item.document, item.text) == ("5.02", True, False, None, "")
    assert report.warnings == ["declared, but not found in the body: 5.02"]


def test_an_item_that_the_header_forgot_is_warned_of() -> None:
    report = handled(submission(declared=("7.01",)))

    assert report.warnings == ["found in the body, but not declared: 9.01"]


def test_a_header_without_items_is_no_disagreement() -> None:
    assert handled(submission(declared=())).warnings == []


def test_a_body_without_items_is_warned_of() -> None:
    assert "no item heading was found in the body" in handled(submission(body=COVER)).warnings


def test_exhibits_join_the_list_with_the_documents() -> None:
    first, second = handled(submission()).exhibits

    assert (first.number, first.title) == ("99.1", "Press release dated March 3, 2021")
    assert (first.document, first.filename, first.text) == (2, "ex.htm", "Great news.")
    assert (second.number, second.document, second.text) == ("104", None, "")


def test_an_exhibit_that_no_list_names_takes_the_documents_description() -> None:
    (exhibit,) = handled(submission(body=COVER + SIGNATURE)).exhibits

    assert (exhibit.number, exhibit.title, exhibit.document) == ("99.1", "PRESS RELEASE", 2)


@pytest.mark.parametrize(
    ("line", "number", "title"),
    [
        ("99.1  Press release", "99.1", "Press release"),
        ("Exhibit 99.1 - Press release", "99.1", "Press release"),
        ("Exhibit No. 99.1: Press release.", "99.1", "Press release"),
        ("(99.1) Press release", "99.1", "Press release"),
        ("(d) Exhibits. 99.1 Press release", "99.1", "Press release"),
        ("99.1*\tPress release", "99.1", "Press release"),
        ("*+10.2\tForm of Agreement", "10.2", "Form of Agreement"),
        ("10.1(a)\tForm of Agreement", "10.1(a)", "Form of Agreement"),
        ("99.1\n\nPress release", "99.1", "Press release"),
        ("99.1   Press release of the company that goes\n       on in the next line", "99.1",
         "Press release of the company that goes on in the next line"),
        ("10.1  2026 Annual Incentive Plan", "10.1", "2026 Annual Incentive Plan"),
        ("16\tLetter of the accountants", "16", "Letter of the accountants"),
    ],
)  # fmt: skip
def test_a_line_of_the_exhibit_list_in_any_dress_is_read(line: str, number: str, title: str) -> None:
    assert [(exhibit.number, exhibit.title) for exhibit in find_exhibits([line], ())] == [(number, title)]


def test_numbers_in_running_text_are_no_exhibits() -> None:
    text = "(d) Exhibits\n\n10.5 million shares were sold.\n\n2021 was good.\n\n3\n"

    assert find_exhibits([text], ()) == ()


def test_99_01_and_99_1_are_one_number() -> None:
    document = Document(2, "EX-99.1", "ex.htm", "", 5, "News.")

    assert [exhibit.document for exhibit in find_exhibits(["99.01\tPress release"], (document,))] == [2]


def test_the_printed_cover_is_read() -> None:
    cover = handled(submission()).cover

    assert (cover["source"], cover["registrant"], cover["event_date"]) == (
        "printed",
        "MADE UP WIDGETS, INC.",
        "2021-03-03",
    )
    assert (cover["file_number"], cover["irs_number"], cover["phone"]) == ("001-12345", "12-3456789", "(217) 555-0100")
    assert cover["state_of_incorporation"] == "Delaware"
    assert cover["check_boxes"] == {"written_communications": True, "soliciting_material": False}
    assert cover["is_emerging_growth"] is False
    assert cover["securities"] == [{"title": "Common Stock", "ticker": "WDGT", "exchange": "NASDAQ"}]


def test_the_covers_tickers_go_to_the_first_filer() -> None:
    assert handled(submission()).filing.filers[0].tickers == ("WDGT",)


FACTS = """<ix:nonNumeric name="dei:EntityRegistrantName" contextRef="c1">Made Up &amp; Sons</ix:nonNumeric>
<ix:nonNumeric contextRef='c1' name='dei:EntityFileNumber'>001-<b>12345</b></ix:nonNumeric>
<ix:nonNumeric name="dei:WrittenCommunications" contextRef="c1" format="ixt-sec:boolballotbox">&#9744;</ix:nonNumeric>
<ix:nonNumeric name="dei:SolicitingMaterial" contextRef="c1" format="ixt:fixed-true">o</ix:nonNumeric>
<ix:nonNumeric name="dei:EntityEmergingGrowthCompany" contextRef="c1"
 format="ixt-sec:boolballotbox">&#9746;</ix:nonNumeric>
<ix:nonNumeric name="dei:Security12bTitle" contextRef="c2">Common</ix:nonNumeric>
<ix:nonNumeric name="dei:TradingSymbol" contextRef="c2">MUS</ix:nonNumeric>
<ix:nonNumeric name="dei:SecurityExchangeName" contextRef="c2">New York Stock Exchange</ix:nonNumeric>
<ix:nonNumeric name="dei:Security12bTitle" contextRef="c3">Notes</ix:nonNumeric>"""


def test_the_cover_is_read_from_its_inline_xbrl_facts() -> None:
    cover = read_cover(FACTS, "")

    assert (cover["source"], cover["registrant"], cover["file_number"]) == (
        "inline-xbrl",
        "Made Up & Sons",
        "001-12345",
    )
    assert cover["check_boxes"] == {"written_communications": False, "soliciting_material": True}
    assert cover["is_emerging_growth"] is True


def test_facts_of_one_context_make_one_security() -> None:
    assert read_cover(FACTS, "")["securities"] == [
        {"title": "Common", "ticker": "MUS", "exchange": "NYSE"},
        {"title": "Notes"},
    ]


@pytest.mark.parametrize(
    ("block", "name", "title"),
    [
        ("By: /s/ Ann B. Lee\nAnn B. Lee\nChief Financial Officer", "Ann B. Lee", "Chief Financial Officer"),
        ("By:\t/s/ A. Lee\n\nName:\tAnn B. Lee\n\nTitle:\tTreasurer", "Ann B. Lee", "Treasurer"),
        ("/s/ Ann B. Lee\n------------\nAnn B. Lee, Secretary", "Ann B. Lee", "Secretary"),
        ("By: Ann B. Lee\nIts: President", "Ann B. Lee", "President"),
        ("/s/ Ann B. Lee Ann B. Lee\nSecretary", "Ann B. Lee", "Secretary"),
        ("/s/ Ann Lee, Jr.\nAnn Lee, Jr.\nExecutive Vice President and\nChief Legal Officer\n4", "Ann Lee, Jr.",
         "Executive Vice President and Chief Legal Officer"),
        ("/s/ Ann Lee\nAnn Lee\nSenior Vice President and General\nCounsel", "Ann Lee",
         "Senior Vice President and General Counsel"),
        ("/s/ Ann Lee\nAnn Lee\n-3-\nEXHIBIT INDEX", "Ann Lee", None),
    ],
)  # fmt: skip
def test_who_signed_is_read(block: str, name: str, title: str | None) -> None:
    found = find_signature(f"SIGNATURE\n\nDate: March 4, 2021\n{block}\n")

    assert found is not None
    assert (found.name, found.title, found.date) == (name, title, date(2021, 3, 4))


def test_a_page_that_nobody_signed_has_no_signature() -> None:
    assert find_signature("SIGNATURE\n\nDate: March 4, 2021\n") is None


@pytest.mark.parametrize(
    "words",
    ["March 4, 2021", "Mar. 4, 2021", "4th day of March, 2021", "03/04/2021", "3/4/21", "2021-03-04", "MARCH 4TH 2021"],
)
def test_dates_are_read_as_people_write_them(words: str) -> None:
    assert find_date(f"Dated: {words}.") == date(2021, 3, 4)


def test_an_impossible_date_is_none() -> None:
    assert find_date("February 31, 2021") is None


def test_a_main_document_alone_gives_what_its_cover_tells() -> None:
    body = f"<html>{COVER}{ITEMS}{SIGNATURE}</html>".encode()
    report = handled(body)

    assert (report.filing.form, report.filing.filed_on, report.period_of_report) == ("8-K", None, date(2021, 3, 3))
    assert [item.number for item in report.items] == ["7.01", "9.01"]


def test_another_accession_in_the_header_is_warned_of() -> None:
    report = handled(submission(), Filing(accession="0009999999-21-000001"))

    assert report.warnings == [f"the header names another accession: {ACCESSION}"]


def test_importing_the_handler_needs_no_parser_of_trees() -> None:
    heavy = "('lxml', 'pydantic', 'sqlalchemy')"
    code = f"import sys, handlers.parse; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def real(shared: Path, name: str) -> Report:
    path = shared / "corpus" / name
    return handled(path.read_bytes(), Filing(accession=path.name[:20]))


def test_one_real_filing_is_read_as_a_person_would(shared: Path) -> None:
    report = real(shared, "full/0001144204-17-013452.txt")
    filer, exhibit = report.filing.filers[0], report.exhibits[0]

    assert report.filing.accepted_at == datetime(2017, 3, 8, 21, 2, 21, tzinfo=UTC)
    assert report.period_of_report == date(2017, 3, 8)
    assert [(item.number, item.declared, item.found) for item in report.items] == [
        ("7.01", True, True),
        ("9.01", True, True),
    ]
    assert (filer.cik, filer.sic, filer.state_of_incorporation) == (1279704, "2834", "DE")
    assert len(filer.former_names) == 2
    assert (exhibit.number, exhibit.document) == ("99.1", 2)
    assert exhibit.title.startswith("Press release dated March 8, 2017")
    assert exhibit.text
    assert report.signature is not None
    assert (report.signature.name, report.signature.date) == ("Chad J. Kolean", date(2017, 3, 8))
    assert report.signature.title == "Vice President and Chief Financial Officer"


def test_no_real_8_k_raises_and_every_other_form_is_skipped(shared: Path) -> None:
    outcome: dict[str, list[str]] = {"full": [], "main_docs": [], "other_forms": []}
    for folder, names in outcome.items():
        for path in sorted((shared / "corpus" / folder).iterdir()):
            try:
                real(shared, f"{folder}/{path.name}")
            except (Skip, ReadError):
                names.append(path.name)

    assert (outcome["full"], outcome["main_docs"]) == ([], [])
    assert len(outcome["other_forms"]) == len(list((shared / "corpus" / "other_forms").iterdir()))


def test_the_items_of_real_filings_are_those_on_which_readers_agree(shared: Path) -> None:
    wrong = {"old": 0, "new": 0, "by another reader": 0}
    with (shared / "corpus" / "items.csv").open() as table:
        for row in csv.DictReader(table):
            agreed = {item.strip() for item in row["body_items"].split(",") if item.strip()}
            found = {item.number for item in real(shared, row["path"]).items if item.found}
            group = "old" if row["filed_date"] < "2004-08-23" else "new"
            wrong["by another reader" if row["authority"] == "edgar-crawler" else group] += agreed != found

    assert wrong["new"] <= 2
    assert wrong["old"] <= 1
    assert wrong["by another reader"] <= 2
