"""The poller against lists made by hand: paging, the cursor, and who counts as from before our time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watcher.clock import Clock
from watcher.edgar.feed import CurrentPage
from watcher.errors import EdgarError
from watcher.models import Filer, Filing, FilingState, Origin
from watcher.sources.poller import Poller
from watcher.store import filings
from watcher.store.database import Store

# A Monday at noon in New York.
NOON = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
PAGE = 100


def listed(number: int, at: datetime, form: str = "8-K") -> Filing:
    return Filing(f"0000000001-26-{number:06}", form, (Filer(number, f"Company {number}"),), at.date(), at)


class List:
    """EDGAR's list, newest first; ``fails_from`` is the first page that cannot be had."""

    def __init__(self, *entries: Filing) -> None:
        self.entries = list(entries)
        self.fails_from = 10_000
        self.pages_read = 0

    def add(self, *entries: Filing) -> None:
        self.entries = [*entries, *self.entries]

    async def current_filings(self, start: int, count: int = PAGE, form: str = "8-K") -> CurrentPage:
        if start // count >= self.fails_from:
            raise EdgarError("cut off")
        self.pages_read += 1
        page = tuple(self.entries[start : start + count])
        return CurrentPage(generated_at=NOON, filings=page, is_last=len(page) < count)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


def make_poller(edgar: List, store: Store) -> Poller:
    return Poller(edgar, store=store, clock=Clock(), submit=lambda connection, accession: None)


def day(first: int, count: int, at: datetime) -> list[Filing]:
    """So many filings, newest first, a minute apart."""
    return [listed(first + n, at + timedelta(minutes=n)) for n in reversed(range(count))]


def stored(store: Store) -> dict[str, filings.StoredFiling]:
    return {one.filing.accession: one for one in store.read_now(filings.find, filings.Query(limit=None))}


def origins(store: Store, state: FilingState = FilingState.SPOTTED) -> set[tuple[str, Origin]]:
    return {(key[-4:], one.run_as) for key, one in stored(store).items() if one.state is state}


async def test_the_first_poll_takes_the_last_edgar_day_as_backfill(store: Store) -> None:
    friday = listed(1, NOON - timedelta(days=3))

    await make_poller(List(*day(10, 2, NOON), friday), store).poll()

    assert origins(store) == {("0010", Origin.BACKFILL), ("0011", Origin.BACKFILL)}


async def test_what_is_older_than_the_first_day_is_listed_and_not_wanted(store: Store) -> None:
    await make_poller(List(*day(10, 2, NOON), listed(1, NOON - timedelta(days=3))), store).poll()

    assert origins(store, FilingState.LISTED) == {("0001", Origin.BACKFILL)}


