"""Which engine goes with a store: one in the daemon, or one that shares the work with others."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping

from watcher.engine.embedded import EmbeddedEngine
from watcher.engine.port import Engine, JobKind
from watcher.engine.troubles import Due
from watcher.store import filings
from watcher.store.database import Store

__all__ = ["engine_of"]


def engine_of(store: Store, due: Due, slots: Mapping[JobKind, int], *, is_leader: Callable[[], bool]) -> Engine:
    """Return the engine for this store. ``is_leader``: whether this process asks what is due, for all.

    Raises ``StoreError`` when the queue's tables cannot be had.
    """
    if not store.is_shared:
        return EmbeddedEngine(due, slots)
    # Its libraries are heavy, and an extra.
    from watcher.engine.distributed import DistributedEngine  # noqa: PLC0415
    from watcher.engine.queue_tables import prepare  # noqa: PLC0415

    store.write_now(prepare)

    def historic(accessions: Collection[str]) -> Awaitable[Collection[str]]:
        return store.read(filings.historic, accessions)

    name = f"{socket.gethostname()} {os.getpid()}"
    return DistributedEngine(store.url, due, slots, is_leader=is_leader, historic=historic, name=name)
