"""How many deliveries a second the daemon makes, on loopback: to one endpoint, and to a hundred.

All of them are owed when it starts. The time counts from the first arrival to the last, and what arrived is in the
store as delivered in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from bench.errors import BenchError
from bench.goals import Goal
from bench.outbox import begin, end, fill, set_up, store_of
from bench.tables import Table, number
from bench.taker import Taker, take
from watcher.models import DeliveryState
from watcher.store import deliveries

__all__ = ["Delivered", "delivery_goals", "delivery_table", "measure_delivery"]

DELIVERIES = 5_000
_ENDPOINTS = (1, 100)
_PATIENCE_SECONDS = 120.0
_AT_LEAST = 500


@dataclass(frozen=True, slots=True)
class Delivered:
    """So many deliveries to so many endpoints, and how long it took."""

    endpoints: int
    deliveries: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Deliveries a second."""
        return self.deliveries / self.seconds


def measure_delivery(folder: Path, tell: Callable[[str], None], *, count: int = DELIVERIES) -> list[Delivered]:
    """Measure each. Raises `BenchError` when something did not arrive."""
    found = []
    for endpoints in _ENDPOINTS:
        tell(f"delivery: {count:,} deliveries to {endpoints} endpoint{'s' if endpoints > 1 else ''}")
        found.append(asyncio.run(_measure(Path(mkdtemp(dir=folder)), endpoints, count)))
    return found


def delivery_table(measured: list[Delivered]) -> Table:
    """Show them."""
    rows = tuple(
        (str(one.endpoints), f"{one.deliveries:,}", f"{one.seconds:.1f}", number(one.per_second)) for one in measured
    )
    notes = ("each signed, two under way at once for each endpoint, no limit on rates; receiver in another process.",)
    return Table(
        "delivery: what is owed to webhooks on loopback", ("endpoints", "deliveries", "s", "a second"), rows, notes
    )


def delivery_goals(measured: list[Delivered]) -> list[Goal]:
    """The goal of each."""
    return [
        Goal(f"deliveries a second, {one.endpoints} endpoints", one.per_second, _AT_LEAST, True) for one in measured
    ]


async def _measure(folder: Path, endpoints: int, count: int) -> Delivered:
    taker = Taker()
    async with take(taker) as url:
        names = [f"e{n}" for n in range(endpoints)]
        set_up(folder, dict.fromkeys(names, url))
        fill(folder, names, count // endpoints, datetime.now(UTC) - timedelta(seconds=1))
        daemon = await begin(folder)
        try:
            await _until_taken(taker, count)
        finally:
            await end(daemon)
    with store_of(folder, only_read=True) as store:
        states = store.read_now(deliveries.count_by_state)
    if states != {DeliveryState.DELIVERED: count}:
        raise BenchError(f"delivery: expected {count} deliveries made, came {states}")
    times = [one.at for one in taker.taken]
    return Delivered(endpoints, count, max(times) - min(times))


async def _until_taken(taker: Taker, count: int) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(taker.arrivals) < count:  # noqa: ASYNC110  # as quick as can be: it notes, and tells nobody
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise BenchError(f"delivery: {len(taker.arrivals)} of {count} arrived in {_PATIENCE_SECONDS:g} s") from error
