"""The audit: is all that EDGAR lists of a day in the store? What is missing goes down the same line, marked late.

EDGAR writes one index for each business day, after it has closed. A day counts as done only after a clean read of it:
no index, an error, or one that cannot be believed leaves the day owed. Which days are due, `watcher.audit_hours` says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from watcher.audit_hours import LOOK_SECONDS, Audit, AuditHours, AuditState, business_days, has_ended
from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK, next_open
from watcher.errors import EdgarError, NotListedYet
from watcher.models import Filing, Origin
from watcher.sources.intake import Intake
from watcher.sources.listed_days import Indexes, ListedDay, listed_day
from watcher.store import audits, filings, sightings
from watcher.store.database import Store, get_meta, set_meta

__all__ = ["AuditResult", "Auditor", "late", "room", "tell_gone", "why_not_believed"]

log = logging.getLogger(__name__)

SOURCE = "audit"
CHANNEL = "daily-index"
# The first day that is audited by itself: the one on which this store began to watch EDGAR.
SINCE_KEY = "audit.since"
# While so many filings are under way for which nobody waits, no more are taken in.
MOST_WAITING = 200
_ROOM_LOOK_SECONDS = 0.2
# EDGAR withdraws one filing in some hundreds. An index that lacks more than that of what its own list showed is
# damaged, whatever it looks like.
_BELIEVED_GONE = 10
_BELIEVED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What one audit of a day found."""

    audit: Audit
    has_index: bool = False  # EDGAR gave an index, and it could be read
    missing: tuple[Filing, ...] = ()  # in the index and not in the store, until now
    gone: tuple[str, ...] = ()  # in the store and not in the index
    returned: tuple[str, ...] = ()  # had been marked as gone, and stand in the index again


class Auditor:
    """Compares days. What the ``intake`` does not want is only listed, and not missing."""

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
        self._intake = intake
        self._asked: set[date] = set()
        self.hours = hours
        self.missed: tuple[date, ...] = ()  # days that ought to be done by now, and are not: for the operator

    async def audit(self, day: date) -> AuditResult:
        """Compare one day, take in what is missing, and note what came of it. Raises ``StoreError`` only."""
        asked_at = self._clock.now()
        try:
            listed = await listed_day(self._edgar, day)
        except NotListedYet as error:
            return await self._not_done(day, AuditState.WAITING, asked_at, str(error))
        except EdgarError as error:
            # What could not be asked is no answer.
            return await self._not_done(day, AuditState.FAILED, asked_at, str(error))
        except Exception as error:
            # The border to whatever EDGAR may answer: one day's index must not keep the others from being read.
            log.exception("audit broke", extra={"day": day})
            return await self._not_done(day, AuditState.FAILED, asked_at, f"{type(error).__name__}: {error}")
        for problem in listed.problems:
            log.warning("odd row in EDGAR's index", extra={"day": day, "problem": problem})
        result = await self._store.write(self._compare, day, listed, asked_at)
        self._intake.tell(result.missing, [one.accession for one in result.missing], self._clock.now(), CHANNEL, SOURCE)
        tell_gone(result.gone, result.returned, day)
        return result

    async def audit_due(self) -> tuple[AuditResult, ...]:
        """Audit every day that is due now, the oldest first, and tell what came of it. Raises ``StoreError``."""
        since = await self.since()
        now = self._clock.now()
        known = await self._store.read(audits.find, since)
        asked = {day for day in self._asked if day >= since}
        found = []
        for day in sorted(asked.union(self.hours.days_due(now, since, known))):
            await room(self._store)
            result = await self.audit(day)
            self._asked.discard(day)
            _tell(result, known.get(day))
            found.append(result)
        await self._look_for_missed(since)
        return tuple(found)

    async def _not_done(self, day: date, state: AuditState, asked_at: datetime, reason: str) -> AuditResult:
        return AuditResult(await self._store.write(_note, Audit(day, state, asked_at, reason=reason)))

    def look_again(self, since: datetime) -> None:
        """Ask for an audit of the days from this instant on, by a list of EDGAR that could not be read to its end."""
        now = self._clock.now()
        self._asked.update(business_days(since.astimezone(NEW_YORK).date(), self.hours.last_day(now)))

    def next_look(self) -> datetime:
        """Return when something may be due again: the next turn, or in half an hour, when failed ones are."""
        now = self._clock.now()
        return min(self.hours.next_turn(now), now + timedelta(seconds=LOOK_SECONDS))

    def _compare(self, connection: Connection, day: date, listed: ListedDay, asked_at: datetime) -> AuditResult:
        """Take in what is missing, mark what is gone, and note the day: all or nothing."""
        accessions = listed.accessions
        unknown = filings.unknown(connection, accessions)
        taken = self._intake.take(connection, [late(one, CHANNEL) for one in listed.filings], self._clock.now())
        missing = tuple(one for one in listed.filings if one.accession in unknown.intersection(taken))
        sightings.note(connection, accessions, CHANNEL, asked_at)
        returned = filings.unmark_gone(connection, accessions)
        count = filings.count_taken_in(connection, accessions, SOURCE)
        odd = listed.problems[0] if listed.problems else None
        made = Audit(day, AuditState.DONE, asked_at, len(accessions), count, reason=odd)
        # Not what was spotted while the index was on its way.
        shown = filings.listed_by_edgar(connection, day, day, asked_at)
        gone = tuple(sorted(shown - accessions))
        if reason := _why_not_done(day, asked_at, gone=len(gone), shown=len(shown), listed=len(accessions)):
            state = AuditState.FAILED if has_ended(day, asked_at) else AuditState.WAITING
            made = _note(connection, replace(made, state=state, reason=reason))
            return AuditResult(made, True, missing, returned=returned)
        filings.mark_gone(connection, gone, asked_at.astimezone(NEW_YORK).date())
        return AuditResult(_note(connection, replace(made, gone=len(gone))), True, missing, gone, returned)

    async def since(self) -> date:
        """Return the first day that is audited by itself; nothing was watched before it. Raises ``StoreError``."""
        found = await self._store.read(get_meta, SINCE_KEY)
        if found is not None:
            return date.fromisoformat(found)
        began_at = await self._store.read(audits.first_polled_at) or self._clock.now()
        # Of a day that was over nothing was left to be watched.
        day = next_open(began_at).astimezone(NEW_YORK).date()
        await self._store.write(set_meta, SINCE_KEY, day.isoformat())
        return day

    async def _look_for_missed(self, since: date) -> None:
        known = await self._store.read(audits.find, since)
        missed = self.hours.missed(self._clock.now(), since, known)
        for day in missed:
            if day not in self.missed:
                audit = known.get(day)
                log.error("audit missed", extra={"day": day, "reason": audit.reason if audit else None})
        for day in self.missed:
            if day not in missed:
                log.info("missed audit made up for", extra={"day": day})
        self.missed = missed


