"""What the stream tells of each entry of the journal, made once for all who follow, and what it is narrowed by."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from watcher.edgar.companies import normal_ticker
from watcher.errors import UnknownFiling
from watcher.store import alerts, companies, filings, glance, listing
from watcher.store.journal import Entry
from watcher.web.show import alert_json, row_json

__all__ = ["Facts", "Told", "Wanted", "told_of"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an entry is narrowed by."""

    form: str | None = None
    items: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    ciks: frozenset[int] = frozenset()
    tickers: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as it is sent. ``data`` is None when what it tells of is not in the store any more."""

    sequence: int
    kind: str
    data: bytes | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to be told of; None wants all. What an entry does not have does not fit."""

    kind: str | None = None
    form: str | None = None
    item: str | None = None
    event: str | None = None
    cik: int | None = None
    ticker: str | None = None
    rule: str | None = None
    severity: str | None = None

    def fits(self, one: Told) -> bool:
        """Whether they want it."""
        facts = one.facts
        pairs: tuple[tuple[Any, Collection[Any]], ...] = (
            (self.kind, (one.kind,)),
            (self.form, (facts.form,)),
            (self.item, facts.items),
            (self.event, facts.events),
            (self.cik, facts.ciks),
            (self.ticker and normal_ticker(self.ticker), facts.tickers),
            (self.rule, (facts.rule,)),
            (self.severity, facts.severities),
        )
        return one.data is not None and all(asked is None or asked in had for asked, had in pairs)


def told_of(connection: Connection, entries: Iterable[Entry]) -> tuple[Told, ...]:
    """Make what is told of them, at most a page of them, as the store has it now."""
    listed = list(entries)
    accessions = list(dict.fromkeys(one.accession for one in listed if one.accession is not None))
    rows = dict(_rows(connection, accessions))
    return tuple(_told(connection, one, rows) for one in listed)


def _told(connection: Connection, entry: Entry, rows: dict[str, dict[str, Any]]) -> Told:
    row = rows.get(entry.accession or "")
    facts = Facts() if row is None else _facts(row)
    body = row
    if entry.kind != "filing":
        found = alerts.find(connection, number=entry.alert_id) if entry.alert_id is not None else ()
        body = None
        if found:
            body = alert_json(found[0]) | {"filing": row}
            facts = Facts(
                facts.form, facts.items, facts.events, facts.ciks, facts.tickers,
                frozenset({found[0].severity}), found[0].rule,
            )  # fmt: skip
    data = None if body is None else _block(entry, body)
    return Told(entry.sequence, entry.kind, data, facts)


def _block(entry: Entry, body: dict[str, Any]) -> bytes:
    # JSON on one line has no end of a line in it, so that nothing of it can be taken for another field.
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"id: {entry.sequence}\nevent: {entry.kind}\ndata: {text}\n\n".encode()


def _rows(connection: Connection, accessions: list[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    items = listing.items_of(connection, accessions)
    events = glance.events_of(connection, accessions)
    for accession in accessions:
        try:
            one = filings.get(connection, accession)
        except UnknownFiling:  # taken away meanwhile: nothing is left to be told of it
            continue
        row = row_json(one, items.get(accession), events.get(accession, ()))
        tickers = companies.tickers_of(connection, {party.cik for party in one.filing.filers})
        for party in row["filers"]:
            party["tickers"] = party["tickers"] or list(tickers.get(party["cik"], ()))
        yield accession, row


def _facts(row: dict[str, Any]) -> Facts:
    return Facts(
        form=row["form"],
        items=frozenset(row["items"]),
        events=frozenset(one["event"] for one in row["events"]),
        ciks=frozenset(one["cik"] for one in row["filers"]),
        tickers=frozenset(normal_ticker(ticker) for one in row["filers"] for ticker in one["tickers"]),
        severities=frozenset(one["severity"] for one in row["events"]),
    )
