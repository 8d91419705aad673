"""What is answered to which address, when nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime

from watcher.simulator.catalog import Catalog, CatalogFiling
from watcher.simulator.company_list import company_atom, submissions_json
from watcher.simulator.exchange import PLAIN, Ask, Reply
from watcher.simulator.faults import Faults
from watcher.simulator.filing_pages import company_folder, document, filing_folder, header_page
from watcher.simulator.index_hours import IndexHours, Quarter
from watcher.simulator.index_page import index_page
from watcher.simulator.indexes import daily_index, full_index
from watcher.simulator.live_list import View, live_list
from watcher.simulator.refusals import no_such_key
from watcher.simulator.rss import rss
from watcher.simulator.search_index import search_index
from watcher.simulator.tickers import tickers
from watcher.simulator.timeline import Listing, Timeline

__all__ = ["Addresses", "Moment"]

_FOLDER = re.compile(r"(\d{1,10})/(?:(\d{18})/)?(.*)")
_ACCESSION = re.compile(r"(\d{10}-\d{2}-\d{6})(\.txt|\.hdr\.sgml|-index\.html?|-index-headers\.html)")
_SUBMISSIONS = re.compile(r"CIK(\d{10})\.json")


@dataclass(frozen=True, slots=True)
class Moment:
    """One request's time, and the name under which chance knows the request."""

    now: float
    seen_at: float  # the lists show the state of this time
    key: str


