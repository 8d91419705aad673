"""``eightk redeliver``: telling again what was told, given up or expired."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from watcher.cli._daemon import ask_daemon
from watcher.cli._names import names_as_stored
from watcher.cli._options import config_option, settings_of, store_of
from watcher.cli.silence import MomentType
from watcher.config import DEFAULT_FILE
from watcher.models import DeliveryState

if TYPE_CHECKING:
    from watcher.lock import Owner
    from watcher.ready import Ready

__all__ = ["COMMANDS"]

EXIT_FAILED = 3
MOST = 1_000
FOLLOW_SECONDS = 30.0
LOOK_SECONDS = 0.2
# A delivery that is still owed is tried at once, and is no longer to be told again.
STATES = [state.value for state in DeliveryState if state is not DeliveryState.PENDING]


@click.command()
@click.argument("numbers", nargs=-1, metavar="[ID]...")
@config_option
@click.option("--endpoint", metavar="NAME", help="Those to this endpoint, the oldest first.")
@click.option("--state", type=click.Choice(STATES), help="With --endpoint: those in this state; failed if not given.")
@click.option("--since", type=MomentType(), metavar="TIME", help="With --endpoint: those owed since then (UTC).")
@click.option("--rule", metavar="ID", help="With --endpoint: those of this rule.")
@click.option("--limit", type=click.IntRange(1, MOST), default=MOST, show_default=True, help="At most so many at once.")
def redeliver(
    numbers: tuple[str, ...],
    config: Path | None,
    endpoint: str | None,
    state: str | None,
    since: datetime | None,
    rule: str | None,
    limit: int,
) -> None:
    """Tell again: each delivery (or each of an alert) by its ID, or those to an endpoint.

    It is sent once, under the same id and signed anew. If that fails it is again what it was: its schedule does not
    begin anew. An endpoint that is disabled is told nothing. Exit code 3: something was not taken.
    """
    from watcher.lock import owner_of
    from watcher.store.names import Names

    if bool(numbers) == (endpoint is not None):
        raise click.UsageError("say which: either IDs or --endpoint NAME")
    if numbers and (state or since or rule):
        raise click.UsageError("--state, --since and --rule go with --endpoint")
    asked: dict[str, Any] | None = None
    if endpoint is not None:
        asked = {"endpoint": endpoint, "state": state or DeliveryState.FAILED.value, "rule": rule, "limit": limit}
        asked["since"] = since.isoformat() if since else None
        with store_of(config) as store:
            names_as_stored(store, config, Names(endpoint=endpoint, rule=rule))
    owner = owner_of(settings_of(config).store_path)
    if owner is not None:
        rows, left = _by_daemon(owner, numbers, asked)
    else:
        from watcher.ready import examine

        rows, left = asyncio.run(_here(examine(config or DEFAULT_FILE), numbers, asked))
    _tell(rows, left)


def _tell(rows: list[dict[str, Any]], left: int) -> None:
    for row in rows:
        problem = f": {row['last_error']}" if row["last_error"] else ""
        click.echo(f"{row['id']}  {row['endpoint']:<12} {row['state']:<9} {row['summary']}{problem}")
    if not rows:
        click.echo("no such deliveries")
    if left:
        click.echo(f"{left} more: the same command goes on with them", err=True)
    if any(row["state"] != DeliveryState.DELIVERED or row["last_error"] for row in rows):
        sys.exit(EXIT_FAILED)


def _by_daemon(
    owner: Owner, numbers: tuple[str, ...], asked: dict[str, Any] | None
) -> tuple[list[dict[str, Any]], int]:
    """Hand it to the daemon, and follow it until all is settled, or for half a minute."""
    if asked is not None:
        answers = [ask_daemon(owner, "POST", "/v1/redeliveries", asked)]
    else:
        answers = [ask_daemon(owner, "POST", f"/v1/deliveries/{quote(one, safe='')}/redeliver") for one in numbers]
    rows = {one: _ask(owner, one) for answer in answers for one in answer["redelivered"]}
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until and (open_ := [one for one in rows if rows[one]["state"] == DeliveryState.PENDING]):
        time.sleep(LOOK_SECONDS)
        rows |= {one: _ask(owner, one) for one in open_}
    return list(rows.values()), sum(answer["left"] for answer in answers)


def _ask(owner: Owner, number: str) -> dict[str, Any]:
    return ask_daemon(owner, "GET", f"/v1/deliveries/{quote(number, safe='')}")


async def _here(
    ready: Ready, numbers: tuple[str, ...], asked: dict[str, Any] | None
) -> tuple[list[dict[str, Any]], int]:
    """No daemon owns the store: do it in this process."""
    from watcher.daemon import Daemon
    from watcher.store import deliveries
    from watcher.store.redelivery import Wanted
    from watcher.web.api.deliveries import RedeliveryRequest
    from watcher.web.show import delivery_json

    wanted = [Wanted(**RedeliveryRequest(**asked).model_dump())] if asked is not None else numbers
    async with Daemon.open(ready) as daemon:
        made = [await daemon.redeliver(one) for one in wanted]
        await daemon.run_once(sources=False)
        ids = [each.id for one in made for each in one.deliveries]
        found = await daemon.store.read(deliveries.get, ids)
    return [delivery_json(one) for one in found], sum(one.left for one in made)


COMMANDS = [redeliver]
