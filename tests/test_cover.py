"""The cover page: inline XBRL facts, and the printed page in the many ways in which it is set."""

import re
from pathlib import Path
from typing import Any

import pytest

from handlers.parse import ParseEightK
from handlers.parse.boxes import is_growth_company, is_transition_declined, ticked_boxes
from handlers.parse.cover import read_cover, with_tickers
from handlers.parse.securities import printed_securities, short_exchange
from watcher import Filer, Filing
from watcher.simulator.eras import Era
from watcher.testing import handled, submission

LABELLED = """FORM 8-K

Date of Report (Date of earliest event reported): March 3, 2021

MADE UP WIDGETS, INC.
(Exact name of registrant as specified in its charter)

Delaware\t001-12345\t12-3456789
(State or other jurisdiction\t(Commission\t(IRS Employer
of incorporation)\tFile Number)\tIdentification No.)

1 Main Street
Springfield, Illinois\t62701
(Address of principal executive offices)\t(Zip Code)

Registrant's telephone number, including area code: (217) 555-0100

Not Applicable
(Former name or former address, if changed since last report)
"""
COLUMNS = """                    Date of Report:  March 3, 1999

                             MADE UP WIDGETS, INC.
- ------------------------------------------------------------------------------
            (Exact name of registrant as specified in its charter)

        Delaware                     1-12345                12-3456789
- ------------------------------------------------------------------------------
  (State or other juris-          (Commission)           (I.R.S. Employer
diction of incorporation)         File Number)          Identification No.)

   1 Main Street                  Springfield, IL            62701
- ------------------------------------------------------------------------------
         (Address of principal executive offices)         (Zip Code)

                                 217-555-0100
- ------------------------------------------------------------------------------
             (Registrant's telephone number, including area code)

                              OLD WIDGETS CORP.
- ------------------------------------------------------------------------------
         (Former name or former address, if changed since last report)
"""
SAME_CELL = """May 1, 2005
(Date of earliest event reported)

MADE UP WIDGETS, INC. (Exact name of registrant as specified in its charter)

Delaware (State of incorporation)\t1-12345 (Commission File Number)\t12-3456789 (IRS Employer No.)

1 Main Street, Springfield, IL 62701 (Address of principal executive offices)
"""
BEHIND = """Date of report (Date of earliest event reported): May 1, 2005

Made Up Widgets, Inc.
(Exact name of registrant as specified in its charter)

Commission File Number: 1-12345

Delaware\t12-3456789
(State of incorporation)\t(I.R.S. Employer Identification No.)
"""


@pytest.mark.parametrize(
    "page", [LABELLED, COLUMNS, SAME_CELL, BEHIND], ids=["cells", "columns", "same cell", "behind"]
)
def test_a_printed_cover_is_read_however_it_is_set(page: str) -> None:
    cover = read_cover("", page)

    assert cover["registrant"].upper() == "MADE UP WIDGETS, INC."
    assert (cover["state_of_incorporation"], cover["irs_number"]) == ("Delaware", "12-3456789")
    assert cover["file_number"].endswith("1-12345")


def test_address_and_telephone_number_are_read() -> None:
    cover = read_cover("", LABELLED)

    assert cover["address"] == ["1 Main Street", "Springfield, Illinois 62701"]
    assert cover["phone"] == "(217) 555-0100"


def test_a_former_name_is_told_where_there_is_one() -> None:
    assert read_cover("", COLUMNS)["former_name"] == "OLD WIDGETS CORP."
    assert "former_name" not in read_cover("", LABELLED)


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ("Date of Report (Date of earliest event reported): March 3, 2021", "2021-03-03"),
        ("March 3, 2021\nDate of Report (Date of earliest event reported)", "2021-03-03"),
        ("Date of Report: March 3, 2021\n(Date of earliest event reported)\n\nMADE UP", "2021-03-03"),
        ("Date of Report (Date of earliest event reported): March 9, 2021 (March 3, 2021)", "2021-03-03"),
        ("Date of Report: March 9, 2021\nDate of Earliest Event Reported: March 3, 2021", "2021-03-03"),
        ("Date of report (date of earliest event reported):\n\n3/3/2021", "2021-03-03"),
        ("Date of Report: March 3, 2021", "2021-03-03"),
        ("Date of report (Date of earliest event reported):", None),
    ],
)
def test_the_event_date_is_the_earliest_events(lines: str, day: str | None) -> None:
    assert read_cover("", f"FORM 8-K\n\n{lines}\n\nMADE UP, INC.\n(Exact name of registrant)").get("event_date") == day


