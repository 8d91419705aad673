"""Reads the rule files again while the daemon runs: all of them or none, as soon as they change.

Whatever is half written, or wrong, leaves the rules in force that were; what is wrong is kept in ``trouble``, which the
operator is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from watcher.errors import ConfigError, StoreError
from watcher.rulebook import RuleBook
from watcher.tasks import wait

__all__ = ["Reloader"]

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LONGEST_LOOKS = 15  # after which files that are changed all the time, or are at fault, are read again

# What a file looked like: its path, time of change in ns, size, and number on its disk.
Looks = frozenset[tuple[str, int, int, int]]


class Reloader:
    """Keeps the rules in force as the files say.

    ``read`` reads them all, or raises ``ConfigError``; ``use`` puts them in force, and keeps their revisions. ``keep``
    keeps those of the rules that are in force from the start, and returns their version.
    """

    def __init__(
        self,
        folder: Path,
        *,
        read: Callable[[], RuleBook],
        use: Callable[[RuleBook], Awaitable[None]],
        keep: Callable[[], Awaitable[str]],
    ) -> None:
        self._folder = folder
        self._read = read
        self._use = use
        self._keep = keep
        self._asked = asyncio.Event()
        self._files: frozenset[Path] = frozenset()  # that the rules in force were read from
        self.version = ""  # of the rules in force
        self.trouble = ""  # why the files as they stand are not in force

    async def begin(self) -> None:
        """Keep the revisions of the rules in force, before any of them raises an alert. Raises ``StoreError``."""
        self.version = await self._keep()

    def ask(self) -> None:
        """Have the files read again now, whether they changed or not."""
        self._asked.set()

    async def run(self) -> None:
        """Look until cancelled."""
        in_force: Looks | None = None
        last: Looks | None = None
        waited = 0
        while True:
            looks = await asyncio.to_thread(self._looks)
            # Twice the same: whoever writes them has paused. Who never pauses is not waited for without end; and a file
            # that is named in a faulty one, and came since, is none of those that are looked at.
            is_new = looks != in_force and (looks == last or last is None)
            waited = waited + 1 if looks != in_force or self.trouble else 0
            if is_new or waited >= LONGEST_LOOKS or self._asked.is_set():
                self._asked.clear()
                waited = 0
                in_force = looks if await self.reload() else None
            last = looks
            await wait(self._asked, LOOK_SECONDS)

    async def reload(self) -> bool:
        """Read the files, and put them in force if nothing is wrong; return whether that is their last word.

        It is not when the store could not keep them: that is tried again.
        """
        try:
            book = await asyncio.to_thread(self._read)
        except ConfigError as error:
            self._complain(error)
            return True
        try:
            await self._use(book)
        except StoreError as error:
            log.error("rules cannot be put in force", extra={"reason": str(error)})
            return False
        self._files = frozenset(book.files)
        if self.trouble:
            log.info("nothing is wrong with the rules any more", extra={"rules": len(book.rules)})
        self.trouble = ""
        if self.version not in ("", book.version):
            log.info("rules read again", extra={"rules": len(book.rules), "version": book.version})
        self.version = book.version
        return True

    def _complain(self, error: ConfigError) -> None:
        first, count = error.faults[0], len(error.faults)
        more = f" (and {count - 1} more; see: eightk rules check)" if count > 1 else ""
        trouble = f"the rule files are not in force as they stand: {first}{more}"
        if trouble == self.trouble:  # said before
            return
        self.trouble = trouble
        for fault in error.faults:
            log.error("rules are left as they were", extra={"reason": str(fault)})

    def _looks(self) -> Looks:
        """What the files look like now, those of the folder and those that lists were read from."""
        paths = set(self._files)
        with suppress(OSError):  # the folder is gone: the reading will say so
            paths.update(path for path in self._folder.iterdir() if path.suffix in (".yaml", ".yml"))
        found = []
        for path in paths:
            with suppress(OSError):  # gone: that is a change
                status = path.stat()
                found.append((str(path), max(status.st_mtime_ns, status.st_ctime_ns), status.st_size, status.st_ino))
        return frozenset(found)
