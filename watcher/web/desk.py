"""What the daemon gives to its page and API: the store, ways to ask for work, and how it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from watcher.clock import Clock
from watcher.errors import EightkError
from watcher.monitoring.readiness import Readiness
from watcher.rules.drafts import RuleDrafts
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.sources.refused import RefusedFiles
from watcher.store.companies import KnownCompany
from watcher.store.database import Store
from watcher.store.endpoint_records import EndpointRecord
from watcher.store.parts import RawFiles
from watcher.store.redelivery import Redelivery, Wanted
from watcher.web.access import Access
from watcher.web.feed import Feed

__all__ = ["Backfills", "Desk", "Endpoints", "Health", "Redeliver", "SourceSeen"]

Redeliver = Callable[[Wanted | str], Awaitable[Redelivery]]  # raises UnknownDelivery, EndpointDisabled

# Rows as `endpoints_shown` gives them, of what the store knows of each, as of now.
Endpoints = Callable[[Mapping[str, EndpointRecord], datetime], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """Who looks for filings, and how that goes, in a person's words."""

    name: str
    is_on: bool
    state: str


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


def _no_endpoints(records: Mapping[str, EndpointRecord], now: datetime) -> Iterable[dict[str, Any]]:
    return ()


async def _no_company(cik: int) -> KnownCompany:
    raise EightkError(f"company {cik} cannot be asked for here")


def _no_folder() -> RefusedFiles | None:
    return None


async def _no_readiness() -> Readiness:
    raise EightkError("nothing is probed here")


async def _no_metrics() -> bytes:
    raise EightkError("nothing is counted here")


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
    readiness: Callable[[], Awaitable[Readiness]] = _no_readiness  # raises StoreError
    metrics: Callable[[], Awaitable[bytes]] = _no_metrics  # in Prometheus' text format; raises StoreError
    access: Access | None = None  # None: whoever reaches the address may look, and the token alone may write
    endpoints: Endpoints = _no_endpoints
    sources: Callable[[], Iterable[SourceSeen]] = tuple
    refused: Callable[[], RefusedFiles | None] = _no_folder  # by the folder; None: none is watched. Blocking
    raw: RawFiles | None = None  # None: no raw submissions are here
    rules: RuleDrafts | None = None  # None: no rules are kept here
    feed: Feed | None = None  # None: one of the application's own
    events: Callable[[], Collection[str]] = frozenset  # names of those that can be found; none: nobody can tell
    alerting: Collection[str] = ()  # names of handlers that may raise alerts, by which these then go
