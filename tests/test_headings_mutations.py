"""Rewrites the headings of whole filings in ways that change no meaning: the same items must be found."""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from handlers.parse.headings import Heading, find_headings
from handlers.parse.items import cut_items
from handlers.parse.signature import signature_start
from handlers.parse.text import is_html, readable_text
from watcher import official_title, split_submission
from watcher.simulator.generator import Era, Generator


@dataclass(frozen=True, slots=True)
class Case:
    """A main document: its text, its headings, and where its signature starts."""

    name: str
    body: bytes
    text: str
    filed_on: date | None
    headings: tuple[Heading, ...]
    end: int

    @property
    def numbers(self) -> list[str]:
        return numbers_of(self.text, self.filed_on)


Rewriting = Callable[[Case], str]

ITEM_SETS = (("2.02", "9.01"), ("5.02", "7.01", "9.01"), ("1.01", "2.03", "8.01"), ("5.07",))
OLD_ITEM_SETS = (("5", "7"), ("2", "7"), ("4",))
SECTIONS = (
    *("Registrant's Business and Operations", "Financial Information", "Securities and Trading Markets"),
    *("Matters Related to Accountants and Financial Statements", "Corporate Governance and Management"),
    *("Asset-Backed Securities", "Regulation FD", "Other Events", "Financial Statements and Exhibits"),
)


def numbers_of(text: str, filed_on: date | None) -> list[str]:
    headings = find_headings(text, filed_on)
    end = signature_start(text, headings[0].end if headings else 0)
    return sorted({item.number for item in cut_items(text, headings, end, 1, filed_on)})


def case_of(raw: bytes, name: str) -> Case:
    submission = split_submission(raw, name)
    filed_on = submission.filed_on or submission.period_of_report
    body = submission.documents[0].body()
    text = readable_text(body)
    headings = find_headings(text, filed_on)
    end = signature_start(text, headings[0].end if headings else 0)
    return Case(name, body, text, filed_on, tuple(one for one in headings if one.start < end), end)


WANTED = tuple(
    [(items, era) for era in (Era.EARLY_HTML, Era.PLAIN) for items in OLD_ITEM_SETS]
    + [(items, era) for era in (Era.HTML, Era.INLINE) for items in ITEM_SETS]
)


@cache
def made_up() -> tuple[Case, ...]:
    made = [Generator(seed).submission(items=items, era=era) for seed, (items, era) in enumerate(WANTED)]
    return tuple(case_of(one.raw, f"{one.accession}.txt") for one in made)


@cache
def real(corpus: Path) -> tuple[Case, ...]:
    """One in four of the real filings: enough of each dress, at a quarter of the time."""
    paths = sorted(path for folder in ("full", "main_docs") for path in (corpus / folder).iterdir())[::4]
    return tuple(case_of(path.read_bytes(), path.name) for path in paths)


# --- rewriting the text's headings


def joined(numbers: tuple[str, ...]) -> str:
    return numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"


def titles(case: Case, heading: Heading) -> str:
    return "; ".join(official_title(number, case.filed_on) for number in heading.numbers)


def filled(wording: str, case: Case, heading: Heading) -> str:
    """Fill a heading's number, title and section into a wording."""
    title, first = titles(case, heading), heading.numbers[0]
    section = f"Section {first[0]} – {SECTIONS[int(first[0]) - 1]}"
    return wording.format(n=joined(heading.numbers), t=title, T=title.upper(), section=section)


def dressed(wording: str) -> Rewriting:
    """Put this wording in place of each heading."""

    def rewrite(case: Case) -> str:
        parts, place = [], 0
        for heading in case.headings:
            parts += [case.text[place : heading.start].rstrip(), "\n\n", filled(wording, case, heading), "\n\n"]
            place = heading.end
        return "".join(parts) + case.text[place:]

    return rewrite


def bent(change: Callable[[str], str]) -> Rewriting:
    """Put the title changed in this way behind each number."""

    def rewrite(case: Case) -> str:
        parts, place = [], 0
        for heading in case.headings:
            parts += [case.text[place : heading.start].rstrip(), f"\n\nItem {joined(heading.numbers)}. "]
            parts += [change(titles(case, heading)), ".\n\n"]
            place = heading.end
        return "".join(parts) + case.text[place:]

    return rewrite


