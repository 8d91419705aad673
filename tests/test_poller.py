"""The poller against lists made by hand: paging, the cursor, and who counts as from before our time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from _stores import store_url
from _wire import CONTACT, ManualClock

from watcher.clock import Clock
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.client import EdgarClient
from watcher.edgar.feed import CurrentPage
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing, FilingState, Origin
from watcher.simulator.crawl import Crawl
from watcher.simulator.server import Simulator
from watcher.sources.intake import Intake
from watcher.sources.poller import CHANNEL, Poller
from watcher.sources.rhythm import Rhythm
from watcher.sources.wanted import EVERYTHING, Wanted
from watcher.store import filings, sightings
from watcher.store.database import Store, get_meta

pytestmark = pytest.mark.usefixtures("either_store")

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
        self.is_unreadable = False

    def add(self, *entries: Filing) -> None:
        self.entries = [*entries, *self.entries]

    async def current_filings(self, start: int, count: int = PAGE, form: str = "8-K") -> CurrentPage:
        if start // count >= self.fails_from:
            raise EdgarError("cut off")
        self.pages_read += 1
        page = tuple(self.entries[start : start + count])
        is_last = len(page) < count
        if self.is_unreadable:
            return CurrentPage(
                NOON, problems=("entry 1 ('?'): no accession number",), entries=len(page), is_last=is_last
            )
        return CurrentPage(NOON, page, entries=len(page), is_last=is_last)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def make_poller(
    edgar: List, store: Store, lost: Callable[[datetime], None] = lambda since: None, wanted: Wanted = EVERYTHING
) -> Poller:
    return Poller(edgar, store=store, clock=Clock(), intake=Intake(lambda connection, one: None, wanted), lost=lost)


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


# What is no list.


async def test_a_list_that_became_empty_is_an_outage_and_not_nothing_new(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.entries = []

    with pytest.raises(EdgarError, match="expected what it showed before, came an empty list"):
        await poller.poll()


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_page_of_which_nothing_can_be_read_is_an_outage_and_not_nothing_new(
    store: Store, is_first: bool
) -> None:
    edgar = List(*day(10, 2, NOON))
    poller = make_poller(edgar, store)
    if not is_first:
        await poller.poll()
    edgar.is_unreadable = True

    with pytest.raises(EdgarError, match=r"none of its 2 entries can be read: entry 1 \('\?'\): no accession number"):
        await poller.poll()


async def test_an_outage_is_kept_with_its_reason_until_a_poll_gets_through(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller = make_poller(edgar, store)
    await poller.poll_and_tell()
    listed_before, edgar.entries = edgar.entries, []
    await poller.poll_and_tell()
    failing = (poller.failing_since is not None, poller.failure)
    edgar.entries = listed_before
    await poller.poll_and_tell()

    assert failing == (True, "EDGAR's live list: expected what it showed before, came an empty list")
    assert poller.failing_since is None


async def test_edgars_refusal_to_page_deeper_ends_the_poll(store: Store) -> None:
    """Past its deepest page it answers 503, which the client gives as a last page without entries."""
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(*day(1000, 5_100, NOON))

    spotted = await poller.poll()

    assert (spotted, edgar.pages_read) == (5_100, 1 + 52)


# The cursor is what this list has shown.


async def test_what_only_others_showed_is_no_reason_to_stop_paging(store: Store) -> None:
    edgar = List(*day(10, 300, NOON - timedelta(hours=20)))
    poller = make_poller(edgar, store)
    await poller.poll()
    newest = day(1000, 100, NOON + timedelta(hours=1))
    store.write_now(filings.spot, newest, NOON)
    await poller.poll()
    edgar.add(*newest, listed(900, NOON + timedelta(minutes=59)))

    await poller.poll()

    assert "0900" in {key for key, _ in origins(store)}


async def test_the_first_sighting_of_each_filing_is_kept(store: Store) -> None:
    one = listed(1, NOON)
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(one)
    await poller.poll()
    first = datetime.now(UTC)

    await poller.poll()

    assert store.read_now(sightings.seen_by, [one.accession], CHANNEL, first) == {one.accession}


async def test_an_entry_without_a_form_is_spotted_and_reading_it_will_show(store: Store) -> None:
    edgar = List()
    poller = make_poller(edgar, store)
    await poller.poll()
    edgar.add(replace(listed(1, NOON), form=None))

    assert await poller.poll() == 1


async def test_an_odd_entry_without_a_time_does_not_make_the_last_day_an_older_one(store: Store) -> None:
    first, *others = day(10, 3, NOON)
    edgar = List(replace(first, accepted_at=None, filed_on=None), *others)

    await make_poller(edgar, store).poll()

    assert origins(store) == {(f"{number:04}", Origin.BACKFILL) for number in (10, 11, 12)}


# What is wanted.


async def test_what_is_not_wanted_is_listed_with_its_reason_and_is_known_from_then_on(store: Store) -> None:
    edgar = List()
    poller = make_poller(edgar, store, wanted=Wanted(forms=frozenset({"8-K"})))
    await poller.poll()
    edgar.add(listed(1, NOON, "8-K/A"), listed(2, NOON))

    spotted = [await poller.poll(), await poller.poll()]

    assert spotted == [1, 0]
    assert {key: (one.state, one.reason) for key, one in stored(store).items()} == {
        listed(1, NOON).accession: (FilingState.LISTED, "not wanted: form 8-K/A"),
        listed(2, NOON).accession: (FilingState.SPOTTED, None),
    }


async def test_a_filing_whose_wanted_filer_stands_on_the_next_page_is_wanted(store: Store) -> None:
    one = listed(1, NOON)
    edgar = List()
    poller = make_poller(edgar, store, wanted=Wanted(ciks=frozenset({77})))
    await poller.poll()
    edgar.add(*day(1000, 99, NOON + timedelta(hours=1)), one, replace(one, filers=(Filer(77, "Second"),)))

    spotted = await poller.poll()

    assert (spotted, origins(store)) == (1, {("0001", Origin.LIVE)})
    assert stored(store)[one.accession].reason is None


async def test_a_filing_held_since_last_evening_belongs_to_the_day_on_which_it_is_published(store: Store) -> None:
    """Its filing date is today's, and so is the index that will have it."""
    held, yesterday = listed(2, NOON - timedelta(hours=14)), listed(1, NOON - timedelta(days=3))

    await make_poller(List(*day(10, 2, NOON), held, yesterday), store).poll()

    assert origins(store) == {(name, Origin.BACKFILL) for name in ("0002", "0010", "0011")}


