"""What came of a day with several daemons, and what is wrong with it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.many.daemons import SPOTS, Life, Line
from bench.many.plan import Plan
from bench.many.takeovers import Takeover
from bench.settings import RULE
from bench.tables import Table
from watcher.edgar.limiter import MAX_REQUESTS_PER_SECOND
from watcher.models import FilingState, alert_id
from watcher.simulator.traffic import Request

__all__ = ["REPLACED_SECONDS", "TAKEN_OVER_SECONDS", "Findings", "Kill", "Told", "day_table"]

REPLACED_SECONDS = 5.0
TAKEN_OVER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Kill:
    """Who was killed when, and whether it was the spotter."""

    at: float
    daemon: str
    was_spotter: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the receiver took."""

    id: str
    accession: str


@dataclass(slots=True)
class Findings:
    """All that was gathered at the end of a run. Times are Unix times of this machine."""

    plan: Plan
    kills: Sequence[Kill]
    away: Sequence[tuple[float, float]]  # when the database was ended, and when it took connections again
    listed: Mapping[str, float]  # accession number -> when the list began to show it
    watched_from: float  # when the first look at the list had ended
    states: Mapping[str, FilingState]
    saves: Sequence[str]  # accession numbers, each time a report was committed
    alerts: Sequence[tuple[str, str, str]]  # accession number, rule, id
    told: Sequence[Told]  # each time
    looks: Sequence[Request]  # at the live list
    peak: int  # the most requests within any second
    requests: int
    lines: Sequence[Line]  # of all logs
    lives: Mapping[str, Sequence[Life]]
    takeovers: Sequence[Takeover] = ()
    given_up: Sequence[Life] = ()  # those that ended by themselves
    is_settled: bool = True  # nothing was owed any more
    exit_codes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def missing(self) -> list[str]:
        """Listed, and not in the store."""
        return sorted(self.listed.keys() - self.states.keys())

    @property
    def unread(self) -> list[str]:
        """In the store, and its report is not, though somebody watched when it came."""
        return [one for one in self._owed() if self.states.get(one, FilingState.SAVED) is not FilingState.SAVED]

    @property
    def saved_twice(self) -> list[str]:
        """Filings whose report was committed more than once."""
        return [accession for accession, count in Counter(self.saves).items() if count > 1]

    @property
    def alerts_with_two_ids(self) -> list[str]:
        """Filings of which one rule raised alerts under several ids."""
        ids = defaultdict(set)
        for accession, rule, number in self.alerts:
            ids[accession, rule].add(number)
        return [accession for (accession, _), numbers in ids.items() if len(numbers) > 1]

    @property
    def untold(self) -> list[str]:
        """Filings whose alert the receiver never took."""
        told = {one.id for one in self.told}
        return [accession for accession in self._owed() if alert_id(accession, RULE) not in told]

    @property
    def told_under_another_id(self) -> list[str]:
        """Filings that were told under an id that is not their alert's own."""
        return [one.accession for one in self.told if one.id != alert_id(one.accession, RULE)]

    @property
    def told_again(self) -> int:
        """Messages that came once more under the same id, as the contract allows."""
        return len(self.told) - len({one.id for one in self.told})

    @property
    def turns(self) -> list[tuple[float, str]]:
        """Who began to spot when, as the logs tell."""
        return sorted((line.at, line.daemon) for line in self.lines if line.message == SPOTS)

    @property
    def overlaps(self) -> list[Request]:
        """Looks at the list by a daemon although another one had begun to spot since."""
        turns = self.turns
        begins = [at for at, _ in turns]
        return [look for look in self.looks if not _is_by(turns, bisect_right(begins, look.at) - 1, look.agent)]

    @property
    def replaced(self) -> list[float]:
        """Seconds from each kill of the spotter until another daemon's turn began, where one was at work all along."""
        found = ((kill, self._next_turn(kill)) for kill in self.kills if kill.was_spotter)
        return [at - kill.at for kill, at in found if at is not None and self._could_be_replaced(kill, at)]

    @property
    def looked_again(self) -> list[float]:
        """Seconds from each of these kills until another daemon looked at the list."""
        found = ((kill, self._next_turn(kill)) for kill in self.kills if kill.was_spotter)
        after = ((kill, at) for kill, at in found if at is not None and self._could_be_replaced(kill, at))
        firsts = ((kill, next((look.at for look in self.looks if look.at >= at), None)) for kill, at in after)
        return [first - kill.at for kill, first in firsts if first is not None]

    @property
    def taken_over(self) -> list[float]:
        """Seconds from a worker's last sign of life until others were given what it had, while there were others."""
        return [one.at - max(one.at - one.seconds, self._staffed_since(one.at)) for one in self.takeovers]

    def faults(self) -> list[str]:
        """Say what is wrong, whatever the machine; nothing, when all is well."""
        return list(self._faults())

    def delays(self) -> list[str]:
        """Say what took longer than it should, which a machine that is busy with other things may be to blame for."""
        longest = max(self.replaced, default=0.0)
        found = [f"a spotter was replaced after {longest:.1f} s"] if longest > REPLACED_SECONDS else []
        longest = max(self.taken_over, default=0.0)
        if longest > TAKEN_OVER_SECONDS:
            found.append(f"the work of a dead daemon was taken over after {longest:.1f} s")
        return found

    def _faults(self) -> Iterator[str]:
        words = ("missing", "unread", "saved_twice", "alerts_with_two_ids", "untold", "told_under_another_id")
        for word in words:
            found = getattr(self, word)
            if found:
                yield f"{word}: {len(found)}, such as {', '.join(found[:3])}"
        if overlaps := self.overlaps:
            yield f"two spotted at once: {len(overlaps)} looks at the list, such as by {overlaps[0].agent!r}"
        if self.peak > MAX_REQUESTS_PER_SECOND:
            yield f"{self.peak} requests within a second; the SEC allows {MAX_REQUESTS_PER_SECOND:g}"
        if lives := [one for one in self.given_up if not self._was_away(one.began, one.ended or one.began)]:
            yield f"a daemon ended by itself: {len(lives)} times"
        if not self.is_settled:
            yield "something is still owed"
        for name, code in self.exit_codes.items():
            if code:
                yield f"{name}: its last exit code is {code}"

    def _owed(self) -> list[str]:
        """What came when somebody was watching: each owes a report and an alert."""
        return [accession for accession, at in self.listed.items() if at > self.watched_from]

    def _next_turn(self, kill: Kill) -> float | None:
        return next((at for at, _ in self.turns if at > kill.at), None)

    def _could_be_replaced(self, kill: Kill, until: float) -> bool:
        """Whether another daemon was at work from the kill on until this instant, and the database, too."""
        others = (life for name, lives in self.lives.items() if name != kill.daemon for life in lives)
        return not self._was_away(kill.at - 1, until) and any(life.lasted(kill.at, until) for life in others)

    def _was_away(self, since: float, until: float) -> bool:
        return any(gone <= until and since <= back for gone, back in self.away)

    def _staffed_since(self, at: float) -> float:
        """Since when, up to this instant, there was always a daemon at work and the database in reach."""
        since = at
        spans = [(life.ready, life.ended or at) for lives in self.lives.values() for life in lives if life.ready]
        while covering := [ready for ready, ended in spans if ready < since <= ended]:
            since = min(covering)
        return max([since, *(back for _, back in self.away if back <= at)])


