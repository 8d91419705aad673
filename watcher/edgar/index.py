"""Reads EDGAR's index files, daily and quarterly: which filings there are, one row for each filer of each.

All layouts are read: master and XBRL (fields between bars), form, company and crawler (fixed columns, whose heading is
broken over two lines in the last two), plain or gzip. What compress (``.Z``) or zip packed is refused by name. An odd
row is kept with what it tells, and named in the problems; only a row without an accession number is left out. What
is no index, or stops in the middle, is an error, never an empty answer.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from io import BytesIO
from itertools import islice
from typing import IO

from watcher.edgar._days import day_of
from watcher.edgar._lists import clip
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = [
    "IndexFile",
    "IndexKind",
    "IndexReader",
    "IndexRow",
    "daily_paths",
    "eight_k_filings",
    "parse_index",
    "quarter_path",
]

_PATH = re.compile(
    r"(edgar/data/0*+([0-9]{1,10})/(?:[0-9]{18}/)?([0-9]{10}-[0-9]{2}-[0-9]{6})(?:\.txt|-index\.html?))(?![0-9])"
)
_RECEIVED = re.compile(r"Last Data Received:\s*([A-Z][a-z]{2})[a-z]*\s+([0-9]{1,2}),\s*([0-9]{4})")
_DAY = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")
_DASHES = re.compile(r"-{40,}\s*")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_GZIP_MAGIC = b"\x1f\x8b"
_NOT_TAKEN = {b"\x1f\x9d": "compress (.Z)", b"PK\x03\x04": "zip"}
_CHUNK = 2**16
_MAX_BYTES = 400_000_000  # a quarter takes 40,000,000
_MOST_HEAD_LINES = 40  # EDGAR writes at most eleven before the rows
_LONGEST_LINE = 4_096  # EDGAR's longest take 200
_MOST_PROBLEMS = 20


class IndexKind(StrEnum):
    """Which of EDGAR's indexes this is: all but XBRL list every filing."""

    MASTER = "master"  # by CIK
    FORM = "form"
    COMPANY = "company"
    CRAWLER = "crawler"  # by company, with the index page's address
    XBRL = "xbrl"  # by CIK, of filings with XBRL only


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One filer of one filing. ``name`` and ``form`` are "", ``filed_on`` None, when the row does not tell."""

    cik: int
    name: str
    form: str
    filed_on: date | None
    accession: str
    path: str  # below ``/Archives/``


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One index, row by row. ``entries`` counts its rows before any were filtered out."""

    kind: IndexKind
    day: date | None  # of the last filing in it, as its heading says
    rows: tuple[IndexRow, ...] = ()
    problems: tuple[str, ...] = ()
    entries: int = 0

    @property
    def days(self) -> frozenset[date]:
        """On which days its filings were filed: some rows of a daily index are of other days."""
        return frozenset(row.filed_on for row in self.rows if row.filed_on is not None)


def daily_paths(day: date) -> tuple[str, ...]:
    """Return where the master index of a day lies; before 1999 there are two names that it may have.

    Names were by MMDDYY first, then by YYMMDD, and by YYYYMMDD from some day in 1998 on.
    """
    folder = f"/Archives/edgar/daily-index/{day.year:04}/QTR{(day.month + 2) // 3}"
    usual, short, shortest = f"{day:%Y%m%d}", f"{day:%y%m%d}", f"{day:%m%d%y}"
    names = (usual,) if day.year > 1998 else (short, usual) if day.year > 1994 else (shortest, short)
    return tuple(f"{folder}/master.{name}.idx" for name in names)


def quarter_path(year: int, quarter: int) -> str:
    """Return where the master index of a quarter lies, packed. Raises ``ValueError`` when there is no such quarter."""
    if not 1993 <= year <= 2100 or quarter not in (1, 2, 3, 4):
        raise ValueError(f"expected a year from 1993 on and a quarter from 1 to 4, came {year} and {quarter}")
    return f"/Archives/edgar/full-index/{year}/QTR{quarter}/master.gz"


def parse_index(raw: bytes, *, forms: Collection[str] | None = None) -> IndexFile:
    """Read a whole index; with ``forms`` only their rows, and those whose form cannot be read.

    Raises ``EdgarError`` when it is none, or is damaged or cut off.
    """
    reader = IndexReader(raw, forms=forms)
    rows = tuple(reader)
    return IndexFile(reader.kind, reader.day, rows, reader.problems, reader.entries)


