"""The queue that several daemons share: procrastinate's tables in the database that holds the store.

A job is one row while it waits (`todo`) and while a worker has it (`doing`); it is deleted when it is done. Of one key
at most one job waits and at most one is being done: two unique indexes of procrastinate's see to that. A job is taken
by procrastinate's own function, which passes over what others take at the same moment.

Every statement that gives a job back asks whether it is still this worker's, so a worker that was thought dead cannot
end what another one does now. Each is a transaction of its own and waits for one key only, so none can block another
for good.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from watcher.engine.port import Job, JobKind
from watcher.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

try:
    import psycopg
    from procrastinate.exceptions import ConnectorException
    from procrastinate.manager import JobManager, get_channel_for_queues
    from procrastinate.psycopg_connector import PsycopgConnector
    from psycopg import sql
    from psycopg_pool import AsyncConnectionPool
except ImportError as error:
    raise StoreError("several daemons on one store need the extra: pip install 'eightk[postgres]'") from error

__all__ = ["JobQueue", "Ticket"]

_TASK = "eightk"
_HISTORY = "eightk-history"
_QUEUES = {JobKind.FILING: "eightk-filing", JobKind.ENDPOINT: "eightk-endpoint"}
_KINDS = {queue: kind for kind, queue in _QUEUES.items()} | {_HISTORY: JobKind.FILING}
_LIVE_PRIORITY, _HISTORY_PRIORITY = 1, 0
_MOST_CONNECTIONS = 4
_CONNECT_SECONDS = 5
_BELIEVED_SECONDS = 1.0  # so long after its last answer a connection is taken to live
# A machine that vanished must not hold a connection for as long as the system's own patience lasts.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A queue is full and empty faster than the planner's figures follow: by those of an empty table, taking one of 3000
# jobs is half a second of work, by the indexes one millisecond.
_BY_INDEX = "-c enable_seqscan=off -c enable_bitmapscan=off"

# The row that already waits is locked by this until the submitting transaction ends: whoever takes it then sees what
# was owed in that transaction. Idle workers are told of it, as procrastinate's trigger tells them of a new row.
_SUBMIT = """
    WITH put AS (
        INSERT INTO procrastinate_jobs AS waiting (queue_name, task_name, priority, lock, queueing_lock, args)
        SELECT %(queue)s, %(task)s, %(priority)s, %(lock)s, %(lock)s, jsonb_build_object('key', %(key)s::text)
        WHERE %(again)s OR NOT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing' AND lock = %(lock)s)
        ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET
            queue_name = CASE WHEN excluded.priority > waiting.priority
                THEN excluded.queue_name ELSE waiting.queue_name END,
            priority = greatest(excluded.priority, waiting.priority)
        RETURNING id, queue_name
    )
    SELECT pg_notify('procrastinate_queue_v1#' || queue_name,
                     json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM put
"""
# A new row, as a new row wakes idle workers. What waits already for the same key waits on in its stead, and rests so
# long.
_AGAIN = """
    INSERT INTO procrastinate_jobs AS waiting
        (queue_name, task_name, priority, lock, queueing_lock, args, attempts, scheduled_at)
    SELECT queue_name, task_name, priority, lock, queueing_lock, args,
           attempts + %(failures)s, now() + %(rest)s * interval '1 second' FROM gone
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET
        attempts = excluded.attempts, scheduled_at = excluded.scheduled_at
    RETURNING args ->> 'key' AS key, queue_name
"""
_PUT_BACK = f"""
    WITH gone AS (
        DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker)s RETURNING *
    ) {_AGAIN}
