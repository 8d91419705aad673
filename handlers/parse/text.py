"""Turns a document's bytes into readable text: one line for a paragraph or table row, cells set apart by tabs.

One pass over the tags, without a tree: a tree of a hostile document costs memory and time, and walking one in
Python costs more than all of this. Everything here is linear in the size of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from handlers.parse.hidden import without, without_hidden, without_unseen
from handlers.parse.markup import CELL, KEPT_BLANK, KEPT_NEWLINE, LINE, PARAGRAPH, ROW, Breaks, Need, merged
from watcher import decode_body, unescape_entities

__all__ = ["is_html", "readable_text"]

_CONTROLS = bytes((*range(9), 11, *range(14, 32), 127))
_HTML_SIGN = re.compile(
    rb"<(?:html|body|p|div|br|font|td|tr|b|span|center|hr|ul|ol|li|h[1-6]|pre)[\s/>]", re.IGNORECASE
)
_HEAD_CHARS = 20_000
_CHUNK = 2_000_000  # so many characters at a time, so that the parts between tags never fill the memory

# A run of tags with nothing but blanks between them. What follows the last ">" of a document is kept out of its
# way, so that each "<" finds its end and the time stays linear.
_SPACE = "&(?:nbsp|#160|e[mn]sp|thinsp|#(?:9|10|13|32|819[2-9]|820[0-2]|8232|8233|8239|8287|12288|[xX]0*[aA]0)|NBSP);"
_GAP = rf"[ \n\r\t\f]*+(?:{_SPACE}[ \n\r\t\f]*+)*+"
_RUN = re.compile(rf"(<[^>]*+>{_GAP}(?:<[^>]*+>{_GAP})*+)")
_TAG = re.compile(r"(<[^>]*>)")
_PRE = re.compile(r"<(/?)pre[\s>]", re.IGNORECASE)
_STRAY = re.compile(r"<(?![a-zA-Z/!?])")

_COMMENT = ("<!--", "-->")
# What nearly every document has once and nobody sees; inline XBRL's hidden facts may be half of the document.
_ONCE = (("<ix:header", "</ix:header>"), ("<title>", "</title>"), ("<TITLE>", "</TITLE>"))
_CURES: dict[Need, Callable[[str], str]] = {
    Need.COMMENT: lambda source: without(source, *_COMMENT),
    Need.UNSEEN: without_unseen,
    Need.HIDDEN: without_hidden,
    Need.STRAY: lambda source: _STRAY.sub("&lt;", source),
}

_BLANK_ENTITY = re.compile(rf"({_SPACE}|&(?:#(?:173|820[3-7]|8288|65279)|shy|zwn?j|[lr]rm);)")
_ENTITY = re.compile(r"(&#?[a-zA-Z0-9]{1,30};?)")
_PLAIN_ENTITY = re.compile(r"&(?:#\d{1,6}|[a-zA-Z]{2,8});")
_PLAIN_TAG = re.compile(r"<PAGE>[ \t]*\d{0,4}|</?(?:TABLE|CAPTION|S|C|FN|F\d{1,2}|PAGE)>", re.IGNORECASE)
_PLAIN_BLANKS = dict.fromkeys(map(ord, "\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"), " ")
_PLAIN_BLANKS |= dict.fromkeys(range(0x2000, 0x200B), " ")
_PLAIN_BLANKS |= dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"), "")
_NO_BREAKS = _PLAIN_BLANKS | dict.fromkeys((*range(9, 14), *range(28, 32)), " ")  # an entity breaks no line
_TRAILING = re.compile(r"[ \t]++\n")
_BLANKS = re.compile("  +")  # not " {2,}": three times slower
_TIGHT = (
    (" " + CELL, CELL),
    *(("$" + CELL, "$"), ("(" + CELL, "("), (CELL + ")", ")"), (CELL + "%", "%")),  # a sign in a cell of its own
)
_SHORT_CELL = 150  # a longer cell is laid out like a page and keeps its paragraphs


def readable_text(body: bytes) -> str:
    """Return the text that a reader of this document sees."""
    return _html_text(body) if is_html(body) else _plain_text(body)


def is_html(body: bytes) -> bool:
    """Whether this is HTML and not the plain text of the 1990s, whose only tags mark pages and tables."""
    return _HTML_SIGN.search(body, 0, _HEAD_CHARS) is not None


def _html_text(body: bytes) -> str:
    source = _shorter(decode_body(body.translate(None, _CONTROLS)))
    marked, is_pre = [], False
    for chunk in _chunks(source):
        text, is_pre = _marked(chunk, is_pre=is_pre)
        marked.append(text)
    text = "".join(marked)
    return _laid_out(text if len(marked) == 1 else merged(text))


def _shorter(source: str) -> str:
    """Cut out what stands in `_ONCE` before tags are told apart. If there is more of it, that is a cure's work."""
    for opening, closing in _ONCE:
        start = source.find(opening, 0, _HEAD_CHARS)
        end = source.find(closing, start) if start >= 0 else -1
        if end >= 0:
            source = source.replace(source[start : end + len(closing)], "", 1)
    return source


def _chunks(source: str) -> Iterator[str]:
    """Give the document in parts that end before a tag. A hidden element that reaches over an end is shown."""
    place = 0
    while place < len(source):
        end = source.find("<", place + _CHUNK)
        end = len(source) if end < 0 else end
        yield source[place:end]
        place = end


