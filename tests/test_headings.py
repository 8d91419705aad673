"""The dresses in which an item's heading comes, and everything else that begins with the word "Item"."""

from datetime import date

import pytest

from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items
from handlers.parse.signature import signature_start
from handlers.parse.text import readable_text
from watcher import official_title
from watcher.items import CURRENT_ITEMS

NOW, EARLY, THEN = date(2020, 1, 2), date(2006, 1, 2), date(1999, 5, 5)
COVER = "<p>FORM 8-K</p><p>CURRENT REPORT Pursuant to Section 13 of the Securities Exchange Act of 1934</p>"
SIGNED = "<p>SIGNATURE</p><p>Pursuant to the requirements of the Securities Exchange Act of 1934, signed.</p>"
PRINTED_COVER = "                    FORM 8-K\n\n       CURRENT REPORT\n\n"
PRINTED_SIGNED = (
    "\n\n                    SIGNATURES\n\n     Pursuant to the requirements of the Securities Exchange Act of 1934,\n"
    "the registrant has duly caused this report to be signed.\n\n  By: /s/ A. Lee\n"
)
RESULTS = official_title("2.02")
WORDS = "We moved to a new office on May 1, 2020."
FIRST = f"<p><b>Item 7.01 Regulation FD Disclosure</b></p><p>{WORDS}</p>"
LAST = "<p>Item 9.01 Financial Statements and Exhibits</p><p>99.1 Release</p>"


def told(body: str, filed_on: date | None = NOW) -> list[tuple[str, str]]:
    text = readable_text(body.encode())
    headings = find_headings(text, filed_on)
    end = signature_start(text, headings[0].end if headings else 0)
    return [(item.number, item.text) for item in cut_items(text, headings, end, 1, filed_on)]


def told_of(body: str, filed_on: date | None = NOW) -> list[tuple[str, str]]:
    return told(f"<html><body>{COVER}{body}{SIGNED}</body></html>", filed_on)


def numbers_of(body: str, filed_on: date | None = NOW) -> str:
    return " ".join(number for number, _ in told_of(body, filed_on))


def printed(body: str, filed_on: date | None = THEN) -> list[tuple[str, str]]:
    return told(PRINTED_COVER + body + PRINTED_SIGNED, filed_on)


def numbers_printed(body: str, filed_on: date | None = THEN) -> str:
    return " ".join(number for number, _ in printed(body, filed_on))


@pytest.mark.parametrize("number", CURRENT_ITEMS)
def test_every_item_is_found_by_its_number_and_title(number: str) -> None:
    heading = f"<p>Item {number}. {official_title(number)}.</p>"

    assert told_of(f"{heading}<p>{WORDS}</p>") == [(number, WORDS)]


@pytest.mark.parametrize(
    "heading",
    [
        "ITEM 2.02",
        "Item 2.02:",
        "Item 2.02-",
        f"Item 2.02—{RESULTS}",
        "Item2.02",
        f"ITEM 2 .02 {RESULTS}",
        f"Item 2. 02 {RESULTS}",
        "Item  2 . 02",
        f"Item 2.0 2 {RESULTS}",
        f"I tem 2.02 {RESULTS}",
        f"It em 2.02. {RESULTS}",
        f"Item 202 {RESULTS}",
        f"Item 2.2 {RESULTS}",
        f"Item 2,02 {RESULTS}",
        f"Item 2-02 {RESULTS}",
        f"Item 2:02 {RESULTS}",
        f"Item 02.02 {RESULTS}",
        f"Item 2.O2 {RESULTS}",
        f"Item #2.02 {RESULTS}",
        f"Item Number 2.02: {RESULTS}",
        f"Item (2.02) {RESULTS}",
        f"Item [2.02] {RESULTS}",
        f"[Item 2.02] {RESULTS}",
        f"ITEMS 2.02 {RESULTS}",
        f"Item. 2.02 {RESULTS}",
        f"Iitem 2.02 {RESULTS}",
        f"Itme 2.02 {RESULTS}",
        f"tem 2.02 {RESULTS}",
        f"Section 2.02 {RESULTS}",
        f"2.02 {RESULTS}",
        "ITEM 2.02 RESULTS OF OPERATIONS AND FINANCAIL CONDITION",
        "ITEM2.02RESULTS OF OPERATIONS AND FINANCIAL CONDITION",
        "Item 2.02 Result of Operation and Financial Conditions",
        "Item 2.02 Disclosure of Results of Operations and Financial Condition",
        "Item 2.02 Earnings Release",
        "Item 2.02 Financial Results for the Second Quarter",
        "Item 2.02 - Regulation FD Disclosure",
        f"Item 2.02 “{RESULTS}”",
        f"Item 2.02 (Furnished) {RESULTS}",
        f"Item 2.02 of Form 8-K. {RESULTS}",
        f"Form 8-K, Item 2.02: {RESULTS}",
        f"Item 2.02, {RESULTS}",
        f"Item 2.02 / {RESULTS}",
        f"• Item 2.02 {RESULTS}",
        f"A. Item 2.02 {RESULTS}",
        f"1. Item 2.02 {RESULTS}",
        f"(1) Item 2.02 {RESULTS}",
        f"*Item 2.02* {RESULTS}",
        f"_Item 2.02_ {RESULTS}",
        f"Item&#8203; 2.02 {RESULTS}",
        f"Item 2&#46;02 {RESULTS}",
    ],
)
def test_a_heading_on_one_line_is_no_part_of_the_text(heading: str) -> None:
    assert told_of(f"<p><b>{heading}</b></p><p>{WORDS}</p>") == [("2.02", WORDS)]


