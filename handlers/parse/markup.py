"""Tells what each run of tags does to a document's text: it breaks a line, starts a cell or a row, or does nothing.

Most tags of a filing stand next to other tags, and the same runs (``</font></td><td width="1%">``) come again and
again, in one document and from filing to filing. So each different run is looked at once, and a document costs what
its text costs, not what its tags do.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

__all__ = ["CELL", "KEPT_BLANK", "KEPT_NEWLINE", "LINE", "PARAGRAPH", "ROW", "Breaks", "Need", "forget", "merged"]

# Marks for breaks, which stay while the source's own white space is collapsed: Python does not take them for
# white space. No document may bring its own: control characters are taken out of it first.
LINE, PARAGRAPH, CELL, ROW, KEPT_NEWLINE, KEPT_BLANK, _TABLE, _LIST_ENTRY = "\x01\x02\x03\x04\x05\x06\x07\x08"
_RARE = "?"  # not a mark: a name that must be looked at
_BULLET = "• "

_MARKS = {
    **dict.fromkeys(("div", "/div", "br", "/br", "hr", "dt", "dd", "ul", "/ul", "ol", "/ol", "/li"), LINE),
    **dict.fromkeys(("caption", "/caption", "option", "tbody", "thead", "tfoot"), LINE),
    **{
        slash + name: PARAGRAPH
        for name in (
            *("p", "h1", "h2", "h3", "h4", "h5", "h6", "center", "blockquote", "pre", "body", "page", "dl"),
            *("section", "article", "header", "footer", "address", "form", "fieldset", "document", "text", "dir"),
        )
        for slash in ("", "/")
    },
    **dict.fromkeys(("table", "/table"), _TABLE),
    "tr": ROW,
    **dict.fromkeys(("td", "th"), CELL),
    "li": _LIST_ENTRY,
}
_INLINE = ("span", "b", "i", "u", "font", "a", "sup", "sub", "em", "strong", "small", "img", "html", "meta", "link")


class Need(StrEnum):
    """What must be done to a document before its tags can be told apart."""

    STRAY = "stray"  # a "<" begins no tag and has swallowed text
    COMMENT = "comment"  # one holds tags
    UNSEEN = "unseen"  # a script, a style, a title: text that is not the page's
    HIDDEN = "hidden"  # an element is styled not to be displayed
    PREFORMATTED = "preformatted"  # white space counts, so tags must be looked at one by one


_NEEDS = {
    **dict.fromkeys(("script", "style", "title", "ix:header"), Need.UNSEEN),
    **dict.fromkeys(("/script", "/style", "/title", "/ix:header"), Need.UNSEEN),
    **dict.fromkeys(("pre", "/pre"), Need.PREFORMATTED),
}


class _MarkOf(dict[str, str]):
    """A tag's mark by its name as it may be spelt."""

    def __missing__(self, name: str) -> str:
        return _RARE


_MARK_OF = _MarkOf({
    # The inline ones are here so that a look-up seldom misses, which costs more.
    **dict.fromkeys([slash + cased for name in _INLINE for cased in (name, name.upper()) for slash in ("", "/")], ""),
    **dict.fromkeys(("/td", "/th", "/TD", "/TH", "/tr", "/TR"), ""),
    **dict.fromkeys(("ix:nonNumeric", "/ix:nonNumeric", "ix:continuation", "/ix:continuation"), ""),
    **{
        cased + end: mark
        for name, mark in _MARKS.items()
        for cased in (name, name.upper(), name.title())
        for end in ("", "/")
        if name.strip("/") != "pre"
    },
})  # fmt: skip
_MOST_MARKS = 40  # nearly every run has fewer; what a longer one comes to is not remembered
_NAMES = re.compile(r"<([^ >\n\r\t]*+)")
_OPEN_COMMENT = re.compile(r"<!--(?![^>]*-->)")
# An element that is empty needs no hiding; some documents have thousands of hidden empty cells.
_HIDDEN = re.compile(r"isplay\s{0,9}:\s{0,9}none[^>]*>(?!</)")
_HIDDEN_SHOUTED = re.compile(r"ISPLAY\s{0,9}:\s{0,9}NONE[^>]*>(?!</)")
_MERGE = re.compile(r"[\x01-\x04\x07\x08][\x01-\x04\x07\x08 \n\r\t\f]*")


# Few programs write most filings, so that a third of a filing's runs came in one before. Some 10 MB at most.
_REMEMBERED: dict[str, str] = {}
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 16_000, 600


class Breaks(dict[str, str]):
    """What to put in place of each run of tags. ``needs`` says what the document must have done to it first."""

    def __init__(self) -> None:
        self.needs: set[Need] = set()

    def __missing__(self, run: str) -> str:
        found = _REMEMBERED.get(run)
        if found is None:
            before = len(self.needs)
            found = self._read(run)
            if len(run) <= _LONGEST_REMEMBERED and len(self.needs) == before == 0:
                if len(_REMEMBERED) >= _MOST_REMEMBERED:
                    _REMEMBERED.clear()
                _REMEMBERED[run] = found
        self[run] = found
        return found

    def _read(self, run: str) -> str:
        names = _NAMES.findall(run)
        marks = "".join(map(_MARK_OF.__getitem__, names))
        if _RARE in marks:
            marks = "".join(map(self._mark, names))
            if _OPEN_COMMENT.search(run):
                self.needs.add(Need.COMMENT)
        if ("isplay" in run and _HIDDEN.search(run)) or ("ISPLAY" in run and _HIDDEN_SHOUTED.search(run)):
            self.needs.add(Need.HIDDEN)
        return _break(marks) if marks else " " if _has_blank(run) else ""

    def mark(self, tag: str) -> str:
        """Return the mark of one tag, for `merged` to make a break of."""
        name = _NAMES.match(tag)
        return self._mark(name[1]) if name else ""

    def _mark(self, name: str) -> str:
        if not (name[:1].isalpha() or name[:1] in ("/", "!", "?")):
            self.needs.add(Need.STRAY)
        name = name.lower()
        if name in _NEEDS:
            self.needs.add(_NEEDS[name])
        return _MARKS.get(name.rstrip("/"), "")


def forget() -> None:
    """Forget the runs that other filings brought, as a new process would; for whoever measures."""
    _REMEMBERED.clear()


def _has_blank(run: str) -> bool:
    """Whether white space stands between the tags or behind them."""
    return "> " in run or ">\n" in run or ">&" in run or ">\t" in run or ">\r" in run


def _break(marks: str) -> str:
    """Return the one break that these marks come to."""
    return _short_break(marks) if len(marks) < _MOST_MARKS else _any_break(marks)


@lru_cache(maxsize=2048)
def _short_break(marks: str) -> str:
    return _any_break(marks)


def _any_break(marks: str) -> str:
    rows = marks.count(ROW)
    if _TABLE in marks or rows > 1:
        found = ROW + ROW
    elif rows:
        found = ROW
    elif CELL in marks:
        found = CELL
    else:
        lines = marks.count(LINE) + marks.count(_LIST_ENTRY)
        found = PARAGRAPH if PARAGRAPH in marks or lines > 1 else LINE if lines else ""
    is_entry = marks.rfind(_LIST_ENTRY) > max(marks.rfind(CELL), marks.rfind(ROW), marks.rfind(_TABLE))
    return found + _BULLET if is_entry else found


def merged(text: str) -> str:
    """Make one break of marks and breaks with nothing but white space between them."""
    return _MERGE.sub(lambda match: _break(match[0]), text)
