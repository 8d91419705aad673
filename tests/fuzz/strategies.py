"""Hypothesis strategies for things that look like 8-Ks, and are meant to break whoever reads them."""

from __future__ import annotations

import binascii
import gzip
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from watcher.items import CURRENT_ITEMS, LEGACY_ITEMS, official_title

from .seeds import CRAWLER, FORM, MASTER
from .vocabulary import AMENDING, BODY, HEADER, HEADINGS, INDEX, LINKS, PROSE, SIGNED, TAGS, TITLES

__all__ = [
    "DAYS",
    "Written",
    "amended_pages",
    "bodies",
    "headers",
    "indexes",
    "linked",
    "pages",
    "submissions",
    "uuencoded",
    "written",
]

DAYS = st.sampled_from((None, date(1996, 3, 4), date(2003, 8, 23), date(2004, 9, 1), date(2021, 3, 4)))
_ODD_NUMBERS = ("5.2", "8.O1", "9.0l", "5.02.1", "99.1", "0", "14", "2.99", "1.1", "5. 02", "\u0665.\u0660\u0662")
_NUMBERS = st.sampled_from((*CURRENT_ITEMS, *LEGACY_ITEMS, *_ODD_NUMBERS))


@st.composite
def _headings(draw: st.DrawFn) -> str:
    number = draw(_NUMBERS)
    title = draw(st.sampled_from(TITLES) | st.just(official_title(number)))
    dress = draw(st.sampled_from(HEADINGS))
    return dress.format(n=number, m=draw(_NUMBERS), t=draw(st.sampled_from((title, title.upper(), title[:25]))))


@st.composite
def _repeated(draw: st.DrawFn, pieces: st.SearchStrategy[str]) -> str:
    """A few pieces many times over: what costs nothing once may cost much a hundred times."""
    return "".join(draw(st.lists(pieces, min_size=1, max_size=3))) * draw(st.sampled_from((2, 3, 40, 400)))


_PIECES = st.one_of(
    _headings(),
    _headings().map(lambda heading: f"\n\n{heading}\n\n"),
    st.sampled_from(PROSE + SIGNED),
    st.sampled_from(BODY),
    st.text(max_size=8),
    st.sampled_from(("\n", "\n\n", " ", "\t", ". ")),
)
_TAGGED_PIECES = st.sampled_from(TAGS) | _PIECES


def _joined(pieces: st.SearchStrategy[str], most: int = 40) -> st.SearchStrategy[str]:
    return st.lists(pieces | _repeated(pieces), max_size=most).map("".join)


@st.composite
def _element(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    """An element around something, whose start or end may be missing, misspelt or of another name."""
    name, other = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_NAMES))
    attribute = draw(st.sampled_from(_ATTRIBUTES))
    end = draw(st.sampled_from((f"</{name}>", f"</{name}>", f"</{name.upper()} >", "", f"</{other}>", f"</{name}")))
    return f"<{name}{attribute}>{draw(inside)}{end}"


_NAMES = ("p", "div", "table", "tr", "td", "span", "b", "pre", "ul", "li", "ix:nonNumeric", "ix:header", "script", "x")
_ATTRIBUTES = ("", "", ' style="display:none"', " style='DISPLAY: none'", ' a="b', " a='", ' a=">"', " /", "\n", ' "')
_NESTS = st.recursive(
    _joined(_TAGGED_PIECES, 4), lambda inside: _element(st.lists(inside, max_size=3).map("".join)), max_leaves=12
)
_ENCODINGS = st.sampled_from(("utf-8", "utf-8", "cp1252", "latin-1", "utf-16", "utf-8-sig"))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A document's body: HTML, plain text or something between, in some encoding."""
    text = draw(st.one_of(_joined(_TAGGED_PIECES), _joined(_PIECES), _NESTS, st.lists(_NESTS).map("".join)))
    body = text.encode(draw(_ENCODINGS), "replace")
    return body.replace(b"\n", draw(st.sampled_from((b"\n", b"\n", b"\r\n", b"\r"))))


def pages() -> st.SearchStrategy[str]:
    """A main document's text, as it is before items are looked for."""
    return _joined(_PIECES, 60)


def amended_pages() -> st.SearchStrategy[str]:
    """The text of a main document that amends another one."""
    return _joined(st.sampled_from(AMENDING) | _PIECES, 60)


def linked() -> st.SearchStrategy[str]:
    """A document's source with links in it."""
    return _joined(st.sampled_from(LINKS) | _TAGGED_PIECES)


@st.composite
def indexes(draw: st.DrawFn) -> bytes:
    """An index of EDGAR's, of any layout, with rows of words that it may and may not hold."""
    lines = _joined(st.sampled_from((*INDEX, "\n", "  ")) | st.text(max_size=8), 30)
    head = draw(st.sampled_from((MASTER, MASTER, FORM, CRAWLER, b"")))
    raw = head + draw(lines).encode("utf-8", "replace")
    return gzip.compress(raw, mtime=0) if draw(st.booleans()) else raw


def headers() -> st.SearchStrategy[str]:
    """Lines of a submission's header, in any order."""
    odd = st.text(max_size=8).map(lambda text: text + "\n")
    return st.lists(st.sampled_from(HEADER) | odd, max_size=30).map("".join)


