"""A daemon's engine in a process of its own, to be killed: it takes jobs, says so, and never ends one."""

import asyncio
import sys
from collections.abc import Collection

from watcher.engine.distributed import DistributedEngine, Pace
from watcher.engine.port import Job, JobKind


async def nothing(kind: JobKind, limit: int, busy: Collection[str]) -> tuple[str, ...]:
    return ()


async def do(job: Job) -> None:
    print(job.key, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    pace = Pace(tick_seconds=0.05, heartbeat_seconds=0.2, stalled_seconds=1.2)
    asyncio.run(DistributedEngine(sys.argv[1], nothing, dict.fromkeys(JobKind, 4), pace=pace).work(do))
