"""Saving a report: whole or not there, each alert once, and what is owed until it is settled."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, filing, message, report, store_url
from sqlalchemy import Connection, select, text

from watcher.errors import StoreError, UnknownFiling
from watcher.models import (
    Alert,
    Attempt,
    Document,
    Event,
    Evidence,
    Exhibit,
    Filer,
    Filing,
    FilingState,
    Item,
    Origin,
    Report,
    Session,
    Severity,
    Signature,
    Timing,
    alert_id,
)
from watcher.store import deliveries, filings, reports
from watcher.store.archive import Archived
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.schema import report as report_table
from watcher.store.settling import Settled, settle_all
from watcher.verdict import RETRY_SECONDS, Outcome

pytestmark = pytest.mark.usefixtures("either_store")

HOUR = timedelta(hours=1)
ARCHIVED = Archived("2026/01/12/a.txt.gz", "ab" * 32, 42)
TABLES = ("report", "document", "item", "alert", "delivery")
FULL = Report(
    Filing(
        ACCESSION,
        "8-K/A",
        (Filer(320, "Made Up, Inc.", sic="2834", business_address=("1 Main St", "Town"), tickers=("MADE",)),),
        date(2026, 1, 12),
        NOW,
        items=("7.01", "9.01"),
        source="poller",
        channel="getcurrent",
    ),
    period_of_report=date(2026, 1, 9),
    documents=(
        Document(1, "8-K", "a.htm", "8-K", 100, "Item 7.01 words"),
        Document(2, "EX-99.1", "b.htm", "", 50, "a press release"),
        Document(3, "GRAPHIC", "c.jpg", "", 9),
    ),
    items=(
        Item("7.01", "Regulation FD Disclosure", declared=True, found=True, document=1, start=0, end=15, text="words"),
        Item("9.01", "Financial Statements and Exhibits", declared=True, found=False),
    ),
    exhibits=(
        Exhibit("99.1", "Press release", 2, "b.htm", "a press release"),
        Exhibit("99.2", "A part of it", 2, "b.htm", "press"),
        Exhibit("104", "Cover page"),
    ),
    cover={"registrant": "Made Up, Inc.", "securities": [{"ticker": "MADE"}]},
    signature=Signature("A. Person", "Chief Financial Officer", date(2026, 1, 12)),
    timing=Timing(Session.POST, 1, False, "in time", date(2026, 1, 15), ("1.01",), ("9.01",)),
    events=(Event("guidance", 0.5, (Evidence(1, 0, 4, "Item"),)),),
    alerts=(
        Alert(alert_id(ACCESSION, "r"), "r", "t", Severity.HIGH, "1", ("desk",), ("s",), (Evidence(1, 0, 4, "Item"),)),
    ),
    warnings=["odd"],
    versions={"rules": "1"},
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def spot(store: Store, *numbers: int, at: datetime = NOW, **changes) -> tuple[str, ...]:
    made = [replace(filing(accession(number)), **changes) for number in numbers]
    return store.write_now(filings.spot, made, at)


def save(store: Store, found: Report, at: datetime = NOW, *, endpoints=("desk",), late_hours: float = 72):
    messages = {one.id: message(one) for one in found.alerts}
    return store.write_now(reports.save, found, messages, at, late_hours=late_hours, endpoints=frozenset(endpoints))


def saved(store: Store, found: Report, **settings):
    """Spot and save; return the endpoints that are owed something."""
    store.write_now(filings.spot, [found.filing], NOW)
    return save(store, found, **settings)


def stored(store: Store, one: str = ACCESSION) -> filings.StoredFiling:
    return store.read_now(filings.get, one)


def count(store: Store, table: str) -> int:
    return store.read_now(lambda connection: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def owed(store: Store, at: datetime = NOW, endpoint: str = "desk") -> tuple[deliveries.Owed, ...]:
    return store.read_now(deliveries.owed_to, endpoint, at, 100)


# Saving.


def test_a_report_is_given_back_as_it_was_saved(store: Store):
    saved(store, FULL)

    assert store.read_now(reports.load, ACCESSION) == FULL


def test_a_filing_without_a_report_has_none_to_load(store: Store):
    spot(store, 1)

    with pytest.raises(UnknownFiling, match="no report of"):
        store.read_now(reports.load, ACCESSION)


def test_a_saved_filing_owes_no_more_work(store: Store):
    saved(store, FULL)

    found = stored(store)
    assert (found.state, found.run_at, found.settled_at) == (FilingState.SAVED, None, NOW)


def test_what_the_header_says_replaces_what_the_list_said(store: Store):
    spot(store, 1, form=None, filers=(Filer(999, "As listed"),), accepted_at=None)
    save(store, FULL)

    said = stored(store).filing
    assert (said.form, said.filers, said.accepted_at) == (FULL.filing.form, FULL.filing.filers, NOW)


def test_a_saved_filing_is_found_by_its_filer_and_not_by_the_one_it_was_listed_under(store: Store):
    spot(store, 1, filers=(Filer(999, "As listed"),))
    save(store, FULL)

    by_cik = [store.read_now(filings.find, filings.Query(cik=cik)) for cik in (320, 999)]
    assert [len(found) for found in by_cik] == [1, 0]


def test_each_endpoint_that_an_alert_names_is_owed_it_once(store: Store):
    endpoints = saved(
        store,
        report(ACCESSION, alert(notify=("desk", "ops", "desk")), alert(rule="s", notify=("desk", "gone"))),
        endpoints=("desk", "ops"),
    )

    assert endpoints == ("desk", "ops")
    assert [len(owed(store, endpoint=name)) for name in ("desk", "ops", "gone")] == [2, 1, 0]


def test_what_is_owed_brings_the_message_as_it_was_saved(store: Store):
    one = alert()
    saved(store, report(ACCESSION, one))

    assert [each.message for each in owed(store)] == [message(one)]


def test_saving_twice_raises_no_second_alert_and_owes_nothing_new(store: Store):
    found = report(ACCESSION, alert())
    saved(store, found)
    again = save(store, found, NOW + HOUR)

    assert (again, count(store, "alert"), count(store, "delivery")) == ((), 1, 1)


def test_an_alert_that_was_raised_stays_as_it_was(store: Store):
    """Each attempt must send the same bytes under the same id."""
    one = alert()
    saved(store, report(ACCESSION, one))
    save(store, report(ACCESSION, replace(one, title="Another title", revision="2")))

    def revision(connection: Connection) -> str:
        return connection.execute(text("SELECT revision FROM alert")).scalar_one()

    assert store.read_now(revision) == "1"


def test_saving_again_replaces_the_report(store: Store):
    saved(store, FULL)
    save(store, replace(report(), warnings=["second"]))

    loaded = store.read_now(reports.load, ACCESSION)
    assert (loaded.warnings, loaded.exhibits, count(store, "document"), count(store, "item")) == (["second"], (), 0, 1)


def test_a_reread_records_a_new_alert_and_owes_nothing(store: Store):
    saved(store, report())
    store.write_now(filings.retry, ACCESSION, NOW)
    endpoints = save(store, report(ACCESSION, alert()))

    assert (endpoints, count(store, "alert"), count(store, "delivery")) == ((), 1, 0)


def test_a_reread_leaves_what_is_still_owed(store: Store):
    saved(store, report(ACCESSION, alert()))
    store.write_now(filings.retry, ACCESSION, NOW)
    save(store, report())

    assert len(owed(store)) == 1


@pytest.mark.parametrize(
    ("origin", "accepted_hours_ago", "is_owed"),
    [
        (Origin.LIVE, 9999, True),
        (Origin.LATE, 71, True),
        (Origin.LATE, 73, False),
        (Origin.BACKFILL, 0, False),
    ],
)
def test_the_origin_decides_who_is_told(store: Store, origin: Origin, accepted_hours_ago: int, is_owed: bool):
    """The daily index, which finds late filings, gives no time: only the header tells it."""
    spot(store, 1, origin=origin, accepted_at=None, filed_on=None)
    accepted = replace(filing(), accepted_at=NOW - accepted_hours_ago * HOUR)
    endpoints = save(store, replace(report(ACCESSION, alert()), filing=accepted))

    assert bool(endpoints) is is_owed


def test_a_save_that_fails_leaves_nothing(store: Store):
    """It fails at the second alert, after the report and the first alert were written."""
    spot(store, 1)
    found = replace(FULL, alerts=(alert(), alert(rule="s")))
    with pytest.raises(KeyError):
        store.write_now(
            reports.save, found, {alert().id: message(alert())}, NOW, late_hours=72, endpoints=frozenset({"desk"})
        )

    assert [count(store, table) for table in TABLES] == [0] * len(TABLES)
    assert stored(store).state is FilingState.SPOTTED


def test_a_failed_save_of_a_saved_filing_leaves_the_report_before_it(store: Store):
    saved(store, FULL)
    with pytest.raises(KeyError):
        store.write_now(reports.save, report(ACCESSION, alert(rule="s")), {}, NOW, late_hours=72, endpoints=frozenset())

    assert store.read_now(reports.load, ACCESSION) == FULL


def test_a_report_of_an_unknown_filing_is_refused(store: Store):
    with pytest.raises(UnknownFiling):
        save(store, FULL)


# Deliveries.


@pytest.fixture
def owing(store: Store) -> Store:
    saved(store, report(ACCESSION, alert(notify=("desk", "ops"))), endpoints=("desk", "ops"))
    return store


def attempt(*, ok: bool = False, at: datetime = NOW) -> Attempt:
    return Attempt(at, 12, ok, 200 if ok else 500, None if ok else "500: broken", "192.0.2.1:443", "thanks")


def settle(store: Store, one: deliveries.Owed, *tries: Attempt) -> None:
    settled = [Settled(one.delivery, tried, Outcome(tried.ok, tried.error or ""), tried.at) for tried in tries]
    store.write_now(settle_all, settled, Owner())


def test_the_endpoints_that_are_owed_something_are_named_once(owing: Store):
    saved(owing, report(accession(2), alert(accession(2))))

    assert sorted(owing.read_now(deliveries.due_endpoints, NOW)) == ["desk", "ops"]


def test_an_endpoint_that_is_drained_now_is_not_named(owing: Store):
    assert owing.read_now(deliveries.due_endpoints, NOW, ["desk"]) == ("ops",)


def test_a_delivered_one_is_owed_no_more(owing: Store):
    (one,) = owed(owing)
    settle(owing, one, attempt(ok=True))

    assert (owed(owing, NOW + 1000 * HOUR), owing.read_now(deliveries.due_endpoints, NOW)) == ((), ("ops",))


def test_one_to_be_tried_again_is_owed_then(owing: Store):
    (one,) = owed(owing)
    settle(owing, one, attempt())

    then = NOW + timedelta(seconds=RETRY_SECONDS[0])
    assert owed(owing, then - timedelta(microseconds=1)) == ()
    assert [each.delivery.attempts for each in owed(owing, then)] == [1]


def test_the_longest_owed_is_told_first(store: Store):
    for number in (2, 1):
        saved(store, report(accession(number), alert(accession(number))))
    (first, second) = owed(store)

    assert [first.delivery.alert, second.delivery.alert] == [alert_id(accession(2), "r"), alert_id(accession(1), "r")]


def test_every_attempt_is_kept_in_order(owing: Store):
    (one,) = owed(owing)
    tries = (attempt(), attempt(ok=True, at=NOW + HOUR))
    settle(owing, one, *tries)

    found = {each.delivery.endpoint: each for each in owing.read_now(deliveries.find, ACCESSION)}
    assert (found["desk"].tries, found["desk"].settled_at) == (tries, NOW + HOUR)
    assert (found["ops"].tries, found["ops"].settled_at) == ((), None)


def test_a_delivery_that_is_not_there_cannot_be_settled(owing: Store):
    (one,) = owed(owing)
    with pytest.raises(StoreError):
        settle(owing, replace(one, delivery=replace(one.delivery, id="x")), attempt())


@pytest.mark.parametrize("name", ["Made\0Up", "Made\ud83dUp"], ids=["NUL", "half a character"])
def test_a_report_with_what_no_database_takes_is_taken_apart_like_any_other(store: Store, name: str) -> None:
    one = Report(filing(), documents=(Document(1, name, "a.htm", name, 9, "agreement"),))
    store.write_now(filings.spot, [one.filing], NOW)
    store.write_now(reports.save, one, {}, NOW, late_hours=72, endpoints=frozenset())

    found = store.read_now(lambda c: c.execute(select(report_table.c.body["documents"])).scalar_one())

    assert found[0]["type"].replace("\ufffd", "?") in ("Made?Up", name)
