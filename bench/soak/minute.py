"""Ten times EDGAR's busiest minute: how long until all of it is saved and told, and what the daemon holds meanwhile.

Of two captured days the busiest minute for 8-Ks had 16 of them, and the busiest for all forms 57 entries. Ten times
both are listed within one real minute, spread evenly. They come from the list, not from the folder, for EDGAR's limit
does not bound that: five requests a second are 300 in a minute, and 160 submissions and the list's pages are fewer.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from bench import processes
from bench.errors import BenchError
from bench.soak.samples import Sample, Sampler, sampling
from bench.soak.settings import write_settings
from bench.tables import Table
from watcher.models import EIGHT_K_FORMS, FilingState
from watcher.settings import EdgarSettings
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve
from watcher.sources.poller import beginning
from watcher.store import filings
from watcher.store.database import Store

__all__ = ["BUSIEST_ENTRIES", "BUSIEST_FAMILY", "Minute", "minute_table", "run_minute"]

BUSIEST_FAMILY = 16  # 8-Ks accepted within one minute, of the 8-K family
BUSIEST_ENTRIES = 57  # entries of all forms
MOST_SECONDS = 120.0  # from the last listing until all are told
_MINUTE = 60.0
_OLD = 40  # filings that are in the list before: it is never empty
_WAIT_SECONDS = 600.0
_USUAL = EdgarSettings()
_LIMIT = _USUAL.requests_per_second


@dataclass(frozen=True, slots=True)
class Minute:
    """What came of it. Times are real seconds."""

    times: float  # as many as in the busiest minute
    entries: int
    listed: int  # of the 8-K family
    told: Sequence[float]  # of each filing that was told: seconds from its listing
    last: float  # from the last listing until the last was told
    lost: Sequence[str]  # accession numbers: not saved, or not told
    again: int  # messages that came once more
    peak_requests: int  # the most within a second
    samples: Sequence[Sample]

    def faults(self) -> list[str]:
        """Say what is wrong; nothing, when all is well."""
        found = [f"lost: {len(self.lost)}, such as {self.lost[0]}"] if self.lost else []
        if self.peak_requests > _LIMIT:
            found.append(f"{self.peak_requests} requests within a second; the limit is {_LIMIT:g}")
        if self.last > MOST_SECONDS:
            found.append(f"told {self.last:.0f} s after the last was listed; {MOST_SECONDS:.0f} s are allowed")
        return found


async def run_minute(
    folder: Path,
    tell: Callable[[str], None],
    *,
    times: float = 10.0,
    seconds: float = _MINUTE,
    poll_seconds: float = _USUAL.poll_seconds,
    seed: int = 1,
) -> Minute:
    """Run it in an empty folder; ``seconds`` are those within which all are listed. Raises ``BenchError``."""
    stream = Generator(seed).filings(eras={Era.INLINE: 1})
    edgar, receiver = _edgar_of(list(islice(stream, _OLD))), Receiver()
    async with serve(edgar) as url, receive(receiver) as told:
        receiver.secret = write_settings(folder, receiver=told, edgar=url, poll_seconds=poll_seconds)
        daemon = await processes.daemon(folder, folder / "daemon.log")
        try:
            await processes.page_of(daemon, folder / "daemon.log")
            await _until_watching(folder)
            async with sampling(Sampler(daemon.pid), 0.25) as sampler:
                listed, entries = _list_all(edgar, _drawn(stream, seed, times), seconds)
                tell(f"{entries} entries are listed within {seconds:.0f} s, {len(listed)} of them 8-Ks")
                last = await _until_told(receiver, listed)
        finally:
            await processes.end(daemon, signal.SIGTERM)
    return _minute(times, entries, listed, receiver, edgar, sampler.samples, _saved(folder), last)


def _edgar_of(old: Sequence[MadeSubmission]) -> Simulator:
    edgar = Simulator.from_submissions(())
    now = edgar.clock.now()
    for place, one in enumerate(old):
        edgar.add(one, at=now - timedelta(days=30), updated_at=now - timedelta(days=7, minutes=place))
    return edgar


def _drawn(stream: Iterator[MadeSubmission], seed: int, times: float) -> list[MadeSubmission]:
    """Draw so many times what the busiest minute has: the stream's filings, and others of other forms among them."""
    family, entries = round(BUSIEST_FAMILY * times), round(BUSIEST_ENTRIES * times)
    generator = Generator(seed)
    others = (generator.submission(form=form, items=("8.01",)) for form in ("4", "424B2", "144") * entries)
    drawn = [*islice(stream, family), *islice(others, entries - family)]
    random.Random(seed).shuffle(drawn)
    return drawn


