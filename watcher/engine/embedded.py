"""The embedded engine: one process, fed from the store.

Nothing is kept in memory but what runs now. What is due is asked of the store whenever something was submitted or
ended, and once a second besides, so a crash at any point costs that second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from sqlalchemy import Connection

from watcher.engine.port import EngineHealth, Job, JobKind, Work
from watcher.engine.troubles import REST_SECONDS, Due, Troubles
from watcher.tasks import end, wait

__all__ = ["Due", "EmbeddedEngine"]

TICK_SECONDS = 1.0


class EmbeddedEngine:
    """Runs jobs as tasks of the daemon's own loop. ``slots`` is how many of each kind run at once."""

    def __init__(
        self,
        due: Due,
        slots: Mapping[JobKind, int],
        *,
        tick_seconds: float = TICK_SECONDS,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._due = due
        self._slots = slots
        self._tick_seconds = tick_seconds
        self._running: dict[Job, asyncio.Task[None]] = {}
        self._resting: dict[Job, float] = {}
        self._troubles = Troubles(rest_seconds)
        self._wake = {kind: asyncio.Event() for kind in JobKind}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = False
        self._grace_seconds = 0.0

    def submit(self, job: Job, connection: Connection | None = None, *, is_history: bool = False) -> None:
        """Wake the engine. The row that says what is owed is the job itself, so nothing else is written.

        Inside a transaction this may wake it early; `Due` then waits its turn behind the transaction. What comes first
        is `Due`'s to say.
        """
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._wake[job.kind].set)

    async def work(self, do: Work) -> None:
        """Hand out jobs until stopped, then wait for those that run."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:
                for kind in JobKind:
                    group.create_task(self._feed(kind, do))
            await self._drain()
        finally:
            await end(self._running.values())
            self._loop = None

    def health(self) -> EngineHealth:
        """Tell what runs now."""
        troubles = self._troubles
        running = tuple(self._running)
        return EngineHealth(running, troubles.failures, self._is_stopping, troubles.is_any, troubles.text)

    async def stop(self, seconds: float) -> None:
        """Hand out nothing more; ``work`` returns when what runs has ended, or was cancelled after ``seconds``."""
        self._grace_seconds = seconds
        self._is_stopping = True
        for event in self._wake.values():
            event.set()

    async def _feed(self, kind: JobKind, do: Work) -> None:
        while not self._is_stopping:
            self._wake[kind].clear()
            busy = {job.key for job in (*self._running, *self._rested()) if job.kind is kind}
            free = self._slots[kind] - sum(job.kind is kind for job in self._running)
            for key in await self._troubles.ask(self._due, kind, free, busy) if free > 0 else ():
                # Asking took its time, in which the engine may have been told to stop.
                if not self._is_stopping:
                    job = Job(kind, key)
                    self._running[job] = asyncio.create_task(self._do(job, do), name=f"{kind} {key}")
            await wait(self._wake[kind], self._tick_seconds)

    async def _do(self, job: Job, do: Work) -> None:
        try:
            await do(job)
        except Exception as error:  # noqa: BLE001  # told below
            # The border between handing out and doing: one job's trouble must not end the others.
            self._resting[job] = time.monotonic() + self._troubles.note_failure(job, error)
        else:
            self._troubles.note_done(job)
        finally:
            self._running.pop(job, None)
            self._wake[job.kind].set()

    def _rested(self) -> tuple[Job, ...]:
        """The jobs that still rest after a failure."""
        now = time.monotonic()
        self._resting = {job: until for job, until in self._resting.items() if until > now}
        return tuple(self._resting)

    async def _drain(self) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running.values(), timeout=self._grace_seconds)
        await end(late)