ROWS = """Commission File Number\tRegistrant, State of Incorporation, Address and Telephone Number\tI.R.S. Employer No.
1-11111\tMade Up Holdings (A Delaware Corporation) 1 Main Street Springfield, IL 62701 (217) 555-0100\t11-1111111
1-22222\tMade Up Power Company\t22-2222222
(An Illinois Corporation)
2 Side Street
Springfield, IL 62701
(217) 555-0200

The names and addresses have not changed.
"""
STACKED = """Commission File Number 33-11111

MADE UP PARTNERS, L.P.
(Exact name of co-registrant as specified in its charter)

Delaware\t11-1111111
(State of incorporation)\t(I.R.S. Employer Identification No.)

MADE UP FUNDING CORP.
(Exact name of co-registrant as specified in its charter)

Nevada\t22-2222222
(State of incorporation)\t(I.R.S. Employer Identification No.)

1 Main Street
(Address of principal executive offices)

(217) 555-0100
(Registrants' telephone number)
"""
PLURAL = """MADE UP PARTNERS, L.P.
MADE UP FUNDING CORP.
(Exact names of registrants as specified in their charters)

Delaware\t001-11111\t11-1111111
Nevada\t333-22222\t22-2222222
(States of incorporation)\t(Commission File Numbers)\t(I.R.S. Employer Identification Nos.)
"""


def told(page: str, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(one.get(key) for key in keys) for one in read_cover("", page)["registrants"]]


def test_a_row_for_each_registrant_is_read() -> None:
    keys = ("registrant", "file_number", "irs_number", "state_of_incorporation", "phone")

    assert told(ROWS, *keys) == [
        ("Made Up Holdings", "1-11111", "11-1111111", "Delaware", "(217) 555-0100"),
        ("Made Up Power Company", "1-22222", "22-2222222", "Illinois", "(217) 555-0200"),
    ]


def test_registrants_below_each_other_are_read() -> None:
    keys = ("registrant", "file_number", "irs_number", "state_of_incorporation", "address")

    assert told(STACKED, *keys) == [
        ("MADE UP PARTNERS, L.P.", "33-11111", "11-1111111", "Delaware", ["1 Main Street"]),
        ("MADE UP FUNDING CORP.", None, "22-2222222", "Nevada", ["1 Main Street"]),
    ]


def test_names_above_one_label_each_have_their_row() -> None:
    assert told(PLURAL, "registrant", "file_number", "irs_number", "state_of_incorporation") == [
        ("MADE UP PARTNERS, L.P.", "001-11111", "11-1111111", "Delaware"),
        ("MADE UP FUNDING CORP.", "333-22222", "22-2222222", "Nevada"),
    ]


def test_the_capacity_of_a_depositor_is_no_part_of_its_name() -> None:
    page = (
        "MADE UP DEPOSITOR LLC (as depositor under a Pooling Agreement dated as of February 1, 2006 providing for\n"
        "the issuance of Certificates, Series 2006-1)\n(Exact name of registrant as specified in its charter)\n"
    )

    assert read_cover("", page)["registrant"] == "MADE UP DEPOSITOR LLC"


def test_a_name_broken_over_two_lines_is_one() -> None:
    page = "Date of Report: May 1, 2005\n\nMADE UP WIDGETS AND\nGADGETS TRUST\n(Exact name of registrant)\n"

    assert read_cover("", page)["registrant"] == "MADE UP WIDGETS AND GADGETS TRUST"


