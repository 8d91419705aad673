"""A pretend EDGAR: what it owns, what time it is there, what is wrong with it, and who asked it for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypedDict, Unpack

from starlette.applications import Starlette

from watcher.clock import Clock
from watcher.models import EIGHT_K_FORMS
from watcher.serving import serving
from watcher.simulator.addresses import Addresses, Moment
from watcher.simulator.catalog import Catalog, CatalogFiling, filing_of_bytes
from watcher.simulator.crawl import Crawl
from watcher.simulator.exchange import Ask, Reply, json_reply
from watcher.simulator.faults import Fault, Faults
from watcher.simulator.index_hours import AT_ONCE, NIGHTLY, IndexHours
from watcher.simulator.made import MadeSubmission
from watcher.simulator.posting import AsAccepted, Spoiled
from watcher.simulator.refusals import has_contact, no_such_key, too_fast, undeclared
from watcher.simulator.spoiling import refusal, spoiled
from watcher.simulator.timeline import Listing, Pace, Schedule, Timeline
from watcher.simulator.traffic import Traffic
from watcher.simulator.week import Week
from watcher.simulator.wire import app_of, breaking_off_quietly

__all__ = ["Settings", "Simulator", "serve"]


class Settings(TypedDict, total=False):
    """What every simulator can be given. See `Simulator`."""

    clock: Clock | None
    pace: float
    listed: int
    enforce_rate: bool
    schedule: Schedule | None
    faults: Faults | Iterable[Fault | str]
    index_hours: IndexHours


class Simulator:
    """A pretend EDGAR over a catalog of filings. It stands for all of the SEC's hosts.

    ``pace`` is filings per second of its clock, 0 lists all at once; ``listed`` says how many are in the lists from the
    beginning. The day begins with the first request for the live list, so that a client that is started later misses
    nothing. ``schedule`` takes the place of both. With ``enforce_rate``, more than ten requests a second to one host
    are answered by the block page for ten minutes. All times are of ``clock``, which a client should share; one that
    stands begins with the first request. The constructors ``from_...`` take the same settings.
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
        faults: Faults | Iterable[Fault | str] = (),
        index_hours: IndexHours = AT_ONCE,
    ) -> None:
        self.catalog = catalog
        self.clock = clock or Clock()
        self.enforce_rate = enforce_rate
        self.faults = faults if isinstance(faults, Faults) else Faults(faults)
        self.traffic = Traffic()
        now = self.clock.time()
        spoiled_schedule = Spoiled(schedule or Pace(pace, listed), self.faults)
        self.timeline = Timeline(catalog.filings, spoiled_schedule, now)
        if isinstance(schedule, AsAccepted):
            self.timeline.begin(now)
        self._addresses = Addresses(catalog, self.timeline, self.faults, index_hours)
        self._times_asked: Counter[str] = Counter()

    @classmethod
    def from_folder(cls, folder: Path, **settings: Unpack[Settings]) -> Self:
        """Serve a folder of full submissions. See `Catalog.from_folder`; what it rejects is in ``catalog.rejected``."""
        return cls(Catalog.from_folder(folder), **settings)

    @classmethod
    def from_generator(
        cls, seed: int = 1, count: int = 200, *, start: datetime | None = None, **settings: Unpack[Settings]
    ) -> Self:
        """Serve the first ``count`` made-up filings of this seed. ``start``: when the first was accepted."""
        return cls(Catalog.from_generator(seed, count, start=start), **settings)

    @classmethod
    def from_submissions(cls, submissions: Iterable[MadeSubmission | bytes], **settings: Unpack[Settings]) -> Self:
        """Serve submissions that are at hand, in their order."""
        return cls(Catalog.from_submissions(submissions), **settings)

    @classmethod
    def from_week(cls, week: Week, **settings: Unpack[Settings]) -> Self:
        """Serve a made-up week in EDGAR's own hours: evening filings are held, indexes are written at night."""
        settings.setdefault("schedule", AsAccepted(seed=week.seed))
        settings.setdefault("index_hours", NIGHTLY)
        return cls(week.catalog(), **settings)

    @classmethod
    def from_crawl(cls, crawl: Crawl, **settings: Unpack[Settings]) -> Self:
        """Serve a captured crawl of the live list.

        Its clock begins at the time of the capture, when all of it is listed; with one that starts earlier the
        filings come one by one, in EDGAR's own hours.
        """
        settings["clock"] = settings.get("clock") or Clock.standing(crawl.captured_at)
        settings.setdefault("schedule", AsAccepted(latest=crawl.captured_at.timestamp() - 1))
        settings.setdefault("index_hours", NIGHTLY)
        return cls(crawl.catalog, **settings)

    # --- what a test may do to it

    def add(
        self,
        submission: MadeSubmission | bytes,
        *,
        at: datetime | None = None,
        updated_at: datetime | None = None,
        is_listed: bool = True,
        late_seconds: float = 0.0,
    ) -> Listing:
        """Post one more filing ``at`` some time (now), with ``updated_at`` (the same) in the list.

        One that is not ``is_listed`` stands in indexes and folders only; ``late_seconds`` pass before its documents
        are there. Raises ``ReadError`` for bytes that are no submission.
        """
        appears_at = at.timestamp() if at else self.clock.time()
        filing = filing_of_bytes(submission, "added")
        listing = Listing(
            place=self.catalog.add(filing),
            filing=filing,
            appears_at=appears_at,
            updated_at=updated_at.timestamp() if updated_at else appears_at,
            readable_at=appears_at + late_seconds,
            is_listed=is_listed,
        )
        self.timeline.add(listing)
        return listing

    def withdraw(self, accession: str, *, at: datetime | None = None) -> Listing:
        """Take a filing away that EDGAR shows, now or ``at`` some time. Raises ``KeyError`` for one it does not."""
        now = self.clock.time()
        return self.timeline.change(accession, now, withdrawn_at=at.timestamp() if at else now)

    def replace(self, accession: str, submission: MadeSubmission | bytes) -> Listing:
        """Put another submission in a filing's place, now: under its number, or under the other one's own.

        Raises ``KeyError`` for a filing that EDGAR does not show, ``ReadError`` for bytes that are no submission.
        """
        filing = filing_of_bytes(submission, "replacement")
        if filing.accession != accession:
            self.withdraw(accession)
            return self.add(submission)
        self.catalog.add(filing)
        return self.timeline.change(accession, self.clock.time(), filing=filing)

    def family(self) -> tuple[CatalogFiling, ...]:
        """Return the filings of the 8-K family that EDGAR shows now, oldest first, in the live list or not."""
        now = self.clock.time()
        self.timeline.advance(now)
        shown = [listing.filing for listing in self.timeline.public(now) if listing.filing.form in EIGHT_K_FORMS]
        return tuple(reversed(shown))

    # --- what it answers

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        return app_of(self.answer, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        # The clock of this moment: it may not have been begun when the application was made.
        await self.clock.sleep(seconds)

    def answer(self, ask: Ask) -> Reply:
        """Answer one request, now."""
        if ask.path.startswith("/simulator/"):
            return self._control(ask)
        self.clock = self.clock.begun()
        now = self.clock.time()
        if self.traffic.note(ask, now) and self.enforce_rate:
            self.traffic.block(now)
        reply = self._reply(ask, now)
        self.traffic.answered(reply.status, now, is_block=reply.is_block)
        return reply

    def _reply(self, ask: Ask, now: float) -> Reply:
        if not has_contact(ask.user_agent):
            return undeclared()
        if self.traffic.is_blocked(now):
            return too_fast()
        self._times_asked[ask.shown] += 1
        key = f"{ask.shown} {self._times_asked[ask.shown]}"
        if (block := self.faults.of("block", now, key, ask.family)) is not None:
            self.traffic.block(now)
            return too_fast(int(block.value))
        if (refused := refusal(ask, self.faults, key, now)) is not None:
            return refused
        reply = self._addresses.answer(ask, Moment(now, self._seen_at(ask.family, key, now), key))
        return spoiled(reply, ask, self.faults, key, now)

    def _seen_at(self, family: str, key: str, now: float) -> float:
        """Return the time whose state this request is shown."""
        begun_at = self.timeline.begun_at or now
        if (frozen := self.faults.of("frozen", now, key, family)) is not None:
            return max(frozen.began(now) or begun_at, begun_at)
        lag = self.faults.of("lag", now, key, family)
        return now - lag.value if lag else now

    def _control(self, ask: Ask) -> Reply:
        """Tell what tests, demonstrations and a daemon that shares the clock want to know."""
        match ask.path:
            case "/simulator/requests":
                return json_reply(self.traffic.told())
            case "/simulator/clock":
                self.clock = self.clock.begun()
                return json_reply(self.clock.told())
            case "/simulator/state":
                return json_reply(self._state())
            case "/simulator/family":
                return json_reply(self._family_told())
        return no_such_key(ask.path)

    def _family_told(self) -> list[dict[str, Any]]:
        """Tell of each filing of the 8-K family that EDGAR has shown until now, oldest first, and what became of it."""
        now = self.clock.time()
        self.timeline.advance(now)
        shown = [one for one in self.timeline.everything() if one.filing.form in EIGHT_K_FORMS]
        return [
            {
                "accession": one.filing.accession,
                "form": one.filing.form,
                "shown_at": _iso(one.appears_at),
                "is_listed": one.is_listed,
                "gone_at": None if one.is_public(now) else _iso(one.withdrawn_at),
            }
            for one in reversed(shown)
        ]

    def _state(self) -> dict[str, Any]:
        now = self.clock.time()
        self.timeline.advance(now)
        begun_at = self.timeline.begun_at
        return {
            "listed": len(self.timeline),
            "total": len(self.catalog.filings),
            "now": _iso(now),
            "scale": self.clock.scale,
            "begun_at": None if begun_at is None else _iso(begun_at),
        }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@asynccontextmanager
async def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve a simulator inside the caller's event loop, and give its URL; port 0 takes a free one.

    Raises ``EightkError`` when the address cannot be had.
    """
    with breaking_off_quietly():
        async with serving(simulator.app, host, port) as url:
            yield url