def eight_k_filings(rows: Iterable[IndexRow]) -> tuple[Filing, ...]:
    """Make filings of the rows of the 8-K family, one for each accession number, with all of its filers.

    ``source`` and ``channel`` are left to the caller.
    """
    first: dict[str, IndexRow] = {}
    filers: dict[str, dict[Filer, None]] = {}
    for row in rows:
        if row.form in EIGHT_K_FORMS:
            first.setdefault(row.accession, row)
            filers.setdefault(row.accession, {})[Filer(cik=row.cik, name=row.name)] = None
    return tuple(
        Filing(accession=accession, form=row.form, filers=tuple(filers[accession]), filed_on=row.filed_on)
        for accession, row in first.items()
    )


class IndexReader:
    """Reads an index row by row, so that a quarter of 300,000 rows takes no more memory than what was sent.

    Can be iterated once. ``entries`` and ``problems`` tell of the rows read by then. With ``forms`` only their rows
    are given, and those whose form cannot be read. Raises ``EdgarError`` when this is no index, and while it is
    iterated when the rest is damaged or cut off.
    """

    def __init__(self, raw: bytes, *, forms: Collection[str] | None = None) -> None:
        self._forms = None if forms is None else frozenset(forms)
        self._lines = _lines(_chunks(raw))
        head = _head(self._lines)
        self.kind, heading = _kind(head)
        self.day = _received(head)
        self.entries = 0
        self._faults = 0
        self._told: list[str] = []
        if heading:  # the columns have their widths from it
            self._second = heading.index("Company Name" if self.kind is IndexKind.FORM else "Form Type")
            self._third = heading.index("CIK")

    @property
    def problems(self) -> tuple[str, ...]:
        """The first twenty faults of rows, and how many more there are."""
        more = self._faults - len(self._told)
        return (*self._told, f"and {more:,} more") if more else tuple(self._told)

    def __iter__(self) -> Iterator[IndexRow]:
        read = self._read_bars if self.kind in (IndexKind.MASTER, IndexKind.XBRL) else self._read_columns
        for line in self._lines:
            if line.isspace():
                continue
            self.entries += 1
            row = read(line)
            if row is not None:
                yield row
            elif line[-1] != "\n" and _PATH.search(line) is None:
                raise EdgarError(f"index: truncated: it stops in the middle of row {self.entries:,}")

    def _read_bars(self, line: str) -> IndexRow | None:
        """Read ``CIK|Company Name|Form Type|Date Filed|File Name``, from both ends: a name may hold a bar."""
        fields = line.split("|")
        if len(fields) < 5:
            return self._mended(line, fields[-3].strip() if len(fields) == 4 else "")
        form = fields[-3].strip()
        if not self._is_wanted(form):
            return None
        return self._row(line, fields[0].strip(), "|".join(fields[1:-3]), form, fields[-2].strip())

    def _read_columns(self, line: str) -> IndexRow | None:
        """Read a row of fixed columns, from its right end: too long a name pushes all else out of its place."""
        fields = line.rsplit(None, 3)
        if len(fields) < 4 or not (fields[1].isascii() and fields[1].isdigit()):
            return self._mended(line, self._form_and_name(line[: self._third])[0])
        left, cik, filed, _ = fields
        is_in_place = line.startswith(cik, self._third) and line[: self._third].rstrip() == left
        form, name = self._form_and_name(left) if is_in_place else self._form_and_long_name(left)
        return self._row(line, cik, name, form, filed) if self._is_wanted(form) else None

    def _form_and_name(self, left: str) -> tuple[str, str]:
        """Part what stands before the CIK by its columns."""
        parts = left[: self._second].strip(), left[self._second :].strip()
        return parts if self.kind is IndexKind.FORM else (parts[1], parts[0])

    def _form_and_long_name(self, left: str) -> tuple[str, str]:
        """Part what stands before the CIK where there are two blanks, since it is not as wide as its columns."""
        if "  " not in left:
            return "", left
        if self.kind is IndexKind.FORM:
            form, _, name = left.partition("  ")
        else:
            name, _, form = left.rpartition("  ")
        return form.strip(), name.strip()

    def _is_wanted(self, form: str) -> bool:
        return self._forms is None or not form or form in self._forms

    def _row(self, line: str, cik: str, name: str, form: str, filed: str) -> IndexRow | None:
        found = self._address(line)
        if found is None:
            return None
        path, path_cik, accession = found.groups()
        filed_on = _day(filed)
        if filed_on is None:
            self._note(accession, f"no filing date in {_clip(filed)!r}")
        if not form:
            self._note(accession, f"no form type in {_clip(line)!r}")
        if cik.lstrip("0") != path_cik:
            self._note(accession, f"listed for CIK {_clip(cik)!r} at the address of {path_cik}")
        return IndexRow(int(path_cik), name.strip(), form, filed_on, accession, path)

    def _mended(self, line: str, form: str) -> IndexRow | None:
        """Take what the address tells, of a row whose fields cannot be told apart; its form only if it is wanted."""
        found = self._address(line)
        if found is None:
            return None
        path, cik, accession = found.groups()
        self._note(accession, f"no row of this layout: {_clip(line)!r}")
        known = EIGHT_K_FORMS if self._forms is None else self._forms
        return IndexRow(int(cik), "", form if form in known else "", None, accession, path)

    def _address(self, line: str) -> re.Match[str] | None:
        found = _PATH.search(line)
        if found is None:
            self._note(f"row {self.entries:,}", f"no accession number in {_clip(line)!r}")
        return found

    def _note(self, where: str, what: str) -> None:
        self._faults += 1
        if len(self._told) < _MOST_PROBLEMS:
            self._told.append(f"{where}: {what}")


