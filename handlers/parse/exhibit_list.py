"""Reads a list of exhibits as a person does: which lines name one, its number, and where its title ends.

A list is a table, or lines, with the number before the description or behind it. What was filed of it is left to
`handlers.parse.exhibits`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["NUMBER", "Entry", "number_key", "read_list", "tidy_number"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list: a number as it is printed, and what it stands for."""

    number: str
    title: str


# "99.1", "99", "2.1.1", "10-1", "10.1A", "12(c)", "99.(A)(1)", "101.INS", and "2	.1" where a table sets decimals.
NUMBER = (
    r"\d{1,3}(?:\t?\.\d{1,3}|-\d{1,2}(?![\d/-]))?(?:\.\d{1,2})?(?:\.(?:INS|SCH|CAL|DEF|LAB|PRE)\b)?"
    r"(?:-?[A-Za-z](?![A-Za-z]))?(?:\.?\([A-Za-z0-9]{1,4}\)){0,3}"
)
_MARKS = "*†‡+#^§~•▪"
_LINE = re.compile(
    r"^[ \t]*+(?:\([a-z]\)[ \t]*+)?(?:exhibits?\b[.:]?[ \t]*+)?[^\w\n]{0,12}"
    r"(?P<named>(?:exhibits?|exh?)\b[ \t.\-–:]*(?:(?:nos?|numbers?)\b\.?[ \t:]*)?)?"
    rf"(?P<number>{NUMBER})"
    rf"(?P<after>[ \t]*[{re.escape(_MARKS)})\]]*(?:\t[ \t]*[{re.escape(_MARKS)}]+(?=\t))?"
    r"(?:[ \t]*(?:--?|[.:;–—])(?![\w$])|[ \t]|$)[ \t.:;\-–—]*)(?P<title>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
# The other way round: the description first, and the number in the last column.
_BEHIND = re.compile(
    rf"[ \t]*(?P<title>[^\s\d][^\n]*?)(?:\t|(?<![ .])[ .]{{3,}}+)[ \t]*+(?:exhibit[ \t]+)?"
    rf"(?P<number>\d{{1,3}}\.\d{{1,3}}(?:\([a-z]\))?)[ \t{re.escape(_MARKS)}]*$",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^[^\w\n]*(?:\(?[a-e]\)\W{0,20})?(?:index[ \t]+(?:to|of)[ \t]+)?exhibits?\b(?![ \t]+\d)[^\n]{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_LETTERED = re.compile(r"^[^\w\n]*\(?[cd]\)\W{0,20}exhibits?\b", re.IGNORECASE | re.MULTILINE)
_NUMBER_BEHIND = re.compile(
    r"^[^\w\n]*(?:description|title|document)[^\n]{0,80}\bexhibit\b[^\n]{0,20}$", re.IGNORECASE | re.MULTILINE
)
_COLUMN_HEADS = re.compile(
    r"^\W*(?:exhibits?|description|document|designation|nos?|number|title|page|method|sequentially|numbered|location)"
    r"(?:\W+(?:nos?|numbers?|of|exhibits?|descriptions?|documents?|page|title|method|filing|the|numbered|location))*\W*$",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"^\W*(?:table of contents|back to contents|exhibit index|signatures?|page \d+)\W*$", re.IGNORECASE
)
_ENDS_TITLE = re.compile(
    rf"^\W*[{re.escape(_MARKS)}]|^[_=\-–—]{{3,}}|^\W*(?:page\s+)?\d{{1,3}}\W*$|"
    r"^\W*(?:signatures?\b|pursuant to the requirements|index to|exhibit index|forward.looking|table of contents|"
    r"\(?[a-e]\)\s+[A-Z])",
    re.IGNORECASE,
)
_TITLE_START = re.compile("[A-Z\"\u201c\u2018'(*\u2020\\[]|i?XBRL|(?:19|20)\\d\\d [A-Z]|\\d[\\d,.]*(?:%|-[A-Za-z])")
_SMALL_NOUN = re.compile(
    r"(?:press|news|earnings|letter|form|copy|text|consent|opinion|agreement|amend\w*|presentation|slides?|transcript|"
    r"conference|certificate|unaudited|audited|financial|pro forma|e[A-Z]|i[A-Z]|n[A-Z])\b"
)
_PROSE = re.compile(r"(?:is|are|was|were|and|or|to|of|in|hereto|shall|will|has|have|attached|which|as|,)\b")
# A column that says how an exhibit comes, or on which page it stands; a person would not call it a title.
_METHOD = re.compile(
    r"(?:\(?(?:filed|furnished|submitted|attached|included|provided)\b(?![^\n]*\bexhibit\b)[^\n]{0,80}|"
    r"[xX✓*†‡+#^§]|[EP]|page|[EF]?-?\d{1,3}|[-–—.*]+)\)?",
    re.IGNORECASE,
)
_COLUMNS = re.compile(r"\t| {3,}|[ .]{5,}")
_FILED_HEREWITH = re.compile(
    r"\b(?:(?:is|are|being)\s+)?(?:filed|furnished)\s+(?:electronically\s+)?(?:herewith|hereto|hereby)\b"
    r"(?:\s+electronically)?[)\]]?[\s.*]*$",
    re.IGNORECASE,
)
_NOTE_BEFORE = re.compile(r"\((\d)\)\s+")
_NOTE_MARK = re.compile(r"\s*\((\d)\)$")
_NOTE = re.compile(r"^[^\w\n]*\((\d)\)", re.MULTILINE)
_ABBREVIATION = re.compile(r"(?:\b(?:Inc|Corp|Co|Ltd|Esq|Jr|Sr|Bros|No)|\b[A-Z](?:\.[A-Z])+|\b[A-Z])\.$")
_LETTER = re.compile(r"[^\W\d_]")
_WORD_LEFT = re.compile(r"(?:,|&|\b(?:and|or|of|the|by|between|among|to|for|with|in|dated|as|a|an))$", re.IGNORECASE)

# Whole numbers of Regulation S-K's exhibit table (17 CFR 229.601), as it was and is.
_FAMILIES = frozenset((*range(1, 37), *range(95, 108)))
_ALONE = frozenset((16, 17, 20, 23, 24, 27, 28, 99, 104))
_NEAR = 1_200  # so far below the list's heading, or its last line, a number without a point is taken for one of it
_PARTS = re.compile(r"\d+|[A-Za-z]+")
_FAMILY = re.compile(r"\d+")
_MAX_TITLE = 2_000
_MAX_LINES = 30  # of one title
_MAX_LINE = 500  # characters of a line with the number behind
_MAX_ENTRIES = 500


@lru_cache(maxsize=1024)
def number_key(number: str) -> tuple[str, ...]:
    """Bring "99.01", "99.1", "99-1" and "99(1)" to one key."""
    return tuple(part.lstrip("0").lower() for part in _PARTS.findall(number))


def read_list(text: str, filed: Collection[tuple[str, ...]] = ()) -> list[Entry]:
    """Read the exhibits that a text lists, in order, each number once.

    ``filed`` are the keys of the numbers that were filed.
    """
    lettered = _LETTERED.search(text)
    # An acquisition's item may hold pages of financial statements, with numbers of their own, before its exhibits.
    start = lettered.start() if lettered else 0
    entries: dict[tuple[str, ...], Entry] = {}
    for number, title in _entries(text, start, filed):
        if title and number_key(number) not in entries:
            entries[number_key(number)] = Entry(number, title)
        if len(entries) >= _MAX_ENTRIES:
            break
    if not entries and _NUMBER_BEHIND.search(text, start):
        lines = [line for line in text[start:].split("\n") if len(line) <= _MAX_LINE]
        found = [match for line in lines if (match := _BEHIND.match(line))][:_MAX_ENTRIES]
        notes = _notes(text)
        return [Entry(match["number"], _tidy(match["title"], notes)) for match in found]
    return list(entries.values())


def _entries(text: str, start: int, filed: Collection[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Give number and title of each line that names an exhibit."""
    heading = _HEADING.search(text, start)
    near = -_NEAR
    found: list[tuple[re.Match[str], str]] = []
    for match in _LINE.finditer(text, start):
        if heading and heading.end() <= match.start():
            near, heading = max(near, heading.end()), _HEADING.search(text, match.start())
        if _is_entry(match, filed, is_announced=match.start() - near < _NEAR):
            found.append((match, tidy_number(match["number"])))
            near = match.end()
        if len(found) == _MAX_ENTRIES:
            break
    notes = _notes(text) if found else frozenset()
    for index, (match, number) in enumerate(found):
        stop = found[index + 1][0].start() if index + 1 < len(found) else len(text)
        yield number, _title(match, text[match.end() : min(stop, match.end() + 2 * _MAX_TITLE)], notes)


def tidy_number(text: str) -> str:
    """Write "2	.1" as "2.1" and "99.(A)(1)" as "99(A)(1)", and leave out the note of "10.1(1)"."""
    number = text.replace("\t", "").replace(".(", "(").rstrip(".")
    return re.sub(r"(?<=\.\d)\(\d\)$|(?<=\.\d\d)\(\d\)$", "", number)


def _is_entry(match: re.Match[str], filed: Collection[tuple[str, ...]], *, is_announced: bool) -> bool:
    number, after = match["number"], match["after"]
    title = match["title"].strip(" \t.:;-–—*()")
    family = int(_FAMILY.match(number)[0])  # type: ignore[index]  # it begins with digits
    if family not in _FAMILIES or _NO_TITLE.match(title):
        return False
    is_cell = "\t" in after or "   " in after or "\t" in match["title"]
    is_partial = any(sign in number for sign in ".(-") or number[-1:].isalpha()
    if not title:  # the title stands below, unless this is the number of a page
        return bool(match["named"]) or "." in number or number_key(number) in filed
    is_listed = (is_announced and (is_cell or after[:1] == ".")) or (family in _ALONE and (is_announced or is_cell))
    if not is_partial and not match["named"] and not is_listed:
        return False
    if is_cell or match["named"]:
        return _LETTER.search(title) is not None and not (_is_prose(title) and not is_cell)
    return _TITLE_START.match(title) is not None or _SMALL_NOUN.match(title) is not None


def _is_prose(title: str) -> bool:
    """Whether the words go on with a sentence: "Exhibit 99.1 is incorporated", "Exhibits 99.1 and 99.2"."""
    return _PROSE.match(title) is not None


def _title(match: re.Match[str], following: str, notes: Collection[str]) -> str:
    """Take the title from behind the number, or from the lines below it."""
    lines = [_first_columns(match["title"])]
    is_laid_out = "  " in match[0] or "  " in following
    last = match[0]
    for line in following.split("\n")[1 : _MAX_LINES + 1]:
        words = line.strip()
        if not words:
            if lines[-1]:
                break
            continue
        if _ENDS_TITLE.match(words) or _COLUMN_HEADS.match(words) or _NO_TITLE.match(words):
            if lines[-1]:
                break
            continue
        if lines[-1] and not _goes_on(last, line, lines[-1], is_laid_out=is_laid_out):
            break
        lines.append(_first_columns(line))
        last = line
    return _tidy(" ".join(lines), notes)


def _first_columns(line: str) -> str:
    """Take a line without the columns behind the description that tell how it is filed, or on which page."""
    cells = [cell for cell in _COLUMNS.split(line.strip()) if cell.strip()]
    while len(cells) > 1 and _METHOD.fullmatch(cells[-1].strip()):
        cells.pop()
    return " ".join(cells)


def _goes_on(last: str, line: str, words: str, *, is_laid_out: bool) -> bool:
    """Whether a line is the rest of a wrapped title.

    Plain text indents it, or breaks a long line; a table's or paragraph's line is whole unless its last word hangs.
    """
    if is_laid_out and line.startswith("  "):
        return True
    if words.endswith("."):
        return False
    return (
        _WORD_LEFT.search(words) is not None
        or line[:1].islower()
        or (is_laid_out and "\t" not in last and 50 <= len(last) <= 140)
    )


def _notes(text: str) -> frozenset[str]:
    """The numbers of the notes below the list, such as "(1) Previously filed."."""
    return frozenset(_NOTE.findall(text))


def _tidy(title: str, notes: Collection[str]) -> str:
    """Take marks of footnotes, "filed herewith" and the like off a title."""
    title = " ".join(title.replace("\t", " ")[:_MAX_TITLE].split()).strip(f" -–—:;{_MARKS}")
    filed = _FILED_HEREWITH.search(title)
    title = title[: filed.start()].rstrip(" ,;.*–—-([") if filed else title
    note = _NOTE_MARK.search(title)
    if note and note[1] in notes:
        title = title[: note.start()]
    note = _NOTE_BEFORE.match(title)
    if note and note[1] in notes:
        title = title[note.end() :]
    title = title.rstrip(f" _{_MARKS}")
    return title.rstrip(" .") if title.endswith(".") and not _ABBREVIATION.search(title) else title
