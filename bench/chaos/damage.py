"""Faults of the database's own files: a log that ends in garbage or in mid-frame, and pages that are overwritten."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import EIGHTK, Scene, recovery, scene
from bench.chaos.supply import LOOK_OFTEN, Supply, check_store, empty_edgar, expect_refusal
from bench.errors import BenchError
from bench.logs import saves
from watcher.models import FilingState
from watcher.store import filings
from watcher.store.database import Store

__all__ = ["FAULTS"]

_PAGE = 4096
_FRAME = _PAGE + 24  # of the write-ahead log: a page behind its header
_LOG_HEADER = 32
_REMEDY = "eightk backup"
Damage = Callable[[Path, random.Random], None]


@asynccontextmanager
async def _begun(trial: Trial) -> AsyncIterator[tuple[Scene, Supply]]:
    trial = replace(trial, store=f"sqlite:///{trial.folder / 'data' / 'eightk.db'}")
    async with empty_edgar() as (simulator, edgar), scene(trial, edgar=edgar, more=LOOK_OFTEN) as made:
        await made.begin()
        await made.until_watching()
        yield made, Supply(made, simulator)


async def _log_damaged(trial: Trial, *, damage: Damage, is_from_list: bool = False) -> Outcome:
    """Damage the log's end after a kill. What is lost that way is found again, and all that was before it is there."""
    async with _begun(trial) as (made, supply):
        supply.list(3)
        if not is_from_list:
            supply.drop(3)
        chance = random.Random(trial.seed)
        await made.until(lambda: bool(saves(made.log)), 60, "the first report saved")
        await asyncio.sleep(chance.uniform(0, 0.5))
        await made.end(signal.SIGKILL)
        database = trial.folder / "data" / "eightk.db"
        damage(database.with_name("eightk.db-wal"), chance)
        kept = _saved_in_copy(database, trial.folder / "copy")
        done_before = len(saves(made.log))
        await made.begin()
        await recovery(made, made.settle)
        return await _end(made, supply, kept, done_before)


async def _end(made: Scene, supply: Supply, kept: set[str], done_before: int) -> Outcome:
    """Let one more come, and end. What the damage took with it had to be done again; what it left had not."""
    supply.both(1)
    await made.settle()
    if code := await made.end():
        made.wrong.append(f"exit code {code}")
    check_store(made)
    done, found = saves(made.log), made.outcome()
    again = {one for one, count in Counter(done[done_before:]).items() if count > 1}
    gone = set(done[:done_before]) - kept
    return replace(found, doubled=tuple(sorted((set(found.doubled) - gone) | again)))


async def _file_damaged(trial: Trial, *, damage: Damage) -> Outcome:
    """Damage the database; it must be refused, and go on from a backup."""
    async with _begun(trial) as (made, supply):
        supply.both(2)
        await made.settle()
        backup = trial.folder / "backup.db"
        await _eightk(made, "backup", str(backup))
        kept = _saved_in_copy(backup, trial.folder / "copy")
        supply.list(2)
        await made.settle()
        await made.end()
        done_before = len(saves(made.log))
        database = trial.folder / "data" / "eightk.db"
        damage(database, random.Random(trial.seed))
        await expect_refusal(made, "eightk.db", _REMEDY)
        shutil.copy(backup, database)
        for end in ("-wal", "-shm"):
            database.with_name(f"eightk.db{end}").unlink(missing_ok=True)
        await made.begin()
        await recovery(made, made.settle)
        return await _end(made, supply, kept, done_before)


def _saved_in_copy(database: Path, folder: Path) -> set[str]:
    """What a store holds; a copy is looked at, since a look changes a log."""
    folder.mkdir()
    for end in ("", "-wal"):
        if (one := database.with_name(f"{database.name}{end}")).exists():
            shutil.copy(one, folder / f"eightk.db{end}")
    with Store(f"sqlite:///{folder / 'eightk.db'}", only_read=True) as store:
        found = store.read_now(filings.find, filings.Query(limit=None))
    return {one.filing.accession for one in found if one.state is FilingState.SAVED}


async def _eightk(made: Scene, *arguments: str) -> None:
    command = (sys.executable, *EIGHTK, *arguments, "--config", str(made.folder / "config" / "eightk.toml"))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise BenchError(f"eightk {' '.join(arguments)}: {told.decode().strip()}")


def _append_garbage(log: Path, chance: random.Random) -> None:
    """What a crash leaves of a transaction that was not synced."""
    with log.open("ab") as file:
        file.write(chance.randbytes(chance.randrange(1, 3 * _FRAME)))


def _cut_in_frame(log: Path, chance: random.Random) -> None:
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - chance.randrange(1, _FRAME))


def _overwrite_last_page(log: Path, chance: random.Random) -> None:
    with log.open("r+b") as file:
        file.seek(log.stat().st_size - _PAGE)
        file.write(chance.randbytes(_PAGE))


def _cut_anywhere(log: Path, chance: random.Random) -> None:
    """More than any crash does: what was synced is gone."""
    frames = (log.stat().st_size - _LOG_HEADER) // _FRAME
    with log.open("r+b") as file:
        file.truncate(_LOG_HEADER + chance.randrange(frames // 2, frames) * _FRAME + chance.randrange(_FRAME))


def _overwrite_header(database: Path, chance: random.Random) -> None:
    with database.open("r+b") as file:
        file.write(chance.randbytes(100))


def _overwrite_pages(database: Path, chance: random.Random) -> None:
    pages = database.stat().st_size // _PAGE
    with database.open("r+b") as file:
        for number in chance.sample(range(1, pages), max(3, pages // 20)):
            file.seek(number * _PAGE)
            file.write(chance.randbytes(_PAGE))


def _cut_file(database: Path, chance: random.Random) -> None:
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2)


_ON_SQLITE = ("sqlite",)


def _of_log(name: str, damage: Damage, *, times: int = 1, short: int = 0, is_from_list: bool = False) -> Fault:
    run = partial(_log_damaged, damage=damage, is_from_list=is_from_list)
    return Fault(name, run, times=times, short=short, stores=_ON_SQLITE)


def _of_file(name: str, damage: Damage) -> Fault:
    return Fault(name, partial(_file_damaged, damage=damage), times=1, stores=_ON_SQLITE)


FAULTS = (
    _of_log("log ends in garbage", _append_garbage),
    _of_log("log cut in mid-frame", _cut_in_frame, short=1),
    _of_log("log's last page overwritten", _overwrite_last_page),
    _of_log("log cut anywhere", _cut_anywhere, times=2, is_from_list=True),
    _of_file("database's header overwritten", _overwrite_header),
    _of_file("database's pages overwritten", _overwrite_pages),
    _of_file("database cut in half", _cut_file),
)
