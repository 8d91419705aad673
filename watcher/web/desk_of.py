"""The parts of a desk beside the daemon's own work: who follows along, rules as they are written, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from watcher.bare_paths import bare
from watcher.endpoints_shown import endpoint_rows
from watcher.event_names import EventNames
from watcher.registry import LineSpec
from watcher.rules.drafts import RuleDrafts
from watcher.rules.reload import Reloader
from watcher.settings import Settings
from watcher.sources.refused import Refusals
from watcher.sources.spotting import Spotting
from watcher.store.database import Store
from watcher.store.endpoint_records import EndpointRecord
from watcher.store.parts import RawFiles
from watcher.web.desk import Desk, SourceSeen
from watcher.web.feed import Feed

__all__ = ["DeskParts"]


class DeskParts:
    """Made once for a daemon. ``settings`` and ``rules`` give what is now so; ``renew`` puts a line in force.

    ``is_leading``: whether this daemon spots, of those that share its store. ``alerting``: handlers that raise alerts.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        spec: LineSpec,
        store: Store,
        spotting: Spotting,
        rules: Callable[[], Reloader | None],
        *,
        renew: Callable[[LineSpec], None],
        is_leading: Callable[[], bool],
        alerting: Collection[str],
    ) -> None:
        self._alerting = alerting
        self._settings = settings
        self._spotting = spotting
        self._reloader = rules
        self._is_leading = is_leading
        self.feed = Feed(store)
        self._events = EventNames(settings)
        self.drafts = RuleDrafts(settings, spec, renew=renew, ask=self.read_rules_again, trouble=self._trouble)

    def laid_on(self, desk: Desk) -> Desk:
        """Return the desk with them."""
        return replace(
            desk,
            endpoints=self._endpoints,
            sources=lambda: tuple(
                replace(one, state=self._bare(one.state))
                for one in _sources(self._spotting, is_leading=self._is_leading())
            ),
            refused=Refusals(self._settings().folder.path) if self._spotting.folder is not None else desk.refused,
            raw=RawFiles(self._settings().archive),
            rules=self.drafts if self._reloader() is not None else None,
            feed=self.feed,
            events=self._events,
            alerting=self._alerting,
        )

    def settled(self, accession: str) -> None:
        """A filing's route came to an end: who follows along is told at once."""
        self.feed.wake()

    def _endpoints(self, records: Mapping[str, EndpointRecord], now: datetime) -> Iterable[dict[str, Any]]:
        return endpoint_rows(self._settings(), dict(records), now)

    def read_rules_again(self) -> None:
        """Have the rule files read again now."""
        if (reloader := self._reloader()) is not None:
            reloader.ask()

    def _trouble(self) -> str:
        reloader = self._reloader()
        return "" if reloader is None else self._bare(reloader.trouble)

    def _bare(self, text: str) -> str:
        """Without where files lie on this machine."""
        return bare(text, (self._settings().base,))


def _sources(spotting: Spotting, *, is_leading: bool) -> Iterator[SourceSeen]:
    poller, folder = spotting.poller, spotting.folder
    if poller is None:
        yield SourceSeen("poller", is_on=False, state="no contact is set")
    elif not is_leading:
        yield SourceSeen("poller", is_on=True, state="another daemon polls for all that share the store")
    elif poller.failing_since is not None:
        since = f"{poller.failing_since:%Y-%m-%d %H:%M:%S} UTC"
        yield SourceSeen("poller", is_on=True, state=f"failing since {since}: {poller.failure}")
    else:
        last = f"last at {poller.polled_at:%Y-%m-%d %H:%M:%S} UTC" if poller.polled_at else "not polled yet"
        yield SourceSeen("poller", is_on=True, state=last)
    for one in spotting.channels:
        yield SourceSeen(one.name, is_on=True, state=f"failing: {one.failure}" if one.failing_since else "well")
    yield SourceSeen("folder", is_on=folder is not None, state=(folder.trouble or "well") if folder else "not watched")
    progress = spotting.backfill.progress
    yield SourceSeen("backfill", is_on=progress is not None, state=progress.state if progress else "none was asked for")
