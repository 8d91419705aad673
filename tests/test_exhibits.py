"""Exhibits: lists in any dress, joined with the documents, the links, and what the 8-K itself holds."""

from pathlib import Path

import pytest

from handlers.parse import ParseEightK
from handlers.parse.exhibit_list import read_list
from handlers.parse.exhibits import find_exhibits
from handlers.parse.links import find_links
from watcher import Document, Exhibit
from watcher.testing import handled, submission

ARCHIVE = "https://www.sec.gov/Archives/edgar/data/123456/000123456720000007"


def listed(text: str) -> list[tuple[str, str]]:
    return [(entry.number, entry.title) for entry in read_list(text)]


def filed(number: str, sequence: int = 2, filename: str = "", description: str = "") -> Document:
    return Document(sequence, f"EX-{number}", filename or f"d{sequence}.htm", description, 5, f"Text of {sequence}.")


def joined(exhibits: tuple[Exhibit, ...]) -> list[tuple[str, int | None]]:
    return [(exhibit.number, exhibit.document) for exhibit in exhibits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(d) Exhibits.\n\nExhibit No.\tDescription\n99.1\tPress release\tFiled herewith", [("99.1", "Press release")]),
        ("(d) Exhibits\n\nExhibit\nNumber\n\n99.1\n\nPress release\n\n99.2\n\nSlides\n\nSIGNATURES",
         [("99.1", "Press release"), ("99.2", "Slides")]),
        ("(c) Exhibits.\n\n     (16) Letter to the Commission,\n          dated May 1, 1999.\n\n     (99) Release.\n",
         [("16", "Letter to the Commission, dated May 1, 1999"), ("99", "Release")]),
        ("(c) Exhibits.\n\n       2    Plan of merger\n       4.1  Indenture\n\n                    3\n",
         [("2", "Plan of merger"), ("4.1", "Indenture")]),
        ("(c) Exhibits\n\n      1.   Plan of Merger, dated as of\n           May 1, 1996.\n",
         [("1", "Plan of Merger, dated as of May 1, 1996")]),
        ("(c) Exhibits\n\n   12(c) --  Ratio of earnings\n   24(d) --  Consent\n",
         [("12(c)", "Ratio of earnings"), ("24(d)", "Consent")]),
        ("(c) Exhibits\n\n Description           Exhibit No.\n Form of note             4.1\n",
         [("4.1", "Form of note")]),
        ("(d) Exhibits\n\nDescription\tExhibit Number\nForm of note\t4.1", [("4.1", "Form of note")]),
        ("Exhibit 99.1: Press release.\nExhibit 99.2: Slides.", [("99.1", "Press release"), ("99.2", "Slides")]),
        ("(d) Exhibits.\n\n2\t.1*\tPurchase Agreement\n23\t.1\tConsent",
         [("2.1", "Purchase Agreement"), ("23.1", "Consent")]),
        ("(d) Exhibits\n\n99.(A)(1)\tOffer to Purchase", [("99(A)(1)", "Offer to Purchase")]),
        ("(c) Exhibits\n\n   10-1   Agreement\n   99-A   Press release\n",
         [("10-1", "Agreement"), ("99-A", "Press release")]),
        ("(d) Exhibits\n\n101.INS\tInstance Document\n104\tCover Page",
         [("101.INS", "Instance Document"), ("104", "Cover Page")]),
        ("(d) Exhibits\n\nEX-104\tCover Page", [("104", "Cover Page")]),
        ("     2.1     Plan of Merger ................ 5\n     99.1    Press release        67\n",
         [("2.1", "Plan of Merger"), ("99.1", "Press release")]),
        ("10.1\tAmendment to the agreement among Made Up, Inc.,\nthe lenders and the agent.\tFiled herewith",
         [("10.1", "Amendment to the agreement among Made Up, Inc., the lenders and the agent")]),
    ],
)  # fmt: skip
def test_a_list_in_any_dress_is_read(text: str, expected: list[tuple[str, str]]) -> None:
    assert listed(text) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Press release (filed herewith)", "Press release"),
        ("Press release. Furnished herewith.", "Press release"),
        ("Press release*", "Press release"),
        ("† Press release", "Press release"),
        ("Press release of Made Up, Inc.", "Press release of Made Up, Inc."),
        ("Consent of Law LLP (included in Exhibit 5.1)", "Consent of Law LLP (included in Exhibit 5.1)"),
        ("2.75% Notes due 2030", "2.75% Notes due 2030"),
        ("364-Day Credit Agreement", "364-Day Credit Agreement"),
        ("$500 million credit facility", "$500 million credit facility"),
        ("news of eCompany", "news of eCompany"),
    ],
)
def test_a_title_is_what_the_list_calls_it_without_marks(title: str, expected: str) -> None:
    assert listed(f"(d) Exhibits\n\n99.1\t{title}") == [("99.1", expected)]


