"""Telling again: by id and by filter, with a daemon and without, and by the API."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place, Running
from _stores import ACCESSION, NOW, alert, report, save, store_url

from watcher.errors import EndpointDisabled, UnknownDelivery
from watcher.models import Attempt, DeliveryState
from watcher.simulator.receiver import Receiver, receive
from watcher.store import deliveries, endpoints
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.redelivery import Wanted, redeliver
from watcher.store.settling import Settled, settle_all
from watcher.verdict import EndpointState, Outcome

pytestmark = pytest.mark.usefixtures("either_store")

OFF = EndpointState("desk", disabled_at=NOW, disabled_reason="410")
GIVEN_UP = Outcome(ok=False, reason="no", permanent=True)


def store_in(folder: Path) -> Store:
    return Store(store_url(folder / "data" / "eightk.db"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_in(tmp_path) as opened:
        yield opened


def given_up(store: Store, count: int = 3) -> list[str]:
    """Raise so many alerts, of rules r0, r1 and so on, and give their deliveries up; return the ids of these."""
    save(store, report(ACCESSION, *(alert(rule=f"r{n}") for n in range(count))))
    owed = [one.delivery for one in store.read_now(deliveries.owed_to, "desk", NOW, 99)]
    tried = Attempt(NOW, 1, ok=False, error="no")
    store.write_now(settle_all, [Settled(one, tried, GIVEN_UP, NOW) for one in owed], Owner())
    store.write_now(endpoints.save, EndpointState("desk"))
    return [one.id for one in owed]


def owed(store: Store) -> dict[str, int]:
    """What is owed now, with the attempts it had."""
    return {one.delivery.id: one.delivery.attempts for one in store.read_now(deliveries.owed_to, "desk", NOW, 99)}


def test_one_is_owed_once_more_under_its_own_id(store: Store) -> None:
    (first, *_) = given_up(store)

    made = store.write_now(redeliver, first, NOW)

    assert ([one.id for one in made.deliveries], made.left) == ([first], 0)
    assert owed(store) == {first: 1}
    (one,) = store.read_now(deliveries.get, [first])
    assert (one.delivery.manual_from, one.settled_at) == (DeliveryState.FAILED, None)


def test_an_alert_stands_for_all_of_its_deliveries(store: Store) -> None:
    save(store, report(ACCESSION, alert(notify=("desk", "ops"))), endpoints=frozenset({"desk", "ops"}))

    made = store.write_now(redeliver, alert().id, NOW)

    assert sorted(one.endpoint for one in made.deliveries) == ["desk", "ops"]


def test_one_that_is_still_owed_is_owed_now_and_stays_on_its_schedule(store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    (one,) = store.read_now(deliveries.owed_to, "desk", NOW, 9)
    store.write_now(settle_all, [Settled(one.delivery, Attempt(NOW, 1, ok=False), Outcome(ok=False), NOW)], Owner())
    assert owed(store) == {}

    store.write_now(redeliver, one.delivery.id, NOW)

    assert owed(store) == {one.delivery.id: 1}
    (again,) = store.read_now(deliveries.owed_to, "desk", NOW, 9)
    assert again.delivery.manual_from is None


def test_a_filter_takes_the_oldest_and_tells_how_many_are_left(store: Store) -> None:
    ids = given_up(store, 5)

    first = store.write_now(redeliver, Wanted("desk", limit=3), NOW)
    second = store.write_now(redeliver, Wanted("desk", limit=3), NOW)

    assert ([one.id for one in first.deliveries], first.left) == (ids[:3], 2)
    assert ([one.id for one in second.deliveries], second.left) == (ids[3:], 0)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted("desk"), 3),
        (Wanted("ops"), 0),
        (Wanted("desk", DeliveryState.DELIVERED), 0),
        (Wanted("desk", rule="r1"), 1),
        (Wanted("desk", since=NOW), 3),
        (Wanted("desk", since=NOW + timedelta(seconds=1)), 0),
    ],
)
def test_filters(store: Store, wanted: Wanted, count: int) -> None:
    given_up(store)

    assert len(store.write_now(redeliver, wanted, NOW).deliveries) == count


def test_a_disabled_endpoint_refuses(store: Store) -> None:
    (first, *_) = given_up(store)
    store.write_now(endpoints.save, OFF)

    for wanted in (first, Wanted("desk")):
        with pytest.raises(EndpointDisabled, match=r"desk is disabled since .*410.*eightk endpoint enable desk"):
            store.write_now(redeliver, wanted, NOW)
    assert store.read_now(deliveries.count_by_state) == {DeliveryState.FAILED: 3}


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("dlv_x", "no delivery dlv_x in the store"),
        ("alr_x", "no alert alr_x in the store"),
        ("dig_x", "no alert dig_x in the store"),
    ],
)
def test_what_is_not_there_is_unknown(store: Store, number: str, told: str) -> None:
    with pytest.raises(UnknownDelivery, match=told):
        store.write_now(redeliver, number, NOW)


def test_an_alert_that_nobody_was_to_be_told_of_is_not_called_unknown(store: Store) -> None:
    save(store, report(ACCESSION, silent := alert(notify=())))

    with pytest.raises(UnknownDelivery, match=f"alert {silent.id} has no deliveries: nobody was to be told of it"):
        store.write_now(redeliver, silent.id, NOW)


# By command.


def stored(place: Place) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(place.eightk("deliveries", "--json").stdout)
    return told


async def test_without_a_daemon_the_command_tells_it_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    receiver = Receiver(secret=place.secret)
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        with store_in(tmp_path) as store:
            (first, *_) = given_up(store)
        done = await run(place, "redeliver", first)

    assert (done.returncode, done.stdout.split()[:3]) == (0, [first, "desk", "delivered"])
    assert [post.fault for post in receiver.accepted] == [""]
    assert sorted(row["state"] for row in stored(place)) == ["delivered", "failed", "failed"]


async def test_with_a_daemon_it_goes_through_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    receiver = Receiver(secret=place.secret)
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        with store_in(tmp_path) as store:
            given_up(store, 5)
        with await _begun(place):
            first = await run(place, "redeliver", "--endpoint", "desk", "--limit", "2")
            receiver.status = 500
            second = await run(place, "redeliver", "--endpoint", "desk", "--rule", "r4")
            none = await run(place, "redeliver", "dlv_x")

    assert (first.returncode, len(first.stdout.splitlines())) == (0, 2)
    assert "3 more" in first.stderr
    assert (second.returncode, " failed " in second.stdout) == (3, True)
    assert (none.returncode, "no delivery dlv_x" in none.stderr) == (1, True)
    states = {row["rule"]: (row["state"], row["attempts"]) for row in stored(place)}
    assert states["r0"] == states["r1"] == ("delivered", 2)
    assert states["r4"] == ("failed", 2)
    assert states["r2"] == states["r3"] == ("failed", 1)


@pytest.mark.parametrize("arguments", [[], ["dlv_1", "--endpoint", "desk"], ["dlv_1", "--rule", "r"]])
def test_it_says_which_are_wanted(tmp_path: Path, arguments: list[str]) -> None:
    assert Place(tmp_path).set_up().eightk("redeliver", *arguments).returncode == 2


def test_a_disabled_endpoint_is_told_by_the_command(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with store_in(tmp_path) as store:
        given_up(store)
    with Running(place):
        with store_in(tmp_path) as store:
            store.write_now(endpoints.save, OFF)
        done = place.eightk("redeliver", "--endpoint", "desk")

    assert (done.returncode, "endpoint desk is disabled" in done.stderr) == (3, True)


async def run(place: Place, *arguments: str) -> Any:
    return await asyncio.to_thread(place.eightk, *arguments)


async def _begun(place: Place) -> Running:
    return await asyncio.to_thread(Running, place)
