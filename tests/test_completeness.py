"""Audit and backfill as users meet them: by the daemon itself on a clock that runs fast, and by the commands."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from _indexes import FastClock, accession, at
from _running import COMMAND, ENVIRONMENT, Place, Running, wait_until

from watcher.audit_hours import Audit, AuditState
from watcher.clock import Clock
from watcher.daemon import Daemon
from watcher.errors import StoreError
from watcher.models import FilingState, Origin
from watcher.ready import examine
from watcher.simulator.generator import Generator
from watcher.simulator.index_hours import NIGHTLY
from watcher.simulator.made import MadeSubmission
from watcher.simulator.posting import AsAccepted
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import audits, filings
from watcher.store.database import Store, get_meta

FRIDAY = date(2026, 1, 9)
ONLY_EDGAR = '[folder]\nenabled = false\n[edgar]\ncontact = "Tests tests@example.com"\nrequests_per_second = 10\n'


def made(number: int, accepted: str) -> MadeSubmission:
    return Generator(seed=number).submission(accession=accession(number), accepted_at=at(accepted))


def simulator_of(*submissions: MadeSubmission, clock: Clock, **settings: Any) -> Simulator:
    """EDGAR in its own hours, with indexes that are written at night."""
    settings = {"schedule": AsAccepted(), "index_hours": NIGHTLY} | settings
    return Simulator.from_submissions(submissions, clock=clock, **settings)


def set_up(place: Place, edgar: str, receiver: str = "") -> None:
    place.set_up(receiver=receiver, more="")
    lines = place.config.read_text().replace("[folder]\nrescan_seconds = 1", ONLY_EDGAR + f'base_url = "{edgar}"')
    place.config.write_text(lines)


@asynccontextmanager
async def running(place: Place, clock: Clock) -> AsyncIterator[Daemon]:
    async with Daemon.open(examine(place.config), clock=clock) as daemon:
        task = asyncio.create_task(daemon.run(lambda line: None, handle_signals=False))
        try:
            yield daemon
        finally:
            daemon.stop()
            await task


async def begun(daemon: Daemon, seconds: float = 90.0) -> None:
    """Wait until it knows since when it watches."""
    async with asyncio.timeout(seconds):
        while await daemon.store.read(get_meta, "audit.since") is None:
            await asyncio.sleep(0.05)


async def audited(daemon: Daemon, day: date, seconds: float = 90.0) -> Audit:
    """Wait until a day is done."""
    async with asyncio.timeout(seconds):
        while True:
            found = await daemon.store.read(audits.get, day)
            if found is not None and found.state is AuditState.DONE:
                return found
            await asyncio.sleep(0.05)


async def saved(daemon: Daemon, *accessions: str, seconds: float = 90.0) -> dict[str, filings.StoredFiling]:
    async with asyncio.timeout(seconds):
        while True:
            found = await daemon.store.read(filings.find, filings.Query(limit=None))
            known = {one.filing.accession: one for one in found}
            if all(name in known and known[name].state is FilingState.SAVED for name in accessions):
                return known
            await asyncio.sleep(0.05)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_in_the_evening_what_the_list_never_showed_is_found_fetched_and_told(place: Place) -> None:
    """An hour of the evening, in six seconds."""
    clock = FastClock(at("2026-01-09T21:55"), scale=600)
    simulator = simulator_of(made(1, "2026-01-09T10:00"), clock=clock)
    simulator.add(made(2, "2026-01-09T15:00"), at=at("2026-01-09T15:01"), is_listed=False)
    receiver = Receiver()
    async with serve(simulator) as edgar, receive(receiver) as url:
        set_up(place, edgar, url)
        async with running(place, clock) as daemon:
            await begun(daemon)
            clock.begin()
            audit = await audited(daemon, FRIDAY)
            known = await saved(daemon, accession(1), accession(2))
            await receiver.wait_for(1, seconds=60)

    assert audit.checked_at >= at("2026-01-09T22:45")
    assert (audit.listed, audit.missing, audit.gone) == (2, 1, 0)
    assert [known[accession(number)].run_as for number in (1, 2)] == [Origin.BACKFILL, Origin.LATE]
    assert len(receiver.received) == 1


async def test_days_on_which_no_daemon_ran_are_audited_at_the_next_start(place: Place) -> None:
    simulator = simulator_of(made(1, "2026-01-07T10:00"), clock=Clock(start=at("2026-01-07T11:00")))
    # The list still shows the one, and never showed the other.
    simulator.add(made(2, "2026-01-08T10:00"), at=at("2026-01-08T10:01"), updated_at=at("2026-01-08T10:00"))
    simulator.add(made(3, "2026-01-08T10:00"), at=at("2026-01-08T10:01"), is_listed=False)
    async with serve(simulator) as edgar:
        set_up(place, edgar)
        async with running(place, simulator.clock) as daemon:
            await saved(daemon, accession(1))
            await begun(daemon)
        simulator.clock = Clock(start=at("2026-01-10T12:00"))
        async with running(place, simulator.clock) as daemon:
            done = [await audited(daemon, date(2026, 1, day)) for day in (7, 8, 9)]
            known = await saved(daemon, accession(1), accession(2), accession(3))

    assert [(one.listed, one.missing) for one in done] == [(1, 0), (2, 1), (0, 0)]
    assert [known[accession(number)].run_as for number in (1, 2, 3)] == [Origin.BACKFILL, Origin.LIVE, Origin.LATE]


async def test_a_filing_that_edgar_withdrew_before_the_index_was_written_is_marked(place: Place) -> None:
    clock = Clock(start=at("2026-01-09T21:00"))
    simulator = simulator_of(made(1, "2026-01-09T10:00"), made(2, "2026-01-09T11:00"), clock=clock)
    async with serve(simulator) as edgar:
        set_up(place, edgar)
        async with running(place, simulator.clock) as daemon:
            await saved(daemon, accession(1), accession(2))
            await begun(daemon)
        simulator.withdraw(accession(2))
        simulator.clock = Clock(start=at("2026-01-09T23:00"))
        async with running(place, simulator.clock) as daemon:
            audit = await audited(daemon, FRIDAY)
            known = await saved(daemon, accession(1), accession(2))

    assert (audit.listed, audit.missing, audit.gone) == (1, 0, 1)
    assert [known[accession(number)].gone_on for number in (1, 2)] == [None, FRIDAY]


async def test_a_filing_that_edgar_withdrew_later_is_marked_once_the_week_is_over(place: Place) -> None:
    clock = Clock(start=at("2026-01-09T21:00"))
    simulator = simulator_of(made(1, "2026-01-09T10:00"), made(2, "2026-01-09T11:00"), clock=clock)
    async with serve(simulator) as edgar:
        set_up(place, edgar)
        async with running(place, simulator.clock) as daemon:
            await saved(daemon, accession(1), accession(2))
            await begun(daemon)
        # The quarter's own index is written again after Monday's.
        simulator.clock = Clock(start=at("2026-01-13T07:00"))
        simulator.withdraw(accession(2), at=at("2026-01-10T12:00"))
        async with running(place, simulator.clock) as daemon:
            audit = await audited(daemon, FRIDAY)
            async with asyncio.timeout(60):
                while (await daemon.store.read(filings.get, accession(2))).gone_on is None:
                    await asyncio.sleep(0.05)
            known = await saved(daemon, accession(1), accession(2))

    assert (audit.listed, audit.missing, audit.gone) == (2, 0, 0)
    assert [known[accession(number)].gone_on for number in (1, 2)] == [None, date(2026, 1, 13)]


# The commands, without a daemon and with one.


@pytest.fixture
def edgar() -> Simulator:
    """What EDGAR has of three days: four filings, one of them with a co-filer."""
    submissions = [
        made(1, "2026-01-07T10:00"),
        made(2, "2026-01-08T10:00"),
        Generator(seed=3).submission(accession=accession(3), accepted_at=at("2026-01-08T11:00"), co_registrants=1),
        made(4, "2026-01-09T10:00"),
    ]
    return Simulator.from_submissions(submissions, listed=4)


async def ask(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(place.eightk, *arguments)


def states(place: Place) -> dict[str, str]:
    return {one["accession"][-1]: f"{one['state']} {one['origin']}" for one in place.filings()}


async def test_audit_lists_and_fetches_what_is_missing_and_ends_with_1_and_then_with_0(
    place: Place, edgar: Simulator
) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        first = await ask(place, "audit", "--date", "2026-01-08")
        second = await ask(place, "audit", "--date", "2026-01-08")

    assert (first.returncode, second.returncode) == (1, 0), first.stderr + second.stderr
    assert "2026-01-08: EDGAR lists 2 filings of the 8-K family, 2 were missing" in first.stdout
    assert f"{accession(3)}  8-K     saved" in first.stdout
    assert second.stdout == "2026-01-08: EDGAR lists 2 filings of the 8-K family, none is missing\n"
    assert states(place) == {"2": "saved late", "3": "saved late"}


async def test_audit_as_json_has_every_key(place: Place, edgar: Simulator) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        done = await ask(place, "audit", "--date", "2026-01-09", "--json")

    found = json.loads(done.stdout)
    assert (found["day"], found["state"], found["listed"], found["missing"], found["gone"]) == (
        *("2026-01-09", "done", 1, 1, 0),
    )
    (one,) = found["missing_filings"]
    assert (one["accession"], one["form"], one["state"]) == (accession(4), "8-K", "saved")
    assert (found["gone_filings"], found["returned_filings"], found["has_index"], found["reason"]) == (
        [],
        [],
        True,
        None,
    )


async def test_a_day_without_an_index_ends_with_3_and_a_weekend_with_0(place: Place, edgar: Simulator) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        tuesday = await ask(place, "audit", "--date", "2026-01-06")
        saturday = await ask(place, "audit", "--date", "2026-01-10")
        holiday = await ask(place, "audit", "--date", "2026-01-01")

    assert (tuesday.returncode, saturday.returncode, holiday.returncode) == (3, 0, 0)
    assert "EDGAR has no such file" in tuesday.stdout
    assert saturday.stdout == "2026-01-10: no business day of EDGAR's, and it has no index of it\n"


async def test_audit_ends_with_3_when_edgar_cannot_be_asked(place: Place) -> None:
    place.set_up(edgar="http://127.0.0.1:9")

    assert (await ask(place, "audit", "--date", "2026-01-08")).returncode == 3


async def test_audit_of_a_day_to_come_is_wrong_usage(place: Place) -> None:
    place.set_up(edgar="http://127.0.0.1:9")

    done = await ask(place, "audit", "--date", "2199-01-08")

    assert done.returncode == 2
    assert "2199-01-08 is still to come" in done.stderr


async def test_without_a_contact_edgar_is_not_asked(place: Place) -> None:
    place.set_up()

    audit = await ask(place, "audit")
    backfill = await ask(place, "backfill", "--from", "2026-01-07", "--to", "2026-01-09")

    assert (audit.returncode, backfill.returncode) == (3, 3)
    assert "no contact is set" in audit.stderr
    assert "no contact is set" in backfill.stderr


async def test_a_running_daemon_does_the_audit(place: Place, edgar: Simulator) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        daemon = await asyncio.to_thread(Running, place)
        try:
            edgar.add(made(5, "2026-01-08T12:00"), is_listed=False)
            first = await ask(place, "audit", "--date", "2026-01-08")
            await asyncio.to_thread(wait_until, lambda: states(place).get("5") == "saved late")
            second = await ask(place, "audit", "--date", "2026-01-08", "--json")
            to_come = await ask(place, "audit", "--date", "2199-01-08")
        finally:
            await asyncio.to_thread(daemon.end, signal.SIGTERM)

    assert (first.returncode, second.returncode, to_come.returncode) == (1, 0, 2), first.stderr
    assert f"{accession(5)}  8-K     handed to the daemon" in first.stdout
    assert json.loads(second.stdout)["missing_filings"] == []
    assert states(place)["5"] == "saved late"


async def test_backfill_takes_in_a_span_and_the_second_time_finds_nothing_to_do(place: Place, edgar: Simulator) -> None:
    span = ("backfill", "--from", "2026-01-07", "--to", "2026-01-11")
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        first = await ask(place, *span)
        fetched = edgar.traffic.by_kind["submission"]
        second = await ask(place, *span)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout == "2026-01-07 to 2026-01-11: 3 of 3 days read, 4 of 4 filings were not in the store\n"
    assert second.stdout == "2026-01-07 to 2026-01-11: 3 of 3 days read, 0 of 4 filings were not in the store\n"
    assert "/3 days" in first.stderr
    assert states(place) == dict.fromkeys("1234", "saved backfill")
    assert fetched == edgar.traffic.by_kind["submission"] == 4


@pytest.mark.parametrize(("options", "told"), [((), 0), (("--notify",), 4)])
async def test_backfill_tells_nobody_unless_it_is_asked_to(
    place: Place, edgar: Simulator, options: tuple[str, ...], told: int
) -> None:
    receiver = Receiver(secret=place.secret)
    async with serve(edgar) as url, receive(receiver) as hook:
        place.set_up(edgar=url, receiver=hook)
        done = await ask(place, "backfill", "--from", "2026-01-07", "--to", "2026-01-09", *options)

    assert done.returncode == 0, done.stderr
    assert (len(receiver.received), states(place)) == (told, dict.fromkeys("1234", "saved backfill"))


async def test_a_day_without_an_index_is_told_and_ends_backfill_with_3(place: Place, edgar: Simulator) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        done = await ask(place, "backfill", "--from", "2026-01-06", "--to", "2026-01-07")

    assert done.returncode == 3
    assert "2026-01-06: EDGAR has no index of this business day" in done.stdout
    assert states(place) == {"1": "saved backfill"}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-01-09", "2026-01-07", "comes after the last"),
        ("1992-01-02", "2026-01-07", "begin on 1993-01-01"),
        ("2026-01-09", "2199-01-07", "still to come"),
        ("yesterday", "2026-01-07", "does not match"),
    ],
)
async def test_a_span_that_cannot_be_is_wrong_usage(place: Place, first: str, last: str, words: str) -> None:
    place.set_up(edgar="http://127.0.0.1:9")

    done = await ask(place, "backfill", "--from", first, "--to", last)

    assert done.returncode == 2
    assert words in done.stderr


async def test_a_running_daemon_does_the_backfill(place: Place, edgar: Simulator) -> None:
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        daemon = await asyncio.to_thread(Running, place)
        try:
            await asyncio.to_thread(wait_until, lambda: len(states(place)) == 4)
            for number in (6, 7, 8):
                edgar.add(made(number, "2026-01-08T12:00"), is_listed=False)
            done = await ask(place, "backfill", "--from", "2026-01-07", "--to", "2026-01-09")
            wrong = await ask(place, "backfill", "--from", "2026-01-09", "--to", "2026-01-07")
        finally:
            await asyncio.to_thread(daemon.end, signal.SIGTERM)

    assert (done.returncode, wrong.returncode) == (0, 2), done.stderr
    assert done.stdout == "2026-01-07 to 2026-01-09: 3 of 3 days read, 3 of 7 filings were not in the store\n"
    assert {name: states(place)[name] for name in "678"} == dict.fromkeys("678", "saved backfill")


class Backfilling:
    """``eightk backfill`` in a process of its own, to be broken off."""

    def __init__(self, place: Place, *arguments: str) -> None:
        self.place = place
        command = [*COMMAND, "backfill", *arguments, "--config", str(place.config)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )

    def __enter__(self) -> "Backfilling":
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)

    def first_line(self) -> str:
        return self.process.stderr.readline() if self.process.stderr else ""

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, words = self.process.communicate(timeout=60)
        return self.process.returncode, words


def count_saved(place: Place) -> int:
    try:
        with Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}", only_read=True) as store:
            return store.read_now(filings.count_by_state).get(FilingState.SAVED, 0)
    except StoreError:  # it is being made
        return 0


TEN_DAYS = ("--from", "2026-01-05", "--to", "2026-01-16", "--index", "daily")


def ten_days(count: int) -> Simulator:
    """So many filings over the business days of two weeks."""
    days = [date(2026, 1, day) for day in (5, 6, 7, 8, 9, 12, 13, 14, 15, 16)]
    submissions = [made(number, f"{days[number % len(days)]}T{8 + number % 9:02}:00") for number in range(count)]
    return Simulator.from_submissions(submissions, listed=count)


async def test_killed_again_and_again_backfill_goes_on_and_takes_each_filing_once(place: Place) -> None:
    edgar, count = ten_days(60), 60
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        for kill in range(1, 4):
            with await asyncio.to_thread(Backfilling, place, *TEN_DAYS) as running:
                wanted = kill * count // 5
                is_so = await asyncio.to_thread(wait_until, lambda wanted=wanted: count_saved(place) >= wanted, 60.0)
                await asyncio.to_thread(running.end, signal.SIGKILL)
            assert is_so
        done = await ask(place, "backfill", *TEN_DAYS)

    assert done.returncode == 0, done.stderr
    assert set(states(place).values()) == {"saved backfill"}
    assert len(place.filings()) == count
    # What was under way at a kill, and nothing else, was fetched a second time.
    assert edgar.traffic.by_kind["submission"] <= count + 3 * 8
    assert edgar.traffic.by_kind["daily-index"] <= 10 + 3 * 2


async def test_ctrl_c_stops_a_backfill_and_says_how_to_go_on(place: Place) -> None:
    async with serve(ten_days(60)) as url:
        place.set_up(edgar=url)
        with await asyncio.to_thread(Backfilling, place, *TEN_DAYS) as running:
            is_so = await asyncio.to_thread(wait_until, lambda: count_saved(place) >= 5, 60.0)
            code, words = await asyncio.to_thread(running.end, signal.SIGINT)

    assert (is_so, code) == (True, 130)
    assert "the same command goes on from here" in words
    assert "Traceback" not in words


async def test_ctrl_c_stops_the_daemons_backfill_too(place: Place) -> None:
    edgar = ten_days(60)
    async with serve(edgar) as url:
        place.set_up(edgar=url)
        daemon = await asyncio.to_thread(Running, place)
        try:
            edgar.faults.switch_on("slow=1:submission")
            with await asyncio.to_thread(Backfilling, place, *TEN_DAYS) as running:
                first = await asyncio.to_thread(running.first_line)
                code, words = await asyncio.to_thread(running.end, signal.SIGINT)
            edgar.faults.switch_off()
            again = await ask(place, "backfill", "--from", "2026-01-05", "--to", "2026-01-05")
        finally:
            await asyncio.to_thread(daemon.end, signal.SIGKILL)

    assert "/10 days" in first
    assert (code, "goes on from here" in words) == (130, True)
    # No other one is under way any more.
    assert "refused" not in again.stderr