def test_the_mark_of_a_note_is_no_part_of_number_or_title() -> None:
    assert listed("99.1(1)\tPress release (1)\n\n(1) Furnished, not filed.") == [("99.1", "Press release")]


@pytest.mark.parametrize(
    "text",
    [
        "(a) Financial statements of businesses acquired.\n\n(1)\tThe statements will be filed by amendment.",
        "(d) Exhibits.\n\n99.1\n\nTable of Contents\n",
        "(d) Exhibits.\n\nExhibits 99.1 and 99.2 are furnished.\n",
        "(d) Exhibits.\n\nNone.\n\n4\n\nTable of Contents\n",
    ],
)
def test_what_lists_no_exhibit_gives_none(text: str) -> None:
    assert listed(text) == []


def test_numbers_in_statements_before_the_list_are_no_exhibits() -> None:
    text = "(a) Statements\n\n10.1  Cash and such\n23.4  Debt\n\n(d) Exhibits\n\n99.1  Press release\n"

    assert listed(text) == [("99.1", "Press release")]


def test_the_index_behind_the_signature_counts_where_it_names_what_was_filed() -> None:
    text = "SIGNATURE\n\nEXHIBIT INDEX\n\nNo.\n99.1 Plan of Merger\n"
    main = Document(1, "8-K", "a.txt", "", 9, text)

    exhibits = find_exhibits(["(c) Exhibits\n\n   1.  Plan of Merger\n"], [filed("99.1")], main=main)

    assert joined(exhibits) == [("99.1", 2)]


def test_an_exhibit_of_the_index_that_the_item_forgot_is_added() -> None:
    main = Document(1, "8-K", "a.txt", "", 9, "SIGNATURE\n\nEXHIBIT INDEX\n\n99.1 Release\n99.2 Slides\n")

    exhibits = find_exhibits(["99.1\tRelease"], [filed("99.1"), filed("99.2", 3)], main=main)

    assert joined(exhibits) == [("99.1", 2), ("99.2", 3)]


@pytest.mark.parametrize(
    ("numbers", "types", "expected"),
    [
        (("99.1",), ("99",), [2]),
        (("99",), ("99.1",), [2]),
        (("99.1", "99.2"), ("99", "99"), [2, 3]),
        (("1",), ("2",), [2]),
        (("24(d)", "24(e)"), ("23.(D)", "23.(E)"), [2, 3]),
        (("10.1", "99.1"), ("99.1", "10.1"), [3, 2]),
        (("4.1",), ("99.1",), [None]),
    ],
)
def test_numbers_that_may_mean_the_same_are_joined(
    numbers: tuple[str, ...], types: tuple[str, ...], expected: list[int | None]
) -> None:
    text = "(d) Exhibits\n\n" + "\n".join(f"{number}\tTitle of {number}" for number in numbers)
    documents = [filed(number, place + 2) for place, number in enumerate(types)]

    assert [one.document for one in find_exhibits([text], documents)[: len(numbers)]] == expected


