"""What a trial plays in: settings in a folder, a receiver, a daemon that dies and begins again, and what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, select

from bench import processes
from bench.chaos.fault import Outcome, Trial
from bench.errors import BenchError
from bench.logs import log_lines, saves
from bench.settings import RULE, edgar_table, settings_for, write_config
from watcher.errors import StoreError
from watcher.models import DeliveryState, FilingState, alert_id
from watcher.signing import new_secret
from watcher.simulator.made import MadeSubmission
from watcher.simulator.receiver import Received, Receiver, receive
from watcher.simulator.server import Simulator
from watcher.sources.poller import beginning
from watcher.store import deliveries, filings, journal
from watcher.store.database import Store
from watcher.store.schema import alert

__all__ = ["EIGHTK", "LIMIT", "Scene", "recovery", "scene"]

EIGHTK = ("-m", "watcher.cli")
_STORE = '[store]\nurl = "{store}"\n'
_CONTACT = "A made-up fault chaos@example.com"
_POLL_SECONDS = 0.5
LIMIT = 10  # requests in a second
_START_SECONDS, _STOP_SECONDS = 120.0, 60.0
_LOOK_SECONDS = 0.1
_MOST_ENTRIES = 1_000_000


class Scene:
    """One trial under way. ``expected`` holds the accession numbers that must be saved and told in the end."""

    def __init__(self, trial: Trial, receiver: Receiver, settings: str) -> None:
        self.trial = trial
        self.folder = trial.folder
        self.inbox = trial.folder / "inbox"
        self.log = trial.folder / "daemon.log"
        self.expected: set[str] = set()
        self.recovered: list[float] = []
        self.wrong: list[str] = []
        self.receiver = receiver
        self.settings = settings
        self.process: Process | None = None

    def write_settings(self, more: str = "") -> None:
        """Write them, with ``more`` behind."""
        (self.folder / "config" / "eightk.toml").write_text(self.settings + more)

    def drop(self, made: Iterable[MadeSubmission]) -> None:
        """Put submissions into the watched folder, and expect them."""
        self.inbox.mkdir(exist_ok=True)
        for one in made:
            (self.inbox / f"{one.accession}.txt").write_bytes(one.raw)
            self.expected.add(one.accession)

    def post(self, edgar: Simulator, made: Iterable[MadeSubmission]) -> None:
        """Have the simulator list submissions now, and expect them."""
        for one in made:
            edgar.add(one)
            self.expected.add(one.accession)

    async def begin(
        self,
        program: tuple[str, ...] = EIGHTK,
        *,
        environment: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        """Start the daemon, and return when its page is there. Raises ``BenchError`` when it ends instead."""
        await self.launch(program, environment=environment, prefix=prefix)
        assert self.process is not None
        await processes.page_of(self.process, self.log)

    async def launch(
        self,
        program: tuple[str, ...] = EIGHTK,
        *,
        environment: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        """Start the daemon, and do not wait for it. ``prefix`` is a program that runs it, such as ``setpriv``."""
        command = (*prefix, sys.executable, *program, "run", "--config", str(self.folder / "config" / "eightk.toml"))
        own = {key: value for key, value in os.environ.items() if not key.startswith("EIGHTK_")} | dict(
            environment or {}
        )
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=log, env=own)

    async def ended(self, seconds: float = _STOP_SECONDS) -> int:
        """Wait until the daemon has ended by itself, and return its exit code, -9 after a kill."""
        assert self.process is not None
        async with asyncio.timeout(seconds):
            await self.process.communicate()
        code, self.process = self.process.returncode, None
        return code or 0

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code; 0 when no daemon runs."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.ended()

    async def until(self, is_so: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until it is so; what is not so in time is noted as wrong."""
        ends_at = time.monotonic() + seconds
        while not await asyncio.to_thread(is_so):
            if time.monotonic() > ends_at:
                self.wrong.append(f"not within {seconds:g} s: {what}")
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def settle(self, seconds: float = 120.0) -> None:
        """Wait until all that is expected is saved, and nothing is owed any more."""
        await self.until(self.is_settled, seconds, "all saved and told")

    async def until_watching(self) -> None:
        """Wait until the first look at EDGAR's list is kept: from then on whatever is listed must be told."""
        await self.until(self._is_watching, _START_SECONDS, "a first look at EDGAR's list")

    async def recover(self, seconds: float = 120.0) -> None:
        """Start the next daemon, and note how long it takes from its start until all is saved and told.

        That it does not start is noted as wrong.
        """

        async def goes_on() -> None:
            try:
                await self.begin()
            except (BenchError, TimeoutError) as error:
                self.wrong.append(f"the next daemon did not start: {error}")
            else:
                await self.settle(seconds)

        await recovery(self, goes_on)

    def is_settled(self) -> bool:
        """Whether all that is expected is saved, and nothing is owed."""
        with Store(self.trial.store, only_read=True) as store:
            return self.expected <= self._saved(store) and not (
                store.read_now(deliveries.count_by_state).keys() & {DeliveryState.PENDING}
            )

    def saved(self) -> set[str]:
        """The accession numbers of saved filings."""
        with Store(self.trial.store, only_read=True) as store:
            return self._saved(store)

    def lines(self, message: str) -> Iterator[Mapping[str, Any]]:
        """The lines with this message in the daemon's log, over all its lives."""
        return (line for line in log_lines(self.log) if line["message"] == message)

    def outcome(self, times: int = 1) -> Outcome:
        """Say what came of it, where the fault was done so many ``times``."""
        with Store(self.trial.store, only_read=True) as store:
            saved = self._saved(store)
            doubled = store.read_now(_doubled)
        told = [post.message_id for post in self.receiver.accepted]
        owed = {accession: alert_id(accession, RULE) for accession in self.expected}
        lost = {accession for accession, number in owed.items() if accession not in saved or number not in told}
        logged = Counter(saves(self.log))
        posts = {post.message_id: _accession(post) for post in self.receiver.accepted}
        others = {number: accession for number, accession in posts.items() if number not in owed.values()}
        doubled |= {one for one, count in logged.items() if count > 1} | (set(others.values()) & self.expected)
        unknown = sorted(number for number, accession in others.items() if accession not in self.expected)
        return Outcome(
            len(self.expected),
            lost=tuple(sorted(lost)),
            doubled=tuple(sorted(doubled)),
            again=len(told) - len(set(told)),
            recovered=tuple(self.recovered),
            wrong=(*self.wrong, *(f"told under an id that nothing has: {one}" for one in unknown)),
            times=times,
        )

    def _is_watching(self) -> bool:
        try:
            with Store(self.trial.store, only_read=True) as store:
                return store.read_now(beginning) is not None
        except StoreError:
            return False  # it is not made yet

    @staticmethod
    def _saved(store: Store) -> set[str]:
        found = store.read_now(filings.find, filings.Query(limit=None))
        return {one.filing.accession for one in found if one.state is FilingState.SAVED}


