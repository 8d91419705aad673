"""A running daemon that is told to read its settings again: endpoints come, change and go without a restart."""

import asyncio
import signal
from pathlib import Path

import pytest
from _running import RULES, Place, Running, wait_until
from _stores import store_url

from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive
from watcher.store import alarms
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.inbox.mkdir()
    return made


def drop(place: Place, seed: int) -> None:
    made = Generator(seed=seed).submission(items=("7.01", "9.01"))
    (place.inbox / f"{made.accession}.txt").write_bytes(made.raw)


def hang_up(running: Running) -> None:
    running.process.send_signal(signal.SIGHUP)


def log_of(place: Place) -> str:
    return (place.folder / "log.txt").read_text()


def rule_to(name: str) -> str:
    return RULES.replace("desk", name)


async def test_a_new_endpoint_and_a_rule_that_names_it_are_in_force_after_a_hang_up(place: Place) -> None:
    receiver = Receiver(secret=place.secret)
    async with receive(receiver) as url:
        place.set_up()

        def run() -> None:
            with Running(place) as running:
                drop(place, 2)
                assert wait_until(lambda: "delivered" in log_of(place)), log_of(place)
                text = place.config.read_text()
                new = place.set_up(receiver=url).config.read_text().replace("[endpoint.desk]", "[endpoint.new]")
                place.config.write_text(f"{text}\n{new[new.index('[endpoint.new]') :]}")
                (place.folder / "config" / "rules" / "test.yaml").write_text(rule_to("new"))
                hang_up(running)
                assert wait_until(lambda: "rules read again" in log_of(place)), log_of(place)
                drop(place, 3)
                assert wait_until(lambda: len(receiver.accepted) == 1), log_of(place)

        await asyncio.to_thread(run)

    assert "endpoints read again added=new" in log_of(place)


def test_an_endpoint_that_nobody_names_any_more_goes(place: Place) -> None:
    place.set_up(more='[endpoint.extra]\nkind = "log"')
    with Running(place) as running:
        place.config.write_text(place.config.read_text().replace('[endpoint.extra]\nkind = "log"', ""))
        hang_up(running)
        assert wait_until(lambda: "endpoints read again removed=extra" in log_of(place)), log_of(place)
        assert running.process.poll() is None


def test_a_fault_leaves_the_endpoints_as_they_were_and_raises_an_alarm(place: Place) -> None:
    place.set_up()
    with Running(place) as running:
        place.config.write_text(place.config.read_text().replace('kind = "log"', 'kind = "nothing"'))
        hang_up(running)
        assert wait_until(lambda: "endpoints are left as they were" in log_of(place))
        drop(place, 3)
        assert wait_until(lambda: "delivered" in log_of(place)), log_of(place)
        with Store(store_url(place.folder / "data" / "eightk.db"), only_read=True) as store:
            assert wait_until(lambda: "settings" in {one.kind for one in store.read_now(alarms.find_open)}, 60)
