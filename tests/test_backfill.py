"""Backfill: the past by index or from archives, day by day, resumable, and never in the way of what is live."""

import asyncio
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from _indexes import FRIDAY, HandClock, Indexes, accession, at, listed, row
from _stores import store_url
from sqlalchemy import Connection

from watcher.cli import backfill as shown_by
from watcher.errors import BlockedError, EdgarError, EightkError
from watcher.models import FilingState, Origin
from watcher.report_json import to_json
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.sources import audit
from watcher.sources.backfill import Backfill
from watcher.sources.backfill_progress import BackfillRequest, Progress, progress_from_json
from watcher.sources.intake import Intake
from watcher.sources.wanted import Wanted
from watcher.store import filings
from watcher.store.archive import Archive
from watcher.store.database import Store, set_meta

pytestmark = pytest.mark.usefixtures("either_store")

MONDAY = date(2026, 1, 5)
NOW = at("2026-01-20T12:00")
WEEK = BackfillRequest(MONDAY, FRIDAY, "daily")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


class Rig:
    """A backfill over indexes written by hand, with a line that settles each filing as soon as it is submitted."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.edgar = Indexes()
        self.clock = HandClock(NOW)
        self.submitted: list[str] = []
        self.works = True
        self.backfill = self.make()

    def make(self, *, has_contact: bool = True) -> Backfill:
        """As a new process would."""
        return Backfill(
            self.edgar if has_contact else None,
            store=self.store,
            archive=Archive(self.folder / "raw", self.store.id),
            clock=self.clock,
            max_bytes=10**7,
            intake=Intake(self.submit),
        )

    def submit(self, connection: Connection, accession: str) -> None:
        self.submitted.append(accession)
        if self.works:
            filings.skip(connection, accession, "settled", NOW)

    def write_week(self) -> None:
        """One filing on each day: number 5 on the 5th, and so on."""
        for day in range(5, 10):
            self.edgar.write(date(2026, 1, day), row(day, day=date(2026, 1, day)))

    def stored(self, number: int) -> filings.StoredFiling:
        return self.store.read_now(filings.get, accession(number))


@pytest.fixture
def rig(store: Store, tmp_path: Path) -> Rig:
    return Rig(store, tmp_path)


async def test_every_business_day_of_the_span_is_taken_in(rig: Rig) -> None:
    rig.write_week()

    done = await rig.backfill.run(replace(WEEK, last=date(2026, 1, 11)))

    stored = rig.stored(7)
    assert (done.state, done.days, done.days_done, done.listed, done.taken) == ("done", 5, 5, 5, 5)
    assert done.is_whole
    assert rig.submitted == [accession(day) for day in range(5, 10)]
    assert (stored.filing.origin, stored.run_as, stored.filing.source) == (Origin.BACKFILL, Origin.BACKFILL, "backfill")


async def test_what_is_in_the_store_is_not_fetched_again(rig: Rig, store: Store) -> None:
    rig.write_week()
    store.write_now(filings.spot, [listed(6, date(2026, 1, 6)), listed(7, date(2026, 1, 7))], NOW)
    for number in (6, 7):
        store.write_now(filings.skip, accession(number), "settled", NOW)

    done = await rig.backfill.run(WEEK)

    assert (done.listed, done.taken) == (5, 3)
    assert rig.submitted == [accession(day) for day in (5, 8, 9)]


async def test_what_was_only_listed_so_far_is_wanted_now(rig: Rig, store: Store) -> None:
    rig.write_week()
    store.write_now(filings.spot, [listed(6, date(2026, 1, 6))], NOW, state=FilingState.LISTED)

    done = await rig.backfill.run(WEEK)

    assert (done.taken, rig.stored(6).run_as) == (5, Origin.BACKFILL)
    assert accession(6) in rig.submitted


async def test_with_notify_what_is_found_owes_what_live_filings_owe(rig: Rig) -> None:
    rig.write_week()

    await rig.backfill.run(replace(WEEK, notify=True))

    assert (rig.stored(5).filing.origin, rig.stored(5).run_as) == (Origin.BACKFILL, Origin.LIVE)


async def test_a_day_that_should_have_an_index_and_has_none_is_told(rig: Rig) -> None:
    rig.write_week()
    del rig.edgar.days[date(2026, 1, 7)]

    done = await rig.backfill.run(WEEK)

    assert (done.state, done.days_done, done.without_index, done.is_whole) == ("done", 5, (date(2026, 1, 7),), False)


async def test_weekends_and_holidays_are_not_asked_for(rig: Rig) -> None:
    rig.write_week()

    await rig.backfill.run(BackfillRequest(date(2026, 1, 1), date(2026, 1, 4), "daily"))

    assert set(rig.edgar.asked) == {date(2026, 1, 2)}


# Which index.


async def test_one_quarters_index_takes_the_place_of_many_days(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.quarters = {(2026, 1): date(2026, 1, 16)}

    done = await rig.backfill.run(BackfillRequest(MONDAY, date(2026, 1, 16)))

    assert (done.taken, done.days_done, set(rig.edgar.asked)) == (5, 10, {(2026, 1)})
    assert rig.stored(5).filing.channel == "quarter-index"


async def test_few_days_are_read_day_by_day(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.quarters = {(2026, 1): date(2026, 1, 16)}

    await rig.backfill.run(replace(WEEK, index="auto"))

    assert (2026, 1) not in rig.edgar.asked
    assert rig.stored(5).filing.channel == "daily-index"


async def test_what_the_quarters_index_does_not_know_yet_is_read_day_by_day(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.quarters = {(2026, 1): date(2026, 1, 7)}

    done = await rig.backfill.run(replace(WEEK, index="quarterly"))

    assert (done.taken, done.days_done) == (5, 5)
    assert set(rig.edgar.asked) == {(2026, 1), date(2026, 1, 8), date(2026, 1, 9)}


@pytest.mark.parametrize("quarters", [{}, {(2026, 1): date(2026, 1, 2)}])
async def test_without_a_quarters_index_the_days_are_read(rig: Rig, quarters: dict[tuple[int, int], date]) -> None:
    """At a quarter's beginning it is missing, or has a heading only."""
    rig.write_week()
    rig.edgar.quarters = quarters

    assert (await rig.backfill.run(replace(WEEK, index="quarterly"))).taken == 5


