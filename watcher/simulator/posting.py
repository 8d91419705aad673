"""When EDGAR posts a filing: soon after its acceptance, or the next business morning; and what faults make of that."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, time

from watcher.edgar.calendar import NEW_YORK
from watcher.simulator.catalog import CatalogFiling
from watcher.simulator.faults import Fault, Faults
from watcher.simulator.making.chance import dice
from watcher.simulator.timeline import Listing, Schedule

__all__ = ["AsAccepted", "Spoiled"]

_HELD_UNTIL = time(6, 0)
_SUCCESSORS_AGENT = 9_599_998  # of filings that take another one's place: no other number begins with it


@dataclass(frozen=True, slots=True)
class AsAccepted:
    """EDGAR's own hours, whenever the simulator is asked first.

    A filing is listed within about a minute of its acceptance. One that has a later filing date than the day of its
    acceptance came too late in the evening: it is held, and listed at 06:00 of its filing date or within
    ``held_seconds`` after that, with the evening's time. (Ownership forms keep the day until 22:00, and so does an
    8-K whose transmission began before 17:30: their filing dates say so.) Nothing waits beyond ``latest``.
    """

    seed: int = 1
    held_seconds: float = 60.0
    latest: float = math.inf

    def __call__(self, place: int, filing: CatalogFiling, begun_at: float) -> Listing:
        """Return the listing of the filing at this place of the catalog."""
        del begun_at
        rng = dice(self.seed, "posting", filing.accession)
        accepted = filing.time
        if filing.filed_on > accepted.astimezone(NEW_YORK).date():
            opening = datetime.combine(filing.filed_on, _HELD_UNTIL, NEW_YORK).timestamp()
            at = opening + rng.uniform(0, self.held_seconds)
        else:
            at = accepted.timestamp() + rng.uniform(20, 75)
        at = max(accepted.timestamp(), min(at, self.latest))
        return Listing(place, filing, at, accepted.timestamp(), at)


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Another schedule, with the faults that befall filings: late documents, never listed, withdrawn, replaced."""

    honest: Schedule
    faults: Faults

    def __call__(self, place: int, filing: CatalogFiling, begun_at: float) -> Listing:
        """Return the listing of the filing at this place of the catalog."""
        listing = self.honest(place, filing, begun_at)
        at, key = listing.appears_at, filing.accession
        late = self.faults.of("late", at, key)
        if late is not None:
            listing = replace(listing, readable_at=at + late.value)
        if self.faults.of("unlisted", at, key) is not None:
            listing = replace(listing, is_listed=False)
        gone = self.faults.first(at, key, "", ("withdrawn", "replaced"))
        return listing if gone is None else _going(listing, gone)


def _going(listing: Listing, fault: Fault) -> Listing:
    gone_at = listing.appears_at + fault.value
    successor = None
    if fault.kind == "replaced":
        old = listing.filing.accession
        filing = listing.filing.renamed(f"{_SUCCESSORS_AGENT:010d}{old[10:14]}{listing.place % 1_000_000:06d}")
        successor = Listing(listing.place, filing, gone_at, gone_at, gone_at)
    return replace(listing, withdrawn_at=gone_at, successor=successor)
