"""Turns a document's bytes into readable text: one line for a paragraph or table row, cells set apart by tabs.

One pass over the tags, without a tree: a tree of a hostile document costs memory and time, and walking one in
Python costs more than all of this. Everything here is linear in the size of the document.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from watcher import decode_body

__all__ = ["is_html", "readable_text"]

# Marks for breaks, which stay while the source's own white space is collapsed: Python does not take them for
# white space. No document may bring its own, so control characters are taken out of it first.
_LINE, _PARAGRAPH, _CELL, _ROW, _KEPT_NEWLINE, _KEPT_BLANK, _BULLET = "\x01\x02\x03\x04\x05\x06\x07"
_CONTROLS = bytes((*range(9), 11, *range(14, 32), 127))

_MARKS = {
    **dict.fromkeys(("div", "/div", "br", "/br", "hr", "dt", "dd", "ul", "/ul", "ol", "/ol", "/li"), _LINE),
    **dict.fromkeys(("caption", "/caption", "option", "tbody", "thead", "tfoot"), _LINE),
    **{
        slash + name: _PARAGRAPH
        for name in (
            *("p", "h1", "h2", "h3", "h4", "h5", "h6", "center", "blockquote", "pre", "body", "page", "dl"),
            *("section", "article", "header", "footer", "address", "form", "fieldset", "document", "text", "dir"),
        )
        for slash in ("", "/")
    },
    **dict.fromkeys(("tr", "/tr"), _ROW),
    "table": _PARAGRAPH + _ROW,
    "/table": _ROW + _PARAGRAPH,
    **dict.fromkeys(("td", "th"), _CELL),
    "li": _BULLET,
}
# A tag's name as it may be spelt. What is not here is an inline element and breaks nothing.
_MARK_OF = {
    cased + end: mark
    for name, mark in _MARKS.items()
    for cased in (name, name.upper(), name.title())
    for end in ("", "/")
}
# What follows the last ">" is kept out of its way, so that each "<" finds its end and the time stays linear.
_TAG = re.compile(r"<([^\s>]*)[^>]*>")
_STRAY = re.compile(r"<(?![a-zA-Z/!?])")

# Elements whose content nobody is shown. ``ix:header`` holds inline XBRL's contexts and hidden facts.
_UNSEEN = (
    *((b"<" + name, b"</" + name + b">") for name in (b"ix:header", b"script", b"style", b"title")),
    *((b"<head>", b"</head>"), (b"<head ", b"</head>"), (b"<!--", b"-->")),
)
_HIDDEN = re.compile(r"isplay\s{0,9}:\s{0,9}none")
_HIDDEN_SHOUTED = re.compile(_HIDDEN.pattern, re.IGNORECASE)  # ten times slower
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:]{0,40}")
_MAX_TAG = 5_000
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr"))
_HTML_SIGN = re.compile(rb"<(?:html|body|p|div|br|font|td|tr|b|span|center|hr)[\s/>]", re.IGNORECASE)

_ENTITIES = (
    *(("&#160;", " "), ("&nbsp;", " "), ("&#8217;", "\u2019"), ("&#8220;", "\u201c"), ("&#8221;", "\u201d")),
    *(("&#58;", ":"), ("&#59;", ";"), ("&#32;", " "), ("&#9;", " ")),
)
# Bounded: a number of a hundred thousand digits is no character, and Python refuses to read it.
_ENTITY = re.compile(r"&(?:#\d{1,7}(?!\d)|#[xX][0-9a-fA-F]{1,6}(?![0-9a-fA-F])|[a-zA-Z][a-zA-Z0-9]{1,30});?")
_PLAIN_ENTITY = re.compile(r"&(?:#\d{1,6}|[a-zA-Z]{2,8});")
_PLAIN_TAG = re.compile(r"<PAGE>[ \t]*\d{0,4}|</?(?:TABLE|CAPTION|S|C|FN|F\d{1,2}|PAGE)>", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\x80-\x9f]")
_MANY_BREAKS = re.compile(r"\n{3,}")
_TIGHT = re.compile(r"(?<=[$(])\t|\t(?=[)%])")
_SHORT_CELL = 200  # a longer cell is laid out like a page and keeps its paragraphs


def readable_text(body: bytes) -> str:
    """Return the text that a reader of this document sees."""
    return _html_text(body) if is_html(body) else _plain_text(body)


def is_html(body: bytes) -> bool:
    """Whether this is HTML and not the plain text of the 1990s, whose only tags mark pages and tables."""
    return _HTML_SIGN.search(body, 0, 20_000) is not None


def _html_text(body: bytes) -> str:
    body = _without_unseen(body.translate(None, _CONTROLS))
    if b"<pre" in body or b"<PRE" in body:
        body = _keep_preformatted(body)
    source = decode_body(body)
    if _STRAY.search(source):
        source = _STRAY.sub("&lt;", source)
    if b"isplay" in body or b"ISPLAY" in body:
        source = _without_hidden(source, _HIDDEN_SHOUTED if b"ISPLAY" in body else _HIDDEN)
    end = source.rfind(">") + 1
    parts = _TAG.split(source[:end])
    mark = _MARK_OF.get
    parts[1::2] = [mark(name, "") for name in parts[1::2]]
    parts.append(source[end:])
    return _laid_out(_unescaped("".join(parts)))


def _without_unseen(body: bytes) -> bytes:
    """Cut out comments and the elements that are not for reading."""
    low = body.lower()
    cuts: list[tuple[int, int]] = []
    for opening, closing in _UNSEEN:
        start = low.find(opening)
        while start >= 0:
            end = low.find(closing, start)
            if end < 0:
                break
            cuts.append((start, end + len(closing)))
            start = low.find(opening, end)
    if not cuts:
        return body
    kept, place = [], 0
    for start, end in sorted(cuts):
        if start > place:
            kept.append(body[place:start])
        place = max(place, end)
    kept.append(body[place:])
    return b"".join(kept)


def _keep_preformatted(body: bytes) -> bytes:
    """Put marks in place of the newlines and blanks inside ``<PRE>``, where they matter."""
    low = body.lower()
    kept, place = [], 0
    start = low.find(b"<pre")
    while start >= 0:
        inside = low.find(b">", start) + 1 or len(body)
        end = low.find(b"</pre", inside)
        end = len(body) if end < 0 else end
        text = body[inside:end].replace(b"\r\n", b"\n").replace(b"\r", b"\n").expandtabs(8)
        kept += [body[place:inside], text.replace(b"\n", b"\x05").replace(b" ", b"\x06")]
        place = end
        start = low.find(b"<pre", end)
    kept.append(body[place:])
    return b"".join(kept)


def _without_hidden(source: str, style: re.Pattern[str]) -> str:
    """Cut out the elements that are styled not to be displayed."""
    kept, place = [], 0
    match = style.search(source)
    while match:
        start = source.rfind("<", max(place, match.start() - _MAX_TAG), match.start())
        end = source.find(">", start, match.end() + _MAX_TAG) if start >= 0 else -1
        after = match.end()
        if end > match.start():
            hidden = _element_end(source, start, end + 1)
            if hidden is None:
                break  # it never ends: better to show too much than to lose the document
            kept.append(source[place:start])
            place = after = hidden
        match = style.search(source, after)
    kept.append(source[place:])
    return "".join(kept)


def _element_end(source: str, start: int, inside: int) -> int | None:
    """Find the position after the end tag of the element that starts here."""
    name = _NAME.match(source, start + 1)
    if name is None or name[0].lower() in _VOID or source[inside - 2] == "/":
        return inside
    depth = 1
    for tag in _tags_named(name[0].lower()).finditer(source, inside):
        if tag[1]:
            depth -= 1
        elif tag[0][-2] != "/":
            depth += 1
        if depth == 0:
            return tag.end()
    return None


@lru_cache(maxsize=64)
def _tags_named(name: str) -> re.Pattern[str]:
    """Match the tags of this name, in any case."""
    both = "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in name)
    return re.compile(rf"<(/?){both}(?=[\s/>])[^<>]*>")


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    # These few are nine in ten of all, and a plain replacement is far quicker than the general one.
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    return _unescape(entity[0])


@lru_cache(maxsize=1024)
def _unescape(entity: str) -> str:
    """Give the character of an entity; Windows' numbers 128 to 159 mean its own typography."""
    return html.unescape(entity)


