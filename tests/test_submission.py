"""The splitter: every dialect of EDGAR's headers, documents cut by offset, and typed errors for all else."""

import binascii
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from watcher import NotASubmission, ReadError, TooLargeError, TruncatedError, split_submission
from watcher.simulator.generator import Generator

ACCESSION = "0001234567-21-000042"

HEADER = f"""<SEC-DOCUMENT>{ACCESSION}.txt : 20210304
<SEC-HEADER>{ACCESSION}.hdr.sgml : 20210304
<ACCEPTANCE-DATETIME>20210304161500
ACCESSION NUMBER:\t\t{ACCESSION}
CONFORMED SUBMISSION TYPE:\t8-K
PUBLIC DOCUMENT COUNT:\t\t2
CONFORMED PERIOD OF REPORT:\t20210303
ITEM INFORMATION:\t\tRegulation FD Disclosure
ITEM INFORMATION:\t\tFinancial Statements and Exhibits
FILED AS OF DATE:\t\t20210304
DATE AS OF CHANGE:\t\t20210305

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tMADE UP WIDGETS INC
\t\tCENTRAL INDEX KEY:\t\t\t0000123456
\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tWIDGETS [3990]
\t\tIRS NUMBER:\t\t\t\t123456789
\t\tSTATE OF INCORPORATION:\t\t\tDE
\t\tFISCAL YEAR END:\t\t\t1231

\tFILING VALUES:
\t\tFORM TYPE:\t\t8-K
\t\tSEC FILE NUMBER:\t001-12345
\t\tFILM NUMBER:\t\t21000001

\tBUSINESS ADDRESS:\t
\t\tSTREET 1:\t\t1 MAIN STREET
\t\tCITY:\t\t\tSPRINGFIELD
\t\tSTATE:\t\t\tIL
\t\tZIP:\t\t\t62701
\t\tBUSINESS PHONE:\t\t217-555-0100

\tMAIL ADDRESS:\t
\t\tSTREET 1:\t\tPO BOX 9

\tFORMER COMPANY:\t
\t\tFORMER CONFORMED NAME:\tOLD WIDGETS CORP
\t\tDATE OF NAME CHANGE:\t20010203

\tFORMER COMPANY:\t
\t\tFORMER CONFORMED NAME:\tOLDER WIDGETS CORP
\t\tDATE OF NAME CHANGE:\t19990203
</SEC-HEADER>
"""
DOCUMENTS = """<DOCUMENT>
<TYPE>8-K
<SEQUENCE>1
<FILENAME>main.htm
<DESCRIPTION>CURRENT REPORT
<TEXT>
<html><p>Item 7.01 Regulation FD Disclosure</p></html>
</TEXT>
</DOCUMENT>
<DOCUMENT>
<TYPE>EX-99.1
<SEQUENCE>2
<FILENAME>ex.htm
<TEXT>
<html><p>News</p></html>
</TEXT>
</DOCUMENT>
"""
TAGGED = f"""<SUBMISSION>
<ACCESSION-NUMBER>{ACCESSION}
<TYPE>8-K
<PUBLIC-DOCUMENT-COUNT>2
<PERIOD>20210303
<ITEMS>5.02
<ITEMS>9.01
<FILING-DATE>20210304
<FILER>
<COMPANY-DATA>
<CONFORMED-NAME>MADE UP WIDGETS INC
<CIK>0000123456
<ASSIGNED-SIC>3990
<STATE-OF-INCORPORATION>DE
</COMPANY-DATA>
<BUSINESS-ADDRESS>
<STREET1>1 MAIN STREET
<CITY>SPRINGFIELD
</BUSINESS-ADDRESS>
<FORMER-COMPANY>
<FORMER-CONFORMED-NAME>OLD WIDGETS CORP
<DATE-CHANGED>20010203
</FORMER-COMPANY>
</FILER>
"""


def archive(header: str = HEADER, documents: str = DOCUMENTS) -> bytes:
    return f"{header}{documents}</SEC-DOCUMENT>\n".encode()


