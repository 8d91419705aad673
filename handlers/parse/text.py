"""Turns a document's bytes into readable text: one line for a paragraph or table row, cells set apart by tabs.

One pass over the tags, without a tree: a tree of a hostile document costs memory and time, and walking one in
Python costs more than all of this. Everything here is linear in the size of the document.
"""

from __future__ import annotations

import re
from functools import lru_cache

from watcher import decode_body, unescape_entities

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
    "tr": _ROW,
    "table": _PARAGRAPH + _ROW,
    "/table": _ROW + _PARAGRAPH,
    **dict.fromkeys(("td", "th"), _CELL),
    "li": _BULLET,
}
_INLINE = ("span", "b", "i", "u", "font", "a", "sup", "sub", "em", "strong", "small", "img", "html", "meta", "link")


class _MarkOf(dict[str, str]):
    """A tag's mark by its name as it may be spelt. What is not here is inline and breaks nothing."""

    def __missing__(self, name: str) -> str:
        return ""


_MARK_OF = _MarkOf(
    {
        # The inline ones are here so that a look-up seldom misses, which costs more.
        **dict.fromkeys(
            [slash + cased for name in _INLINE for cased in (name, name.upper()) for slash in ("", "/")], ""
        ),
        **dict.fromkeys(("/td", "/th", "/TD", "/TH", "/tr", "/TR"), ""),
        **dict.fromkeys(("ix:nonNumeric", "/ix:nonNumeric", "ix:continuation", "/ix:continuation"), ""),
        **{
            cased + end: mark
            for name, mark in _MARKS.items()
            for cased in (name, name.upper(), name.title())
            for end in ("", "/")
        },
    }
)
# What follows the last ">" is kept out of its way, so that each "<" finds its end and the time stays linear.
_TAG = re.compile(r"<([^\s>]*)[^>]*>")
_STRAY = re.compile(r"<(?![a-zA-Z/!?])")

# Elements whose content nobody is shown. ``ix:header`` holds inline XBRL's contexts and hidden facts; it comes
# once and may be half of the document, so it is cut out before the tags are told apart.
_FACTS, _COMMENT = ("<ix:header", "</ix:header>"), ("<!--", "-->")
_UNSEEN = frozenset(("script", "style", "title", "ix:header"))
_CAREFUL = _UNSEEN | {"pre"}
_KNOWN = frozenset(name for name in _MARK_OF if name.lower().strip("/") != "pre")
_HIDDEN = re.compile(r"isplay\s{0,9}:\s{0,9}none")
_HIDDEN_SHOUTED = re.compile(_HIDDEN.pattern, re.IGNORECASE)  # ten times slower
_HIDDEN_WORDS = ("display:none", "display: none", "display :")  # whether to look at all
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:]{0,40}")
_MAX_TAG = 5_000
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr"))
_HTML_SIGN = re.compile(
    rb"<(?:html|body|p|div|br|font|td|tr|b|span|center|hr|ul|ol|li|h[1-6]|pre)[\s/>]", re.IGNORECASE
)

_ENTITIES = (
    *(("&#160;", " "), ("&nbsp;", " ")),
    *(("&#8217;", "\u2019"), ("&#8220;", "\u201c"), ("&#8221;", "\u201d")),
)
_PLAIN_ENTITY = re.compile(r"&(?:#\d{1,6}|[a-zA-Z]{2,8});")
_PLAIN_TAG = re.compile(r"<PAGE>[ \t]*\d{0,4}|</?(?:TABLE|CAPTION|S|C|FN|F\d{1,2}|PAGE)>", re.IGNORECASE)
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BLANKS = re.compile(" {2,}")
_HEAD_CHARS = 20_000
_CHUNK = 2_000_000  # so many characters at a time, so that the parts between tags never fill the memory
_TIGHT = (("$\t", "$"), ("(\t", "("), ("\t)", ")"), ("\t%", "%"))  # a sign in a cell of its own
_SHORT_CELL = 200  # a longer cell is laid out like a page and keeps its paragraphs


