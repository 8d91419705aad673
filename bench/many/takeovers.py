"""How long the work of a dead daemon lay with it: the queue of jobs, looked at four times a second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

__all__ = ["Takeover", "Takeovers"]

_LOOK_SECONDS = 0.25
# Whoever gave no sign of life for so long has let go of its jobs, or is dead: see `watcher.engine.distributed.Pace`.
_LEASE_SECONDS = 9.0
_HELD = """
    SELECT jobs.id, workers.id, jobs.args ->> 'key', extract(epoch FROM workers.last_heartbeat)::float
    FROM procrastinate_jobs AS jobs JOIN procrastinate_workers AS workers ON workers.id = jobs.worker_id
    WHERE jobs.status = 'doing'
"""


@dataclass(frozen=True, slots=True)
class Takeover:
    """A filing or an endpoint that a dead worker had, until it was for the others."""

    key: str
    at: float  # Unix time
    seconds: float  # since the worker's last sign of life, which came up to three seconds before its death


@dataclass(slots=True)
class Takeovers:
    """Looks until cancelled. ``found`` is what was taken over, ``held`` what is still with somebody."""

    url: str
    found: list[Takeover] = field(default_factory=list)
    held: dict[tuple[int, int], tuple[str, float]] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look again and again; while the database is away, nothing can be seen."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
                    while True:
                        self.note(await (await connection.execute(_HELD)).fetchall(), time.time())
                        await asyncio.sleep(_LOOK_SECONDS)
            except psycopg.Error:
                await asyncio.sleep(_LOOK_SECONDS)

    def note(self, rows: list[tuple[Any, ...]], now: float) -> None:
        """Note who has what now; what was with a worker that is dead, and is not any more, was taken over."""
        held = {(job, worker): (key, alive_at) for job, worker, key, alive_at in rows}
        for place in self.held.keys() - held.keys():
            key, alive_at = self.held[place]
            if now - alive_at > _LEASE_SECONDS:
                self.found.append(Takeover(key, now, now - alive_at))
        self.held = held
