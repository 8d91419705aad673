"""The store: what is seen is seen for ever, work is owed until it is settled, and time has a zone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, filing, report, store_url
from _stores import save as saved
from sqlalchemy import Connection

from watcher.errors import StoreError, UnknownFiling
from watcher.models import (
    Filer,
    Filing,
    FilingState,
    Item,
    Origin,
)
from watcher.store import filings, reports
from watcher.store.archive import Archived
from watcher.store.database import Store, get_meta, set_meta

pytestmark = pytest.mark.usefixtures("either_store")

HOUR = timedelta(hours=1)
ARCHIVED = Archived("2026/01/12/a.txt.gz", "ab" * 32, 42)
TABLES = ("report", "document", "item", "alert", "delivery")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def spot(
    store: Store, *numbers: int, at: datetime = NOW, state: FilingState = FilingState.SPOTTED, **changes
) -> tuple[str, ...]:
    made = [replace(filing(accession(number)), **changes) for number in numbers]
    return store.write_now(filings.spot, made, at, state=state)


def stored(store: Store, one: str = ACCESSION) -> filings.StoredFiling:
    return store.read_now(filings.get, one)


# What is seen.


def test_a_filing_is_new_once_for_ever(store: Store):
    first = spot(store, 1)
    again = spot(store, 1, at=NOW + 1000 * HOUR)

    assert (first, again) == ((accession(1),), ())


def test_a_filing_that_stands_twice_in_one_list_is_new_once(store: Store):
    assert spot(store, 1, 1, 2) == (accession(1), accession(2))


def test_seeing_a_filing_again_changes_nothing_of_what_is_known(store: Store):
    spot(store, 1)
    before = stored(store)
    spot(store, 1, at=NOW + HOUR, origin=Origin.BACKFILL, source="audit", form="8-K/A")

    assert stored(store) == before


def test_a_filing_is_given_back_as_it_was_listed(store: Store):
    listed = replace(
        filing(),
        origin=Origin.LATE,
        items=("7.01", "9.01"),
        channel="daily",
        filers=(Filer(1, "A", tickers=("A",)), Filer(2, "B")),
    )
    store.write_now(filings.spot, [listed], NOW)

    assert stored(store).filing == listed


def test_a_filing_of_which_nothing_is_known_is_given_back_alike(store: Store):
    store.write_now(filings.spot, [Filing(ACCESSION)], NOW)

    assert stored(store).filing == Filing(ACCESSION)


def test_co_filers_with_one_cik_are_no_obstacle(store: Store):
    spot(store, 1, filers=(Filer(7, "First"), Filer(7, "Second")))

    assert [party.name for party in stored(store).filing.filers] == ["First", "Second"]


def test_work_is_submitted_for_each_new_filing_only(store: Store):
    spot(store, 1)
    asked: list[str] = []
    store.write_now(
        filings.spot, [filing(accession(1)), filing(accession(2))], NOW, submit=lambda _, one: asked.append(one)
    )

    assert asked == [accession(2)]


def test_a_filing_that_is_only_listed_owes_no_work(store: Store):
    asked: list[str] = []
    store.write_now(filings.spot, [filing()], NOW, state=FilingState.LISTED, submit=lambda _, one: asked.append(one))

    assert (asked, store.read_now(filings.due, NOW + HOUR, 9)) == ([], ())


def test_a_filing_that_is_not_there_is_said_to_be_unknown(store: Store):
    with pytest.raises(UnknownFiling, match="no filing 9 in the store"):
        stored(store, "9")


# What is owed for a filing.


def test_what_is_longest_due_comes_first(store: Store):
    spot(store, 1, at=NOW)
    spot(store, 2, at=NOW - HOUR)
    spot(store, 3, at=NOW + HOUR)

    assert store.read_now(filings.due, NOW, 9) == (accession(2), accession(1))


def test_no_more_is_due_than_was_asked_for(store: Store):
    spot(store, 1, 2, 3)

    assert len(store.read_now(filings.due, NOW, 2)) == 2


def test_what_runs_now_is_not_due(store: Store):
    spot(store, 1, 2)

    assert store.read_now(filings.due, NOW, 9, [accession(1)]) == (accession(2),)


def test_live_filings_come_first_then_late_ones_and_history_last(store: Store):
    spot(store, 1, at=NOW - 4 * HOUR, origin=Origin.BACKFILL, source="backfill")
    spot(store, 2, at=NOW - 3 * HOUR, origin=Origin.LATE, source="audit")
    spot(store, 3, at=NOW - 2 * HOUR)
    saved(store, report(accession(4)))
    store.write_now(filings.retry, accession(4), NOW - 5 * HOUR)

    assert store.read_now(filings.due, NOW, 9) == tuple(accession(number) for number in (3, 2, 4, 1))


def test_a_backfill_that_notifies_is_history_all_the_same(store: Store):
    told = replace(filing(accession(1)), origin=Origin.BACKFILL, source="backfill")
    store.write_now(filings.spot, [told], NOW - HOUR, run_as=Origin.LIVE)
    spot(store, 2, at=NOW)

    assert store.read_now(filings.due, NOW, 9) == (accession(2), accession(1))
    assert (stored(store).filing.origin, stored(store).run_as) == (Origin.BACKFILL, Origin.LIVE)


@pytest.mark.parametrize(
    ("live", "limit", "expected"),
    [
        pytest.param(0, 8, 4, id="history may take what is not kept"),
        pytest.param(2, 8, 4, id="live filings take places that are kept"),
        pytest.param(6, 8, 6, id="as many live ones as there are"),
        pytest.param(0, 3, 0, id="what is kept stays free"),
        pytest.param(1, 3, 1, id="for one that is live"),
    ],
)
def test_places_are_kept_for_live_filings(store: Store, live: int, limit: int, expected: int):
    spot(store, *range(100, 110), at=NOW - HOUR, origin=Origin.LATE, source="audit")
    if live:
        spot(store, *range(1, live + 1), at=NOW)

    found = store.read_now(filings.due, NOW, limit, kept=4)

    assert len(found) == expected
    assert found[:live] == tuple(accession(number) for number in range(1, live + 1))


def test_a_failed_filing_is_due_when_its_retry_is(store: Store):
    spot(store, 1)
    store.write_now(filings.fail, accession(1), "no answer", NOW, NOW + HOUR)

    early = store.read_now(filings.due, NOW + HOUR - timedelta(microseconds=1), 9)
    assert (early, store.read_now(filings.due, NOW + HOUR, 9)) == ((), (accession(1),))


def test_each_failure_counts_an_attempt_and_keeps_its_reason(store: Store):
    spot(store, 1)
    for reason in ("first", "second"):
        store.write_now(filings.fail, accession(1), reason, NOW, NOW + HOUR)

    found = stored(store)
    assert (found.state, found.attempts, found.reason) == (FilingState.SPOTTED, 2, "second")


def test_a_parked_filing_is_not_due_and_says_why(store: Store):
    spot(store, 1)
    store.write_now(filings.fail, accession(1), "not a filing", NOW, None)

    found = stored(store)
    assert (found.state, found.run_at, found.settled_at, found.reason) == (
        FilingState.FAILED,
        None,
        NOW,
        "not a filing",
    )
    assert store.read_now(filings.due, NOW + 1000 * HOUR, 9) == ()


def test_a_postponed_filing_has_no_attempt_counted(store: Store):
    spot(store, 1)
    store.write_now(filings.postpone, accession(1), "EDGAR blocks", NOW + HOUR)

    found = stored(store)
    assert (found.attempts, found.run_at, found.reason) == (0, NOW + HOUR, "EDGAR blocks")


def test_a_skipped_filing_is_settled_with_its_reason(store: Store):
    spot(store, 1)
    store.write_now(filings.skip, accession(1), "form is 10-K", NOW)

    found = stored(store)
    assert (found.state, found.run_at, found.reason) == (FilingState.SKIPPED, None, "form is 10-K")


@pytest.mark.parametrize("change", [filings.note_archived, filings.skip, filings.postpone, filings.fail])
def test_nothing_can_be_noted_of_a_filing_that_is_not_there(store: Store, change):
    arguments = {
        filings.note_archived: (ARCHIVED,),
        filings.skip: ("r", NOW),
        filings.postpone: ("r", NOW),
        filings.fail: ("r", NOW, None),
    }
    with pytest.raises(UnknownFiling):
        store.write_now(change, "9", *arguments[change])


def test_a_parked_filing_that_is_retried_starts_from_its_first_attempt(store: Store):
    spot(store, 1)
    store.write_now(filings.fail, accession(1), "no answer", NOW, None)
    found = store.write_now(filings.retry, accession(1), NOW + HOUR)

    assert (found.state, found.attempts, found.run_at, found.reason) == (FilingState.SPOTTED, 0, NOW + HOUR, None)
    assert (found.run_as, found.settled_at) == (Origin.LIVE, None)


def test_a_saved_filing_that_is_retried_is_a_reread(store: Store):
    saved(store, report())

    assert store.write_now(filings.retry, ACCESSION, NOW).run_as is Origin.REREAD


def test_a_reread_that_fails_stays_a_reread(store: Store):
    saved(store, report())
    store.write_now(filings.retry, ACCESSION, NOW)
    store.write_now(filings.fail, ACCESSION, "no", NOW, None)

    assert store.write_now(filings.retry, ACCESSION, NOW).run_as is Origin.REREAD


def test_how_a_filing_came_to_us_stays_known_after_a_reread(store: Store):
    saved(store, report())
    store.write_now(filings.retry, ACCESSION, NOW)

    assert stored(store).filing.origin is Origin.LIVE


def test_a_filing_that_was_only_listed_is_live_when_someone_brings_it(store: Store):
    listed = replace(filing(), origin=Origin.BACKFILL)
    store.write_now(filings.spot, [listed], NOW, state=FilingState.LISTED)
    store.write_now(filings.adopt, ACCESSION, ARCHIVED, NOW + HOUR, submit=lambda _, __: None)

    found = stored(store)
    assert (found.state, found.run_as, found.run_at) == (FilingState.SPOTTED, Origin.LIVE, NOW + HOUR)
    assert found.archived == ARCHIVED


def test_a_parked_filing_is_tried_again_when_someone_brings_its_bytes(store: Store):
    spot(store, 1)
    store.write_now(filings.fail, accession(1), "no answer", NOW, None)
    store.write_now(filings.adopt, accession(1), ARCHIVED, NOW + HOUR, submit=lambda _, __: None)

    found = stored(store)
    assert (found.state, found.attempts, found.reason) == (FilingState.SPOTTED, 0, None)


def test_where_the_raw_bytes_lie_is_noted(store: Store):
    spot(store, 1)
    store.write_now(filings.note_archived, accession(1), ARCHIVED)

    assert stored(store).archived == ARCHIVED


# Asking.


def find(store: Store, **query) -> list[str]:
    return [one.filing.accession for one in store.read_now(filings.find, filings.Query(**query))]


@pytest.fixture
def shelf(store: Store) -> Store:
    """Three filings that differ in everything that can be asked for."""
    spot(
        store,
        1,
        accepted_at=NOW - HOUR,
        filed_on=date(2026, 1, 10),
        form="8-K/A",
        filers=(Filer(7, "A"), Filer(8, "B")),
    )
    spot(store, 2, accepted_at=None, filed_on=None)
    spot(store, 3, accepted_at=NOW, filed_on=date(2026, 1, 12))
    saved(store, replace(report(accession(3)), filing=stored(store, accession(3)).filing))
    return store


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [3, 2, 1]),  # of 2 it is not known when it was accepted: it counts as of its spotting
        ({"form": "8-K/A"}, [1]),
        ({"state": FilingState.SAVED}, [3]),
        ({"item": "7.01"}, [3]),
        ({"cik": 8}, [1]),
        ({"since": date(2026, 1, 11)}, [3]),
        ({"until": date(2026, 1, 11)}, [1]),
        ({"limit": 1}, [3]),
        ({"limit": 1, "offset": 1}, [2]),
        ({"limit": None, "offset": 1}, [2, 1]),
        ({"form": "8-K/A", "cik": 320}, []),
    ],
    ids=str,
)
def test_each_question_gives_what_it_asks_for_latest_first(shelf: Store, query, numbers):
    assert find(shelf, **query) == [accession(number) for number in numbers]


def test_filings_are_counted_by_state(shelf: Store):
    assert shelf.read_now(filings.count_by_state) == {FilingState.SPOTTED: 2, FilingState.SAVED: 1}


def test_the_items_of_many_filings_are_found_in_their_order(store: Store):
    numbers = ("8.01", "1.01", "9.01")
    items = tuple(Item(number, "", declared=True, found=True) for number in numbers)
    saved(store, replace(report(), items=items))

    many = [accession(number) for number in range(2500)]
    assert store.read_now(filings.items_of, many) == {ACCESSION: numbers}


# The database beneath.


def test_times_come_back_aware_and_in_utc(store: Store):
    eastern = timezone(timedelta(hours=-5))
    spot(store, 1, accepted_at=datetime(2026, 1, 12, 12, 0, tzinfo=eastern))

    found = stored(store).filing.accepted_at
    assert (found, found and found.tzinfo) == (NOW, UTC)


def test_times_of_other_zones_are_compared_as_instants(store: Store):
    spot(store, 1)
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    before = store.read_now(filings.due, tokyo - timedelta(seconds=1), 9)
    assert (before, store.read_now(filings.due, tokyo, 9)) == ((), (ACCESSION,))


def test_a_time_without_a_zone_is_refused(store: Store):
    with pytest.raises(StoreError, match="a time without a zone"):
        spot(store, 1, accepted_at=datetime(2026, 1, 12))  # noqa: DTZ001


def test_a_function_that_raises_leaves_nothing(store: Store):
    def fail(connection: Connection) -> None:
        set_meta(connection, "a", "1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_now(fail)

    assert store.read_now(get_meta, "a") is None


def test_what_one_opening_wrote_the_next_one_finds(tmp_path: Path):
    url = store_url(tmp_path / "eightk.db")
    with Store(url) as first:
        saved(first, report())
    with Store(url) as second:
        loaded = second.read_now(reports.load, ACCESSION)

    assert loaded == report()


def test_a_store_keeps_its_id(tmp_path: Path):
    url = store_url(tmp_path / "eightk.db")
    with Store(url) as first, Store(url) as second:
        assert first.id == second.id != ""


def test_a_reader_sees_nothing_of_an_open_transaction_and_does_not_wait_for_it(store: Store):
    def half_done(connection: Connection) -> str | None:
        set_meta(connection, "a", "1")
        return store.read_now(get_meta, "a")

    assert store.write_now(half_done) is None


def test_a_reader_cannot_write(store: Store):
    with pytest.raises(StoreError, match=r"read-?only"):
        store.read_now(set_meta, "a", "1")


def test_facts_about_the_store_are_kept_and_replaced(store: Store):
    store.write_now(set_meta, "a", "1")
    store.write_now(set_meta, "a", "2")

    assert store.read_now(get_meta, "a") == "2"


async def test_writes_from_many_tasks_come_one_after_the_other(store: Store):

    def count_up(connection: Connection) -> None:
        set_meta(connection, "n", str(int(get_meta(connection, "n") or 0) + 1))

    await asyncio.gather(*(store.write(count_up) for _ in range(50)))

    assert await store.read(get_meta, "n") == "50"


# What EDGAR's own lists say.


def test_what_is_not_in_the_store_is_unknown_however_many_are_asked_for(store: Store):
    spot(store, 1, 2)
    many = [accession(number) for number in range(1, 2501)]

    assert store.read_now(filings.unknown, many) == set(many[2:])
    assert store.read_now(filings.unknown, []) == frozenset()


def test_what_edgar_listed_of_a_day_is_told_apart_from_what_was_brought_by_hand(store: Store):
    spot(store, 1, at=NOW - HOUR)
    spot(store, 2, at=NOW - HOUR, source="folder")
    spot(store, 3, at=NOW - HOUR, filed_on=date(2026, 1, 9))
    spot(store, 4, at=NOW + HOUR)

    assert store.read_now(filings.listed_by_edgar, NOW.date(), NOW.date(), NOW) == {accession(1)}
    assert store.read_now(filings.listed_by_edgar, date(2026, 1, 9), NOW.date(), NOW) == {accession(1), accession(3)}


def test_what_is_gone_is_marked_with_the_first_day_and_can_come_back(store: Store):
    spot(store, 1, 2)
    store.write_now(filings.mark_gone, [accession(1)], date(2026, 1, 13))
    store.write_now(filings.mark_gone, [accession(1)], date(2026, 1, 14))
    gone_on = stored(store).gone_on

    back = store.write_now(filings.unmark_gone, [accession(1), accession(2)])

    assert (gone_on, back, stored(store).gone_on) == (date(2026, 1, 13), (accession(1),), None)


def test_what_was_only_listed_can_be_wanted(store: Store):
    asked: list[str] = []
    spot(store, 1, state=FilingState.LISTED, origin=Origin.BACKFILL)
    spot(store, 2)

    wanted = store.write_now(
        filings.want,
        [accession(1), accession(2), accession(3)],
        NOW + HOUR,
        run_as=Origin.BACKFILL,
        submit=lambda _, one: asked.append(one),
    )

    found = stored(store)
    assert wanted == tuple(asked) == (accession(1),)
    assert (found.state, found.run_at, found.run_as) == (FilingState.SPOTTED, NOW + HOUR, Origin.BACKFILL)


def test_what_a_source_took_in_is_counted_without_what_it_only_listed(store: Store):
    spot(store, 1, 2, source="audit")
    spot(store, 3, source="audit", state=FilingState.LISTED)
    spot(store, 4)

    assert store.read_now(filings.count_taken_in, [accession(number) for number in (1, 3, 4)], "audit") == 1


def test_what_nobody_waits_for_is_counted_while_it_is_under_way(store: Store):
    spot(store, 1)
    spot(store, 2, origin=Origin.LATE, source="audit")
    spot(store, 3, 4, 5, origin=Origin.BACKFILL, source="backfill")
    store.write_now(filings.fail, accession(3), "404", NOW, NOW + HOUR)
    store.write_now(filings.skip, accession(4), "form is 10-K", NOW)

    assert store.read_now(filings.count_waiting) == filings.Waiting(all=3, untried=2)


def test_parked_filings_are_counted_by_their_filing_date(store: Store):
    spot(store, 1, 2)
    spot(store, 3, filed_on=date(2026, 1, 9))
    for number in (1, 3):
        store.write_now(filings.fail, accession(number), "no filing", NOW, None)

    assert store.read_now(filings.count_failed, NOW.date(), NOW.date()) == 1
    assert store.read_now(filings.count_failed, date(2026, 1, 1), NOW.date()) == 2
