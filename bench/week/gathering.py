"""Looks into a run's store: whether anything is still owed, and what came of it in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bench import processes
from bench.logs import saves
from bench.waiting import until
from bench.week.findings import Findings, Shown
from bench.week.plan import Plan
from watcher.errors import StoreError
from watcher.models import DeliveryState, FilingState
from watcher.simulator.receiver import Receiver
from watcher.sources.poller import COMPLETE_KEY
from watcher.store import audits, deliveries, filings
from watcher.store.database import Store, get_meta

__all__ = ["Gathering"]


@dataclass(frozen=True, slots=True)
class Gathering:
    """A run in a folder, and those whom its daemon asks and tells. ``edgar`` is the URL of the simulator."""

    plan: Plan
    folder: Path
    edgar: str
    receiver: Receiver

    async def until_settled(self, seconds: float) -> bool:
        """Wait until all was seen that was listed by the plan's end, and nothing is owed any more; say if it came."""
        return await until(lambda: asyncio.to_thread(self._is_settled), seconds)

    async def findings(
        self, *, is_settled: bool, kills: int = 0, audited: Mapping[date, int] | None = None
    ) -> Findings:
        """Gather all that the store, the log, the receiver and the simulator tell."""
        requests = await processes.ask(self.edgar, "requests")
        shown = [Shown.of(one) for one in await processes.ask(self.edgar, "family")]
        with self._store() as store:
            return Findings(
                plan=self.plan,
                kills=kills,
                shown=shown,
                stored=store.read_now(filings.find, filings.Query(limit=None)),
                watched_from=store.read_now(audits.first_polled_at),
                told=[post.message_id for post in self.receiver.accepted],
                refused=[post.fault for post in self.receiver.received if post.fault],
                saves=saves(self.folder / "daemon.log"),
                requests=requests,
                audited=audited or {},
                is_settled=is_settled,
            )

    def _is_settled(self) -> bool:
        try:
            with self._store() as store:
                polled_at = store.read_now(get_meta, COMPLETE_KEY)
                if polled_at is None or datetime.fromisoformat(polled_at) < self.plan.ends_at:
                    return False
                spotted = store.read_now(filings.find, filings.Query(state=FilingState.SPOTTED, limit=1))
                return not spotted and not store.read_now(deliveries.count_by_state).get(DeliveryState.PENDING)
        except StoreError:
            return False

    def _store(self) -> Store:
        return Store(f"sqlite:///{self.folder / 'data' / 'eightk.db'}", only_read=True)