def _laid_out(text: str) -> str:
    """Collapse the source's white space, then put real breaks in place of the marks."""
    text = " ".join(text.split())
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if _ROW in text:
        text = _LINE.join([_row(row) if _CELL in row else row for row in text.split(_ROW)])
    text = text.replace(_PARAGRAPH, "\n\n").replace(_LINE, "\n").replace(_BULLET, "\n• ").replace(_CELL, "\n")
    if _KEPT_NEWLINE in text:
        text = text.replace(_KEPT_NEWLINE, "\n")
    lines = [line.strip(" ") for line in text.split("\n")]
    if _KEPT_BLANK in text:
        lines = [line.replace(_KEPT_BLANK, " ").rstrip() for line in lines]
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip("\n")


def _row(row: str) -> str:
    """Lay out a table row: its cells on one line, apart by tabs; a lone cell like a page of its own."""
    cells = [cell for cell in [cell.strip(" \x01\x02\x07") for cell in row.split(_CELL)] if cell]
    if len(cells) < 2:
        return "".join(cells)
    cells = [_one_line(cell) if len(cell) < _SHORT_CELL else cell for cell in cells]
    line = "\t".join(cells)
    return _TIGHT.sub("", line) if "$" in line or ")" in line or "%" in line else line


def _one_line(cell: str) -> str:
    return " ".join(cell.replace(_LINE, " ").replace(_PARAGRAPH, " ").replace(_BULLET, " • ").split())


def _plain_text(body: bytes) -> str:
    """Keep a plain document's lines and columns as they are, without its tags and page marks."""
    text = decode_body(body.translate(None, bytes(code for code in _CONTROLS if code != 12)))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").replace("\u00a0", " ")
    if "<" in text:
        text = _PLAIN_TAG.sub("", text)
    if "&" in text:
        text = _PLAIN_ENTITY.sub(lambda match: html.unescape(match[0]), text)
    lines = [line.expandtabs(8).rstrip() for line in text.split("\n")]
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip("\n")
