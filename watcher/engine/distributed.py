"""The distributed engine: several daemons share the work of one store in PostgreSQL.

What is owed stands in the store; procrastinate's queue in the same database says who works on what, now. A job is put
into the queue in the transaction that owes the work, and the leading daemon submits once a second whatever else is due:
what became due with time, and what nobody waits for, a little at a time.

A worker holds its jobs by a lease: it gives a sign of life every few seconds, and lets go of all it has when it could
not for a while. Only later does the leader take it for dead, and its jobs are handed out again. So a job runs in one
place at a time, as long as clocks run equally fast.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from watcher.engine.job_queue import JobQueue, Ticket
from watcher.engine.port import EngineHealth, Job, JobKind, Work
from watcher.engine.troubles import REST_SECONDS, Due, Troubles
from watcher.errors import StoreError
from watcher.tasks import end, end_loops, wait

__all__ = ["DistributedEngine", "Pace"]

log = logging.getLogger(__name__)

MOST_DUE = 200  # jobs submitted in one tick
MOST_UNDER_WAY = 2000  # more than that need no more
MOST_WAITING_HISTORY = 100
_FIRST_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine does what, and how long it waits for what."""

    tick_seconds: float = 1.0  # between two questions what is due, and between two looks into the queue
    heartbeat_seconds: float = 3.0
    stalled_seconds: float = 12.0  # without a sign of life, until a worker is taken for dead
    rest_seconds: float = REST_SECONDS  # of a job that raised, for the first time

    @property
    def lease_seconds(self) -> float:
        """For how long a worker may hold its jobs after its last sign of life: they take a moment to end."""
        return self.stalled_seconds * 0.75