def test_the_files_of_xbrl_are_no_exhibits_of_their_own() -> None:
    assert find_exhibits([], [filed("101.SCH"), filed("99.1", 3)]) == (Exhibit("99.1", "", 3, "d3.htm", "Text of 3."),)


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("EX-99.1", ""),
        ("EXHIBIT 99.1", ""),
        ("EX-99.1 PRESS RELEASE", "PRESS RELEASE"),
        ("PRESS RELEASE", "PRESS RELEASE"),
    ],
)
def test_a_description_that_only_repeats_the_number_is_no_title(description: str, title: str) -> None:
    (exhibit,) = find_exhibits([], [filed("99.1", description=description)])

    assert exhibit.title == title


def row(number: str, href: str, title: str) -> str:
    return f'<tr><td>{number}</td><td><a style="x" href="{href}">{title}</a></td></tr>'


def test_an_exhibit_is_joined_with_the_document_that_the_list_links_to() -> None:
    documents = [filed("99", 2, "slides.htm"), filed("99", 3, "release.htm")]
    source = row("99.1", "release.htm", "Press release") + row("99.2", "slides.htm", "Slides")

    exhibits = find_exhibits(["99.1\tPress release\n99.2\tSlides"], documents, source=source)

    assert joined(exhibits) == [("99.1", 3), ("99.2", 2)]


def test_two_exhibits_of_one_title_each_have_their_own_link() -> None:
    source = row("99.1", f"{ARCHIVE}/a.htm", "Press release") + row("99.2", f"{ARCHIVE}/b.htm", "Press release")

    exhibits = find_exhibits(["99.1\tPress release\n99.2\tPress release"], [], source=source)

    assert [exhibit.url for exhibit in exhibits] == [f"{ARCHIVE}/a.htm", f"{ARCHIVE}/b.htm"]


def test_a_link_on_the_number_names_its_exhibit() -> None:
    source = f"<A HREF=\"{ARCHIVE}/plan.htm\">10.1</A> Plan <a href='b.htm'>99.1</a> Release"

    exhibits = find_exhibits(["10.1\tPlan\n99.1\tRelease"], [filed("99.1", 2, "b.htm")], source=source)

    assert [(one.document, one.url) for one in exhibits] == [(None, f"{ARCHIVE}/plan.htm"), (2, None)]


def test_an_exhibit_incorporated_by_reference_has_a_url_and_no_document() -> None:
    source = row("4.1", f"{ARCHIVE}/ex4.htm", "Indenture (incorporated by reference)")

    (exhibit,) = find_exhibits(["4.1\tIndenture (incorporated by reference)"], [], source=source)

    assert (exhibit.document, exhibit.filename, exhibit.text, exhibit.url) == (None, None, "", f"{ARCHIVE}/ex4.htm")


def test_a_part_of_another_exhibit_names_its_file() -> None:
    source = row("5.1", "ex5.htm", "Opinion of Law LLP") + row("23.1", "ex5.htm", "Consent of Law LLP (in Exhibit 5.1)")
    text = "5.1\tOpinion of Law LLP\n23.1\tConsent of Law LLP (in Exhibit 5.1)"

    exhibits = find_exhibits([text], [filed("5.1", 2, "ex5.htm")], source=source)

    assert [(one.document, one.filename) for one in exhibits] == [(2, "ex5.htm"), (None, "ex5.htm")]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/Archives/edgar/data/1/2/a.htm", "https://www.sec.gov/Archives/edgar/data/1/2/a.htm"),
        ("/ix?doc=/Archives/edgar/data/1/2/a.htm", "https://www.sec.gov/Archives/edgar/data/1/2/a.htm"),
        ("http://sec.gov/Archives/a.htm", "http://sec.gov/Archives/a.htm"),
        ("https://www.sec.gov/Archives/a.htm?a=1&amp;b=2", "https://www.sec.gov/Archives/a.htm?a=1&b=2"),
    ],
)
def test_a_link_to_the_secs_servers_is_kept_as_an_address(href: str, url: str) -> None:
    assert [link.url for link in find_links(f'<a href="{href}">Plan</a>')] == [url]


