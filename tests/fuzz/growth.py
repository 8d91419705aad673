"""Inputs that would take a careless reader more than linear time, made as large as asked for.

``python -m tests.fuzz.growth`` measures each at four sizes, each twice the one before, and what memory it takes.
Names or parts of names given to it choose among them. It ends with 1 when one takes more than linear time.
"""

from __future__ import annotations

import contextlib
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handlers.parse import ParseEightK
from handlers.parse.amendment import read_amendment
from handlers.parse.cover import read_cover
from handlers.parse.dates import find_date
from handlers.parse.exhibits import find_exhibits
from handlers.parse.headings import find_headings
from handlers.parse.items import cut_items
from handlers.parse.links import find_links
from handlers.parse.signature import find_signature, signature_start
from handlers.parse.text import readable_text
from watcher import Document, Filing, ReadError, Skip, split_submission
from watcher.edgar.feed import parse_current
from watcher.edgar.index import parse_index
from watcher.edgar.submissions_api import parse_company_file
from watcher.errors import EdgarError
from watcher.line import Line

from .seeds import CRAWLER, FORM, MASTER

__all__ = ["CASES", "Case", "measure", "memory"]

SIZES = (16_384, 32_768, 65_536, 131_072)

NAME = "0001234567-21-000042.txt"
_HEAD = b"<SEC-DOCUMENT>\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\nCONFORMED SUBMISSION TYPE:\t8-K\n"
_PURSUANT = "pursuant to the requirements of "
_TWELVE = "Items 1.01, 1.02, 1.03, 1.04, 1.05, 2.01, 2.02, 2.03, 2.04, 2.05, 2.06, 3.01"


@dataclass(frozen=True, slots=True)
class Case:
    """Something that reads, and a function that makes it an input of about so many bytes."""

    reads: Callable[[Any], object]
    make: Callable[[int], Any]


