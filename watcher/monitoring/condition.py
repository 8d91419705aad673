"""How the daemon is: for its page, its probes, its metrics and the watchman. It looks, and changes nothing.

(But for one row of the store: whether that can be written is found out by writing it.) Where files lie on this machine
is for the log and the commands: here they are told by what stands below the folder of the settings.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from watcher.bare_paths import bare
from watcher.clock import Clock
from watcher.disk import Disk
from watcher.edgar.client import EdgarClient
from watcher.endpoints_in_force import EndpointReloader
from watcher.engine.port import Engine, JobKind
from watcher.errors import StoreError
from watcher.monitoring.metrics import Metrics, Standing
from watcher.monitoring.readiness import SLOW_SECONDS, STUCK_SECONDS, Readiness, Seen, checks_of
from watcher.monitoring.watchman import KINDS, Knowledge
from watcher.rules.reload import Reloader
from watcher.settings import SEC_URL, Settings
from watcher.sources.poller import beginning
from watcher.sources.spotting import Spotting
from watcher.store import deliveries, filings, standing
from watcher.store.database import Store, set_meta
from watcher.web.desk import Health
from watcher.workers import Workers

__all__ = ["Condition"]

# A write costs a sync of the disk: probes that come more often are answered with what the last one found.
_WRITE_EVERY_SECONDS = 10.0
_WRITE_SECONDS = 5.0
_PROBE_KEY = "readiness.written_at"
# The store is counted through no more often than that.
_COUNT_EVERY_SECONDS = 10.0


class Condition:
    """Looks at the parts of one daemon, whose settings are those given here, but for its endpoints."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        clock: Clock,
        disk: Disk,
        spotting: Spotting,
        edgar: EdgarClient | None,
        engine: Engine,
        workers: Workers,
        endpoints: Collection[str],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._disk = disk
        self._spotting = spotting
        self._edgar = edgar
        self._engine = engine
        self._workers = workers
        self._endpoints = endpoints
        self.rules: Reloader | None = None
        self.reloader: EndpointReloader | None = None
        self.is_leading: Callable[[], bool] = lambda: True
        self._moved_at = dict.fromkeys(JobKind, time.monotonic())
        self._writing: asyncio.Task[str] | None = None
        self._written: tuple[float, str] = (-_WRITE_EVERY_SECONDS, "")
        self._counted: tuple[float, standing.Counts] | None = None

    def moved(self, kind: JobKind) -> None:
        """Note that a job of this kind came to an end without a trouble of ours."""
        self._moved_at[kind] = time.monotonic()

    async def knowledge(self) -> Knowledge:
        """What the watchman must know. Raises ``StoreError``."""
        poller, auditor = self._spotting.poller, self._spotting.auditor
        return Knowledge(
            is_polling=poller is not None,
            newest_listed_at=await self._store.read(filings.newest_acceptance),
            blocked_until=self._edgar.blocked_until if self._edgar is not None else None,
            failing_since=poller.failing_since if poller is not None else None,
            failure=self._bare(poller.failure) if poller is not None else "",
            missed_audits=auditor.missed if auditor is not None else (),
            rules=self._rules_trouble(),
            settings=self._settings_trouble(),
            disk=self._disk_trouble(),
        )

    def health(self) -> Health:
        """What the page says."""
        running = self._engine.health()
        poller, folder = self._spotting.poller, self._spotting.folder
        own = (self._rules_trouble(), self._settings_trouble(), self._disk_trouble())
        trouble = self._bare("; ".join(filter(None, (running.trouble, folder.trouble if folder else "", *own))))
        return Health(
            is_well=not running.is_in_trouble and not trouble and (poller is None or poller.failing_since is None),
            edgar=self._bare(self._edgar_in_words()),
            polled_at=poller.polled_at if poller else None,
            jobs_running=len(running.running),
            jobs_failed=running.failures,
            trouble=trouble,
        )

    async def readiness(self) -> Readiness:
        """What ``/readyz`` answers. Raises ``StoreError`` when the store cannot be read."""
        now = self._clock.now()
        began = await self._store.read(beginning)
        seen = Seen(
            next_look=self._next_look(),
            polled_at=None if began is None else began[0],
            has_edgar_hours=self._settings.edgar.base_url == SEC_URL,
            edgar=self._why_not_polled(),
            store=await self._why_not_written(),
            workers=self._workers.trouble,
            stuck=tuple([one async for one in self._stuck()]),
            is_stopping=self._engine.health().is_stopping,
        )
        checks = checks_of(seen, now, slow_seconds=SLOW_SECONDS * self._clock.scale)
        return Readiness(now, tuple(replace(one, reason=self._bare(one.reason)) for one in checks))

    async def metrics_text(self, metrics: Metrics) -> bytes:
        """All metrics as of now. Raises ``StoreError``."""
        return metrics.text(await self._standing())

    async def _standing(self) -> Standing:
        counts, ready, running = await self._counts(), await self.readiness(), self._engine.health()
        began = await self._store.read(beginning)
        newest, auditor = counts.newest_accepted_at, self._spotting.auditor
        return Standing(
            filings=counts.filings,
            deliveries_owed={**dict.fromkeys(self._endpoints, 0), **counts.owed},
            endpoints_resting=counts.resting,
            alarms_open={**dict.fromkeys(KINDS, 0), **counts.alarms},
            last_poll=None if began is None else began[0].timestamp(),
            last_filing=None if newest is None else newest.timestamp(),
            is_blocked=self._edgar is not None and self._edgar.blocked_until is not None,
            audit_missing=counts.audit_missing,
            audits_missed=len(auditor.missed) if auditor is not None else 0,
            is_ready={one.name: one.ok for one in ready.checks},
            archive_bytes=self._disk.archive_bytes,
            store_bytes=self._disk.store_bytes(),
            free_bytes=self._disk.free_bytes(),
            jobs_running=len(running.running),
            job_failures=running.failures,
            version=_version(),
        )

    async def _counts(self) -> standing.Counts:
        if self._counted is None or time.monotonic() - self._counted[0] > _COUNT_EVERY_SECONDS:
            self._counted = time.monotonic(), await self._store.read(standing.count, self._clock.now())
        return self._counted[1]

    def _next_look(self) -> Callable[[datetime], datetime] | None:
        return None if self._spotting.poller is None else self._settings.edgar.next_poll

    def _why_not_polled(self) -> str:
        if self._edgar is not None and (until := self._edgar.blocked_until) is not None:
            return f"EDGAR blocks us until {until:%H:%M:%S} UTC"
        poller = self._spotting.poller
        return poller.failure if poller is not None and poller.failing_since is not None else ""

    async def _why_not_written(self) -> str:
        """Why the store cannot be written, found out by writing a row, unless that was done a moment ago."""
        at, found = self._written
        if time.monotonic() - at < _WRITE_EVERY_SECONDS:
            return found
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="readiness")
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                # Whoever asks next waits for the same one: a store that hangs gets no more to do.
                return await asyncio.shield(self._writing)
        except TimeoutError:
            return f"a write has waited for more than {_WRITE_SECONDS:g} s"

    async def _write(self) -> str:
        found = ""
        try:
            await self._store.write(set_meta, _PROBE_KEY, self._clock.now().isoformat())
        except StoreError as error:
            found = str(error)
        finally:
            self._writing = None
        self._written = time.monotonic(), found
        return found

    async def _stuck(self) -> AsyncIterator[str]:
        """Say what is owed for long while nothing of its kind came to an end."""
        minutes = STUCK_SECONDS / 60
        long_ago = self._clock.now() - timedelta(seconds=STUCK_SECONDS * self._clock.scale)
        filing = await self._store.read(filings.due, long_ago, 1) if self._stands(JobKind.FILING) else ()
        if filing:
            yield f"filings are owed work, and none came to an end for {minutes:g} minutes"
        if self._stands(JobKind.ENDPOINT):
            owed = set(await self._store.read(deliveries.due_endpoints, long_ago)) & set(self._endpoints)
            if owed:
                yield f"deliveries are owed to {', '.join(sorted(owed))}, and none was tried for {minutes:g} minutes"

    def _stands(self, kind: JobKind) -> bool:
        return time.monotonic() - self._moved_at[kind] > STUCK_SECONDS

    def _rules_trouble(self) -> str:
        return self._bare(self.rules.trouble) if self.rules is not None else ""

    def _settings_trouble(self) -> str:
        return self._bare(self.reloader.trouble) if self.reloader is not None else ""

    def _disk_trouble(self) -> str:
        return self._bare(self._disk.trouble(self._settings.retention.warn_free_gigabytes))

    def _bare(self, text: str) -> str:
        return bare(text, (self._settings.base, self._settings.base.resolve()))

    def _edgar_in_words(self) -> str:
        poller = self._spotting.poller
        if not self.is_leading():
            return "another daemon polls EDGAR for all that share the store"
        if poller is None or self._edgar is None:
            return "EDGAR is not polled: no contact is set"
        if self._edgar.blocked_until is not None:
            return f"EDGAR blocks us until {self._edgar.blocked_until:%H:%M:%S} UTC"
        if poller.failing_since is not None:
            return f"EDGAR cannot be polled since {poller.failing_since:%H:%M:%S} UTC: {poller.failure}"
        polled_at = poller.polled_at
        last = f", last at {polled_at:%H:%M:%S} UTC" if polled_at else ""
        return "; ".join([f"polling {self._settings.edgar.base_url}{last}", *self._spotting.troubles()])


def _version() -> str:
    try:
        return version("eightk")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "unknown"
