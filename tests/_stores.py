"""What several tests of the route need: a store in either database, a made-up report, an alert that is owed.

A module whose tests hold for both says ``pytestmark = pytest.mark.usefixtures("either_store")``, and asks `store_url`
for the URL of each store: its tests then run on SQLite and on PostgreSQL.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from _postgres import drop_database, fresh_database, server, template

from watcher.models import Alert, Filer, Filing, Item, Message, Report, Severity, alert_id
from watcher.store import filings, reports
from watcher.store.database import Store

_databases: list[dict[Path, str]] = []  # those that stand for files, while a test runs on PostgreSQL


def store_url(path: Path, *, is_made: bool = True) -> str:
    """The URL of a store: this file, or the database that stands for it while the test runs on PostgreSQL.

    A file is made, if its folder is there; a database always.
    """
    if not _databases:
        if is_made and path.parent.is_dir() and not path.exists():
            path.write_bytes(_empty_file())
        return f"sqlite:///{path}"
    made = _databases[-1]
    if path not in made:
        made[path] = fresh_database("store", of=template("store", lambda url: Store(url).close()))
    return made[path]


@cache
def _empty_file() -> bytes:
    """An empty store's file, made once: making one anew takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "eightk.db"
        Store(f"sqlite:///{path}").close()
        return path.read_bytes()


@contextmanager
def on_postgresql() -> Iterator[None]:
    """Have `store_url` make databases of PostgreSQL while inside; they are dropped at the end."""
    server()
    _databases.append({})
    try:
        yield
    finally:
        for url in _databases.pop().values():
            drop_database(url)


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


def update_facts(store: Store, told: Filing) -> None:
    """Have the store know what a filing's header tells of it."""
    before = store.read_now(filings.get, told.accession)
    store.write_now(filings.update_facts, told, before)


def save(store: Store, found: Report, *, endpoints: frozenset[str] = frozenset({"desk"})) -> None:
    """Spot and save a report, as the route does."""
    store.write_now(filings.spot, [found.filing], NOW)
    messages = {one.id: message(one) for one in found.alerts}
    store.write_now(reports.save, found, messages, NOW, late_hours=72, endpoints=endpoints)
