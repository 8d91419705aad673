"""``eightk simulate``: the pretend EDGAR alone."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._printing import say
from watcher.errors import ConfigError, Fault

if TYPE_CHECKING:
    from watcher.simulator.server import Simulator

__all__ = ["COMMANDS"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_REMEDY = "such files are named *.txt, *.txt.gz or *.nc; without a folder, filings are made up"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER, required=False, metavar="[DIR]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; 0, the default: a free one.")
@click.option("--scenario", "file", type=_FILE, help="A TOML file with what follows; what is given here goes first.")
@click.option("--week", type=click.DateTime(["%Y-%m-%d"]), help="Make up a week of real volume from this day on.")
@click.option("--crawl", type=_FOLDER, help="Replay a captured crawl of the live list.")
@click.option("--pace", type=float, help="Filings per second; 0: all at once. Default: 1.")
@click.option("--listed", type=int, help="Filings listed from the beginning. Default: 0.")
@click.option("--count", type=int, help="How many to make up, without DIR. Default: 200.")
@click.option("--seed", type=int, help="The same seed makes up the same filings and faults. Default: 1.")
@click.option("--clock", metavar="TIME", help="What its clock shows first, such as 2025-03-03T05:50:00-05:00.")
@click.option("--speed", "--scale", "speed", type=float, help="How much faster its clock runs. Default: 1.")
@click.option("--skip-idle", is_flag=True, default=None, help="Let its clock leave nights and closed days out.")
@click.option(
    "--fault", "faults", multiple=True, help="What goes wrong, such as block@10:00/600, or every; repeatable."
)
@click.option(
    "--enforce-rate", is_flag=True, default=None, help="Answer more than 10 requests a second as EDGAR does: a block."
)
def simulate(port: int, file: Path | None, **given: Any) -> None:
    """Serve a pretend EDGAR on loopback, from the full submissions in DIR, else from made-up filings.

    Its day begins with the first look at its list: set [edgar] base_url to its address and start eightk whenever you
    like. Until Ctrl-C.
    """
    from watcher.simulator.scenario import Scenario

    values = {name: value for name, value in given.items() if value not in (None, ())}
    if "week" in values:
        values["week"] = values["week"].date()
    scenario = Scenario.read(file, values)
    simulator = scenario.simulator()
    for rejected in simulator.catalog.rejected:
        say(f"left out: {rejected.path}: {rejected.reason}", err=True)
    if scenario.folder is not None and not simulator.catalog.filings:
        problem = f"there is no full submission in {scenario.folder}"
        raise ConfigError([Fault(str(file or "simulate"), "folder", problem, _REMEDY)])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(simulator, port))


async def _serve(simulator: Simulator, port: int) -> None:
    from watcher.simulator.server import serve

    async with serve(simulator, port=port) as url:
        say(f"eightk: pretend EDGAR at {url} with {len(simulator.catalog.filings)} filings to list")
        await asyncio.Event().wait()


COMMANDS = [simulate]
