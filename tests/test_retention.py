"""What is taken away in time, and what never is: whatever is owed or failed, and the filing's own row."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place
from _stores import NOW, alert, filing, message, report, store_url

from watcher.clock import Clock
from watcher.disk import Disk
from watcher.keeping.retention import Retention
from watcher.meters import Meters
from watcher.models import DeliveryState, Document, FilingState, Origin
from watcher.monitoring.watchman import Knowledge, wrong_now
from watcher.settings.retention import RetentionSettings
from watcher.store import filings, reports, retention
from watcher.store.archive import Archive
from watcher.store.database import Store
from watcher.store.retention import Kind
from watcher.store.schema import delivery, document
from watcher.store.schema import filing as filing_table
from watcher.store.standing import used_bytes

pytestmark = pytest.mark.usefixtures("either_store")

DAY = timedelta(days=1)
RAW = random.Random(1).randbytes(50_000)  # does not pack


class Counted(Meters):
    def __init__(self) -> None:
        self.removed_ones: list[tuple[str, int]] = []

    def removed(self, what: str, count: int, size: int) -> None:
        self.removed_ones.append((what, count))


class Rig:
    """A store with its archive; filings are numbered, and each is spotted a day after the one before."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store = store
        self.disk = Disk(folder / "data", folder / "data" / "eightk.db", folder / "data" / "raw")
        self.archive = Archive(self.disk.archive, store.id)
        self.meters = Counted()

    def saved(self, number: int, *, rule: str = "", days: int | None = None) -> str:
        """Spot, archive and save one; with a ``rule`` the endpoint desk is owed word of it."""
        one = filing(f"0000000001-26-{number:06}")
        at = NOW + DAY * (number if days is None else days)
        self.store.write_now(filings.spot, [one], at)
        self.store.write_now(filings.note_archived, one.accession, self.archive.keep(one.accession, NOW.date(), RAW))
        alerts = (alert(one.accession, rule),) if rule else ()
        found = report(one.accession, *alerts)
        found.documents = (Document(1, "8-K", "a.htm", "8-K", 9, "words " * 1000),)
        messages = {raised.id: message(raised) for raised in alerts}
        endpoints = frozenset({"desk"})
        self.store.write_now(reports.save, found, messages, at, late_hours=72, endpoints=endpoints)
        return one.accession

    def clean(self, days: float, **settings: float) -> Retention:
        """What keeps the bounds of these settings, so many days after the first was spotted."""
        now = Clock(scale=1e-15, start=NOW + DAY * days)
        made = RetentionSettings(**settings)
        return Retention(made, store=self.store, disk=self.disk, clock=now, meters=self.meters)

    def has_raw(self, *accessions: str) -> list[bool]:
        kept = [self.store.read_now(filings.get, one).archived for one in accessions]
        on_disk = {path.name.partition(".")[0] for path in self.disk.archive.rglob("*.gz")}
        assert [one is not None for one in kept] == [one in on_disk for one in accessions]
        return [one is not None for one in kept]

    def has_report(self, *accessions: str) -> list[bool]:
        return [self.store.read_now(filings.get, one).state is FilingState.SAVED for one in accessions]

    def settle(self, state: DeliveryState) -> None:
        """Have all deliveries stand so."""
        self.store.write_now(lambda connection: connection.execute(delivery.update().values(state=state.value)))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        yield Rig(tmp_path, store)


async def test_by_default_everything_is_kept(rig: Rig) -> None:
    one = rig.saved(1)

    assert (await rig.clean(36_000).clean()).total() == 0
    assert (rig.has_raw(one), rig.has_report(one)) == ([True], [True])


async def test_raw_filings_go_when_their_days_are_over_and_their_reports_stay(rig: Rig) -> None:
    old, young = rig.saved(1), rig.saved(2)

    gone = await rig.clean(11.5, raw_days=10).clean()

    assert gone == {Kind.RAW: 1}
    assert rig.has_raw(old, young) == [False, True]
    assert rig.has_report(old, young) == [True, True]
    assert rig.meters.removed_ones == [("raw", 1)]


async def test_a_report_goes_with_its_raw_filing_and_the_row_stays(rig: Rig) -> None:
    old, young = rig.saved(1), rig.saved(2)

    gone = await rig.clean(11.5, reports_days=10).clean()

    assert gone == {Kind.RAW: 1, Kind.REPORT: 1}
    assert rig.has_report(old, young) == [False, True]
    stored = rig.store.read_now(filings.get, old)
    assert stored.state is FilingState.SKIPPED
    assert stored.reason == "its report was taken away by retention on 2026-01-24; eightk retry reads it again"
    texts = rig.store.read_now(lambda connection: connection.execute(document.select()).fetchall())
    assert {row.accession for row in texts} == {young}


async def test_what_went_is_not_taken_in_again(rig: Rig) -> None:
    old = rig.saved(1)
    await rig.clean(99, reports_days=10).clean()

    assert rig.store.write_now(filings.spot, [filing(old)], NOW + DAY * 99) == ()
    assert rig.store.read_now(filings.unknown, [old]) == frozenset()


