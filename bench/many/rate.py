"""How many filings a second so many daemons on one PostgreSQL take in, read, save and tell a webhook of.

EDGAR is left out, whose limit is ten requests a second: files are put into the folders that the daemons watch, the same
number into each and all at once. The time begins then, and ends when the receiver has the last filing's webhook.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench import database
from bench.errors import BenchError
from bench.many.daemons import Daemon
from bench.many.plan import Plan, set_up
from bench.settings import RULE
from bench.tables import Table, number
from bench.taker import Taker, take
from watcher.models import alert_id
from watcher.signing import new_secret
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission

__all__ = ["Rate", "measure_rate", "rate_table"]

_DAEMONS = (1, 2, 4)
_FILINGS, _WARM_UP = 400, 16
_START_SECONDS = 120.0
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.02
_GOAL = 20.0  # twice what the SEC lets anybody fetch


@dataclass(frozen=True, slots=True)
class Rate:
    """What so many daemons did."""

    daemons: int
    filings: int
    seconds: float  # from the files' being there to the last webhook
    first_seconds: float  # to the first one
    megabytes: float

    @property
    def per_second(self) -> float:
        """Filings a second, end to end."""
        return self.filings / self.seconds


async def measure_rate(
    folder: Path,
    tell: Callable[[str], None],
    *,
    seed: int = 1,
    filings: int = _FILINGS,
    daemons: Sequence[int] = _DAEMONS,
) -> list[Rate]:
    """Measure each number of daemons once, on a fresh database of one server. Raises `BenchError`."""
    made = list(islice(Generator(seed).filings(), filings + _WARM_UP * max(daemons)))
    found = []
    with database.serving() as server:
        for count in daemons:
            url = database.made(server, f"rate_{count}")
            one = await _measure(Plan(daemons=count, workers=2), folder / f"{count}", url, made, filings)
            tell(f"{count} daemons: {one.per_second:.1f} filings a second")
            found.append(one)
    return found


async def _measure(plan: Plan, folder: Path, url: str, made: Sequence[MadeSubmission], filings: int) -> Rate:
    taker = Taker()
    async with take(taker) as receiver:
        secret = new_secret()
        for name in plan.names:
            set_up(folder, plan, name, database=url, receiver=receiver, secret=secret)
        daemons = [Daemon(folder / name) for name in plan.names]
        try:
            await asyncio.gather(*(one.begin() for one in daemons))
            await _until(lambda: all(one.is_ready for one in daemons), _START_SECONDS, "the daemons did not start")
            warm_up = made[filings : filings + _WARM_UP * plan.daemons]
            await _drop(folder, plan, warm_up, taker)
            began = time.time()
            await _drop(folder, plan, made[:filings], taker)
            ids = {alert_id(one.accession, RULE) for one in made[:filings]}
            came = [one.at for one in taker.taken if one.id in ids]
        finally:
            await asyncio.gather(*(one.end(signal.SIGTERM) for one in daemons))
    megabytes = sum(len(one.raw) for one in made[:filings]) / 1e6
    return Rate(plan.daemons, filings, max(came) - began, min(came) - began, megabytes)


async def _drop(folder: Path, plan: Plan, made: Sequence[MadeSubmission], taker: Taker) -> None:
    """Put the files into the folders, evenly, and return when the last of their webhooks has come."""
    aside = folder / "aside"
    aside.mkdir(exist_ok=True)
    files = [aside / f"{one.accession}.txt" for one in made]
    for file, one in zip(files, made, strict=True):
        file.write_bytes(one.raw)
    # Renamed, so that each is there at once and whole.
    for place, file in enumerate(files):
        file.rename(folder / plan.names[place % plan.daemons] / "inbox" / file.name)
    ids = {alert_id(one.accession, RULE) for one in made}
    words = f"not all of {len(ids)} webhooks came"
    await _until(lambda: ids <= {one.id for one in taker.taken}, _PATIENCE_SECONDS, words)


async def _until(is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise BenchError(f"rate: {otherwise} within {seconds:g} s")
        await asyncio.sleep(_LOOK_SECONDS)


def rate_table(measured: Sequence[Rate]) -> Table:
    """Show filings a second, and how many times as many as the fewest daemons did."""
    rows = tuple(
        (
            str(one.daemons),
            str(one.filings),
            number(one.first_seconds),
            number(one.seconds),
            number(one.per_second),
            number(one.per_second / measured[0].per_second),
        )
        for one in measured
    )
    size = 1e3 * measured[0].megabytes / measured[0].filings
    notes: tuple[str, ...] = (
        f"Made-up filings of {size:.0f} KB on average, put into the daemons' folders all at once; from then until the",
        "receiver had the last webhook: archived, spotted, read by one of two workers of a daemon, saved, told.",
        f"The goal is {_GOAL:g} a second, twice what the SEC lets anybody fetch. One run each, on one machine.",
    )
    if slow := [str(one.daemons) for one in measured if one.per_second < _GOAL]:
        notes += (f"MISSED by {', '.join(slow)} daemons.",)
    head = ("daemons", "filings", "first told, s", "last told, s", "filings/s", "times")
    return Table("several daemons on one PostgreSQL: filings a second, end to end", head, rows, notes)
