"""A store full of made-up filings, written straight into its tables, in the shape in which the route leaves them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from watcher.models import Alert, Document, Event, Evidence, Filer, Filing, Item, Report, Severity, alert_id
from watcher.report_json import report_line, to_json
from watcher.store import schema
from watcher.store.database import Store
from watcher.store.search_index import document_rows, event_rows
from watcher.store.sort_keys import wished_key

__all__ = ["LAST", "accession", "cik_of", "company_name", "fill"]

LAST = datetime(2026, 5, 29, 20, 0, tzinfo=UTC)  # when the newest is accepted
STEP = timedelta(seconds=400)  # so that a million reach back for more than twelve years, as on EDGAR
FILINGS_PER_COMPANY = 100
LISTED = 10_000  # companies with a ticker: EDGAR lists as many, whoever of them has filed
PORTION = 10_000
ITEMS = {
    "9.01": 0.7, "2.02": 0.25, "8.01": 0.2, "7.01": 0.2, "5.02": 0.15, "1.01": 0.12, "5.07": 0.08, "2.03": 0.06,
    "3.02": 0.03, "4.01": 0.01, "4.02": 0.002, "1.03": 0.001, "1.05": 0.0002,
}  # fmt: skip
EVENTS = {
    "quarterly-results": 0.25, "dividend": 0.08, "cfo-departure": 0.03, "acquisition": 0.05, "buyback": 0.04,
    "restatement": 0.002, "bankruptcy": 0.001, "cyber-incident": 0.0002,
}  # fmt: skip
FORMS = ("8-K", "8-K/A", "8-K12B", "8-K12G3")
FORM_SHARES = (0.95, 0.048, 0.0015, 0.0005)
COMMON = re.findall(
    "[a-z]+",
    """the of and to in a for on with by as that is was be or at from this an its which company board directors officer
    agreement dated shares common stock quarter results net income revenue fiscal year ended compared increase decrease
    pursuant section securities exchange act registrant report item exhibit press release financial statements notes
    senior credit facility lender amendment effective date chief executive president vice resigned appointed elected
    annual meeting stockholders proposal votes dividend declared payable record per share repurchase program million
    billion cash operations guidance outlook forward risk uncertainties merger acquisition purchase price closing""",
)
RARE = {"receivership": 0.001, "ransomware": 0.0002, "quintessence": 0.00001}
SYLLABLES = [first + vowel + last for first in "bdfgklmnprstvz" for vowel in "aeiou" for last in ("", "n", "r", "l")]
ENDINGS = ("Holdings, Inc.", "Corp", "Inc.", "Bancorp", "Partners LP", "Therapeutics, Inc.", "Energy Co", "plc")


def accession(number: int) -> str:
    """The accession number of the filing of this number; 0 is the oldest."""
    return f"{9_000_000_000 + number % 977:010}-{number // 1_000_000:02}-{number % 1_000_000:06}"


def cik_of(company: int) -> int:
    """The CIK of the company of this number."""
    return 1_000_000 + company


def company_name(company: int) -> str:
    """Its name: two made-up words, of which the first few hundred companies share the first."""
    words = SYLLABLES
    first = words[company % 997 % len(words)] + words[company // 7 % len(words)]
    return f"{first.title()} {(words[company % 89] + words[company // 89 % len(words)]).title()} {ENDINGS[company % 8]}"


class _Words:
    """Paragraphs of words that are as often as a word of their rank is in a language."""

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        made = ["".join(choose.choices(SYLLABLES, k=choose.choice((2, 3, 3, 4)))) for _ in range(30_000)]
        words = COMMON + made
        weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
        drawn = (choose.choices(words, cum_weights=weights, k=60) for _ in range(20_000))
        self._paragraphs = [" ".join(some).capitalize() + "." for some in drawn]

    def text(self, paragraphs: int) -> str:
        """Return a text of so many of them."""
        return "\n\n".join(self._choose.choices(self._paragraphs, k=paragraphs))


def fill(folder: Path, filings: int, tell: Callable[[str], None]) -> None:
    """Make the store in this folder. Each filing is the same whatever comes after it."""
    choose = random.Random(7)
    words = _Words(choose)
    companies = max(50, filings // FILINGS_PER_COMPANY)
    with Store(f"sqlite:///{folder / 'eightk.db'}") as store, ThreadPoolExecutor(1) as thread:
        store.write_now(_begin)
        store.write_now(_list_companies, companies)
        written: Future[None] | None = None
        for first in range(0, filings, PORTION):
            rows = _rows(choose, words, range(first, min(first + PORTION, filings)), filings, companies)
            if written is not None:
                written.result()
            # One portion is written while the next is made up.
            written = thread.submit(store.write_now, _insert, rows)
            if first % 50_000 == 0:
                tell(f"{first:,} of {filings:,} filings")
        if written is not None:
            written.result()
        store.write_now(_end)


def _begin(connection: Connection) -> None:
    """Let the database hold more in memory than it needs for one filing at a time."""
    connection.exec_driver_sql("PRAGMA cache_size = -500000")
    connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('hashsize', 67108864)")


def _end(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('hashsize', 1048576)")


def _list_companies(connection: Connection, companies: int) -> None:
    made = [(cik_of(number), company_name(number)) for number in range(max(LISTED, companies))]
    facts: dict[str, Any] = {"exchange": None, "former_names": [], "seen_at": LAST}
    rows = [{"cik": cik, "name": name, "tickers": [f"T{cik - 1_000_000}"], **facts} for cik, name in made]
    connection.execute(schema.company.insert(), rows)
    names = [{"cik": cik, "name": name} for cik, name in made[:companies]]
    connection.execute(schema.filer_name.insert(), names)


def _insert(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    for table, listed in rows.items():
        if listed:
            connection.execute(schema.metadata.tables[table].insert(), listed)


def _rows(
    choose: random.Random, words: _Words, numbers: range, filings: int, companies: int
) -> dict[str, list[dict[str, Any]]]:
    tables = ("filing", "filer", "report", "document", "item", "event", "alert", "delivery", "attempt", "journal")
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in tables}
    for number in numbers:
        report = _report(choose, words, number, LAST - (filings - 1 - number) * STEP, companies)
        for table, row in _of_report(choose, report, number):
            rows[table].append(row)
    return rows


def _report(choose: random.Random, words: _Words, number: int, at: datetime, companies: int) -> Report:
    company = choose.randrange(companies)
    name = company_name(company)
    (form,) = choose.choices(FORMS, FORM_SHARES)
    about = Filing(accession(number), form, (Filer(cik_of(company), name),), at.date(), at, source="poller")
    rare = " ".join(word for word, share in RARE.items() if choose.random() < share)
    main = f"{name}\nForm 8-K\n{words.text(choose.choice((1, 2, 2, 3)))} {rare}"
    texts = [main] + [words.text(choose.choice((2, 3, 5)))] * (choose.random() < 0.4)
    items = tuple(one for one, share in ITEMS.items() if choose.random() < share) or ("8.01",)
    events = tuple(one for one, share in EVENTS.items() if choose.random() < share)
    return Report(
        about,
        period_of_report=at.date() - timedelta(days=2),
        documents=tuple(
            Document(place, "8-K" if place == 1 else "EX-99.1", f"d{place}.htm", "", len(text), text)
            for place, text in enumerate(texts, 1)
        ),
        items=tuple(Item(one, "A title", True, True, 1, 10, 210, main[10:210]) for one in items),
        events=tuple(Event(one, 0.9, (Evidence(1, 20, 80, main[20:80]),)) for one in events),
        versions={"items": "1", "rules": "1"},
    )


def _of_report(choose: random.Random, report: Report, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    about, (filer,) = report.filing, report.filing.filers
    at = about.accepted_at or LAST
    key, which = wished_key(at, None, at), {"accession": about.accession}
    state = "saved" if choose.random() > 0.001 else "failed"
    origin = "late" if choose.random() < 0.001 else "backfill" if choose.random() < 0.5 else "live"
    yield "filing", _filing_row(about, key, state, origin)
    yield "filer", {**which, "cik": filer.cik, "name": filer.name, "sort_key": key}
    line = report_line(report)
    found = {"saved_at": at, "body": line, "versions": report.versions, "period_of_report": report.period_of_report}
    yield "report", {**which, **found}
    texts = {one.sequence: one.text for one in report.documents}
    yield from (("document", row) for row in document_rows(about.accession, key, line, origin, texts))
    for place, item in enumerate(report.items):
        row = {"number": item.number, "declared": True, "found": True, "sort_key": key}
        yield "item", {**which, "position": place, **row}
    yield from (("event", row) for row in event_rows(about.accession, key, line["events"]))
    yield "journal", {**which, "kind": "filing", "alert_id": None, "at": at}
    if choose.random() < 0.2:
        yield from _told(choose, report, at, number)


def _filing_row(about: Filing, key: int, state: str, origin: str) -> dict[str, Any]:
    at = about.accepted_at
    return {
        "accession": about.accession, "form": about.form, "company": about.company, "filed_on": about.filed_on,
        "accepted_at": at, "listed_items": [], "filers": to_json(about.filers), "origin": origin, "run_as": origin,
        "source": "poller", "channel": "getcurrent", "state": state, "run_at": None, "attempts": 0, "reason": None,
        "spotted_at": at, "settled_at": at, "archive_path": f"{about.filed_on:%Y/%m/%d}/{about.accession}.txt.gz",
        "sha256": "0" * 64, "bytes": 20_000, "gone_on": None, "sort_key": key,
    }  # fmt: skip


def _told(choose: random.Random, report: Report, at: datetime, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    rule = f"rule-{choose.randrange(20)}"
    severity = Severity.CRITICAL if choose.random() < 0.001 else Severity.MEDIUM
    one = Alert(alert_id(report.filing.accession, rule), rule, "A title", severity, "1", ("desk",))
    payload = json.dumps({"type": "filing.matched", "alert": one.id, "evidence": "some words " * 40}).encode()
    yield "alert", {
        "sequence": number + 1, "id": one.id, "accession": report.filing.accession, "rule": rule,
        "severity": severity.value, "revision": "1", "body": to_json(one), "raised_at": at,
        "message_type": "filing.matched", "message_at": at, "summary": "a summary", "url": "", "payload": payload,
        "untold": None,
    }  # fmt: skip
    state = "delivered" if choose.random() > 0.001 else "failed"
    yield "delivery", {
        "id": f"dlv_{number}", "alert_id": one.id, "endpoint": "desk", "state": state, "run_at": at, "attempts": 1,
        "last_error": None, "created_at": at, "settled_at": at, "expires_at": None, "manual_from": None,
        "alert_sequence": number + 1,
    }  # fmt: skip
    yield "attempt", {
        "delivery_id": f"dlv_{number}", "at": at, "milliseconds": 80, "ok": state == "delivered", "status": 200,
        "error": None, "address": None, "answer": "ok",
    }  # fmt: skip