async def test_what_is_listed_after_the_first_poll_is_live(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(listed(50, NOON + timedelta(hours=1)))

    await poller.poll()

    assert ("0050", Origin.LIVE) in origins(store)


async def test_an_empty_first_list_makes_everything_after_it_live(store: Store) -> None:
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(listed(1, NOON - timedelta(days=4000)))

    await poller.poll()

    assert origins(store) == {("0001", Origin.LIVE)}


async def test_a_held_filing_deep_in_the_list_is_found_when_something_newer_is_listed_above_it(store: Store) -> None:
    edgar = List(*day(10, 60, NOON))
    poller = make_poller(edgar, store)
    await poller.poll()
    # In the morning a filing of last evening surfaces below this morning's.
    held = listed(900, NOON + timedelta(hours=8))
    edgar.add(*day(200, 120, NOON + timedelta(hours=19)), held)

    await poller.poll()

    assert ("0900", Origin.LIVE) in origins(store)


async def test_a_poll_pages_on_until_a_whole_page_is_known(store: Store) -> None:
    edgar = List(*day(10, 500, NOON - timedelta(hours=20)))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(*day(1000, 150, NOON + timedelta(hours=1)))
    edgar.pages_read = 0

    spotted = await poller.poll()

    assert (spotted, edgar.pages_read) == (150, 3)


async def test_a_poll_with_nothing_new_reads_one_page(store: Store) -> None:
    edgar = List(*day(10, 500, NOON - timedelta(hours=20)))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.pages_read = 0

    await poller.poll()

    assert edgar.pages_read == 1


async def test_a_poll_cut_off_after_its_first_page_leaves_no_gap(store: Store) -> None:
    edgar = List(*day(10, 300, NOON - timedelta(hours=20)))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(*day(1000, 250, NOON + timedelta(hours=1)))
    edgar.fails_from = 1
    with pytest.raises(EdgarError):
        await poller.poll()
    edgar.fails_from = 10_000

    await poller.poll()

    assert len({key for key, origin in origins(store) if origin is Origin.LIVE}) == 250


async def test_a_first_poll_cut_off_half_way_leaves_nothing_that_looks_live(store: Store) -> None:
    edgar = List(*day(10, 300, NOON - timedelta(hours=5)))
    edgar.fails_from = 2
    poller = make_poller(edgar, store)
    with pytest.raises(EdgarError):
        await poller.poll()
    edgar.fails_from = 10_000

    await poller.poll()

    assert {origin for _, origin in origins(store)} == {Origin.BACKFILL}


async def test_entries_pushed_below_the_pages_first_read_do_not_become_live(store: Store) -> None:
    """Older filings that were never read come into sight when new ones make the next poll page deeper."""
    edgar = List(*day(500, 60, NOON), *day(10, 200, NOON - timedelta(days=4)))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(*day(1000, 70, NOON + timedelta(hours=1)))

    await poller.poll()

    assert {key for key, origin in origins(store) if origin is Origin.LIVE} == {f"{n:04}" for n in range(1000, 1070)}


async def test_other_forms_of_the_same_prefix_are_left_alone(store: Store) -> None:
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(listed(1, NOON, "8-K"), listed(2, NOON, "8-K12B"), listed(3, NOON, "8-KX"), listed(4, NOON, "8-A12B"))

    await poller.poll()

    assert origins(store) == {("0001", Origin.LIVE), ("0002", Origin.LIVE)}


async def test_co_filers_of_one_filing_are_one_filing(store: Store) -> None:
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    one = listed(1, NOON)
    edgar.add(one, replace(one, filers=(Filer(77, "Second"),)))

    spotted = await poller.poll()

    assert (spotted, [filer.cik for filer in stored(store)[one.accession].filing.filers]) == (1, [1, 77])


async def test_a_restarted_poller_goes_on_where_it_was(store: Store) -> None:
    edgar = List(*day(10, 50, NOON))
    await make_poller(edgar, store).poll()
    edgar.add(listed(900, NOON + timedelta(hours=3)))

    await make_poller(edgar, store).poll()

    assert ("0900", Origin.LIVE) in origins(store)


async def test_an_outage_is_logged_once_when_it_begins_and_once_when_it_ends(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    edgar = List()
    poller = make_poller(edgar, store)
    caplog.set_level("INFO")
    edgar.fails_from = 0
    for _ in range(3):
        await poller.poll_and_tell()
    edgar.fails_from = 10_000
    await poller.poll_and_tell()

    said = [record.message for record in caplog.records if "polled" in record.message]
    assert said == ["EDGAR cannot be polled; trying on", "EDGAR can be polled again"]


async def test_whatever_breaks_a_poll_does_not_end_the_daemon(store: Store) -> None:
    class Broken(List):
        async def current_filings(self, start: int, count: int = PAGE, form: str = "8-K") -> CurrentPage:
            raise OverflowError("date value out of range")

    poller = make_poller(Broken(), store)

    await poller.poll_and_tell()

    assert (poller.failing_since is not None, poller.failure) == (True, "OverflowError: date value out of range")