def test_the_archive_header_gives_accession_form_and_dates() -> None:
    found = split_submission(archive())

    assert (found.container, found.accession, found.form) == ("sec", ACCESSION, "8-K")
    assert (found.filed_on, found.changed_on) == (date(2021, 3, 4), date(2021, 3, 5))
    assert found.period_of_report == date(2021, 3, 3)


def test_the_time_of_acceptance_is_new_york_time_brought_to_utc() -> None:
    assert split_submission(archive()).accepted_at == datetime(2021, 3, 4, 21, 15, tzinfo=UTC)


def test_in_summer_the_time_of_acceptance_is_four_hours_behind_utc() -> None:
    summer = HEADER.replace("20210304161500", "20210704161500")

    assert split_submission(archive(summer)).accepted_at == datetime(2021, 7, 4, 20, 15, tzinfo=UTC)


def test_a_time_of_acceptance_of_zeros_is_none() -> None:
    assert split_submission(archive(HEADER.replace("20210304161500", "0" * 14))).accepted_at is None


def test_a_missing_time_of_acceptance_is_none() -> None:
    header = HEADER.replace("<ACCEPTANCE-DATETIME>20210304161500\n", "")

    assert split_submission(archive(header)).accepted_at is None


def test_items_in_words_become_numbers() -> None:
    assert split_submission(archive()).declared_items == ("7.01", "9.01")


def test_the_same_words_mean_the_old_items_before_the_change() -> None:
    header = HEADER.replace("FILED AS OF DATE:\t\t20210304", "FILED AS OF DATE:\t\t20040820")

    assert split_submission(archive(header)).declared_items == ("9", "7")


def test_unknown_words_for_an_item_are_kept_with_a_warning() -> None:
    found = split_submission(archive(HEADER.replace("Regulation FD Disclosure", "Weather Report")))

    assert found.declared_items == ("Weather Report", "9.01")
    assert found.warnings == ("header: no item is called 'Weather Report'",)


def test_every_fact_of_the_filer_is_read() -> None:
    (filer,) = split_submission(archive()).filers

    assert (filer.cik, filer.name, filer.role) == (123456, "MADE UP WIDGETS INC", "filer")
    assert (filer.sic, filer.irs_number, filer.state_of_incorporation) == ("3990", "123456789", "DE")
    assert (filer.fiscal_year_end, filer.file_number, filer.film_number) == ("1231", "001-12345", "21000001")
    assert (filer.business_phone, filer.business_address) == (
        "217-555-0100",
        ("1 MAIN STREET", "SPRINGFIELD", "IL", "62701"),
    )
    assert filer.former_names == ("OLD WIDGETS CORP", "OLDER WIDGETS CORP")


def test_a_bare_sic_number_is_a_sic() -> None:
    header = HEADER.replace("WIDGETS [3990]", "3990")

    assert split_submission(archive(header)).filers[0].sic == "3990"


def test_an_empty_pair_of_brackets_is_no_sic() -> None:
    assert split_submission(archive(HEADER.replace("WIDGETS [3990]", " []"))).filers[0].sic is None


def test_co_registrants_are_all_filers_in_order() -> None:
    start = HEADER.index("FILER:")
    second = HEADER[start : HEADER.index("</SEC-HEADER>")].replace("0000123456", "0000654321")
    header = HEADER.replace("</SEC-HEADER>", second + "</SEC-HEADER>")

    assert [filer.cik for filer in split_submission(archive(header)).filers] == [123456, 654321]


def test_subject_company_and_filed_by_are_roles() -> None:
    start = HEADER.index("FILER:")
    block = HEADER[start : HEADER.index("</SEC-HEADER>")]
    parties = block.replace("FILER:", "SUBJECT COMPANY:") + block.replace("FILER:", "FILED BY:").replace(
        "0000123456", "0000654321"
    )
    found = split_submission(archive(HEADER[:start] + parties + "</SEC-HEADER>\n"))

    assert [(filer.role, filer.cik) for filer in found.filers] == [("subject company", 123456), ("filed by", 654321)]


