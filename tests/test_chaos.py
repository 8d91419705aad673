"""Faults done on purpose, in short; what is said of them; and that the loss or doubling of a filing would be seen."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from _stores import store_url
from _warm import WarmProcess

from bench.chaos import kills, stores
from bench.chaos.__main__ import main
from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.faults import FAULTS, chosen
from bench.chaos.runner import Tally
from bench.chaos.scene import EIGHTK, Scene, scene
from bench.chaos.table import chaos_table, exit_code
from bench.errors import BenchError
from bench.runners.dying import POINTS
from watcher.simulator.generator import Generator

IN_SHORT = ("spotted", "taken", "fetched", "handled", "saved, not committed", "saved", "told, not noted")


@pytest.fixture
def warm_daemons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Daemons in processes of their own that have imported eightk already: nothing is kept before that is done."""

    async def launch(
        made: Scene, program: tuple[str, ...] = EIGHTK, *, environment: Mapping[str, str] | None = None, **_: object
    ) -> None:
        _, module, *arguments = program
        command = (*arguments, "run", "--config", str(made.folder / "config" / "eightk.toml"))
        own = {key: value for key, value in os.environ.items() if not key.startswith("EIGHTK_")} | dict(
            environment or {}
        )
        with made.log.open("ab") as log:
            made.process = await WarmProcess.start(command, env=own, stderr=log.fileno(), program=module)

    monkeypatch.setattr(Scene, "launch", launch)


def trial_in(folder: Path, seed: int = 1) -> Trial:
    return Trial(folder, seed, store_url(folder / "data" / "eightk.db"))


@pytest.mark.usefixtures("either_store", "warm_daemons")
async def test_killed_between_any_two_verbs_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = await kills.kill_at(IN_SHORT, trial_in(tmp_path))

    assert (outcome.lost, outcome.doubled, outcome.wrong) == ((), (), ())
    assert outcome.times == len(IN_SHORT)
    assert outcome.filings >= len(IN_SHORT)
    assert len(outcome.recovered) == 1


@pytest.mark.usefixtures("warm_daemons")
async def test_killed_at_random_moments_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = await kills.kill_at_random(trial_in(tmp_path), kills=2)

    assert (outcome.lost, outcome.doubled, outcome.wrong) == ((), (), ())
    assert (outcome.times, len(outcome.recovered)) == (2, 1)


def test_every_point_of_the_route_lies_in_one_gap() -> None:
    assert sorted(point for points in kills.GAPS.values() for point in points) == sorted(POINTS)


# --- a daemon that breaks its promises is found out

BREAKING = """
import dataclasses, sys
from watcher.cli import main
from watcher.deliver import Deliverer
from watcher.store import reports
from watcher.store.schema import delivery, filing, journal

real_save, real_try, real_note = reports.save, Deliverer._try, reports.journal.note_filing

def save(connection, found, *args, **kwargs):
    owed = real_save(connection, found, *args, **kwargs)
    {breaking}
    return owed

async def tell_twice(self, endpoint, owed):
    other = dataclasses.replace(owed.message, id="alr_" + "0" * 32)
    await real_try(self, endpoint, dataclasses.replace(owed, message=other))
    return await real_try(self, endpoint, owed)

reports.save = save
{patching}
main(sys.argv[1:])
"""
LOSES_THE_REPORT = "connection.execute(filing.update().values(state='skipped'))"
OWES_NOTHING = "connection.execute(delivery.delete())"
SAVES_TWICE = "real_note(connection, found.filing.accession, args[1])"


@pytest.mark.parametrize(
    ("breaking", "patching", "broken"),
    [
        (LOSES_THE_REPORT, "", {"lost", "wrong"}),
        (OWES_NOTHING, "", {"lost"}),
        (SAVES_TWICE, "", {"doubled"}),
        ("pass", "Deliverer._try = tell_twice", {"doubled"}),
    ],
)
async def test_a_daemon_that_loses_or_doubles_a_filing_is_found_out(
    tmp_path: Path, breaking: str, patching: str, broken: set[str]
) -> None:
    program = tmp_path / "breaking.py"
    program.write_text(BREAKING.format(breaking=breaking, patching=patching))
    async with scene(trial_in(tmp_path), more="[limits]\nworkers = 1\n") as made:
        await made.begin((str(program),))
        made.drop([Generator(1).submission()])
        await made.until(lambda: any(made.lines("saved")), 60.0, "a report")
        await made.settle(1.0 if "wrong" in broken else 60.0)
        outcome = made.outcome()

    assert {word for word in ("lost", "doubled", "wrong") if getattr(outcome, word)} == broken
    assert not outcome.is_well


async def test_a_daemon_that_does_not_start_again_is_told(tmp_path: Path) -> None:
    async with scene(trial_in(tmp_path), more="[no-such-table]\n") as made:
        await made.recover()

    assert [words.split(": ")[0] for words in made.wrong] == ["the next daemon did not start"]
    assert made.recovered == []


