"""A pretend EDGAR: what it owns, what it lists by now, and what it answers to which address."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher.clock import Clock
from watcher.serving import serving
from watcher.simulator.catalog import Catalog, CatalogFiling
from watcher.simulator.company_list import company_atom, submissions_json
from watcher.simulator.daily_index import daily_index
from watcher.simulator.exchange import PLAIN, Ask, Reply, json_reply
from watcher.simulator.filing_pages import company_folder, document, filing_folder, header_page
from watcher.simulator.index_page import index_page
from watcher.simulator.live_list import live_list
from watcher.simulator.made import MadeSubmission
from watcher.simulator.refusals import has_contact, no_such_key, not_allowed, too_fast, undeclared
from watcher.simulator.timeline import Listing, Pace, Schedule, Timeline
from watcher.simulator.traffic import Traffic

__all__ = ["Simulator", "serve"]

_FOLDER = re.compile(r"(\d{1,10})/(?:(\d{18})/)?(.*)")
_ACCESSION = re.compile(r"(\d{10}-\d{2}-\d{6})(\.txt|\.hdr\.sgml|-index\.html?|-index-headers\.html)")
_SUBMISSIONS = re.compile(r"CIK(\d{10})\.json")

_Answer = Callable[[Ask, float], Reply]


class Simulator:
    """A pretend EDGAR over a catalog of filings. It stands for all of the SEC's hosts.

    ``pace`` is filings per second of its clock, 0 lists all at once; ``listed`` says how many are in the lists from the
    beginning. The day begins with the first request for the live list, so that a client that is started later misses
    nothing. ``schedule`` takes the place of both. With ``enforce_rate``, more than ten requests a second are answered
    by the block page for ten minutes. All times are of ``clock``, which a client should share.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        clock: Clock | None = None,
        pace: float = 0.0,
        listed: int = 0,
        enforce_rate: bool = False,
        schedule: Schedule | None = None,
    ) -> None:
        self.catalog = catalog
        self.clock = clock or Clock()
        self.enforce_rate = enforce_rate
        self.traffic = Traffic()
        self.timeline = Timeline(catalog.filings, schedule or Pace(pace, listed), self.clock.time())

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        *,
        clock: Clock | None = None,
        pace: float = 0.0,
        listed: int = 0,
        enforce_rate: bool = False,
    ) -> Self:
        """Serve a folder of full submissions. See `Catalog.from_folder`; what it rejects is in ``catalog.rejected``."""
        return cls(Catalog.from_folder(folder), clock=clock, pace=pace, listed=listed, enforce_rate=enforce_rate)

    @classmethod
    def from_generator(
        cls,
        seed: int = 1,
        count: int = 200,
        *,
        start: datetime | None = None,
        clock: Clock | None = None,
        pace: float = 0.0,
        listed: int = 0,
        enforce_rate: bool = False,
    ) -> Self:
        """Serve the first ``count`` made-up filings of this seed. ``start``: when the first was accepted."""
        catalog = Catalog.from_generator(seed, count, start=start)
        return cls(catalog, clock=clock, pace=pace, listed=listed, enforce_rate=enforce_rate)

    @classmethod
    def from_submissions(
        cls,
        submissions: Iterable[MadeSubmission | bytes],
        *,
        clock: Clock | None = None,
        pace: float = 0.0,
        listed: int = 0,
        enforce_rate: bool = False,
    ) -> Self:
        """Serve submissions that are at hand, in their order."""
        catalog = Catalog.from_submissions(submissions)
        return cls(catalog, clock=clock, pace=pace, listed=listed, enforce_rate=enforce_rate)

    @property
    def app(self) -> Starlette:
        """The ASGI application."""

        async def endpoint(request: Request) -> Response:
            ask = Ask(request.scope["path"], request.query_params, request.headers.get("user-agent", ""))
            reply = self.answer(ask) if request.method in ("GET", "HEAD") else not_allowed()
            # Given as a header, or a character set would be added that EDGAR does not tell.
            return Response(reply.body, reply.status, {**reply.headers, "Content-Type": reply.kind})

        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[Route("/{path:path}", endpoint, methods=methods)],
            middleware=[Middleware(GZipMiddleware, minimum_size=500, compresslevel=5)],
        )

    def answer(self, ask: Ask) -> Reply:
        """Answer one request, now."""
        now = self.clock.time()
        if ask.path.startswith("/simulator/"):
            return self._control(ask, now)
        kind, answer = self._route(ask)
        self.traffic.note(kind, now)
        reply = self._refusal(ask, now) or self._answered(answer, ask, now)
        self.traffic.by_status[reply.status] += 1
        return reply

    def _control(self, ask: Ask, now: float) -> Reply:
        """Tell what tests and demonstrations want to know."""
        if ask.path == "/simulator/requests":
            return json_reply(self.traffic.told())
        if ask.path != "/simulator/state":
            return no_such_key(ask.path)
        self.timeline.advance(now)
        begun_at = self.timeline.begun_at
        return json_reply(
            {
                "listed": len(self.timeline),
                "total": len(self.catalog.filings),
                "now": _iso(now),
                "scale": self.clock.scale,
                "begun_at": None if begun_at is None else _iso(begun_at),
            }
        )

    def _refusal(self, ask: Ask, now: float) -> Reply | None:
        """Say why this request is not answered, whatever it asks for; None when it is."""
        if not has_contact(ask.user_agent):
            return undeclared()
        if self.enforce_rate and self.traffic.is_blocked(now):
            return too_fast()
        return None

    def _answered(self, answer: _Answer, ask: Ask, now: float) -> Reply:
        self.timeline.advance(now)
        return answer(ask, now)

    def _route(self, ask: Ask) -> tuple[str, _Answer]:
        """Return what kind of request this is, for the count, and what answers it."""
        path = ask.path
        if path == "/cgi-bin/browse-edgar":
            if ask.query.get("action") == "getcompany":
                return "company", self._company
            return "current", self._current
        if path.startswith("/Archives/edgar/daily-index/"):
            return "daily-index", self._daily_index
        if path.startswith("/submissions/"):
            return "submissions", self._submissions
        if path.startswith("/Archives/edgar/data/"):
            return "submission" if path.endswith(".txt") else "filing", self._filing
        return "other", _nothing

    def _current(self, ask: Ask, now: float) -> Reply:
        self.timeline.begin(now)
        return live_list(ask, self.timeline, now)

    def _company(self, ask: Ask, now: float) -> Reply:
        del now
        cik = ask.number("CIK", 0)
        return company_atom(ask, self.timeline.of_company(cik), cik)

    def _daily_index(self, ask: Ask, now: float) -> Reply:
        del now
        return daily_index(ask.path.removeprefix("/Archives/edgar/daily-index/"), self.timeline.newest_first())

    def _submissions(self, ask: Ask, now: float) -> Reply:
        del now
        match = _SUBMISSIONS.fullmatch(ask.path.removeprefix("/submissions/"))
        cik = int(match[1]) if match else 0
        listings = self.timeline.of_company(cik)
        return submissions_json(listings, cik, self.catalog) if listings else no_such_key(ask.path)

    def _filing(self, ask: Ask, now: float) -> Reply:
        """Answer a request below a company's folder. Any of a filing's companies will do."""
        match = _FOLDER.fullmatch(ask.path.removeprefix("/Archives/edgar/data/"))
        if match is None:
            return no_such_key(ask.path)
        cik, folder, name = int(match[1]), match[2] or "", match[3]
        if not folder and name in ("", "index.json"):
            listings = self.timeline.of_company(cik)
            return company_folder(listings, cik) if listings else no_such_key(ask.path)
        named = _ACCESSION.fullmatch(name)
        listing = self._readable(named[1] if named else _dashed(folder), cik, now)
        if listing is None or (folder and _dashed(folder) != listing.filing.accession):
            return no_such_key(ask.path)
        reply = self._file(listing, cik, name, named[2] if named else "")
        return no_such_key(ask.path) if reply is None else _dated(reply, listing)

    def _readable(self, accession: str, cik: int, now: float) -> Listing | None:
        listing = self.timeline.of_accession(accession)
        if listing is None or listing.readable_at > now or not _is_of(listing.filing, cik):
            return None
        return listing

    def _file(self, listing: Listing, cik: int, name: str, suffix: str) -> Reply | None:
        """Answer with one of a filing's files; None when it has no such file."""
        filing = listing.filing
        raw = self.catalog.raw(filing)
        if suffix == ".txt":
            return Reply(raw, PLAIN)
        submission = self.catalog.submission(filing)
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


def _nothing(ask: Ask, now: float) -> Reply:
    del now
    return no_such_key(ask.path)


def _is_of(filing: CatalogFiling, cik: int) -> bool:
    return any(filer.cik == cik for filer in filing.filers)


def _dashed(folder: str) -> str:
    return f"{folder[:10]}-{folder[10:12]}-{folder[12:]}"


def _dated(reply: Reply, listing: Listing) -> Reply:
    changed = datetime.fromtimestamp(int(listing.readable_at), UTC)
    headers = {**reply.headers, "Last-Modified": format_datetime(changed, usegmt=True)}
    return Reply(reply.body, reply.kind, reply.status, headers)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@asynccontextmanager
async def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve a simulator inside the caller's event loop, and give its URL; port 0 takes a free one.

    Raises ``EightkError`` when the address cannot be had.
    """
    async with serving(simulator.app, host, port) as url:
        yield url
