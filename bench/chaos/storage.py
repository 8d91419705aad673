"""Faults of what the store lies on: a full disk, one that cannot be written; and those of the store itself."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.chaos import damage, locks
from bench.chaos.disk import Disk, lacks_loop, lacks_namespaces, small_disk, worn_disk
from bench.chaos.fault import Fault, Outcome, Trial
from bench.chaos.scene import Scene, recovery, scene
from bench.chaos.supply import (
    LOOK_OFTEN,
    Supply,
    check_store,
    empty_edgar,
    expect_refusal,
    expect_words,
    mark,
)
from bench.logs import saves

__all__ = ["FAULTS"]

_FAULT_SECONDS = 4.0
_FULL = ("No space left on device", "make room")
_READ_ONLY = ("Read-only file system", "remount it")


@dataclass(slots=True)
class _Stage:
    """A scene whose archive and database are on a disk that only the daemon sees: how it fares is told from outside."""

    made: Scene
    supply: Supply
    disk: Disk | None = None

    async def begin(self, disk: Disk) -> None:
        """Start the daemon on this disk."""
        self.disk = disk
        await self.made.begin(prefix=disk.prefix)

    async def work(self, disk: Disk) -> None:
        """Start the daemon on this disk for the first time, and let it do some work."""
        self.supply.drop(2)
        await self.begin(disk)
        await self.made.until(lambda: any(self.made.lines("began to watch EDGAR")), 60, "the first poll")
        self.supply.list(2)
        await self.settle()

    async def work_in_vain(self, since: int, *words: str) -> None:
        """While the fault lasts: have some come, which the daemon must say it cannot keep, since a mark before it."""
        self.supply.both(2)
        await expect_words(self.made, since, *words)
        await asyncio.sleep(_FAULT_SECONDS)

    async def settle(self) -> None:
        """Wait until all is saved, as the log says, and told."""
        await self.made.until(self._is_settled, 120, "all saved and told")

    async def play_to_the_end(self) -> Outcome:
        """After the fault: have all settled, some more come, and the daemon end."""
        await recovery(self.made, self.settle)
        self.supply.both(1)
        await self.settle()
        if code := await self.made.end():
            self.made.wrong.append(f"exit code {code}")
        self._bring_out()
        await self.made.settle(5)
        check_store(self.made)
        return self.made.outcome()

    def _is_settled(self) -> bool:
        told = {json.loads(post.body)["data"]["filing"]["accession"] for post in self.made.receiver.accepted}
        return self.made.expected <= told & set(saves(self.made.log))

    def _bring_out(self) -> None:
        """Copy the database to where it can be looked at."""
        assert self.disk is not None
        brought = self.made.folder / "brought"
        brought.mkdir()
        for file in self.disk.outside.glob("eightk.db*"):
            shutil.copy(file, brought / file.name)
        self.made.trial = _stored_in(self.made.trial, brought)


@asynccontextmanager
async def _staged(trial: Trial) -> AsyncIterator[_Stage]:
    async with AsyncExitStack() as stack:
        simulator, edgar = await stack.enter_async_context(empty_edgar())
        inside = _stored_in(trial, trial.folder / "data")
        made = await stack.enter_async_context(scene(inside, edgar=edgar, more=LOOK_OFTEN))
        yield _Stage(made, Supply(made, simulator))


def _stored_in(trial: Trial, folder: Path) -> Trial:
    return replace(trial, store=f"sqlite:///{folder}/eightk.db") if trial.store.startswith("sqlite") else trial


async def _fill_at_work(trial: Trial) -> Outcome:
    async with _staged(trial) as stage, small_disk(trial.folder / "data") as disk:
        await stage.work(disk)
        since = mark(stage.made)
        async with disk.full():
            await stage.work_in_vain(since, *_FULL)
        return await stage.play_to_the_end()


async def _fill_before_start(trial: Trial) -> Outcome:
    async with _staged(trial) as stage, small_disk(trial.folder / "data") as disk:
        await stage.work(disk)
        await stage.made.end()
        async with disk.full():
            stage.supply.both(2)
            await expect_refusal(stage.made, *_FULL, prefix=disk.prefix)
        await stage.begin(disk)
        return await stage.play_to_the_end()


async def _protect_at_work(trial: Trial) -> Outcome:
    async with _staged(trial) as stage, small_disk(trial.folder / "data") as disk:
        await stage.work(disk)
        since = mark(stage.made)
        await disk.protect()
        await stage.work_in_vain(since, *_READ_ONLY)
        await disk.expose()
        return await stage.play_to_the_end()


async def _protect_before_start(trial: Trial) -> Outcome:
    async with _staged(trial) as stage, small_disk(trial.folder / "data") as disk:
        await stage.work(disk)
        await stage.made.end()
        await disk.protect()
        stage.supply.both(2)
        # Told with what else the settings name and cannot be used: hence 2.
        await expect_refusal(stage.made, "cannot be written", "mend its rights", prefix=disk.prefix, code=2)
        await disk.expose()
        await stage.begin(disk)
        return await stage.play_to_the_end()


async def _wear_out_at_work(trial: Trial) -> Outcome:
    """The kernel lets nothing be written any more, to what is open either, until the disk was checked."""
    folder, image = trial.folder / "data", trial.folder / "disk.img"
    async with _staged(trial) as stage:
        async with worn_disk(folder, image) as disk:
            await stage.work(disk)
            since = mark(stage.made)
            await disk.wear_out()
            await stage.work_in_vain(since, *_READ_ONLY)
            await stage.made.end()
            await expect_refusal(stage.made, *_READ_ONLY, prefix=disk.prefix)
        async with worn_disk(folder, image) as disk:
            await stage.begin(disk)
            return await stage.play_to_the_end()


_ON_SQLITE = ("sqlite",)

FAULTS = (
    Fault("disk full at work", _fill_at_work, times=1, missing=lacks_namespaces),
    Fault("disk full before the start", _fill_before_start, times=1, missing=lacks_namespaces),
    Fault("folder read-only at work", _protect_at_work, times=1, stores=_ON_SQLITE, missing=lacks_namespaces),
    Fault(
        "folder read-only before the start",
        _protect_before_start,
        times=1,
        stores=_ON_SQLITE,
        missing=lacks_namespaces,
    ),
    Fault("disk turns read-only", _wear_out_at_work, times=1, stores=_ON_SQLITE, missing=lacks_loop),
    *locks.FAULTS,
    *damage.FAULTS,
)