def readable_text(body: bytes) -> str:
    """Return the text that a reader of this document sees."""
    return _html_text(body) if is_html(body) else _plain_text(body)


def is_html(body: bytes) -> bool:
    """Whether this is HTML and not the plain text of the 1990s, whose only tags mark pages and tables."""
    return _HTML_SIGN.search(body, 0, 20_000) is not None


def _html_text(body: bytes) -> str:
    source = decode_body(body.translate(None, _CONTROLS))
    head = source[:_HEAD_CHARS]
    if "xmlns:ix" in head:
        source = _without(source, *_FACTS)
    if "<!--" in head:
        source = _without(source, *_COMMENT)
    source = _without_title(source)
    if "DISPLAY" in source:
        source = _without_hidden(source, _HIDDEN_SHOUTED)
    elif "isplay" in source and any(words in source for words in _HIDDEN_WORDS):
        source = _without_hidden(source, _HIDDEN)
    marked, place, is_pre = [], 0, False
    while place < len(source):
        end = source.find("<", place + _CHUNK)
        end = len(source) if end < 0 else end
        text, is_pre = _marked(source[place:end], is_pre=is_pre)
        marked.append(text)
        place = end
    return _laid_out(unescape_entities(_shorter("".join(marked))))


def _without(source: str, opening: str, closing: str) -> str:
    """Cut out everything from one of these to the next of those. What is never closed stays."""
    kept, place = [], 0
    start = source.find(opening)
    while start >= 0:
        end = source.find(closing, start)
        if end < 0:
            break
        kept.append(source[place:start])
        place = end + len(closing)
        start = source.find(opening, place)
    kept.append(source[place:])
    return "".join(kept)


def _without_title(source: str) -> str:
    """Cut out the window's title here: nearly every document has one, and little else that needs care."""
    head = source[:_HEAD_CHARS]
    start = max(head.find("<title>"), head.find("<TITLE>"))
    end = max(head.find("</title>", start), head.find("</TITLE>", start)) if start >= 0 else -1
    return source[:start] + source[end + len("</title>") :] if end >= 0 else source


def _marked(source: str, *, is_pre: bool, has_comments: bool = True) -> tuple[str, bool]:
    """Put marks in place of tags. Returns the text and whether it ends inside ``<PRE>``."""
    end = source.rfind(">") + 1
    parts = _TAG.split(source[:end])
    parts.append(source[end:])
    names = parts[1:-1:2]
    odd = set(names) - _KNOWN
    if not all(name[:1].isalpha() or name[:1] in ("/", "!", "?") for name in odd):
        # A "<" that begins no tag ("< 5%") has swallowed text.
        return _marked(_STRAY.sub("&lt;", source), is_pre=is_pre, has_comments=has_comments)
    if has_comments and any(name.startswith("!--") for name in odd):
        return _marked(_without(source, *_COMMENT), is_pre=is_pre, has_comments=False)
    careful = {name for name in odd if name.lower().lstrip("/") in _CAREFUL}
    if is_pre or careful:
        spots = [index for index, name in enumerate(names) if name in careful]
        is_pre = _tend(parts, spots, is_pre=is_pre)
        names = parts[1:-1:2]
    parts[1:-1:2] = map(_MARK_OF.__getitem__, names)
    return "".join(parts), is_pre


def _tend(parts: list[str], spots: list[int], *, is_pre: bool) -> bool:
    """Blank out what is not for reading, and keep the lines of what is preformatted, in place.

    ``spots`` says which tags to look at. Returns whether it ends inside ``<PRE>``.
    """
    tags = [(2 * spot + 1, parts[2 * spot + 1].lower()) for spot in spots]
    last_of = {name: index for index, name in tags}
    since, unseen, place = 0, "", 0
    for index, name in tags:
        if unseen and name == "/" + unseen:
            parts[since:index] = [""] * (index - since)
            place, unseen = index + 1, ""
        elif not unseen and name.lstrip("/") == "pre":
            if is_pre:
                _keep(parts, place, index)
            place, is_pre = index + 1, name == "pre"
        elif not unseen and last_of.get("/" + name, -1) > index:
            if is_pre:
                _keep(parts, place, index)
            since, unseen = index, name
    if is_pre:
        _keep(parts, place, len(parts))
    return is_pre


