"""The channels that confirm the live list: first seen wins, and leads and misses are measured."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from _stores import store_url
from _wire import CONTACT, ManualClock

from watcher.edgar.client import EdgarClient
from watcher.errors import BlockedError, EdgarError
from watcher.models import Filer, Filing, FilingState, Origin
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator
from watcher.sources.channels import Channel, ChannelName, FullText, XbrlRss, list_of
from watcher.sources.intake import Intake
from watcher.sources.poller import COMPLETE_KEY, FLOOR_KEY, Poller
from watcher.sources.rhythm import Rhythm
from watcher.sources.wanted import EVERYTHING, Wanted
from watcher.store import filings, sightings
from watcher.store.database import Store, set_meta
from watcher.store.sightings import ChannelRecord
from watcher.web.api.lists import seconds_words
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

# A Monday at noon in New York.
NOON = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
TODAY = date(2026, 1, 12)
OFTEN = Rhythm(open_seconds=120, busy_seconds=120, closed_seconds=600)


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


def item(number: int, *, at: datetime = NOON, form: str = "8-K") -> str:
    """One made-up entry of the XBRL feed."""
    local = at - timedelta(hours=5)
    return (
        "<item><xbrlFiling><companyName>Larkspur</companyName>"
        f"<formType>{form}</formType><filingDate>{local:%m/%d/%Y}</filingDate><cikNumber>{number:010}</cikNumber>"
        f"<accessionNumber>{accession(number)}</accessionNumber><assignedSic>3826</assignedSic>"
        f"<acceptanceDatetime>{local:%Y%m%d%H%M%S}</acceptanceDatetime></xbrlFiling></item>"
    )


def rss(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss><channel><title>t</title>{"".join(items)}</channel></rss>'.encode()


def hits(numbers: Iterable[int], *, total: int, start: int) -> bytes:
    """One made-up page of the full-text search: one document for each number."""
    found = [
        {
            "_id": f"{accession(number)}:a.htm",
            "_source": {
                "ciks": [f"{number:010}"],
                "display_names": [f"Larkspur {number}  (LK{number})  (CIK {number:010})"],
                "root_forms": ["8-K"],
                "form": "8-K",
                "file_date": TODAY.isoformat(),
                "adsh": accession(number),
                "sics": ["3826"],
                "items": ["8.01"],
            },
        }
        for number in numbers
    ]
    outer = {"total": {"value": total, "relation": "eq"}, "hits": found}
    return json.dumps({"hits": outer, "query": {"from": start, "size": 100}}).encode()


class Lists:
    """EDGAR's two other lists; ``errors`` are raised first, one for each request."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.documents: list[int] = []
        self.errors: list[Exception] = []
        self.asked: list[tuple[Any, ...]] = []

    async def xbrl_feed(self) -> bytes:
        self._ask("xbrl")
        return rss(*self.items)

    async def full_text_search(self, first_day: date, last_day: date, *, forms: Iterable[str], start: int = 0) -> bytes:
        self._ask(first_day, last_day, tuple(forms), start)
        return hits(self.documents[start : start + 100], total=len(self.documents), start=start)

    def _ask(self, *question: Any) -> None:
        self.asked.append(question)
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        opened.write_now(set_meta, COMPLETE_KEY, NOON.isoformat())
        opened.write_now(set_meta, FLOOR_KEY, (NOON - timedelta(days=4)).isoformat())
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def lists() -> Lists:
    return Lists()


def make_channel(
    name: ChannelName, lists: Lists, store: Store, clock: ManualClock, wanted: Wanted = EVERYTHING
) -> Channel:
    intake = Intake(lambda connection, one: None, wanted)
    return Channel(list_of(name, lists, clock), store=store, clock=clock, rhythm=OFTEN, intake=intake)


def stored(store: Store) -> dict[str, filings.StoredFiling]:
    return {one.filing.accession: one for one in store.read_now(filings.find, filings.Query(limit=None))}


# What they show.


