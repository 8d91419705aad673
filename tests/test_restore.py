"""A restore drill: a backup taken while everything is written, a daemon started on it, and nothing is lost."""

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path

from _running import Place, Running, wait_until

from watcher.models import DeliveryState, FilingState, Origin
from watcher.simulator.receiver import Received, Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import deliveries, filings
from watcher.store.database import Store

COUNT, LISTED = 60, 5
EVERY = "[limits]\nworkers = 1"


def told(received: list[Received]) -> Counter[str]:
    return Counter(one.message_id for one in received)


def begun(copy: Path) -> tuple[set[str], set[str]]:
    """What the backup knows: which filings, and the alerts that had been told as far as it knows."""
    with Store(f"sqlite:///{copy}", only_read=True) as store:
        known = store.read_now(filings.find, filings.Query(limit=None))
        settled = store.read_now(deliveries.find, state=DeliveryState.DELIVERED)
    return {one.filing.accession for one in known}, {one.delivery.alert for one in settled}


async def test_a_daemon_on_a_backup_loses_nothing_and_repeats_only_what_the_backup_still_owed(tmp_path: Path) -> None:
    place, again = Place(tmp_path / "first"), Place(tmp_path / "second")
    again.secret = place.secret
    copy = tmp_path / "copy.db"
    receiver = Receiver(secret=place.secret)
    simulator = Simulator.from_generator(seed=21, count=COUNT, listed=LISTED, pace=10)
    async with serve(simulator) as edgar, receive(receiver) as url:
        place.set_up(edgar=edgar, receiver=url, more=EVERY)
        again.set_up(edgar=edgar, receiver=url, more=EVERY)

        def first() -> int:
            """Run until some were told; back up in the middle of it; run on, and end."""
            with Running(place):
                assert wait_until(lambda: len(receiver.received) >= 5)
                done = place.eightk("backup", str(copy))
                assert done.returncode == 0, done.stderr
                before = len(receiver.received)
                assert wait_until(lambda: len(receiver.received) >= before + 5)
            return len(receiver.received)

        def second() -> None:
            (again.folder / "data").mkdir()
            shutil.copy(copy, again.folder / "data" / "eightk.db")
            with Running(again):
                assert wait_until(lambda: _is_done(again, simulator), 60)

        number = await asyncio.to_thread(first)
        known, settled = begun(copy)
        await asyncio.to_thread(second)

    stored = {one.filing.accession: one for one in _stored(again)}
    assert set(stored) == {one.accession for one in simulator.catalog.filings}
    assert {one.state for one in stored.values()} == {FilingState.SAVED}
    assert known < set(stored)  # the backup was taken in the middle
    live = {one.filing.accession for one in stored.values() if one.run_as is Origin.LIVE}
    accessions = {json.loads(one.body)["data"]["filing"]["accession"] for one in receiver.received}
    assert accessions == live
    repeats = {one for one, times in told(receiver.received).items() if times > 1}
    assert not repeats & settled
    assert told(receiver.received[number:]).keys().isdisjoint(settled)
    assert max(told(receiver.received).values()) <= 2


def _stored(place: Place) -> tuple[filings.StoredFiling, ...]:
    with Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}", only_read=True) as store:
        return store.read_now(filings.find, filings.Query(limit=None))


def _is_done(place: Place, simulator: Simulator) -> bool:
    found = _stored(place)
    with Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}", only_read=True) as store:
        owed = store.read_now(deliveries.count_by_state).get(DeliveryState.PENDING, 0)
    return len(found) == len(simulator.catalog.filings) and all(one.settled_at for one in found) and not owed
