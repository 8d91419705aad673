"""Reads EDGAR's live list ("Latest Filings", an Atom feed) into filings.

The list has one entry per filer, so that a filing with three filers stands there three times: `merge_co_filers`
makes one of them. An odd entry is kept with what it tells, and named in the page's problems; only an entry without
an accession number is left out. What is not the list at all is an error, never an empty page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from lxml import etree

from watcher.edgar._days import day_of, moment_in_utc
from watcher.edgar._lists import ACCESSION, LINK_CIK, clip, first_problems
from watcher.edgar._xml import ListShape, attribute, read_list, text
from watcher.items import is_item_number
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = ["CurrentPage", "merge_co_filers", "parse_current"]

# Names hold brackets, dashes and slashes, so that a title is read from its right end.
_TITLE = re.compile(r"(?P<left>.*) \((?P<cik>[0-9]{10})\) \((?P<role>[^()]*)\)", re.DOTALL)
_FILED = re.compile(r"Filed:\s*(?:</b>)?\s*([0-9]{4})-([0-9]{2})-([0-9]{2})", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|<br\s*/?>)\s*Item\s+([0-9]\.[0-9]{2}|[0-9]{1,2})\s*:", re.IGNORECASE)

# EDGAR's own pages have a hundred entries at most, in 60,000 bytes.
_LIST = ListShape(name="live list", kind="an Atom feed", root="feed", entry="entry")


@dataclass(frozen=True, slots=True)
class CurrentPage:
    """One page of the live list, entry by entry, in the list's order.

    ``problems`` names the first twenty odd entries and what is odd. ``is_last`` tells that the list ends here; whoever
    fetched the page knows, its text does not say.
    """

    generated_at: datetime | None  # aware, in UTC; None when the page does not say
    filings: tuple[Filing, ...] = ()
    problems: tuple[str, ...] = ()
    entries: int = 0  # how many it had, those left out included
    is_last: bool = False


def parse_current(body: bytes) -> CurrentPage:
    """Read one page of the live list. ``source`` and ``channel`` of its filings are left to the caller.

    Raises ``EdgarError`` when this is not the list.
    """
    read = read_list(body, _LIST)
    return _page(text(read.head, "updated"), read.entries, list(read.problems))


def merge_co_filers(filings: Iterable[Filing]) -> tuple[Filing, ...]:
    """Make one filing of all that have the same accession number, with every filer in order of appearance."""
    merged: dict[str, Filing] = {}
    for filing in filings:
        known = merged.get(filing.accession)
        merged[filing.accession] = filing if known is None else _merge(known, filing)
    return tuple(merged.values())


def _merge(first: Filing, second: Filing) -> Filing:
    """Add to the first what only the second tells."""
    return replace(
        first,
        form=first.form or second.form,
        filers=_each_once(first.filers + second.filers),
        filed_on=first.filed_on or second.filed_on,
        accepted_at=first.accepted_at or second.accepted_at,
        items=tuple(dict.fromkeys(first.items + second.items)),
    )


def _each_once(filers: Iterable[Filer]) -> tuple[Filer, ...]:
    """Keep one of all that are the same party in the same role: the first that has a name, for some lists tell none."""
    found: dict[tuple[int, str], Filer] = {}
    for filer in filers:
        known = found.get((filer.cik, filer.role))
        if known is None or (filer.name and not known.name):
            found[filer.cik, filer.role] = filer
    return tuple(found.values())


def _page(updated: str, entries: Iterable[etree._Element], problems: list[str]) -> CurrentPage:
    generated_at = _time(updated)
    if updated.strip() and generated_at is None:
        problems.append(f"the page: no time with a zone in {clip(updated)!r}")
    read = [_filing(entry, place, problems) for place, entry in enumerate(entries, start=1)]
    return CurrentPage(
        generated_at=generated_at,
        filings=tuple(filing for filing in read if filing is not None),
        problems=first_problems(problems),
        entries=len(read),
    )


def _filing(entry: etree._Element, place: int, problems: list[str]) -> Filing | None:
    """Read one entry; note in ``problems`` what is odd about it."""
    title, summary, link = text(entry, "title"), text(entry, "summary"), attribute(entry, "link", "href")
    found = next(filter(None, map(ACCESSION.search, (text(entry, "id"), link, summary))), None)
    if found is None:
        problems.append(f"entry {place} ({clip(title)!r}): no accession number")
        return None
    accession, odd = found[1], []
    form = attribute(entry, "category", "term").strip() or None
    filer = _filer(title, form, link)
    accepted_at, filed_on = _time(text(entry, "updated")), _date(summary)
    if form is None:
        odd.append("no form type")
    if filer is None or not filer.name:
        odd.append(f"no filer in the title {clip(title)!r}")
    if accepted_at is None:
        odd.append(f"no time with a zone in {clip(text(entry, 'updated'))!r}")
    if filed_on is None:
        odd.append(f"no filing date in {clip(summary)!r}")
    items = _items(form, summary)
    odd += [f"no item of Form 8-K: {item!r}" for item in items if not is_item_number(item)]
    problems.extend(f"{accession}: {fault}" for fault in odd)
    return Filing(
        accession=accession,
        form=form,
        filers=() if filer is None else (filer,),
        filed_on=filed_on,
        accepted_at=accepted_at,
        items=tuple(filter(is_item_number, items)),
    )


def _filer(title: str, form: str | None, link: str) -> Filer | None:
    """Read "8-K - SOME (NEW) CO /DE/ - TRUST (0000123456) (Filer)"; else take the CIK from the link."""
    match = _TITLE.fullmatch(title)
    if match is None:
        of_link = LINK_CIK.search(link)
        return Filer(cik=int(of_link[1]), name="") if of_link else None
    left, prefix = match["left"], f"{form} -"
    name = left.removeprefix(prefix) if left.startswith(prefix) else left.partition(" - ")[2]
    return Filer(cik=int(match["cik"]), name=name.strip(), role=match["role"].strip().lower())


def _items(form: str | None, summary: str) -> tuple[str, ...]:
    """Read what is listed as item numbers. Other forms list items too, which EDGAR labels from the 8-K's table."""
    if form not in EIGHT_K_FORMS:
        return ()
    return tuple(dict.fromkeys(_ITEM.findall(summary)))


def _time(written: str) -> datetime | None:
    """Read a time that has a zone, in UTC; None when it is none, or has no zone and could be anybody's."""
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return moment_in_utc(moment) if moment.tzinfo is not None else None


def _date(summary: str) -> date | None:
    match = _FILED.search(summary)
    return day_of(int(match[1]), int(match[2]), int(match[3])) if match else None
