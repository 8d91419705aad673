"""A store full of made-up filings, as a daemon that ran for a month would have left it: for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from handlers.alert import MatchRules
from handlers.classify import FilingTiming, FindEvents, OfficialTitles
from handlers.parse import ParseEightK
from watcher.audit_hours import Audit, AuditState
from watcher.edgar.calendar import NEW_YORK, is_business_day
from watcher.models import Attempt, Filing, Report, Severity
from watcher.payload.alert import message_for
from watcher.rulebook import RuleBook
from watcher.simulator.generator import Generator
from watcher.store import audits, deliveries, endpoints, filings, reports, revisions, settling, sightings
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.testing import handled
from watcher.verdict import Outcome

ENDPOINTS = frozenset({"desk", "ops"})
RULES = """\
version: 1
groups:
- name: desk
  rules:
  - id: officers
    title: An officer or director comes or goes
    severity: high
    match: {items|has: "5.02"}
    notify: [desk]
  - id: results
    title: Results of operations
    match: {items|has: "2.02"}
    notify: [desk, ops]
  - id: agreements
    title: A material agreement
    severity: low
    match:
      items|has: "1.01"
      text.item.1_01|phrase: agreement
    notify: [desk]
"""
_ITEMS = (
    ("5.02", "9.01"),
    ("2.02", "9.01"),
    ("7.01", "9.01"),
    ("8.01",),
    ("1.01", "2.03", "9.01"),
    ("5.07",),
    ("2.02", "7.01", "9.01"),
    ("5.02",),
)
_COMPANIES = 40
# The days of the month before, and one in each half-year before that, so that there is a history.
_EARLIER = (690, 500, 310, 180, 95)


@dataclass
class MadeUp:
    """What was put into the store."""

    folder: Path
    now: datetime
    accessions: list[str] = field(default_factory=list)
    failed: str = ""  # a filing that could not be read
    delivered: str = ""  # a filing of which somebody was told
    grave: str = ""  # the last filing, but for today's, that told of something grave
    busy_day: date | None = None  # the last day but today on which something was filed


def fill(folder: Path, rules: Path, *, now: datetime, seed: int = 8, per_day: int = 3) -> MadeUp:
    """Fill the store ``eightk.db`` in this folder with a month up to ``now``, alerts told and all."""
    made = MadeUp(folder, now)
    book = MatchRules.read_book([rules], ENDPOINTS)
    with Store(f"sqlite:///{folder / 'eightk.db'}") as store:
        archive = Archive(folder / "raw", store.id)
        store.write_now(revisions.note, book.rules, book.lists, now - timedelta(days=40))
        store.write_now(endpoints.adopt, dict.fromkeys(sorted(ENDPOINTS), "made up"))
        for report, seen_at in _reports(seed, now, per_day):
            _save(store, archive, book, report, seen_at)
            made.accessions.append(report.filing.accession)
            day = report.filing.filed_on
            if day and day < now.date():
                made.busy_day = day
                is_grave = any(one.severity is Severity.HIGH for one in report.events) and bool(report.alerts)
                made.grave = report.filing.accession if is_grave else made.grave
        made.delivered = _settle(store, now)
        made.failed = _fail(store, now)
        for back in range(1, 6):
            day = now.date() - timedelta(days=back)
            if is_business_day(day):
                at = datetime.combine(day, time(23, 45), UTC)
                store.write_now(audits.note, Audit(day, AuditState.DONE, at, per_day, int(back == 3)))
    return made


def _reports(seed: int, now: datetime, per_day: int) -> Iterator[tuple[Report, datetime]]:
    generator, rng = Generator(seed), Random(seed)
    line = (ParseEightK(), OfficialTitles(), FindEvents(), FilingTiming())
    for day in _days(now):
        for number in range(per_day):
            moment = datetime.combine(day, time(6 + (number * 5 + rng.randrange(3)) % 11, rng.randrange(60)), NEW_YORK)
            at = min(moment.astimezone(UTC), now - timedelta(minutes=3 * (per_day - number)))
            made = generator.submission(
                items=rng.choice(_ITEMS),
                accepted_at=at,
                company=generator.company(rng.randrange(_COMPANIES)),
                form="8-K/A" if rng.random() < 0.04 else "8-K",
            )
            report = handled(made.raw, *line)
            report.raw = made.raw
            yield report, at + timedelta(seconds=rng.choice((4, 7, 9, 12, 20, 35, 90)))


def _days(now: datetime) -> Iterator[date]:
    today = now.astimezone(NEW_YORK).date()
    for back in (*_EARLIER, *range(30, -1, -1)):
        day = today - timedelta(days=back)
        if is_business_day(day) or back == 0:
            yield day


def _save(store: Store, archive: Archive, book: RuleBook, report: Report, at: datetime) -> None:
    raw, report.raw = report.raw, b""
    report.submission = None
    filing = replace(report.filing, source="poller", channel="getcurrent")
    kept = archive.keep(filing.accession, at.date(), raw)
    store.write_now(filings.spot, [filing], at, archived=kept)
    store.write_now(sightings.note, [filing.accession], "getcurrent", at)
    store.write_now(sightings.note, [filing.accession], "full-text", at + timedelta(seconds=75))
    report.alerts = book.alerts(report)
    page = f"http://127.0.0.1:8000/filings/{filing.accession}"
    messages = {one.id: message_for(one, report, saved_at=at, page_url=page) for one in report.alerts}
    store.write_now(reports.save, report, messages, at, late_hours=72, endpoints=ENDPOINTS)


def _settle(store: Store, now: datetime) -> str:
    """Tell everybody but for a few, to whom it is owed yet or was given up."""
    told = ""
    owed = store.read_now(deliveries.find)
    rng = Random(3)
    for one in reversed(owed):
        at = one.created_at + timedelta(seconds=rng.choice((0.4, 0.8, 1.3, 1.6, 3, 7, 22)))
        is_lost = one.delivery.endpoint == "ops" and rng.random() < 0.15
        ended = (
            Outcome(ok=False, reason="400 Bad Request", permanent=True, status=400)
            if is_lost
            else Outcome(ok=True, status=204)
        )
        answer = "" if ended.ok else "400 Bad Request"
        tried = Attempt(at, rng.randint(60, 900), ended.ok, ended.status, answer or None, "192.0.2.1:443", "")
        settled = settling.Settled(one.delivery, tried, ended, at)
        store.write_now(settling.settle_all, [settled], Owner((), ""))
        told = one.accession or told if ended.ok else told
    return told


def _fail(store: Store, now: datetime) -> str:
    accession = "0009599999-26-999999"
    lost = Filing(accession, "8-K", (), now.date(), now - timedelta(hours=2), source="poller", channel="getcurrent")
    store.write_now(filings.spot, [lost], now - timedelta(hours=2))
    store.write_now(filings.fail, accession, "EDGAR answered 404 five times", now, None)
    return accession