class DistributedEngine:
    """Runs jobs as tasks of the daemon's own loop. ``slots`` is how many of each kind run here at once.

    Of the places for filings, half are kept for those that somebody waits for. Raises ``StoreError``, as the import of
    this module does without the extra ``postgres``, never for a database that is away: that is tried again.
    """

    def __init__(
        self,
        url: str,
        due: Due,
        slots: Mapping[JobKind, int],
        *,
        is_leader: Callable[[], bool] = lambda: True,
        historic: Callable[[Collection[str]], Awaitable[Collection[str]]] | None = None,
        name: str = "",
        pace: Pace | None = None,
    ) -> None:
        """``historic`` says which of these filings nobody waits for; ``name`` is this daemon's, for logs."""
        self._pace = pace or Pace()
        self._queue = JobQueue(url, name=name, answers_seconds=self._pace.heartbeat_seconds)
        self._due = due
        self._slots = slots
        self._is_leader = is_leader
        self._historic = historic
        self._name = name
        self._troubles = Troubles(self._pace.rest_seconds)
        self._running: dict[Ticket, asyncio.Task[None]] = {}
        self._asked: dict[Job, bool] = {}  # submitted without a transaction -> whether it is history
        self._wake = {kind: asyncio.Event() for kind in JobKind}
        self._look, self._probe, self._ask = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: int | None = None
        self._lease: asyncio.TimerHandle | None = None
        self._away = ""  # why the queue cannot be reached
        self._is_stopping = False
        self._grace_seconds = 0.0

    def submit(self, job: Job, connection: Connection | None = None, *, is_history: bool = False) -> None:
        """Put the job into the queue, inside ``connection``'s transaction, or soon.

        History that is owed inside a transaction is not put there: the leader takes it from the store bit by bit, so
        that millions of filings do not stand in line twice.
        """
        if connection is None:
            loop = self._loop
            if loop is not None:
                loop.call_soon_threadsafe(self._ask_for, job, is_history)
        elif not is_history:
            self._queue.submit_in(connection, job)

    async def work(self, do: Work) -> None:
        """Hand out jobs until stopped, then wait for those that run."""
        self._loop = asyncio.get_running_loop()
        async with self._queue.open():
            try:
                async with asyncio.TaskGroup() as group:
                    beside = (self._keep(), self._listen(), self._submit_asked(), self._lead())
                    side = [group.create_task(one) for one in beside]
                    feeds = [group.create_task(self._feed(kind, do), name=f"feed {kind}") for kind in JobKind]
                    try:
                        await asyncio.wait(feeds)
                        await self._drain()
                    finally:
                        await end_loops([*feeds, *side])
            finally:
                self._loop = None
                await end(self._running.values())
                await self._leave()

    def health(self) -> EngineHealth:
        """Tell what runs here now."""
        troubles = self._troubles
        running = tuple(ticket.job for ticket in self._running)
        is_in_trouble = bool(self._away) or troubles.is_any
        return EngineHealth(running, troubles.failures, self._is_stopping, is_in_trouble, self._away or troubles.text)

    async def stop(self, seconds: float) -> None:
        """Hand out nothing more; ``work`` returns when what runs has ended, or was cancelled after ``seconds``.

        What was cancelled is for the other daemons at once.
        """
        self._grace_seconds = seconds
        self._is_stopping = True
        self._wake_all()

    # --- handing out ---

    async def _feed(self, kind: JobKind, do: Work) -> None:
        while not self._is_stopping:
            self._wake[kind].clear()
            try:
                while await self._hand_out(kind, do):
                    pass
            except StoreError as error:
                self._note_away(error)
            await wait(self._wake[kind], self._pace.tick_seconds)

    async def _hand_out(self, kind: JobKind, do: Work) -> bool:
        running = [ticket for ticket in self._running if ticket.job.kind is kind]
        places, worker = self._slots[kind], self._worker
        if worker is None or self._away or self._is_stopping or len(running) >= places:
            return False
        with_history = sum(ticket.is_history for ticket in running) < places - places // 2
        ticket = await self._queue.take(worker, kind, with_history=with_history)
        if ticket is None:
            return False
        # Taking took its time, in which the engine may have been told to stop, or have been thought dead.
        if self._is_stopping or worker != self._worker:
            await self._queue.put_back(ticket)
            return False
        task = asyncio.create_task(self._do(ticket, do), name=f"{kind} {ticket.job.key}")
        self._running[ticket] = task
        task.add_done_callback(lambda _: self._ended(ticket))
        return True

    async def _do(self, ticket: Ticket, do: Work) -> None:
        # When it is cancelled: at once, for whoever has a place.
        settle = partial(self._queue.put_back, ticket)
        try:
            await do(ticket.job)
        except Exception as error:  # noqa: BLE001  # told below
            # The border between handing out and doing: one job's trouble must not end the others.
            rest = self._troubles.note_failure(ticket.job, error, ticket.failures + 1)
            settle = partial(self._queue.put_back, ticket, rest, is_failure=True)
            asyncio.get_running_loop().call_later(rest, self._wake[ticket.job.kind].set)
        else:
            self._troubles.note_done(ticket.job)
            settle = partial(self._queue.end, ticket)
        finally:
            settling = asyncio.ensure_future(self._settle(ticket, settle))
            try:
                await asyncio.shield(settling)
            except asyncio.CancelledError:
                # How it went is said nevertheless: what is done is not to be done again.
                await settling
                raise

    async def _settle(self, ticket: Ticket, settle: Callable[[], Awaitable[None]]) -> None:
        """Say in the queue how it went. While that cannot be said, the job stays this worker's."""
        while ticket.worker == self._worker:
            try:
                await settle()
            except StoreError as error:
                self._note_away(error)
                if self._is_stopping:
                    return
                await asyncio.sleep(self._pace.heartbeat_seconds / 10)
            else:
                return

    def _ended(self, ticket: Ticket) -> None:
        self._running.pop(ticket, None)
        self._wake[ticket.job.kind].set()

    async def _drain(self) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running.values(), timeout=self._grace_seconds)
        await end(late)

    # --- being a worker ---

    async def _keep(self) -> None:
        """Give signs of life, and find out when the database is back."""
        pause = _FIRST_RETRY_SECONDS
        while True:
            self._probe.clear()
            begun = asyncio.get_running_loop().time()
            try:
                await self._beat()
            except StoreError as error:
                self._note_away(error)
                pause = min(pause * 2, self._pace.heartbeat_seconds)
                await asyncio.sleep(pause)
                continue
            self._prolong(begun)
            self._note_back()
            pause = _FIRST_RETRY_SECONDS
            await wait(self._probe, self._pace.heartbeat_seconds)

    async def _beat(self) -> None:
        if self._worker is not None and not await self._queue.beat(self._worker):
            self._let_go()
        if self._worker is None:
            # What was let go may take a moment to end, and would else meet itself.
            await end(self._running.values())
            self._worker = await self._queue.register()
            self._wake_all()
        if self._troubles.failed:
            failed = frozenset(self._troubles.failed)
            for job in failed - await self._queue.still_failed(failed):
                self._troubles.note_done(job)

    def _prolong(self, begun: float) -> None:
        if self._lease is not None:
            self._lease.cancel()
        self._lease = asyncio.get_running_loop().call_at(begun + self._pace.lease_seconds, self._let_go)

    def _let_go(self) -> None:
        """Stop working on what others may be given by now, or soon."""
        if self._worker is None:
            return
        self._worker = None
        log.warning("taken for dead by the others: what ran here is handed out again", extra={"daemon": self._name})
        for task in self._running.values():
            task.cancel()

    async def _leave(self) -> None:
        if self._lease is not None:
            self._lease.cancel()
        worker, self._worker = self._worker, None
        if worker is None:
            return
        try:
            await self._queue.leave(worker)
        except StoreError as error:
            # The leader finds what is left, as after a crash.
            log.warning("cannot leave the queue in order", extra={"daemon": self._name, "reason": str(error)})

    async def _listen(self) -> None:
        while True:
            try:
                await self._queue.listen(lambda kind: self._wake[kind].set())
            except StoreError:
                # Until it is heard again, the queue is looked into at each tick; whether the database answers is for
                # `_keep` to tell.
                self._probe.set()
            await asyncio.sleep(min(self._pace.heartbeat_seconds, 1.0))

    # --- submitting ---

    def _ask_for(self, job: Job, is_history: bool) -> None:
        self._asked[job] = self._asked.get(job, True) and is_history
        self._ask.set()

    async def _submit_asked(self) -> None:
        while True:
            await self._ask.wait()
            self._ask.clear()
            while self._asked and not self._away:
                job, is_history = next(iter(self._asked.items()))
                del self._asked[job]
                try:
                    await self._queue.submit(job, is_history=is_history)
                except StoreError as error:
                    self._note_away(error)
                    self._ask_for(job, is_history)

    async def _lead(self) -> None:
        """Submit what is due and hand out what dead workers had, while this daemon leads."""
        while True:
            self._look.clear()
            if self._is_leader() and not self._away and not self._is_stopping:
                try:
                    await self._rescue()
                    for kind in JobKind:
                        await self._submit_due(kind)
                except StoreError as error:
                    self._note_away(error)
            await wait(self._look, self._pace.tick_seconds)

    async def _rescue(self) -> None:
        for job in await self._queue.rescue(self._pace.stalled_seconds):
            log.warning("handed out again: its worker is gone", extra={"job": job.kind, "key": job.key})

    async def _submit_due(self, kind: JobKind) -> None:
        under_way = await self._queue.under_way(kind)
        if len(under_way.keys) >= MOST_UNDER_WAY:
            return
        keys = await self._troubles.ask(self._due, kind, MOST_DUE, under_way.keys)
        history: Collection[str] = ()
        if keys and kind is JobKind.FILING and self._historic is not None:
            history = frozenset(await self._historic(keys))
        room = MOST_WAITING_HISTORY - under_way.waiting_history
        for key in keys:
            is_history = key in history
            room -= is_history
            # What was submitted and begun since the store was asked is not to be done once more.
            if room >= 0 or not is_history:
                await self._queue.submit(Job(kind, key), is_history=is_history, again=False)

    # --- the database ---

    def _note_away(self, error: StoreError) -> None:
        if not self._away:
            log.error("the queue of jobs cannot be reached", extra={"daemon": self._name, "reason": str(error)})
            self._probe.set()
        self._away = str(error)

    def _note_back(self) -> None:
        if self._away:
            self._away = ""
            log.info("the queue of jobs can be reached again", extra={"daemon": self._name})
            self._wake_all()

    def _wake_all(self) -> None:
        for event in (*self._wake.values(), self._look, self._ask):
            event.set()
