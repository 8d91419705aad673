"""One run: begin everything, kill daemons again and again, let those that are left finish, gather what came of it."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bench import database
from bench.errors import BenchError
from bench.many.daemons import Daemon, Life
from bench.many.findings import Findings, Kill, Told
from bench.many.plan import Plan, ShortDay, set_up
from bench.many.takeovers import Takeovers
from bench.waiting import until
from watcher.models import EIGHT_K_FORMS, FilingState
from watcher.signing import new_secret
from watcher.simulator.receiver import Receiver, receive
from watcher.simulator.server import Simulator, serve

__all__ = ["run_day"]

_START_SECONDS = 180.0
_SETTLE_SECONDS = 300.0
# Some kills come while a daemon starts, and some daemons are away for a while.
_SOON_SHARE, _SOON_SECONDS = 0.25, 2.0
_AWAY_SECONDS = 3.0
_AGAIN_SECONDS = 1.0  # as long as a supervisor waits before it starts again what ended by itself
_OWED = """
    SELECT (SELECT count(*) FROM filing WHERE state = 'spotted')
         + (SELECT count(*) FROM delivery WHERE state = 'pending')
"""
_WATCHED_FROM = "SELECT extract(epoch FROM min(spotted_at))::float FROM filing WHERE source = 'poller'"


async def run_day(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Findings:
    """Run it in an empty folder. Raises ``BenchError`` when a program does not start."""
    began = time.monotonic()
    secret = new_secret()
    receiver = Receiver(secret=secret)
    edgar = Simulator(plan.catalog(), schedule=ShortDay(plan.day, plan.seconds))
    with database.serving() as server:
        url = database.made(server, "eightk")
        async with serve(edgar) as edgar_url, receive(receiver) as receiver_url:
            for name in plan.names:
                set_up(folder, plan, name, database=url, receiver=receiver_url, secret=secret, edgar=edgar_url)
            day = _Day(plan, [Daemon(folder / name) for name in plan.names], server, url, edgar, receiver, tell)
            found = await day.run()
    found.seconds = time.monotonic() - began
    return found


class _Day:
    """One run under way."""

    def __init__(
        self,
        plan: Plan,
        daemons: list[Daemon],
        server: database.Server,
        url: str,
        edgar: Simulator,
        receiver: Receiver,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._daemons = daemons
        self._server = server
        self._url = url
        self._edgar = edgar
        self._receiver = receiver
        self._tell = tell
        self._takeovers = Takeovers(url)
        self._chance = random.Random(plan.seed)
        self._kills: list[Kill] = []
        self._away: list[tuple[float, float]] = []
        self._given_up: list[Life] = []
        self._returning: set[asyncio.Task[None]] = set()
        self._is_over = False

    async def run(self) -> Findings:
        watching = asyncio.create_task(self._takeovers.watch())
        supervising = asyncio.create_task(self._supervise())
        try:
            await asyncio.gather(*(one.begin() for one in self._daemons))
            if not await until(self._has_begun, _START_SECONDS):
                raise BenchError("no daemon looked at the list and kept what it saw: see their logs, daemon.log")
            await self._live_through()
            found = await self._gather(is_settled=await until(self._is_settled, _SETTLE_SECONDS))
            self._is_over = True
            await supervising
            codes = await asyncio.gather(*(one.end(signal.SIGTERM) for one in self._daemons))
            found.exit_codes = dict(zip(self._plan.names, codes, strict=True))
        finally:
            # Whatever went wrong, or whoever broke it off.
            self._is_over = True
            watching.cancel()
            await asyncio.gather(watching, supervising, *self._returning, return_exceptions=True)
            await asyncio.gather(*(one.end(signal.SIGKILL) for one in self._daemons))
        return found

    # --- the day

    async def _live_through(self) -> None:
        """Return when the day is over, and all that was ended has been begun again."""
        begun_at = self._edgar.timeline.begun_at or time.time()
        until = begun_at + self._plan.seconds
        killing = asyncio.create_task(self._kill(until))
        moments = [(self._plan.restart_at, self._restart), (self._plan.crash_at, self._crash)]
        for share, end in sorted((share, end) for share, end in moments if share is not None):
            await asyncio.sleep(max(0.0, begun_at + share * self._plan.seconds - time.time()))
            await self._end_database(end)
        await killing
        await asyncio.sleep(max(0.0, until - time.time()))
        await asyncio.gather(*self._returning)

    async def _kill(self, until: float) -> None:
        most = self._plan.most_kills
        while self._plan.kill_seconds and (most is None or len(self._kills) < most):
            wait = self._next_kill()
            if time.time() + wait >= until:
                return
            await asyncio.sleep(wait)
            await self._kill_one()

    def _next_kill(self) -> float:
        if self._chance.random() < _SOON_SHARE:
            return self._chance.uniform(0.1, _SOON_SECONDS)
        return self._chance.uniform(_SOON_SECONDS, 2 * self._plan.kill_seconds)

    async def _kill_one(self) -> None:
        """Kill the spotter when it is its turn, and else any that runs; it comes back after a while."""
        alive = [one for one in self._daemons if one.is_alive]
        if not alive:
            return
        spotter = next((one for one in alive if one.spots), None)
        wanted = len(self._kills) % self._plan.spotter_every == 0
        one = spotter if wanted and spotter is not None else self._chance.choice(alive)
        at = time.time()
        await one.end(signal.SIGKILL)
        self._kills.append(Kill(at, one.name, one is spotter))
        self._tell(f"{one.name} killed{', the spotter' if one is spotter else ''}: kill {len(self._kills)}")
        returning = asyncio.create_task(self._begin_again(one))
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)

    async def _begin_again(self, one: Daemon) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, _AWAY_SECONDS))
        await one.begin()

    async def _supervise(self) -> None:
        """Begin again what ended by itself, as a daemon does whose start meets a database that is away."""
        while not self._is_over:
            for one in self._daemons:
                if one.has_given_up:
                    one.lives[-1].ended = time.time()
                    self._given_up.append(one.lives[-1])
                    self._tell(f"{one.name} ended by itself")
                    await one.begin()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _end_database(self, end: Callable[[], None]) -> None:
        gone = time.time()
        await asyncio.to_thread(end)
        self._away.append((gone, time.time()))
        self._tell(f"the database was away for {time.time() - gone:.1f} s")

    def _restart(self) -> None:
        self._server.restart()

    def _crash(self) -> None:
        self._server.kill()
        self._server.start()

    # --- what came of it

    async def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return await asyncio.to_thread(database.rows, self._url, statement)

    async def _has_begun(self) -> bool:
        with suppress(psycopg.Error):  # no tables yet
            (began,) = await self._ask("SELECT count(*) FROM meta WHERE key = 'poller.complete_at'")
            return bool(began[0])
        return False

    async def _is_settled(self) -> bool:
        """Whether all that was listed is in the store, and nothing is owed any more."""
        (owed,) = await self._ask(_OWED)
        (stored,) = await self._ask("SELECT count(*) FROM filing")
        # Not what is listed by now: what still comes would be counted as missing.
        family = sum(one.form in EIGHT_K_FORMS for one in self._edgar.catalog.filings)
        return not owed[0] and int(stored[0]) >= family

    async def _gather(self, *, is_settled: bool) -> Findings:
        (watched_from,) = await self._ask(_WATCHED_FROM)
        traffic = self._edgar.traffic
        lines = [line for one in self._daemons for line in one.lines()]
        return Findings(
            plan=self._plan,
            kills=self._kills,
            away=self._away,
            listed=self._listed(),
            watched_from=watched_from[0],
            states={one: FilingState(state) for one, state in await self._ask("SELECT accession, state FROM filing")},
            saves=[one for (one,) in await self._ask("SELECT accession FROM journal WHERE kind = 'filing'")],
            alerts=await self._ask("SELECT accession, rule, id FROM alert WHERE accession IS NOT NULL"),
            told=self._told(),
            looks=[one for one in traffic.requests if one.family == "current"],
            peak=traffic.peak_per_second,
            requests=traffic.by_kind.total(),
            lines=sorted(lines, key=lambda line: line.at),
            lives={one.name: one.lives for one in self._daemons},
            takeovers=self._takeovers.found,
            given_up=self._given_up,
            is_settled=is_settled,
        )

    def _listed(self) -> dict[str, float]:
        shown = {one.filing.accession: one.appears_at for one in self._edgar.timeline.everything()}
        return {one.accession: shown[one.accession] for one in self._edgar.family()}

    def _told(self) -> list[Told]:
        posts = [(post.message_id, json.loads(post.body)) for post in self._receiver.accepted]
        return [Told(number, body["data"]["filing"]["accession"]) for number, body in posts]
