"""Ten thousand deliveries to a hundred endpoints, a tenth of them unwell, while the daemon is killed again and again.

``python -m bench.outbox_chaos``. What must hold in the end: each endpoint that lives has every id that it was owed;
nothing was dialled but what the settings name; and no endpoint that is well waited for one that is not: without kills,
the 99th percentile of how long its deliveries took stays within twice that of a run in which all are well.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.errors import BenchError
from bench.outbox import begin, end, fill, set_up, store_of
from bench.taker import Taker, Trap, gone, take, unwell
from watcher.clock import Clock
from watcher.store import endpoints as stored_endpoints

__all__ = ["FULL", "Findings", "Plan", "main", "run", "slowness"]

# A receiver's patience and the clock are scaled, so that a schedule of three days fits.
_SCALE = 600.0
_TOTAL_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_STARTED_AT = datetime(2026, 5, 20, 14, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a run is."""

    endpoints: int
    alerts: int  # owed to each of them
    unwell: int  # of the endpoints; one of these is down, one says that it wants nothing more
    kills: int
    seed: int = 20261121
    patience_seconds: float = 600.0

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints."""
        return tuple(f"e{n}" for n in range(self.endpoints))

    @property
    def sick(self) -> tuple[str, ...]:
        """Those that are unwell."""
        return tuple(random.Random(self.seed).sample(self.names, self.unwell))

    @property
    def ids(self) -> frozenset[str]:
        """What each of them is owed."""
        return frozenset(f"alr_{n}" for n in range(self.alerts))


FULL = Plan(endpoints=100, alerts=100, unwell=10, kills=10)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen in the end."""

    missing: int  # ids that an endpoint that lives was owed and did not get
    foreign: int  # ids that an endpoint got and was not owed
    repeated: int  # deliveries that were taken more than once
    visits: int  # at a place to which a redirect led
    disabled: tuple[str, ...]
    wanted_disabled: tuple[str, ...]
    attempts: int
    kills: int
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether all holds that must."""
        return not (self.missing or self.foreign or self.visits) and self.disabled == self.wanted_disabled


async def run(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Findings:
    """Have the daemon deliver, be killed, and go on; return what was seen. Raises `BenchError`."""
    begun = time.monotonic()
    async with _Receivers(plan) as receivers:
        set_up(folder, receivers.urls, level="warning")
        fill(folder, plan.names, plan.alerts, _STARTED_AT - timedelta(seconds=1))
        clock = Clock(_SCALE, _STARTED_AT)
        await _kill_now_and_then(plan, folder, clock, receivers.taker, tell)
        daemon = await begin(folder, clock, total_seconds=_TOTAL_SECONDS)
        try:
            well = set(plan.names) - set(plan.sick)
            await _until(plan, lambda: _lacking(plan, receivers.taker, well))
            tell("all that are well have everything; now the others recover")
            await receivers.heal()
            living = set(plan.names) - {receivers.gone}
            await _until(plan, lambda: _lacking(plan, receivers.taker, living))
        finally:
            await end(daemon)
        return _findings(plan, folder, receivers, time.monotonic() - begun)


async def slowness(plan: Plan, folder: Path, *, is_sick: bool) -> float:
    """Seconds from the first arrival until 99 of 100 deliveries to those that are well have come, without kills."""
    async with _Receivers(plan, is_sick=is_sick) as receivers:
        set_up(folder, receivers.urls, level="warning")
        fill(folder, plan.names, plan.alerts, _STARTED_AT - timedelta(seconds=1))
        daemon = await begin(folder, Clock(_SCALE, _STARTED_AT), total_seconds=_TOTAL_SECONDS)
        try:
            well = set(plan.names) - set(plan.sick)
            await _until(plan, lambda: _lacking(plan, receivers.taker, well))
        finally:
            await end(daemon)
        times = sorted(one.at for one in receivers.taker.taken if one.endpoint in well)
        return times[int(len(times) * 0.99) - 1] - receivers.taker.arrivals[0].at


class _Receivers:
    """A receiver for all, one that refuses connections until it is healed, and a place that nobody should visit."""

    def __init__(self, plan: Plan, *, is_sick: bool = True) -> None:
        self.taker = Taker()
        self.trap = Trap()
        self.down, self.gone = plan.sick[:2]
        self.urls: dict[str, str] = {}
        self._plan = plan
        self._is_sick = is_sick
        self._stack = AsyncExitStack()
        # Bound, and not listening: whoever dials it is refused.
        self._port = socket.socket()
        self._port.bind(("127.0.0.1", 0))

    async def __aenter__(self) -> _Receivers:
        url = await self._stack.enter_async_context(take(self.taker))
        elsewhere = await self._stack.enter_async_context(take(self.trap))
        self.urls = dict.fromkeys(self._plan.names, url)
        if self._is_sick:
            self.urls[self.down] = f"http://127.0.0.1:{self._port.getsockname()[1]}"
            chance = random.Random(self._plan.seed)
            self.taker.moods = {name: unwell(chance, elsewhere) for name in self._plan.sick[2:]}
            self.taker.moods[self.gone] = gone
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()
        self._port.close()

    async def heal(self) -> None:
        """Have all that are unwell take everything, but the one that wants nothing more."""
        self.taker.moods = {self.gone: gone}
        await self._stack.enter_async_context(take(self.taker, self._port))


async def _kill_now_and_then(plan: Plan, folder: Path, clock: Clock, taker: Taker, tell: Callable[[str], None]) -> None:
    """Kill the daemon at random moments, spread over the deliveries."""
    chance = random.Random(plan.seed)
    each = plan.endpoints * plan.alerts // (plan.kills + 1)
    for number in range(plan.kills):
        daemon = await begin(folder, clock, total_seconds=_TOTAL_SECONDS)
        enough = len(taker.arrivals) + chance.randint(each // 4, each)
        until = time.monotonic() + 5.0
        while len(taker.arrivals) < enough and time.monotonic() < until:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(_LOOK_SECONDS / 10)
        await end(daemon, signal.SIGKILL)
        tell(f"killed {number + 1} of {plan.kills} times; {len(taker.taken):,} taken")


def _lacking(plan: Plan, taker: Taker, names: Collection[str]) -> int:
    """How many ids are still owed to these."""
    had = {(one.endpoint, one.id) for one in taker.taken if one.endpoint in names}
    return len(names) * len(plan.ids) - len(had)


async def _until(plan: Plan, lacking: Callable[[], int]) -> None:
    until = time.monotonic() + plan.patience_seconds
    while left := lacking():
        if time.monotonic() > until:
            raise BenchError(f"{left} deliveries are missing after {plan.patience_seconds:g} s")
        await asyncio.sleep(_LOOK_SECONDS)


def _findings(plan: Plan, folder: Path, receivers: _Receivers, seconds: float) -> Findings:
    taken = [(one.endpoint, one.id) for one in receivers.taker.taken]
    owed = {(name, number) for name in plan.names for number in plan.ids}
    with store_of(folder, only_read=True) as store:
        states = store.read_now(stored_endpoints.find)
    return Findings(
        missing=_lacking(plan, receivers.taker, set(plan.names) - {receivers.gone}),
        foreign=len(set(taken) - owed),
        repeated=len(taken) - len(set(taken)),
        visits=receivers.trap.visits,
        disabled=tuple(one.name for one in states if one.disabled_at is not None),
        wanted_disabled=(receivers.gone,),
        attempts=len(receivers.taker.arrivals),
        kills=plan.kills,
        seconds=seconds,
    )


def main() -> int:
    """Run it in full; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.outbox_chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=FULL.seed)
    plan = Plan(FULL.endpoints, FULL.alerts, FULL.unwell, FULL.kills, parser.parse_args().seed)
    tell = _tell
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(plan, Path(folder, "chaos"), tell))
        tell(str(found))
        well = asyncio.run(slowness(plan, Path(folder, "well"), is_sick=False))
        sick = asyncio.run(slowness(plan, Path(folder, "sick"), is_sick=True))
    tell(f"99 of 100 deliveries to those that are well: {well:.2f} s when all are, {sick:.2f} s beside the others")
    is_quick = sick <= 2 * well
    tell("well" if found.is_well and is_quick else "NOT well")
    return 0 if found.is_well and is_quick else 1


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