@pytest.mark.parametrize(
    "heading",
    [
        f"<table><tr><td>Item 2.02</td><td>{RESULTS}</td></tr></table>",
        f"<table><tr><td>ITEM</td><td>2.02.</td><td>{RESULTS}</td></tr></table>",
        f"<table><tr><td>Item 2.02</td></tr><tr><td>{RESULTS}</td></tr></table>",
        f"<table><tr><td><div>Item 2.02</div></td><td><div>{RESULTS}</div></td></tr></table>",
        f"<table><tr><td>2.02</td><td>{RESULTS}</td></tr></table>",
        f"<p>I<font size=1>TEM</font> 2.02 {RESULTS}</p>",
        f"<p>Item<br>2.02<br>{RESULTS}</p>",
        f"<p>Item</p><p>2.02</p><p>{RESULTS}</p>",
        f"<p>Item 2.</p><p>02 {RESULTS}</p>",
        f"<p><span>Item</span><span> 2</span><span>.02</span><span> {RESULTS}</span></p>",
        f"<div>Item 2.02</div><div>&nbsp;</div><div>{RESULTS}</div>",
        "<p>Item 2.02 Results of Operations and</p><p>Financial Condition</p>",
        "<p>Item 2.02<br>Results of Operations<br>and Financial<br>Condition.</p>",
        f"<p>Section 2 – Financial Information</p><p>Item 2.02 {RESULTS}</p>",
        f"<p>Section 2 – Financial Information Item 2.02 {RESULTS}</p>",
        f"<p>SECTION 2 - FINANCIAL INFORMATIONItem 2.02 {RESULTS}</p>",
        f"<p>Section 2 – Financial Information<br>Item 2.02 {RESULTS}</p>",
        f"<p>FINANCIAL INFORMATION</p><p>Item 2.02 {RESULTS}</p>",
    ],
)
def test_a_heading_over_cells_tags_and_lines_is_no_part_of_the_text(heading: str) -> None:
    assert told_of(f"{heading}<p>{WORDS}</p>") == [("2.02", WORDS)]


@pytest.mark.parametrize(
    "paragraph",
    [
        f"<u>Item 2.02 {RESULTS}.</u> {WORDS}",
        f"<b>Item 2.02 {RESULTS}</b> – {WORDS}",
        f"Item 2.02 {RESULTS}: {WORDS}",
        f"<b>Item 2.02.</b> {WORDS}",
        f"<b>Item 2.02</b> {WORDS}",
        f"Item 2.02</p><p>{RESULTS}. {WORDS}",
    ],
)
def test_text_that_runs_on_behind_the_heading_is_the_items(paragraph: str) -> None:
    assert told_of(f"<p>{paragraph}</p>") == [("2.02", WORDS)]