async def test_what_is_read_again_is_no_news(rig: Rig) -> None:
    old = rig.saved(1)
    await rig.clean(99, reports_days=10).clean()

    assert rig.store.write_now(filings.retry, old, NOW + DAY * 99).run_as is Origin.REREAD


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.FAILED])
async def test_what_an_endpoint_was_not_told_is_never_taken_away(rig: Rig, state: DeliveryState) -> None:
    one = rig.saved(1, rule="r")
    rig.settle(state)

    assert (await rig.clean(36_000, raw_days=1, reports_days=1, max_gigabytes=1e-9).clean()).total() == 0
    assert (rig.has_raw(one), rig.has_report(one)) == ([True], [True])


async def test_what_was_told_may_go(rig: Rig) -> None:
    one = rig.saved(1, rule="r")
    rig.settle(DeliveryState.DELIVERED)

    await rig.clean(99, reports_days=1).clean()

    assert (rig.has_raw(one), rig.has_report(one)) == ([False], [False])


async def test_work_that_is_owed_or_failed_is_never_taken_away(rig: Rig) -> None:
    owed, failed = rig.saved(1), rig.saved(2)
    rig.store.write_now(filings.retry, owed, NOW)
    rig.store.write_now(filings.retry, failed, NOW)
    values = {"state": FilingState.FAILED.value}
    rig.store.write_now(
        lambda connection: connection.execute(
            filing_table.update().where(filing_table.c.accession == failed).values(**values)
        )
    )

    assert (await rig.clean(36_000, raw_days=1, reports_days=1).clean()).total() == 0
    assert rig.has_raw(owed, failed) == [True, True]


async def test_the_bound_takes_the_oldest_raw_filings_first_and_no_more_than_needed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.keeping.retention.PORTION", 5)
    all_of_them = [rig.saved(number, days=200 - number) for number in range(1, 16)]
    used = rig.store.read_now(used_bytes)
    one = next(rig.disk.archive.rglob("*.gz")).stat().st_size
    bound = (used + rig.disk.measure() - one * 4.5) / 1e9

    gone = await rig.clean(1, max_gigabytes=bound).clean()

    # The highest number was spotted first.
    assert gone == {Kind.RAW: 5}
    assert rig.has_raw(*all_of_them) == [True] * 10 + [False] * 5
    assert all(rig.has_report(*all_of_them))


async def test_reports_go_only_when_no_raw_filing_is_left(rig: Rig) -> None:
    some = [rig.saved(number) for number in range(1, 4)]

    gone = await rig.clean(1, max_gigabytes=1e-9).clean()

    assert gone == {Kind.RAW: 3, Kind.REPORT: 3}
    assert not any(rig.has_raw(*some))


async def test_what_must_be_kept_beyond_the_bound_is_told_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.saved(1, rule="r")
    keeper = rig.clean(1, max_gigabytes=1e-9)
    await keeper.clean()
    await keeper.clean()

    assert caplog.messages.count("what must be kept takes more than retention.max_gigabytes") == 1


async def test_a_file_that_went_by_itself_is_no_trouble(rig: Rig) -> None:
    one = rig.saved(1)
    for path in rig.disk.archive.rglob("*.gz"):
        path.unlink()

    assert await rig.clean(99, raw_days=1).clean() == {Kind.RAW: 1}
    assert rig.store.read_now(filings.get, one).archived is None


async def test_what_is_wanted_again_meanwhile_stays(rig: Rig) -> None:
    """It was old when it was looked for; by the time it is to go, somebody asked for it."""
    one = rig.saved(1)
    rig.store.write_now(filings.retry, one, NOW)

    assert rig.store.write_now(retention.drop, Kind.RAW, [one], rig.disk.archive, NOW).accessions == ()
    assert rig.has_raw(one) == [True]


def test_a_raw_filing_goes_no_later_than_its_report() -> None:
    assert RetentionSettings(reports_days=30).days_of_raw == 30
    assert RetentionSettings(raw_days=90, reports_days=30).days_of_raw == 30
    assert RetentionSettings(raw_days=10, reports_days=30).days_of_raw == 10
    assert RetentionSettings().days_of_raw == 0


def test_the_disk_is_told_before_it_is_full(rig: Rig) -> None:
    free = rig.disk.free_bytes() / 1e9

    assert rig.disk.trouble(0) == rig.disk.trouble(free / 2) == ""
    assert "GB are free on its disk" in rig.disk.trouble(free * 2 + 1)
    wrong = wrong_now(Knowledge(disk=rig.disk.trouble(free * 2 + 1)), NOW, quiet_minutes=0)
    assert list(wrong) == ["disk"]


def test_the_command_tells_what_would_go_and_takes_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(more="[retention]\nraw_days = 1\nmax_gigabytes = 0.00001")
    with Store(store_url(tmp_path / "data" / "eightk.db")) as store:
        rig = Rig(tmp_path, store)
        one = rig.saved(1)
        done = place.eightk("retention", "--json")
        said = place.eightk("retention")
        assert rig.has_raw(one) == [True]

    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["raw"]["count"], found["raw"]["bytes"], found["report"]) == (1, len(RAW), None)
    assert found["over_bytes"] == found["archive_bytes"] + found["store_bytes"] - 10_000
    assert "1 would go" in said.stdout
    assert "kept for ever" in said.stdout
