"""Silence is an alarm: what the operator is told, when it begins and when it is over."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from _stores import store_url

from watcher.clock import Clock
from watcher.monitoring.watchman import KINDS, Knowledge, Watchman, busy_minutes_between, wrong_now
from watcher.store import alarms, deliveries
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

NOON = datetime(2025, 3, 5, 17, 0, tzinfo=UTC)  # a Wednesday, 12:00 in New York
WELL = Knowledge(is_polling=True, newest_listed_at=NOON - timedelta(minutes=5))


class StillClock:
    """Stands still until it is set."""

    scale = 1.0

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param("2025-03-05T17:00", "2025-03-05T18:00", 60, id="an hour at noon"),
        pytest.param("2025-03-05T22:00", "2025-03-06T11:30", 60, id="half an hour of the evening, half of the morning"),
        pytest.param("2025-03-07T22:30", "2025-03-10T10:00", 0, id="a weekend, with the clocks going forward"),
        pytest.param("2025-07-03T21:30", "2025-07-07T10:10", 10, id="a holiday and a weekend"),
        pytest.param("2025-03-05T18:00", "2025-03-05T17:00", 0, id="a clock that was set back"),
    ],
)
def test_only_the_minutes_in_which_8ks_appear_are_counted(start: str, end: str, minutes: float) -> None:
    times = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)]

    assert busy_minutes_between(*times) == minutes


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (replace(WELL, newest_listed_at=NOON - timedelta(minutes=60)), "quiet"),
        (replace(WELL, blocked_until=NOON + timedelta(minutes=9)), "blocked"),
        (replace(WELL, failing_since=NOON - timedelta(minutes=10), failure="no answer"), "outage"),
        (replace(WELL, missed_audits=(date(2025, 3, 4),)), "audit"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(known: Knowledge, kind: str) -> None:
    wrong = wrong_now(known, NOON, quiet_minutes=60)

    assert list(wrong) == [kind]
    assert len(wrong[kind]) > 20


@pytest.mark.parametrize(
    ("known", "quiet_minutes"),
    [
        (WELL, 60),
        (replace(WELL, newest_listed_at=NOON - timedelta(days=2)), 0),
        (replace(WELL, newest_listed_at=NOON - timedelta(days=2), is_polling=False), 60),
        (replace(WELL, newest_listed_at=None), 60),
        (replace(WELL, failing_since=NOON - timedelta(minutes=9)), 60),
    ],
)
def test_all_is_well(known: Knowledge, quiet_minutes: float) -> None:
    assert wrong_now(known, NOON, quiet_minutes=quiet_minutes) == {}


async def test_an_alarm_is_told_once_when_it_begins_and_once_when_it_is_over(store: Store) -> None:
    known = [replace(WELL, blocked_until=NOON)]
    owed: list[str] = []
    clock = StillClock()

    async def look() -> Knowledge:
        return known[0]

    watchman = Watchman(
        store=store,
        clock=clock,
        look=look,
        owed=owed.append,
        endpoints=lambda: ("desk", "log"),
        quiet_minutes=60,
        url=lambda: "http://127.0.0.1:8000",
    )

    await watchman.look()
    await watchman.look()
    begun = store.read_now(alarms.find_open)
    clock.moment, known[0] = NOON + timedelta(minutes=3), WELL
    await watchman.look()
    await watchman.look()

    assert [one.kind for one in begun] == ["blocked"]
    assert store.read_now(alarms.find_open) == ()
    assert owed == ["desk", "log"] * 2
    told = store.read_now(deliveries.owed_to, "desk", clock.moment, 10)
    assert [one.message.type for one in told] == ["operator.alarm", "operator.alarm_over"]
    assert told[1].message.summary.startswith("over: EDGAR blocks us")
    assert {one.accession for one in store.read_now(deliveries.find)} == {None}


async def test_whoever_asks_has_it_look_now(store: Store) -> None:
    looked = asyncio.Queue[None]()

    async def look() -> Knowledge:
        looked.put_nowait(None)
        return WELL

    watchman = Watchman(
        store=store,
        clock=Clock(scale=0.001),  # or half a minute would be waited for
        look=look,
        owed=lambda _: None,
        endpoints=tuple,
        quiet_minutes=60,
        url=str,
    )
    looking = asyncio.create_task(watchman.run())
    async with asyncio.timeout(60):
        await looked.get()
        watchman.ask()
        await looked.get()
    looking.cancel()
    await asyncio.wait([looking])

    assert looking.cancelled()


async def test_an_alarm_is_still_open_after_a_restart(tmp_path: Path) -> None:
    url = store_url(tmp_path / "eightk.db")
    with Store(url) as store:
        store.write_now(alarms.begin, "quiet", "nothing came", NOON, endpoints=("log",), url="")
    with Store(url) as store:
        again = store.write_now(alarms.begin, "quiet", "nothing came", NOON, endpoints=("log",), url="")

        assert again == ()
        assert len(store.read_now(deliveries.find)) == 1


def test_every_kind_is_named() -> None:
    known = replace(WELL, newest_listed_at=NOON - timedelta(days=9), blocked_until=NOON, missed_audits=(NOON.date(),))
    known = replace(
        known,
        failing_since=NOON - timedelta(days=1),
        rules="a fault in the rules",
        settings="a fault in the settings",
        disk="hardly anything is free",
    )

    assert set(wrong_now(known, NOON, quiet_minutes=60)) == set(KINDS)