def test_later_accession_numbers_in_the_header_do_not_replace_the_first() -> None:
    header = HEADER.replace("FILER:", "<MULTI-ACCESSION-NUMBERS>\nACCESSION NUMBER:\t0009999999-21-000001\n\nFILER:")

    assert split_submission(archive(header)).accession == ACCESSION


def test_a_paper_filing_is_marked() -> None:
    header = HEADER.replace("<ACCEPTANCE-DATETIME>", "<PAPER>\n<ACCEPTANCE-DATETIME>")

    assert split_submission(archive(header)).is_paper


def test_documents_have_type_name_description_and_size() -> None:
    first, second = split_submission(archive()).documents

    assert (first.sequence, first.type, first.filename, first.description) == (
        1,
        "8-K",
        "main.htm",
        "CURRENT REPORT",
    )
    assert (second.sequence, second.type, second.description, second.size) == (2, "EX-99.1", "", 25)


def test_a_body_is_what_stands_between_the_text_tags() -> None:
    assert split_submission(archive()).documents[1].body() == b"<html><p>News</p></html>\n"


def test_a_body_can_be_cut_out_of_the_raw_bytes_by_its_offsets() -> None:
    raw = archive()
    document = split_submission(raw).documents[0]

    assert raw[document.start : document.end] == document.body()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_tag_dialect_is_read_whatever_ends_its_lines(line_end: str) -> None:
    raw = (TAGGED + DOCUMENTS + "</SUBMISSION>\n").replace("\n", line_end).encode()
    found = split_submission(raw)

    assert (found.container, found.accession, found.declared_items) == ("nc", ACCESSION, ("5.02", "9.01"))
    assert [document.type for document in found.documents] == ["8-K", "EX-99.1"]
    assert found.filers[0].former_names == ("OLD WIDGETS CORP",)
    assert found.filers[0].business_address == ("1 MAIN STREET", "SPRINGFIELD")


def test_lower_case_tags_are_tags() -> None:
    raw = (TAGGED + DOCUMENTS + "</SUBMISSION>\n").replace("DOCUMENT", "document").replace("TEXT>", "text>").encode()

    assert [document.filename for document in split_submission(raw).documents] == ["main.htm", "ex.htm"]


def test_indented_tags_are_tags() -> None:
    raw = archive().replace(b"\n<", b"\n    <")

    assert len(split_submission(raw).documents) == 2


def test_privacy_enhanced_mail_is_looked_through() -> None:
    pem = "-----BEGIN PRIVACY-ENHANCED MESSAGE-----\nProc-Type: 2001,MIC-CLEAR\n\n"
    raw = pem.encode() + archive() + b"-----END PRIVACY-ENHANCED MESSAGE-----\n"

    assert split_submission(raw).accession == ACCESSION


def test_the_oldest_header_is_read() -> None:
    header = HEADER.replace("SEC-DOCUMENT", "IMS-DOCUMENT").replace("SEC-HEADER", "IMS-HEADER")
    raw = f"{header}{DOCUMENTS}</IMS-DOCUMENT>\n".encode()

    assert (split_submission(raw).container, split_submission(raw).form) == ("ims", "8-K")


def test_a_header_alone_is_a_submission_without_documents() -> None:
    raw = TAGGED.replace("<SUBMISSION>", f"<SEC-HEADER>{ACCESSION}.hdr.sgml : 20210304") + "</SEC-HEADER>\n"
    found = split_submission(raw.encode())

    assert (found.container, found.form, found.documents) == ("header", "8-K", ())


def test_a_submission_without_an_end_mark_is_measured_by_the_count_of_its_header() -> None:
    whole = archive()[archive().index(b"<SEC-HEADER>") :].removesuffix(b"</SEC-DOCUMENT>\n")
    cut = whole[: whole.rindex(b"<DOCUMENT>")]

    assert split_submission(whole).warnings == ()
    assert split_submission(cut).warnings == (
        "the header announces 2 documents, the submission holds 1: it may have been cut off",
    )


