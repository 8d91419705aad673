"""Noticing files: the system's events where they work, else a look each second.

The one home of the file-watching library. Its threads hand paths to the event loop and do nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

__all__ = ["FolderObserver"]

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class FolderObserver:
    """Tells the event loop which paths of one folder to look at. Paths may come twice, or for nothing."""

    def __init__(self, folder: Path, *, polling: bool = False) -> None:
        self._folder = folder
        self._polling = polling
        self._loop: asyncio.AbstractEventLoop | None = None
        self._noticed: asyncio.Queue[Path] = asyncio.Queue()
        self._running: Any = None
        self._later: set[Path] = set()
        self.announced: set[Path] = set()  # paths that an event told of, not looked at yet

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Queue[Path]]:
        """Watch while inside, and give the queue of paths."""
        self._loop = loop
        self._start()
        try:
            yield self._noticed
        finally:
            self._loop = None
            self._stop()

    def distrust(self) -> None:
        """Look each second from now on: a file came that no event told of. May be called twice."""
        if not self._polling and self._running is not None:
            log.warning("file events get lost here; looking each second instead")
            self._stop()
            self._polling = True
            self._start()

    def notice(self, path: Path) -> None:
        """Have a path looked at; from the event loop's own thread."""
        self._noticed.put_nowait(path)

    def notice_later(self, path: Path, seconds: float) -> None:
        """Have a path looked at after so many real seconds. One such look is owed at a time."""
        if self._loop is not None and path not in self._later:
            self._later.add(path)
            self._loop.call_later(seconds, self._notice_now, path)

    def _notice_now(self, path: Path) -> None:
        self._later.discard(path)
        self.notice(path)

    def from_thread(self, path: Path) -> None:
        """Have a path looked at; from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._announce, path)

    def _announce(self, path: Path) -> None:
        # A file that is written in many pieces is told of with each; one look is owed for all.
        if path not in self.announced:
            self.announced.add(path)
            self.notice(path)

    def _start(self) -> None:
        if not self._polling:
            try:
                self._running = self._started(Observer())
            except OSError as error:
                # No inotify, or no watch left (ENOSPC, EMFILE): slower, and as sure.
                log.warning("no file events here; looking each second instead", extra={"reason": error.strerror})
                self._polling = True
        if self._polling:
            self._running = self._started(PollingObserver(timeout=POLL_SECONDS))

    def _started(self, observer: Any) -> Any:
        observer.schedule(_Events(self), str(self._folder))
        observer.start()
        return observer

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running.join()
            self._running = None


class _Events(FileSystemEventHandler):
    """Passes on the paths of files that were written, moved in, or made."""

    def __init__(self, observer: FolderObserver) -> None:
        self._observer = observer

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass the path on. Runs in the library's thread."""
        if isinstance(event, FileMovedEvent):
            self._observer.from_thread(Path(str(event.dest_path)))
        elif isinstance(event, (FileClosedEvent, FileCreatedEvent, FileModifiedEvent)):
            self._observer.from_thread(Path(str(event.src_path)))
