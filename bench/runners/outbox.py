"""The daemon on a clock that is given to it, with less patience.

``python -m bench.runners.outbox CONFIG CLOCK SECONDS``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

import watcher.daemon
from watcher.clock import Clock
from watcher.daemon import Daemon
from watcher.logs import set_up_logging
from watcher.outbound import Outbound
from watcher.ready import examine


async def _run(config: Path, clock: Clock) -> None:
    ready = examine(config)
    set_up_logging(ready.settings.log.level, ready.settings.log.format)
    async with Daemon.open(ready, clock=clock) as daemon:
        await daemon.run(partial(print, flush=True))


if __name__ == "__main__":
    # How long a receiver may take counts in real seconds, of which a scaled run has few.
    setattr(watcher.daemon, "Outbound", partial(Outbound, total_seconds=float(sys.argv[3])))  # noqa: B010
    asyncio.run(_run(Path(sys.argv[1]), Clock.of(json.loads(sys.argv[2]))))
