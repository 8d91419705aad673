"""Sightings: when each of EDGAR's lists first showed a filing, and how the lists compare by that."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from statistics import median, quantiles

from sqlalchemy import Connection, select

from watcher.models import EIGHT_K_FORMS, Origin
from watcher.store.database import get_meta, set_meta
from watcher.store.schema import filing, sighting
from watcher.store.upsert import insert_or

__all__ = ["ChannelRecord", "compare", "note", "note_read", "read_at", "seen_by", "seen_until"]

# A channel that was off for longer than so many of its periods is compared anew from when it is read again.
_MISSED_PERIODS = 2


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """How one channel did, of the filings that any channel began to show since ``since``.

    Seconds are None where there is nothing to count.
    """

    channel: str
    since: datetime  # what it is compared from: it was off before, or that is what was asked for
    seen: int  # filings that it showed
    first: int  # of them, those that no other channel had shown before
    median_lead_seconds: float | None  # ahead of the next channel, of those that it showed first
    median_lag_seconds: float | None  # behind the first channel; 0 for each that it showed first itself
    p90_lag_seconds: float | None  # nine in ten it showed no later than that
    missed: int  # filings that others showed long ago, and it has not


def note(connection: Connection, accessions: Collection[str], channel: str, now: datetime) -> None:
    """Note that a channel shows these, each of which is in the store; when it first did stays as it was."""
    rows = [{"accession": one, "channel": channel, "seen_at": now} for one in dict.fromkeys(accessions)]
    if rows:
        connection.execute(insert_or(connection, sighting).on_conflict_do_nothing(), rows)


def seen_by(connection: Connection, accessions: Collection[str], channel: str, until: datetime) -> frozenset[str]:
    """Return those that this channel had shown by then. They are those of one page: a statement takes no more."""
    statement = select(sighting.c.accession, sighting.c.seen_at)
    statement = statement.where(sighting.c.accession.in_(accessions), sighting.c.channel == channel)
    # The time is compared here: in the statement it has the database go through all that the channel ever showed.
    return frozenset(accession for accession, seen_at in connection.execute(statement) if seen_at <= until)


def seen_until(connection: Connection, channel: str, until: datetime) -> bool:
    """Return whether this channel had shown anything at all by then."""
    statement = select(sighting.c.accession).where(sighting.c.channel == channel, sighting.c.seen_at <= until)
    return connection.execute(statement.limit(1)).first() is not None


def read_at(connection: Connection, channel: str) -> datetime | None:
    """Return when the last whole reading of a channel ended, as `note_read` noted it."""
    return _instant(get_meta(connection, _read_key(channel)))


def note_read(connection: Connection, channel: str, now: datetime, *, began_at: datetime, period: timedelta) -> None:
    """Note that a channel beside the live list was read to its end.

    It is compared from its first reading on, and anew when others showed something while it was off: between its last
    reading and ``began_at``, when this program began to read it. What came then would count as its lag.
    """
    before = read_at(connection, channel)
    if before is None or _others_saw(connection, channel, before + _MISSED_PERIODS * period, began_at):
        set_meta(connection, _since_key(channel), now.isoformat())
    set_meta(connection, _read_key(channel), now.isoformat())


def compare(
    connection: Connection, since: datetime, now: datetime, *, missed_after_hours: float = 24.0
) -> tuple[ChannelRecord, ...]:
    """Compare all channels that showed something, by the filings that were spotted since then, live or late.

    A filing counts as missed by a channel that has not shown it ``missed_after_hours`` after the first that did. One
    that EDGAR has withdrawn is left out: who looks late cannot see it.
    """
    shown = list(_shown(connection, since))
    names = sorted({channel for one in shown for channel in one})
    overdue = now - timedelta(hours=missed_after_hours)
    return tuple(_record(name, max(since, _since(connection, name) or since), shown, overdue) for name in names)


def _shown(connection: Connection, since: datetime) -> Iterator[dict[str, datetime]]:
    """Give, filing by filing, when each channel first showed it."""
    statement = (
        select(sighting.c.accession, sighting.c.channel, sighting.c.seen_at)
        .join(filing, filing.c.accession == sighting.c.accession)
        .where(filing.c.spotted_at >= since, filing.c.gone_on.is_(None), filing.c.form.in_(sorted(EIGHT_K_FORMS)))
        # What was there when the watcher began was seen then by whoever looked first.
        .where(filing.c.origin.in_((Origin.LIVE.value, Origin.LATE.value)))
        .order_by(sighting.c.accession)
    )
    for _, rows in groupby(connection.execute(statement), key=itemgetter(0)):
        yield {channel: seen_at for _, channel, seen_at in rows}


def _record(name: str, since: datetime, shown: list[dict[str, datetime]], overdue: datetime) -> ChannelRecord:
    leads: list[float] = []
    lags: list[float] = []
    first = missed = 0
    for one in shown:
        began_at = min(one.values())
        if began_at < since:
            continue
        mine = one.get(name)
        if mine is None:
            missed += began_at <= overdue
            continue
        lags.append((mine - began_at).total_seconds())
        others = [at for channel, at in one.items() if channel != name]
        first += mine == began_at
        if others and mine == began_at:
            leads.append((min(others) - mine).total_seconds())
    return ChannelRecord(
        channel=name,
        since=since,
        seen=len(lags),
        first=first,
        median_lead_seconds=median(leads) if leads else None,
        median_lag_seconds=median(lags) if lags else None,
        p90_lag_seconds=_p90(lags),
        missed=missed,
    )


def _p90(seconds: list[float]) -> float | None:
    if len(seconds) < 2:
        return next(iter(seconds), None)
    return quantiles(seconds, n=10, method="inclusive")[-1]


def _others_saw(connection: Connection, channel: str, after: datetime, before: datetime) -> bool:
    if after >= before:
        return False
    statement = select(sighting.c.accession).where(sighting.c.channel != channel)
    statement = statement.where(sighting.c.seen_at > after, sighting.c.seen_at < before)
    return connection.execute(statement.limit(1)).first() is not None


def _since(connection: Connection, channel: str) -> datetime | None:
    return _instant(get_meta(connection, _since_key(channel)))


def _since_key(channel: str) -> str:
    return f"channel.{channel}.since"


def _read_key(channel: str) -> str:
    return f"channel.{channel}.read_at"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
