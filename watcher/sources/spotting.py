"""All that spots filings, and when each looks: the folder, the poller, the audit, the backfill."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from watcher.clock import Clock
from watcher.companies import WhoIsWho
from watcher.edgar.client import EdgarClient
from watcher.errors import EdgarError, StoreError
from watcher.meters import Meters
from watcher.settings import Settings
from watcher.sources._bell import Bell
from watcher.sources.audit import Auditor
from watcher.sources.backfill import Backfill
from watcher.sources.channels import Channel, list_of
from watcher.sources.corrections import Corrections
from watcher.sources.folder import FolderSource
from watcher.sources.intake import Intake
from watcher.sources.poller import Poller
from watcher.store.archive import Archive
from watcher.store.database import Store

__all__ = ["Spotting"]

log = logging.getLogger(__name__)

MEGABYTE = 2**20


class Spotting:
    """The sources that the settings ask for. ``edgar`` is None while no contact is configured: EDGAR is not asked.

    ``submit`` asks for work on a new filing, inside the transaction that spots it; ``meters`` are told of all.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        archive: Archive,
        clock: Clock,
        edgar: EdgarClient | None,
        submit: Callable[[Connection, str], None],
        meters: Meters | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._was_polled = asyncio.Event()
        self._audit_bell = Bell(clock)
        meters = meters or Meters()
        intake = Intake(submit, settings.wanted.choice, meters)
        max_bytes = settings.limits.submission_megabytes * MEGABYTE
        self.folder: FolderSource | None = None
        if settings.folder.enabled:
            self.folder = FolderSource(
                settings.folder,
                store=store,
                archive=archive,
                clock=clock,
                max_bytes=max_bytes,
                submit=submit,
                meters=meters,
            )
            self.folder.make()
        self.poller: Poller | None = None
        self.auditor: Auditor | None = None
        self.corrections: Corrections | None = None
        self.who: WhoIsWho | None = None
        self.channels: tuple[Channel, ...] = ()
        if edgar is not None:
            self.poller = Poller(edgar, store=store, clock=clock, intake=intake, lost=self._look_again)
            hours = settings.audit.hours
            self.auditor = Auditor(edgar, store=store, clock=clock, hours=hours, intake=intake)
            self.corrections = Corrections(edgar, store=store, clock=clock, hours=hours, intake=intake)
            old, tickers = settings.edgar.company_hours, settings.wanted.choice.tickers
            self.who = WhoIsWho(edgar, store=store, clock=clock, hours=old, tickers=tickers)
            self.channels = tuple(
                Channel(
                    list_of(name, edgar, clock),
                    store=store,
                    clock=clock,
                    rhythm=settings.edgar.channel_rhythm(name),
                    intake=intake,
                )
                for name in settings.edgar.channels
            )
        self.backfill = Backfill(edgar, store=store, archive=archive, clock=clock, max_bytes=max_bytes, intake=intake)

    def own_tasks(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Return what runs as long as the daemon does, by name: what it is asked for, and what lies in its folder."""
        found: list[tuple[str, Coroutine[Any, Any, None]]] = [("backfill", self.backfill.serve())]
        if self.folder is not None:
            found.append(("folder", self.folder.run()))
        return found

    def common_tasks(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Return what runs as long as this daemon asks EDGAR for all that share its store, by name."""
        found: list[tuple[str, Coroutine[Any, Any, None]]] = []
        if self.poller is not None:
            found.append(("poller", self._poll_when_due(self.poller)))
        if self.auditor is not None and self._settings.audit.enabled:
            found.append(("audit", self._audit_when_due(self.auditor)))
        if self.who is not None:
            found.append(("companies", self.who.run()))
        found += [(one.name, self._read_when_due(one)) for one in self.channels]
        return found

    async def look_once(self) -> EdgarError | None:
        """Look once at everything, and return why EDGAR could not be polled, if it could not."""
        failure: EdgarError | None = None
        if self.who is not None:
            await self.who.refresh_when_due()
        if self.poller is not None:
            try:
                await self.poller.poll()
            except EdgarError as error:
                failure = error
        for channel in self.channels:
            await channel.read_and_tell()
        await self._audit_what_is_due()
        if self.folder is not None:
            await self.folder.scan_whole()
        return failure

    async def _poll_when_due(self, poller: Poller) -> None:
        """Poll at once, then in EDGAR's rhythm, or whenever the cron expression says."""
        bell = Bell(self._clock)
        while True:
            began = self._clock.now()
            await poller.poll_and_tell()
            self._was_polled.set()
            # From its beginning, so that a slow answer does not stretch the rhythm.
            await bell.wait(self._settings.edgar.next_poll(began), since=began)

    def troubles(self) -> list[str]:
        """Say what is wrong beside the live list, for a person."""
        found = [f"{one.name} cannot be read: {one.failure}" for one in self.channels if one.failing_since is not None]
        if self.who is not None and (old := self.who.trouble()):
            found.append(old)
        return found

    async def _read_when_due(self, channel: Channel) -> None:
        """Read a channel in its rhythm, once the live list was had: what both show is then compared fairly."""
        await self._was_polled.wait()
        await channel.run()

    async def _audit_when_due(self, auditor: Auditor) -> None:
        """Audit what is due: at the start what was not audited while nobody watched, then evening and morning.

        What the list still shows is spotted by the first poll, so that only what it lacks counts as missing.
        """
        await self._was_polled.wait()
        while True:
            try:
                await self._audit_what_is_due()
            except StoreError as error:
                # A full disk, say: the days stay owed.
                log.error("audit cannot be kept; it stays owed", extra={"reason": str(error)})
            except Exception:
                # The border to whatever EDGAR, or who stands for it, may answer: an audit must not end the daemon.
                log.exception("audit failed")
            await self._audit_bell.wait(auditor.next_look())

    async def _audit_what_is_due(self) -> None:
        if self.auditor is not None and self.corrections is not None and self._settings.audit.enabled:
            await self.auditor.audit_due()
            await self.corrections.look_when_due(await self.auditor.since())

    def _look_again(self, since: datetime) -> None:
        """Have audited what the list may have shown, and we have not seen, since this instant."""
        if self.auditor is not None:
            self.auditor.look_again(since)
            self._audit_bell.ring()