# --- what is said in the end


def fault(name: str, outcome: Outcome | Exception, *, missing: str = "", short: int = 1) -> Fault:
    async def run(trial: Trial) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        return replace(outcome, filings=outcome.filings + trial.seed)

    return Fault(name, run, times=3, short=short, stores=("sqlite",), missing=lambda: missing)


WELL = Outcome(10, again=1, recovered=(2.0, 4.0), times=5)
LOSING = Outcome(10, lost=("0000000001-25-000001",), wrong=("the last daemon ended with 3",))


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([fault("a", WELL)], 0),
        ([fault("a", WELL), fault("b", WELL, missing="no such program")], 0),
        ([fault("a", WELL), fault("b", LOSING)], 1),
        ([fault("a", Outcome(1, doubled=("0000000001-25-000001",)))], 1),
        ([fault("a", Outcome(1, wrong=("it burns",)))], 1),
        ([fault("a", LOSING), fault("b", BenchError("no daemon"))], 1),
        ([fault("a", WELL), fault("b", BenchError("no daemon"))], 3),
        ([fault("a", WELL), fault("b", KeyError("a mistake of the trial's own"))], 3),
        ([fault("a", WELL, missing="no such program")], 3),
        ([fault("a", WELL, short=0)], 3),
    ],
)
def test_the_exit_code_tells_whether_all_went_well(
    faults: list[Fault], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EIGHTK_REQUIRE_SERVERS", raising=False)

    assert main(["--short"], faults) == code


def test_what_is_missing_is_a_failure_where_nothing_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EIGHTK_REQUIRE_SERVERS", "1")

    assert main(["--short"], [fault("a", WELL), fault("b", WELL, missing="no such program")]) == 1


def test_each_trial_has_a_seed_and_those_that_fail_say_how_to_run_them_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["--seed", "7"], [fault("one fault", LOSING)])
    told = capsys.readouterr()

    assert re.findall(r"seed (\d): NOT well", told.err) == ["7", "8", "9"]
    assert 'again: --only "one fault" --store sqlite --times 1 --seed 8' in told.out


def test_the_table_sums_up_each_fault_on_each_store() -> None:
    table = chaos_table([Tally("a", "sqlite", outcomes={1: WELL, 2: WELL}), Tally("b", "sqlite", "no disk")], "seed 1")

    assert table.rows == (
        ("a", "sqlite", "10", "20", "0", "0", "2", "3.00", "4.00", "0"),
        ("b", "sqlite", *[""] * 7, "not tried"),
        ("in all", "", "10", "20", "0", "0", "2", "3.00", "4.00", "0"),
    )
    assert table.notes == ("b, sqlite: not tried: no disk",)


def test_the_notes_tell_each_wrong_thing() -> None:
    tallies = [Tally("a", "sqlite", outcomes={4: LOSING}, broken={5: "no daemon"})]

    assert chaos_table(tallies, "").notes[:2] == (
        "a, sqlite, seed 5: COULD NOT BE TRIED: no daemon",
        "a, sqlite, seed 4: WRONG: lost 1: 0000000001-25-000001; the last daemon ended with 3",
    )
    assert exit_code(tallies, may_lack=True) == 1


def test_without_a_server_its_faults_are_rows_that_say_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        pytest.skip("PostgreSQL is not installed")

    monkeypatch.delenv("EIGHTK_REQUIRE_SERVERS", raising=False)
    monkeypatch.setattr(stores.database, "serving", missing)
    code = main(["--times", "1"], [replace(fault("a", WELL), stores=("sqlite", "postgresql"))])

    assert code == 0
    assert "a, postgresql: not tried: PostgreSQL is not installed" in capsys.readouterr().out


def test_faults_are_chosen_by_name_or_by_a_part_of_it() -> None:
    faults = [fault(name, WELL) for name in ("killed", "killed at random", "no disk")]

    assert [one.name for one in chosen(["killed"], faults)] == ["killed"]
    assert [one.name for one in chosen(["random", "disk"], faults)] == ["killed at random", "no disk"]
    assert chosen([], faults) == tuple(faults)
    with pytest.raises(ValueError, match="no fault is called so: flood"):
        chosen(["flood"], faults)


def test_an_unknown_fault_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "no such fault"])

    assert ended.value.code == 2


def test_folders_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    async def run(trial: Trial) -> Outcome:
        (trial.folder / "log").touch()
        return WELL

    code = main(["--times", "2", "--keep", str(tmp_path / "kept")], [Fault("a fault", run, 1, stores=("sqlite",))])

    assert code == 0
    assert sorted(one.parent.name for one in tmp_path.glob("kept/a-fault/*/log")) == ["sqlite-1", "sqlite-2"]


def test_the_list_names_every_fault_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(f"{one.name}: {one.times} times") for line, one in zip(lines, FAULTS, strict=True))
    assert len({one.name for one in FAULTS}) == len(FAULTS)