def swapped_letters(title: str) -> str:
    words = title.split()
    return " ".join(
        word[:-2] + word[:-3:-1] if len(word) > 6 and index % 2 else word for index, word in enumerate(words)
    )


def with_contents(line: str, closing: str) -> Rewriting:
    """Put a table of contents above the first heading."""

    def rewrite(case: Case) -> str:
        lines = [filled(line, case, heading) + ("" if "\t" not in line else f"{page}") for page, heading in pages(case)]
        first = case.headings[0].start
        return f"{case.text[:first].rstrip()}\n\nTABLE OF CONTENTS\n\n" + "\n".join(
            (*lines, closing, "", case.text[first:])
        )

    return rewrite


def pages(case: Case) -> Iterator[tuple[int, Heading]]:
    return enumerate(case.headings, 2)


def between(case: Case) -> Iterator[tuple[Heading, int]]:
    """Give each heading and where its item's text ends."""
    ends = [heading.start for heading in case.headings[1:]] + [case.end]
    yield from zip(case.headings, ends, strict=True)


def with_page_tops(wording: str) -> Rewriting:
    """Repeat each heading on the top of a page within its item."""

    def rewrite(case: Case) -> str:
        parts, place = [], 0
        for heading, stop in between(case):
            page = case.text.find("\n\n", heading.end + (stop - heading.end) // 2, stop - 2)
            if page >= 0 and case.text[heading.end : page].strip():
                parts += [case.text[place:page], "\n\n", filled(wording, case, heading)]
                place = page
        return "".join(parts) + case.text[place:]

    return rewrite


def with_references(wording: str) -> Rewriting:
    """Let each item end on a paragraph that speaks of another one."""

    def rewrite(case: Case) -> str:
        parts, place = [], 0
        for (_, stop), other in zip(between(case), (*case.headings[1:], case.headings[0]), strict=True):
            parts += [case.text[place:stop].rstrip(), "\n\n", filled(wording, case, other), "\n\n"]
            place = stop
        return "".join(parts) + case.text[place:]

    return rewrite


def wrapped(width: int) -> Rewriting:
    """Set the text as plain text of this width."""

    def rewrite(case: Case) -> str:
        return "\n\n".join(
            part if "\t" in part else "\n".join(textwrap.wrap(part, width, break_on_hyphens=False))
            for part in case.text.split("\n\n")
        )

    return rewrite


REWRITINGS: dict[str, Rewriting] = {
    **{
        wording: dressed(wording)
        for wording in (
            *("ITEM {n}. {T}", "ITEM {n} - {T}", "Item {n}—{t}", "Item {n}: {t}", "Item{n} {t}", "Item No. {n} {t}"),
            *(
                "Item {n}.\t{t}",
                "Item\t{n}.\t{t}",
                "Item {n}\n{t}",
                "Item {n}.\n\n{t}.",
                "Item ({n}) {t}",
                "[Item {n}] {t}",
            ),
            *(
                "I T E M {n} {T}",
                "-----------Item {n} {t}",
                "• Item {n} {t}",
                "A. Item {n} {t}",
                "*** Item {n} {t} ***",
            ),
            *(
                "Item {n}",
                "Item {n}.",
                "ITEM {n}:",
                "item {n}. {t}",
                "Item {n} “{t}”",
                "Item {n}. Various Matters at Hand.",
            ),
            *("{section}\n\nItem {n} {t}", "{section} Item {n}. {t}", "{section}Item {n}. {t}", "{n}. {t}"),
            *(
                "Item {n}. {t}. Further to what is said here, more follows.",
                "Item {n}. On May 1 something came to pass.",
            ),
        )
    },
    "misspelt titles": bent(swapped_letters),
    "halved titles": bent(lambda title: " ".join(title.split()[: max(3, len(title.split()) // 2)])),
    "contents": with_contents("Item {n} {t}", "SIGNATURES"),
    "contents with pages": with_contents("Item {n}. {t}\t", "SIGNATURES\t9"),
    "contents with exhibits": with_contents("Item {n} {t}", "SIGNATURES\nEXHIBIT INDEX\nEX-99.1 Press Release"),
    "contents without titles": with_contents("Item {n}", "SIGNATURES"),
    "continued": with_page_tops("Item {n} {t} (continued)"),
    "continued without title": with_page_tops("Item {n} (continued)"),
    "headings repeated": with_page_tops("Item {n}. {t}."),
    **{f"{width} columns": wrapped(width) for width in (76, 60, 40)},
    **{
        reference: with_references(reference)
        for reference in (
            "Item {n} above is incorporated by reference into this Item.",
            "Item {n} of this Current Report on Form 8-K is incorporated herein by reference.",
            "The information set forth under Item {n} {t} of this report is incorporated.",
            "“Item {n}. {t}” is quoted here.",
            "See Item {n}.",
        )
    },
}


def misread(cases: tuple[Case, ...], rewrite: Rewriting) -> dict[str, list[str]]:
    """Name the documents in which other items were found than before, and those items."""
    found = {case.name: (case.numbers, numbers_of(rewrite(case), case.filed_on)) for case in cases if case.headings}
    return {name: after for name, (before, after) in found.items() if before != after}


def test_made_up_filings_as_they_are_have_the_items_that_were_asked_for() -> None:
    assert [case.numbers for case in made_up()] == [sorted(items) for items, _ in WANTED]


@pytest.mark.parametrize("rewriting", REWRITINGS)
def test_made_up_filings_with_other_headings_have_the_same_items(rewriting: str) -> None:
    assert misread(made_up(), REWRITINGS[rewriting]) == {}


@pytest.mark.parametrize("rewriting", REWRITINGS)
def test_real_filings_with_other_headings_have_the_same_items(rewriting: str, shared: Path) -> None:
    assert misread(real(shared / "corpus"), REWRITINGS[rewriting]) == {}


# --- rewriting the HTML

_BLANK = r"(?:\s|&nbsp;|&#160;)"
_ITEM = rf"\b(Item|ITEM){_BLANK}+(?=\d)"
_NUMBER = rf"\b((?:Item|ITEM){_BLANK}+)(\d)\.(\d\d)"
_BLOCK = r"(?:p|div|td|tr|table|font|span|b|i|u)"

HTML_REWRITINGS: dict[str, tuple[str, str | Callable[[re.Match[str]], str]]] = {
    "upper-case tags": (r"</?[a-z][a-z0-9]*(?=[\s>/])", lambda match: match[0].upper()),
    "no attributes": (rf"<({_BLOCK})\s[^>]*>", r"<\1>"),
    "hard blanks": (_ITEM, r"\1&nbsp;&nbsp;"),
    "thin blanks": (_ITEM, r"\1&#8201;"),
    "a new line": (_ITEM, "\\1\n"),
    "an invisible character": (_ITEM, r"\1&#8203; "),
    "small capitals": (rf"\bItem(?={_BLANK}+\d)", r'I<font size="1">TEM</font>'),
    "a split word": (rf"\bItem(?={_BLANK}+\d)", r"It<span>em</span>"),
    "a split number": (_NUMBER, r"\1<b>\2</b>.<b>\3</b>"),
    "a blank in the number": (_NUMBER, r"\1\2. \3"),
    "a blank before the dot": (_NUMBER, r"\1\2 .\3"),
    "an anchor": (_NUMBER, r'<a name="x"></a><u>\1\2.\3</u>'),
    "breaks for paragraphs": (r"</?[pP]\b[^>]*>", "<br><br>"),
    "blocks for paragraphs": (r"<(/?)[pP]\b", r"<\1div"),
    "paragraphs for blocks": (r"<(/?)div\b", r"<\1p"),
}


def misread_html(cases: tuple[Case, ...], rewriting: str) -> dict[str, list[str]]:
    pattern, replacement = HTML_REWRITINGS[rewriting]

    def rewrite(case: Case) -> str:
        source = case.body.decode("utf-8", "replace")
        return readable_text(re.sub(pattern, replacement, source).encode())

    return misread(tuple(case for case in cases if is_html(case.body)), rewrite)


@pytest.mark.parametrize("rewriting", HTML_REWRITINGS)
def test_made_up_filings_in_other_html_have_the_same_items(rewriting: str) -> None:
    assert misread_html(made_up(), rewriting) == {}


@pytest.mark.parametrize("rewriting", HTML_REWRITINGS)
def test_real_filings_in_other_html_have_the_same_items(rewriting: str, shared: Path) -> None:
    assert misread_html(real(shared / "corpus"), rewriting) == {}