def test_a_submission_with_an_end_mark_is_whole_whatever_the_count_of_its_header() -> None:
    # EDGAR leaves documents out of what it shows, and does not count what it adds.
    assert split_submission(archive(HEADER.replace("COUNT:\t\t2", "COUNT:\t\t3"))).warnings == ()


def test_an_end_tag_quoted_in_a_body_does_not_end_the_document() -> None:
    raw = archive(documents=DOCUMENTS.replace("<p>News</p>", "<p>News</p>\n</DOCUMENT>\nand more"))

    assert [document.type for document in split_submission(raw).documents] == ["8-K", "EX-99.1"]
    assert b"and more" in split_submission(raw).documents[1].body()


def test_a_document_without_its_end_tag_ends_where_the_next_starts() -> None:
    raw = archive(documents=DOCUMENTS.replace("</TEXT>\n</DOCUMENT>\n<DOCUMENT>", "<DOCUMENT>"))
    found = split_submission(raw).documents

    assert [document.type for document in found] == ["8-K", "EX-99.1"]
    assert found[0].body().rstrip().endswith(b"</html>")


def test_a_document_without_text_tags_has_its_body_after_the_leaf_tags() -> None:
    raw = archive(documents="<DOCUMENT>\n<TYPE>8-K\n<SEQUENCE>1\nHello.\n</DOCUMENT>\n")

    assert split_submission(raw).documents[0].body() == b"Hello.\n"


def test_a_picture_is_decoded_when_asked_for() -> None:
    picture = bytes(range(200))
    lines = [binascii.b2a_uu(picture[n : n + 45]).decode() for n in range(0, 200, 45)]
    body = "begin 644 logo.gif\n" + "".join(lines) + "`\nend\n"
    raw = archive(documents=DOCUMENTS.replace("<html><p>News</p></html>\n", body))
    document = split_submission(raw).documents[1]

    assert document.is_uuencoded()
    assert document.decoded() == picture


def test_a_picture_larger_than_the_bound_is_refused() -> None:
    body = "begin 644 logo.gif\n" + binascii.b2a_uu(b"x" * 45).decode() * 10 + "`\nend\n"
    raw = archive(documents=DOCUMENTS.replace("<html><p>News</p></html>\n", body))

    with pytest.raises(TooLargeError):
        split_submission(raw).documents[1].decoded(max_bytes=100)


def test_a_submission_cut_at_any_byte_is_never_a_short_answer() -> None:
    raw = archive().rstrip()
    whole = []
    for end in range(1, len(raw)):
        try:
            split_submission(raw[:end])
        except TruncatedError:
            continue
        whole.append(end)

    assert whole == []


