"""Tries faults, each so often on each of its stores, and says what came of it."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.fault import STORES, Fault, Outcome, Trial
from bench.chaos.stores import Stores
from bench.errors import BenchError
from bench.folders import kept_or_passing

__all__ = ["Asked", "Tally", "try_all"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is tried. The trials of each fault have the seeds ``seed``, ``seed + 1`` and so on."""

    faults: Sequence[Fault]
    stores: Sequence[str] = STORES
    is_short: bool = False
    times: int | None = None  # in the place of each fault's own
    seed: int = 1
    keep: Path | None = None  # where folders of trials stay

    def times_of(self, fault: Fault) -> int:
        """How many trials there are of it on each store."""
        if self.times is not None:
            return self.times
        return fault.short if self.is_short else fault.times


@dataclass(slots=True)
class Tally:
    """What came of one fault on one store: outcomes by the seeds of their trials, and why others were none."""

    fault: str
    store: str
    missing: str = ""  # what this machine lacks for it
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)


def try_all(asked: Asked, tell: Callable[[str], None]) -> list[Tally]:
    """Try them one after the other; ``tell`` is given a line for each trial."""
    tallies = []
    with Stores() as stores:
        for fault in asked.faults:
            for store in (one for one in fault.stores if one in asked.stores and asked.times_of(fault)):
                tallies.append(Tally(fault.name, store, fault.missing() or stores.missing(store)))
                _try(fault, tallies[-1], asked, stores, tell)
    return tallies


def _try(fault: Fault, tally: Tally, asked: Asked, stores: Stores, tell: Callable[[str], None]) -> None:
    name, times = f"{fault.name}, {tally.store}", asked.times_of(fault)
    if tally.missing:
        tell(f"{name}: not tried: {tally.missing}")
        return
    for number in range(times):
        seed = asked.seed + number
        try:
            with _folder(asked, tally, seed) as folder, stores.empty(tally.store, folder) as url:
                outcome = asyncio.run(_run(fault, Trial(folder, seed, url)))
        except BenchError as error:
            tally.broken[seed] = str(error)
        except Exception as error:  # noqa: BLE001  # told, and counted as no trial
            # The border to a fault: what breaks one trial must not take the others along.
            tell(traceback.format_exc())
            tally.broken[seed] = f"{type(error).__name__}: {error}"
        else:
            tally.outcomes[seed] = outcome
        tell(f"{name}: {number + 1} of {times}, seed {seed}: {_in_words(tally, seed)}")


async def _run(fault: Fault, trial: Trial) -> Outcome:
    return await fault.run(trial)


def _folder(asked: Asked, tally: Tally, seed: int) -> AbstractContextManager[Path]:
    kept = asked.keep and asked.keep / re.sub(r"\W+", "-", tally.fault) / f"{tally.store}-{seed}"
    return kept_or_passing(kept, "chaos")


def _in_words(tally: Tally, seed: int) -> str:
    outcome = tally.outcomes.get(seed)
    if outcome is None:
        return f"could not be tried: {tally.broken[seed]}"
    if not outcome.is_well:
        return "NOT well"
    seconds = ", ".join(f"{one:.1f}" for one in outcome.recovered)
    return f"well, {outcome.filings} filings" + (f", recovered in {seconds} s" if seconds else "")
