"""The header's lines: whatever a party's lines tell is read, in the archive's words and in tags."""

import re
from datetime import date
from pathlib import Path

import pytest

from watcher.edgar.header import Header, read_header
from watcher.models import Filer

WORDS = """CONFORMED SUBMISSION TYPE:\t8-K
SROS:\t\t\tNYSE
SROS:\t\t\tNASD
GROUP MEMBERS:\t\tMADE UP PARTNERS LP
GROUP MEMBERS:\t\tMADE UP CAPITAL LLC

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tMADE UP WIDGETS INC
\t\tCENTRAL INDEX KEY:\t\t\t0000123456
\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tWIDGETS & GEARS [3990]
\t\tORGANIZATION NAME:           \t06 Technology
\t\tFISCAL YEAR END:\t\t\t1231

\tFILING VALUES:
\t\tFORM TYPE:\t\t8-K
\t\tSEC ACT:\t\t1934 Act
\t\tSEC FILE NUMBER:\t001-12345

\tBUSINESS ADDRESS:\t
\t\tSTREET 1:\t\t1 MAIN STREET
\t\tCITY:\t\t\tSPRINGFIELD
\t\tBUSINESS PHONE:\t\t217-555-0100

\tMAIL ADDRESS:\t
\t\tSTREET 1:\t\tPO BOX 9
\t\tCITY:\t\t\tCHICAGO
\t\tSTATE:\t\t\tIL
\t\tZIP:\t\t\t60601

\tFORMER COMPANY:\t
\t\tFORMER CONFORMED NAME:\tOLD WIDGETS CORP
\t\tDATE OF NAME CHANGE:\t20010203

\tFORMER COMPANY:\t
\t\tFORMER CONFORMED NAME:\tOLDER WIDGETS CORP
"""
TAGS = """<SUBMISSION>
<TYPE>8-K
<SROS>NYSE
<SROS>NASD
<GROUP-MEMBERS>MADE UP PARTNERS LP
<GROUP-MEMBERS>MADE UP CAPITAL LLC
<FILER>
<COMPANY-DATA>
<CONFORMED-NAME>MADE UP WIDGETS INC
<CIK>0000123456
<ASSIGNED-SIC>3990
<ORGANIZATION-NAME>06 Technology
<FISCAL-YEAR-END>1231
</COMPANY-DATA>
<FILING-VALUES>
<FORM-TYPE>8-K
<ACT>34
<FILE-NUMBER>001-12345
</FILING-VALUES>
<BUSINESS-ADDRESS>
<STREET1>1 MAIN STREET
<CITY>SPRINGFIELD
<PHONE>217-555-0100
</BUSINESS-ADDRESS>
<MAIL-ADDRESS>
<STREET1>PO BOX 9
<CITY>CHICAGO
<STATE>IL
<ZIP>60601
</MAIL-ADDRESS>
<FORMER-COMPANY>
<FORMER-CONFORMED-NAME>OLD WIDGETS CORP
<DATE-CHANGED>20010203
</FORMER-COMPANY>
<FORMER-COMPANY>
<FORMER-CONFORMED-NAME>OLDER WIDGETS CORP
</FORMER-COMPANY>
</FILER>
"""
DIALECTS = pytest.mark.parametrize("text", [WORDS, TAGS], ids=["words", "tags"])


def header(text: str) -> tuple[Header, Filer]:
    found = read_header(text)
    (filer,) = found.filers
    return found, filer


@DIALECTS
def test_a_partys_form_and_act_are_read(text: str) -> None:
    assert (header(text)[1].form, header(text)[1].act) == ("8-K", "1934")


@DIALECTS
def test_a_partys_form_is_not_the_submissions(text: str) -> None:
    found, filer = header(
        text.replace("FORM TYPE:\t\t8-K", "FORM TYPE:\t\t8-A").replace("<FORM-TYPE>8-K", "<FORM-TYPE>8-A")
    )

    assert (found.form, filer.form) == ("8-K", "8-A")


@DIALECTS
def test_the_office_that_reviews_it_is_read(text: str) -> None:
    assert header(text)[1].organization == "06 Technology"


@DIALECTS
def test_the_mail_address_is_kept_apart_from_the_business_address(text: str) -> None:
    filer = header(text)[1]

    assert filer.business_address == ("1 MAIN STREET", "SPRINGFIELD")
    assert filer.mail_address == ("PO BOX 9", "CHICAGO", "IL", "60601")


@DIALECTS
def test_each_former_name_has_the_day_it_was_given_up_where_it_is_told(text: str) -> None:
    filer = header(text)[1]

    assert filer.former_names == ("OLD WIDGETS CORP", "OLDER WIDGETS CORP")
    assert filer.former_names_changed_on == (date(2001, 2, 3), None)


@DIALECTS
def test_the_exchanges_that_get_a_copy_are_read(text: str) -> None:
    assert header(text)[0].exchanges == ("NYSE", "NASD")


@DIALECTS
def test_the_members_of_a_group_are_read(text: str) -> None:
    assert header(text)[0].group_members == ("MADE UP PARTNERS LP", "MADE UP CAPITAL LLC")


def test_the_industry_is_read_in_words_where_it_is_told_in_words() -> None:
    assert (header(WORDS)[1].sic, header(WORDS)[1].sic_name) == ("3990", "WIDGETS & GEARS")
    assert (header(TAGS)[1].sic, header(TAGS)[1].sic_name) == ("3990", None)


@pytest.mark.parametrize("told", ["19990230", "soon", "", "00000000", "11180203", "99990101"])
def test_a_day_that_is_none_is_not_guessed(told: str) -> None:
    assert header(WORDS.replace("20010203", told))[1].former_names_changed_on == (None, None)


def test_a_name_may_have_been_given_up_long_before_edgar() -> None:
    assert header(WORDS.replace("20010203", "18860623"))[1].former_names_changed_on == (date(1886, 6, 23), None)


def test_a_day_without_a_former_name_is_nobodys() -> None:
    assert header(TAGS.replace("<FORMER-CONFORMED-NAME>", "<UNKNOWN-NAME>"))[1].former_names_changed_on == ()


def test_each_co_registrant_has_facts_of_its_own() -> None:
    second = TAGS.partition("<FILER>")[2].replace("123456", "654321").replace("<ACT>34", "<ACT>33")
    found = read_header(f"{TAGS}<FILER>{second}")

    assert [(filer.cik, filer.act) for filer in found.filers] == [(123456, "1934"), (654321, "1933")]


def test_no_line_of_a_real_8k_that_has_a_value_is_dropped(shared: Path) -> None:
    """Every act, form, former name and date of a name change that a header prints is found."""
    files = sorted((shared / "corpus" / "full").glob("*.txt"))
    if not files:
        pytest.skip("no real filings here")
    for path in files:
        text = path.read_bytes().decode("latin-1").partition("<DOCUMENT>")[0]
        filers = read_header(text).filers
        assert sum(filer.act is not None for filer in filers) == len(re.findall(r"SEC ACT:[ \t]*\w", text)), path.name
        assert sum(filer.form is not None for filer in filers) == text.count("FORM TYPE:"), path.name
        assert sum(len(filer.former_names) for filer in filers) == text.count("FORMER CONFORMED NAME:"), path.name
        days = [day for filer in filers for day in filer.former_names_changed_on if day]
        assert len(days) == text.count("DATE OF NAME CHANGE:"), path.name
