"""A made-up quarter of EDGAR, so fast that it takes minutes; the daemon is watched, and its page is looked at."""

from __future__ import annotations

import asyncio
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from bench import processes
from bench.errors import BenchError
from bench.soak.bounds import faults_of, held_table
from bench.soak.samples import Sample, Sampler, sampling
from bench.tables import Table
from bench.week.findings import Findings
from bench.week.gathering import Gathering
from bench.week.plan import Plan, set_up
from watcher.clock import Clock, shared_clock
from watcher.simulator.receiver import Receiver, receive

__all__ = ["QUARTER", "Quarter", "quarter_table", "run_quarter"]

# 63 business days, from the second week of January on. At this speed the list is looked at some five times a real
# second, which is each half hour of the clock; each second somebody looks at the pages.
QUARTER = Plan(
    first=date(2025, 1, 6),
    days=63,
    per_day=80,
    speed=6_500.0,
    kill_seconds=0.0,
    poll_seconds=1_800,
    channels=(),
    faults=("error%1", "cut%1", "html%1"),
)
_PAGES = ("", "metrics", "healthz", "search?q=dividend", "v1/filings?limit=50", "alerts", "deliveries")
_PAGE_SECONDS = 30.0
_SETTLE_SECONDS = 600.0


@dataclass(slots=True)
class Quarter:
    """What came of it."""

    found: Findings
    samples: Sequence[Sample]
    looks: int = 0  # at a page
    unanswered: list[str] = field(default_factory=list)  # pages that were not to be had

    def faults(self) -> list[str]:
        """Say what is wrong; nothing, when all is well."""
        unanswered = (
            [f"pages not to be had: {len(self.unanswered)}, such as {self.unanswered[0]}"] if self.unanswered else []
        )
        return [*self.found.faults(), *unanswered, *faults_of(self.samples)]


async def run_quarter(plan: Plan, folder: Path, tell: Callable[[str], None], *, look_seconds: float = 1.0) -> Quarter:
    """Run it in an empty folder. Raises ``BenchError`` when a process does not start."""
    began = time.monotonic()
    (folder / "quarter.toml").write_text(plan.scenario())
    receiver = Receiver()
    async with (
        processes.simulator(folder / "quarter.toml", folder / "simulator.log") as edgar,
        receive(receiver) as url,
    ):
        # Nobody checks the signatures: their five minutes are too few real milliseconds for a machine that is busy.
        set_up(folder, plan, edgar=edgar, receiver=url)
        daemon = await processes.daemon(folder, folder / "daemon.log")
        try:
            page = await processes.page_of(daemon, folder / "daemon.log")
            receiver.clock = clock = await asyncio.to_thread(shared_clock, edgar)
            gathering = Gathering(plan, folder, edgar, receiver)
            run = _Run(gathering, Sampler(daemon.pid, folder / "data" / "eightk.db"), tell)
            quarter = await run.watch(daemon, page, clock, look_seconds)
            quarter.found.exit_code = await processes.end(daemon, signal.SIGTERM)
        finally:
            # Whatever went wrong, or whoever broke it off.
            await processes.end(daemon, signal.SIGKILL)
    quarter.found.seconds = time.monotonic() - began
    return quarter


class _Run:
    """One run under way."""

    def __init__(self, gathering: Gathering, sampler: Sampler, tell: Callable[[str], None]) -> None:
        self._gathering = gathering
        self._plan = gathering.plan
        self._receiver = gathering.receiver
        self._sampler = sampler
        self._tell = tell
        self._looks = 0
        self._unanswered: list[str] = []

    async def watch(self, daemon: Process, page: str, clock: Clock, look_seconds: float) -> Quarter:
        """Let it run until the quarter is over and all is told."""
        async with sampling(self._sampler, look_seconds):
            visitor = asyncio.create_task(self._visit(page, look_seconds))
            try:
                while (real := clock.real_seconds(self._plan.ends_at.timestamp() - clock.time())) > 0:
                    if daemon.returncode is not None:
                        raise BenchError(f"the daemon has ended: {daemon.returncode}")
                    self._tell(f"{clock.now():%d %B}: {len(self._receiver.accepted):,} told, {self._held()}")
                    await asyncio.sleep(min(real, 30.0))
                is_settled = await self._gathering.until_settled(_SETTLE_SECONDS)
            finally:
                visitor.cancel()
                with suppress(asyncio.CancelledError):
                    await visitor
        found = await self._gathering.findings(is_settled=is_settled)
        return Quarter(found, self._sampler.samples, self._looks, self._unanswered)

    def _held(self) -> str:
        samples = self._sampler.samples
        return f"{samples[-1].memory / 1e6:,.0f} MB" if samples else "nothing measured yet"

    async def _visit(self, page: str, seconds: float) -> None:
        """Look at one page after the other, as people and a monitor do."""
        while True:
            path = _PAGES[self._looks % len(_PAGES)]
            self._looks += 1
            if fault := await asyncio.to_thread(_fault_of, f"{page}/{path}"):
                self._unanswered.append(f"/{path}: {fault}")
            await asyncio.sleep(seconds)


def _fault_of(url: str) -> str:
    """Why a page was not to be had; "" when it was."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=_PAGE_SECONDS) as answer:
            answer.read()
    except (URLError, TimeoutError, ConnectionError) as error:
        return str(error)
    return ""


def quarter_table(quarter: Quarter) -> str:
    """Show what came of it, and what the daemon held."""
    found, plan = quarter.found, quarter.found.plan
    rows = (
        ("real minutes", f"{found.seconds / 60:.1f}"),
        ("8-Ks that EDGAR showed", f"{len(found.shown):,}"),
        ("missing in the store", f"{len(found.missing)}"),
        ("without a report", f"{len(found.unread)}"),
        ("saved twice", f"{len(found.saved_twice)}"),
        ("alerts told", f"{len(set(found.told)):,}"),
        ("alerts untold", f"{len(found.untold)}"),
        ("requests", f"{found.requests['total']:,}"),
        ("looks at a page", f"{quarter.looks:,}, {len(quarter.unanswered)} of them unanswered"),
        ("samples", f"{len(quarter.samples):,}"),
    )
    title = f"{plan.days} business days from {plan.first} on, {plan.per_day} 8-Ks a day, {plan.speed:g} times as fast"
    table = Table(title, ("", "measured"), rows)
    held = held_table(quarter.samples, "what the daemon holds, medians")
    return "\n\n".join((str(table), str(held), *(f"WRONG: {fault}" for fault in quarter.faults())))
