"""``eightk deliveries``: what endpoints are owed, were told, and would not take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._options import LIMIT, AccessionType, config_option, is_terminal, store_of
from watcher.cli._printing import say, say_json, say_row
from watcher.models import DeliveryState

if TYPE_CHECKING:
    from watcher.web.show import Held

__all__ = ["COMMANDS"]

TERMINAL_ROWS = 50


@click.command()
@config_option
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only those in this state.")
@click.option("--filing", type=AccessionType(), metavar="ACC", help="Only those of this filing.")
@click.option("--limit", type=LIMIT, help=f"At most so many; {TERMINAL_ROWS} on a terminal, else all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, with every attempt.")
def deliveries(config: Path | None, state: str | None, filing: str | None, limit: int | None, as_json: bool) -> None:
    """List deliveries, those of the newest alert first: what is owed, was told, or was given up."""
    from watcher.clock import Clock
    from watcher.store import deliveries as stored
    from watcher.store import endpoints
    from watcher.web.show import delivery_json, held_back

    limit = limit or (TERMINAL_ROWS if is_terminal() and not as_json else None)
    wanted = DeliveryState(state) if state else None
    with store_of(config) as store:
        found = store.read_now(stored.find, filing, state=wanted, limit=limit)
        held = held_back(store.read_now(endpoints.find), Clock().now())
    rows = [delivery_json(one) for one in found]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say_row(_table_line(row, held.get(row["endpoint"])))
    if not rows:
        say("no deliveries")
    waited_for = {row["endpoint"] for row in rows if row["state"] == DeliveryState.PENDING}
    for name in sorted(name for name, one in held.items() if one.is_disabled and name in waited_for):
        say(f"endpoint {name} is disabled, and nothing goes out to it until: eightk endpoint enable {name}", err=True)


def _table_line(row: dict[str, Any], held: Held | None) -> str:
    problem = f"  {row['last_error']}" if row["last_error"] else ""
    if held is not None and row["state"] == DeliveryState.PENDING:
        told = f"{row['endpoint']:<12} {row['state']} ({held.words}) attempts {row['attempts']}"
    else:
        told = f"{row['endpoint']:<12} {row['state']:<9} attempts {row['attempts']}{_next(row)}"
    about = f"{_about(row):<20}  {row['id']}"
    return f"{row['created_at']}  {about}  {told}  {row['summary']}{problem}"


def _about(row: dict[str, Any]) -> str:
    """The filing; a digest is of several, and an alarm of none."""
    is_digest = row["alert"].startswith("dig_")
    return row["accession"] or (f"digest of {row['rule']}" if is_digest else "the watcher")


def _next(row: dict[str, Any]) -> str:
    """When it is tried next, if that is told by more than its being owed."""
    if row["state"] != DeliveryState.PENDING:
        return ""
    if row["attempts"]:
        return f", again at {row['run_at']}"
    return f", held until {row['run_at']}" if row["run_at"] > row["created_at"] else ""


COMMANDS = [deliveries]