"""  # noqa: S608  # of constants
_END = "DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND worker_id = %(worker)s RETURNING id"
_HELD = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s"
_BEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker)s RETURNING id"
# Whose worker's row is gone, that job is nobody's. One at a time, or two of these could wait for each other.
_RESCUE = f"""
    WITH gone AS (
        DELETE FROM procrastinate_jobs WHERE id = (
            SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL AND task_name = %(task)s
            LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING *
    ) {_AGAIN}
"""  # noqa: S608  # of constants
_UNDER_WAY = """
    SELECT args ->> 'key' AS key, queue_name, status FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND queue_name = ANY(%(queues)s)
"""
_FAILED = """
    SELECT lock FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND attempts > 0 AND lock = ANY(%(locks)s)
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job in a worker's hands."""

    id: int
    job: Job
    worker: int
    is_history: bool
    failures: int  # of the same job before, in a row, wherever it ran


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The keys of one kind that wait or are being done."""

    keys: frozenset[str]
    waiting_history: int


class JobQueue:
    """The queue as one daemon sees it. What the database refuses comes out as ``StoreError``."""

    def __init__(self, url: str, *, name: str = "", answers_seconds: float = 3.0) -> None:
        """``name`` is shown in the server's list of connections."""
        self._url = url
        application = f"eightk engine {name}".rstrip()
        self._options: dict[str, Any] = {"autocommit": True, "application_name": application, **_KEEPALIVE}
        self._options |= {"connect_timeout": _CONNECT_SECONDS, "options": _BY_INDEX}
        self._answers_seconds = answers_seconds
        self._used_at: WeakKeyDictionary[psycopg.AsyncConnection[Any], float] = WeakKeyDictionary()
        self._connector = PsycopgConnector()
        self._manager = JobManager(self._connector)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep connections while inside. The database need not be there yet."""
        # Told by the engine, once; the pool would tell of each try.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        pool = AsyncConnectionPool(
            self._url,
            kwargs=self._options,
            min_size=1,
            max_size=_MOST_CONNECTIONS,
            timeout=self._answers_seconds,
            reconnect_timeout=1.0,
            check=self._check,
            reset=self._note_use,
            open=False,
        )
        await pool.open()
        await self._connector.open_async(pool)
        try:
            yield
        finally:
            await pool.close(timeout=self._answers_seconds)

    async def _check(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """See that a connection lives, unless it answered just now: most would be asked many times a second."""
        if time.monotonic() - self._used_at.get(connection, -math.inf) > _BELIEVED_SECONDS:
            await AsyncConnectionPool.check_connection(connection)

    async def _note_use(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._used_at[connection] = time.monotonic()

    def submit_in(self, connection: Connection, job: Job) -> None:
        """Have the job wait, in the caller's transaction. One that waits already is made to wait with the others."""
        connection.exec_driver_sql(_SUBMIT, _values(job, is_history=False, again=True))

    async def submit(self, job: Job, *, is_history: bool, again: bool = True) -> None:
        """As `submit_in`, in a transaction of its own; ``again``: also when it is being done now."""
        await self._run(_SUBMIT, **_values(job, is_history=is_history, again=again))

    async def register(self) -> int:
        """Become a worker, and return its number."""
        with _told():
            return await self._manager.register_worker()

    async def beat(self, worker: int) -> bool:
        """Tell that this worker lives. False: it was thought dead, and its jobs were given to others."""
        return bool(await self._run(_BEAT, worker=worker))

    async def take(self, worker: int, kind: JobKind, *, with_history: bool) -> Ticket | None:
        """Take the job that is next, if any is: what somebody waits for comes first."""
        queues = [_QUEUES[kind], *([_HISTORY] if with_history and kind is JobKind.FILING else [])]
        with _told():
            found = await self._manager.fetch_job(queues, worker)
        if found is None or found.id is None:
            return None
        job = Job(kind, str(found.task_kwargs["key"]))
        return Ticket(found.id, job, worker, found.queue == _HISTORY, found.attempts)

    async def end(self, ticket: Ticket) -> None:
        """It is done: nothing of it is kept."""
        await self._run(_END, id=ticket.id, worker=ticket.worker)

    async def put_back(self, ticket: Ticket, rest_seconds: float = 0.0, *, is_failure: bool = False) -> None:
        """Have it wait again, for whoever has a place; not before ``rest_seconds`` have passed."""
        await self._put_back(ticket.id, ticket.worker, rest_seconds, int(is_failure))

    async def leave(self, worker: int) -> None:
        """End being a worker; what it still has waits again."""
        for row in await self._run(_HELD, worker=worker):
            await self._put_back(row["id"], worker, 0.0, 0)
        with _told():
            await self._manager.unregister_worker(worker)

    async def rescue(self, stalled_seconds: float) -> tuple[Job, ...]:
        """Have the jobs wait again of workers that gave no sign of life for so long."""
        with _told():
            await self._manager.prune_stalled_workers(stalled_seconds)
        rescued = []
        while rows := await self._run(_RESCUE, task=_TASK, failures=0, rest=0.0):
            rescued += [Job(_KINDS[row["queue_name"]], row["key"]) for row in rows]
        return tuple(rescued)

    async def under_way(self, kind: JobKind) -> UnderWay:
        """What of this kind waits or is being done, by whichever daemon."""
        rows = await self._run(_UNDER_WAY, queues=[queue for queue, one in _KINDS.items() if one is kind])
        history = sum(row["queue_name"] == _HISTORY and row["status"] == "todo" for row in rows)
        return UnderWay(frozenset(row["key"] for row in rows), history)

    async def still_failed(self, jobs: Collection[Job]) -> frozenset[Job]:
        """Those of the jobs whose last run raised, on whichever daemon."""
        locks = {_lock(job): job for job in jobs}
        return frozenset(locks[row["lock"]] for row in await self._run(_FAILED, locks=list(locks)))

    async def listen(self, wake: Callable[[JobKind], None]) -> None:
        """Call ``wake`` once everything is heard, and whenever a job of that kind comes; until the connection ends."""
        channels = dict(zip(get_channel_for_queues(_KINDS), _KINDS.values(), strict=True))
        with _told():
            async with await psycopg.AsyncConnection.connect(self._url, **self._options) as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                for kind in JobKind:
                    wake(kind)
                async for notice in connection.notifies():
                    wake(channels[notice.channel])

    async def _put_back(self, number: int, worker: int, rest: float, failures: int) -> None:
        await self._run(_PUT_BACK, id=number, worker=worker, rest=rest, failures=failures)

    async def _run(self, statement: Any, **values: Any) -> list[dict[str, Any]]:
        with _told():
            rows: list[dict[str, Any]] = await self._connector.execute_query_all_async(statement, **values)
            return rows


def _values(job: Job, *, is_history: bool, again: bool) -> dict[str, Any]:
    is_last = is_history and job.kind is JobKind.FILING
    return {
        "queue": _HISTORY if is_last else _QUEUES[job.kind],
        "task": _TASK,
        "priority": _HISTORY_PRIORITY if is_last else _LIVE_PRIORITY,
        "lock": _lock(job),
        "key": job.key,
        "again": again,
    }


def _lock(job: Job) -> str:
    return f"{job.kind} {job.key}"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ConnectorException, psycopg.Error) as error:
        raise StoreError(f"the queue of jobs: {error.__cause__ or error}") from error