def _is_by(turns: Sequence[tuple[float, str]], place: int, agent: str) -> bool:
    return place >= 0 and f" {turns[place][1]}@" in agent


def day_table(found: Findings) -> Table:
    """Show it."""
    plan, spotters = found.plan, sum(kill.was_spotter for kill in found.kills)
    away = ", ".join(f"{back - gone:.1f} s" for gone, back in found.away)
    states = Counter(found.states.values())
    rows = (
        ("real minutes", f"{found.seconds / 60:.1f}"),
        ("daemons killed, of them the spotter", f"{len(found.kills)}, {spotters}"),
        ("times the database was away, for", f"{len(found.away)}: {away}" if found.away else "0"),
        ("starts given up while it was away", f"{len(found.given_up)}"),
        ("filings listed", f"{len(found.listed):,}"),
        ("saved; noted only, as from before", f"{states[FilingState.SAVED]:,}; {states[FilingState.LISTED]:,}"),
        ("missing in the store, without a report", f"{len(found.missing)}, {len(found.unread)}"),
        ("saved twice", f"{len(found.saved_twice)}"),
        ("alerts with two ids", f"{len(found.alerts_with_two_ids)}"),
        ("alerts told", f"{len({one.id for one in found.told}):,}"),
        ("alerts untold", f"{len(found.untold)}"),
        ("told again under the same id (allowed)", f"{found.told_again}"),
        ("told under another id", f"{len(found.told_under_another_id)}"),
        ("requests, of them for the list", f"{found.requests:,}, {len(found.looks):,}"),
        (f"most requests in a second (set {plan.limit:g}, the SEC's {MAX_REQUESTS_PER_SECOND:g})", f"{found.peak}"),
        ("turns at spotting, looks out of turn", f"{len(found.turns)}, {len(found.overlaps)}"),
        (f"spotter killed to the next turn (at most {REPLACED_SECONDS:g} s)", _spread(found.replaced)),
        (f"the same to the next look, each {plan.poll_seconds:g} s", _spread(found.looked_again)),
        (f"dead daemon's work taken over (at most {TAKEN_OVER_SECONDS:g} s)", _spread(found.taken_over)),
    )
    wrong = (*found.faults(), *found.delays())
    title = f"{plan.daemons} daemons, {plan.filings:,} 8-Ks in {plan.seconds:g} s, seed {plan.seed}"
    return Table(title, ("", "measured"), rows, tuple(f"WRONG: {fault}" for fault in wrong))


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    return f"{ordered[-1]:.1f} s (median {ordered[len(ordered) // 2]:.1f}, {len(ordered)} times)"
