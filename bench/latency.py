"""How long it takes from the moment a list shows a filing until a webhook's receiver has it, on loopback.

The daemon runs as its users run it, in a process of its own. EDGAR and the receiver are in this one: the time of a
filing begins when the first answer that shows it has been made, which leaves out how often the daemon looks, and ends
when its webhook has come. What lies between is taken from the daemon's store and from what was asked of EDGAR.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.environments import ROOT, ours
from bench.errors import BenchError
from bench.plots import Bar, Plot
from bench.tables import Table, number
from watcher.edgar.submission import split_submission
from watcher.settings import EdgarSettings
from watcher.signing import new_secret
from watcher.simulator.exchange import Ask, Reply
from watcher.simulator.receiver import Received, Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.store import deliveries, filings
from watcher.store.database import Store

__all__ = [
    "BURST",
    "OLD_FILINGS",
    "STEPS",
    "Latency",
    "Mark",
    "latency_plots",
    "latency_table",
    "measure_latency",
    "told",
]

BURST = 50
POLL_SECONDS = 1.5
RATE = EdgarSettings().requests_per_second
OLD_FILINGS = 150  # EDGAR's list is never short: a page that shows something new has the next one read
_PACE_SECONDS = 1.57  # not the rhythm of the polls, so that filings meet them at every phase
_WARM_UP = 4
_START_SECONDS, _END_SECONDS = 30.0, 30.0
_WEBHOOK_SECONDS = 120.0  # a burst takes ten at five requests a second
_QUIET_SECONDS = 2 * POLL_SECONDS
_ACCESSION = re.compile(rb"accession-number=([0-9]{10}-[0-9]{2}-[0-9]{6})")
_RULES = """\
version: 1
groups:
- name: bench
  rules:
  - {id: every, title: Every filing, match: {form|exists: "true"}, include_amendments: "true", notify: [desk]}
"""
_SETTINGS = """\
[edgar]
contact = "Bench bench@example.com"
base_url = "{edgar}"
poll_seconds = {poll}
company_hours = 0
[audit]
enabled = false
[folder]
enabled = false
[web]
listen = "127.0.0.1:0"
[endpoint.desk]
kind = "webhook"
url = "{receiver}/hook"
secret_file = "secret"
allow = ["{address}"]
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """When one filing was where, as Unix times of this machine."""

    listed: float  # the list's first answer that shows it was made
    spotted: float  # the daemon began to take it in
    asked: float  # its submission was asked for
    read: float  # its report was there to be saved
    sent: float  # the delivery began
    received: float


STEPS = ("listed", "spotted", "asked", "read", "sent", "received")


@dataclass(frozen=True, slots=True)
class Latency:
    """What one way of listing filings gave."""

    name: str
    marks: tuple[Mark, ...]

    def seconds(self, first: str = STEPS[0], last: str = STEPS[-1]) -> list[float]:
        """The seconds from one step to another, of each filing."""
        return [getattr(mark, last) - getattr(mark, first) for mark in self.marks]


class _WatchedEdgar(Simulator):
    """A pretend EDGAR that notes when it first showed a filing, and when that was first asked for."""

    listed: dict[str, float]
    asked: dict[str, float]

    def answer(self, ask: Ask) -> Reply:
        came = self.clock.time()
        reply = super().answer(ask)
        if ask.family == "current":
            for accession in _ACCESSION.findall(reply.body):
                self.listed.setdefault(accession.decode(), self.clock.time())
        elif ask.family == "submission":
            self.asked.setdefault(Path(ask.path).stem, came)
        return reply


def measure_latency(
    raws: Iterator[bytes], folder: Path, tell: Callable[[str], None], *, single: int, bursts: int, burst: int = BURST
) -> list[Latency]:
    """List so many filings one by one, and then some bursts, to one daemon whose data lie below ``folder``.

    The first `OLD_FILINGS` of ``raws`` are listed before it begins; what has another one's number is left out. Raises
    `BenchError` when the daemon ends, or a webhook does not come.
    """
    return asyncio.run(_measure(raws, folder, tell, single, bursts, burst))


