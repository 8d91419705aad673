"""One run: begin everything, kill the daemon again and again, let the last one finish, and gather what came of it."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import date
from pathlib import Path

from bench import processes
from bench.errors import BenchError
from bench.waiting import until
from bench.week.findings import Findings
from bench.week.gathering import Gathering
from bench.week.plan import Plan, set_up
from watcher.clock import Clock, shared_clock
from watcher.simulator.receiver import Receiver, receive

__all__ = ["run_week"]

_START_SECONDS = 60.0
_SETTLE_SECONDS = 300.0
_AUDIT_TRIES = 12
# Some kills come while it starts: what is half done then is seldom half done later.
_SOON_SHARE = 0.25
_SOON_SECONDS = 2.0
_REFUSED_POSTS = 20


async def run_week(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Findings:
    """Run it in an empty folder. Raises ``BenchError`` when a process does not start."""
    began = time.monotonic()
    (folder / "week.toml").write_text(plan.scenario())
    receiver = Receiver(fail_first=_REFUSED_POSTS)
    async with (
        processes.simulator(folder / "week.toml", folder / "simulator.log") as edgar,
        receive(receiver) as url,
    ):
        receiver.secret = set_up(folder, plan, edgar=edgar, receiver=url)
        found = await _Week(plan, folder, edgar, receiver, tell).run()
    found.seconds = time.monotonic() - began
    return found


class _Week:
    """One run under way."""

    def __init__(self, plan: Plan, folder: Path, edgar: str, receiver: Receiver, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._edgar = edgar
        self._receiver = receiver
        self._tell = tell
        self._log = folder / "daemon.log"
        self._chance = random.Random(plan.seed)
        self._kills = 0

    async def run(self) -> Findings:
        daemon = await processes.daemon(self._folder, self._log)
        try:
            self._receiver.clock = clock = await self._clock()
            while (real := clock.real_seconds(self._plan.ends_at.timestamp() - clock.time())) > 0:
                await asyncio.sleep(min(real, self._next_kill()))
                if self._plan.kill_seconds and clock.now() < self._plan.ends_at:
                    daemon = await self._killed(daemon, clock)
            found = await self._gather()
            found.exit_code = await processes.end(daemon, signal.SIGTERM)
        finally:
            # Whatever went wrong, or whoever broke it off.
            await processes.end(daemon, signal.SIGKILL)
        return found

    async def _killed(self, daemon: Process, clock: Clock) -> Process:
        """Kill it, and return the next one."""
        await processes.end(daemon, signal.SIGKILL)
        self._kills += 1
        self._tell(f"{clock.now():%a %H:%M} UTC: killed for the {self._kills}. time")
        return await processes.daemon(self._folder, self._log)

    async def _clock(self) -> Clock:
        """The clock of the simulator, which the daemon begins: it shall see the list before the day brings anything."""
        if not await until(lambda: asyncio.to_thread(self._has_begun), _START_SECONDS):
            raise BenchError(f"the daemon did not start; the end of its log: {self._log.read_text()[-2000:]}")
        return await asyncio.to_thread(shared_clock, self._edgar)

    def _has_begun(self) -> bool:
        return self._log.exists() and "on the simulator's clock" in self._log.read_text()

    def _next_kill(self) -> float:
        if not self._plan.kill_seconds:
            return 3600.0
        if self._chance.random() < _SOON_SHARE:
            return self._chance.uniform(0.1, _SOON_SECONDS)
        return self._chance.uniform(_SOON_SECONDS, 2 * self._plan.kill_seconds)

    async def _audited(self, day: date) -> int:
        """Compare a day by the command, as an operator would; ask again while EDGAR does not answer."""
        for _ in range(_AUDIT_TRIES):
            code, said = await processes.command(self._folder, "audit", "--date", f"{day}")
            self._tell(said.strip())
            if code != 3:
                break
            await asyncio.sleep(1)
        return code

    async def _gather(self) -> Findings:
        gathering = Gathering(self._plan, self._folder, self._edgar, self._receiver)
        is_settled = await gathering.until_settled(_SETTLE_SECONDS)
        audited = {day: await self._audited(day) for day in self._plan.business_days}
        return await gathering.findings(is_settled=is_settled, kills=self._kills, audited=audited)
