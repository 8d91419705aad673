"""Reads the list of exhibits and joins it with the documents that were filed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from watcher import Document, Exhibit

__all__ = ["find_exhibits"]

# A line such as "99.1 Press release", "(99.1) ...", "Exhibit No. 10.2 - ...", "*+ 10.1(a) ...".
_LINE = re.compile(
    r"^[ \t]*(?:\([a-z]\)[ \t]*)?(?:exhibits?\.?[ \t]*)?[^\w\n]{0,12}"
    r"(?:(?:exhibits?|exh?\.?)[ \t.\-–:]*(?:(?:no|number|nos)\.?[ \t:]*)?)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3})?(?:\.\d{1,2})?[A-Za-z]?(?:\([a-z0-9]{1,3}\))*)"
    r"(?P<after>[ \t]*[*†‡+#^§)]*[ \t]*(?:\t|[.:;\-–—*]|[ \t]|$))(?P<title>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_EXHIBIT_WORD = re.compile(r"\bexh?i?b?i?t?s?\b", re.IGNORECASE)
_TITLE_START = re.compile("[A-Z\"\u201c\u2018'(*\u2020]|i?XBRL|(?:19|20)\\d\\d [A-Z]")
_HEADER = re.compile(
    r"^\W*(?:exhibit|description|document|no\.?|number|title|page)(?:\W+(?:no\.?|number|of|exhibits?|description|document|page|title))*\W*$",
    re.IGNORECASE,
)
_LIST_HEADING = re.compile(r"^\W*\(?[cd]\)\W*exhibits?\b", re.IGNORECASE | re.MULTILINE)
_NOTE = re.compile(
    r"^\W*[*†‡+#^§]|^\W*(?:signature|pursuant to the requirements|index to|exhibit index|forward)", re.IGNORECASE
)
_TRAILING = re.compile(r"[\s.*†‡+#^_]+$")
# The numbers of Regulation S-K's exhibit table that stand without a part behind a point.
_WHOLE = frozenset(
    (
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        10,
        11,
        12,
        14,
        15,
        16,
        17,
        19,
        20,
        21,
        23,
        24,
        25,
        27,
        28,
        33,
        34,
        35,
        36,
        95,
        96,
        99,
        100,
        104,
    )
)
_FAMILIES = _WHOLE | {6, 9, 13, 18, 22, 26, 31, 32, 97, 101, 102, 103, 106, 107}
_WRAPPED = 35  # a shorter first line of a title was not broken for its length


def find_exhibits(lists: Iterable[str], documents: tuple[Document, ...], elsewhere: str = "") -> tuple[Exhibit, ...]:
    """Join the first of these texts that lists exhibits with the documents that were filed as exhibits.

    ``elsewhere`` is text that may name exhibits on lines of their own; only filed ones are looked for there.
    """
    listed: dict[str, str] = {}
    for text in lists:
        listed = _listed(text)
        if listed:
            break
    filed = [document for document in documents if _is_exhibit(document)]
    if not listed and filed and elsewhere:
        keys = {_key(document.type[3:]) for document in filed}
        listed = {number: title for number, title in _listed(elsewhere).items() if _key(number) in keys}
    exhibits = [_exhibit(number, title, _take(filed, number)) for number, title in listed.items()]
    exhibits += [_exhibit(document.type[3:], document.description, document) for document in filed]
    return tuple(exhibits)


def _is_exhibit(document: Document) -> bool:
    """Whether a document is an exhibit for people; EX-101 holds the files of XBRL."""
    kind = document.type.upper()
    return kind.startswith("EX-") and not kind.startswith("EX-101")


def _exhibit(number: str, title: str, document: Document | None) -> Exhibit:
    if document is None:
        return Exhibit(number=number, title=title)
    return Exhibit(number, title or document.description, document.sequence, document.filename or None, document.text)


def _take(filed: list[Document], number: str) -> Document | None:
    """Take the document of this number off the list, if it was filed."""
    wanted = _key(number)
    for document in filed:
        if _key(document.type[3:]) == wanted:
            filed.remove(document)
            return document
    # "EX-99" alone is whichever 99 the list names, and the other way round.
    alike = [document for document in filed if _key(document.type[3:])[0] == wanted[0]]
    if len(alike) == 1 and (len(_key(alike[0].type[3:])) == 1 or len(wanted) == 1):
        filed.remove(alike[0])
        return alike[0]
    return None


def _key(number: str) -> tuple[str, ...]:
    """Bring "99.01", "99.1" and "99(1)" to one key."""
    return tuple(part.lstrip("0").lower() for part in re.findall(r"\d+|[A-Za-z]+", number))


def _listed(text: str) -> dict[str, str]:
    """Read the numbers and titles of a list of exhibits, in order."""
    # An acquisition's item may hold pages of financial statements, with numbers of their own, before its exhibits.
    heading = _LIST_HEADING.search(text)
    matches = [match for match in _LINE.finditer(text, heading.start() if heading else 0) if _is_entry(match)]
    listed: dict[str, str] = {}
    for index, match in enumerate(matches):
        stop = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        is_row = "\t" in match["after"]  # a row of a table is whole
        title = _title(match["title"], text[match.end() : stop], may_wrap=not is_row)
        number = match["number"]
        if title and not listed.get(number):
            listed[number] = title
    return listed


def _is_entry(match: re.Match[str]) -> bool:
    number, title = match["number"], match["title"].strip(" \t.:;-–—*()")
    family = int(re.match(r"\d+", number)[0])  # type: ignore[index]  # it begins with digits
    if family not in _FAMILIES or ("." not in number and "(" not in number and family not in _WHOLE):
        return False
    is_named = _EXHIBIT_WORD.search(match[0][: match.start("number") - match.start()]) is not None
    if "." not in number and not is_named and "\t" not in match["after"] and "   " not in match["after"] and title:
        return family in (16, 17, 20, 23, 24, 27, 28, 99, 104) and _TITLE_START.match(title) is not None
    return not title or _TITLE_START.match(title) is not None


def _title(first: str, following: str, *, may_wrap: bool) -> str:
    """Take the title from behind the number, or from the lines below it."""
    lines = [first.strip()]
    wrapped = may_wrap and len(first) > _WRAPPED
    for line in following.split("\n")[1:]:
        words = line.strip()
        if not words:
            if lines[-1] or len(lines) > 3:
                break
            continue
        if _NOTE.match(words) or _HEADER.match(words):
            break
        if lines[-1] and not _goes_on(lines, words, line, wrapped=wrapped):
            break
        lines.append(words)
    title = " ".join(" ".join(lines).replace("\t", " ").split()).strip(" -–—:;.*†")
    return _TRAILING.sub("", title)


def _goes_on(lines: list[str], words: str, line: str, *, wrapped: bool) -> bool:
    """Whether a line is the rest of a wrapped title: plain text indents it or breaks in mid-sentence."""
    return line.startswith("  ") or (
        wrapped and len(lines[-1]) > 20 and not lines[-1].endswith(".") and not words[0].isdigit()
    )