@pytest.mark.parametrize(
    ("heading", "numbers"),
    [
        ("Item 2.02 and Item 7.01", "2.02 7.01"),
        ("Items 2.02, 7.01, and 9.01", "2.02 7.01 9.01"),
        ("Item 2.02 &amp; 7.01", "2.02 7.01"),
        ("Item 2.02. and Item 7.01.", "2.02 7.01"),
        ("Item 2.02 / Item 7.01", "2.02 7.01"),
        ("Item 2.02 - Item 7.01", "2.02 7.01"),
        ("Item 7.01/8.01", "7.01 8.01"),
        (f"Item 2.02. {RESULTS}. Item 7.01. Regulation FD Disclosure.", "2.02 7.01"),
        (f"Item 2.02 {RESULTS}, and Item 7.01 Regulation FD Disclosure", "2.02 7.01"),
        (f"Item 2.02 {RESULTS}<br>and<br>Item 7.01 Regulation FD Disclosure", "2.02 7.01"),
        (f"Item 2.02 {RESULTS}</p><p>and</p><p>Item 7.01 Regulation FD Disclosure", "2.02 7.01"),
        (f"Items 2.02 and 7.01. {RESULTS} and Regulation FD Disclosure", "2.02 7.01"),
        (f"Items 2.02 {RESULTS} and 7.01 Regulation FD Disclosure", "2.02 7.01"),
        ("Items 7.01 &amp; 8.01 Regulation FD Disclosure &amp; Other Events", "7.01 8.01"),
        (f"Item 1.01<br>Item 2.03<br>{official_title('1.01')}.<br>{official_title('2.03')}.", "1.01 2.03"),
        (f"Item 1.01 {official_title('1.01')}</p><p>Item 2.03 {official_title('2.03')}", "1.01 2.03"),
        ("Item 1.01(a), Item 3.02 and Item 5.02(b)", "1.01 3.02 5.02"),
        ("Items 1.01, 1.02, 2.03, 3.02, 5.01, 5.02, 8.01 and 9.01", "1.01 1.02 2.03 3.02 5.01 5.02 8.01 9.01"),
    ],
)
def test_a_heading_of_several_items_gives_each_the_same_text(heading: str, numbers: str) -> None:
    assert told_of(f"<p><b>{heading}</b></p><p>{WORDS}</p>") == [(number, WORDS) for number in numbers.split()]


@pytest.mark.parametrize(
    "part",
    [
        *("(b)", "(b),(c)", "(b), (c) and (d)", "(b)(c)(d)(e)", " (b) and (e)", "(b) – (e)", ".(b)", "b", "(b)/(c)"),
        *("(d) and 5.02(e)", "(b); (c); (d)", "(b) &amp; (c)", "(b) through (e)", " (B)"),
    ],
)
@pytest.mark.parametrize("title", ["", f" {official_title('5.02')}."])
def test_the_parts_of_an_item_belong_to_its_number(part: str, title: str) -> None:
    assert told_of(f"<p><b>Item 5.02{part}{title}</b></p><p>{WORDS}</p>") == [("5.02", WORDS)]


@pytest.mark.parametrize(
    "heading",
    [
        *("5.02 Appointment of Director", "5.02 Resignation of Officer", "8.01 Other Information", "8.01", "8.01."),
        *(
            "8.01 Press Release",
            "1.01 Material Definitive Agreement",
            "1.01 Amendment of a Material Definitive Agreement",
        ),
        *("5.03 Amendment to Bylaws", "5.03 Change in Fiscal Year", "3.02 Sale of Unregistered Securities"),
        *("4.01 Change in Accountants", "4.01 Changes in Registrants’ Certifying Accountants", "5.07 Shareholder Vote"),
        *(
            "5.01 Change of Control",
            "2.01 Acquisition of Assets",
            "9.01 Exhibits",
            "9.01 Financial Statement and Exhibits",
        ),
        *(
            "9.01. (d) Exhibits",
            "9.01(d) Exhibits",
            "1.04 Mine Safety – Reporting of Shutdowns",
            "6.02 Change of Servicer",
        ),
        "4.02 Non&#8209;Reliance on Previously Issued Financial Statements or a Related Audit Report",
    ],
)
def test_a_title_of_the_filers_own_is_no_part_of_the_text(heading: str) -> None:
    found = told_of(f"{FIRST}<p><b>Item {heading}</b></p><p>More words came here.</p>")

    assert found == [("7.01", WORDS), (heading[:4], "More words came here.")]


def test_a_title_of_the_filers_own_is_the_text_when_nothing_else_is() -> None:
    assert told_of(f"{FIRST}<p>Item 8.01 Press Release Attached</p>")[1] == ("8.01", "Press Release Attached")


