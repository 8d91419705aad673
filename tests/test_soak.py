"""The soak, in short: a day instead of a quarter, small stores instead of large ones; and the judge of such runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from bench.procfs import Held, held_by, lacks_proc
from bench.soak import __main__ as soak
from bench.soak import samples as looks
from bench.soak.bounds import FEWEST, WAL_BYTES, faults_of, held_table
from bench.soak.large import Large, large_table, run_large
from bench.soak.large import faults_of as faults_of_large
from bench.soak.minute import Minute, minute_table, run_minute
from bench.soak.quarter import QUARTER, quarter_table, run_quarter
from bench.soak.samples import DAEMON, Sample, Sampler

HALF_A_DAY = replace(QUARTER, seed=3, starts=time(14, 0), ends=time(7, 0), days=1, per_day=20, faults=())
needs_proc = pytest.mark.skipif(bool(lacks_proc()), reason=lacks_proc() or "it has it")


@needs_proc
async def test_half_a_day_loses_nothing_and_is_watched(tmp_path: Path) -> None:
    quarter = await run_quarter(HALF_A_DAY, tmp_path, lambda line: None, look_seconds=0.2)

    assert quarter.found.faults() == [], quarter_table(quarter)
    assert quarter.unanswered == []
    assert quarter.looks > 0
    assert {DAEMON, "worker 1", "worker 2"} <= set(quarter.samples[-1].held)
    assert quarter.samples[-1].database > 0


@needs_proc
async def test_a_few_of_a_busy_minute_are_all_told(tmp_path: Path) -> None:
    minute = await run_minute(tmp_path, lambda line: None, times=0.3, seconds=1, poll_seconds=1)

    assert (minute.listed, minute.entries, minute.lost) == (5, 17, [])
    assert "memory of daemon" in minute_table(minute)


@needs_proc
async def test_two_stores_are_compared(tmp_path: Path) -> None:
    stores = tmp_path / "stores"
    options = {"sizes": (60, 120), "starts": 1, "filings": 2, "many": 3}
    small, large = await run_large(stores, tmp_path / "at-work", lambda line: None, **options)  # type: ignore[arg-type]

    assert [len(small.starts), len(large.saves)] == [1, 2]
    assert small.cpu > 0
    assert "saving one filing" in large_table([small, large])
    assert (stores / "120" / "eightk.db").exists()


# --- the judge

MEGABYTE = 10**6
MANY = 200


def sample(memory: dict[str, float], *, files: int = 20, threads: int = 10, log: int = 0) -> Sample:
    held = {name: Held(int(megabytes * MEGABYTE), files, threads) for name, megabytes in memory.items()}
    return Sample(0.0, held, 0, log)


def run(one: Callable[[float], Sample]) -> list[Sample]:
    """Samples of a run; each is made from the share of it that is over."""
    return [one(place / MANY) for place in range(MANY)]


def test_what_stays_as_it_is_is_well() -> None:
    assert faults_of(run(lambda over: sample({DAEMON: 140, "worker 1": 55}))) == []


def test_growth_at_the_start_is_none() -> None:
    assert faults_of(run(lambda over: sample({DAEMON: 60 if over < 0.2 else 140}))) == []


def test_one_large_filing_is_no_growth() -> None:
    assert faults_of(run(lambda over: sample({"worker 1": 900 if 0.9 < over < 0.95 else 55, DAEMON: 140}))) == []


def test_a_leak_of_the_daemon_is_found() -> None:
    found = faults_of(run(lambda over: sample({DAEMON: 140 + 100 * over})))

    assert "memory of daemon: from 177 to 227 MB; 224 allowed" in found


def test_a_leak_of_a_worker_is_found_though_it_is_small_beside_all() -> None:
    found = faults_of(run(lambda over: sample({DAEMON: 1_000, "worker 1": 55 + 100 * over})))

    assert [one.partition(":")[0] for one in found] == ["memory of worker 1"]


def test_a_leak_that_each_process_has_a_little_of_is_found() -> None:
    found = faults_of(run(lambda over: sample({f"worker {n}": 30 + 45 * over for n in range(4)} | {DAEMON: 60})))

    assert [one.partition(":")[0] for one in found] == ["memory of all processes"]


def test_file_handles_and_threads_that_are_never_given_back_are_found() -> None:
    found = faults_of(run(lambda over: sample({DAEMON: 140}, files=20 + int(60 * over), threads=10 + int(40 * over))))

    assert [one.partition(":")[0] for one in found] == ["files of daemon", "threads of daemon"]


def test_a_log_of_the_database_that_grows_is_found() -> None:
    found = faults_of(run(lambda over: sample({DAEMON: 140}, log=int(2 * WAL_BYTES * over))))

    assert found == ["the database's write-ahead log: 127 MB; 64 allowed"]


def test_too_few_samples_are_no_proof() -> None:
    assert faults_of(run(lambda over: sample({DAEMON: 140}))[: FEWEST - 1]) == [
        "39 samples; at least 40 are needed to judge by"
    ]


def test_a_table_shows_what_each_process_holds() -> None:
    rows = held_table(run(lambda over: sample({DAEMON: 140 + over})), "held").rows

    assert rows[1] == ("memory of daemon, MB", "140", "140", "141", "141", "181")
    assert [row[0] for row in rows[-2:]] == ["database, MB", "its log, MB"]


@needs_proc
def test_a_worker_in_the_place_of_another_goes_on_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    running = [11, 12]
    monkeypatch.setattr(looks, "worker_processes", lambda daemon: list(running))
    monkeypatch.setattr(looks, "held_by", lambda process: Held(process * MEGABYTE, 1, 1))
    sampler = Sampler(1)

    sampler.look()
    running[:] = [12, 13]
    sampler.look()

    assert {name: one.memory // MEGABYTE for name, one in sampler.samples[-1].held.items()} == {
        DAEMON: 1,
        "worker 1": 13,
        "worker 2": 12,
    }


@needs_proc
def test_a_process_that_has_ended_holds_nothing() -> None:
    assert held_by(2**22 + 1) is None


# --- the verdicts of the other two, and the exit code


def minute(**other: object) -> Minute:
    well = Minute(10, 570, 160, [5.0, 30.0], 28.0, [], 0, 5, [])
    return replace(well, **other)  # type: ignore[arg-type]


def test_a_minute_is_judged() -> None:
    assert minute().faults() == []
    assert minute(lost=["a"]).faults() == ["lost: 1, such as a"]
    assert minute(peak_requests=6).faults() == ["6 requests within a second; the limit is 5"]
    assert minute(last=130.0).faults() == ["told 130 s after the last was listed; 120 s are allowed"]


def test_a_large_store_is_judged_by_its_best_start_and_beside_the_small_one() -> None:
    small = Large(10, [1.0], [0.9], [0.010], 0.020)

    assert faults_of_large([small, Large(100, [9.0, 1.9], [0.9], [0.012], 0.025)]) == []
    assert faults_of_large([small, Large(100, [2.5, 2.1], [0.9], [0.020], 0.040)]) == [
        "2.10 s until the page answers; 2 s are allowed",
        "saving of a filing: 2.00 times what it is in the small store; 1.3 allowed",
        "CPU of a filing: 2.00 times what it is in the small store; 1.3 allowed",
    ]


@needs_proc
@pytest.mark.parametrize(("faults", "code"), [([], 0), (["it leaks"], 1)])
def test_the_exit_code_tells_whether_all_is_well(
    faults: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(soak._RUNS, "minute", lambda options, folder: faults)

    assert soak.main(["--only", "minute", "--keep", str(tmp_path / "kept")]) == code
