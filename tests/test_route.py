"""The whole route, both sources, as one daemon runs it: a filing appears, and a signed webhook arrives."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from _indexes import accession, at
from _running import Place, wait_until
from standardwebhooks import Webhook

from watcher.clock import Clock
from watcher.daemon import Daemon
from watcher.errors import BlockedError, EightkError
from watcher.models import FilingState, Origin
from watcher.ready import examine
from watcher.simulator.generator import Generator
from watcher.simulator.index_hours import NIGHTLY
from watcher.simulator.posting import AsAccepted
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import audits, deliveries, filings, reports
from watcher.store.database import get_meta

pytestmark = pytest.mark.usefixtures("either_store")

HANGS = """
import time
from watcher import Handler, Stage

class Hangs(Handler):
    name = "hangs"
    stage = Stage.CLASSIFY

    def __init__(self, *, on: str) -> None:
        self.on = on

    def handle(self, report):
        while report.filing.accession == self.on:
            time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Daemon]:
    """A daemon that runs while inside."""
    place.inbox.mkdir(exist_ok=True)
    async with Daemon.open(examine(place.config)) as daemon:
        task = asyncio.create_task(daemon.run(lambda line: None, handle_signals=False))
        try:
            yield daemon
        finally:
            daemon.stop()
            await task


async def settled(daemon: Daemon, count: int, seconds: float = 60.0) -> dict[str, filings.StoredFiling]:
    """Wait until so many filings have come to an end, and return all that are stored."""
    async with asyncio.timeout(seconds):
        while True:
            found = await daemon.store.read(filings.find, filings.Query(limit=None))
            if sum(one.settled_at is not None for one in found) >= count:
                return {one.filing.accession: one for one in found}
            await asyncio.sleep(0.05)


async def test_a_file_in_the_folder_becomes_a_signed_webhook(place: Place) -> None:
    made = Generator(seed=3).submission(items=("7.01", "9.01"))
    receiver = Receiver()
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        async with running(place):
            await asyncio.to_thread((place.inbox / "any.txt").write_bytes, made.raw)
            (post,) = await receiver.wait_for(1, seconds=60)

    told = Webhook(place.secret).verify(post.body, dict(post.headers))
    assert told["data"]["filing"]["accession"] == made.accession


async def test_what_was_found_is_in_the_store(place: Place) -> None:
    made = Generator(seed=3).submission(items=("7.01", "9.01"))
    place.set_up()
    async with running(place) as daemon:
        await asyncio.to_thread((place.inbox / "any.txt").write_bytes, made.raw)
        await settled(daemon, 1)
        report = await daemon.store.read(reports.load, made.accession)

    assert [(item.number, item.found) for item in report.items] == [("7.01", True), ("9.01", True)]
    assert report.filing.filers[0].cik == made.filers[0].cik


async def test_every_filing_that_edgar_lists_is_saved_and_told_once(place: Place) -> None:
    receiver = Receiver(secret=place.secret)
    simulator = Simulator.from_generator(seed=4, count=25)
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url)
        async with running(place) as daemon:
            stored = await settled(daemon, 25)
            owed = sum(one.run_as is Origin.LIVE and one.state is FilingState.SAVED for one in stored.values())
            await receiver.wait_for(owed, seconds=30)

    assert set(stored) == {one.accession for one in simulator.catalog.filings}
    assert {one.state for one in stored.values()} == {FilingState.SAVED}
    assert len({post.message_id for post in receiver.received}) == len(receiver.received) == owed


async def test_what_was_on_the_list_before_the_watcher_began_is_kept_and_not_told(place: Place) -> None:
    receiver = Receiver()
    simulator = Simulator.from_generator(seed=5, count=6, listed=3)
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url)
        async with running(place) as daemon:
            stored = await settled(daemon, 6)
            await receiver.wait_for(3, seconds=30)

    origins = sorted(one.filing.origin for one in stored.values())
    assert (origins, len(receiver.received)) == ([Origin.BACKFILL] * 3 + [Origin.LIVE] * 3, 3)


