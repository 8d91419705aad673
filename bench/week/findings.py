"""What came of a run, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from bench.settings import RULE
from bench.tables import Table
from bench.week.plan import Plan
from watcher.edgar.calendar import NEW_YORK
from watcher.models import FilingState, alert_id
from watcher.store.filings import StoredFiling

__all__ = ["Findings", "Shown", "week_table"]

# When the simulator writes indexes: what is withdrawn after the last of them, none tells yet.
_DAY_WRITTEN, _QUARTER_WRITTEN = time(22, 10), time(22, 40)


@dataclass(frozen=True, slots=True)
class Shown:
    """A filing of the 8-K family that the simulator has shown."""

    accession: str
    shown_at: datetime
    is_listed: bool  # it was in the live list, not only in indexes
    gone_at: datetime | None  # when it was withdrawn

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Shown:
        """Read it as the simulator tells it."""
        gone_at = datetime.fromisoformat(told["gone_at"]) if told["gone_at"] else None
        return cls(told["accession"], datetime.fromisoformat(told["shown_at"]), told["is_listed"], gone_at)


@dataclass(slots=True)
class Findings:
    """All that was gathered at the end of a run."""

    plan: Plan
    kills: int
    shown: Sequence[Shown]
    stored: Sequence[StoredFiling]
    watched_from: datetime | None  # when the first look at the list had ended
    told: Sequence[str]  # ids of the messages that the receiver took, each time
    refused: Sequence[str]  # why it did not take others
    saves: Sequence[str]  # accession numbers, each time a report was saved
    requests: Mapping[str, Any]
    audited: Mapping[date, int] = field(default_factory=dict)  # exit codes of `eightk audit`
    is_settled: bool = False  # nothing was owed any more
    exit_code: int = 0
    seconds: float = 0.0

    @property
    def missing(self) -> list[str]:
        """Not in the store, though shown on a day that was watched; or withdrawn, and the live list had it before."""
        known = {one.filing.accession for one in self.stored}
        return [one.accession for one in self.shown if one.accession not in known and self._had_to_be_seen(one)]

    @property
    def unread(self) -> list[str]:
        """Shown now and in the store, and its report is not."""
        stored = {one.filing.accession: one for one in self.stored}
        return [
            one.accession
            for one in self._owed()
            if one.accession in stored and stored[one.accession].state is not FilingState.SAVED
        ]

    @property
    def unmarked(self) -> list[str]:
        """Withdrawn, as an index tells, and not marked so; or marked, and still there."""
        is_marked = {one.filing.accession: one.gone_on is not None for one in self.stored}
        return [
            one.accession
            for one in self.shown
            if one.accession in is_marked
            and (self._is_told_gone(one) if not is_marked[one.accession] else one.gone_at is None)
        ]

    def _is_told_gone(self, one: Shown) -> bool:
        """Whether an index that was read by the end lacks it: its day's own, or the quarter's, read once a week."""
        if one.gone_at is None:
            return False
        listed_on = one.shown_at.astimezone(NEW_YORK).date()
        indexes = [datetime.combine(listed_on, _DAY_WRITTEN, NEW_YORK)] if listed_on in self.audited else []
        if self.plan.ends_a_week:
            indexes.append(datetime.combine(self.plan.business_days[-1], _QUARTER_WRITTEN, NEW_YORK))
        return any(one.gone_at < written for written in indexes)

    @property
    def strangers(self) -> list[str]:
        """In the store, and never shown."""
        return sorted({one.filing.accession for one in self.stored} - {one.accession for one in self.shown})

    @property
    def saved_twice(self) -> list[str]:
        """Reports that were saved more than once."""
        return [accession for accession, count in Counter(self.saves).items() if count > 1]

    @property
    def untold(self) -> list[str]:
        """Filings whose alert the receiver never took."""
        told = set(self.told)
        return [one.accession for one in self._owed() if alert_id(one.accession, RULE) not in told]

    @property
    def told_by_mistake(self) -> list[str]:
        """Ids of messages that no filing accounts for."""
        return sorted(set(self.told) - {alert_id(one.accession, RULE) for one in self.shown})

    @property
    def peaks(self) -> Mapping[str, int]:
        """The most requests within one second of the clock, by host, as the simulator counted."""
        peaks: dict[str, int] = self.requests["peak_by_host"]
        return peaks

    def faults(self) -> list[str]:
        """Say what is wrong; nothing, when all is well."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        for words in ("missing", "unread", "unmarked", "strangers", "saved_twice", "untold", "told_by_mistake"):
            found = getattr(self, words)
            if found:
                yield f"{words}: {len(found)}, such as {', '.join(found[:3])}"
        for day, code in self.audited.items():
            if code:
                yield f"eightk audit --date {day}: exit code {code}"
        for host, peak in self.peaks.items():
            if peak > self.plan.limit:
                yield f"{host}: {peak} requests within a second; the limit is {self.plan.limit}"
        if not self.is_settled:
            yield "something is still owed"
        if self.exit_code:
            yield f"the daemon's last exit code: {self.exit_code}"

    def _had_to_be_seen(self, one: Shown) -> bool:
        since = self.watched_from
        if since is None or one.shown_at.astimezone(NEW_YORK).date() < since.astimezone(NEW_YORK).date():
            return since is None
        # What stands in indexes only, and was withdrawn before one was written, nobody can know of.
        return one.gone_at is None or (one.is_listed and one.gone_at > since)

    def _owed(self) -> list[Shown]:
        """What is shown now, and came when somebody was watching: each owes a report and an alert."""
        since = self.watched_from
        return [one for one in self.shown if one.gone_at is None and since is not None and one.shown_at > since]


def week_table(found: Findings) -> Table:
    """Show it."""
    plan, told = found.plan, len(set(found.told))
    peaks = ", ".join(f"{host} {peak}" for host, peak in found.peaks.items())
    gone = sum(one.gone_at is not None for one in found.shown)
    rows = (
        ("real minutes", f"{found.seconds / 60:.1f}"),
        ("times killed", f"{found.kills}"),
        ("8-Ks that EDGAR showed", f"{len(found.shown):,}, of which it withdrew {gone}"),
        ("missing in the store", f"{len(found.missing)}"),
        ("without a report", f"{len(found.unread)}"),
        ("saved twice", f"{len(found.saved_twice)}"),
        ("withdrawn, not marked so", f"{len(found.unmarked)}"),
        ("audits that found nothing missing", f"{sum(not code for code in found.audited.values())} of {plan.days}"),
        ("alerts told", f"{told:,}, {len(found.told) - told} of them more than once"),
        ("alerts untold", f"{len(found.untold)}"),
        ("requests", f"{found.requests['total']:,}"),
        (f"most within a second (limit {plan.limit})", peaks),
        ("within ten minutes of a block", _after_blocks(found.requests)),
    )
    title = f"week of {plan.first}, {plan.per_day} 8-Ks a day, {plan.speed:g} times as fast, seed {plan.seed}"
    return Table(title, ("", "measured"), rows, tuple(f"WRONG: {fault}" for fault in found.faults()))


def _after_blocks(requests: Mapping[str, Any]) -> str:
    late, count = requests["longest_after_block"], requests["while_blocked"]
    return f"{count}, the latest after {late:g} s" if count else "0"