@asynccontextmanager
async def scene(trial: Trial, *, edgar: str = "", more: str = "") -> AsyncIterator[Scene]:
    """Set a trial's folder up, with a receiver that checks signatures; a daemon that still runs at the end is killed.

    Without ``edgar``, the URL of a simulator, it watches its folder only. ``more`` are further settings.
    """
    secret = new_secret()
    receiver = Receiver(secret=secret)
    async with receive(receiver) as url:
        settings = _STORE.format(store=trial.store) + settings_for(url)
        if edgar:
            settings += edgar_table(edgar, _CONTACT, poll_seconds=_POLL_SECONDS, requests_per_second=LIMIT)
        write_config(trial.folder, settings + more, secret=secret, group="chaos")
        made = Scene(trial, receiver, settings)
        try:
            yield made
        finally:
            await made.end(signal.SIGKILL)


async def recovery(made: Scene, goes_on: Callable[[], Awaitable[None]]) -> None:
    """Measure how long it takes until work goes on, and note it; nothing, when that came to be wrong."""
    began, faults = time.monotonic(), len(made.wrong)
    await goes_on()
    if len(made.wrong) == faults:
        made.recovered.append(time.monotonic() - began)


def _doubled(connection: Connection) -> set[str]:
    """The filings whose report was committed more than once, or of which one rule raised alerts under two ids."""
    entries = journal.after(connection, 0, _MOST_ENTRIES)
    committed = Counter(one.accession for one in entries if one.kind == "filing")
    raised = Counter((row.accession, row.rule) for row in connection.execute(select(alert.c.accession, alert.c.rule)))
    alerts = {accession for (accession, _), count in raised.items() if count > 1}
    return {one for one in {one for one, count in committed.items() if count > 1} | alerts if one is not None}


def _accession(post: Received) -> str:
    """The filing that a message tells of; "" when it tells of none."""
    told: str = json.loads(post.body)["data"].get("filing", {}).get("accession", "")
    return told