async def test_a_handler_that_hangs_on_one_filing_parks_that_one_only(place: Place) -> None:
    generator = Generator(seed=6)
    made = [generator.submission() for _ in range(5)]
    place.set_up(more=f'[limits]\nhandle_seconds = 1\n[handler.hangs]\non = "{made[2].accession}"')
    place.plant("hangs.py", HANGS)
    async with running(place) as daemon:
        for one in made:
            await asyncio.to_thread((place.inbox / f"{one.accession}.txt").write_bytes, one.raw)
        stored = await settled(daemon, len(made))
        # The file is put aside after the filing is parked.
        refused = place.inbox / "rejected" / f"{made[2].accession}.txt.reason"
        assert await asyncio.to_thread(wait_until, refused.exists)

    assert {key for key, one in stored.items() if one.state is FilingState.FAILED} == {made[2].accession}
    assert stored[made[2].accession].reason is not None
    assert "not done within 1 s" in (stored[made[2].accession].reason or "")


async def test_a_parked_filing_runs_through_once_what_held_it_is_gone(place: Place) -> None:
    made = Generator(seed=6).submission()
    place.set_up(more=f'[limits]\nhandle_seconds = 1\n[handler.hangs]\non = "{made.accession}"')
    place.plant("hangs.py", HANGS)
    async with running(place) as daemon:
        await asyncio.to_thread((place.inbox / "a.txt").write_bytes, made.raw)
        await settled(daemon, 1)
    place.set_up(more='[handler.hangs]\non = "nothing"')

    async with running(place) as daemon:
        await daemon.retry(made.accession)
        stored = await settled(daemon, 1)

    assert stored[made.accession].state is FilingState.SAVED


async def test_an_endpoint_that_is_down_delays_no_other(place: Place) -> None:
    made = Generator(seed=7).submission(items=("8.01",))
    good, bad = Receiver(secret=place.secret), Receiver(secret=place.secret, status=500)
    rules = """\
version: 1
groups:
- name: test
  rules:
  - {id: every, title: Every filing, match: {items|has: "8.01"}, include_amendments: "true", notify: [desk, other]}
"""
    async with receive(good) as url, receive(bad) as other:
        more = f'[endpoint.other]\nkind = "webhook"\nurl = "{other}"\nsecret_file = "secret"\nallow = ["{other[7:]}"]'
        place.set_up(receiver=url, more=more, rules=rules)
        async with running(place) as daemon:
            await asyncio.to_thread((place.inbox / "a.txt").write_bytes, made.raw)
            await good.wait_for(1, seconds=60)
            async with asyncio.timeout(60):
                while len(found := await daemon.store.read(deliveries.find)) < 2 or not all(one.tries for one in found):
                    await asyncio.sleep(0.05)

    assert {one.delivery.endpoint: one.delivery.state for one in found} == {"desk": "delivered", "other": "pending"}


async def test_one_run_polls_once_and_does_all_that_is_due(place: Place) -> None:
    receiver = Receiver(secret=place.secret)
    simulator = Simulator.from_generator(seed=8, count=5, listed=5)
    made = Generator(seed=9).submission()
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url)
        await asyncio.to_thread(place.inbox.mkdir)
        await asyncio.to_thread((place.inbox / "a.txt").write_bytes, made.raw)
        async with Daemon.open(examine(place.config)) as daemon:
            await daemon.run_once()
            stored = await daemon.store.read(filings.find, filings.Query())

    assert {one.state for one in stored} == {FilingState.SAVED}
    assert (len(stored), len(receiver.accepted)) == (6, 1)
    assert (place.inbox / "done" / "a.txt").exists()


async def test_the_payload_s_links_lead_to_the_page(place: Place) -> None:
    made = Generator(seed=3).submission()
    receiver = Receiver()
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        async with running(place) as daemon:
            await asyncio.to_thread((place.inbox / "any.txt").write_bytes, made.raw)
            (post,) = await receiver.wait_for(1, seconds=60)
            page = daemon.url

    assert f"{page}/filings/{made.accession}" in json.dumps(json.loads(post.body))


