"""What several tests of the route need: a made-up report, and a store with an alert that is owed."""

from datetime import UTC, datetime

from watcher.models import Alert, Filer, Filing, Item, Message, Report, Severity, alert_id
from watcher.store import filings, reports
from watcher.store.database import Store

NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
ACCESSION = "0000000001-26-000001"


def filing(accession: str = ACCESSION) -> Filing:
    return Filing(accession, "8-K", (Filer(320, "Made Up, Inc."),), NOW.date(), NOW, source="poller")


def alert(accession: str = ACCESSION, rule: str = "r", notify: tuple[str, ...] = ("desk",)) -> Alert:
    return Alert(alert_id(accession, rule), rule, "A title", Severity.HIGH, "1", notify)


def report(accession: str = ACCESSION, *alerts: Alert) -> Report:
    item = Item("7.01", "Regulation FD Disclosure", declared=True, found=True, document=1, start=0, end=9, text="words")
    return Report(filing(accession), items=(item,), alerts=alerts)


def message(one: Alert) -> Message:
    return Message(one.id, "filing.matched", NOW, "a summary", "http://127.0.0.1/", b'{"type":"filing.matched"}')


def save(store: Store, found: Report, *, endpoints: frozenset[str] = frozenset({"desk"})) -> None:
    """Spot and save a report, as the route does."""
    store.write_now(filings.spot, [found.filing], NOW)
    messages = {one.id: message(one) for one in found.alerts}
    store.write_now(reports.save, found, messages, NOW, late_hours=72, endpoints=endpoints)
