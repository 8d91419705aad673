"""What is done each night."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, report, save, store_url

from watcher.keeping.housekeeping import forget_old_answers, seconds_until_night
from watcher.models import Attempt
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.settling import Settled, settle_all
from watcher.verdict import Outcome

pytestmark = pytest.mark.usefixtures("either_store")


def settle(store: Store, *, ok: bool, at: datetime = NOW, attempts: int = 1) -> None:
    for _ in range(attempts):
        (owed, *_) = store.read_now(deliveries.owed_to, "desk", NOW + timedelta(days=9), 1)
        tried = Attempt(at, 12, ok, 500, None if ok else "500", None, "what it said")
        store.write_now(settle_all, [Settled(owed.delivery, tried, Outcome(ok, "500", status=500), at)], Owner())


def answers(store: Store) -> list[str]:
    return [tried.answer for one in store.read_now(deliveries.find) for tried in one.tries]


@pytest.mark.parametrize(("ok", "attempts"), [(True, 1), (False, 10)])
async def test_old_answers_are_dropped_and_all_else_is_kept(tmp_path: Path, ok: bool, attempts: int) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        save(store, report(ACCESSION, alert()))
        settle(store, ok=ok, attempts=attempts)

        assert await forget_old_answers(store, NOW) == 0
        assert await forget_old_answers(store, NOW + timedelta(seconds=1)) == attempts
        assert answers(store) == [""] * attempts
        (one,) = store.read_now(deliveries.find)
        assert [tried.status for tried in one.tries] == [500] * attempts


async def test_what_is_still_owed_keeps_its_answers(tmp_path: Path) -> None:
    with Store(store_url(tmp_path / "eightk.db")) as store:
        save(store, report(ACCESSION, alert()))
        settle(store, ok=False)

        assert await forget_old_answers(store, NOW + timedelta(days=99)) == 0
        assert answers(store) == ["what it said"]


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 5, 20, 6, 10, tzinfo=UTC), 1.0),
        (datetime(2026, 5, 20, 7, 10, tzinfo=UTC), 24.0),
        (datetime(2026, 3, 7, 8, 10, tzinfo=UTC), 23.0),  # clocks go forward that night
        (datetime(2026, 10, 31, 7, 10, tzinfo=UTC), 25.0),
    ],
)
def test_the_night_is_new_york_s(now: datetime, hours: float) -> None:
    assert seconds_until_night(now) == hours * 3600