class Addresses:
    """Everything that can be asked for, over one catalog and its timeline."""

    def __init__(self, catalog: Catalog, timeline: Timeline, faults: Faults, hours: IndexHours) -> None:
        self._catalog = catalog
        self._timeline = timeline
        self._faults = faults
        self._hours = hours
        self._days: tuple[float, dict[date, list[Listing]]] = (0.0, {})
        self._quarters: tuple[float, dict[Quarter, list[Listing]]] = (0.0, {})
        self._answers: dict[str, Callable[[Ask, Moment], Reply]] = {
            "current": self._current,
            "company": self._company,
            "daily-index": self._daily_index,
            "full-index": self._full_index,
            "submissions": self._submissions,
            "submission": self._filing,
            "filing": self._filing,
            "rss": lambda ask, at: rss(ask.path, self._timeline, self._catalog, at.seen_at),
            "efts": lambda ask, at: search_index(ask, self._timeline, self._catalog, self._faults, at.seen_at),
            "tickers": lambda ask, _: tickers(ask.path, self._catalog),
        }

    def answer(self, ask: Ask, at: Moment) -> Reply:
        """Answer a request; what is at no address is not found."""
        self._timeline.advance(at.now)
        found = self._answers.get(ask.family)
        return no_such_key(ask.path) if found is None else found(ask, at)

    def _current(self, ask: Ask, at: Moment) -> Reply:
        self._timeline.begin(at.now)
        clock = self._faults.of("clock", at.now, at.key, ask.family)
        pushed = self._faults.of("pushed", at.now, at.key, ask.family)
        view = View(
            seen_at=at.seen_at,
            told_at=at.seen_at + (clock.value if clock else 0.0),
            pushed=int(pushed.value) if pushed else 0,
            is_odd=lambda accession: self._odd(accession, at),
            is_doubled=lambda accession: self._faults.of("roles", at.now, accession, "current") is not None,
        )
        return live_list(ask, self._timeline, view)

    def _odd(self, accession: str, at: Moment) -> float | None:
        fault = self._faults.of("odd", at.now, accession, "current")
        return None if fault is None else self._faults.chance(f"way:{accession}")

    def _company(self, ask: Ask, at: Moment) -> Reply:
        cik = ask.number("CIK", 0)
        return company_atom(ask, self._timeline.of_company(cik, at.seen_at), cik)

    def _seen(self, at: Moment) -> Iterator[Listing]:
        # Withdrawn ones, too: they stay in what was written before.
        return (listing for listing in self._timeline.everything() if listing.appears_at <= at.seen_at)

    def _daily_index(self, ask: Ask, at: Moment) -> Reply:
        written = self._hours.last_written_at(at.seen_at)
        if self._hours.at is None or self._days[0] != written:  # else nothing was written since
            self._days = (written, self._hours.books(self._seen(at), at.seen_at))
        path = ask.path.removeprefix("/Archives/edgar/daily-index/")
        return daily_index(path, self._days[1], self._hours, is_bare=self._is_bare(ask, at))

    def _full_index(self, ask: Ask, at: Moment) -> Reply:
        written = self._hours.quarter_written_at(at.seen_at)
        if self._hours.at is None or self._quarters[0] != written:
            self._quarters = (written, self._hours.quarters(self._seen(at), at.seen_at))
        return full_index(ask, self._quarters[1], written, is_bare=self._is_bare(ask, at))

    def _is_bare(self, ask: Ask, at: Moment) -> bool:
        return self._faults.of("bare", at.now, at.key, ask.family) is not None

    def _submissions(self, ask: Ask, at: Moment) -> Reply:
        match = _SUBMISSIONS.fullmatch(ask.path.removeprefix("/submissions/"))
        cik = int(match[1]) if match else 0
        listings = self._timeline.of_company(cik, at.seen_at)
        if not listings:
            return no_such_key(ask.path)
        is_false_z = self._faults.of("false-z", at.now, f"{cik}", ask.family) is not None
        return submissions_json(listings, cik, self._catalog, is_false_z=is_false_z)

    def _filing(self, ask: Ask, at: Moment) -> Reply:
        """Answer a request below a company's folder. Any of a filing's companies will do."""
        match = _FOLDER.fullmatch(ask.path.removeprefix("/Archives/edgar/data/"))
        if match is None:
            return no_such_key(ask.path)
        cik, folder, name = int(match[1]), match[2] or "", match[3]
        if not folder and name in ("", "index.json"):
            listings = self._timeline.of_company(cik, at.now)
            return company_folder(listings, cik) if listings else no_such_key(ask.path)
        named = _ACCESSION.fullmatch(name)
        listing = self._readable(named[1] if named else _dashed(folder), cik, at.now)
        if listing is None or (folder and _dashed(folder) != listing.filing.accession):
            return no_such_key(ask.path)
        reply = self._file(listing, cik, name, named[2] if named else "")
        return no_such_key(ask.path) if reply is None else _dated(reply, listing)

    def _readable(self, accession: str, cik: int, now: float) -> Listing | None:
        listing = self._timeline.of_accession(accession, now)
        if listing is None or listing.readable_at > now or not _is_of(listing.filing, cik):
            return None
        return listing

    def _file(self, listing: Listing, cik: int, name: str, suffix: str) -> Reply | None:
        """Answer with one of a filing's files; None when it has no such file."""
        filing = listing.filing
        raw = self._catalog.raw(filing)
        if suffix == ".txt":
            return Reply(raw, PLAIN)
        submission = self._catalog.submission(filing)
        match suffix:
            case ".hdr.sgml":
                return header_page(filing, submission, is_html=False)
            case "-index-headers.html":
                return header_page(filing, submission, is_html=True)
            case "-index.htm" | "-index.html":
                return index_page(filing, submission, cik, len(raw))
        if name in ("", "index.json"):
            return filing_folder(listing, submission, cik)
        return document(submission, name)


def _is_of(filing: CatalogFiling, cik: int) -> bool:
    return any(filer.cik == cik for filer in filing.filers)


def _dashed(folder: str) -> str:
    return f"{folder[:10]}-{folder[10:12]}-{folder[12:]}"


def _dated(reply: Reply, listing: Listing) -> Reply:
    changed = datetime.fromtimestamp(int(listing.readable_at), UTC)
    headers = {**reply.headers, "Last-Modified": format_datetime(changed, usegmt=True)}
    return Reply(reply.body, reply.kind, reply.status, headers)