async def test_a_block_outlives_a_restart(place: Place) -> None:
    """The block page asks for ten minutes of silence; a supervisor that restarts the daemon must not break it."""
    simulator = Simulator.from_generator(seed=8, count=2, enforce_rate=True)
    simulator.traffic.blocked_until = simulator.clock.time() + 600
    async with serve(simulator) as edgar:
        place.set_up(edgar=edgar)
        # Or the list of companies could be under way already when the block is told.
        place.config.write_text(place.config.read_text().replace("[edgar]", "[edgar]\ncompany_hours = 0"))
        async with running(place) as daemon:
            async with asyncio.timeout(60):
                while await daemon.store.read(get_meta, "edgar.blocked_until") is None:
                    await asyncio.sleep(0.05)
        asked = simulator.traffic.by_kind.total()

        async with running(place):
            await asyncio.sleep(1)

    assert simulator.traffic.by_kind.total() == asked == 1


async def test_the_limit_counts_over_a_daemon_that_was_killed_and_the_next_one(place: Place) -> None:
    simulator = Simulator.from_generator(seed=8, count=2)
    async with serve(simulator) as edgar:
        place.set_up(edgar=edgar)
        lock = place.folder / "data" / "eightk.db.lock"
        lock.parent.mkdir()
        lock.write_text("what an owner that was killed leaves behind")
        began = simulator.clock.time()
        async with Daemon.open(examine(place.config)) as daemon:
            await daemon.run_once()

    assert simulator.traffic.requests[0].at >= began + 1


async def test_a_block_outlives_a_single_command(place: Place) -> None:
    simulator = Simulator.from_generator(seed=8, count=2)
    simulator.traffic.blocked_until = simulator.clock.time() + 600
    async with serve(simulator) as edgar:
        place.set_up(edgar=edgar)
        for _ in range(2):
            async with Daemon.open(examine(place.config)) as daemon:
                with pytest.raises(BlockedError):
                    await daemon.run_once()

    assert simulator.traffic.by_kind.total() == 1


async def test_a_block_is_kept_as_soon_as_it_is_there(place: Place) -> None:
    """A daemon that is killed a moment after the block page must not ask again when it is back."""
    simulator = Simulator.from_generator(seed=8, count=2)
    simulator.traffic.blocked_until = simulator.clock.time() + 600
    async with serve(simulator) as edgar:
        place.set_up(edgar=edgar)
        async with running(place) as daemon, asyncio.timeout(60):
            while daemon.spotting.poller is None or daemon.spotting.poller.failing_since is None:
                await asyncio.sleep(0)
            # No more than the turns of a loop that the store's own writing takes.
            for _ in range(3):
                await daemon.store.write(lambda connection: None)
            assert await daemon.store.read(get_meta, "edgar.blocked_until") is not None


def share_the_clock(place: Place) -> None:
    text = place.config.read_text()
    place.config.write_text(text.replace("poll_seconds", 'clock = "simulator"\npoll_seconds', 1))


async def test_by_the_simulators_clock_a_day_passes_in_seconds(place: Place) -> None:
    clock = Clock.standing(at("2026-01-09T20:00"), scale=1_500)
    made = Generator(seed=9).submission(accession=accession(1), accepted_at=at("2026-01-09T10:00"))
    simulator = Simulator.from_submissions([made], clock=clock, schedule=AsAccepted(), index_hours=NIGHTLY)
    async with serve(simulator) as edgar:
        place.set_up(more="", edgar=edgar)
        share_the_clock(place)
        async with running(place) as daemon, asyncio.timeout(40):
            while (found := await daemon.store.read(audits.get, date(2026, 1, 9))) is None or found.state != "done":
                await asyncio.sleep(0.05)

    assert found.checked_at >= at("2026-01-09T22:45")
    assert (found.listed, found.missing) == (1, 0)


async def test_without_the_simulator_its_clock_cannot_be_had(place: Place) -> None:
    place.set_up(edgar="http://127.0.0.1:9")
    share_the_clock(place)

    with pytest.raises(EightkError, match="no simulator tells its clock"):
        async with running(place):
            pass