@pytest.mark.parametrize(
    ("mark", "is_ticked"),
    [
        *(("[ ]", False), ("[X]", True), ("[x ]", True), ("|_|", False), ("|X|", True), ("( )", False), ("/X/", True)),
        *(("☐", False), ("☒", True), ("☑", True), ("□", False), ("¨", False), ("o", False), ("þ", True), ("ý", True)),
        *(
            ("x", True),
            ("£", False),
            ("R", True),
            ("___", None),
            ("_X_", True),
            ("", None),
            ("✓", True),
            ("{ }", False),
        ),
    ],
)
def test_a_box_is_read_whatever_stands_for_it(mark: str, is_ticked: bool | None) -> None:
    page = f"any of the following:\n\n{mark} Written communications pursuant to Rule 425 (17 CFR 230.425)\n"

    assert ticked_boxes(page).get("written_communications") == is_ticked


@pytest.mark.parametrize("gap", ["\t", "\n", "\n\n", " "])
def test_a_box_may_stand_in_a_cell_or_line_of_its_own(gap: str) -> None:
    page = f"☐{gap}Written communications pursuant to Rule 425\n☒{gap}Soliciting material pursuant to Rule 14a-12\n"

    assert ticked_boxes(page) == {"written_communications": False, "soliciting_material": True}


def test_the_two_pre_commencement_boxes_are_told_apart() -> None:
    page = (
        "[x] Pre-commencement communications pursuant to Rule 14d-2(b)\n"
        "[ ] Pre-commencement communications pursuant to Rule 13e-4(c)\n"
    )

    assert ticked_boxes(page) == {
        "pre_commencement_tender_offer": True,
        "pre_commencement_issuer_tender_offer": False,
    }


GROWTH = "Indicate by check mark whether the registrant is an emerging growth company as defined in Rule 405.\n\n"


@pytest.mark.parametrize(
    ("line", "is_ticked"),
    [
        *(
            ("Emerging growth company ☐", False),
            ("Emerging growth company ☒", True),
            ("Emerging growth company\t☑", True),
        ),
        *(
            ("☐ Emerging growth company", False),
            ("☒\tEmerging growth company", True),
            ("Emerging growth company [ ]", False),
        ),
        *(("Emerging growth company  Yes ☐ No ☒", False), ("Emerging growth company ☒ Yes ☐ No", True)),
    ],
)
def test_whether_it_is_an_emerging_growth_company(line: str, is_ticked: bool) -> None:
    assert is_growth_company(GROWTH + line) == {"is_emerging_growth": is_ticked}


def test_a_sentence_about_growth_companies_is_no_box() -> None:
    assert is_growth_company(GROWTH) == {}


@pytest.mark.parametrize(("mark", "is_ticked"), [("☐", False), ("☒", True), ("[X]", True)])
def test_whether_the_transition_period_is_declined(mark: str, is_ticked: bool) -> None:
    page = (
        "If an emerging growth company, indicate by check mark if the registrant has elected not to use the extended "
        f"transition period for any standards provided pursuant to Section 13(a) of the Exchange Act. {mark}\n"
    )

    assert is_transition_declined(page) == {"declines_transition_period": is_ticked}