def test_content_may_begin_with_the_words_of_the_title() -> None:
    words = "Other events occurred on May 1 and were told."

    assert told_of(f"<p>Item 8.01</p><p>{words}</p>") == [("8.01", words)]


def test_a_list_of_exhibits_below_the_bare_number_is_content() -> None:
    body = "<p>Item 9.01.</p><p>(d) Exhibits.</p><p>99.1 Release</p>"

    assert told_of(body) == [("9.01", "(d) Exhibits.\n\n99.1 Release")]


@pytest.mark.parametrize(
    "line",
    [
        "Item 2.03 above is incorporated by reference.",
        "Item 2.03 of this report is incorporated.",
        "Item 2.03 disclosure is incorporated by reference.",
        "Item 2.03 (as described above) is incorporated.",
        "Item 2.03, above, is incorporated herein.",
        "Item 2.03 hereof.",
        "Item 2.03 and Item 3.02 of this report are incorporated.",
        "Items 2.03 and 3.02 are incorporated by reference.",
        "Items 2.03 through 2.06 do not apply.",
        "Item 2.03 contains forward-looking statements.",
        "Item 2.03(b) of Form 8-K requires it.",
        "Item 2.03 Form 8-K disclosure is furnished.",
        f"Item 2.03 {official_title('2.03')} is incorporated.",
        "Item 5.02 Disclosure in this report is incorporated.",
        "Item 1.01 of the Company’s Current Report on Form 8-K filed on May 3, 2019",
        "Item 1.01 Form 8-K filed on May 3, 2019 is incorporated by reference.",
        "See Item 2.03.",
        f"Refer to Item 2.03 {official_title('2.03')}.",
        "“Item 2.03. Creation of a Direct Financial Obligation” is incorporated.",
        "Item 103 of Regulation S-K",
        "Item 401(b) of Regulation S-K",
        "Item 601 of Regulation S-K",
        "Item 1A. Risk Factors",
        "Item 1. Business",
        "Item 5. Directors and Executive Officers, Promoters and Control Persons",
        "Item 7. Management’s Discussion and Analysis of Financial Condition and Results of Operations",
        "Item 15. Exhibits and Financial Statement Schedules",
        "Part II, Item 8. Financial Statements and Supplementary Data",
        "Item 1. Election of directors",
        "Item No. 3: Advisory vote",
        "Item 1.1 Election of directors",
        "Item 2.1 Base salary",
        "Proposal 1.02 Election",
        "1.01 Definitions",
        "Section 5.02 Representations",
        "Section 8.01 Conditions to Closing",
        "2.02 Purchase price",
        "5.02 million shares were sold",
    ],
)
@pytest.mark.parametrize("filed_on", [NOW, None])
def test_a_line_that_only_speaks_of_an_item_is_no_heading(line: str, filed_on: date | None) -> None:
    assert numbers_of(f"{FIRST}<p>{line}</p><p>More words came here.</p>", filed_on) == "7.01"


@pytest.mark.parametrize(
    "lines",
    [
        "     The information in\nItem 2.03 of this report is incorporated.",
        "     As described in\nItem 1.01, the Company sold.",
        "     The text is furnished pursuant to Items 7.01 and\n8.01 Other Events of Form 8-K.",
        "     The information is being furnished under\nItem 2.02 Results of Operations and Financial Condition thus.",
        "     It was furnished pursuant to Item 7.01 (not\nItem 2.02 Results of Operations and Financial Condition).",
        "     More is told there under the heading\nItem 2.02 Results of Operations and Financial\nCondition in May.",
        '     This is furnished under "Item\n8.01 Other Events" as told.',
    ],
)
def test_a_line_in_the_middle_of_a_sentence_is_no_heading(lines: str) -> None:
    body = f"Item 7.01  Regulation FD Disclosure\n\n     We moved to a new office.\n\n{lines}\n\n     More.\n"

    assert numbers_printed(body, EARLY) == "7.01"


