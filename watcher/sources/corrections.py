"""Corrections: what EDGAR withdrew, replaced or added after it had written the index of a day.

A day's index is never written again. The quarter's is, and on Saturdays what was corrected by then is in it: so the
store is compared with it once a week.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from watcher.audit_hours import AuditHours
from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK, previous_business_day
from watcher.errors import EdgarError, NotListedYet
from watcher.models import Filing
from watcher.sources.audit import SOURCE, late, room, tell_gone, why_not_believed
from watcher.sources.intake import Intake
from watcher.sources.listed_days import Indexes, Quarter, listed_quarter, quarter_of
from watcher.store import filings
from watcher.store.database import Store, get_meta, set_meta

__all__ = ["Corrected", "Corrections"]

log = logging.getLogger(__name__)

CHANNEL = "quarter-index"
DONE_KEY = "audit.corrected_at"
# For so long after its end a quarter is still looked at.
STILL_CORRECTED = timedelta(days=14)
# A quarter's index is large, and a week is long.
AGAIN_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Corrected:
    """What one look at a quarter's index found, as accession numbers."""

    missing: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


class Corrections:
    """Compares quarters. What the ``intake`` does not want is only listed, and not missing."""

    def __init__(
        self,
        edgar: Indexes,
        *,
        store: Store,
        clock: Clock,
        hours: AuditHours,
        intake: Intake,
    ) -> None:
        self._edgar = edgar
        self._store = store
        self._clock = clock
        self._hours = hours
        self._intake = intake
        self._again_at: datetime | None = None

    async def look_when_due(self, since: date) -> tuple[Corrected, ...]:
        """Compare what was filed from ``since`` on, once a week; what fails is tried again after some hours.

        Raises ``StoreError``.
        """
        asked_at = self._clock.now()
        turn = self._hours.week_turn(asked_at)
        done = await self._store.read(get_meta, DONE_KEY)
        if turn.astimezone(NEW_YORK).date() <= since or (done and datetime.fromisoformat(done) >= turn):
            return ()
        if self._again_at is not None and turn <= asked_at < self._again_at:
            return ()
        last = previous_business_day(turn.astimezone(NEW_YORK).date())
        first = max(since, last - STILL_CORRECTED)
        found = []
        try:
            for year, number in dict.fromkeys((quarter_of(first), quarter_of(last))):
                quarter = await listed_quarter(self._edgar, year, number)
                if quarter is None:
                    raise NotListedYet(f"the index of {year} QTR{number} is empty")
                if quarter.last_day >= since:
                    await room(self._store)
                    corrected, taken = await self._store.write(self._compare, quarter, since, asked_at)
                    self._tell(corrected, taken, quarter)
                    found.append(corrected)
        except EdgarError as error:
            log.warning("corrections cannot be had, will be tried again", extra={"reason": str(error)})
            self._again_at = asked_at + AGAIN_AFTER
        else:
            await self._store.write(set_meta, DONE_KEY, asked_at.isoformat())
        return tuple(found)

    def _compare(
        self, connection: Connection, quarter: Quarter, since: date, asked_at: datetime
    ) -> tuple[Corrected, list[Filing]]:
        """Take in what is missing and mark what is gone: all or nothing. Raises ``EdgarError`` for a damaged index."""
        listed = [one for inside in quarter.days.values() for one in inside]
        accessions = {one.accession for one in listed}
        first = max(since, _first_day(quarter.last_day))
        shown = filings.listed_by_edgar(connection, first, quarter.last_day, asked_at)
        gone = tuple(sorted(shown - accessions))
        if reason := why_not_believed(gone=len(gone), shown=len(shown), listed=len(accessions)):
            raise EdgarError(reason)
        returned = filings.unmark_gone(connection, accessions)
        filings.mark_gone(connection, gone, asked_at.astimezone(NEW_YORK).date())
        ours = [late(one, CHANNEL) for one in listed if one.filed_on is None or one.filed_on >= since]
        unknown = filings.unknown(connection, [one.accession for one in ours])
        taken = self._intake.take(connection, [one for one in ours if one.accession in unknown], asked_at)
        return Corrected(taken, gone, returned), [one for one in ours if one.accession in taken]

    def _tell(self, found: Corrected, taken: list[Filing], quarter: Quarter) -> None:
        self._intake.tell(taken, found.missing, self._clock.now(), CHANNEL, SOURCE)
        tell_gone(found.gone, found.returned, quarter.last_day)
        facts = {"until": quarter.last_day, "missing": len(found.missing), "gone": len(found.gone)}
        facts["returned"] = len(found.returned)
        log.log(logging.WARNING if found.missing else logging.INFO, "compared with the quarter's index", extra=facts)


def _first_day(day: date) -> date:
    year, number = quarter_of(day)
    return date(year, 3 * number - 2, 1)
