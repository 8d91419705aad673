"""What EDGAR changes after it has written a day's index is found in the quarter's, once a week."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from _indexes import FRIDAY, HandClock, Indexes, accession, at, listed, row
from _stores import store_url

from watcher.audit_hours import AuditHours
from watcher.errors import EdgarError
from watcher.models import FilingState, Origin
from watcher.sources.corrections import Corrected, Corrections
from watcher.sources.intake import Intake
from watcher.sources.wanted import Wanted
from watcher.store import filings
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

MONDAY = date(2026, 1, 5)
NEXT_MONDAY = at("2026-01-12T06:30")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


class Rig:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.edgar = Indexes()
        self.edgar.quarters = {(2026, 1): FRIDAY}
        self.clock = HandClock(NEXT_MONDAY)
        self.submitted: list[str] = []
        self.corrections = Corrections(
            self.edgar,
            store=store,
            clock=self.clock,
            hours=AuditHours(),
            intake=Intake(lambda connection, accession: self.submitted.append(accession)),
        )

    def spot(self, *numbers: int, day: date = FRIDAY, source: str = "poller") -> None:
        made = [replace(listed(number, day), source=source) for number in numbers]
        self.store.write_now(filings.spot, made, at("2026-01-09T12:00"))

    async def look(self, now: datetime = NEXT_MONDAY, since: date = MONDAY) -> tuple[Corrected, ...]:
        self.clock.shows = now
        return await self.corrections.look_when_due(since)

    def gone_on(self, number: int) -> date | None:
        return self.store.read_now(filings.get, accession(number)).gone_on


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


async def test_what_edgar_withdrew_since_is_marked_and_what_it_added_is_taken_in(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1), row(3))
    rig.spot(1, 2)

    (found,) = await rig.look()

    assert found == Corrected((accession(3),), (accession(2),))
    assert (rig.gone_on(1), rig.gone_on(2)) == (None, date(2026, 1, 12))
    stored = rig.store.read_now(filings.get, accession(3))
    assert (rig.submitted, stored.run_as, stored.filing.source) == ([accession(3)], Origin.LATE, "audit")


async def test_what_is_back_is_marked_no_more(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1), row(2))
    rig.spot(1, 2)
    rig.store.write_now(filings.mark_gone, [accession(2)], FRIDAY)

    (found,) = await rig.look()

    assert (found.returned, rig.gone_on(2)) == ((accession(2),), None)


async def test_it_is_asked_once_a_week(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    looks = [f"2026-01-{day}" for day in ("12T06:29", "12T06:30", "12T07:00", "13T06:30", "16T23:00", "18T12:00")]

    asked = [len(await rig.look(at(look))) for look in looks]
    again = await rig.look(at("2026-01-20T06:30"))  # Monday the 19th is a holiday

    assert (asked, len(again)) == ([0, 1, 0, 0, 0, 0], 1)


async def test_a_restart_does_not_ask_again(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    await rig.look()

    rig.corrections = Rig(rig.store).corrections

    assert await rig.look(NEXT_MONDAY + timedelta(hours=1)) == ()


async def test_a_watcher_that_began_this_week_has_nothing_to_be_corrected(rig: Rig) -> None:
    assert await rig.look(since=date(2026, 1, 12)) == ()
    assert not rig.edgar.asked


async def test_what_was_filed_before_the_watcher_began_is_none_of_its_business(rig: Rig) -> None:
    rig.edgar.write(MONDAY, row(1, day=MONDAY))
    rig.edgar.write(FRIDAY, row(2))
    rig.spot(2)

    assert await rig.look(since=date(2026, 1, 6)) == (Corrected(),)


async def test_a_filing_that_the_index_cannot_know_yet_is_not_gone(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.spot(1)
    rig.spot(2, day=date(2026, 1, 12))
    rig.spot(3, source="folder")

    assert await rig.look() == (Corrected(),)


async def test_an_old_quarter_with_a_new_heading_says_nothing_of_the_next_one(rig: Rig) -> None:
    rig.edgar.quarters = {(2025, 4): FRIDAY, (2026, 1): FRIDAY}
    december = date(2025, 12, 31)
    rig.edgar.write(december, row(1, day=december))
    rig.edgar.write(FRIDAY, row(2), row(4))
    rig.spot(1, day=december)
    rig.spot(2)
    rig.spot(3)

    assert await rig.look(since=december) == (Corrected(), Corrected((accession(4),), (accession(3),)))


async def test_shortly_after_its_end_a_quarter_is_still_looked_at(rig: Rig) -> None:
    rig.edgar.quarters = {(2025, 4): date(2025, 12, 31), (2026, 1): FRIDAY}
    rig.edgar.write(date(2025, 12, 31), row(1, day=date(2025, 12, 31)))
    rig.edgar.write(FRIDAY, row(2))

    await rig.look(since=date(2025, 12, 1))
    january = dict(rig.edgar.asked)
    await rig.look(at("2026-01-26T06:30"), since=date(2025, 12, 1))

    assert january == {(2025, 4): 1, (2026, 1): 1}
    assert rig.edgar.asked == {(2025, 4): 1, (2026, 1): 2}


@pytest.mark.parametrize("quarters", [{}, {(2026, 1): date(2026, 1, 2)}])
async def test_an_index_that_is_missing_or_empty_is_asked_for_again_after_some_hours(
    rig: Rig, quarters: dict[tuple[int, int], date]
) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.edgar.quarters = quarters
    first = await rig.look()
    soon = await rig.look(NEXT_MONDAY + timedelta(hours=1))
    rig.edgar.quarters = {(2026, 1): FRIDAY}

    later = await rig.look(NEXT_MONDAY + timedelta(hours=6))

    assert (first, soon, len(later), rig.edgar.asked[2026, 1]) == ((), (), 1, 2)


async def test_an_index_that_lacks_much_of_what_edgar_showed_changes_nothing(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, *map(row, range(80)), row(500))
    rig.spot(*range(100))

    assert await rig.look() == ()
    assert (rig.gone_on(99), rig.submitted) == (None, [])


async def test_an_error_leaves_the_week_owed(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.edgar.errors = [EdgarError("500")]

    assert await rig.look() == ()
    assert len(await rig.look(NEXT_MONDAY + timedelta(hours=7))) == 1


async def test_what_filters_leave_out_is_listed(rig: Rig) -> None:
    rig.edgar.write(FRIDAY, row(1))
    rig.corrections = Corrections(
        rig.edgar,
        store=rig.store,
        clock=rig.clock,
        hours=AuditHours(),
        intake=Intake(lambda connection, accession: rig.submitted.append(accession), Wanted(ciks=frozenset({1}))),
    )

    await rig.look()

    assert rig.submitted == []
    assert rig.store.read_now(filings.get, accession(1)).state is FilingState.LISTED