def test_a_heading_right_below_an_unfinished_line_is_one() -> None:
    body = (
        "Item 7.01  Regulation FD Disclosure\n\n     99.1  Press Release of the Company dated May 1\n"
        "Item 9.01 Financial Statements and Exhibits\n\n 99.1  Press Release\n"
    )

    assert numbers_printed(body, EARLY) == "7.01 9.01"


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Item 5. Other Events",
            "ITEM 5 - OTHER EVENTS",
            "Item 5:",
            "Item 5.",
            "ITEM 5",
            "ITEM NO. 5",
            "5. Other Events",
        ),
        *("ITEM FIVE. OTHER EVENTS", "Item V. Other Events", "Item 5(a) Other Events", "Item 5)  Other Events"),
        *("Item 5.  Other Materially Important Events", "Item 5. Other Matters", "ITEM 5. OTHER INFORMATION"),
        *("ITEM 5.OTHER EVENTS", "ITEM5.OTHER EVENTS", "Item\t5.\tOther Events", "Item  5.\n\n         Other Events."),
        *(
            "Item 5.   OTHER\n          EVENTS",
            "I T E M  5.  OTHER EVENTS",
            "                      Item 5. Other Events",
        ),
        *("ITEM 5.\nOTHER EVENTS\n------------", "=====\nItem 5. Other Events\n=====", "*Item 5. Other Events"),
    ],
)
def test_an_old_heading_is_no_part_of_the_text(heading: str) -> None:
    assert printed(f"{heading}\n\n     We moved to a new office.\n") == [("5", "We moved to a new office.")]


@pytest.mark.parametrize(
    ("heading", "number"),
    [
        ("Item 7(c)", "7"),
        ("Item 7. (c) Exhibits", "7"),
        ("Item 7.  Exhibits and Financial Statements", "7"),
        ("Item 4. Change in Accountants", "4"),
        ("Item 1. Change in Control", "1"),
        ("Item 6. Resignation of Directors", "6"),
        ("Item 2.  Acquisition of Assets", "2"),
        ("Item 3. Bankruptcy", "3"),
    ],
)
def test_an_old_title_may_be_bent(heading: str, number: str) -> None:
    assert printed(f"{heading}\n\n     We moved.\n") == [(number, "We moved.")]


@pytest.mark.parametrize(
    ("before", "numbers"),
    [
        ("Items 1-4.  Not applicable.\n\n", "5"),
        ("Items 1. - 4.  Not applicable.\n\n", "5"),
        ("Items 1 through 4.  Not Applicable.\n\n", "5"),
        ("Item 1 through Item 4.  Not applicable.\n\n", "5"),
        ("Items 1, 2, 3 and 4.  Not applicable.\n\n", "5"),
        ("Items 1, 2, 3, 4, 6, 8 and 9 are not applicable and therefore omitted.\n\n", "5"),
        ("Items 1 through 4, 6, 8 and 9 are not included because they are inapplicable.\n\n", "5"),
        ("Item 1.  Changes in Control of Registrant.\n\n     Not applicable.\n\nItem 2.  Not applicable.\n\n", "1 2 5"),
        ("Item 1.  Changes in Control of Registrant.  None.\n", "1 5"),
    ],
)
def test_items_that_do_not_apply_count_when_each_has_a_line(before: str, numbers: str) -> None:
    assert numbers_printed(f"{before}Item 5.  Other Events\n\n     We moved.\n") == numbers


def test_an_item_of_one_word_keeps_it() -> None:
    body = "Item 1.  Changes in Control of Registrant.  None.\nItem 5.  Other Events\n\n     We moved.\n"

    assert printed(body) == [("1", "None."), ("5", "We moved.")]


def test_parts_of_an_annual_report_that_an_old_filing_quotes_are_no_items() -> None:
    quoted = "".join(
        f"Item {number}.  {title}\n\n     So it was.\n\n"
        for number, title in (
            ("1", "Business"),
            ("6", "Selected Financial Data"),
            ("7", "Management's Discussion and Analysis"),
            ("8", "Financial Statements and Supplementary Data"),
        )
    )

    assert numbers_printed(f"Item 5.  Other Events\n\n     These were restated.\n\n{quoted}") == "5"


def test_the_points_of_a_list_in_an_old_filing_are_no_items() -> None:
    points = "Item 1.  Three Desks\n\nItem 2.  Four Chairs\n\n"
    body = (
        f"Item 5.  Other Events\n\n     Sold:\n\n{points}Item 7.  Financial Statements and Exhibits\n\n  99 Release\n"
    )

    assert numbers_printed(body) == "5 7"


