"""Submissions that grow: the same kind of content, more and more of it, to see that time and memory grow no faster.

Each shape is a function from a size in bytes to a whole submission of about that size. Some are what long filings
look like, others what a hostile one might be.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from itertools import count

__all__ = ["SHAPES", "Shape"]

Shape = Callable[[int], bytes]

_HEADER = b"""<SEC-DOCUMENT>0009599999-24-000001.txt : 20240105
<SEC-HEADER>0009599999-24-000001.hdr.sgml : 20240105
<ACCEPTANCE-DATETIME>20240105163000
ACCESSION NUMBER:\t\t0009599999-24-000001
CONFORMED SUBMISSION TYPE:\t8-K
PUBLIC DOCUMENT COUNT:\t\t1
CONFORMED PERIOD OF REPORT:\t20240104
ITEM INFORMATION:\t\tOther Events
FILED AS OF DATE:\t\t20240105

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tGrowing Measure Inc
\t\tCENTRAL INDEX KEY:\t\t\t0009599999
</SEC-HEADER>
"""
_END = b"</SEC-DOCUMENT>\n"
_COVER = "SECURITIES AND EXCHANGE COMMISSION\n\nFORM 8-K\n\nGrowing Measure Inc\n\n"
_SIGNATURE = "SIGNATURE\n\nPursuant to the requirements of the Securities Exchange Act of 1934\n\nBy: /s/ A. Nobody\n"
_SENTENCE = "On day {0} the Company and its lender agreed on loan {0} of ${0},000 at a rate of {0} basis points. "


def _document(body: str | bytes, *, type: str = "8-K", sequence: int = 1, name: str = "main.htm") -> bytes:  # noqa: A002
    content = body.encode() if isinstance(body, str) else body
    head = f"<DOCUMENT>\n<TYPE>{type}\n<SEQUENCE>{sequence}\n<FILENAME>{name}\n<TEXT>\n".encode()
    return head + content + b"\n</TEXT>\n</DOCUMENT>\n"


def _submission(*documents: bytes) -> bytes:
    return _HEADER + b"".join(documents) + _END


def _filled(piece: str, size: int) -> str:
    """Repeat a piece, counting in it, up to this size."""
    return "".join(_pieces(piece, size))


def _pieces(piece: str, size: int) -> Iterator[str]:
    for number in count(1):
        one = piece.format(number)
        size -= len(one)
        if size < 0:
            return
        yield one


def _html(inside: str) -> bytes:
    """A main document with one item that holds this."""
    body = f"<p>{_COVER}</p>\n<p><b>Item 8.01 Other Events.</b></p>\n{inside}\n<p>{_SIGNATURE}</p>"
    return _submission(_document(f"<html><body>\n{body}\n</body></html>"))


def _of(piece: str) -> Shape:
    return lambda size: _html(_filled(piece, size))


def _plain(size: int) -> bytes:
    body = f"{_COVER}Item 8.01 Other Events.\n\n{_filled(_SENTENCE + chr(10), size)}\n{_SIGNATURE}"
    return _submission(_document(body, name="main.txt"))


def _one_line(size: int) -> bytes:
    return _html(_filled(f"<p><font>{_SENTENCE}</font></p>", size)).replace(b"</p>\n<p>", b"</p><p>")


def _nested(size: int) -> bytes:
    depth = size // len("<div></div>")
    return _html("<div>" * depth + "deep" + "</div>" * depth)


def _documents(size: int) -> bytes:
    text = _SENTENCE.format(1) * 10
    one = len(_document(text, type="EX-99.1", sequence=1_000))
    exhibits = [
        _document(text, type=f"EX-99.{number}", sequence=number + 1, name=f"ex{number}.txt")
        for number in range(1, max(2, size // one))
    ]
    return _submission(_document(f"{_COVER}Item 8.01 Other Events.\n\nSee exhibits.\n\n{_SIGNATURE}"), *exhibits)


def _picture(size: int) -> bytes:
    bits = bytes(range(256)) * 45
    lines = b"".join(binascii.b2a_uu(bits[at : at + 45]) for at in range(0, len(bits), 45))
    encoded = b"begin 644 picture.jpg\n" + lines * max(1, size // len(lines)) + b"`\nend"
    picture = _document(encoded, type="GRAPHIC", sequence=2, name="picture.jpg")
    return _submission(_document(f"{_COVER}Item 8.01 Other Events.\n\nA picture.\n\n{_SIGNATURE}"), picture)


def _exhibit_list(size: int) -> bytes:
    rows = _filled("<tr><td>99.{0}</td><td>Press release no. {0} of the Company</td></tr>\n", size)
    return _html(f"<p><b>Item 9.01 Financial Statements and Exhibits.</b></p>\n<table>\n{rows}</table>")


def _one_table(size: int) -> bytes:
    return _html(f"<table>{_filled('<tr><td>{0}</td><td>( {0}</td><td>)</td></tr>', size)}</table>")


SHAPES: dict[str, Shape] = {
    "plain text": _plain,
    "HTML": _of(f"<p style='margin:0'><font face='Times'>{_SENTENCE * 4}</font> <b>{{0}}</b></p>\n"),
    "one line": _one_line,
    "nested <div>": _nested,
    "tables": _of(
        "<table><tr><td>Loan {0}</td><td>$</td><td>{0}</td></tr><tr><td>All</td><td>{0}%</td></tr></table>\n"
    ),
    "one table": _one_table,
    "items": _of(f"<p><b>Item 8.01 Other Events.</b></p>\n<p>{_SENTENCE}</p>\n"),
    "mentions of items": _of("as in Item 2.02 of report {0}, under Item 7.01 and Items 1.01(a) and 5.02(e), "),
    "exhibit list": _exhibit_list,
    "signatures": _of("<p>SIGNATURE</p>\n<p>By: /s/ Nobody the {0}th</p>\n<p>Title: Officer</p>\n"),
    "tagged facts": _of("<ix:nonNumeric name='dei:Security12bTitle' contextRef='c{0}'>Stock {0}</ix:nonNumeric>\n"),
    "hidden elements": _of("<div style='display:none'>hidden {0}</div><p>seen {0}</p>\n"),
    "entities": _of("&#8220;A&#8221;&nbsp;&amp;&nbsp;&#x42;&rsquo;s&#160;{0}&#8212;"),
    "stray <": _of("1 < {0} <= 2 "),
    "unclosed tags": _of("<p><b>one {0} <i>two <td>three"),
    "documents": _documents,
    "picture": _picture,
}
