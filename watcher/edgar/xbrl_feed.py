"""Reads EDGAR's RSS feeds of filings with XBRL, for the 8-K family.

Such a feed (``usgaap.rss.xml`` and its sisters) holds the latest 200 filings or so and is written anew every ten
minutes. It confirms the live list: it has no item numbers, and no filing without XBRL, as those of asset-backed
issuers. Its monthly archives use another scheme in their namespace, so names are matched without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from watcher.edgar._days import day_of, moment_in_utc
from watcher.edgar._lists import ACCESSION, LINK_CIK, clip, first_problems
from watcher.edgar._xml import ListShape, child, read_list, text
from watcher.edgar.calendar import from_new_york
from watcher.edgar.feed import merge_co_filers
from watcher.models import EIGHT_K_FORMS, Filer, Filing

__all__ = ["XbrlFeed", "parse_xbrl_feed"]

# The feed of 200 filings has a megabyte: it names every file of each.
_FEED = ListShape(
    name="XBRL feed", kind="an RSS feed", root="rss", entry="item", within="channel", most_mended_bytes=4_000_000
)
_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_TIME = re.compile(r"([0-9]{8})([0-9]{6})")
_CIK = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class XbrlFeed:
    """The filings of the 8-K family in one feed, in its order, co-filers merged.

    ``problems`` names the first twenty odd entries, and what is odd; only one without an accession number is left out.
    """

    generated_at: datetime | None  # aware, in UTC; EDGAR puts the day's first instant here, so it says nothing of lag
    filings: tuple[Filing, ...] = ()
    problems: tuple[str, ...] = ()
    entries: int = 0  # how many the feed had, other forms and those left out included

    @property
    def newest_at(self) -> datetime | None:
        """When the newest of its filings was accepted: how fresh the feed is, during EDGAR's hours."""
        return max((filing.accepted_at for filing in self.filings if filing.accepted_at), default=None)


def parse_xbrl_feed(body: bytes) -> XbrlFeed:
    """Read one feed. ``source`` and ``channel`` of its filings are left to the caller.

    Raises ``EdgarError`` when this is not that feed, or cut off.
    """
    read = read_list(body, _FEED)
    problems = list(read.problems)
    filings = (_filing(item, place, problems) for place, item in enumerate(read.entries, start=1))
    family = merge_co_filers(filing for filing in filings if filing is not None and _may_be_8_k(filing))
    return XbrlFeed(
        generated_at=_generated_at(read.head, problems),
        filings=family,
        problems=first_problems(problems),
        entries=len(read.entries),
    )


def _may_be_8_k(filing: Filing) -> bool:
    """Whether it is one; or its form is not told, and reading it will show."""
    return filing.form is None or filing.form in EIGHT_K_FORMS


def _generated_at(channel: etree._Element, problems: list[str]) -> datetime | None:
    """Read "Thu, 23 Jan 2025 19:00:00 EST"."""
    written = text(channel, "lastBuildDate") or text(channel, "pubDate")
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):  # a year, or a zone, of twenty digits
        moment = None
    generated_at = moment_in_utc(moment) if moment is not None and moment.tzinfo is not None else None
    if generated_at is None and written:
        problems.append(f"the feed: no time with a zone in {clip(written)!r}")
    return generated_at


def _filing(item: etree._Element, place: int, problems: list[str]) -> Filing | None:
    """Read one entry; note in ``problems`` what is odd about it."""
    found = child(item, "xbrlFiling")
    told = item if found is None else found
    link = text(item, "link")
    places = (text(told, "accessionNumber"), link, text(item, "guid"))
    accession = next(filter(None, map(ACCESSION.search, places)), None)
    if accession is None:
        problems.append(f"entry {place} ({clip(text(item, 'title'))!r}): no accession number")
        return None
    filing = Filing(
        accession=accession[1],
        form=text(told, "formType") or text(item, "description") or None,
        filers=tuple(_filers(told, link)),
        filed_on=_filed_on(text(told, "filingDate")),
        accepted_at=_accepted_at(text(told, "acceptanceDatetime")),
    )
    problems.extend(f"{filing.accession}: {fault}" for fault in _faults(filing, told))
    return filing


def _faults(filing: Filing, told: etree._Element) -> Iterator[str]:
    if filing.form is None:
        yield "no form type"
    if not filing.filers or not filing.filers[0].name:
        yield f"no filer in {clip(text(told, 'companyName'))!r}, {clip(text(told, 'cikNumber'))!r}"
    if filing.filed_on is None:
        yield f"no filing date in {clip(text(told, 'filingDate'))!r}"
    if filing.accepted_at is None:
        yield f"no time in {clip(text(told, 'acceptanceDatetime'))!r}"


def _filers(told: etree._Element, link: str) -> Iterator[Filer]:
    """The filer, and co-registrants, whose names the feed does not tell."""
    of_link = LINK_CIK.search(link)
    cik = _CIK.fullmatch(text(told, "cikNumber"))
    main = int(cik[0]) if cik else int(of_link[1]) if of_link else None
    if main is not None:
        yield Filer(
            cik=main,
            name=text(told, "companyName"),
            sic=text(told, "assignedSic") or None,
            fiscal_year_end=text(told, "fiscalYearEnd") or None,
            file_number=text(told, "fileNumber") or None,
        )
    others = dict.fromkeys(map(int, _CIK.findall(text(told, "otherCikNumbers"))))
    yield from (Filer(cik=other, name="") for other in others if other != main)


def _filed_on(written: str) -> date | None:
    """Read "01/24/2025"."""
    match = _DAY.fullmatch(written)
    return day_of(int(match[3]), int(match[1]), int(match[2])) if match else None


def _accepted_at(written: str) -> datetime | None:
    """Read "20250124170844", the clock in New York."""
    match = _TIME.fullmatch(written)
    try:
        return from_new_york(datetime.fromisoformat(f"{match[1]}T{match[2]}")) if match else None
    except ValueError:
        return None