@pytest.mark.parametrize(
    ("body", "filed_on", "numbers"),
    [
        ("Items 5 and 7.  Other Events and Financial Statements and Exhibits\n\n  We moved.\n", THEN, "5 7"),
        ("Item 9. and Item 12. Regulation FD Disclosure and Results\n\n  We moved.\n", date(2003, 9, 1), "9 12"),
        ("Item 9. Regulation FD Disclosure (Item 12. Results of Operations)\n\n  We moved.\n", date(2003, 5, 1), "9"),
        ("Item 2.02 Results of Operations and Financial Condition\n\n We earned.\n", date(2004, 8, 20), "2.02"),
        ("Item 12. Results of Operations and Financial Condition\n\n We earned.\n", date(2004, 9, 20), "12"),
        (
            "Items 1.01, 2.03,\n          3.02 and 9.01.  Entry into an Agreement\n\n  So.\n",
            EARLY,
            "1.01 2.03 3.02 9.01",
        ),
    ],
)
def test_numbers_of_both_lists_around_their_change(body: str, filed_on: date, numbers: str) -> None:
    assert numbers_printed(body, filed_on) == numbers


def test_a_section_with_an_items_title_means_that_item() -> None:
    body = (
        f"<p>Item 8. Other Events</p><p>{WORDS}</p><p>Item 9. Financial Statements and Exhibits</p><p>99.1 Release</p>"
    )

    assert told_of(body) == [("8.01", WORDS), ("9.01", "99.1 Release")]


def rows(*lines: tuple[str, str]) -> str:
    return "".join(f"<tr><td>{words}</td><td>{page}</td></tr>" for words, page in lines)


NOTE = "<p>Explanatory Note</p><p>This report is filed to tell of what happened, and of nothing else at all.</p>"
LINES = ("Item 7.01 Regulation FD Disclosure", "Item 9.01 Financial Statements and Exhibits")


@pytest.mark.parametrize(
    "contents",
    [
        f"<table>{rows((LINES[0], '2'), (LINES[1], '3'), ('SIGNATURES', '4'))}</table>",
        f"<table>{rows((LINES[0][5:], '2'), (LINES[1][5:], '3'))}</table>",
        f"<p>TABLE OF CONTENTS</p><p>{LINES[0]}</p><p>{LINES[1]}</p>",
        f"<p>{LINES[0]}<br>{LINES[1]}<br>SIGNATURES<br>Exhibit Index<br>EX-99.1 Release</p>",
        f"<p>{LINES[0]}</p><p>The Release</p><p>Risk Factors</p><p>{LINES[1]}</p><p>SIGNATURES</p>{NOTE}",
        f"<p>Section 7 – Regulation FD</p><p>{LINES[0]}</p><p>Section 9 – Exhibits</p><p>{LINES[1]}</p>",
        f"<p>TABLE OF CONTENTS</p><p>{LINES[0]}</p><p>SIGNATURES</p>",
        f"<p>{LINES[0]}</p><p>SIGNATURE</p><p>EX-99.1</p>",
        f"<p>CONTENTS</p><p>{LINES[0]} 3</p>",
    ],
)
def test_a_table_of_contents_is_left_out(contents: str) -> None:
    assert told_of(contents + FIRST + LAST) == [("7.01", WORDS), ("9.01", "99.1 Release")]


def test_a_line_of_contents_counts_when_nothing_else_names_the_item() -> None:
    contents = f"<table>{rows((LINES[0], '2'), ('Item 8.01 Other Events', '3'))}</table>"

    assert numbers_of(contents + FIRST + LAST) == "8.01 7.01 9.01"


@pytest.mark.parametrize("words", ["(continued)", "(Cont’d)", official_title("5.02")])
def test_a_heading_on_top_of_the_next_page_begins_no_item(words: str) -> None:
    body = f"<p>Item 5.02 {official_title('5.02')}</p><p>{WORDS}</p><p>Item 5.02 {words}</p><p>Far.</p>{LAST}"

    assert numbers_of(body) == "5.02 9.01"