async def _measure(
    raws: Iterator[bytes], folder: Path, tell: Callable[[str], None], single: int, bursts: int, burst: int
) -> list[Latency]:
    secret = new_secret()
    receiver = Receiver(secret=secret)
    edgar = _WatchedEdgar.from_submissions(())
    edgar.listed, edgar.asked = {}, {}
    raws = _distinct(raws)
    _list_old_ones(edgar, islice(raws, OLD_FILINGS))
    async with serve(edgar) as url, receive(receiver) as told:
        _write_settings(folder, secret, url, told)
        async with _running(folder, edgar):
            await _list_once(edgar, receiver, list(islice(raws, _WARM_UP)), _QUIET_SECONDS)
            tell(f"latency: {single} filings one at a time, {single * _PACE_SECONDS:.0f} seconds")
            one_by_one = []
            for raw in islice(raws, single):
                one_by_one += await _list_once(edgar, receiver, [raw], _PACE_SECONDS)
            at_once = []
            for turn in range(bursts):
                tell(f"latency: burst {turn + 1} of {bursts}")
                at_once += await _list_once(edgar, receiver, list(islice(raws, burst)), _QUIET_SECONDS)
    marks = _marks(folder / "data" / "eightk.db", edgar, receiver.accepted)
    found = [("one at a time", one_by_one), (f"bursts of {burst}", at_once)]
    return [Latency(name, tuple(marks[one] for one in those)) for name, those in found]