TABLE = "Title of each class\tTrading Symbol(s)\tName of each exchange on which registered\n"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (TABLE + "Common Stock\tWDGT\tThe Nasdaq Stock Market LLC\nNotes due 2030\tWDG30\tNew York Stock Exchange\n",
         [("Common Stock", "WDGT", "NASDAQ"), ("Notes due 2030", "WDG30", "NYSE")]),
        (TABLE + "Common Stock\tWDGT\tNYSE\nWDGT\tNYSE Chicago\n",
         [("Common Stock", "WDGT", "NYSE"), ("Common Stock", "WDGT", "CHX")]),
        (TABLE + "Notes due 2030\tNew York Stock Exchange\n", [("Notes due 2030", None, "NYSE")]),
        (TABLE + "Depositary Shares, each a 1/10th of a\tWDG PrA\tNYSE\nPreferred Share, Series A\n",
         [("Depositary Shares, each a 1/10th of a Preferred Share, Series A", "WDG PrA", "NYSE")]),
        (TABLE + "None\tN/A\tN/A\n", []),
        (TABLE + "None\n\nIndicate by check mark whether\tA\tB\n", []),
        ("Name of each exchange\nTitle of each class\tTrading Symbol\ton which registered\nCommon\tWDGT\tNYSE MKT\n",
         [("Common", "WDGT", "NYSEAMER")]),
        (TABLE.replace("\t", "\n\n") + "\nCommon\n\nWDGT\n\nNYSE Arca\n",
         [("Common", "WDGT", "NYSEArca")]),
        ("Registrant\tTitle of each class\tTrading Symbol(s)\tName of each exchange\nMade Up Co\tCommon\tMUC\tNYSE\n",
         [("Common", "MUC", "NYSE")]),
    ],
)  # fmt: skip
def test_the_table_of_securities_is_read(page: str, expected: list[tuple[str | None, ...]]) -> None:
    found = printed_securities(page)

    assert [(one.get("title"), one.get("ticker"), one.get("exchange")) for one in found] == expected


def test_an_unknown_exchange_stays_as_it_is_printed() -> None:
    assert short_exchange("Made Up Exchange") == "Made Up Exchange"


def fact(name: str, text: str, context: str = "c1", more: str = "") -> str:
    return f'<ix:nonNumeric name="dei:{name}" contextRef="{context}"{more}>{text}</ix:nonNumeric>'


def context(name: str, member: str) -> str:
    return (
        f'<xbrli:context id="{name}"><xbrli:entity><xbrli:segment><xbrldi:explicitMember '
        f'dimension="dei:LegalEntityAxis">{member}</xbrldi:explicitMember></xbrli:segment></xbrli:entity></xbrli:context>'
    )


TWO = (
    context("c2", "mu:PowerMember")
    + context("c4", "mu:PowerMember")
    + fact("EntityRegistrantName", "Made Up Holdings")
    + fact("EntityCentralIndexKey", "0000000011")
    + fact("EntityIncorporationStateCountryCode", "New York,")
    + fact("DocumentPeriodEndDate", "March 3, 2021")
    + fact("EntityRegistrantName", "Made Up Power", "c2")
    + fact("EntityCentralIndexKey", "0000000022", "c2")
    + fact("EntityFileNumber", "1-22222", "c2")
    + fact("Security12bTitle", "Common", "c3")
    + fact("TradingSymbol", "MUH", "c3")
    + fact("Security12bTitle", "Notes", "c4")
    + fact("TradingSymbol", "MUP", "c4")
)


def test_facts_of_several_legal_entities_make_several_registrants() -> None:
    cover = read_cover(TWO, "")

    assert [one["registrant"] for one in cover["registrants"]] == ["Made Up Holdings", "Made Up Power"]
    assert (cover["registrant"], cover["cik"], cover["state_of_incorporation"]) == (
        "Made Up Holdings",
        "0000000011",
        "New York",
    )
    assert (cover["registrants"][1]["file_number"], cover["event_date"]) == ("1-22222", "2021-03-03")


def test_each_registrant_has_its_own_tickers() -> None:
    cover = read_cover(TWO, "")
    filers = with_tickers((Filer(22, "POWER"), Filer(11, "HOLDINGS")), cover)

    assert [one["registrant"] for one in cover["securities"]] == ["Made Up Holdings", "Made Up Power"]
    assert [filer.tickers for filer in filers] == [("MUP",), ("MUH",)]


def test_a_fact_that_goes_on_elsewhere_is_read_whole() -> None:
    source = (
        fact("EntityRegistrantName", "Made Up")
        + fact("Security12bTitle", "Shares, each a tenth of a", "c2", ' continuedAt="more-1"')
        + '<ix:continuation id="more-1">Preferred <b>Share</b></ix:continuation>'
    )

    assert read_cover(source, "")["securities"] == [{"title": "Shares, each a tenth of a Preferred Share"}]


