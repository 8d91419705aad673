"""``eightk run``: the daemon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import config_option
from watcher.config import DEFAULT_FILE

if TYPE_CHECKING:
    from watcher.ready import Ready

__all__ = ["COMMANDS"]


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Poll every source once, do all that is due now, and exit.")
def run(config: Path | None, once: bool) -> None:
    """Run the daemon: spot, read, match, save and deliver, until stopped."""
    from watcher.logs import set_up_logging
    from watcher.ready import examine

    ready = examine(config or DEFAULT_FILE)
    set_up_logging(ready.settings.log.level, ready.settings.log.format)
    asyncio.run(_run(ready, once=once))


async def _run(ready: Ready, *, once: bool) -> None:
    from watcher.daemon import Daemon

    async with Daemon.open(ready) as daemon:
        if once:
            await daemon.run_once()
        else:
            await daemon.run(click.echo)


COMMANDS = [run]