def test_each_part_of_an_item_may_have_a_heading() -> None:
    parts = "<p>Item 5.02(b)</p><p>She left.</p><p>Item 5.02(d) Election of Directors</p><p>He came.</p>"
    found = told_of(FIRST + parts + LAST)

    assert [number for number, _ in found] == ["7.01", "5.02", "9.01"]
    assert found[1][1].startswith("She left.")


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (f"<p>On May 1 we filed a report. Item 9.01 is amended to read as follows:</p>{LAST}", "9.01"),
        (f"<p>This Amendment No. 1 amends</p><p>Item 9.01 of the Form 8-K to include what follows.</p>{LAST}", "9.01"),
        (f"<p>Item 9.01 is hereby amended as follows.</p>{LAST}", "9.01"),
        ("<p>Item 9.01 of the Original Report is hereby amended to read:</p><p>99.1 Release</p>", "9.01"),
        (
            f"{FIRST}<p>Item 9.01 of the Original Report is hereby amended to include:</p><p>99.1 Release</p>",
            "7.01 9.01",
        ),
    ],
)
def test_an_amendment_is_of_the_items_that_it_amends(body: str, numbers: str) -> None:
    assert numbers_of(body) == numbers


def test_the_information_of_form_10_in_a_long_report_is_no_item() -> None:
    inner = "<p>Item 1. Business</p><p>b</p><p>Item 1A. Risk Factors</p><p>r</p><p>Item 7. Certain Relationships</p>"
    body = f"<p>Item 2.01 Completion of Acquisition or Disposition of Assets</p><p>{WORDS}</p>{inner}{LAST}"

    assert numbers_of(body, None) == "2.01 9.01"


def test_the_rows_of_an_exhibit_list_are_no_items() -> None:
    listed = rows(("2.01", "Agreement of acquisition"), ("5.01", "Opinion"), ("3.02", "Amendments to Articles"))

    assert (
        numbers_of(f"{FIRST}<p>Item 9.01 Financial Statements and Exhibits</p><table>{listed}</table>") == "7.01 9.01"
    )


def test_what_follows_the_signature_is_no_item() -> None:
    after = "\n\n                EXHIBIT 99\n\nItem 7. Financial Statements and Exhibits\n\n     So.\n"

    assert [number for number, _ in told(f"Item 5.  Other Events\n\n We moved.\n{PRINTED_SIGNED}{after}", THEN)] == [
        "5"
    ]


def test_words_of_duty_within_an_item_are_no_signature() -> None:
    duty = "<p>Pursuant to the requirements of the Securities Exchange Act of 1934, we must tell.</p>"

    assert numbers_of(f"<p>Item 8.01 Other Events</p>{duty}{LAST}") == "8.01 9.01"


@pytest.mark.parametrize(
    "signature",
    [
        "In accordance with the Exchange Act, the registrant caused this report to be signed on its behalf.",
        "SIGNATURES\n\nThe registrant has duly caused this Current Report on Form 8-K to be signed.",
        "S I G N A T U R E\n\nDate: May 1, 1999\n\nBy: /s/ A. Lee",
        "PURSUANT TO THE REQUIREMENTS OF THE SECURITIES EXCHANGE ACT OF 1934, THE REGISTRANT\n\nBy: /s/ A. Lee",
    ],
)
def test_a_signature_under_other_words_is_no_part_of_the_item(signature: str) -> None:
    assert told(f"Item 5.  Other Events\n\n     We moved.\n\n{signature}\n", THEN) == [("5", "We moved.")]


def test_a_document_without_lines_is_read_by_its_titles() -> None:
    body = (
        f"<p>FORM 8-K Acme Inc. Item 2.02 {RESULTS}. We earned. Item 9.01 Financial Statements and Exhibits. 99.1 x</p>"
    )

    assert told_of(body) == [("2.02", "We earned."), ("9.01", "99.1 x")]


def test_a_document_without_numbers_is_read_by_its_titles() -> None:
    body = f"<p><b>{RESULTS}</b></p><p>{WORDS}</p><p>Financial Statements and Exhibits</p><p>99.1 Release</p>"

    assert told_of(body) == [("2.02", WORDS), ("9.01", "99.1 Release")]


def test_a_press_release_alone_has_no_item() -> None:
    assert told_of("<p>See the attached press release.</p>") == []


@pytest.mark.parametrize(
    "foot", ["Table of Contents", "2\n\nTable of Contents", "<PAGE>", "_________", "* * *", "Page 3"]
)
def test_what_a_page_ends_on_is_no_part_of_the_item(foot: str) -> None:
    text = f"Item 8.01 Other Events.\n\nWe moved.\n\n{foot}\n\nItem 9.01 Exhibits\n\n99.1\tRelease\n"
    headings = find_headings(text, NOW)

    assert [item.text for item in cut_items(text, headings, len(text), 1)] == ["We moved.", "99.1\tRelease"]
