"""The route of one filing: what each ending leaves in the store."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, filing, report, save, store_url

from watcher.clock import Clock
from watcher.dispatch import FETCH_RETRY_SECONDS, Dispatcher, Policy
from watcher.errors import (
    BlockedError,
    ConfigError,
    EdgarError,
    HandlerError,
    HandlerTimeout,
    NotASubmission,
    NotListedYet,
    OutageError,
    Skip,
)
from watcher.models import DeliveryState, Event, Filing, FilingState, Origin, Report
from watcher.store import alerts, deliveries, filings, reports
from watcher.store.alert_pages import payload_of
from watcher.store.archive import Archive
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

RAW = b"<SEC-DOCUMENT>made up</SEC-DOCUMENT>"


class Edgar:
    """Gives the same bytes for every accession, after the errors it was told to raise."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[tuple[int, str]] = []
        self.were_live: list[bool] = []

    async def submission(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        self.asked.append((cik, accession))
        self.were_live.append(is_live)
        if self.errors:
            raise self.errors.pop(0)
        return RAW


class Examiner:
    """Finds the same in every filing, after the errors it was told to raise."""

    def __init__(self, *errors: Exception, notify: tuple[str, ...] = ("desk",)) -> None:
        self.errors = list(errors)
        self.notify = notify
        self.events: tuple[Event, ...] = ()
        self.seen: list[tuple[Filing, bytes]] = []

    async def examine(self, filing: Filing, raw: bytes) -> Report:
        self.seen.append((filing, raw))
        if self.errors:
            raise self.errors.pop(0)
        found = report(filing.accession, alert(filing.accession, notify=self.notify))
        return replace(found, filing=filing, events=self.events)


class Route:
    """A dispatcher with what it works on, at a time that stands still."""

    def __init__(self, folder: Path, edgar: Edgar | None, examiner: Examiner) -> None:
        self.store = Store(store_url(folder / "eightk.db"))
        self.edgar = edgar
        self.examiner = examiner
        self.owed: list[str] = []
        self.settled: list[str] = []
        self.archive = Archive(folder / "raw", self.store.id)

    async def run(self, *, after_seconds: float = 0) -> None:
        dispatcher = Dispatcher(
            store=self.store,
            archive=self.archive,
            examiner=self.examiner,
            fetcher=self.edgar,
            clock=Clock(scale=1e-15, start=NOW + timedelta(seconds=after_seconds)),
            policy=Policy(frozenset({"desk"}), page_url="http://127.0.0.1:8000/filings/"),
            owed=self.owed.append,
        )
        dispatcher.settled.append(self.settled.append)
        await dispatcher.dispatch(ACCESSION)

    def spot(self, one: Filing | None = None) -> None:
        self.store.write_now(filings.spot, [one or filing()], NOW)

    @property
    def stored(self) -> filings.StoredFiling:
        return self.store.read_now(filings.get, ACCESSION)


@pytest.fixture
def route(tmp_path: Path) -> Iterator[Route]:
    made = Route(tmp_path, Edgar(), Examiner())
    made.spot()
    yield made
    made.store.close()


async def test_a_filing_that_goes_well_is_saved(route: Route) -> None:
    await route.run()

    assert route.stored.state is FilingState.SAVED
    assert [item.number for item in route.store.read_now(reports.load, ACCESSION).items] == ["7.01"]


async def test_who_is_told_learns_what_the_company_reported_before(route: Route) -> None:
    event = Event("auditor-change", 0.9, family="auditor change")
    before = Filing("0000000001-25-000009", "8-K", filing().filers, NOW.date() - timedelta(days=90))
    save(route.store, Report(before, events=(event,)))
    route.examiner.events = (event,)

    await route.run()

    (stored,) = route.store.read_now(alerts.find, ACCESSION)
    (told,) = json.loads(route.store.read_now(payload_of, stored.id))["data"]["events"]
    assert (told["history"]["count"], told["history"]["words"]) == (2, "second auditor change in 24 months")


async def test_it_is_fetched_by_its_filer_s_number_and_not_by_the_accession_s(route: Route) -> None:
    await route.run()

    assert route.edgar is not None
    assert route.edgar.asked == [(320, ACCESSION)]


async def test_its_bytes_are_in_the_archive_before_it_is_saved(route: Route) -> None:
    await route.run()

    assert route.stored.archived is not None
    assert route.archive.read(route.stored.archived) == RAW


async def test_what_it_owes_is_in_the_store_and_its_endpoint_is_woken(route: Route) -> None:
    await route.run()

    (one,) = route.store.read_now(deliveries.find)
    assert (one.delivery.endpoint, one.delivery.state, route.owed) == ("desk", DeliveryState.PENDING, ["desk"])


async def test_those_who_wait_for_it_are_told_when_it_settles(route: Route) -> None:
    await route.run()

    assert route.settled == [ACCESSION]


async def test_a_saved_filing_is_not_run_again(route: Route) -> None:
    await route.run()
    await route.run()

    assert len(route.examiner.seen) == 1


async def test_a_backfilled_filing_records_its_alert_and_owes_nothing(tmp_path: Path) -> None:
    route = Route(tmp_path, Edgar(), Examiner())
    route.spot(replace(filing(), origin=Origin.BACKFILL))

    await route.run()

    loaded = route.store.read_now(reports.load, ACCESSION)
    assert (len(loaded.alerts), route.store.read_now(deliveries.find), route.owed) == (1, (), [])
    route.store.close()


async def test_a_handler_s_decision_ends_the_route(route: Route) -> None:
    route.examiner.errors = [Skip("form is 10-K")]

    await route.run()

    assert (route.stored.state, route.stored.reason) == (FilingState.SKIPPED, "form is 10-K")


async def test_a_document_that_is_not_there_yet_is_asked_for_again(route: Route) -> None:
    assert route.edgar is not None
    route.edgar.errors = [EdgarError("not there yet")]

    await route.run()

    assert (route.stored.state, route.stored.attempts) == (FilingState.SPOTTED, 1)
    assert route.stored.run_at == NOW + timedelta(seconds=5)


async def test_a_document_that_never_comes_is_parked_after_twenty_minutes(route: Route) -> None:
    assert route.edgar is not None
    tries = len(FETCH_RETRY_SECONDS) + 1
    route.edgar.errors = [EdgarError("gone")] * tries
    waited = 0.0
    for wait in (*FETCH_RETRY_SECONDS, 0):
        await route.run(after_seconds=waited)
        waited += wait

    assert (route.stored.state, route.stored.attempts, route.stored.reason) == (FilingState.FAILED, tries, "gone")
    assert waited >= 20 * 60


async def test_what_edgar_withdrew_is_parked_at_once_when_it_is_run_again(route: Route) -> None:
    assert route.edgar is not None
    route.store.write_now(filings.mark_gone, [ACCESSION], NOW.date())
    route.store.write_now(filings.retry, ACCESSION, NOW)
    route.edgar.errors = [NotListedYet("no such file", status=404)]

    await route.run()

    reason = f"no such file; it is gone from EDGAR's index since {NOW:%Y-%m-%d}"
    assert (route.stored.state, route.stored.reason) == (FilingState.FAILED, reason)


async def test_history_that_was_listed_long_ago_and_is_not_there_is_asked_for_once_more(tmp_path: Path) -> None:
    edgar = Edgar()
    route = Route(tmp_path, edgar, Examiner())
    route.spot(replace(filing(), origin=Origin.BACKFILL))
    edgar.errors = [NotListedYet("no such file", status=404)] * 2

    await route.run(after_seconds=7200)
    assert route.stored.run_at == NOW + timedelta(seconds=7205)
    await route.run(after_seconds=7205)

    assert (route.stored.state, route.stored.attempts) == (FilingState.FAILED, 2)
    route.store.close()


@pytest.mark.parametrize("origin", [Origin.LIVE, Origin.LATE])
async def test_after_hours_without_a_daemon_what_somebody_waits_for_is_not_given_up_sooner(
    tmp_path: Path, origin: Origin
) -> None:
    """Nobody has asked for it in those hours: a truncated answer and a missing one must not be its end."""
    edgar = Edgar()
    route = Route(tmp_path, edgar, Examiner())
    route.spot(replace(filing(), origin=origin))
    edgar.errors = [EdgarError("came truncated"), *[NotListedYet("no such file", status=404)] * 2]

    for seconds in (7200, 7205, 7215):
        await route.run(after_seconds=seconds)

    assert (route.stored.state, route.stored.attempts) == (FilingState.SPOTTED, 3)
    route.store.close()


async def test_what_comes_truncated_is_asked_for_again_however_long_ago_it_was_listed(route: Route) -> None:
    assert route.edgar is not None
    route.edgar.errors = [EdgarError("came truncated")] * 2

    await route.run(after_seconds=7200)
    await route.run(after_seconds=7205)

    assert route.stored.state is FilingState.SPOTTED


async def test_only_what_somebody_waits_for_goes_first_at_edgar(tmp_path: Path) -> None:
    asked = []
    origins = (Origin.LIVE, Origin.LATE, Origin.BACKFILL)
    for number, origin in enumerate(origins):
        (tmp_path / str(number)).mkdir()
        route = Route(tmp_path / str(number), Edgar(), Examiner())
        route.spot(replace(filing(), origin=origin))
        await route.run()
        assert route.edgar is not None
        asked += route.edgar.were_live
        route.store.close()

    assert asked == [True, False, False]


async def test_an_outage_of_edgar_counts_against_no_filing(route: Route) -> None:
    assert route.edgar is not None
    hours = range(20)
    route.edgar.errors = [OutageError("down")] * len(hours)
    for hour in hours:
        await route.run(after_seconds=3600 * hour)

    assert (route.stored.state, route.stored.attempts) == (FilingState.SPOTTED, 0)

    await route.run(after_seconds=3600 * 20)

    assert route.stored.state is FilingState.SAVED


async def test_a_filing_that_breaks_edgar_for_more_than_a_day_is_parked_in_the_end(route: Route) -> None:
    assert route.edgar is not None
    tries = len(FETCH_RETRY_SECONDS) + 1
    route.edgar.errors = [OutageError("down")] * tries
    for number in range(tries):
        await route.run(after_seconds=3600 * (24 + number))

    assert (route.stored.state, route.stored.reason) == (FilingState.FAILED, "down")


async def test_tries_at_fetching_are_no_tries_at_reading(route: Route) -> None:
    assert route.edgar is not None
    route.edgar.errors = [EdgarError("not there yet")] * 2
    route.examiner.errors = [HandlerError("no memory")]
    for seconds in (0, 60, 120, 180):
        await route.run(after_seconds=seconds)

    assert route.stored.state is FilingState.SAVED


async def test_a_block_counts_against_no_filing(route: Route) -> None:
    assert route.edgar is not None
    route.edgar.errors = [BlockedError("blocked")]

    await route.run()

    assert (route.stored.state, route.stored.attempts) == (FilingState.SPOTTED, 0)
    assert route.stored.run_at == NOW + timedelta(minutes=10)


@pytest.mark.parametrize("error", [HandlerError("handler 'mine': oh"), HandlerTimeout("not done within 30 s")])
async def test_a_handler_that_fails_gets_one_more_try_and_then_the_filing_is_parked(
    route: Route, error: HandlerError
) -> None:
    route.examiner.errors = [error, error]

    await route.run()
    first = (route.stored.state, route.stored.run_at)
    await route.run(after_seconds=5)

    assert first == (FilingState.SPOTTED, NOW + timedelta(seconds=5))
    assert (route.stored.state, route.stored.reason) == (FilingState.FAILED, str(error))


async def test_bytes_that_are_no_filing_are_parked_at_once(route: Route) -> None:
    route.examiner.errors = [NotASubmission("came a picture")]

    await route.run()

    assert (route.stored.state, route.settled) == (FilingState.FAILED, [ACCESSION])


async def test_a_parked_filing_can_be_run_again(route: Route) -> None:
    route.examiner.errors = [NotASubmission("came a picture")]
    await route.run()
    route.store.write_now(filings.retry, ACCESSION, NOW)

    await route.run()

    assert (route.stored.state, route.stored.reason) == (FilingState.SAVED, None)


async def test_a_second_run_reads_the_archive_and_not_edgar(route: Route) -> None:
    route.examiner.errors = [HandlerError("oh")]
    await route.run()
    await route.run(after_seconds=5)

    assert route.edgar is not None
    assert (len(route.edgar.asked), route.stored.state) == (1, FilingState.SAVED)


async def test_a_lost_archive_file_is_fetched_again(route: Route, tmp_path: Path) -> None:
    route.examiner.errors = [HandlerError("oh")]
    await route.run()
    assert route.stored.archived is not None
    (tmp_path / "raw" / route.stored.archived.path).unlink()

    await route.run(after_seconds=5)

    assert route.stored.state is FilingState.SAVED


async def test_without_a_contact_a_filing_waits_with_a_reason(tmp_path: Path) -> None:
    route = Route(tmp_path, None, Examiner())
    route.spot()

    await route.run()

    assert route.stored.reason == "cannot be fetched: no contact is configured (edgar.contact)"
    route.store.close()


async def test_a_reread_replaces_the_report_and_owes_nothing_new(route: Route) -> None:
    await route.run()
    route.store.write_now(filings.retry, ACCESSION, NOW)

    await route.run()

    assert len(route.store.read_now(deliveries.find)) == 1
    assert [seen.origin for seen, _ in route.examiner.seen] == [Origin.LIVE, Origin.REREAD]


async def test_an_error_that_nobody_foresaw_is_counted_and_the_filing_parked(route: Route) -> None:
    route.examiner.errors = [ZeroDivisionError("half a \ud800 character")] * 2

    await route.run()
    await route.run(after_seconds=5)

    assert (route.stored.state, route.stored.attempts) == (FilingState.FAILED, 2)
    assert route.stored.reason == "ZeroDivisionError: half a \\ud800 character"


async def test_a_reread_that_fails_leaves_the_report_as_it_was(route: Route) -> None:
    await route.run()
    route.store.write_now(filings.retry, ACCESSION, NOW)
    route.examiner.errors = [HandlerError("oh")] * 2

    await route.run()
    await route.run(after_seconds=5)

    assert (route.stored.state, route.stored.reason) == (FilingState.SAVED, "oh")
    assert len(route.store.read_now(reports.load, ACCESSION).items) == 1


async def test_a_damaged_archive_file_is_fetched_again(route: Route, tmp_path: Path) -> None:
    route.examiner.errors = [HandlerError("oh")]
    await route.run()
    assert route.stored.archived is not None
    (tmp_path / "raw" / route.stored.archived.path).write_bytes(b"damaged")

    await route.run(after_seconds=5)

    assert route.stored.state is FilingState.SAVED


async def test_settings_that_broke_meanwhile_count_against_no_filing(route: Route) -> None:
    route.examiner.errors = [ConfigError([])]

    await route.run()

    assert (route.stored.state, route.stored.attempts) == (FilingState.SPOTTED, 0)
