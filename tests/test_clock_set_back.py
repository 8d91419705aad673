"""A clock that was ahead and is set back: no work waits for it to get there again."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from _indexes import HandClock
from _stores import ACCESSION, NOW, alert, filing, report, save, store_url

from watcher.lock import StoreLock
from watcher.minding import Minder
from watcher.models import Attempt
from watcher.store import deliveries, endpoints, filings
from watcher.store.clock_set_back import bring_forward
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.settling import Settled, settle_all
from watcher.verdict import Outcome

pytestmark = pytest.mark.usefixtures("either_store")

BACK = NOW - timedelta(hours=6)


def fail_to_tell(store: Store, at: datetime, **outcome: float) -> None:
    (owed,) = store.read_now(deliveries.owed_to, "desk", at + timedelta(days=1), 1)
    tried = Attempt(at, 12, ok=False, status=503, error="503", address=None, answer="")
    store.write_now(settle_all, [Settled(owed.delivery, tried, Outcome(ok=False, status=503, **outcome), at)], Owner())


def test_a_filing_that_was_to_be_tried_again_by_the_clock_that_was_ahead_is_due(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        store.write_now(filings.spot, [filing()], NOW)
        store.write_now(filings.fail, ACCESSION, "404", NOW, NOW + timedelta(seconds=5))

        assert store.write_now(bring_forward, BACK) == 1
        assert store.read_now(filings.due, BACK, 9) == (ACCESSION,)


def test_a_filing_that_waits_for_the_end_of_a_block_waits_on(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        store.write_now(filings.spot, [filing()], NOW)
        store.write_now(filings.postpone, ACCESSION, "blocked", NOW + timedelta(seconds=600))

        assert store.write_now(bring_forward, NOW) == 0
        assert store.read_now(filings.due, NOW, 9) == ()


def test_a_delivery_and_its_endpoint_do_not_wait_for_the_clock_that_was_ahead(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        save(store, report(ACCESSION, alert()))
        fail_to_tell(store, NOW, retry_after_seconds=60.0)

        assert store.write_now(bring_forward, BACK) == 1
        assert store.read_now(deliveries.due_endpoints, BACK) == ("desk",)
        assert not store.read_now(endpoints.load, "desk").rests(BACK)


def test_a_delivery_that_is_tried_again_in_hours_by_this_clock_waits_on(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        save(store, report(ACCESSION, alert()))
        fail_to_tell(store, NOW, retry_after_seconds=9_000.0)

        assert store.write_now(bring_forward, NOW + timedelta(seconds=1)) == 0
        assert store.read_now(endpoints.load, "desk").rests(NOW + timedelta(seconds=1))


async def test_a_daemon_notices_while_it_runs_and_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("watcher.minding.LOOK_SECONDS", 0.02)
    path, clock = tmp_path / "eightk.db", HandClock(NOW)
    with Store(store_url(path)) as store, StoreLock(path) as lock:
        store.write_now(filings.spot, [filing()], NOW)
        store.write_now(filings.fail, ACCESSION, "404", NOW, NOW + timedelta(days=1))
        minder = Minder(store=store, lock=lock, clock=clock, edgar=None, stop=lambda: None)
        minding = asyncio.create_task(minder.look_after())
        async with asyncio.timeout(60):
            while not store.read_now(filings.due, NOW, 9):
                await asyncio.sleep(0.01)
            store.write_now(filings.fail, ACCESSION, "404", NOW, NOW + timedelta(seconds=5))
            clock.shows = BACK
            while not store.read_now(filings.due, BACK, 9):
                await asyncio.sleep(0.01)
        minding.cancel()
        await asyncio.gather(minding, return_exceptions=True)

    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == ["the clock was set back"]
