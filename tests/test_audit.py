"""The audit: what EDGAR's index has and the store lacks goes down the line, and what is wrong with an index is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from _indexes import FRIDAY, HandClock, Indexes, accession, at, listed, row
from _stores import store_url

from watcher.audit_hours import AuditHours, AuditState
from watcher.errors import BlockedError, EdgarError
from watcher.models import Filer, FilingState, Origin
from watcher.sources.audit import Auditor, AuditResult
from watcher.sources.intake import Intake
from watcher.sources.wanted import Wanted
from watcher.store import audits, filings
from watcher.store.database import Store, set_meta

pytestmark = pytest.mark.usefixtures("either_store")

MONDAY = date(2026, 1, 12)
EVENING = at("2026-01-09T22:45")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


class Rig:
    """An auditor over indexes written by hand. What it submits is settled at once, as if a line were working."""

    def __init__(self, store: Store, now: datetime = EVENING) -> None:
        self.store = store
        self.edgar = Indexes()
        self.clock = HandClock(now)
        self.submitted: list[str] = []
        self.auditor = Auditor(
            self.edgar,
            store=store,
            clock=self.clock,
            hours=AuditHours(),
            intake=Intake(lambda connection, accession: self.submitted.append(accession)),
        )

    def began(self, day: date) -> None:
        """Say since when this store watches."""
        self.store.write_now(set_meta, "audit.since", day.isoformat())

    def spot(self, *numbers: int, day: date = FRIDAY, source: str = "poller", **changes: object) -> None:
        made = [replace(listed(number, day), source=source) for number in numbers]
        self.store.write_now(filings.spot, made, self.clock.now() - timedelta(hours=1), **changes)

    async def audit(self, day: date = FRIDAY) -> AuditResult:
        return await self.auditor.audit(day)

    async def due(self, now: str) -> list[tuple[str, AuditState]]:
        """Audit what is due then; return the days and how they ended."""
        self.clock.shows = at(now)
        return [(one.audit.day.isoformat(), one.audit.state) for one in await self.auditor.audit_due()]

    def stored(self, number: int) -> filings.StoredFiling:
        return self.store.read_now(filings.get, accession(number))


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


async def test_when_all_is_in_the_store_nothing_is_missing(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1), row(2))
    rig.spot(1, 2)

    result = await rig.audit()

    assert (result.audit.state, result.audit.listed, result.missing, result.gone) == (AuditState.DONE, 2, (), ())
    assert rig.submitted == []


async def test_what_is_missing_is_taken_in_as_late_and_work_is_owed_for_it(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1), row(2))
    rig.spot(1)

    result = await rig.audit()

    stored = rig.stored(2)
    assert [one.accession for one in result.missing] == rig.submitted == [accession(2)]
    assert (stored.filing.origin, stored.filing.source, stored.filing.channel) == (Origin.LATE, "audit", "daily-index")
    assert (stored.state, stored.run_as, stored.filing.filed_on) == (FilingState.SPOTTED, Origin.LATE, FRIDAY)


async def test_what_was_missing_is_counted_over_all_audits_of_that_day(rig: Rig, store: Store) -> None:
    rig.edgar.write(FRIDAY, row(1), row(2))
    await rig.audit()
    rig.edgar.write(FRIDAY, row(1), row(2), row(3))
    rig.spot(3)

    again = await rig.audit()

    assert (again.missing, again.audit.listed, again.audit.missing) == ((), 3, 2)
    assert store.read_now(audits.get, FRIDAY) == again.audit


async def test_co_filers_are_one_filing_with_all_of_them(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1, cik=7), row(1, cik=8))

    result = await rig.audit()

    assert result.audit.listed == 1
    assert rig.stored(1).filing.filers == (Filer(7, "Company 7"), Filer(8, "Company 8"))


@pytest.mark.parametrize("form", ["8-K", "8-K/A", "8-K12B", "8-K12G3/A", "8-K15D5"])
async def test_the_whole_family_is_looked_for(rig: Rig, form: str) -> None:
    rig.edgar.write(FRIDAY, row(1, form=form))

    assert len((await rig.audit()).missing) == 1


@pytest.mark.parametrize("form", ["10-K", "8-A12B", "8-KT", "6-K", "4"])
async def test_other_forms_are_none_of_its_business(rig: Rig, form: str) -> None:
    rig.edgar.write(FRIDAY, row(1, form=form))

    result = await rig.audit()

    assert (result.audit.state, result.audit.listed, result.missing) == (AuditState.DONE, 0, ())


async def test_a_row_whose_form_cannot_be_read_may_be_an_8k_and_is_taken_in(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1, form=""))

    await rig.audit()

    assert rig.stored(1).filing.form is None


async def test_an_index_without_forms_is_not_believed(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, *(row(number, form="") for number in range(60)))

    result = await rig.audit()

    assert result.audit.state is AuditState.FAILED
    assert "60 filings in it are of no form" in (result.audit.reason or "")


async def test_what_is_only_listed_is_known_and_neither_missing_nor_fetched(rig: Rig) -> None:
    """Filings from before the watcher began, and what filters leave out."""
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1, state=FilingState.LISTED)

    result = await rig.audit()

    assert (result.missing, rig.submitted, rig.stored(1).state) == ((), [], FilingState.LISTED)


async def test_a_filing_of_another_day_that_the_index_lists_is_missing_too(rig: Rig) -> None:
    """What was corrected, or came on paper, is listed on the day on which it was processed."""
    rig.edgar.write(FRIDAY, row(1, day=date(2025, 12, 29)))

    await rig.audit()

    assert rig.stored(1).filing.filed_on == date(2025, 12, 29)


# What is gone.


async def test_what_the_index_lacks_is_marked_as_gone_and_stays_in_the_store(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1, 2)

    result = await rig.audit()

    assert (result.gone, result.audit.gone, result.audit.state) == ((accession(2),), 1, AuditState.DONE)
    assert (rig.stored(1).gone_on, rig.stored(2).gone_on) == (None, FRIDAY)


async def test_what_is_back_is_marked_no_more(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1, 2)
    await rig.audit()
    rig.edgar.write(FRIDAY, row(1), row(2))

    result = await rig.audit()

    assert (result.returned, result.gone, rig.stored(2).gone_on) == ((accession(2),), (), None)


async def test_the_day_on_which_it_was_first_seen_to_be_gone_stays(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1, 2)
    await rig.audit()
    rig.clock.shows = at("2026-01-12T06:30")
    await rig.audit()

    assert rig.stored(2).gone_on == FRIDAY


async def test_a_filing_brought_by_hand_need_not_be_in_any_index(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1)
    rig.spot(2, source="folder")

    assert (await rig.audit()).gone == ()


async def test_a_filing_of_another_day_is_not_gone(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1)
    rig.spot(2, day=MONDAY)

    assert (await rig.audit()).gone == ()


async def test_a_filing_spotted_while_the_index_was_on_its_way_is_not_gone(rig: Rig, store: Store) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1)
    store.write_now(filings.spot, [listed(2)], EVENING + timedelta(seconds=1))

    assert (await rig.audit()).gone == ()


async def test_an_index_that_lacks_much_of_what_edgar_showed_is_not_believed(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, *map(row, range(80)))
    rig.spot(*range(100))

    result = await rig.audit()

    assert (result.audit.state, rig.stored(99).gone_on) == (AuditState.FAILED, None)
    assert result.audit.reason == "the index lacks 20 of 100 filings that EDGAR has listed: not believed"


async def test_an_empty_index_is_not_believed_when_filings_are_known(rig: Rig) -> None:
    rig.edgar.write(FRIDAY)
    rig.spot(1)

    assert (await rig.audit()).audit.state is AuditState.FAILED


async def test_an_empty_index_of_an_empty_day_is_done(rig: Rig) -> None:
    rig.edgar.write(FRIDAY)

    assert (await rig.audit()).audit.state is AuditState.DONE


# When there is no index, or not the last one.


async def test_without_an_index_the_day_waits(rig: Rig, store: Store) -> None:
    result = await rig.audit()

    assert (result.audit.state, result.has_index) == (AuditState.WAITING, False)
    assert store.read_now(audits.get, FRIDAY) == result.audit


@pytest.mark.parametrize("error", [EdgarError("truncated"), BlockedError("a block page"), EdgarError("500")])
async def test_what_could_not_be_asked_is_no_answer(rig: Rig, store: Store, error: EdgarError) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.edgar.errors = [error]

    failed = await rig.audit()
    again = await rig.audit()

    assert (failed.audit.state, failed.audit.reason, failed.has_index) == (AuditState.FAILED, str(error), False)
    assert (again.audit.state, len(again.missing)) == (AuditState.DONE, 1)


async def test_a_day_that_is_done_stays_done_when_it_cannot_be_looked_at_again(rig: Rig, store: Store) -> None:
    rig.edgar.write(FRIDAY, row(1))
    await rig.audit()
    rig.edgar.errors = [BlockedError("a block page")]

    await rig.audit()

    kept = store.read_now(audits.get, FRIDAY)
    assert kept is not None
    assert (kept.state, kept.listed) == (AuditState.DONE, 1)


async def test_an_index_read_before_the_day_was_over_is_not_the_last_word(rig: Rig) -> None:
    rig.clock.shows = at("2026-01-09T18:00")
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(2)

    result = await rig.audit()

    assert (result.audit.state, result.has_index) == (AuditState.WAITING, True)
    assert ([one.accession for one in result.missing], result.gone) == ([accession(1)], ())


async def test_what_is_odd_in_an_index_is_kept_beside_its_day(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.edgar.problems = ("row 7: no accession number in 'x'",)

    result = await rig.audit()

    assert (result.audit.state, result.audit.reason) == (AuditState.DONE, "row 7: no accession number in 'x'")


# By itself.


async def test_the_first_day_is_the_one_on_which_the_watcher_began(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))

    assert await rig.due("2026-01-09T10:00") == []
    assert await rig.due("2026-01-09T22:45") == [("2026-01-09", AuditState.DONE)]


async def test_a_watcher_that_began_at_night_has_nothing_to_audit_of_that_day(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))

    assert await rig.due("2026-01-09T22:50") == []
    assert await rig.due("2026-01-12T07:00") == []


async def test_a_store_of_an_earlier_version_began_with_its_first_poll(rig: Rig, store: Store) -> None:
    store.write_now(filings.spot, [listed(1)], at("2026-01-07T12:00"))
    for day in (7, 8, 9):
        rig.edgar.write(date(2026, 1, day))

    assert [day for day, _ in await rig.due("2026-01-12T05:00")] == ["2026-01-07", "2026-01-08", "2026-01-09"]


async def test_a_gap_is_audited_at_the_next_start_the_oldest_day_first(rig: Rig, store: Store) -> None:
    rig.began(date(2026, 1, 5))
    for day in range(5, 13):
        rig.edgar.write(date(2026, 1, day), row(day, day=date(2026, 1, day)))

    done = await rig.due("2026-01-12T10:00")

    assert [day for day, _ in done] == ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09"]
    assert await rig.due("2026-01-12T10:01") == []


async def test_an_index_that_is_late_is_asked_for_each_half_hour_until_it_is_there(rig: Rig) -> None:
    rig.began(FRIDAY)
    assert await rig.due("2026-01-09T22:45") == [("2026-01-09", AuditState.WAITING)]
    assert await rig.due("2026-01-09T23:00") == []
    assert await rig.due("2026-01-09T23:15") == [("2026-01-09", AuditState.WAITING)]
    rig.edgar.write(FRIDAY, row(1))

    assert await rig.due("2026-01-09T23:45") == [("2026-01-09", AuditState.DONE)]
    assert rig.edgar.asked[FRIDAY] == 3


async def test_a_day_without_an_index_by_noon_of_the_next_one_is_missed_until_it_is_made_up_for(rig: Rig) -> None:
    rig.began(FRIDAY)
    await rig.due("2026-01-12T11:30")
    before_noon = rig.auditor.missed
    await rig.due("2026-01-12T12:00")
    at_noon = rig.auditor.missed
    rig.edgar.write(FRIDAY, row(1))
    await rig.due("2026-01-12T12:30")

    assert (before_noon, at_noon, rig.auditor.missed) == ((), (FRIDAY,), ())


async def test_a_correction_is_found_the_next_morning(rig: Rig) -> None:
    rig.began(FRIDAY)
    rig.edgar.write(FRIDAY, row(1))
    await rig.due("2026-01-09T22:45")
    rig.edgar.write(FRIDAY, row(1), row(2))

    assert await rig.due("2026-01-12T06:30") == [("2026-01-09", AuditState.DONE)]
    assert rig.stored(2).filing.origin is Origin.LATE


async def test_after_an_outage_the_days_since_are_looked_at_again_at_once(rig: Rig) -> None:
    rig.began(date(2026, 1, 7))
    for day in (7, 8, 9):
        rig.edgar.write(date(2026, 1, day))
    await rig.due("2026-01-09T23:00")

    rig.auditor.look_again(at("2026-01-08T15:00"))

    assert [day for day, _ in await rig.due("2026-01-09T23:05")] == ["2026-01-08", "2026-01-09"]
    assert await rig.due("2026-01-09T23:06") == []


async def test_an_outage_within_a_day_waits_for_its_evening(rig: Rig) -> None:
    rig.began(FRIDAY)
    rig.clock.shows = at("2026-01-09T15:00")
    rig.auditor.look_again(at("2026-01-09T11:00"))

    assert await rig.due("2026-01-09T15:00") == []


async def test_the_next_look_is_at_the_next_turn_or_in_half_an_hour(rig: Rig) -> None:
    rig.clock.shows = at("2026-01-09T22:30")
    soon = rig.auditor.next_look()
    rig.clock.shows = at("2026-01-10T12:00")

    assert (soon, rig.auditor.next_look()) == (at("2026-01-09T22:45"), at("2026-01-10T12:30"))


async def test_what_filters_leave_out_is_listed_and_not_missing(store: Store) -> None:
    rig = Rig(store)
    rig.auditor = Auditor(
        rig.edgar,
        store=store,
        clock=rig.clock,
        hours=AuditHours(),
        intake=Intake(lambda connection, accession: rig.submitted.append(accession), Wanted(ciks=frozenset({1001}))),
    )
    rig.edgar.write(FRIDAY, row(1), row(2))

    result = await rig.audit()

    assert (rig.submitted, result.audit.missing) == ([accession(1)], 1)
    assert (rig.stored(2).state, rig.stored(2).filing.source) == (FilingState.LISTED, "audit")


async def test_an_index_that_breaks_its_reader_keeps_no_other_day_from_being_audited(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.began(date(2026, 1, 8))
    rig.edgar.write(FRIDAY, row(1))
    read = rig.edgar.daily_index

    async def breaks(day: date, *, forms: object = None) -> object:
        if day < FRIDAY:
            raise ZeroDivisionError("a bug")
        return await read(day)

    monkeypatch.setattr(rig.edgar, "daily_index", breaks)

    assert await rig.due("2026-01-09T23:00") == [("2026-01-08", AuditState.FAILED), ("2026-01-09", AuditState.DONE)]


async def test_the_same_trouble_is_logged_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.began(FRIDAY)
    rig.edgar.errors = [EdgarError("500"), EdgarError("500"), EdgarError("another")]
    for clock in ("22:45", "23:15", "23:45"):
        await rig.due(f"2026-01-09T{clock}")

    assert [record.reason for record in caplog.records if "failed" in record.message] == ["500", "another"]
