"""``kill -9`` at any moment: nothing lost, nothing saved twice, no alert with two ids."""

import asyncio
import os
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from _running import Place, Running, wait_until
from _stores import store_url
from click.testing import CliRunner

from watcher import logs, ready
from watcher.cli import cli
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import deliveries
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")


def owed_alerts(place: Place) -> set[str]:
    with Store(store_url(place.folder / "data" / "eightk.db"), only_read=True) as store:
        return {one.delivery.alert for one in store.read_now(deliveries.find, limit=10_000)}


def all_told(place: Place) -> bool:
    with Store(store_url(place.folder / "data" / "eightk.db"), only_read=True) as store:
        return set(store.read_now(deliveries.count_by_state)) <= {"delivered"}


def are_saved(place: Place, count: int) -> bool:
    return sum(one["state"] == "saved" for one in place.filings()) >= count


async def run_killed_now_and_then(
    place: Place, simulator: Simulator, *, kills: int, seed: int, workers: int = 1
) -> Receiver:
    """Run the daemon against the simulator, kill it at random moments, and let the last one finish."""
    chance = random.Random(seed)
    receiver = Receiver(secret=place.secret)
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url, workers=workers)
        for _ in range(kills):
            daemon = await asyncio.to_thread(Running, place)
            await asyncio.sleep(chance.uniform(0.1, 2.5))
            await asyncio.to_thread(daemon.end, signal.SIGKILL)
        daemon = await asyncio.to_thread(Running, place)
        count = len(simulator.catalog.filings)
        assert await asyncio.to_thread(wait_until, lambda: are_saved(place, count), 120.0)
        assert await asyncio.to_thread(wait_until, lambda: all_told(place), 60.0)
        code = await asyncio.to_thread(daemon.end, signal.SIGTERM)
    assert code == 0
    return receiver


async def test_killed_again_and_again_every_filing_is_saved_once_and_every_alert_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    simulator = Simulator.from_generator(seed=11, count=60, pace=8)

    receiver = await run_killed_now_and_then(place, simulator, kills=4, seed=20261120, workers=2)

    stored = [one["accession"] for one in place.filings()]
    assert sorted(stored) == sorted(one.accession for one in simulator.catalog.filings)
    assert {post.message_id for post in receiver.accepted} == owed_alerts(place)
    assert len(owed_alerts(place)) == 60


async def test_the_real_filings_all_arrive_once_though_the_daemon_is_killed(tmp_path: Path, shared: Path) -> None:
    place = Place(tmp_path)
    simulator = Simulator.from_folder(shared / "corpus" / "full", pace=20)

    receiver = await run_killed_now_and_then(place, simulator, kills=3, seed=7)

    stored = [one["accession"] for one in place.filings()]
    assert sorted(stored) == sorted(one.accession for one in simulator.catalog.filings)
    assert {post.message_id for post in receiver.accepted} == owed_alerts(place)


def test_no_worker_outlives_a_killed_daemon(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    daemon = Running(place)
    workers = children_of(daemon.process.pid)
    daemon.end(signal.SIGKILL)

    assert workers
    assert wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 60)


def test_a_file_put_in_while_the_daemon_was_dead_is_found(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with Running(place) as daemon:
        daemon.end(signal.SIGKILL)
    made = Generator(seed=12).submission()
    (place.inbox / "a.txt").write_bytes(made.raw)

    with Running(place):
        assert wait_until(lambda: are_saved(place, 1))


def test_sigterm_ends_the_daemon_with_0(tmp_path: Path) -> None:
    daemon = Running(Place(tmp_path).set_up())

    assert daemon.end(signal.SIGTERM) == 0


def test_a_second_daemon_on_the_same_store_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with Running(place) as daemon:
        second = place.eightk("run")

    assert second.returncode == 3
    assert f"in use by process {daemon.process.pid}" in second.stderr


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split() if int(line) != os.getpid()]


@pytest.mark.parametrize("name", ["eightk.db", "eightk.db.lock"])
def test_a_daemon_whose_store_was_taken_away_stops_and_says_so(tmp_path: Path, name: str, either_store: str) -> None:
    if (either_store, name) == ("postgresql", "eightk.db"):
        pytest.skip("a server's database is no file here")
    place = Place(tmp_path).set_up()
    with Running(place) as daemon:
        (place.folder / "data" / name).unlink()
        assert wait_until(lambda: daemon.process.poll() is not None, 60)
        code = daemon.end(signal.SIGTERM)

    assert code == 3
    assert "was deleted or replaced while in use" in (place.folder / "log.txt").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_is_starting_is_an_ordinary_end(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path).set_up()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    real = ready.examine

    def examine(*arguments: Any) -> ready.Ready:
        signal.raise_signal(number)
        return real(*arguments)

    monkeypatch.setattr(ready, "examine", examine)
    monkeypatch.setattr(logs, "set_up_logging", lambda *_: None)
    try:
        done = CliRunner().invoke(cli, ["run", "--config", str(place.config)])
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

    assert (done.exit_code, done.stderr) == (0, "eightk: ended while it was starting\n")


def test_a_second_signal_ends_the_daemon_at_once_and_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    place.plant("slow.py", SLOW)
    place.inbox.mkdir()
    daemon = Running(place)
    (place.inbox / "a.txt").write_bytes(Generator(seed=12).submission().raw)
    assert wait_until((tmp_path / "begun").exists)
    daemon.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: "stopping" in (tmp_path / "log.txt").read_text())

    assert daemon.end(signal.SIGTERM) == 143
    assert "ended at once, by a second signal; what was under way is run again" in (tmp_path / "log.txt").read_text()


SLOW = """
import pathlib, time
from watcher import Handler, Stage

class Slow(Handler):
    name = "slow"
    stage = Stage.ALERT

    def handle(self, report):
        (pathlib.Path(__file__).parents[2] / "begun").touch()
        time.sleep(30)
"""
