"""``eightk company``: who is who, by what the store knows, or by EDGAR's own file of a company."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._daemon import ask_daemon
from watcher.cli._options import config_option, settings_of, store_of
from watcher.cli._printing import say, say_json
from watcher.config import DEFAULT_FILE

if TYPE_CHECKING:
    from watcher.ready import Ready
    from watcher.store.companies import KnownCompany

__all__ = ["COMMANDS"]

EXIT_NO = 1
MAX_CIK_DIGITS = 10


@click.command()
@click.argument("who", metavar="CIK|TICKER|NAME")
@config_option
@click.option("--fetch", is_flag=True, help="Ask EDGAR for the company's own file first, and keep its former names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def company(who: str, config: Path | None, fetch: bool, as_json: bool) -> None:
    """Show who a company is: by its CIK, a ticker, or words of its name or of one that it had.

    Exit code 1: nobody is known by that.
    """
    found = _known(config, who)
    if fetch:
        found = [_fetched(config, _one_cik(who, found))]
    if as_json:
        say_json(found)
    else:
        say("\n\n".join(map(_page, found)) or f"nobody is known by {who}")
    if not found:
        sys.exit(EXIT_NO)


def _known(config: Path | None, who: str) -> list[dict[str, Any]]:
    from watcher.report_json import to_json
    from watcher.store import companies

    with store_of(config) as store:
        found: tuple[KnownCompany, ...]
        if who.isascii() and who.isdigit():
            digits = who.lstrip("0")
            one = store.read_now(companies.get, int(digits or 0)) if len(digits) <= MAX_CIK_DIGITS else None
            found = () if one is None else (one,)
        else:
            found = store.read_now(companies.by_ticker, who) or store.read_now(companies.by_name, who)
    rows: list[dict[str, Any]] = to_json(found)
    return rows


def _one_cik(who: str, found: list[dict[str, Any]]) -> int:
    if who.isascii() and who.isdigit():
        if len(who.lstrip("0")) > MAX_CIK_DIGITS:
            raise click.UsageError(f"{who} is no CIK, which has {MAX_CIK_DIGITS} digits at most")
        return int(who)
    if len(found) != 1:
        raise click.UsageError(f"{len(found) or 'no'} companies are known by {who}: give the CIK of the one to fetch")
    cik: int = found[0]["cik"]
    return cik


def _fetched(config: Path | None, cik: int) -> dict[str, Any]:
    from watcher.lock import owner_of

    owner = owner_of(settings_of(config).store_path)
    if owner is not None:
        return ask_daemon(owner, "POST", f"/v1/companies/{cik}")
    from watcher.ready import examine

    return asyncio.run(_fetched_here(examine(config or DEFAULT_FILE), cik))


async def _fetched_here(ready: Ready, cik: int) -> dict[str, Any]:
    """No daemon owns the store: ask EDGAR from this process."""
    from watcher.daemon import Daemon
    from watcher.report_json import to_json

    async with Daemon.open(ready) as daemon:
        try:
            found: dict[str, Any] = to_json(await daemon.company(cik))
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    return found


def _page(one: dict[str, Any]) -> str:
    """One company for a person at a terminal."""
    listed = ", ".join(one["tickers"]) + (f" ({one['exchange']})" if one["exchange"] else "")
    rows = [("cik", one["cik"]), ("name", one["name"]), ("tickers", listed)]
    rows += [("formerly", _former(name)) for name in one["former_names"]]
    return "\n".join(f"{key:<9} {value}" for key, value in rows if value)


def _former(name: dict[str, Any]) -> str:
    since, until = name["since"], name["until"]
    days = f"{f' from {since}' if since else ''}{f' until {until}' if until else ''}"
    return f"{name['name']}{days}"


COMMANDS = [company]