@st.composite
def uuencoded(draw: st.DrawFn) -> bytes:
    """A file in uuencode, with lines that may lie about their length."""
    content = draw(st.binary(max_size=200))
    lines = [binascii.b2a_uu(content[place : place + 45]) for place in range(0, len(content), 45)]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.binary(max_size=70)) + b"\n")
    return b"begin 644 a.jpg\n" + b"".join(lines) + draw(st.sampled_from((b"`\nend\n", b"end\n", b"", b"`\nEND\r\n")))


@st.composite
def submissions(draw: st.DrawFn) -> bytes:
    """A submission of hostile lines and bodies; most are none."""
    parts = draw(st.lists(_documents() | headers().map(_encoded) | bodies(), max_size=5))
    start = draw(st.sampled_from((_HEAD, _HEAD, _HEAD.lower(), _TAGGED, b"", b"\xff\xfe", b"\xef\xbb\xbf" + _HEAD)))
    end = draw(st.sampled_from((b"</SEC-DOCUMENT>\n", b"</sec-document>", b"</SUBMISSION>\n", b"")))
    raw = start + b"".join(parts) + end
    return raw.replace(b"\n", draw(st.sampled_from((b"\n", b"\n", b"\r\n", b"\r"))))


@st.composite
def _documents(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.sampled_from([line for line in HEADER if "TYPE>" in line or "CE>" in line]), max_size=4))
    body = draw(bodies() | uuencoded())
    start = draw(st.sampled_from(("<DOCUMENT>\n", "<document>\n", "<DOCUMENT>")))
    end = draw(st.sampled_from(("\n</TEXT>\n</DOCUMENT>\n", "</text></document>\n", "\n</TEXT>\n", "")))
    quoted = draw(st.sampled_from(_QUOTED))
    return _encoded(start + "".join(lines) + "<TEXT>\n") + body + _encoded(quoted + end)


_QUOTED = ("", "", "\n</DOCUMENT>\n x", "\n<DOCUMENT>\n", "</TEXT>\n", "\n</DOCUMENT>\n<DOCUMENT>\n")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_HEAD = (
    b"<SEC-DOCUMENT>0001234567-21-000042.txt : 20210304\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\n"
    b"CONFORMED SUBMISSION TYPE:\t8-K\nITEM INFORMATION:\tOther Events\nFILED AS OF DATE:\t20210304\n\nFILER:\n\n"
    b"\tCOMPANY DATA:\n\t\tCENTRAL INDEX KEY:\t1\n</SEC-HEADER>\n"
)
_TAGGED = b"<SUBMISSION>\n<ACCESSION-NUMBER>0001234567-21-000042\n<TYPE>8-K\n<ITEMS>8.01\n<FILING-DATE>20210304\n"


@dataclass(frozen=True, slots=True)
class Written:
    """A submission whose documents are known: (type, file name, body) of each."""

    raw: bytes
    documents: tuple[tuple[str, str, bytes], ...]


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A submission in any of the dialects, its tags in either case, its ends left out where they may be."""
    newline = draw(st.sampled_from((b"\n", b"\r\n", b"\r")))
    has_ends, cased = draw(st.booleans()), draw(st.sampled_from((bytes.upper, bytes.lower)))
    documents = draw(st.lists(_written_documents(newline), min_size=1, max_size=4))
    head, tail = (part.replace(b"\n", newline) for part in draw(st.sampled_from(_WRAPPINGS)))
    raw = head
    for place, (kind, name, body) in enumerate(documents):
        named = [cased(b"<FILENAME>") + name.encode()] if name else []
        lines = [cased(b"<DOCUMENT>"), cased(b"<TYPE>") + kind.encode(), *named, cased(b"<TEXT>"), body]
        is_closed = has_ends or place + 1 == len(documents)
        raw += newline.join([*lines, cased(b"</TEXT>"), *([cased(b"</DOCUMENT>")] if is_closed else []), b""])
    return Written(raw + tail, tuple((kind, name, body + newline) for kind, name, body in documents))


@st.composite
def _written_documents(draw: st.DrawFn, newline: bytes) -> tuple[str, str, bytes]:
    body = draw(bodies() | uuencoded()).replace(b"\r", b"").replace(b"\n", newline)
    # What is tried is whether bodies come back, not which of the tags in them are quoted. This one is for certain.
    quoted = draw(st.sampled_from((b"", newline + b"</DOCUMENT>" + newline + b"x")))
    kind, name = draw(st.sampled_from(("8-K", "EX-99.1", "GRAPHIC"))), draw(st.sampled_from(("", "a.htm")))
    return kind, name, body.replace(b">", b"&gt;") + quoted


_PEM = b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----\nProc-Type: 2001,MIC-CLEAR\n\n"
_IMS = _HEAD.replace(b"SEC-", b"IMS-")
_WRAPPINGS = (
    (_HEAD, b"</SEC-DOCUMENT>\n"),
    (_PEM + _HEAD, b"</SEC-DOCUMENT>\n-----END PRIVACY-ENHANCED MESSAGE-----\n"),
    (_PEM + _IMS, b"</IMS-DOCUMENT>\n-----END PRIVACY-ENHANCED MESSAGE-----\n"),
    (_TAGGED, b"</SUBMISSION>\n"),
    (_HEAD[_HEAD.index(b"<SEC-HEADER>") :], b""),
)