def _filled(piece: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + piece * (size // len(piece)) + after


def _bytes(piece: bytes, *, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + piece * (size // len(piece)) + after


def _split(raw: bytes) -> None:
    with contextlib.suppress(ReadError):
        for document in split_submission(raw, NAME).documents:
            with contextlib.suppress(ReadError):
                document.decoded()


def _report(raw: bytes) -> None:
    with contextlib.suppress(ReadError, Skip):
        Line([ParseEightK()]).run(Filing(accession=""), raw)


def _items(text: str) -> None:
    headings = find_headings(text)
    end = signature_start(text, headings[0].end if headings else 0)
    cut_items(text, headings, end, 1)


def _signature(text: str) -> None:
    find_signature(text[signature_start(text) :])


def _exhibits(text: str) -> None:
    filed = tuple(Document(place, f"EX-{place % 200}", "", "", 1) for place in range(2, 2 + len(text) // 100))
    find_exhibits([text], filed)


def _page(text: str) -> None:
    read_cover("", text)


def _tagged(source: str) -> None:
    read_cover(source, "")


def _amendment(text: str) -> None:
    read_amendment(Document(1, "8-K/A", "", "", len(text), text), (), len(text), len(text), {})


def _index(raw: bytes) -> None:
    with contextlib.suppress(EdgarError):
        parse_index(raw)


def _feed(body: bytes) -> None:
    with contextlib.suppress(EdgarError):
        parse_current(body)


def _company(body: bytes) -> None:
    with contextlib.suppress(EdgarError):
        parse_company_file(body)


def _submission(documents: bytes, header: bytes = b"") -> bytes:
    return _HEAD + header + b"</SEC-HEADER>\n" + documents + b"\n</SEC-DOCUMENT>\n"


def _document(kind: str, body: str) -> bytes:
    return f"<DOCUMENT>\n<TYPE>{kind}\n<TEXT>\n{body}\n</TEXT>\n</DOCUMENT>\n".encode()


def _one(body: str) -> bytes:
    return _submission(_document("8-K/A" if "Amend" in body else "8-K", body))


def _linked(body: str) -> bytes:
    return _one("<p>Item 9.01 Exhibits<p>" + "".join(f"<p>99.{n} {'a' * 200}" for n in range(1, 200)) + "<p>" + body)


def _in_document(make: Callable[[int], str]) -> Callable[[int], bytes]:
    return lambda size: _one(make(size))


_SPLIT = {
    "start tags": lambda size: _submission(b"<DOCUMENT>\n" * (size // 11)),
    "quoted end tags": lambda size: _submission(b"<DOCUMENT>\n" + b"</DOCUMENT> x\n" * (size // 14) + b"</DOCUMENT>\n"),
    "blanks after end tags": lambda size: _submission(b"<DOCUMENT>\n</DOCUMENT>" + b" \n" * (size // 2) + b"x"),
    "type lines": lambda size: _submission(b"<DOCUMENT>\n" + b"<TYPE>8-K\n" * (size // 10) + b"</DOCUMENT>\n"),
    "tabs": lambda size: _submission(b"<DOCUMENT>\n<TEXT>" + b"\t" * size + b"x\n</DOCUMENT>\n"),
    "header tabs": lambda size: _submission(b"", b"\t" * min(size, 4_000_000)),
    "header labels": lambda size: _submission(b"", b"A " * min(size // 2, 2_000_000)),
    "header lines": lambda size: _submission(b"", b"A:\tb\n" * min(size // 5, 200_000)),
    "uuencode": lambda size: _one("begin 644 a\n" + ("M" + "A" * 60 + "\n") * (size // 62) + "end"),
    "uuencode on one line": lambda size: _one("begin 644 a\n" + "M" * size + "\nend"),
    "bare brackets": _bytes(b"<", before=b"FORM 8-K "),
    "bare form words": _bytes(b"form ", before=b"FORM 8-K "),
    "bare dates": _bytes(b"date of report ", before=b"FORM 8-K "),
}

_TEXT = {
    "brackets": _bytes(b"<", before=b"<p>"),
    "open tags": _bytes(b"<p ", before=b"<p>"),
    "closing brackets": _bytes(b">", before=b"<p>"),
    "quotes": _bytes(b'"', before=b"<p>"),
    "open quotes": _bytes(b'<a b="', before=b"<p>"),
    "ampersands": _bytes(b"&", before=b"<p>"),
    "half entities": _bytes(b"&a", before=b"<p>"),
    "numbered entities": _bytes(b"&#1", before=b"<p>"),
    "nested div": _bytes(b"<div>"),
    "nested tables": _bytes(b"<table><tr><td>"),
    "hidden, never closed": _bytes(b'<div style="display:none">', before=b"<p>"),
    "hidden, nested": lambda size: (
        b"<p>" + b'<div style="display:none">' * (size // 32) + b"</div>" * (size // 32)
    ),
    "hidden, shouted": _bytes(b'<DIV STYLE="DISPLAY:NONE">a</DIV >', before=b"<p>"),
    "hidden words": _bytes(b"display:none ", before=b"<p>"),
    "hidden of many names": lambda size: b"<p>" + b"".join(
        b"<a%d style='display:none'>" % place for place in range(size // 28)
    ),
    "comments, never closed": _bytes(b"<!--", before=b"<p>"),
    "comments": _bytes(b"<!---->", before=b"<p>"),
    "comment halves": _bytes(b"<!--a>", before=b"<p>"),
    "facts, never closed": _bytes(b"<ix:header>", before=b'<html xmlns:ix="x">'),
    "cdata": _bytes(b"<![CDATA[", before=b"<p>"),
    "scripts, never closed": _bytes(b"<script>", before=b"<p>"),
    "scripts and styles": _bytes(b"<script></style>", before=b"<p>"),
    "pre": _bytes(b"<pre>", before=b"<p>"),
    "pre and style": _bytes(b"<pre><style></style>", before=b"<p>"),
    "titles": _bytes(b"<title>", before=b"<p>"),
    "cells": _bytes(b"<td>a", before=b"<p>"),
    "empty cells": _bytes(b"<td>", before=b"<p>"),
    "dollars in cells": _bytes(b"<td>$<td>", before=b"<tr>"),
    "brackets in cells": _bytes(b"<td>(<td>)<td>%", before=b"<tr>"),
    "rows": _bytes(b"<tr>", before=b"<p>"),
    "paragraphs in a cell": _bytes(b"<p>", before=b"<tr><td>a<td>"),
    "blank lines in a cell": _bytes(b"<br>", before=b"<tr><td>a<td>"),
    "bullets": _bytes(b"<li>", before=b"<p>"),
    "blanks": _bytes(b" ", before=b"<p>", after=b"x"),
    "blank lines": _bytes(b"\n", before=b"<p>", after=b"x"),
    "line breaks": _bytes(b"<br>", before=b"<p>", after=b"x"),
    "soft hyphens": _bytes("\u00ad\u200b".encode(), before=b"<p>"),
    "plain tabs": _bytes(b"\t", after=b"x"),
    "plain blanks": _bytes(b" ", after=b"x"),
    "plain blank lines": _bytes(b" \n", before=b"x", after=b"x"),
    "plain brackets": _bytes(b"<"),
    "plain pages": _bytes(b"<PAGE>"),
    "plain page blanks": lambda size: b"<PAGE>" + b" " * size + b"x",
    "plain ampersands": _bytes(b"&a"),
    "odd names": lambda size: b"<p>" + b"".join(b"<q%d>" % place for place in range(size // 8)),
    "a long name": lambda size: b"<p><" + b"a" * size + b">",
    "stray brackets": _bytes(b"< 5% ", before=b"<p>"),
    "not UTF-8": _bytes(b"\x92 \x81", before=b"<p>"),
}  # fmt: skip

_ITEMS = {
    "items": _filled("ITEM "),
    "items on lines": _filled("Item\n"),
    "numbers": _filled("Item 8.01 "),
    "numbers on lines": _filled("Item 8.01\n\n"),
    "headings": _filled("Item 8.01 Other Events\n\n"),
    "headings on one line": _filled("Item 8.01 Other Events "),
    "headings and dots": _filled("Item 8.01 Other Events" + "." * 388 + "x "),
    "headings and blanks": _filled("Item 8.01 Other Events" + " " * 90 + "x\n\n"),
    "a heading and blanks": lambda size: "Item 8.01 Other Events" + " " * size + "x",
    "a heading and tabs": lambda size: "Item 8.01 Other Events" + "\t" * size + "x",
    "a heading and lines": lambda size: "Item 8.01 Other Events" + "\n" * size + "x",
    "a number and blanks": lambda size: "Item 8.01" + " " * size + "x",
    "a number and lines": lambda size: "Item 8.01" + "\n" * size + "x",
    "headings and commas": _filled("Item 8.01 Other Events" + ", " * 190 + "x "),
    "headings and lines of dots": _filled("Item 8.01 Other Events\n" + ".\n" * 990),
    "headings in running text": _filled("see Item 8.01 Other Events "),
    "titles alone": _filled("Other Events\n"),
    "short lines": _filled("Nothing here\n"),
    "other headings": _filled("Item 8.01 Other Events\nItem 7.01 Regulation FD Disclosure\n"),
    "bare numbers": _filled("8.01 Other Events\n"),
    "twelve numbers": _filled(_TWELVE + "\n"),
    "twelve numbers and dots": lambda size: _TWELVE + "." * size + "x",
    "twelve numbers and blanks": lambda size: _TWELVE + " " * size + "x",
    "twelve numbers and lines": lambda size: (_TWELVE + "." * 1_000 + "Entry\n") * (size // 1_100),
    "parts": _filled("(a)", before="Item 8.01"),
    "parts of parts": _filled("Item 8.01(a),(b) "),
    "section": _filled("section "),
    "sections": _filled("Section 5\n"),
    "sections and blanks": lambda size: "section" + " " * size + "x",
    "tabs": _filled("\t", after="x"),
    "quotes": _filled('"', after="Item 8.01 Other Events"),
    "quotes before items": _filled('"' * 390 + "Item 8.01 Other Events "),
    "page numbers": lambda size: "Item 8.01 Other Events\n\nText\n\n1" + " " * size + "x",
    "rules": lambda size: "Item 8.01 Other Events\n\nText" + "\n-" * (size // 2) + "x",
    "rules before": lambda size: "Item 8.01 Other Events" + "\n-" * (size // 2) + "x",
    "long dashes": lambda size: "Item 8.01" + "-" * size + "Other Events",
}

_SIGNATURES = {
    "signatures": _filled("Signature\n"),
    "signatures on one line": _filled("signature "),
    "rules before a signature": lambda size: "\n" + "-" * size + "x",
    "lines before a signature": _filled("\n-"),
    "letters": _filled("s i g n a t u r e"),
    "pursuant": _filled(_PURSUANT),
    "pursuant and blanks": lambda size: "pursuant" + " " * size + "x",
    "pursuant, section and blanks": lambda size: _PURSUANT + "section" + " " * size + "x",
    "pursuant, section, blanks and of": lambda size: _PURSUANT + "section 1" + " " * size + "of" + " " * size + "x",
    "sections": lambda size: _PURSUANT + "section " * (size // 8),
    "signed": _filled("/s/ "),
    "by": _filled("By\n", before="SIGNATURE\n_______\n"),
    "rules": _filled("_", before="SIGNATURE\n"),
    "dots": _filled(".\n", before="SIGNATURE\n/s/\n"),
    "labels": _filled("Name:\n", before="SIGNATURE\n/s/ A\n"),
}

_EXHIBITS = {
    "entries": _filled("99.1 Press release\n"),
    "many entries": lambda size: "".join(f"10.{n % 1000}({n // 1000 % 1000}) X\n" for n in range(size // 12)),
    "dots in a title": _filled(".", before="99.1 Press release ", after="x"),
    "stars in a title": _filled("* ", before="99.1 Press release ", after="x"),
    "lines of a title": _filled("  and more\n", before="99.1 Press release\n"),
    "header words": lambda size: "99.1\nexhibit" + " no.." * min(size // 800, 24) + "x!\n",
    "lines of dots": _filled(".\n"),
    "blank lines": _filled("\n"),
    "brackets": _filled("(c) "),
    "brackets and dots": _filled("(c)."),
    "blanks": _filled(" ", after="x"),
    "exhibit and blanks": lambda size: "exhibit" + " " * size + "x",
    "exhibit no and blanks": lambda size: "exhibit no" + " " * size + "x",
    "exhibit words": _filled("exhibit "),
    "exhibit words on lines": _filled("Exhibit\n"),
    "numbers behind": lambda size: "Description Exhibit\n" + ("a" + " " * 490 + "x\n") * (size // 493),
    "numbers behind dots": lambda size: "Description Exhibit\n" + ("a" + "." * 490 + "x\n") * (size // 493),
    "notes": _filled("99.1 Press release (1)\n"),
    "notes and lines of dots": lambda size: "".join(f"10.{n} X (1)\n.\n.\n.\n.\n" for n in range(size // 20)),
    "a long number": _filled("(1)", before="99", after="x"),
    "a number and stars": _filled("*", before="99.1", after="x"),
    "a number and blanks": _filled(" ", before="99.1", after="x"),
}

_COVERS = {
    "blanks": _filled(" ", after="x"),
    "blank lines": _filled("\n", after="x"),
    "labels": _filled("Exact name of registrant\n"),
    "boxes": _filled("[ ] Written communications pursuant\n"),
    "pre-commencement": _filled("Pre-commencement communications "),
    "growth": _filled("Emerging growth company "),
    "classes": _filled("a\tb\tNYSE\n", before="Title of each class\n"),
    "dates": _filled("date of "),
    "figures": _filled("1-"),
    "telephones": _filled("217 "),
}

_TAGGED = {
    "facts, never closed": _filled('<ix:nonNumeric name="dei:A">'),
    "facts in facts": lambda size: (
        ('<ix:nonNumeric name="dei:A">' * 350 + "x</ix:nonNumeric>" * 600) * max(1, size // 20_000)
    ),
    "facts, named often": lambda size: "<ix:nonNumeric " + 'name="dei:A" ' * (size // 13) + ">",
    "facts, names without an end": lambda size: "<ix:nonNumeric " + "name=' " * (size // 7) + "dei:>",
    "facts, names and blanks": lambda size: "<ix:nonNumeric name" + " " * size + "dei:>",
    "facts, no bracket": _filled('<ix:nonNumeric name="dei:A" '),
    "securities": lambda size: "".join(
        f'<ix:nonNumeric name="dei:TradingSymbol" contextRef="{n}">A</ix:nonNumeric>' for n in range(size // 75)
    ),
}

_DATES = {
    "months": _filled("May "),
    "days": _filled("4 "),
    "days of": _filled("4th day of "),
    "slashes": _filled("1/"),
}

_AMENDMENTS = {
    "cover lines": _filled("amend 8-K 8-K "),
    "paragraphs": _filled("Explanatory 8-K that is long enough to be one\n\n"),
    "sentences": _filled("Amends the Form 8-K. ", before="Explanatory Note\n"),
    "mentions": _filled("8-K ", before="Explanatory Note\n"),
    "dates": _filled("8-K dated March 1, 2021 ", before="Explanatory Note\n"),
    "items": _filled("items 8.01, ", before="Explanatory Note\nAmends "),
    "lines": _filled("\n", before="Explanatory", after="Note"),
    "abbreviations": _filled("Inc. A", before="Explanatory Note\n"),
}

_LINKS = {
    "anchors": _filled("<a "),
    "anchors of blanks": _filled("<a" + " " * 2_900 + ">"),
    "references": _filled("<a href="),
    "references and blanks": _filled("<a href" + " " * 9 + "=" + " " * 9, after="href"),
    "quotes": _filled("<a href='a"),
    "words": _filled("<a href=a>" + "</b" * 900),
    "numbers": _filled("<a href=a>exhibit" + " " * 3_000 + "</a>"),
    "slashes": _filled("/", before="<a href=/", after=">"),
    "dashes": _filled("<a href=a>" + "ex" + "-" * 3_000 + "</a>"),
}

_INDEXES = {
    "bars": _bytes(b"1|a|8-K|20210304|" + b"|" * 1_000 + b"edgar/data/1/0000000001-21-000001.txt\n", before=MASTER),
    "zeros": _bytes(b"edgar/data/" + b"0" * 4_000 + b"\n", before=MASTER),
    "addresses": _bytes(b"edgar/data/1/" * 300 + b"\n", before=MASTER),
    "columns": _bytes(b"8-K" + b" " * 4_000 + b"1 2 3\n", before=FORM),
    "blank lines": _bytes(b" \n", before=CRAWLER),
    "one line": _bytes(b"x", before=MASTER),
    "no dashes": _bytes(b"-\n"),
    "short rows": _bytes(b"|\n", before=MASTER),
}

_FEEDS = {
    "entries": _bytes(b"<entry><a/></entry>", before=b"<feed>", after=b"</feed>"),
    "broken entries": _bytes(b"<entry><a>" + b"x" * 90, before=b"<feed>", after=b"</feed>"),
    "ampersands": _bytes(b"<entry>" + b"& " * 50, before=b"<feed>", after=b"</feed>"),
    "blanks in a title": _bytes(b" ", before=b"<feed><entry><title>8-K - ", after=b"</title></entry></feed>"),
}
_COMPANIES = {
    "filings": _bytes(b'"a",', before=b'{"cik":1,"filings":{"recent":{"accessionNumber":[', after=b"1]}}}"),
    "tickers": _bytes(b"1,", before=b'{"cik":1,"filings":{"recent":{}},"tickers":[', after=b"1]}"),
}

_WHOLE = {
    "links": lambda size: _linked("<a href='a.htm'>Exhibit 99.1</a> " * (size // 34)),
    "links of letters": lambda size: _linked("".join(f"<a href='{n}.htm'>{'a' * 90}b</a>" for n in range(size // 115))),
    "links, never closed": lambda size: _linked("<a href='a.htm'>" * (size // 16)),
    "exhibits and entries": lambda size: _submission(
        _document("8-K", "Item 9.01 Exhibits\n" + "".join(f"99.{n} X\n" for n in range(size // 16)))
        + b"".join(_document(f"EX-10.{n}", "x") for n in range(size // 100))
    ),
    "exhibits of one number": lambda size: _submission(
        _document("8-K", "Item 9.01 Exhibits\n" + "99.1 X\n" * (size // 16)) + _document("EX-99", "x") * (size // 100)
    ),
    "amended words": lambda size: _one("Explanatory Note\n" + "amend 8-K " * (size // 10)),
    "amended items": lambda size: _one("Explanatory Note\nAmends items " + "1" * size),
}
_REPORTS = _WHOLE | {
    f"{name} in a document": _in_document(make) for name, make in (_ITEMS | _SIGNATURES | _EXHIBITS).items()
}

CASES: dict[str, Case] = {
    f"{kind}: {name}": Case(reads, make)
    for kind, reads, cases in (
        ("split", _split, _SPLIT),
        ("text", readable_text, _TEXT),
        ("items", _items, _ITEMS),
        ("signature", _signature, _SIGNATURES),
        ("exhibits", _exhibits, _EXHIBITS),
        ("cover", _page, _COVERS),
        ("tagged cover", _tagged, _TAGGED),
        ("dates", find_date, _DATES),
        ("amendment", _amendment, _AMENDMENTS),
        ("links", find_links, _LINKS),
        ("index", _index, _INDEXES),
        ("feed", _feed, _FEEDS),
        ("company file", _company, _COMPANIES),
        ("report", _report, _REPORTS),
    )
    for name, make in cases.items()  # type: ignore[attr-defined]
}


def measure(case: Case, sizes: tuple[int, ...] = SIZES) -> list[float]:
    """Return the CPU seconds that each size takes. What follows on one of more than ten seconds is left out."""
    seconds: list[float] = []
    for size in sizes:
        given = case.make(size)
        began = time.process_time()
        case.reads(given)
        seconds.append(time.process_time() - began)
        if seconds[-1] > 10:
            break
    return seconds


def memory(case: Case, size: int = SIZES[-1]) -> float:
    """Return the most memory that an input takes beside itself, in times the size that was asked for."""
    given = case.make(size)
    tracemalloc.start()
    try:
        case.reads(given)
        return tracemalloc.get_traced_memory()[1] / size
    finally:
        tracemalloc.stop()


def main() -> int:
    """Measure and print all, or those that are named."""
    named = sys.argv[1:] or [""]
    print(f"{'CPU seconds at':60}", *(f"{size // 1024:6}K" for size in SIZES), " memory, times the input's")
    is_broken = False
    for name, case in CASES.items():
        if not any(part in name for part in named):
            continue
        seconds = measure(case)
        is_steep = seconds[-1] > 0.1 and (len(seconds) < len(SIZES) or seconds[-1] > 3 * seconds[-2])
        is_broken |= is_steep
        columns = " ".join(f"{one:7.3f}" for one in seconds)
        print(f"{name:60} {columns} {memory(case):8.1f}{'  NOT LINEAR' if is_steep else ''}", flush=True)
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
