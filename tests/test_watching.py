"""How a running daemon answers those who watch over it: readiness, metrics, and what they rest on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from _running import Place
from _stores import filing
from prometheus_client.parser import text_string_to_metric_families
from test_metrics import RULES, named_in, panels, rules

from watcher.daemon import Daemon
from watcher.engine.port import JobKind
from watcher.errors import StoreError
from watcher.models import FilingState
from watcher.ready import examine
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator, serve
from watcher.store import filings
from watcher.store.database import set_meta


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Daemon]:
    """A daemon that runs, and serves, while inside."""
    place.inbox.mkdir(exist_ok=True)
    async with Daemon.open(examine(place.config)) as daemon:
        task = asyncio.create_task(daemon.run(lambda line: None, handle_signals=False))
        while not daemon.url and not task.done():
            await asyncio.sleep(0.01)
        try:
            yield daemon
        finally:
            daemon.stop()
            await task


async def get(daemon: Daemon, path: str) -> tuple[int, str, str]:
    """Ask over the wire: the status, the type, the body."""

    def ask() -> tuple[int, str, str]:
        connection = HTTPConnection(urlsplit(daemon.url).netloc, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers["content-type"], answer.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def checks(daemon: Daemon) -> tuple[int, dict[str, dict[str, Any]]]:
    status, _, body = await get(daemon, "/readyz")
    return status, {one["name"]: one for one in json.loads(body)["checks"]}


async def ready(daemon: Daemon, seconds: float = 30.0) -> None:
    """Wait until it is."""
    async with asyncio.timeout(seconds):
        while (await get(daemon, "/readyz"))[0] != 200:
            await asyncio.sleep(0.1)


async def saved(daemon: Daemon, count: int, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while (await daemon.store.read(filings.count_by_state)).get(FilingState.SAVED, 0) < count:
            await asyncio.sleep(0.05)


async def metrics(daemon: Daemon) -> dict[tuple[str, ...], float]:
    status, kind, body = await get(daemon, "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = text_string_to_metric_families(body)
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


async def test_a_watcher_of_a_folder_alone_is_ready(place: Place) -> None:
    place.set_up()
    async with running(place) as daemon:
        status, found = await checks(daemon)

    assert (status, [name for name, one in found.items() if not one["ok"]]) == (200, [])
    assert found["poll"]["reason"] == "EDGAR is not polled: no contact is set"


async def test_a_poller_is_ready_once_its_first_poll_was_complete(place: Place) -> None:
    async with serve(Simulator.from_generator(seed=4, count=3)) as edgar:
        place.set_up(edgar=edgar)
        async with running(place) as daemon:
            await ready(daemon)
            _, found = await checks(daemon)

    assert "the last complete poll ended at" in found["poll"]["reason"]


async def test_an_edgar_that_never_answered_makes_it_not_ready(place: Place) -> None:
    async with serve(Simulator.from_generator(seed=4, count=3)) as edgar:
        gone = edgar
    place.set_up(edgar=gone)
    async with running(place) as daemon:
        async with asyncio.timeout(60):
            while daemon.spotting.poller is None or daemon.spotting.poller.failing_since is None:
                await asyncio.sleep(0.05)
        status, found = await checks(daemon)
        alive, *_ = await get(daemon, "/healthz")

    assert (status, alive) == (503, 200)
    assert found["poll"]["reason"].startswith("no poll of EDGAR's list was complete yet: ")


async def test_a_store_that_cannot_be_written_makes_it_not_ready(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.set_up()
    async with running(place) as daemon:

        async def refuse(*arguments: object, **named: object) -> None:
            raise StoreError("database or disk is full")

        monkeypatch.setattr(daemon.store, "write", refuse)
        status, found = await checks(daemon)
        monkeypatch.undo()

    assert (status, found["store"]["ok"]) == (503, False)
    assert found["store"]["reason"] == "database or disk is full"


async def test_a_store_whose_writer_hangs_makes_it_not_ready(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.set_up()
    monkeypatch.setattr("watcher.monitoring.condition._WRITE_SECONDS", 0.05)
    async with running(place) as daemon:
        go_on = asyncio.Event()
        asked = 0

        real = daemon.store.write

        async def hang(function: Any, *arguments: Any, **named: Any) -> Any:
            nonlocal asked
            if function is not set_meta:
                return await real(function, *arguments, **named)
            asked += 1
            return await go_on.wait()

        with monkeypatch.context() as patched:
            patched.setattr(daemon.store, "write", hang)
            found = [{one.name: one for one in (await daemon.condition.readiness()).checks} for _ in range(3)]
        go_on.set()

    assert [one["store"].ok for one in found] == [False] * 3
    assert "a write has waited" in found[0]["store"].reason
    assert asked == 1  # who asks again waits for the same write


async def test_owed_work_that_does_not_move_makes_it_not_ready(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.monitoring.condition.STUCK_SECONDS", 0.0)
    place.set_up()
    async with Daemon.open(examine(place.config)) as daemon:
        # Nobody hands out jobs here.
        long_ago = daemon.condition._clock.now() - timedelta(hours=1)
        await daemon.store.write(filings.spot, [filing()], long_ago)
        stuck = {one.name: one for one in (await daemon.condition.readiness()).checks}["work"]
        monkeypatch.setattr("watcher.monitoring.condition.STUCK_SECONDS", 600.0)
        daemon.condition.moved(JobKind.FILING)
        moving = {one.name: one for one in (await daemon.condition.readiness()).checks}["work"]

    assert (stuck.ok, moving.ok) == (False, True)
    assert "filings are owed work" in stuck.reason


async def test_workers_that_cannot_start_make_it_not_ready(place: Place) -> None:
    place.set_up()
    place.plant("broken.py", BROKEN)
    async with running(place) as daemon:
        (place.folder / "break").touch()
        daemon._workers.renew(daemon._workers._start.spec)
        async with asyncio.timeout(30):
            while not daemon._workers.trouble:
                await asyncio.sleep(0.05)
        status, found = await checks(daemon)

    assert (status, found["workers"]["ok"]) == (503, False)
    assert "broken" in found["workers"]["reason"]


BROKEN = """
import pathlib
from watcher import Handler, Stage