# What may have been listed and not seen.


def lossy(edgar: List, store: Store) -> tuple[Poller, list[datetime]]:
    lost: list[datetime] = []
    return make_poller(edgar, store, lost.append), lost


async def test_a_list_that_does_not_reach_back_to_what_was_known_is_told(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller, lost = lossy(edgar, store)
    await poller.poll()
    known_at = datetime.fromisoformat(store.read_now(get_meta, "poller.complete_at") or "")
    edgar.entries = day(1000, 150, NOON + timedelta(days=9))

    await poller.poll()

    assert lost == [known_at]


async def test_it_is_told_too_when_a_poll_that_was_cut_off_had_taken_in_all_but_the_end(store: Store) -> None:
    edgar = List(*day(10, 50, NOON))
    poller, lost = lossy(edgar, store)
    await poller.poll()
    edgar.entries = day(1000, 200, NOON + timedelta(days=9))
    edgar.fails_from = 2
    with pytest.raises(EdgarError):
        await poller.poll()
    edgar.fails_from = 10_000

    spotted = await poller.poll()

    assert (spotted, len(lost)) == (0, 1)


async def test_a_list_that_still_shows_something_known_has_lost_nothing(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller, lost = lossy(edgar, store)
    await poller.poll()
    edgar.add(*day(1000, 150, NOON + timedelta(days=1)))

    await poller.poll()

    assert lost == []


async def test_the_first_filings_ever_reach_back_to_nothing(store: Store) -> None:
    edgar = List()
    poller, lost = lossy(edgar, store)
    await poller.poll()
    edgar.add(listed(1, NOON))

    await poller.poll()

    assert lost == []


async def test_after_an_outage_it_is_told_since_when(store: Store) -> None:
    edgar = List(*day(10, 2, NOON))
    poller, lost = lossy(edgar, store)
    await poller.poll_and_tell()
    edgar.fails_from = 0
    await poller.poll_and_tell()
    began = poller.failing_since
    edgar.fails_from = 10_000

    await poller.poll_and_tell()

    assert lost == [began]


# A captured day.


async def test_every_8k_of_a_captured_crawl_is_spotted_the_held_ones_too_and_no_page_is_read_for_nothing(
    shared: Path, store: Store
) -> None:
    crawl = Crawl.read(shared / "edgar" / "samples" / "getcurrent" / "A_20251212T2302Z")
    clock = ManualClock(datetime(2025, 12, 11, 16, 45, tzinfo=NEW_YORK))
    simulator = Simulator.from_crawl(crawl, clock=clock)
    rhythm = Rhythm(open_seconds=300, busy_seconds=300, closed_seconds=1800)
    pages = []
    async with EdgarClient(contact=CONTACT, clock=clock, transport=httpx.ASGITransport(simulator.app)) as edgar:
        poller = Poller(edgar, store=store, clock=clock, intake=Intake(lambda connection, one: None))
        while clock.now() <= crawl.captured_at + timedelta(minutes=5):
            before = edgar.requests_made
            spotted = await poller.poll()
            # After those with something new on them one that is wholly known.
            pages.append((edgar.requests_made - before, 2 + spotted // PAGE if spotted else 1))
            clock.at = rhythm.next_look(clock.now()).timestamp()

    family = {one.accession for one in crawl.catalog.filings if one.form in EIGHT_K_FORMS}
    assert family - stored(store).keys() == set()
    assert [(read, needed) for read, needed in pages[1:] if read > needed] == []
