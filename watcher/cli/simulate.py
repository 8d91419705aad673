"""``eightk simulate``: the pretend EDGAR alone."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from watcher.simulator.server import Simulator

__all__ = ["COMMANDS"]


@click.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False, metavar="[DIR]"
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; 0, the default: a free one.")
@click.option(
    "--pace", type=click.FloatRange(0), default=1.0, show_default=True, help="Filings per second; 0: all at once."
)
@click.option(
    "--listed", type=click.IntRange(0), default=0, show_default=True, help="Filings listed from the beginning."
)
@click.option(
    "--count", type=click.IntRange(1), default=200, show_default=True, help="How many to make up, without DIR."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes up the same filings.")
@click.option("--scale", type=click.FloatRange(0, min_open=True), default=1.0, help="How much faster its clock runs.")
@click.option("--enforce-rate", is_flag=True, help="Answer more than 10 requests a second as EDGAR does: with a block.")
def simulate(
    folder: Path | None,
    port: int,
    pace: float,
    listed: int,
    count: int,
    seed: int,
    scale: float,
    enforce_rate: bool,
) -> None:
    """Serve a pretend EDGAR on loopback, from the full submissions in DIR, else from made-up filings.

    Its day begins with the first look at its list: set [edgar] base_url to its address and start eightk whenever you
    like. Until Ctrl-C.
    """
    from watcher.clock import Clock
    from watcher.simulator.server import Simulator

    clock = Clock(scale=scale, start=None if scale == 1 else datetime.now(UTC))
    if folder is None:
        simulator = Simulator.from_generator(
            seed, count, clock=clock, pace=pace, listed=listed, enforce_rate=enforce_rate
        )
    else:
        simulator = Simulator.from_folder(folder, clock=clock, pace=pace, listed=listed, enforce_rate=enforce_rate)
    for rejected in simulator.catalog.rejected:
        click.echo(f"left out: {rejected.path}: {rejected.reason}", err=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(simulator, port))


async def _serve(simulator: Simulator, port: int) -> None:
    from watcher.simulator.server import serve

    async with serve(simulator, port=port) as url:
        click.echo(f"eightk: pretend EDGAR at {url} with {len(simulator.catalog.filings)} filings to list")
        await asyncio.Event().wait()


COMMANDS = [simulate]