@pytest.mark.parametrize(
    "href",
    [
        "#part", "javascript:alert(1)", "mailto:a@b.c", "https://www.sec.gov.evil.example/a.htm", "https://[/a.htm",
        "ftp://www.sec.gov/a.htm", "https://evil.example/a.htm", "https://x@www.sec.gov/a.htm",
        "https://www.sec.gov/a b.htm", "",
        # A browser takes a backslash for a slash, so that this one leads to the evil one.
        "https://evil.example\\.sec.gov/a.htm", "https://www.sec.gov:\\a/a.htm", "\\\\evil.example\\a.htm", "a\\b.htm",
        "https://w+w.sec.gov/a.htm", "https://evil.example;.sec.gov/a.htm", "https://www.sec.gov:a/a.htm",
    ],
)  # fmt: skip
def test_any_other_link_is_none(href: str) -> None:
    assert find_links(f'<a href="{href}">Plan of all plans</a>') == []


PLAIN = """SIGNATURE

By: /s/ Ann Lee

                                  Exhibit 99.1

                          MADE UP WIDGETS REPORTS

{words}

                                  Exhibit 99.2

                          SLIDES

{words}
"""


def test_exhibits_that_the_8_k_itself_holds_have_their_text() -> None:
    text = PLAIN.format(words="Widgets were sold in great numbers. " * 20)
    main = Document(1, "8-K", "a.txt", "", len(text), text)

    exhibits = find_exhibits(["99.1   Press release\n99.2   Slides\n"], [], main=main)

    assert [(one.number, one.document, one.filename) for one in exhibits] == [
        ("99.1", 1, "a.txt"),
        ("99.2", 1, "a.txt"),
    ]
    assert [one.text[:10] for one in exhibits] == ["MADE UP WI", "SLIDES\n\nWi"]
    assert all(text[one.start :].startswith(one.text) for one in exhibits)


def test_an_exhibit_that_is_held_but_not_listed_is_found() -> None:
    text = PLAIN.format(words="Widgets were sold in great numbers. " * 20)

    exhibits = find_exhibits([], [], main=Document(1, "8-K", "a.txt", "", len(text), text))

    assert [one.number for one in exhibits] == ["99.1", "99.2"]


def test_lines_of_an_index_are_not_taken_for_exhibits() -> None:
    text = "SIGNATURE\n\nExhibit 99.1\n\nPress release\n\nExhibit 99.2\n\nSlides\n"

    assert find_exhibits([], [], main=Document(1, "8-K", "a.htm", "", 9, text)) == ()


@pytest.mark.parametrize("seed", range(12))
def test_made_up_filings_give_their_exhibits(seed: int) -> None:
    report = handled(submission(seed=seed), ParseEightK())

    assert all(exhibit.title for exhibit in report.exhibits)
    assert {one.filename for one in report.exhibits if one.document} == {
        document.filename for document in report.documents if document.type.startswith("EX-") and document.text
    }


def test_every_filed_exhibit_of_a_real_filing_is_told_once(shared: Path) -> None:
    for path in sorted((shared / "corpus" / "full").iterdir()):
        report = handled(path.read_bytes(), ParseEightK())
        wanted = sorted(
            one.sequence
            for one in report.documents
            if one.type.upper().startswith("EX-") and not one.type.upper().startswith("EX-101")
        )
        of_documents = [one.document for one in report.exhibits if one.document not in (None, 1)]

        assert sorted(of_documents) == wanted, path.name  # type: ignore[type-var]


def test_titles_of_real_lists_carry_no_marks(shared: Path) -> None:
    odd = []
    for path in sorted((shared / "corpus" / "full").iterdir()):
        titles = [one.title for one in handled(path.read_bytes(), ParseEightK()).exhibits]
        odd += [title for title in titles if title[-1:] in ("*", "†", "+") or "herewith" in title[-30:].lower()]

    assert odd == []
