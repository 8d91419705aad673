"""Amended reports: which report they amend, as far as they tell."""

from datetime import date

import pytest

from handlers.parse import ParseEightK
from handlers.parse.amendment import read_amendment
from handlers.parse.cover import read_cover
from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items
from watcher import Amendment, Document
from watcher.testing import handled, submission

COVER = """FORM 8-K/A

{line}

CURRENT REPORT

Date of Report (Date of earliest event reported): February 26, 2021

MADE UP WIDGETS, INC.
(Exact name of registrant as specified in its charter)

"""
ITEM = "Item 9.01 Financial Statements and Exhibits.\n\n(a) Financial statements.\n\nThey are filed herewith.\n"
NOTE = "EXPLANATORY NOTE\n\n"


def amended(body: str, line: str = "") -> Amendment:
    text = COVER.format(line=line) + body
    headings = find_headings(text)
    first = headings[0].start if headings else len(text)
    items = cut_items(text, headings, len(text), 1)
    return read_amendment(Document(1, "8-K/A", "", "", 1, text), items, first, len(text), read_cover("", text[:first]))


@pytest.mark.parametrize(
    "words",
    [
        "This Form 8-K/A amends the Current Report on Form 8-K filed with the SEC on March 3, 2021.",
        "This Amendment No. 1 amends the Form 8-K originally filed by Widgets, Inc. (the “Company”) on March 3, 2021.",
        "On March 3, 2021, Made Up Widgets, Inc. filed a Current Report on Form 8-K, which is hereby amended.",
        "On March 3, 2021, we filed a Form 8-K (the “Original Report”) that was dated March 1, 2021. It is amended.",
        "This Amendment No. 2 to the Form 8-K first filed on March 3, 2021 replaces the one filed on March 9, 2021.",
        "This report is the same as the 8K filed March 3,2021 but for a letter dated April 8, 2021.",
    ],
)
def test_the_day_on_which_the_amended_report_was_filed_is_read(words: str) -> None:
    assert amended(NOTE + words + "\n\n" + ITEM).original_filed_on == date(2021, 3, 3)


@pytest.mark.parametrize(
    "words",
    [
        "This amends our Current Report on Form 8-K dated February 26, 2021.",
        "This Amendment No. 1 to the Current Report on Form 8-K of Widgets, Inc. dated February 26, 2021 is filed.",
        "The registrant amends its Current Report on Form 8-K dated February 26, 2021, filed March 3, 2021.",
    ],
)
def test_the_date_that_the_amended_report_bears_is_read(words: str) -> None:
    assert amended(NOTE + words + "\n\n" + ITEM).original_dated == date(2021, 2, 26)


@pytest.mark.parametrize(
    "words",
    [
        "This Amendment No. 1 on Form 8-K/A is filed to include a press release that was issued on March 8, 2021.",
        "The Company amends its Form 8-K to state that the year ended December 31, 2020.",
        "This Form 8-K/A amends the Form 8-K, to which a press release dated March 1, 2021 was attached.",
    ],
)
def test_other_dates_are_not_the_reports(words: str) -> None:
    found = amended(NOTE + words + "\n\n" + ITEM)

    assert (found.original_filed_on, found.original_dated) == (None, None)


def test_the_cover_may_name_the_amended_report() -> None:
    found = amended(ITEM, "(Amendment No. 1 to Form 8-K filed March 3, 2021)")

    assert (found.number, found.original_filed_on) == (1, date(2021, 3, 3))


@pytest.mark.parametrize(
    ("words", "items"),
    [
        ("This Form 8-K/A amends Item 4.01 of the Form 8-K filed on March 3, 2021.", ("4.01",)),
        ("This amends Items 2.01 and 9.01 of the Form 8-K.", ("2.01", "9.01")),
        ("This amendment gives the statements required by Item 9.01(a) and 9.01(b).", ("9.01",)),
        ("The words of Item 4.01 of the Form 8-K are superseded in their entirety.", ("4.01",)),
        ("This amends Item 4.01 of the Form 8-K. Item 5.02 remains unchanged.", ("4.01",)),
        ("This amends the Form 8-K. Except as stated, Item 5.02 is as it was.", ()),
    ],
)
def test_the_items_that_it_says_it_amends(words: str, items: tuple[str, ...]) -> None:
    assert amended(NOTE + words + "\n\n" + ITEM).items == items


def test_the_note_is_told_with_its_place() -> None:
    found = amended(NOTE + "This amends the Form 8-K.\n\nNothing else is changed.\n\n" + ITEM)
    text = COVER.format(line="") + NOTE + "This amends the Form 8-K.\n\nNothing else is changed.\n\n" + ITEM

    assert found.text == "This amends the Form 8-K.\n\nNothing else is changed."
    assert text[found.start : found.end].strip() == found.text
    assert found.document == 1


def test_a_note_needs_no_heading() -> None:
    words = "This Form 8-K/A amends Item 9.01 of the Form 8-K filed on March 3, 2021 to read as set forth below."

    assert amended(words + "\n\n" + ITEM).text == words


def test_what_stands_in_an_item_counts_where_there_is_no_note() -> None:
    words = "This Form 8-K/A Amendment No. 3 amends the Form 8-K filed by the Company on March 3, 2021."
    found = amended(f"Item 2.01 Completion of Acquisition or Disposition of Assets.\n\n{words}\n\nMore.\n")

    assert (found.number, found.original_filed_on, found.text) == (3, date(2021, 3, 3), "")


def test_the_covers_own_description_is_read() -> None:
    text = COVER.format(line="") + ITEM
    cover = {"amendment_description": "Amends the Form 8-K filed on March 3, 2021.", "amendment_number": 2}

    found = read_amendment(Document(1, "8-K/A", "", "", 1, text), (), len(text), len(text), cover)

    assert (found.number, found.original_filed_on) == (2, date(2021, 3, 3))
    assert found.description == "Amends the Form 8-K filed on March 3, 2021."


def test_an_amendment_that_tells_nothing_has_nothing() -> None:
    assert amended(ITEM) == Amendment()


@pytest.mark.parametrize("seed", range(6))
def test_a_made_up_amendment_has_one_and_its_original_none(seed: int) -> None:
    assert handled(submission(seed=seed, form="8-K"), ParseEightK()).amendment is None
    found = handled(submission(seed=seed, form="8-K/A"), ParseEightK()).amendment

    assert found is not None
    assert found.number == 1
