"""Reads the settings file again while the daemon runs, and puts its endpoints in force: all of them or none.

Only the tables ``[endpoint.*]`` and ``operator.notify`` are taken over; what else changed is told, and waits for the
next start. Whatever is wrong in the file, or in what it names, leaves everything as it was, and is kept in ``trouble``,
which the operator is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watcher.deliver import Endpoint
from watcher.errors import ConfigError, StoreError
from watcher.outbound import Outbound
from watcher.outbox import endpoints_of
from watcher.ready import Ready, examine
from watcher.settings import Settings

__all__ = ["Changes", "EndpointReloader", "changed_elsewhere", "renewed"]

log = logging.getLogger(__name__)

_APPLIED = ("endpoint", "operator.notify")


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the endpoints, by name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class EndpointReloader:
    """Keeps the endpoints in force as the settings file says, whenever it is asked to.

    ``use`` puts what was read in force, with the settings as they are then; ``settings`` are those in force now.
    """

    def __init__(self, settings: Settings, *, use: Callable[[Ready], Awaitable[None]]) -> None:
        self.settings = settings
        self.trouble = ""  # why the file as it stands is not in force
        self._use = use
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have the file read again now."""
        self._asked.set()

    async def run(self, then: Callable[[], None] = lambda: None) -> None:
        """Read it whenever asked, until cancelled; ``then`` is called after each time, whatever came of it."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.reload()
            then()

    async def reload(self) -> bool:
        """Read the file, and put its endpoints in force if nothing is wrong; return whether they are."""
        try:
            ready = await asyncio.to_thread(examine, Path(self.settings.file))
        except ConfigError as error:
            self._complain(error)
            return False
        merged = _merged(self.settings, ready.settings)
        try:
            await self._use(Ready(merged, ready.spec, ready.handlers, ready.notifiers))
        except StoreError as error:
            self.trouble = f"the endpoints as they stand in the settings cannot be put in force: {error}"
            log.error("endpoints are left as they were", extra={"reason": str(error)})
            return False
        self._tell(_changes(self.settings, merged), changed_elsewhere(self.settings, ready.settings))
        self.settings = merged
        self.trouble = ""
        return True

    def _complain(self, error: ConfigError) -> None:
        # Without the remedies, which may quote the file: alarms go further than the one who wrote it.
        told = [f"{one.where}: {f'{one.key}: ' if one.key else ''}{one.problem}" for one in error.faults]
        more = f" (and {len(told) - 1} more; see: eightk check)" if len(told) > 1 else ""
        self.trouble = f"the settings file is not in force as it stands: {told[0]}{more}"
        for one in told:
            log.error("endpoints are left as they were", extra={"reason": one})

    def _tell(self, made: Changes, elsewhere: tuple[str, ...]) -> None:
        names = {"added": made.added, "changed": made.changed, "removed": made.removed}
        log.info("endpoints read again", extra={key: ",".join(value) for key, value in names.items() if value})
        if elsewhere:
            log.warning("these settings need a restart", extra={"settings": ", ".join(elsewhere)})


def renewed(
    ready: Ready, before: Mapping[str, Endpoint], settings: Settings, outbound: Outbound
) -> dict[str, Endpoint]:
    """Return the endpoints of what was read; those whose settings are the same as in ``settings`` stay what they are.

    So what they remember, and their connections, stay too.
    """
    made = endpoints_of(ready, outbound)
    for name in made.keys() & before.keys():
        if ready.settings.endpoint[name] == settings.endpoint.get(name):
            made[name] = before[name]
    return made


def changed_elsewhere(old: Settings, new: Settings) -> tuple[str, ...]:
    """Return the names of settings that differ, and are not taken over by reading the file again."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def _merged(old: Settings, new: Settings) -> Settings:
    operator = old.operator.model_copy(update={"notify": new.operator.notify})
    return old.model_copy(update={"endpoint": new.endpoint, "operator": operator})


def _changes(old: Settings, new: Settings) -> Changes:
    before, after = old.endpoint, new.endpoint
    return Changes(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        tuple(sorted(before.keys() - after.keys())),
    )


def _flat(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name, value in settings.model_dump(exclude={"endpoint"}).items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", one) for key, one in value.items() if f"{name}.{key}" not in _APPLIED)
        else:
            yield name, value