async def test_a_span_over_new_year_reads_both_quarters(rig: Rig) -> None:
    rig.edgar.write(date(2025, 12, 30), row(1, day=date(2025, 12, 30)))
    rig.edgar.write(date(2026, 1, 5), row(2, day=date(2026, 1, 5)))
    rig.edgar.quarters = {(2025, 4): date(2025, 12, 31), (2026, 1): date(2026, 1, 5)}

    await rig.backfill.run(BackfillRequest(date(2025, 12, 29), date(2026, 1, 5), "quarterly"))

    assert (rig.submitted, set(rig.edgar.asked)) == ([accession(1), accession(2)], {(2025, 4), (2026, 1)})


async def test_a_filing_of_a_day_that_the_calendar_takes_for_closed_is_not_left_out(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1, day=date(2026, 1, 10)))
    rig.edgar.quarters = {(2026, 1): date(2026, 1, 12)}

    await rig.backfill.run(BackfillRequest(FRIDAY, date(2026, 1, 12), "quarterly"))

    assert rig.submitted == [accession(1)]


# Trouble on the way.


async def test_an_error_that_passes_costs_a_wait_and_nothing_else(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.errors = [EdgarError("500"), EdgarError("truncated")]

    assert (await rig.backfill.run(WEEK)).is_whole


async def test_a_block_is_waited_for(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.errors = [BlockedError("EDGAR blocks us")] * 20

    done = await rig.backfill.run(WEEK)

    assert done.is_whole
    assert rig.clock.now() - NOW >= timedelta(minutes=10)


async def test_an_error_that_stays_ends_it_and_the_same_request_goes_on_there(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.errors = [EdgarError("500")] * 4
    failed = await rig.backfill.run(replace(WEEK, first=date(2026, 1, 6)))
    assert (failed.state, failed.next_day, failed.reason) == ("failed", date(2026, 1, 6), "500")

    done = await rig.backfill.run(replace(WEEK, first=date(2026, 1, 6)))

    assert (done.is_whole, done.taken) == (True, 4)


async def test_what_a_killed_run_took_in_is_not_asked_for_again(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.errors = []
    killed = rig.make()
    rig.edgar.days.pop(date(2026, 1, 7))
    task = asyncio.create_task(killed.run(WEEK))
    while date(2026, 1, 6) not in rig.edgar.asked:
        await asyncio.sleep(0)
    rig.edgar.errors = [BlockedError("EDGAR blocks us")] * 10**6
    while killed.progress is None or killed.progress.next_day <= date(2026, 1, 6):
        await asyncio.sleep(0.001)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    rig.edgar.errors.clear()
    rig.edgar.asked.clear()
    rig.write_week()

    done = await rig.make().run(WEEK)

    assert (done.is_whole, done.days_done, done.taken) == (True, 5, 5)
    assert date(2026, 1, 5) not in rig.edgar.asked
    assert rig.submitted == [accession(day) for day in range(5, 10)]


async def test_another_request_begins_with_its_first_day(rig: Rig) -> None:
    rig.write_week()
    rig.edgar.errors = [EdgarError("500")] * 4
    await rig.backfill.run(WEEK)

    done = await rig.backfill.run(replace(WEEK, first=date(2026, 1, 8)))

    assert (done.days, done.taken) == (2, 2)


async def test_no_more_is_taken_in_than_the_line_can_take(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_WAITING", 2)
    rig.write_week()
    rig.works = False
    task = asyncio.create_task(rig.backfill.run(WEEK))

    await asyncio.sleep(0.6)
    under_way = len(rig.submitted)
    rig.works = True
    for one in tuple(rig.submitted):
        await rig.store.write(filings.skip, one, "settled", NOW)
    done = await task

    assert (under_way, done.is_whole) == (2, True)


async def test_what_failed_once_is_not_waited_for(rig: Rig) -> None:
    """Its next try may be a quarter of an hour away; whoever owns the store then makes it."""
    rig.write_week()
    rig.works = False

    async def fail_all() -> None:
        while len(rig.submitted) < 5:
            await asyncio.sleep(0.01)
        for one in rig.submitted:
            await rig.store.write(filings.fail, one, "404", NOW, NOW + timedelta(minutes=15))

    done, _ = await asyncio.gather(rig.backfill.run(WEEK), fail_all())

    assert (done.state, done.waiting, done.is_whole) == ("done", 5, False)


async def test_what_is_parked_is_counted(rig: Rig, store: Store) -> None:
    rig.write_week()
    store.write_now(filings.spot, [listed(6, date(2026, 1, 6))], NOW)
    store.write_now(filings.fail, accession(6), "no submission", NOW, None)

    done = await rig.backfill.run(WEEK)

    assert (done.failed, done.is_whole, done.taken) == (1, False, 4)


# What cannot be.


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (FRIDAY, MONDAY, "the first day, 2026-01-09, comes after the last, 2026-01-05"),
        (date(1992, 12, 31), MONDAY, "EDGAR's indexes begin on 1993-01-01, and 1992-12-31 is before it"),
        (MONDAY, date(2026, 1, 21), "2026-01-21 is still to come: in New York it is 2026-01-20"),
    ],
)
async def test_a_span_that_cannot_be_is_refused(rig: Rig, first: date, last: date, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        await rig.backfill.run(BackfillRequest(first, last))


async def test_today_is_the_day_in_new_york(rig: Rig) -> None:
    rig.clock.shows = datetime.fromisoformat("2026-01-21T03:00:00Z")

    with pytest.raises(ValueError, match="in New York it is 2026-01-20"):
        await rig.backfill.run(BackfillRequest(MONDAY, date(2026, 1, 21)))


async def test_without_a_contact_edgar_is_not_asked(rig: Rig) -> None:
    with pytest.raises(EightkError, match="no contact is set"):
        await rig.make(has_contact=False).run(WEEK)


# In the daemon.


@pytest.fixture
async def serving(rig: Rig) -> "Iterator[Rig]":
    task = asyncio.create_task(rig.backfill.serve())
    yield rig
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def ended(backfill: Backfill) -> Progress:
    while backfill.progress is None or backfill.progress.state == "running":
        await asyncio.sleep(0.01)
    return backfill.progress


async def test_the_daemon_does_what_it_is_asked_for(serving: Rig) -> None:
    serving.write_week()

    begun = await serving.backfill.ask(WEEK)

    assert (begun.state, begun.next_day) == ("running", MONDAY)
    assert (await ended(serving.backfill)).is_whole


async def test_the_same_request_is_followed_and_another_one_refused_while_it_runs(serving: Rig) -> None:
    serving.write_week()
    serving.works = False
    await serving.backfill.ask(WEEK)

    again = await serving.backfill.ask(WEEK)
    with pytest.raises(EightkError, match="a backfill from 2026-01-05 to 2026-01-09 is under way"):
        await serving.backfill.ask(replace(WEEK, notify=True))

    assert again.request == WEEK


async def test_one_that_is_stopped_goes_on_where_it_was_when_asked_again(serving: Rig) -> None:
    serving.write_week()
    serving.works = False
    await serving.backfill.ask(WEEK)
    while len(serving.submitted) < 5:
        await asyncio.sleep(0.01)

    stopped = await serving.backfill.stop()
    serving.works = True
    for one in tuple(serving.submitted):
        await serving.store.write(filings.skip, one, "settled", NOW)
    serving.edgar.asked.clear()
    await serving.backfill.ask(WEEK)
    done = await ended(serving.backfill)

    assert stopped is not None
    assert (stopped.state, done.is_whole, done.taken) == ("stopped", True, 5)
    assert not serving.edgar.asked


async def test_a_restarted_daemon_goes_on_with_what_it_was_asked_for(rig: Rig) -> None:
    rig.write_week()
    rig.works = False
    first = rig.make()
    task = asyncio.create_task(first.serve())
    await first.ask(WEEK)
    while len(rig.submitted) < 5:
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    for one in tuple(rig.submitted):
        await rig.store.write(filings.skip, one, "settled", NOW)

    second = rig.make()
    task = asyncio.create_task(second.serve())
    done = await ended(second)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert (done.is_whole, done.taken) == (True, 5)


async def test_what_was_stopped_or_done_is_not_taken_up_by_the_next_daemon(serving: Rig) -> None:
    serving.write_week()
    await serving.backfill.ask(WEEK)
    await ended(serving.backfill)
    await asyncio.sleep(0.1)

    after = serving.make()
    task = asyncio.create_task(after.serve())
    await asyncio.sleep(0.1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert after.progress is None


async def test_what_another_version_left_behind_starts_anew(rig: Rig, store: Store) -> None:
    rig.write_week()
    store.write_now(set_meta, "backfill.progress", '{"request": {}}')
    store.write_now(set_meta, "backfill.asked", "not JSON")
    task = asyncio.create_task(rig.backfill.serve())
    await asyncio.sleep(0.1)

    begun = await rig.backfill.ask(WEEK)
    done = await ended(rig.backfill)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert (begun.next_day, done.is_whole) == (MONDAY, True)


def test_progress_comes_back_from_json_as_it_was() -> None:
    progress = Progress(WEEK, FRIDAY, "failed", 5, 4, 100, 90, 3, 1, (MONDAY,), ("a.nc: cut",), "500")

    assert progress_from_json(json.loads(json.dumps(to_json(progress)))) == progress


# From day archives.


def write_archive(path: Path, *members: tuple[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, raw in members:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))


def made(number: int, day: date, form: str = "8-K") -> MadeSubmission:
    accepted = at(f"{day}T10:00")
    return Generator(seed=number).submission(accession=accession(number), accepted_at=accepted, form=form)


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """Three days, of which each has two filings, another form, and one thing that is none."""
    folder = tmp_path / "archives"
    folder.mkdir()
    for number in (7, 8, 9):
        day = date(2026, 1, number)
        first, second = made(number, day), made(number + 10, day, "8-K/A")
        other = made(number + 20, day).raw.replace(b"TYPE:\t8-K", b"TYPE:\t10-K")
        members = [(f"{one.accession}.nc", one.raw) for one in (first, second)]
        write_archive(folder / f"{day:%Y%m%d}.nc.tar.gz", *members, ("other.nc", other))
    return folder


async def test_archives_are_read_without_edgar_and_their_bytes_kept(rig: Rig, archives: Path) -> None:
    backfill = rig.make(has_contact=False)

    done = await backfill.run(BackfillRequest(MONDAY, FRIDAY, archives=str(archives)))

    stored = rig.stored(8)
    assert (done.is_whole, done.days, done.days_done, done.taken) == (True, 3, 3, 6)
    assert (stored.filing.channel, stored.filing.filed_on) == ("day-archive", date(2026, 1, 8))
    assert stored.archived is not None
    assert stored.archived.bytes == len(made(8, date(2026, 1, 8)).raw)
    assert not rig.edgar.asked


async def test_only_archives_of_the_span_are_read(rig: Rig, archives: Path) -> None:
    done = await rig.backfill.run(BackfillRequest(date(2026, 1, 8), FRIDAY, archives=str(archives)))

    assert (done.days, done.taken) == (2, 4)


async def test_one_archive_can_be_named(rig: Rig, archives: Path) -> None:
    place = str(archives / "20260108.nc.tar.gz")

    assert (await rig.backfill.run(BackfillRequest(MONDAY, FRIDAY, archives=place))).taken == 2


async def test_what_an_archive_has_and_the_store_too_stays_as_it_is(rig: Rig, archives: Path, store: Store) -> None:
    store.write_now(filings.spot, [listed(8, date(2026, 1, 8))], NOW)
    store.write_now(filings.skip, accession(8), "settled", NOW)

    done = await rig.backfill.run(BackfillRequest(MONDAY, FRIDAY, archives=str(archives)))

    assert (done.taken, rig.stored(8).archived) == (5, None)


async def test_what_was_only_listed_is_given_its_bytes(rig: Rig, archives: Path, store: Store) -> None:
    store.write_now(filings.spot, [listed(8, date(2026, 1, 8))], NOW, state=FilingState.LISTED)

    done = await rig.backfill.run(BackfillRequest(MONDAY, FRIDAY, archives=str(archives)))

    assert done.taken == 6
    assert rig.stored(8).archived is not None
    assert accession(8) in rig.submitted


async def test_a_bad_member_is_told_and_the_rest_goes_on(rig: Rig, archives: Path) -> None:
    good = made(5, MONDAY)
    cut = made(6, MONDAY).raw[:2000]
    write_archive(archives / "20260105.nc.tar.gz", ("cut.nc", cut), ("../good.nc", good.raw), ("a.nc", good.raw))

    done = await rig.backfill.run(BackfillRequest(MONDAY, MONDAY, archives=str(archives)))

    assert (done.state, done.taken, done.is_whole) == ("done", 1, False)
    assert ["cut.nc" in done.problems[0], "good.nc" in done.problems[1]] == [True, True]


async def test_a_folder_without_archives_of_the_span_is_refused(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(EightkError, match="no day archive"):
        await rig.backfill.run(BackfillRequest(MONDAY, FRIDAY, archives=str(tmp_path)))


async def test_what_filters_leave_out_is_only_listed(rig: Rig) -> None:
    rig.write_week()
    backfill = Backfill(
        rig.edgar,
        store=rig.store,
        archive=Archive(rig.folder / "raw", rig.store.id),
        clock=rig.clock,
        max_bytes=10**7,
        intake=Intake(rig.submit, Wanted(ciks=frozenset({1005, 1007, 1008, 1009}))),
    )

    done = await backfill.run(WEEK)
    again = await backfill.run(WEEK)

    assert (done.listed, done.taken, again.taken, rig.stored(6).state) == (5, 4, 0, FilingState.LISTED)


# How far it is, for a person.


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Standard error is a terminal; the list's only number is the time."""
    now = [0.0]
    monkeypatch.setattr(shown_by, "is_terminal", lambda *, err: err)
    monkeypatch.setattr(shown_by.time, "monotonic", lambda: now[0])
    return now


def test_a_bar_shows_the_rate_and_the_time_left(terminal: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    shown = shown_by._Shown(_began=0.0)
    shown.show(Progress(WEEK, MONDAY, days=40))
    terminal[0] = 100.0
    shown.show(Progress(WEEK, FRIDAY, days=40, days_done=10, listed=500, taken=500, waiting=50))
    shown.leave_line()

    first, last = capsys.readouterr().err.removeprefix("\r").split("\r")
    assert first.strip() == "[........................] 0/40 days, 0 filings taken in, 0 under way"
    assert last == "[######..................] 10/40 days, 450 filings taken in, 50 under way, 4.5/s, 6 min left\n"


def test_a_shorter_line_covers_the_longer_one_before(terminal: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    shown = shown_by._Shown()
    shown.show(Progress(WEEK, MONDAY, days=40, reason="EDGAR blocks us for asking too fast"))
    shown.show(Progress(WEEK, MONDAY, days=40))

    first, second = capsys.readouterr().err.removeprefix("\r").split("\r")
    assert "EDGAR blocks us" in first
    assert len(second) == len(first)


def test_elsewhere_a_line_is_written_now_and_then(
    terminal: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shown_by, "is_terminal", lambda *, err: False)
    shown = shown_by._Shown()
    for second in range(40):
        terminal[0] = float(second)
        shown.show(Progress(WEEK, MONDAY, days=40))

    assert capsys.readouterr().err.splitlines() == ["0/40 days, 0 filings taken in, 0 under way"] * 3


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_are_told_roughly(seconds: float, words: str) -> None:
    assert shown_by._duration(seconds) == words
