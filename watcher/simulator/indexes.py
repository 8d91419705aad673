"""Writes EDGAR's indexes, of a day and of a quarter: their four layouts, and the folders that list them."""

from __future__ import annotations

import gzip
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime

from watcher.edgar.calendar import NEW_YORK
from watcher.simulator.exchange import PLAIN, Ask, Reply, json_reply
from watcher.simulator.index_hours import IndexHours, Quarter
from watcher.simulator.refusals import access_denied
from watcher.simulator.timeline import Listing

__all__ = ["daily_index", "full_index"]

_DAILY = re.compile(r"(\d{4})/(?:QTR([1-4])/)?(?:(master|form|company|crawler)\.(\d{8})\.idx|index\.json)")
_FULL = re.compile(r"(\d{4})/(?:QTR([1-4])/)?(?:(master|form|company|crawler)\.(idx|gz)|index\.json)")
_KINDS = ("company", "crawler", "form", "master")
_TITLES = {
    "master": "",
    "form": " by Form Type",
    "company": " by Company Name",
    "crawler": " by Company Name",
}
_HEADS = {
    "master": "CIK|Company Name|Form Type|Date Filed|File Name\n" + "-" * 80,
    "form": f"{'Form Type':<12}{'Company Name':<62}{'CIK':<12}{'Date Filed':<12}File Name\n" + "-" * 141,
    # These two headings are broken over two lines, in EDGAR's files as well.
    "company": f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  File Name\n" + "-" * 145,
    "crawler": f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  URL \n" + "-" * 179,
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: one filer of one filing."""

    cik: int
    name: str
    form: str
    filed: str
    accession: str


def daily_index(path: str, book: Mapping[date, Sequence[Listing]], hours: IndexHours, *, is_bare: bool) -> Reply:
    """Answer a request below ``daily-index/`` from these days' filings. A day without an index is a 403 here.

    With ``is_bare`` an index is there with its header only.
    """
    match = _DAILY.fullmatch(path)
    if match is None:
        return access_denied()
    year, quarter, kind, day_text = match.groups()
    if kind is None:
        return _folder("daily-index", int(year), int(quarter) if quarter else None, list(book), is_full=False)
    day = next((day for day in book if _key(day) == f"{year}{quarter}{day_text}"), None)
    if day is None:
        return access_denied()
    text = _text(kind, _daily_head(kind, day), _rows([] if is_bare else book[day], dash=""))
    return _dated(Reply(text, PLAIN), hours.written_at(day))


def full_index(ask: Ask, book: Mapping[Quarter, Sequence[Listing]], written: float, *, is_bare: bool) -> Reply:
    """Answer a request below ``full-index/`` from these quarters' filings; ``written``: when that was.

    With ``is_bare`` it is there with its header only, as at the start of a quarter.
    """
    match = _FULL.fullmatch(ask.path.removeprefix("/Archives/edgar/full-index/"))
    if match is None:
        return access_denied()
    year, quarter, kind, suffix = match.groups()
    if kind is None:
        quarters = [date(year, quarter * 3, 28) for year, quarter in book]
        return _folder("full-index", int(year), int(quarter) if quarter else None, quarters, is_full=True)
    found = book.get((int(year), int(quarter or 0)))
    if found is None:
        return access_denied()
    if _is_known(ask.modified_since, written):
        return Reply(b"", PLAIN, 304)
    rows = [] if is_bare else _rows(found, dash="-")
    day = _day_of(written) if written > 0 else max(listing.listed_on for listing in found)
    day = min(day, _last_day(int(year), int(quarter or 0)))
    text = _text(kind, _full_head(kind, day), rows)
    packed = Reply(gzip.compress(text, 1, mtime=0), "application/x-gzip") if suffix == "gz" else Reply(text, PLAIN)
    return _dated(packed, written)


def _last_day(year: int, quarter: int) -> date:
    return date(year, 3 * quarter, monthrange(year, 3 * quarter)[1])


def _key(day: date) -> str:
    return f"{day.year}{(day.month + 2) // 3}{day:%Y%m%d}"


def _day_of(written: float) -> date:
    return datetime.fromtimestamp(written, UTC).astimezone(NEW_YORK).date()


def _rows(listings: Sequence[Listing], *, dash: str) -> set[_Row]:
    filings = [listing.filing for listing in listings]
    return {
        _Row(filer.cik, filer.name, filing.form, filing.filed_on.isoformat().replace("-", dash), filing.accession)
        for filing in filings
        for filer in filing.filers
    }


def _daily_head(kind: str, day: date) -> list[str]:
    crawler = "Crawler " if kind == "crawler" else ""
    ftp = () if kind == "crawler" else ("Anonymous FTP:         ftp://ftp.sec.gov/edgar/",)
    return [
        f"Description:           Daily {crawler}Index of EDGAR Dissemination Feed{_TITLES[kind]}",
        f"Last Data Received:    {_MONTHS[day.month - 1][:3]} {day.day:>2}, {day.year}",
        "Comments:              webmaster@sec.gov",
        *ftp,
        *([""] if kind == "master" else [" "] * 4),
        _HEADS[kind],
    ]


def _full_head(kind: str, day: date) -> list[str]:
    return [
        f"Description:           Master Index of EDGAR Dissemination Feed{_TITLES[kind]}",
        f"Last Data Received:    {_MONTHS[day.month - 1]} {day.day}, {day.year}",
        "Comments:              webmaster@sec.gov",
        "Anonymous FTP:         ftp://ftp.sec.gov/edgar/",
        *(["Cloud HTTP:            https://www.sec.gov/Archives/"] if kind == "master" else []),
        *[""] * 4,
        _HEADS[kind].replace("File Name", "Filename") if kind == "master" else _HEADS[kind],
    ]


def _text(kind: str, head: Sequence[str], rows: Iterable[_Row]) -> bytes:
    lines = [*head, *(_line(kind, row) for row in sorted(rows, key=lambda row: _order(kind, row)))]
    return ("\n".join(lines) + "\n").encode("latin-1", "replace")


def _order(kind: str, row: _Row) -> tuple[str, str, str]:
    if kind == "master":
        return str(row.cik), row.form, row.accession  # as text: 1001807 stands before 100334
    if kind == "form":
        return row.form, row.name.upper(), row.accession
    return row.name.upper(), row.form, row.accession


def _line(kind: str, row: _Row) -> str:
    path = f"edgar/data/{row.cik}/{row.accession}"
    filed, name = row.filed, row.name[:61]  # a longer one would push the columns out of their places
    match kind:
        case "master":
            return f"{row.cik}|{row.name}|{row.form}|{filed}|{path}.txt"
        case "form":
            return f"{row.form:<12}{name:<62}{row.cik:<12}{filed:<12}{path + '.txt':<52}"
        case "company":
            return f"{name:<62}{row.form:<12}{row.cik:<12}{filed:<12}{path + '.txt':<52}"
    return f"{name:<62}{row.form:<12}{row.cik:<12}{filed:<12}{f'http://www.sec.gov/Archives/{path}-index.htm':<86}"


def _folder(above: str, year: int, quarter: int | None, days: Sequence[date], *, is_full: bool) -> Reply:
    """List a year's quarters, or a quarter's files."""
    inside = sorted(day for day in days if day.year == year and quarter in (None, (day.month + 2) // 3))
    if not inside:
        return access_denied()
    if quarter is None:
        names = [(f"QTR{number}", inside[-1], "dir") for number in sorted({(day.month + 2) // 3 for day in inside})]
    elif is_full:
        names = [(f"{kind}.{suffix}", inside[-1], "file") for kind in _KINDS for suffix in ("gz", "idx")]
    else:
        names = [(f"{kind}.{day:%Y%m%d}.idx", day, "file") for kind in _KINDS for day in inside]
    items = [
        {
            "last-modified": f"{day:%m/%d/%Y} 10:07:43 PM",
            "name": name,
            "type": kind,
            "href": f"{name}/" if kind == "dir" else name,
            "size": "4 KB",
        }
        for name, day, kind in names
    ]
    below = f"{above}/{year}/" + (f"QTR{quarter}/" if quarter else "")
    return json_reply({"directory": {"item": items, "name": below, "parent-dir": "../"}})


def _dated(reply: Reply, written: float) -> Reply:
    if written <= 0:
        return reply
    changed = format_datetime(datetime.fromtimestamp(int(written), UTC), usegmt=True)
    return Reply(reply.body, reply.kind, reply.status, {"Last-Modified": changed, "ETag": f'"{int(written):x}"'})


def _is_known(modified_since: str, written: float) -> bool:
    if not modified_since or written <= 0:
        return False
    try:
        return parsedate_to_datetime(modified_since).timestamp() >= int(written)
    except (TypeError, ValueError):
        return False  # a header that is no date asks for nothing
