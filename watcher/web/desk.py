"""What the daemon gives to its page and API: the store, ways to ask for work, and how it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from watcher.clock import Clock
from watcher.errors import EightkError
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.redelivery import Redelivery, Wanted

__all__ = ["Backfills", "Desk", "Health", "Redeliver"]

Redeliver = Callable[[Wanted | str], Awaitable[Redelivery]]  # raises UnknownDelivery, EndpointDisabled


@dataclass(frozen=True, slots=True)
class Health:
    """How the daemon is."""

    is_well: bool
    edgar: str  # in a person's words
    polled_at: datetime | None = None  # when the last complete poll ended
    jobs_running: int = 0
    jobs_failed: int = 0  # since the start
    trouble: str = ""  # what of ours does not work, such as a full disk; "" when all does


class Backfills(Protocol):
    """What can be asked for a backfill; `Backfill` does."""

    progress: Progress | None

    async def ask(self, request: BackfillRequest) -> Progress:
        """Begin it, or follow the same one. Raises ``ValueError``, or ``EightkError`` when it cannot be done now."""

    async def stop(self) -> Progress | None:
        """End what is under way."""


async def _no_redelivery(wanted: Wanted | str) -> Redelivery:
    raise EightkError("nothing is delivered from here")


async def _no_company(cik: int) -> KnownCompany:
    raise EightkError(f"company {cik} cannot be asked for here")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the application is given by the daemon: the store, a way to ask for work, and its state."""

    store: Store
    token: str
    retry: Callable[[str], Awaitable[None]]  # raises UnknownFiling
    audit: Callable[[date | None], Awaitable[AuditResult]]  # None: of the last day; raises ValueError, EightkError
    backfill: Backfills
    health: Callable[[], Health]
    now: Callable[[], datetime] = Clock().now  # by the daemon's clock
    company: Callable[[int], Awaitable[KnownCompany]] = _no_company  # raises ValueError, EightkError
    redeliver: Redeliver = _no_redelivery
