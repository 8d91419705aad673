"""How many deliveries a second the daemon makes, on loopback: to one endpoint, to a hundred, beside some that are down.

All of them are owed when it starts. The time counts from the first arrival to the last, and what arrived is in the
store as delivered in the end; what is owed to an endpoint that is down is still owed. Ways take turns, round by round.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from bench.errors import BenchError
from bench.goals import Goal
from bench.outbox import begin, end, fill, set_up, store_of
from bench.plots import Bar, Plot
from bench.tables import Spread, Table
from bench.taker import Taker, take
from watcher.models import DeliveryState
from watcher.store import deliveries

__all__ = ["WAYS", "Delivered", "Way", "delivery_goals", "delivery_plot", "delivery_table", "measure_delivery", "told"]

DELIVERIES = 5_000
_PATIENCE_SECONDS = 120.0
_AT_LEAST = 500


@dataclass(frozen=True, slots=True)
class Way:
    """So many endpoints, of which some take no connection."""

    endpoints: int
    down: int = 0

    @property
    def name(self) -> str:
        """The way in words."""
        words = f"{self.endpoints} endpoint{'s' if self.endpoints > 1 else ''}"
        return f"{words}, {self.down} of them down" if self.down else words


WAYS = (Way(1), Way(100), Way(100, down=10))


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one way gave: deliveries to the endpoints that are well, how long each round took, what is still owed."""

    way: Way
    deliveries: int
    seconds: tuple[float, ...]  # round by round
    owed: tuple[int, ...] = ()  # to those that are down, after each round

    @property
    def rates(self) -> list[float]:
        """Deliveries a second, round by round."""
        return [self.deliveries / one for one in self.seconds]

    @property
    def per_second(self) -> float:
        """Deliveries a second, in the median."""
        return median(self.rates)


def measure_delivery(
    folder: Path, tell: Callable[[str], None], *, count: int = DELIVERIES, repeat: int = 1
) -> list[Delivered]:
    """Measure each way so many times. Raises `BenchError` when something did not arrive, or something is lost."""
    rounds: dict[Way, list[tuple[float, int]]] = {way: [] for way in WAYS}
    for turn in range(repeat):
        for way, found in rounds.items():
            tell(f"delivery: round {turn + 1} of {repeat}: {count:,} deliveries to {way.name}")
            found.append(asyncio.run(_measure(Path(mkdtemp(dir=folder)), way, count)))
    return [
        Delivered(way, _to_the_well(way, count), *(tuple(column) for column in zip(*found, strict=True)))
        for way, found in rounds.items()
    ]


def delivery_table(measured: list[Delivered]) -> Table:
    """Show them."""
    rows = tuple(
        (
            one.way.name,
            f"{one.deliveries:,}",
            str(Spread.of(one.seconds)),
            str(Spread.of(one.rates)),
            f"{min(one.owed):,}" if one.way.down else "0",
        )
        for one in measured
    )
    notes = (
        "Each signed, two under way at once for each endpoint, no limit on rates; receiver in another process.",
        "Down: the connection is refused. What those are owed is kept, and tried again later; the rest is delivered.",
    )
    head = ("to", "deliveries", "s: median (least-most)", "a second", "still owed")
    return Table("delivery: what is owed to webhooks on loopback", head, rows, notes)


def delivery_plot(measured: list[Delivered]) -> Plot:
    """Draw the rates."""
    bars = tuple(Bar.of(one.way.name, one.rates, "a second", is_ours=True) for one in measured)
    says = "To the endpoints that are well; median of the rounds; more is better."
    return Plot("delivery: webhooks a second, on loopback", "a second", bars, says)


def delivery_goals(measured: list[Delivered]) -> list[Goal]:
    """The goal of each."""
    return [Goal(f"deliveries a second, {one.way.name}", one.per_second, _AT_LEAST, True) for one in measured]


def told(measured: list[Delivered]) -> list[dict[str, Any]]:
    """Tell them for JSON."""
    return [asdict(one) | {"name": one.way.name, "per_second": one.rates} for one in measured]


async def _measure(folder: Path, way: Way, count: int) -> tuple[float, int]:
    """Return the seconds from the first arrival to the last, and what is owed afterwards."""
    taker, expected = Taker(), _to_the_well(way, count)
    names = [f"e{n}" for n in range(way.endpoints)]
    async with take(taker) as url:
        with _closed_door() as nowhere:
            set_up(folder, {name: nowhere if n < way.down else url for n, name in enumerate(names)})
            fill(folder, names, count // way.endpoints, datetime.now(UTC) - timedelta(seconds=1))
            daemon = await begin(folder)
            try:
                await _until_taken(taker, expected)
            finally:
                await end(daemon)
    with store_of(folder, only_read=True) as store:
        states = store.read_now(deliveries.count_by_state)
    owed = states.pop(DeliveryState.PENDING, 0)
    if states != {DeliveryState.DELIVERED: expected} or owed != count - expected:
        raise BenchError(f"delivery: expected {expected} made and {count - expected} owed, came {states}, {owed} owed")
    times = [one.at for one in taker.taken]
    return max(times) - min(times), owed


def _to_the_well(way: Way, count: int) -> int:
    return count // way.endpoints * (way.endpoints - way.down)


@contextmanager
def _closed_door() -> Iterator[str]:
    """Hold an address at which nobody listens, so that each connection is refused, and nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def _until_taken(taker: Taker, count: int) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(taker.arrivals) < count:  # noqa: ASYNC110  # as quick as can be: it notes, and tells nobody
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise BenchError(f"delivery: {len(taker.arrivals)} of {count} arrived in {_PATIENCE_SECONDS:g} s") from error