def _distinct(raws: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out what has the number of another: EDGAR's list shows each once."""
    seen: set[str] = set()
    for raw in raws:
        accession = split_submission(raw).accession
        if accession not in seen:
            yield raw
        seen.add(accession)


def _list_old_ones(edgar: Simulator, raws: Iterator[bytes]) -> None:
    """List what is from before the watcher began. It fetches the last day's, which is one, and lists the others."""
    now = edgar.clock.now()
    for place, raw in enumerate(raws):
        age = timedelta(days=14 if place else 7, minutes=place)
        edgar.add(raw, at=now - timedelta(days=30), updated_at=now - age)


async def _list_once(
    edgar: Simulator, receiver: Receiver, raws: Sequence[bytes], pause_seconds: float = 0.0
) -> list[str]:
    """List these now, wait for their webhooks, and until the pause is over; return their accession numbers."""
    pause = asyncio.create_task(asyncio.sleep(pause_seconds))
    count = len(receiver.accepted) + len(raws)
    listed = [edgar.add(raw).filing.accession for raw in raws]
    try:
        await receiver.wait_for(count, _WEBHOOK_SECONDS)
    except TimeoutError as error:
        came = len(receiver.accepted) - count + len(raws)
        raise BenchError(f"latency: {came} of {len(raws)} webhooks came within {_WEBHOOK_SECONDS:.0f} s") from error
    await pause
    return listed


def _write_settings(folder: Path, secret: str, edgar: str, receiver: str) -> None:
    (folder / "config" / "rules").mkdir(parents=True)
    (folder / "config" / "rules" / "bench.yaml").write_text(_RULES, encoding="utf-8")
    (folder / "secret").write_text(f"{secret}\n", encoding="ascii")
    settings = _SETTINGS.format(
        edgar=edgar, receiver=receiver, address=receiver.removeprefix("http://"), poll=POLL_SECONDS
    )
    (folder / "config" / "eightk.toml").write_text(settings, encoding="utf-8")


@asynccontextmanager
async def _running(folder: Path, edgar: _WatchedEdgar) -> AsyncIterator[None]:
    """Have a daemon run while inside, from its first look at the list on."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("EIGHTK_")}
    command = [str(ours().python), "-m", "watcher.cli", "run", "--config", str(folder / "config" / "eightk.toml")]
    with (folder / "log.txt").open("wb") as log:
        daemon = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=variables, stdout=log, stderr=log)
        try:
            await _began(daemon, edgar, folder)
            yield
        finally:
            if daemon.returncode is None:
                daemon.terminate()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await daemon.wait()
            except TimeoutError:
                daemon.kill()
                await daemon.wait()


async def _began(daemon: asyncio.subprocess.Process, edgar: _WatchedEdgar, folder: Path) -> None:
    """Wait until the daemon looks at the list for the second time: what comes from then on is live."""
    for _ in range(int(_START_SECONDS / 0.1)):
        if edgar.traffic.by_kind["current"] >= 2 or daemon.returncode is not None:
            break
        await asyncio.sleep(0.1)
    if daemon.returncode is not None or edgar.traffic.by_kind["current"] < 2:
        said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-500:]
        raise BenchError(f"latency: the daemon did not begin to look at the list: {said}")


def _marks(path: Path, edgar: _WatchedEdgar, posts: Sequence[Received]) -> dict[str, Mark]:
    received: dict[str, float] = {}
    for post in posts:
        received.setdefault(json.loads(post.body)["data"]["filing"]["accession"], post.at)
    with Store(f"sqlite:///{path}", only_read=True) as store:
        stored = {one.filing.accession: one for one in store.read_now(filings.find, filings.Query(limit=None))}
        sent = {one.accession: one.tries[0].at for one in store.read_now(deliveries.find) if one.accession}
    return {
        accession: Mark(
            listed=edgar.listed[accession],
            spotted=one.spotted_at.timestamp(),
            asked=edgar.asked[accession],
            read=one.settled_at.timestamp(),
            sent=sent[accession].timestamp(),
            received=received[accession],
        )
        for accession, one in stored.items()
        if one.settled_at is not None and accession in received
    }


def latency_table(measured: Sequence[Latency]) -> Table:
    """Show the milliseconds from listing to webhook, and of each step the median and the 99th percentile."""
    pairs = list(pairwise(STEPS))
    rows = tuple(
        (
            one.name,
            str(len(one.marks)),
            *(
                f"{number(median(one.seconds(*pair)) * 1e3)} / {number(_p99(one.seconds(*pair)) * 1e3)}"
                for pair in pairs
            ),
            number(median(one.seconds()) * 1e3),
            number(_p99(one.seconds()) * 1e3),
        )
        for one in measured
    )
    return Table(
        "latency: milliseconds from the list's answer to the webhook's arrival, on loopback",
        ("listed", "filings", *(f"to {last}" for _, last in pairs), "median", "p99"),
        rows,
        (
            "Each step: median / 99th percentile. to spotted: the list was read; to asked: noted, handed out, and its",
            f"turn had come within {RATE:g} requests a second, which the list's pages share; to read: had, archived",
            "and examined; to sent: saved; to received: signed and posted.",
        ),
    )


def latency_plots(measured: Sequence[Latency]) -> tuple[Plot, ...]:
    """Draw each way by itself, whole and step by step: every filing is a point."""
    return tuple(
        Plot(
            f"latency, {one.name}: milliseconds from the list's answer to the webhook's arrival",
            "ms",
            (
                _bar("from list to webhook", one.seconds(), is_ours=True),
                *(_bar(f"from {first} to {last}", one.seconds(first, last)) for first, last in pairwise(STEPS)),
            ),
            "Median and 99th percentile; the line goes from the least to the 99th percentile; less is better.",
        )
        for one in measured
    )


def _bar(name: str, seconds: Sequence[float], *, is_ours: bool = False) -> Bar:
    middle, high = median(seconds) * 1e3, _p99(seconds) * 1e3
    said = f"{number(middle)} ms, p99 {number(high)} ms"
    points = tuple(one * 1e3 for one in seconds if one * 1e3 <= high)
    return Bar(name, said, middle, min(seconds) * 1e3, high, points, is_ours)


def told(measured: Sequence[Latency]) -> list[Mapping[str, Any]]:
    """Tell all marks for JSON."""
    return [{"name": one.name, "marks": [asdict(mark) for mark in one.marks]} for one in measured]


def _p99(figures: Sequence[float]) -> float:
    """The smallest figure that 99 of 100 do not exceed."""
    ordered = sorted(figures)
    return ordered[-(len(ordered) // 100) - 1]