async def test_what_the_xbrl_feed_shows_first_is_spotted_as_live_under_its_name(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.items = [item(1)]

    await make_channel("xbrl-rss", lists, store, clock).read()

    one = stored(store)[accession(1)]
    assert (one.state, one.run_as) == (FilingState.SPOTTED, Origin.LIVE)
    assert (one.filing.source, one.filing.channel, one.filing.accepted_at) == ("poller", "xbrl-rss", NOON)


async def test_what_the_search_shows_first_is_spotted_as_live_under_its_name(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.documents = [1]

    await make_channel("full-text", lists, store, clock).read()

    one = stored(store)[accession(1)]
    assert (one.state, one.run_as) == (FilingState.SPOTTED, Origin.LIVE)
    assert (one.filing.channel, one.filing.items, one.filing.filers[0].tickers) == ("full-text", ("8.01",), ("LK1",))


async def test_what_another_showed_before_stays_under_that_ones_name(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    known = Filing(accession(1), "8-K", (Filer(1, "x"),), TODAY, NOON, source="poller", channel="getcurrent")
    store.write_now(filings.spot, [known], NOON)
    lists.items = [item(1)]

    spotted = await make_channel("xbrl-rss", lists, store, clock).read()

    assert (spotted, stored(store)[accession(1)].filing.channel) == (0, "getcurrent")


@pytest.mark.parametrize("name", ["xbrl-rss", "full-text"])
async def test_nothing_is_asked_before_the_poller_has_begun_to_watch(
    name: ChannelName, tmp_path: Path, lists: Lists, clock: ManualClock
) -> None:
    """All that a list has would look new, and be told."""
    with Store(store_url(tmp_path / "new.db")) as store:
        spotted = await make_channel(name, lists, store, clock).read()

    assert (spotted, lists.asked) == (0, [])


async def test_what_is_from_before_the_watcher_began_is_listed_only(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.items = [item(1, at=NOON - timedelta(days=5))]

    await make_channel("xbrl-rss", lists, store, clock).read()

    assert [(one.state, one.run_as) for one in stored(store).values()] == [(FilingState.LISTED, Origin.BACKFILL)]


async def test_other_forms_in_the_feed_are_left_alone(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.items = [item(1, form="10-Q"), item(2, form="8-K/A")]

    await make_channel("xbrl-rss", lists, store, clock).read()

    assert stored(store).keys() == {accession(2)}


async def test_what_is_not_wanted_is_listed_with_its_reason(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.items = [item(1)]

    await make_channel("xbrl-rss", lists, store, clock, Wanted(sics=("28",))).read()

    one = stored(store)[accession(1)]
    assert (one.state, one.reason) == (FilingState.LISTED, "not wanted: industry 3826")


# Outages.


async def test_a_feed_that_became_empty_is_an_outage_and_not_nothing_new(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    channel = make_channel("xbrl-rss", lists, store, clock)
    at_first = await channel.read()
    lists.items = [item(1)]
    await channel.read()
    lists.items = []

    with pytest.raises(EdgarError, match="xbrl-rss: expected the latest filings, came none"):
        await channel.read()
    assert at_first == 0


async def test_a_search_without_hits_is_a_quiet_day(lists: Lists, store: Store, clock: ManualClock) -> None:
    assert await make_channel("full-text", lists, store, clock).read() == 0


async def test_an_answer_that_fails_is_asked_for_again(lists: Lists, store: Store, clock: ManualClock) -> None:
    """One in seven of the search's was seen to."""
    lists.documents = [1]
    lists.errors = [EdgarError("status 500", status=500)] * 2

    spotted = await make_channel("full-text", lists, store, clock).read()

    assert (spotted, len(lists.asked)) == (1, 3)


async def test_a_search_that_fails_three_times_is_an_outage(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.errors = [EdgarError("status 500", status=500)] * 3

    with pytest.raises(EdgarError, match="status 500"):
        await make_channel("full-text", lists, store, clock).read()


async def test_a_block_is_not_asked_into(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.errors = [BlockedError("blocked")]

    with pytest.raises(BlockedError):
        await make_channel("full-text", lists, store, clock).read()

    assert len(lists.asked) == 1


async def test_what_was_shown_before_an_error_stays(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.documents = list(range(150))
    channel = make_channel("full-text", lists, store, clock)

    async def failing(first_day: date, last_day: date, *, forms: Iterable[str], start: int = 0) -> bytes:
        if start:
            raise EdgarError("cut off")
        return hits(range(100), total=150, start=0)

    lists.full_text_search = failing  # type: ignore[method-assign]
    with pytest.raises(EdgarError):
        await channel.read()

    assert len(stored(store)) == 100
    assert store.read_now(sightings.read_at, "full-text") is None


async def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(
    lists: Lists, store: Store, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    lists.items = [item(1)]
    lists.errors = [EdgarError("gone"), EdgarError("gone"), OverflowError("odd")]
    channel = make_channel("xbrl-rss", lists, store, clock)
    for _ in range(4):
        await channel.read_and_tell()

    said = [record.message for record in caplog.records if "read" in record.message and record.levelname != "ERROR"]
    told = [record.message for record in caplog.records if record.levelname == "ERROR" and not record.exc_info]
    assert (told, said) == (["channel cannot be read; trying on"], ["channel can be read again"])


# How the search is read.


async def test_the_search_is_paged_to_its_end_in_all_root_forms(lists: Lists, store: Store, clock: ManualClock) -> None:
    lists.documents = list(range(250))

    spotted = await make_channel("full-text", lists, store, clock).read()

    assert spotted == 250
    assert [start for _, _, _, start in lists.asked] == [0, 100, 200]
    assert lists.asked[0][:3] == (TODAY, TODAY, ("8-K", "8-K12B", "8-K12G3", "8-K15D5"))


async def test_while_there_are_as_many_hits_as_before_one_page_is_enough(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.documents = list(range(250))
    channel = make_channel("full-text", lists, store, clock)
    await channel.read()
    lists.asked.clear()
    await channel.read()
    quiet = len(lists.asked)
    # Its order within a day is unknown: what is new may stand anywhere.
    lists.documents.append(900)
    spotted = await channel.read()

    assert (quiet, spotted) == (1, 1)


async def test_hits_that_came_between_two_pages_are_looked_for_the_next_time(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.documents = list(range(150))
    channel = make_channel("full-text", lists, store, clock)
    plain = lists.full_text_search

    async def growing(first_day: date, last_day: date, *, forms: Iterable[str], start: int = 0) -> bytes:
        body = await plain(first_day, last_day, forms=forms, start=start)
        if not start and len(lists.documents) == 150:
            # It pushes the last one of the first page over to the second, and is missed itself.
            lists.documents.insert(0, 900)
        return body

    lists.full_text_search = growing  # type: ignore[method-assign]
    await channel.read()
    missed = accession(900) not in stored(store)
    lists.asked.clear()
    await channel.read()

    assert missed
    assert (len(lists.asked), accession(900) in stored(store)) == (2, True)


async def test_after_a_night_the_day_of_the_last_reading_is_asked_for_too(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    channel = make_channel("full-text", lists, store, clock)
    await channel.read()
    clock.at += 20 * 3600

    await channel.read()

    assert lists.asked[-1][:2] == (TODAY, TODAY + timedelta(days=1))


async def test_after_a_month_no_more_than_a_week_is_asked_for(lists: Lists, store: Store, clock: ManualClock) -> None:
    channel = make_channel("full-text", lists, store, clock)
    await channel.read()
    clock.at += 30 * 86400

    await channel.read()

    assert lists.asked[-1][:2] == (TODAY + timedelta(days=23), TODAY + timedelta(days=30))


# How they compare.


def see(store: Store, number: int, *, origin: Origin = Origin.LIVE, form: str = "8-K", **seconds: float) -> None:
    """Have channels show a filing so many seconds after noon."""
    at = {name.replace("_", "-"): NOON + timedelta(seconds=value) for name, value in seconds.items()}
    one = Filing(accession(number), form, (Filer(number, "x"),), TODAY, NOON, origin=origin, source="poller")
    store.write_now(filings.spot, [one], min(at.values()))
    for name, moment in at.items():
        store.write_now(sightings.note, [one.accession], name, moment)


def compared(store: Store, *, hours: float = 48, since: datetime = NOON) -> dict[str, ChannelRecord]:
    found = store.read_now(sightings.compare, since, NOON + timedelta(hours=hours))
    return {one.channel: one for one in found}


def test_the_first_sighting_stays_whatever_comes_later(store: Store) -> None:
    see(store, 1, getcurrent=5)
    store.write_now(sightings.note, [accession(1)], "getcurrent", NOON + timedelta(seconds=99))

    assert store.read_now(sightings.seen_by, [accession(1)], "getcurrent", NOON + timedelta(seconds=5)) == {
        accession(1)
    }


def test_each_channel_s_lead_and_lag_are_told(store: Store) -> None:
    for number, (live, search) in enumerate([(0, 30), (0, 40), (50, 0)]):
        see(store, number, getcurrent=live, full_text=search)

    found = compared(store)
    live, search = found["getcurrent"], found["full-text"]
    assert (live.seen, live.first, live.median_lead_seconds, live.median_lag_seconds) == (3, 2, 35, 0)
    assert (search.seen, search.first, search.median_lead_seconds, search.median_lag_seconds) == (3, 1, 50, 30)
    assert (live.p90_lag_seconds, search.p90_lag_seconds) == (40, 38)


def test_one_that_others_showed_a_day_ago_counts_as_missed(store: Store) -> None:
    see(store, 1, getcurrent=0)
    see(store, 2, full_text=0)

    missed = [{name: one.missed for name, one in compared(store, hours=hours).items()} for hours in (23, 25)]
    assert missed == [{"getcurrent": 0, "full-text": 0}, {"getcurrent": 1, "full-text": 1}]


def test_what_the_audit_finds_is_a_miss_of_the_live_list(store: Store) -> None:
    see(store, 1, getcurrent=0, daily_index=36_000)
    see(store, 2, daily_index=36_000, origin=Origin.LATE)

    found = compared(store)
    assert (found["getcurrent"].missed, found["daily-index"].missed, found["daily-index"].first) == (1, 0, 1)


def test_what_was_there_when_the_watcher_began_says_nothing_of_channels(store: Store) -> None:
    see(store, 1, getcurrent=0, full_text=3000, origin=Origin.BACKFILL)

    assert compared(store) == {}


def test_one_that_turned_out_to_be_of_another_form_is_nobodys_miss(store: Store) -> None:
    see(store, 1, full_text=0, form="10-K")

    assert compared(store) == {}


def test_a_withdrawn_filing_is_nobodys_miss(store: Store) -> None:
    see(store, 1, getcurrent=0)
    store.write_now(filings.mark_gone, [accession(1)], TODAY)

    assert compared(store) == {}


def test_what_came_before_the_span_does_not_count(store: Store) -> None:
    see(store, 1, getcurrent=0, full_text=10)
    see(store, 2, getcurrent=600, full_text=620)

    found = compared(store, since=NOON + timedelta(minutes=5))
    assert (found["full-text"].seen, found["full-text"].median_lag_seconds) == (1, 20)


async def test_a_channel_is_compared_from_its_first_reading_on(lists: Lists, store: Store, clock: ManualClock) -> None:
    """What others had shown before it was switched on would count as hours of lag."""
    see(store, 1, getcurrent=0)
    see(store, 2, getcurrent=10)
    clock.at += 7200
    lists.items = [item(1)]
    await make_channel("xbrl-rss", lists, store, clock).read()
    see(store, 3, getcurrent=7300, xbrl_rss=7360)

    one = compared(store)["xbrl-rss"]
    assert (one.seen, one.missed, one.median_lag_seconds) == (1, 0, 60)
    assert one.since == NOON + timedelta(hours=2)


async def test_a_channel_that_was_off_while_others_saw_something_is_compared_anew(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.items = [item(900)]
    await make_channel("xbrl-rss", lists, store, clock).read()
    see(store, 1, getcurrent=3600)
    clock.at += 7200
    await make_channel("xbrl-rss", lists, store, clock).read()

    assert compared(store)["xbrl-rss"].since == NOON + timedelta(hours=2)


async def test_a_restart_while_nobody_saw_anything_changes_nothing(
    lists: Lists, store: Store, clock: ManualClock
) -> None:
    lists.items = [item(900)]
    await make_channel("xbrl-rss", lists, store, clock).read()
    clock.at += 7200
    await make_channel("xbrl-rss", lists, store, clock).read()

    assert compared(store)["xbrl-rss"].since == NOON


# How it is shown.


@pytest.fixture
def client(store: Store, clock: ManualClock) -> httpx.AsyncClient:
    async def nothing(*_: object) -> Any:
        raise AssertionError("not asked for here")

    health = Health(is_well=True, edgar="polling")
    desk = Desk(store, "", nothing, nothing, SimpleNamespace(progress=None), lambda: health, clock.now)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app(desk)), base_url="http://127.0.0.1")


async def test_the_api_tells_how_channels_compare(client: httpx.AsyncClient, store: Store, clock: ManualClock) -> None:
    see(store, 1, getcurrent=0, full_text=31.26)
    clock.at += 60

    told = (await client.get("/v1/channels?days=2")).json()

    assert told["since"] == "2026-01-10T17:01:00Z"
    assert told["channels"][0] == {
        "channel": "full-text",
        "since": "2026-01-10T17:01:00Z",
        "seen": 1,
        "first": 0,
        "median_lead_seconds": None,
        "median_lag_seconds": 31.3,
        "p90_lag_seconds": 31.3,
        "missed": 0,
    }


async def test_the_page_shows_a_table_when_there_is_something_to_compare(
    client: httpx.AsyncClient, store: Store, clock: ManualClock
) -> None:
    see(store, 1, getcurrent=0)
    alone = (await client.get("/health")).text
    see(store, 2, getcurrent=0, full_text=45)
    clock.at += 61
    both = (await client.get("/health")).text

    assert "lists compare" not in alone
    assert '<th scope="row">full-text</th><td>1</td><td>0</td><td></td><td>45 s</td>' in both


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0.0, "0 s"), (12.34, "12.3 s"), (600.0, "10 min"), (36_000.0, "10.0 h")]
)
def test_seconds_are_told_as_a_person_would(seconds: float | None, words: str) -> None:
    assert seconds_words(seconds) == words


# Against the pretend EDGAR.


async def test_with_every_channel_on_each_filing_is_spotted_once_and_leads_are_measured(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    simulator = Simulator.from_submissions([], clock=clock)
    made = Generator(7)
    with Store(store_url(tmp_path / "new.db")) as store:
        async with EdgarClient(contact=CONTACT, clock=clock, transport=httpx.ASGITransport(simulator.app)) as edgar:
            submitted: list[str] = []

            intake = Intake(lambda connection, one: submitted.append(one))
            poller = Poller(edgar, store=store, clock=clock, intake=intake)
            search = Channel(FullText(edgar, clock), store=store, clock=clock, rhythm=OFTEN, intake=intake)
            feed = Channel(XbrlRss(edgar), store=store, clock=clock, rhythm=OFTEN, intake=intake)
            await poller.poll()
            await search.read()
            for number in range(6):
                # EDGAR's list misses one of them.
                simulator.add(made.submission(accepted_at=clock.now()), is_listed=number != 3)
                clock.at += 100
                for look in (poller.poll, search.read, feed.read_and_tell):
                    await look()
                    clock.at += 1
        found = {one.channel: one for one in store.read_now(sightings.compare, NOON, clock.now() + timedelta(days=2))}

    assert len(submitted) == len(set(submitted)) == 6
    assert (found["full-text"].seen, found["full-text"].missed, found["full-text"].first) == (6, 0, 1)
    assert (found["getcurrent"].seen, found["getcurrent"].missed, found["getcurrent"].first) == (5, 1, 5)