@pytest.mark.parametrize(
    ("form", "text", "is_true"),
    [
        ("ixt:fixed-true", "o", True),
        ("ixt:fixed-false", "☒", False),
        ("ixt:booleantrue", "-", True),
        ("ixt-sec:boolballotbox", "&#9746;", True),
        ("ixt-sec:boolballotbox", "&#9744;", False),
        ("", "true", True),
        ("", "false", False),
    ],
)
def test_a_flag_is_read_by_its_format(form: str, text: str, is_true: bool) -> None:
    source = fact("EntityRegistrantName", "Made Up") + fact("WrittenCommunications", text, "c1", f' format="{form}"')

    assert read_cover(source, "")["check_boxes"] == {"written_communications": is_true}


def test_not_applicable_is_no_former_name() -> None:
    source = fact("EntityRegistrantName", "X") + fact("EntityInformationFormerLegalOrRegisteredName", "Not Applicable")

    assert "former_name" not in read_cover(source, "")


@pytest.mark.parametrize(
    ("words", "number"), [("Amendment No. 2", 2), ("AMENDMENT NO. 1", 1), ("Amendment Number One", 1)]
)
def test_the_number_of_an_amendment_is_read(words: str, number: int) -> None:
    assert read_cover("", f"FORM 8-K/A\n({words})\n")["amendment_number"] == number


@pytest.mark.parametrize("seed", range(8))
def test_made_up_covers_are_read_alike_from_facts_and_print(seed: int) -> None:
    report = handled(submission(seed=seed, era=Era.INLINE), ParseEightK())
    printed = read_cover("", report.documents[0].text)

    assert report.cover["source"] == "inline-xbrl"
    for key in ("registrant", "file_number", "irs_number", "event_date", "check_boxes", "is_emerging_growth"):
        assert printed[key] == report.cover[key], key


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def letters(text: str) -> str:
    return re.sub(r"/[a-z]{2}/|[^a-z0-9]|^the |corporation|incorporated|company|corp|inc|co\b", "", text.lower())


def compared(facts: dict[str, Any], printed: dict[str, Any]) -> dict[str, bool]:
    """What both tell alike: names without the forms of a company, the rest by its digits or letters."""
    return {
        "registrant": letters(facts["registrant"])[:12] == letters(printed.get("registrant", ""))[:12],
        "file_number": digits(facts.get("file_number", "")) == digits(printed.get("file_number", "")),
        "state": facts.get("state_of_incorporation", "").lower() == printed.get("state_of_incorporation", "").lower(),
        "event_date": facts.get("event_date") == printed.get("event_date"),
        "tickers": {one.get("ticker") for one in facts["securities"]}
        == {one.get("ticker") for one in printed["securities"]},
        "check_boxes": facts["check_boxes"] == printed["check_boxes"],
    }


def test_printed_covers_of_real_filings_tell_what_their_facts_tell(shared: Path) -> None:
    agreed: dict[str, list[bool]] = {}
    for path in (path for folder in ("full", "main_docs") for path in sorted((shared / "corpus" / folder).iterdir())):
        if b"dei:EntityRegistrantName" in (raw := path.read_bytes()):
            report = handled(raw, ParseEightK(), filing=Filing(accession=path.name[:20]))
            first = min((one.start for one in report.items if one.start is not None), default=0)
            printed = read_cover("", report.documents[0].text[:first])
            for key, same in compared(report.cover, printed).items():
                agreed.setdefault(key, []).append(same)

    assert len(agreed["registrant"]) > 100
    assert {key: sum(same) / len(same) for key, same in agreed.items() if sum(same) < 0.95 * len(same)} == {}


def test_printed_covers_of_real_filings_tell_what_their_headers_tell(shared: Path) -> None:
    agreed: list[bool] = []
    for path in sorted((shared / "corpus" / "full").iterdir()):
        report = handled(path.read_bytes(), ParseEightK())
        if report.cover["source"] == "printed":
            names = [letters(one["registrant"])[:8] for one in report.cover["registrants"] if "registrant" in one]
            agreed.append(names == [letters(filer.name)[:8] for filer in report.filing.filers])

    assert len(agreed) > 50
    assert sum(agreed) >= 0.95 * len(agreed)