def _chunks(raw: bytes) -> Iterator[bytes]:
    """Unpack piece by piece. Raises ``EdgarError`` when it is damaged, cut off, or far too much."""
    for magic, name in _NOT_TAKEN.items():
        if raw.startswith(magic):
            raise EdgarError(f"index: packed by {name}, expected plain text or gzip")
    stream: IO[bytes] = BytesIO(raw)
    if raw.startswith(_GZIP_MAGIC):
        stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
    size = 0
    while chunk := _read(stream):
        size += len(chunk)
        if size > _MAX_BYTES:
            raise EdgarError(f"index: expected at most {_MAX_BYTES:,} bytes, came more")
        yield chunk


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK)
    except EOFError as error:
        raise EdgarError("index: truncated: the gzip stops before its end") from error
    except (OSError, zlib.error) as error:
        raise EdgarError(f"index: damaged gzip: {error}") from error


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Give line after line with its end; only the last may have none. Names are in Latin-1, which takes every byte."""
    rest = ""
    for chunk in chunks:
        # Not splitlines(): some bytes of a name would count as a line's end.
        *lines, rest = (rest + chunk.decode("latin-1")).split("\n")
        for line in lines:
            yield line + "\n"
        if len(rest) > _LONGEST_LINE:
            raise EdgarError(f"index: expected lines of at most {_LONGEST_LINE:,} characters, came {_clip(rest)!r}")
    if rest:
        yield rest


def _head(lines: Iterator[str]) -> list[str]:
    """Take the lines down to the dashes above the first row. Raises ``EdgarError`` when there are no such."""
    head: list[str] = []
    for line in islice(lines, _MOST_HEAD_LINES):
        if _DASHES.fullmatch(line):
            return head
        head.append(line)
    first = next((line for line in head if not line.isspace()), "")
    raise EdgarError(f"index: expected one of EDGAR's, came {_clip(first)!r} and no line of dashes")


def _kind(head: list[str]) -> tuple[IndexKind, str]:
    """Return which index this is, and the line that its columns have their widths from, or ""."""
    for place, line in enumerate(head):
        if line.startswith("CIK|Company Name|Form Type|Date Filed|File"):
            is_xbrl = any(one.startswith("Description:") and "XBRL" in one for one in head)
            return (IndexKind.XBRL if is_xbrl else IndexKind.MASTER), ""
        if re.match(r"Form Type +Company Name +CIK\b", line):
            return IndexKind.FORM, line
        # In these two the heading is broken after "CIK".
        if re.match(r"Company Name +Form Type +CIK\b", line):
            has_url = any(re.search(r"\bURL\b", one) for one in head[place:])
            return (IndexKind.CRAWLER if has_url else IndexKind.COMPANY), line
    raise EdgarError(f"index: a heading that is not EDGAR's: {_clip(head[-1] if head else '')!r}")


def _received(head: list[str]) -> date | None:
    found = _RECEIVED.search("".join(head))
    if found is None or found[1] not in _MONTHS:
        return None
    return day_of(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]))


@lru_cache(maxsize=512)  # a quarter has a hundred different ones
def _day(text: str) -> date | None:
    """Read YYYYMMDD, as in daily indexes, or YYYY-MM-DD, as in quarterly ones."""
    found = _DAY.fullmatch(text)
    return day_of(int(found[1]), int(found[3]), int(found[4])) if found else None


def _clip(text: str) -> str:
    return clip(" ".join(text.split()))