def _marked(source: str, *, is_pre: bool) -> tuple[str, bool]:
    """Put breaks in place of tags. Returns the text and whether it ends inside ``<PRE>``."""
    cured: set[Need] = set()
    while True:
        end = source.rfind(">") + 1
        pieces = _RUN.split(source[:end])
        breaks = Breaks()
        pieces[1::2] = map(breaks.__getitem__, pieces[1::2])
        needs = breaks.needs & _CURES.keys() - cured
        if not needs:
            break
        cured |= needs
        for need in needs:
            source = _CURES[need](source)
    if is_pre or Need.PREFORMATTED in breaks.needs:
        return _preformatted(source, end, is_pre=is_pre)
    pieces.append(source[end:])
    return "".join(pieces), False


def _preformatted(source: str, end: int, *, is_pre: bool) -> tuple[str, bool]:
    """Put marks in place of the tags one by one, and keep the lines of what is preformatted."""
    pieces = _TAG.split(source[:end])
    pieces[-1] += source[end:]
    breaks = Breaks()
    for index, piece in enumerate(pieces):
        if index % 2:
            tag = _PRE.match(piece)
            is_pre = not tag[1] if tag else is_pre
            pieces[index] = breaks.mark(piece)
        elif is_pre:
            pieces[index] = _kept(piece)
    return merged("".join(pieces)), is_pre


def _kept(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8)
    return text.replace("\n", KEPT_NEWLINE).replace(" ", KEPT_BLANK)


def _laid_out(text: str) -> str:
    """Collapse the source's white space, then put real breaks in place of the marks.

    Entities come last: with them most documents are of plain ASCII, which is quicker to work on.
    """
    text = _collapsed(_with_plain_blanks(text))
    if CELL in text:
        text = ROW.join([_row(row) if CELL in row else row for row in text.split(ROW)])
    text = text.replace(ROW, "\n").replace(PARAGRAPH, "\n\n").replace(LINE, "\n").replace(CELL, "\t")
    text = "\n".join(text.split(" \n"))  # twice as fast as `replace`
    if KEPT_NEWLINE in text or KEPT_BLANK in text:
        text = _with_kept_lines(text)
    return _unescaped(text.strip(" \n\t"))


def _with_plain_blanks(text: str) -> str:
    """Put a plain blank in place of blanks of all kinds, and leave out what is invisible."""
    has_odd = False
    if "&" in text:
        pieces = _BLANK_ENTITY.split(text)
        pieces[1::2] = map(_Characters().__getitem__, pieces[1::2])
        has_odd = "" in pieces[1::2]
        text = "".join(pieces)
    if not text.isascii():
        before, text = text, text.translate(_PLAIN_BLANKS)
        has_odd = has_odd or text != before
    # A run of tags has taken in the blanks beside it, but not these.
    return merged(text) if has_odd else text


def _collapsed(text: str) -> str:
    """Make one blank of all white space in a row."""
    for character in "\n\r\t\x0c":
        text = text.replace(character, " ")
    return _BLANKS.sub(" ", text) if "  " in text else text


class _Characters(dict[str, str]):
    """The character that each entity stands for."""

    has_nothing = False  # whether one stood for a blank or for no character at all

    def __missing__(self, entity: str) -> str:
        found = self[entity] = _character(entity)
        self.has_nothing = self.has_nothing or not found.strip()
        return found


@lru_cache(maxsize=1024)
def _character(entity: str) -> str:
    return unescape_entities(entity).translate(_NO_BREAKS)


def _unescaped(text: str) -> str:
    """Put characters in place of entities."""
    if "&" not in text:
        return text
    pieces, characters = _ENTITY.split(text), _Characters()
    pieces[1::2] = map(characters.__getitem__, pieces[1::2])
    text = "".join(pieces)
    return _paragraphs(_TRAILING.sub("\n", text).strip(" \t")) if characters.has_nothing else text


def _row(row: str) -> str:
    """Lay out a table row of several cells: a short cell on one line, a long one like a page of its own."""
    for loose, tight in _TIGHT:
        if loose in row:
            row = row.replace(loose, tight)
    if LINE not in row and PARAGRAPH not in row:
        return row
    cells = [cell.strip(" \x01\x02") for cell in row.split(CELL)]
    is_short = len(row) <= _SHORT_CELL
    return CELL.join([_one_line(cell) if is_short or len(cell) < _SHORT_CELL else cell for cell in cells])


def _one_line(cell: str) -> str:
    return _BLANKS.sub(" ", cell.replace(LINE, " ").replace(PARAGRAPH, " "))


def _with_kept_lines(text: str) -> str:
    """Put the lines and blanks of what is preformatted back."""
    lines = [line.strip(" ") for line in text.replace(KEPT_NEWLINE, "\n").split("\n")]
    return _paragraphs("\n".join([line.replace(KEPT_BLANK, " ").rstrip() for line in lines]))


def _paragraphs(text: str) -> str:
    """Leave one empty line where there are several."""
    return "\n\n".join([part for part in [part.strip("\n") for part in text.split("\n\n")] if part])


def _plain_text(body: bytes) -> str:
    """Keep a plain document's lines and columns as they are, without its tags and page marks."""
    text = decode_body(body.translate(None, bytes(code for code in _CONTROLS if code != 12)))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").replace("\u00a0", " ")
    if "<" in text:
        text = _PLAIN_TAG.sub("", text)
    if "&" in text:
        text = _PLAIN_ENTITY.sub(lambda match: _character(match[0]), text)
    lines = [line.expandtabs(8).rstrip() for line in text.split("\n")]
    return _paragraphs("\n".join(lines))