def _keep(parts: list[str], start: int, end: int) -> None:
    """Keep the lines and blanks of the text, which stands at even places, in ``parts[start:end]``."""
    for index in range(start + start % 2, end, 2):
        parts[index] = _kept(parts[index])


def _kept(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8)
    return text.replace("\n", _KEPT_NEWLINE).replace(" ", _KEPT_BLANK)


def _without_hidden(source: str, style: re.Pattern[str]) -> str:
    """Cut out the elements that are styled not to be displayed."""
    kept, place = [], 0
    match = style.search(source)
    while match:
        after = match.end()
        end = source.find(">", after, after + _MAX_TAG)
        # An element that is empty needs no cutting; some documents have thousands of hidden empty cells.
        is_empty = source.startswith("</", end + 1)
        start = -1 if is_empty else source.rfind("<", max(place, match.start() - _MAX_TAG), match.start())
        if end >= 0 and start >= 0 and ">" not in source[start : match.start()]:
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
    close = source.find("<", inside)
    if source.startswith("</" + name[0] + ">", close):
        return close + len(name[0]) + 3
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


def _shorter(text: str) -> str:
    """Replace the few entities that are nine in ten of all: far quicker than the general way."""
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return text


def _laid_out(text: str) -> str:
    """Collapse the source's white space, then put real breaks in place of the marks."""
    text = " ".join(text.split())
    for character in _INVISIBLE:
        if character in text:
            text = text.replace(character, "")
    if _ROW in text:
        text = _LINE.join([_row(row) if _CELL in row else row for row in text.split(_ROW)])
    text = text.replace(_PARAGRAPH, "\n\n").replace(_LINE, "\n").replace(_BULLET, "\n• ").replace(_CELL, "\n")
    text = text.replace(_KEPT_NEWLINE, "\n")
    lines = [line.strip(" ") for line in text.split("\n")]
    if _KEPT_BLANK in text:
        lines = [line.replace(_KEPT_BLANK, " ").rstrip() for line in lines]
    return _paragraphs("\n".join(lines))


def _paragraphs(text: str) -> str:
    """Leave one empty line where there are several."""
    return "\n\n".join([part for part in [part.strip("\n") for part in text.split("\n\n")] if part])


def _row(row: str) -> str:
    """Lay out a table row: its cells on one line, apart by tabs; a lone cell like a page of its own."""
    cells = [cell for cell in [cell.strip(" \x01\x02\x07") for cell in row.split(_CELL)] if cell]
    if len(cells) < 2:
        return "".join(cells)
    if len(row) > _SHORT_CELL:
        line = "\t".join([_one_line(cell) if len(cell) < _SHORT_CELL else cell for cell in cells])
    else:
        line = _one_line("\t".join(cells))
    for loose, tight in _TIGHT:
        if loose in line:
            line = line.replace(loose, tight)
    return line


def _one_line(cell: str) -> str:
    if _LINE in cell or _PARAGRAPH in cell or _BULLET in cell:
        cell = _BLANKS.sub(" ", cell.replace(_LINE, " ").replace(_PARAGRAPH, " ").replace(_BULLET, " • "))
    return cell


def _plain_text(body: bytes) -> str:
    """Keep a plain document's lines and columns as they are, without its tags and page marks."""
    text = decode_body(body.translate(None, bytes(code for code in _CONTROLS if code != 12)))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").replace("\u00a0", " ")
    if "<" in text:
        text = _PLAIN_TAG.sub("", text)
    if "&" in text:
        text = _PLAIN_ENTITY.sub(lambda match: unescape_entities(match[0]), text)
    lines = [line.expandtabs(8).rstrip() for line in text.split("\n")]
    return _paragraphs("\n".join(lines))
