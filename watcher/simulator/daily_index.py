"""Writes EDGAR's daily indexes: the four layouts of a day, and the folders that list them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from watcher.simulator.exchange import PLAIN, Reply, json_reply
from watcher.simulator.refusals import access_denied
from watcher.simulator.timeline import Listing

__all__ = ["daily_index", "days_of"]

_PATH = re.compile(r"(\d{4})/(?:QTR([1-4])/)?(?:(master|form|company|crawler)\.(\d{8})\.idx|index\.json)")
_KINDS = ("company", "crawler", "form", "master")
_TITLES = {
    "master": "Daily Index of EDGAR Dissemination Feed",
    "form": "Daily Index of EDGAR Dissemination Feed by Form Type",
    "company": "Daily Index of EDGAR Dissemination Feed by Company Name",
    "crawler": "Daily Crawler Index of EDGAR Dissemination Feed by Company Name",
}
_HEADS = {
    "master": "CIK|Company Name|Form Type|Date Filed|File Name\n" + "-" * 80,
    "form": f"{'Form Type':<12}{'Company Name':<62}{'CIK':<12}{'Date Filed':<12}File Name\n" + "-" * 141,
    # These two headings are broken over two lines, in EDGAR's files as well.
    "company": f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  File Name\n" + "-" * 145,
    "crawler": f"{'Company Name':<62}{'Form Type':<12}CIK\n      Date Filed  URL \n" + "-" * 179,
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line: one filer of one filing."""

    cik: int
    name: str
    form: str
    filed_on: date
    accession: str


def days_of(listing: Listing) -> set[date]:
    """Return the days in whose index a filing stands: its filing date, and the simulated day on which it was listed.

    So a folder of old filings can be read back day by day, and a day of the simulation can be audited as well.
    """
    return {listing.filing.filed_on, listing.listed_on}


def daily_index(path: str, listings: Iterable[Listing]) -> Reply:
    """Answer a request below ``daily-index/``. A day without filings has no index, which is a 403 here."""
    match = _PATH.fullmatch(path)
    if match is None:
        return access_denied()
    year, quarter, kind, day_text = match.groups()
    if kind is None:
        return _folder(
            int(year), int(quarter) if quarter else None, {day for each in listings for day in days_of(each)}
        )
    found = [each for each in listings if f"{year}{quarter}{day_text}" in map(_key, days_of(each))]
    return _file(kind, day_text, found) if found else access_denied()


def _key(day: date) -> str:
    return f"{day.year}{_quarter(day)}{day:%Y%m%d}"


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _file(kind: str, day_text: str, listings: Sequence[Listing]) -> Reply:
    rows = [
        _Row(filer.cik, filer.name, listing.filing.form, listing.filing.filed_on, listing.filing.accession)
        for listing in listings
        for filer in listing.filing.filers
    ]
    month = _MONTHS[int(day_text[4:6]) - 1]
    lines = [
        f"Description:           {_TITLES[kind]}",
        f"Last Data Received:    {month} {int(day_text[6:]):>2}, {day_text[:4]}",
        "Comments:              webmaster@sec.gov",
        *(() if kind == "crawler" else ("Anonymous FTP:         ftp://ftp.sec.gov/edgar/",)),
        *("" if kind == "master" else " " for _ in range(1 if kind == "master" else 4)),
        _HEADS[kind],
    ]
    lines += (_line(kind, row) for row in sorted(set(rows), key=lambda row: _order(kind, row)))
    return Reply(("\n".join(lines) + "\n").encode("latin-1", "replace"), PLAIN)


def _order(kind: str, row: _Row) -> tuple[str, str, str]:
    if kind == "master":
        return str(row.cik), row.form, row.accession  # as text: 1001807 stands before 100334
    if kind == "form":
        return row.form, row.name.upper(), row.accession
    return row.name.upper(), row.form, row.accession


def _line(kind: str, row: _Row) -> str:
    path = f"edgar/data/{row.cik}/{row.accession}"
    filed, name = f"{row.filed_on:%Y%m%d}", row.name[:61]  # a longer one would push the columns out of their places
    match kind:
        case "master":
            return f"{row.cik}|{row.name}|{row.form}|{filed}|{path}.txt"
        case "form":
            return f"{row.form:<12}{name:<62}{row.cik:<12}{filed:<12}{path + '.txt':<52}"
        case "company":
            return f"{name:<62}{row.form:<12}{row.cik:<12}{filed:<12}{path + '.txt':<52}"
    return f"{name:<62}{row.form:<12}{row.cik:<12}{filed:<12}{f'http://www.sec.gov/Archives/{path}-index.htm':<86}"


def _folder(year: int, quarter: int | None, days: set[date]) -> Reply:
    """List a year's quarters, or a quarter's files."""
    inside = sorted(day for day in days if day.year == year and quarter in (None, _quarter(day)))
    if not inside:
        return access_denied()
    if quarter is None:
        names = [(f"QTR{number}", inside[-1], "dir") for number in sorted({_quarter(day) for day in inside})]
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
    below = f"daily-index/{year}/" + (f"QTR{quarter}/" if quarter else "")
    return json_reply({"directory": {"item": items, "name": below, "parent-dir": "../"}})