@pytest.mark.parametrize(
    ("raw", "came"),
    [
        (b"", "an empty file"),
        (b" \n ", "a file of blanks"),
        (b"<html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>", "rate-limit page"),
        (b"<html><title>SEC.gov | Your Request Originates from an Undeclared Automated Tool", "undeclared"),
        (b"<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code></Error>", "S3 XML error"),
        (b"<html><body>Welcome to our shop</body></html>", "an HTML page that is no SEC form"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\x1f\x8b\x08", "gzip data"),
        (b"%PDF-1.4", "a PDF file"),
        (b"\x00\x01\x02" * 100, "binary data"),
        (b'{"a": 1}', "JSON"),
        (b"Dear diary", "text that is no SEC form"),
    ],
)
def test_what_came_instead_of_a_submission_is_said(raw: bytes, came: str) -> None:
    with pytest.raises(NotASubmission, match=came):
        split_submission(raw, f"{ACCESSION}.txt")


BARE = b"""<html><body><p>SECURITIES AND EXCHANGE COMMISSION</p><p>FORM 8-K/A</p>
<p>Date of Report (Date of earliest event reported): March 3, 2021</p></body></html>"""


def test_a_main_document_alone_takes_its_accession_from_its_file_name() -> None:
    found = split_submission(BARE, f"/somewhere/{ACCESSION}.htm")

    assert (found.container, found.accession, found.form) == ("bare", ACCESSION, "8-K/A")
    assert (found.period_of_report, found.filed_on, found.accepted_at) == (date(2021, 3, 3), None, None)
    assert found.documents[0].body() == BARE


def test_a_file_name_without_dashes_gives_the_accession_too() -> None:
    assert split_submission(BARE, "000123456721000042.htm").accession == ACCESSION


def test_a_main_document_without_an_accession_is_refused() -> None:
    with pytest.raises(NotASubmission, match="must hold the accession number"):
        split_submission(BARE, "report.htm")


def test_a_document_wrapper_without_a_header_is_looked_into() -> None:
    raw = b"<DOCUMENT>\n<TYPE>8-K\n<SEQUENCE>1\n<FILENAME>a.htm\n<TEXT>\n" + BARE + b"\n</TEXT>\n</DOCUMENT>\n"
    found = split_submission(raw, f"{ACCESSION}.htm")

    assert (found.documents[0].filename, found.documents[0].body().strip()) == ("a.htm", BARE)


def test_every_real_submission_is_split_or_said_to_be_cut(shared: Path) -> None:
    refused = {}
    for path in sorted((shared / "corpus").glob("*/*")):
        try:
            found = split_submission(path.read_bytes(), path.name)
        except ReadError as error:
            refused[path.name] = type(error).__name__
            continue
        assert path.name.startswith(found.accession)

    # This one was stored without its end.
    assert refused == {"0000732715-99-000042.nc": "TruncatedError"}


def test_no_real_error_page_is_taken_for_a_filing(shared: Path) -> None:
    pages = sorted((shared / "edgar" / "samples" / "errors").iterdir())
    refused = 0
    for page in pages:
        with pytest.raises(NotASubmission):
            split_submission(page.read_bytes(), f"{ACCESSION}.txt")
        refused += 1

    assert refused == len(pages)


def test_a_label_without_a_value_is_no_new_party() -> None:
    """Headers of 2000 and 2001 leave ``SEC ACT:`` empty in the middle of a filer."""
    header = (
        "<SEC-DOCUMENT>0000950124-00-000001.txt : 20000103\n<SEC-HEADER>0000950124-00-000001.hdr.sgml : 20000103\n"
        "ACCESSION NUMBER:\t\t0000950124-00-000001\nCONFORMED SUBMISSION TYPE:\t8-K\nFILED AS OF DATE:\t\t20000103\n\n"
        "FILER:\n\n\tCOMPANY DATA:\t\n\t\tCOMPANY CONFORMED NAME:\tMADE UP CORP\n\t\tCENTRAL INDEX KEY:\t0000001234\n\n"
        "\tFILING VALUES:\n"
        "\t\tFORM TYPE:\t\t8-K\n\t\tSEC ACT:\t\t\n\t\tSEC FILE NUMBER:\t001-01234\n\t\tFILM NUMBER:\t\t99123456\n\n"
        "\tFORMER COMPANY:\t\n\t\tFORMER CONFORMED NAME:\tOLD NAME INC\n</SEC-HEADER>\n"
        "<DOCUMENT>\n<TYPE>8-K\n<TEXT>\nwords\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
    )

    (filer,) = split_submission(header.encode()).filers

    assert (filer.file_number, filer.film_number, filer.former_names) == ("001-01234", "99123456", ("OLD NAME INC",))


def test_two_documents_never_share_a_number() -> None:
    body = "".join(f"<DOCUMENT>\n<TYPE>EX-99\n<SEQUENCE>{n}\n<TEXT>\nx\n</TEXT>\n</DOCUMENT>\n" for n in (1, 2, 2, 3))
    raw = (
        "<SEC-DOCUMENT>0000950124-00-000001.txt : 20000103\n<SEC-HEADER>\nACCESSION NUMBER:\t0000950124-00-000001\n"
        f"</SEC-HEADER>\n{body}</SEC-DOCUMENT>\n"
    )

    assert [document.sequence for document in split_submission(raw.encode()).documents] == [1, 2, 4, 3]


@pytest.mark.parametrize("year", ["0001", "1989", "2101", "9999"])
def test_dates_of_no_filings_year_are_none_with_a_warning(year: str) -> None:
    header = HEADER.replace("20210304161500", f"{year}1231235959").replace("2021030", f"{year}010")
    found = split_submission(archive(header))

    assert (found.accepted_at, found.filed_on, found.changed_on, found.period_of_report) == (None, None, None, None)
    assert [warning.split(":")[1].split(" is not ")[0] for warning in found.warnings] == [
        *(" filed_on", " changed_on", " the time of acceptance", " period_of_report".replace("_of_report", ""))
    ]


@pytest.mark.parametrize("accepted", ["21001231235959", "19900101000000"])
def test_a_time_of_acceptance_is_in_a_filings_year_in_utc_too(accepted: str) -> None:
    found = split_submission(archive(HEADER.replace("20210304161500", accepted))).accepted_at

    assert found is None or 1990 <= found.year <= 2100


def test_a_cover_date_of_no_filings_year_is_none_with_a_warning() -> None:
    for day in (b"March 3, 1921", b"February 31, 2021"):
        found = split_submission(BARE.replace(b"March 3, 2021", day), f"{ACCESSION}.htm")

        assert found.period_of_report is None
        assert found.warnings[0].startswith("cover: not a date of a filing:")


ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def test_digits_of_other_scripts_make_no_accession_number() -> None:
    with pytest.raises(NotASubmission, match="gives no accession number"):
        split_submission(archive(HEADER.replace(ACCESSION, ACCESSION.translate(ARABIC))), "a.txt")
    with pytest.raises(NotASubmission, match="must hold the accession number"):
        split_submission(BARE, f"{ACCESSION.translate(ARABIC)}.htm")


def test_digits_of_other_scripts_make_no_cik_and_no_date() -> None:
    header = HEADER.replace("0000123456", "0000123456".translate(ARABIC)).replace(
        "20210303", "20210303".translate(ARABIC)
    )
    found = split_submission(archive(header))

    assert (found.filers, found.period_of_report) == ((), None)


@pytest.mark.parametrize(
    ("before", "after"),
    [("</TEXT>\n</DOCUMENT>\n<DOCUMENT>", "</TEXT></DOCUMENT><DOCUMENT>"), ("</SEC-HEADER>\n", "</SEC-HEADER>")],
)
def test_tags_that_share_a_line_with_an_end_tag_are_tags(before: str, after: str) -> None:
    raw = archive().decode().replace(before, after).encode()

    assert [document.filename for document in split_submission(raw).documents] == ["main.htm", "ex.htm"]


def test_a_start_tag_in_the_middle_of_a_line_is_none() -> None:
    quoted = DOCUMENTS.replace("Item 7.01", "<b><DOCUMENT><TYPE>EX-1</b>")

    assert len(split_submission(archive(documents=quoted)).documents) == 2


@pytest.mark.parametrize("blanks", [b"", b"\r\n"])
def test_a_byte_order_mark_that_an_editor_put_before_it_is_passed_over(blanks: bytes) -> None:
    made = Generator(seed=5).submission(items=("7.01", "9.01"))
    marked = split_submission(b"\xef\xbb\xbf" + blanks + made.raw)
    plain = split_submission(made.raw)

    assert (marked.accession, marked.form, marked.filers) == (plain.accession, plain.form, plain.filers)
    assert [one.body() for one in marked.documents] == [one.body() for one in plain.documents]


def test_a_bare_document_with_a_byte_order_mark_is_read() -> None:
    raw = b"\xef\xbb\xbf<html><body>SECURITIES AND EXCHANGE COMMISSION Form 8-K</body></html>"

    assert split_submission(raw, "0000000001-26-000001.htm").form == "8-K"


def test_a_byte_order_mark_alone_is_an_empty_file() -> None:
    with pytest.raises(NotASubmission, match="came an empty file"):
        split_submission(b"\xef\xbb\xbf")
