"""Reports: saving everything found in a filing, and what is owed because of it, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from watcher.errors import UnknownFiling
from watcher.every_filing import RULE
from watcher.models import Exhibit, FilingState, Item, Message, Report
from watcher.plan import PlanState
from watcher.report_json import report_from_json, report_line
from watcher.store import journal
from watcher.store.alerts import raise_alert
from watcher.store.filings import get, update_facts
from watcher.store.pacing import tell
from watcher.store.postgresql_schema import search_words
from watcher.store.schema import alert, document, event, item, report
from watcher.store.search_index import document_rows, event_rows
from watcher.store.search_postgresql import index_rows
from watcher.store.telling_filings import tell_filing

__all__ = ["count_alerts", "load", "save", "versions"]


def save(
    connection: Connection,
    found: Report,
    messages: Mapping[str, Message],
    now: datetime,
    *,
    late_hours: float,
    endpoints: frozenset[str],
    filings: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Save the report, its alerts and the deliveries they owe; return the endpoints that are owed something.

    ``messages`` holds what endpoints are told, by alert id; ``filings`` are those of them that are told of every
    filing. Saving again replaces the report; an alert that was raised before stays as it was, and owes nothing new.
    """
    accession = found.filing.accession
    stored = get(connection, accession)
    # First of all where it stands among others: what is found in it repeats that.
    settled = {"state": FilingState.SAVED.value, "run_at": None, "settled_at": now, "reason": None}
    key = update_facts(connection, found.filing, stored, **settled)
    _replace_report(connection, found, key, stored.filing.origin, now)
    journal.note_filing(connection, accession, now)
    state = PlanState(
        origin=stored.run_as,
        # The daily index, which finds late filings, knows the day only; the header knows when it was accepted.
        listed_at=found.filing.accepted_at or stored.filing.accepted_at or stored.spotted_at,
        late_hours=late_hours,
        endpoints=endpoints,
        ciks=frozenset(one.cik for one in found.filing.filers),
        fired=found.alerts,
    )
    owed = tell_filing(connection, found, messages, filings, state, now)
    raised = [one for one in found.alerts if raise_alert(connection, accession, one, messages[one.id], now)]
    owed += tell(connection, raised, state, now)
    return tuple(dict.fromkeys(owed))


def load(connection: Connection, accession: str) -> Report:
    """Return a saved report, texts included. Raises ``UnknownFiling`` when there is none."""
    body = connection.execute(select(report.c.body).where(report.c.accession == accession)).scalar()
    if body is None:
        raise UnknownFiling(f"no report of {accession} in the store")
    rows = connection.execute(select(document.c.sequence, document.c.text).where(document.c.accession == accession))
    found = report_from_json(body, {row.sequence: row.text for row in rows})
    stored = get(connection, accession)
    seen = stored.filing
    found.filing = replace(
        found.filing, items=seen.items, origin=stored.run_as, source=seen.source, channel=seen.channel
    )
    return found


def versions(connection: Connection, accession: str) -> Mapping[str, str]:
    """Return what a saved report was made with, by name; empty when there is none."""
    found: Mapping[str, str] | None = connection.execute(
        select(report.c.versions).where(report.c.accession == accession)
    ).scalar()
    return found or {}


def count_alerts(connection: Connection, accessions: Collection[str]) -> dict[str, int]:
    """Return how many alerts of rules each of these filings raised, if any."""
    where = alert.c.accession.in_(accessions), alert.c.rule != RULE
    statement = select(alert.c.accession, func.count().label("alerts")).where(*where)
    rows = connection.execute(statement.group_by(alert.c.accession))
    return {row.accession: row.alerts for row in rows}


def _replace_report(connection: Connection, found: Report, key: int, origin: str, now: datetime) -> None:
    accession = found.filing.accession
    if connection.execute(report.delete().where(report.c.accession == accession)).rowcount:
        for table in (document, item, event):
            connection.execute(table.delete().where(table.c.accession == accession))
    texts = {one.sequence: one.text for one in found.documents}
    body = report_line(replace(found, exhibits=tuple(_lean(one, texts) for one in found.exhibits)))
    row = {"accession": accession, "saved_at": now, "body": body, "versions": dict(found.versions)}
    connection.execute(report.insert().values(period_of_report=found.period_of_report, **row))
    documents = list(document_rows(accession, key, body, origin, texts))
    _insert_all(connection, document, documents)
    if connection.dialect.name == "postgresql":  # triggers do it in SQLite
        _insert_all(connection, search_words, index_rows(documents))
    _insert_all(connection, item, (_item_row(accession, key, n, one) for n, one in enumerate(found.items)))
    _insert_all(connection, event, event_rows(accession, key, body["events"]))


def _item_row(accession: str, key: int, position: int, one: Item) -> dict[str, Any]:
    facts = {"number": one.number, "declared": one.declared, "found": one.found}
    return {"accession": accession, "position": position, "sort_key": key, **facts}


def _lean(one: Exhibit, texts: Mapping[int, str]) -> Exhibit:
    """An exhibit's text is nearly always its document's, which is kept once."""
    is_kept = one.document is not None and one.text == texts.get(one.document)
    return replace(one, text="") if is_kept else one


def _insert_all(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    if listed := list(rows):
        connection.execute(table.insert(), listed)