def _list_all(edgar: Simulator, drawn: Sequence[MadeSubmission], seconds: float) -> tuple[dict[str, float], int]:
    """Have the list show them one after the other from now on; return when it shows which 8-K, and how many in all."""
    begins = edgar.clock.now() + timedelta(seconds=1)
    listed = {}
    for place, one in enumerate(drawn):
        at = begins + timedelta(seconds=seconds * place / len(drawn))
        edgar.add(one, at=at)
        if one.form in EIGHT_K_FORMS:
            listed[one.accession] = at.timestamp()
    return listed, len(drawn)


async def _until_watching(folder: Path) -> None:
    """Wait until the first look at the list is kept: what comes from then on is live."""
    until = time.monotonic() + _WAIT_SECONDS
    while not await asyncio.to_thread(_is_watching, folder):
        if time.monotonic() > until:
            raise BenchError(f"the daemon did not begin to look at the list; see {folder / 'daemon.log'}")
        await asyncio.sleep(0.2)


def _is_watching(folder: Path) -> bool:
    with Store(_url(folder), only_read=True) as store:
        waiting = store.read_now(filings.find, filings.Query(state=FilingState.SPOTTED, limit=1))
        return store.read_now(beginning) is not None and not waiting


async def _until_told(receiver: Receiver, listed: dict[str, float]) -> float:
    """Wait until all are told, or for as long as is waited; return when the last one was, as Unix time."""
    until = time.monotonic() + max(listed.values()) - time.time() + _WAIT_SECONDS
    while not listed.keys() <= set(_told(receiver)) and time.monotonic() < until:  # noqa: ASYNC110  # a count, no event
        await asyncio.sleep(0.1)
    return max((at for accession, at in _told(receiver).items() if accession in listed), default=time.time())


def _told(receiver: Receiver) -> dict[str, float]:
    """When each filing was first told."""
    found: dict[str, float] = {}
    for post in receiver.accepted:
        found.setdefault(json.loads(post.body)["data"]["filing"]["accession"], post.at)
    return found


def _minute(
    times: float,
    entries: int,
    listed: dict[str, float],
    receiver: Receiver,
    edgar: Simulator,
    samples: Sequence[Sample],
    saved: set[str],
    last: float,
) -> Minute:
    told = _told(receiver)
    numbers = [post.message_id for post in receiver.accepted]
    return Minute(
        times=times,
        entries=entries,
        listed=len(listed),
        told=[told[one] - at for one, at in listed.items() if one in told],
        last=last - max(listed.values()),
        lost=sorted(one for one in listed if one not in told or one not in saved),
        again=len(numbers) - len(set(numbers)),
        peak_requests=max(edgar.traffic.told()["peak_by_host"].values()),
        samples=samples,
    )


def _saved(folder: Path) -> set[str]:
    with Store(_url(folder), only_read=True) as store:
        found = store.read_now(filings.find, filings.Query(limit=None))
    return {one.filing.accession for one in found if one.state is FilingState.SAVED}


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'eightk.db'}"


def minute_table(minute: Minute) -> str:
    """Show it."""
    peaks = list(_peaks(minute.samples))
    rows = (
        ("entries listed", f"{minute.entries:,}, {minute.listed:,} of them 8-Ks"),
        ("lost", f"{len(minute.lost)}"),
        ("told more than once", f"{minute.again}"),
        ("from its listing until it is told, median", f"{median(minute.told or [0]):.1f} s"),
        ("the same, at worst", f"{max(minute.told, default=0):.1f} s"),
        ("from the last listing until all are told", f"{minute.last:.1f} s"),
        (f"most requests within a second (limit {_LIMIT:g})", f"{minute.peak_requests}"),
        *peaks,
    )
    table = Table(f"{minute.times:g} times EDGAR's busiest minute", ("", "measured"), rows)
    return "\n\n".join((str(table), *(f"WRONG: {fault}" for fault in minute.faults())))


def _peaks(samples: Sequence[Sample]) -> Iterator[tuple[str, str]]:
    if not samples:
        return
    yield "peak memory of all processes", f"{max(one.memory for one in samples) / 1e6:,.0f} MB"
    for name in sorted({name for one in samples for name in one.held}):
        yield (
            f"peak memory of {name}",
            f"{max(one.held[name].memory for one in samples if name in one.held) / 1e6:,.0f} MB",
        )