class Broken(Handler):
    name = "broken"
    stage = Stage.CLASSIFY

    def __init__(self):
        if (pathlib.Path(__file__).parents[2] / "break").exists():
            raise ValueError("is broken now")

    def handle(self, report):
        pass
"""


async def test_metrics_tell_what_happened(place: Place) -> None:
    async with serve(Simulator.from_generator(seed=4, count=5, listed=2)) as edgar:
        place.set_up(edgar=edgar)
        async with running(place) as daemon:
            await asyncio.to_thread((place.inbox / "a.txt").write_bytes, Generator(seed=9).submission().raw)
            await saved(daemon, 6)
            await ready(daemon)
            found = await metrics(daemon)

    assert found["eightk_filings_settled_total", "saved"] == found["eightk_filings", "saved"] == 6
    assert found["eightk_filings_spotted_total", "getcurrent", "poller"] == 5
    assert found["eightk_filings_spotted_total", "", "folder"] == 1
    assert found["eightk_listing_lag_seconds_count",] >= 1
    assert found["eightk_examine_seconds_count",] == found["eightk_save_seconds_count",] == 6
    assert found["eightk_polls_total", "complete"] >= 1
    assert found["eightk_edgar_requests_total", "127.0.0.1", "200"] >= 6
    assert found["eightk_ready", "poll"] == 1
    assert found["eightk_archive_bytes",] >= 0
    assert min(found["eightk_store_bytes",], found["eightk_free_disk_bytes",]) > 0
    assert found["eightk_deliveries_owed", "desk"] <= 6
    assert found["eightk_alarms_open", "disk"] == 0


async def test_no_label_names_a_filing_a_company_or_a_rule(place: Place) -> None:
    async with serve(Simulator.from_generator(seed=4, count=3, listed=1)) as edgar:
        place.set_up(edgar=edgar)
        async with running(place) as daemon:
            await saved(daemon, 3)
            _, _, body = await get(daemon, "/metrics")
            stored = await daemon.store.read(filings.find, filings.Query())

    for one in stored:
        assert one.filing.accession not in body
        assert one.filing.company not in body
    assert "every" not in body.replace("everything", "")  # the rule's id


async def test_a_running_daemon_has_what_rules_and_panels_read(place: Place) -> None:
    async with serve(Simulator.from_generator(seed=4, count=3, listed=1)) as edgar:
        place.set_up(edgar=edgar)
        async with running(place) as daemon:
            await saved(daemon, 3)
            _, _, body = await get(daemon, "/metrics")

    told = {line.split()[2] for line in body.splitlines() if line.startswith("# TYPE")}
    asked = {name for rule in rules() for name in named_in(rule["expr"])}
    asked |= {name for _, expression in panels() for name in named_in(expression)}
    # A histogram's series bear endings of their own; the last audit is not known before there was one.
    missing = {name for name in asked if name.removesuffix("_bucket").removesuffix("_count") not in told}
    assert missing <= {"eightk_audit_missing"}
    assert RULES.exists()


async def test_a_disk_that_fills_up_is_a_trouble_of_the_page(place: Place) -> None:
    place.set_up(more="[retention]\nwarn_free_gigabytes = 1000000")
    async with running(place) as daemon:
        health = json.loads((await get(daemon, "/healthz"))[2])

    assert health["status"] == "failing"
    assert "GB are free on its disk" in health["trouble"]
    assert str(place.folder) not in health["trouble"]
