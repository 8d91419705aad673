"""Item headings in every dress, and everything that only looks like one."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items
from handlers.parse.signature import signature_start
from handlers.parse.text import readable_text
from watcher import Item, is_item_number, number_of_wording, official_title, split_submission

NOW, THEN = date(2020, 1, 2), date(1999, 5, 5)
FURNITURE = re.compile(
    r"(?:\n\n[1-9]\d?|table of contents|<page>|_{3,})\s*\Z|\A\W*(?:item|section)\s+\d", re.IGNORECASE
)
SIGNED = "<p>SIGNATURE</p><p>Pursuant to the requirements of the Securities Exchange Act of 1934, signed.</p>"


def items(body: str, filed_on: date = NOW) -> tuple[Item, ...]:
    text = readable_text(body.encode())
    headings = find_headings(text, filed_on)
    end = signature_start(text, headings[0].end if headings else 0)
    return cut_items(text, headings, end, 1, filed_on)


def told(body: str, filed_on: date = NOW) -> list[tuple[str, str]]:
    return [(item.number, item.text) for item in items(body, filed_on)]


@pytest.mark.parametrize(
    "heading",
    [
        "<p>Item 8.01 Other Events</p>",
        "<p><b>ITEM 8.01. OTHER EVENTS.</b></p>",
        "<p>Item 8.01: Other Events:</p>",
        "<p>Item 8.01 — Other Events</p>",
        "<p>Item&nbsp;8.01.&nbsp;&nbsp;Other&nbsp;Events.</p>",
        "<p>Item&#8201;8.01&#8195;Other Events</p>",
        "<p>(Item 8.01) Other Events</p>",
        "<p>I T E M 8.01 Other Events</p>",
        "<p>Item No. 8.01 Other Events</p>",
        "<p>Item8.01. Other Events</p>",
        "<p>8.01 Other Events</p>",
        "<p>Item 8.O1 Other Events</p>",
        "<p>Item 8.1 Other Events</p>",
        "<p>I<b>tem</b> 8.<font>01</font> Oth<i>er</i> Events</p>",
        "<p>Item<br>8.01<br><br>Other Events.</p>",
        "<p>Item 8.01</p><p>Other Events</p>",
        "<p>Item 8.01</p>",
        "<ul><li>Item 8.01 Other Events</li></ul>",
        "<table><tr><td><b>Item 8.01</b></td><td>Other Events.</td></tr></table>",
        "<table><tr><td>Item</td><td>8.01</td><td>Other Events.</td></tr></table>",
        "<p>--------------Item 8.01 Other Events</p>",
        "<p>Section 8 - Other Events</p><p>Item 8.01 Other Events</p>",
        "<p>Section 8 - Other Events Item 8.01 Other Events</p>",
    ],
)
def test_a_heading_in_any_dress_is_found_and_is_no_part_of_the_text(heading: str) -> None:
    assert told(f"<p>Cover.</p>{heading}<p>We moved.</p>{SIGNED}") == [("8.01", "We moved.")]


@pytest.mark.parametrize(
    "heading",
    [
        "Item 5. Other Events",
        "ITEM 5 -- OTHER EVENTS",
        "Item5.    Other Events.",
        "Item No. 5\n\n   Other Events",
        "------------------Item 5. Other Events",
        "    ITEM 5.  OTHER EVENTS AND\n             REGULATION FD DISCLOSURE",
        "Item 5.\n\nOther Events.",
    ],
)
def test_an_old_heading_in_any_dress_is_found(heading: str) -> None:
    assert told(f"Cover.\n\n{heading}\n\nWe moved.\n", THEN) == [("5", "We moved.")]


@pytest.mark.parametrize(
    ("heading", "numbers"),
    [
        ("Items 2.02 and 7.01. Results of Operations and Financial Condition; Regulation FD Disclosure.", "2.02 7.01"),
        ("Item 2.02 Results of Operations and Financial Condition and Item 7.01 Regulation FD Disclosure", "2.02 7.01"),
        ("Item 2.02/7.01 Results of Operations and Financial Condition", "2.02 7.01"),
        ("Items 1.01(a) and 5.02(e)", "1.01 5.02"),
        ("Items 1.01, 2.03, 3.02 and 9.01", "1.01 2.03 3.02 9.01"),
        (
            (
                "Item 1.01. Entry into a Material Definitive Agreement.<br>"
                "Item 3.02. Unregistered Sales of Equity Securities."
            ),
            "1.01 3.02",
        ),
    ],
)
def test_items_under_one_combined_heading_share_its_span(heading: str, numbers: str) -> None:
    found = items(f"<p>{heading}</p><p>We sold.</p>{SIGNED}")

    assert [item.number for item in found] == numbers.split()
    assert {(item.start, item.end, item.text) for item in found} == {(found[0].start, found[0].end, "We sold.")}


@pytest.mark.parametrize(
    "line",
    [
        "<p>Item 2.03 of this report is incorporated.</p>",
        "<p>Item 2.03 above is incorporated by reference.</p>",
        "<p>Item 2.03, which is incorporated by reference, says so.</p>",
        "<p>The information in Item 2.03 is incorporated.</p>",
        "<p>“Item 2.03 Creation of a Direct Financial Obligation” was quoted.</p>",
        "<p>the matter described under<br>Item 2.03 Creation of a Direct Financial Obligation</p>",
        "<p>Item 1. Election of directors.</p>",
        "<p>Item 404(a) of Regulation S-K applies.</p>",
        "<p>Item 7. Management's Discussion and Analysis</p>",
        "<p>Part II, Item 8. Financial Statements and Supplementary Data</p>",
    ],
)
def test_what_only_speaks_of_an_item_is_no_heading(line: str) -> None:
    body = f"<p>Item 5.07 Submission of Matters to a Vote of Security Holders</p><p>Votes.</p>{line}{SIGNED}"

    assert [number for number, _ in told(body)] == ["5.07"]


@pytest.mark.parametrize("pages", [("2", "3", "4"), ("", "", "")])
def test_a_table_of_contents_is_never_an_item(pages: tuple[str, str, str]) -> None:
    rows = zip(
        ("Item 7.01 Regulation FD Disclosure", "Item 9.01 Financial Statements and Exhibits", "SIGNATURES"),
        pages,
        strict=True,
    )
    contents = "".join(f"<tr><td>{words}</td><td>{page}</td></tr>" for words, page in rows)
    body = (
        f"<p>TABLE OF CONTENTS</p><table>{contents}</table><p>EX-99.1 Press release</p>"
        "<p>Item 7.01 Regulation FD Disclosure</p><p>News.</p>"
        f"<p>Item 9.01 Financial Statements and Exhibits</p><p>None.</p>{SIGNED}"
    )

    assert told(body) == [("7.01", "News."), ("9.01", "None.")]


def test_dotted_leaders_mark_a_line_of_contents() -> None:
    body = "Item 5 - Other Events................ 3\n\nITEM 5 -- OTHER EVENTS\n\nWe moved.\n"

    assert told(body, THEN) == [("5", "We moved.")]


def test_items_out_of_order_keep_their_order() -> None:
    first = "<p>Item 9.01 Financial Statements and Exhibits</p><p>None.</p>"
    body = f"{first}<p>Item 8.01 Other Events</p><p>We moved.</p>{SIGNED}"

    assert told(body) == [("9.01", "None."), ("8.01", "We moved.")]


def test_a_heading_repeated_on_the_next_page_goes_on_with_the_item() -> None:
    body = f"<p>Item 8.01 Other Events</p><p>We moved.</p><p>Item 8.01 Other Events (continued)</p><p>Far.</p>{SIGNED}"
    (item,) = items(body)

    assert item.text.startswith("We moved.")
    assert item.text.endswith("Far.")


def test_a_table_stays_in_the_item() -> None:
    table = "<table><tr><td>Lee</td><td>5</td></tr></table>"
    body = f"<p>Item 5.07 Submission of Matters to a Vote of Security Holders</p>{table}{SIGNED}"

    assert told(body) == [("5.07", "Lee\t5")]


def test_the_signature_is_no_part_of_the_last_item() -> None:
    assert told(f"<p>Item 8.01 Other Events</p><p>We moved.</p>{SIGNED}")[-1] == ("8.01", "We moved.")


def test_words_behind_the_title_on_its_line_are_content() -> None:
    assert told(f"<p>Item 8.01 Other Events. On May 1 we moved away.</p>{SIGNED}") == [
        ("8.01", "On May 1 we moved away.")
    ]


def test_the_span_holds_heading_and_content() -> None:
    body = f"<p>Cover.</p><p>Section 8 - Other Events</p><p>Item 8.01 Other Events</p><p>We moved.</p>{SIGNED}"
    text = readable_text(body.encode())
    (item,) = items(body)

    assert text[item.start : item.end].strip() == "Section 8 - Other Events\n\nItem 8.01 Other Events\n\nWe moved."


def test_an_item_that_is_not_in_the_form_is_no_item() -> None:
    assert told(f"<p>Item 5.99 Other Events</p><p>We moved.</p>{SIGNED}") == []


@pytest.mark.parametrize("line", ["Items 1-4. Not applicable.", "Items 1 through 4. Not applicable."])
def test_a_range_of_items_that_do_not_apply_is_no_heading(line: str) -> None:
    assert told(f"{line}\n\nItem 5. Other Events\n\nWe moved.\n", THEN) == [("5", "We moved.")]


def test_old_numbers_are_no_items_today() -> None:
    assert told(f"<p>Item 5. Other Events</p><p>We moved.</p>{SIGNED}") == []


@pytest.mark.parametrize(
    ("number", "title"),
    [
        ("5.03", "Amendments to Articles of Incorporation or Bylaws; Change in Fiscal Year"),
        ("1.05", "Material Cybersecurity Incidents"),
        ("7", "Financial Statements and Exhibits"),
        ("5.99", ""),
    ],
)
def test_titles_are_official(number: str, title: str) -> None:
    assert official_title(number) == title


def test_item_9_had_another_meaning_before_regulation_fd() -> None:
    assert official_title("9", date(1998, 1, 1)) == "Sales of Equity Securities Pursuant to Regulation S"
    assert official_title("9", date(2001, 1, 1)) == "Regulation FD Disclosure"


@pytest.mark.parametrize(
    ("wording", "filed_on", "number"),
    [
        ("Regulation FD Disclosure", date(2004, 8, 22), "9"),
        ("Regulation FD Disclosure", date(2004, 8, 23), "7.01"),
        ("Results of Operations and Financial Condition", date(2003, 9, 1), "12"),
        ("Financial statements and exhibits", None, "7"),
        ("Financial Statements and Exhibits", None, "9.01"),
        ("Other events", None, "5"),
        ("Cost Associated with Exit or Disposal Activities", NOW, "2.05"),
        ("Material Modifications to Rights of Security Holders", NOW, "3.03"),
        ("Amendments to the Registrant.s Code of Ethics", date(2003, 9, 1), "10"),
        ("Shareholder Nominations Pursuant to Exchange Act Rule 14a-11", NOW, "5.08"),
        ("Weather", NOW, None),
    ],
)
def test_edgars_wording_names_an_item(wording: str, filed_on: date | None, number: str | None) -> None:
    assert number_of_wording(wording, filed_on) == number


def test_edgars_interior_colon_makes_no_difference() -> None:
    assert number_of_wording(official_title("5.02").replace("Officers; Comp", "Officers: Comp"), NOW) == "5.02"


def test_numbers_of_both_lists_are_item_numbers() -> None:
    assert [text for text in ("5.02", "12", "13", "14", "5.09", "x") if is_item_number(text)] == ["5.02", "12", "13"]


def test_spans_lie_end_to_end_in_every_real_filing(shared: Path) -> None:
    for path in sorted((shared / "corpus").glob("[fm]*/*")):
        submission = split_submission(path.read_bytes(), path.name)
        if not submission.documents:
            continue
        text = readable_text(submission.documents[0].body())
        headings = find_headings(text, submission.filed_on)
        end = signature_start(text, headings[0].end)
        found = cut_items(text, headings, end, 1, submission.filed_on)

        for one, other in pairwise(found):
            assert other.start in (one.start, one.end), path.name
        assert found[-1].end == end, path.name
        for item in found:
            assert item.text, (path.name, item.number)
            assert "duly caused this report" not in item.text, path.name
            assert not FURNITURE.search(item.text), (path.name, item.number)
            assert number_of_wording(item.text, submission.filed_on) is None, (path.name, item.number)


def test_the_tables_of_real_filings_stay_in_their_items(shared: Path) -> None:
    for path in sorted((shared / "corpus").glob("[fm]*/*")):
        submission = split_submission(path.read_bytes(), path.name)
        text = readable_text(submission.documents[0].body())
        headings = find_headings(text, submission.filed_on)
        end = signature_start(text, headings[0].end)
        found = cut_items(text, headings, end, 1, submission.filed_on)

        within = text[headings[0].start : end].split("\n")
        rows = {
            line.strip() for line in within if line.count("\t") > 1 and not line.lstrip().lower().startswith("item")
        }
        kept = {line.strip() for item in found for line in item.text.split("\n")}
        assert rows <= kept, path.name


@pytest.mark.parametrize("foot", ["2", "- 2 -", "Page 2"])
def test_the_number_of_the_page_is_no_part_of_the_item(foot: str) -> None:
    text = f"Item 8.01 Other Events.\n\nSomething happened.\n\n{foot}\n\n"

    (item,) = cut_items(text, find_headings(text, None), len(text), 1)

    assert item.text == "Something happened."


def test_a_number_in_a_table_stays() -> None:
    text = "Item 8.01 Other Events.\n\nShares\tHeld\n\nA\t12\nB\t7\n"

    (item,) = cut_items(text, find_headings(text, None), len(text), 1)

    assert item.text.endswith("B\t7")
