"""Takes in what lists of EDGAR show: owes work for what is new and wanted, and keeps the rest listed.

Whoever reads a list gives what it shows, inside a transaction of its own. What is wanted is decided here and nowhere
else; where no list tells enough, the filing is spotted with a reason that has its header asked first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from watcher.edgar.calendar import filing_day
from watcher.edgar.feed import merge_co_filers
from watcher.meters import Meters
from watcher.models import Filer, Filing, FilingState, Origin
from watcher.sources.wanted import EVERYTHING, UNDECIDED, Wanted, is_undecided, reason_not_wanted
from watcher.store import companies, filings, sightings, unwanted
from watcher.store.archive import Archived

__all__ = ["SOURCE", "Intake", "is_below", "verdict_on"]

log = logging.getLogger(__name__)

SOURCE = "poller"


@dataclass(frozen=True, slots=True)
class Intake:
    """``submit`` asks for work on a filing, inside the transaction that takes it in; ``wanted`` is what is fetched.

    ``meters`` are told of what was taken in, once that is committed.
    """

    submit: Callable[[Connection, str], None]
    wanted: Wanted = EVERYTHING
    meters: Meters = field(default_factory=Meters)

    def show(
        self, connection: Connection, found: Iterable[Filing], *, channel: str, floor: datetime | None, now: datetime
    ) -> tuple[str, ...]:
        """Take in what a channel shows now, and note that it does; return what is live and new.

        What lies below the ``floor``, an instant of acceptance, was listed before the watcher began and is not wanted.
        """
        shown = [replace(one, source=SOURCE, channel=channel) for one in found]
        live = [replace(one, origin=Origin.LIVE) for one in shown if not is_below(one, floor)]
        older = [replace(one, origin=Origin.BACKFILL) for one in shown if is_below(one, floor)]
        filings.spot(connection, older, now, state=FilingState.LISTED)
        new = self.take(connection, live, now)
        sightings.note(connection, [one.accession for one in shown], channel, now)
        return new

    def take(
        self,
        connection: Connection,
        found: Iterable[Filing],
        now: datetime,
        *,
        run_as: Origin | None = None,
        archived: Archived | None = None,
    ) -> tuple[str, ...]:
        """Take in what is not known yet, and return what work is owed for; what is not wanted stays listed.

        A filing that stood listed for not being wanted is wanted after all when one of its filers is that no list had
        shown before. The work counts as in `filings.spot`.
        """
        found = tuple(found)
        unknown = filings.unknown(connection, [one.accession for one in found])
        verdicts = {
            one.accession: verdict_on(connection, one, self.wanted) for one in found if one.accession in unknown
        }
        fetched = [one for one in found if verdicts.get(one.accession) in ("", UNDECIDED)]
        listed = [one for one in found if verdicts.get(one.accession, "") not in ("", UNDECIDED)]
        filings.spot(connection, listed, now, state=FilingState.LISTED, run_as=run_as)
        taken = filings.spot(connection, fetched, now, run_as=run_as, archived=archived, submit=self.submit)
        unwanted.note(connection, {accession: verdict for accession, verdict in verdicts.items() if verdict})
        known = [one for one in found if one.accession not in unknown]
        return taken + self._second_look(connection, known, now, run_as)

    def want(
        self, connection: Connection, found: Iterable[Filing], now: datetime, *, run_as: Origin
    ) -> tuple[str, ...]:
        """Owe work for those that were only listed so far, if they are wanted now, and return them."""
        verdicts = {one.accession: verdict_on(connection, one, self.wanted) for one in found}
        asked = [accession for accession, verdict in verdicts.items() if verdict in ("", UNDECIDED)]
        wanted = filings.want(connection, asked, now, run_as=run_as, submit=self.submit)
        unwanted.note(connection, {accession: verdicts[accession] or None for accession in wanted})
        return wanted

    def tell(
        self, found: Iterable[Filing], new: Collection[str], now: datetime, channel: str, source: str = SOURCE
    ) -> None:
        """Log and count those for which work is owed now. To be called once they are committed."""
        for one in {one.accession: one for one in found if one.accession in new}.values():
            log.info("spotted", extra={"accession": one.accession, "source": source, "channel": channel})
            # Only of what is listed as it happens does the lag tell anything.
            is_live = source == SOURCE and one.origin is Origin.LIVE and one.accepted_at is not None
            lag = (now - one.accepted_at).total_seconds() if is_live and one.accepted_at else None
            self.meters.spotted(source, channel, lag)

    def reason(self, connection: Connection, one: Filing) -> str:
        """Say why a filing is not wanted; "" when it is, or when only its header can tell."""
        verdict = verdict_on(connection, one, self.wanted)
        return "" if verdict == UNDECIDED else verdict

    def _second_look(
        self, connection: Connection, known: list[Filing], now: datetime, run_as: Origin | None
    ) -> tuple[str, ...]:
        """Look again at those that are not wanted, of which a list now shows more filers: its next page may do so."""
        shown = {one.accession: one for one in known}
        left = {} if self.wanted.is_all else unwanted.find(connection, shown)
        grown: list[Filing] = []
        for accession, filers in left.items():
            one = shown[accession]
            if {filer.cik for filer in one.filers} - {filer.cik for filer in filers}:
                grown += merge_co_filers([replace(one, filers=filers), one])
        return self.want(connection, grown, now, run_as=run_as or grown[0].origin) if grown else ()


def verdict_on(connection: Connection, one: Filing, wanted: Wanted) -> str:
    """Return why a filing is not wanted, ``UNDECIDED``, or "" when it is, by all that the store knows of its filers."""
    if wanted.is_all:
        return ""
    one = _completed(connection, one, wanted)
    knows = not wanted.tickers or companies.listed_at(connection) is not None
    if reason := reason_not_wanted(one, wanted, knows_tickers=knows):
        return reason
    return UNDECIDED if is_undecided(one, wanted, knows_tickers=knows) else ""


def is_below(one: Filing, floor: datetime | None) -> bool:
    """Whether a filing was listed before the watcher began; where no time is told its day decides."""
    if floor is None:
        return False
    if one.accepted_at is not None:
        return one.accepted_at < floor
    return one.filed_on is not None and one.filed_on < filing_day(floor)


def _completed(connection: Connection, one: Filing, wanted: Wanted) -> Filing:
    """Add to the filers what the store knows of them, as far as it matters here."""
    if wanted.tickers:
        one = companies.with_tickers(connection, one)
    if wanted.sics:
        sics = companies.sics_of(connection, [filer.cik for filer in one.filers if not filer.sic])
        one = replace(one, filers=tuple(_with_sic(filer, sics) for filer in one.filers))
    return one


def _with_sic(filer: Filer, sics: dict[int, str]) -> Filer:
    return filer if filer.sic else replace(filer, sic=sics.get(filer.cik))