async def room(store: Store) -> None:
    """Wait until few enough filings are under way for which nobody waits. Raises ``StoreError``."""
    # How many there are is a question to the store, not an event.
    while (await store.read(filings.count_waiting)).all >= MOST_WAITING:  # noqa: ASYNC110
        await asyncio.sleep(_ROOM_LOOK_SECONDS)


def tell_gone(gone: Iterable[str], returned: Iterable[str], until: date) -> None:
    """Log each filing that EDGAR's index lacks by now, and each that is back in it."""
    for accession in gone:
        log.warning("gone from EDGAR's index", extra={"accession": accession, "day": until})
    for accession in returned:
        log.info("back in EDGAR's index", extra={"accession": accession, "day": until})


def late(one: Filing, channel: str) -> Filing:
    """A filing that an index has and the store lacks."""
    return replace(one, origin=Origin.LATE, source=SOURCE, channel=channel)


def why_not_believed(*, gone: int, shown: int, listed: int) -> str:
    """Say why an index, cleanly read, cannot be right; "" when it may be."""
    if gone and (not listed or (gone > _BELIEVED_GONE and gone > shown * _BELIEVED_SHARE)):
        return f"the index lacks {gone} of {shown} filings that EDGAR has listed: not believed"
    return ""


def _why_not_done(day: date, asked_at: datetime, *, gone: int, shown: int, listed: int) -> str:
    """Say why an index, cleanly read, is not the last word on its day; "" when it is."""
    if not has_ended(day, asked_at):
        return "the day was not over when its index was read"
    return why_not_believed(gone=gone, shown=shown, listed=listed)


def _note(connection: Connection, made: Audit) -> Audit:
    """Keep what came of an audit. A day that is done stays so, whatever comes later: it was read once."""
    before = audits.get(connection, made.day)
    if made.state is AuditState.DONE or before is None or before.state is not AuditState.DONE:
        audits.note(connection, made)
    return made


def _tell(result: AuditResult, before: Audit | None) -> None:
    """Log how an audit ended; the same trouble once, and not each half hour."""
    made = result.audit
    facts = {"day": made.day, "listed": made.listed, "missing": len(result.missing), "gone": len(result.gone)}
    if made.state is AuditState.DONE:
        log.log(logging.WARNING if result.missing else logging.INFO, "audited", extra=facts)
    elif before is not None and (before.state, before.reason) == (made.state, made.reason):
        return
    elif made.state is AuditState.WAITING:
        log.info("EDGAR's index is not there yet", extra={"day": made.day})
    else:
        log.warning("audit failed, will be tried again", extra={"day": made.day, "reason": made.reason})
