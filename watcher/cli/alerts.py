"""``eightk alerts``: which alerts were raised, who was told of each, and why nobody was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from watcher.cli._names import names_as_stored
from watcher.cli._options import DATE, LIMIT, AccessionType, config_option, is_terminal, store_of
from watcher.cli._printing import say, say_json, say_row

__all__ = ["COMMANDS", "told_words"]

TERMINAL_ROWS = 50


@click.command()
@config_option
@click.option("--rule", help="Only those of this rule.")
@click.option("--filing", type=AccessionType(), metavar="ACC", help="Only those on this filing.")
@click.option("--since", type=DATE, help="Only those raised on this day (UTC) or later.")
@click.option("--silenced", is_flag=True, help="Only those that a silence kept untold.")
@click.option("--limit", type=LIMIT, help=f"At most so many; {TERMINAL_ROWS} on a terminal, else all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def alerts(
    config: Path | None,
    rule: str | None,
    filing: str | None,
    since: datetime | None,
    silenced: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """List alerts, the newest first: when, of which rule, and who is told, or why nobody is."""
    from watcher.store import alerts as stored
    from watcher.store.names import Names
    from watcher.web.show import alert_json

    limit = limit or (TERMINAL_ROWS if is_terminal() and not as_json else None)
    raised_since = since.replace(tzinfo=UTC) if since else None
    with store_of(config) as store:
        rule = names_as_stored(store, config, Names(rule=rule)).rule
        found = store.read_now(stored.find, filing, rule=rule, since=raised_since, is_silenced=silenced, limit=limit)
    rows = [alert_json(one) for one in found]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say_row(_table_line(row))
    if not rows:
        say("no alerts")


def told_words(row: dict[str, Any]) -> str:
    """Who is told of an alert, or why nobody is, for a person."""
    if row["untold"]:
        return f"nobody told, {row['untold']}"
    return ", ".join(map(_told, row["told"])) or "nobody told"


def _told(one: dict[str, Any]) -> str:
    together = f" in digest {one['digest']}" if one["digest"] else ""
    return f"{one['endpoint']} {one['state']}{together}"


def _table_line(row: dict[str, Any]) -> str:
    about = row["accession"] or ("a digest" if row["id"].startswith("dig_") else "the watcher")
    return (
        f"{row['raised_at']}  {row['severity']:<8}  {about:<20}  {row['rule']}  {row['summary']}  [{told_words(row)}]"
    )


COMMANDS = [alerts]
