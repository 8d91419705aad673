"""``eightk run``: the daemon."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import config_option
from watcher.cli._printing import say
from watcher.config import DEFAULT_FILE
from watcher.errors import Fault, ListenError

if TYPE_CHECKING:
    from watcher.daemon import Daemon
    from watcher.ready import Ready

__all__ = ["COMMANDS"]


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Poll every source once, do all that is due now, and exit.")
def run(config: Path | None, once: bool) -> None:
    """Run the daemon: spot, read, match, save and deliver, until stopped.

    SIGTERM and Ctrl-C end it in order, within ten seconds, and the exit code is 0. A second one ends it at once, with
    143 or 130; what was under way is run again at the next start.
    """
    from watcher.logs import set_up_logging
    from watcher.ready import examine

    asked = _AskedToEnd() if not once else None
    ready = examine(config or DEFAULT_FILE)
    set_up_logging(ready.settings.log.level, ready.settings.log.format)
    _keep_to_this_user(ready.settings.folder.path)
    asyncio.run(_run(ready, asked))


def _keep_to_this_user(inbox: Path) -> None:
    """Have all that is made from now on be for this user alone: store, archive, keys, logs of what was found.

    Only the inbox keeps the rights that this user gives new folders, for others may be meant to put files in.
    """
    # Whoever reads the inbox makes it again, and tells why that cannot be.
    with suppress(OSError):
        inbox.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)


class _AskedToEnd:
    """Keeps the signal that comes before the daemon listens to signals itself. A second one ends the process at once.

    An exception in its place could come up anywhere in what is being built.
    """

    def __init__(self) -> None:
        self.daemon: Daemon | None = None
        self.is_so = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, _: object) -> None:
        if self.is_so:
            os._exit(128 + number)
        self.is_so = True
        if self.daemon is not None:
            self.daemon.stop()


async def _run(ready: Ready, asked: _AskedToEnd | None) -> None:
    from watcher.daemon import Daemon

    async with Daemon.open(ready) as daemon:
        if asked is None:
            await daemon.run_once()
            return
        asked.daemon = daemon
        if asked.is_so:
            say("eightk: ended while it was starting", err=True)
            return
        try:
            await daemon.run(say)
        except ListenError as error:
            settings = ready.settings
            raise ListenError(str(Fault(settings.file, "web.listen", str(error)))) from error


COMMANDS = [run]
