"""Writes the live list ("Latest Filings") as EDGAR's Atom feed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from watcher.edgar.calendar import NEW_YORK
from watcher.models import Filer
from watcher.simulator.exchange import ATOM, Ask, Reply
from watcher.simulator.making.wordings import edgar_wording
from watcher.simulator.refusals import page, unavailable
from watcher.simulator.timeline import Listing, Timeline

__all__ = [
    "ARCHIVES",
    "View",
    "clock_text",
    "entries_asked",
    "index_href",
    "live_list",
    "quoted",
    "role_name",
    "shown_size",
    "summary",
]

ARCHIVES = "https://www.sec.gov/Archives/edgar/data"
_COUNTS = (100, 80, 40, 20, 10)
_DEFAULT_COUNT = 40
_FIRST_REFUSED = 5_100
_OWNERSHIP_FORMS = frozenset(("3", "3/A", "4", "4/A", "5", "5/A"))
_ROLES = {
    "reporting owner": "Reporting",
    "reporting-owner": "Reporting",
    "subject company": "Subject",
    "subject-company": "Subject",
    "filed by": "Filed by",
    "filed-by": "Filed by",
}


@dataclass(frozen=True, slots=True)
class View:
    """How the live list looks to one request: honest unless faults say otherwise."""

    seen_at: float  # it shows the state of this time
    told_at: float  # and calls itself made at this one
    pushed: int = 0  # so many entries have come since the page before
    is_odd: Callable[[str], float | None] = lambda _: None  # which way this accession number's entries are odd
    is_doubled: Callable[[str], bool] = lambda _: False


def live_list(ask: Ask, timeline: Timeline, view: View) -> Reply:
    """Answer a request for the live list: a page of entries, one for each filer of each filing, newest first."""
    start = ask.number("start", 0)
    if start >= _FIRST_REFUSED:
        return unavailable()
    if ask.query.get("output") not in ("atom", "rss"):
        return page("Latest Filings", "Latest Filings", "The simulator has this list as output=atom only.", status=200)
    entries = _entries(timeline, ask, view)
    start = max(0, start - view.pushed)
    shown = islice(entries, start, start + entries_asked(ask))
    text = _head(view.told_at) + "".join(_shown(listing, filer, view) for listing, filer in shown) + "</feed>\n"
    return Reply(text.encode("latin-1", "xmlcharrefreplace"), ATOM, headers={"Cache-Control": "no-cache"})


def entries_asked(ask: Ask) -> int:
    """Return how many entries a page has: what was asked for, rounded down to what EDGAR knows."""
    asked = ask.number("count", _DEFAULT_COUNT)
    return next((count for count in _COUNTS if asked >= count), _COUNTS[-1])


def _entries(timeline: Timeline, ask: Ask, view: View) -> Iterator[tuple[Listing, Filer]]:
    prefix, owner = ask.query.get("type", ""), ask.query.get("owner", "include")
    for listing in timeline.public(view.seen_at):
        form = listing.filing.form
        # EDGAR takes the type for a beginning: "8-K" brings 8-K/A and 8-K12B as well, and "4" brings 424B2.
        if not listing.is_listed or not form.startswith(prefix) or not _is_owner_wanted(form, owner):
            continue
        for filer in listing.filing.filers:
            yield listing, filer
        if view.is_doubled(listing.filing.accession):
            yield listing, replace(listing.filing.filers[0], role="depositor")


def _is_owner_wanted(form: str, owner: str) -> bool:
    if owner == "only":
        return form in _OWNERSHIP_FORMS
    return owner != "exclude" or form not in _OWNERSHIP_FORMS


def _head(now: float) -> str:
    local = datetime.fromtimestamp(int(now), UTC).astimezone(NEW_YORK)
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>Latest Filings - {clock_text(local)}</title>\n"
        '<link rel="alternate" href="/cgi-bin/browse-edgar?action=getcurrent"/>\n'
        '<link rel="self" href="/cgi-bin/browse-edgar?action=getcurrent"/>\n'
        "<id>https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent</id>\n"
        "<author><name>Webmaster</name><email>webmaster@sec.gov</email></author>\n"
        f"<updated>{local.isoformat()}</updated>\n"
    )


def clock_text(local: datetime) -> str:
    """Return a time as EDGAR's feeds write it, such as "Mon, 12 Jan 2026 12:00:00 EST"."""
    # Not strftime's names: they would follow the locale of the machine.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[local.month - 1]
    return f"{day}, {local:%d} {month} {local:%Y %H:%M:%S} {local.tzname()}"


def _shown(listing: Listing, filer: Filer, view: View) -> str:
    """Write an entry, in one of three odd ways if it is to be odd."""
    odd = view.is_odd(listing.filing.accession)
    if odd is None:
        return _entry(listing, filer)
    if odd < 1 / 3:
        return _entry(listing, replace(filer, name=f"{filer.name} & Sons")).replace("&amp; Sons", "& Sons", 1)
    text = _entry(listing, filer)
    if odd < 2 / 3:
        return re.sub("<title>[^<]*</title>", f"<title>{quoted(listing.filing.form)}</title>", text)
    return re.sub(r"&lt;br&gt;Item [^\n]*\n", "", text)


def _entry(listing: Listing, filer: Filer) -> str:
    filing = listing.filing
    title = quoted(f"{filing.form} - {filer.name} ({filer.cik:010d}) ({role_name(filer)})")
    return (
        f"<entry>\n<title>{title}</title>\n"
        f'<link rel="alternate" type="text/html" href="{index_href(filing.accession, filer.cik)}"/>\n'
        f'<summary type="html">\n {summary(listing, line_end=chr(10))}</summary>\n'
        f"<updated>{listing.updated.isoformat()}</updated>\n"
        f'<category scheme="https://www.sec.gov/" label="form type" term="{quoted(filing.form)}"/>\n'
        f"<id>urn:tag:sec.gov,2008:accession-number={filing.accession}</id>\n</entry>\n"
    )


def summary(listing: Listing, *, line_end: str) -> str:
    """Return an entry's summary, escaped: dates, size, and one line for each item."""
    filing = listing.filing
    shown = (("Filed", filing.filed_on), ("AccNo", filing.accession), ("Size", shown_size(filing.size)))
    lines = [" ".join(f"&lt;b&gt;{name}:&lt;/b&gt; {value}" for name, value in shown)]
    lines += (f"&lt;br&gt;Item {item}: {quoted(quoted(edgar_wording(item, filing.filed_on)))}" for item in filing.items)
    return "".join(line + line_end for line in lines)


def shown_size(size: int) -> str:
    """Return a size as lists show it."""
    if size < 1_024:
        return str(size)
    return f"{size // 1_024} KB" if size < 1_048_576 else f"{size // 1_048_576} MB"


def role_name(filer: Filer) -> str:
    """Return what lists call a party's part in a filing."""
    return _ROLES.get(filer.role, filer.role.replace("-", " ").title())


def index_href(accession: str, cik: int) -> str:
    """Return the address of a filing's index page."""
    return f"{ARCHIVES}/{cik}/{accession.replace('-', '')}/{accession}-index.htm"


def quoted(text: str) -> str:
    """Escape a text for XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
