"""``eightk store``: moving the store from one database to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._bar import Bar
from watcher.cli._options import config_option, settings_of
from watcher.cli._printing import say, say_json

if TYPE_CHECKING:
    from watcher.store.copying import Copied

__all__ = ["COMMANDS"]

OWN = "-"
_WORDS = {"filing": "filings", "report": "reports", "alert": "alerts", "delivery": "deliveries"}


class StoreType(click.ParamType[str]):
    """The URL of a store, as ``store.url`` has it; paths start at the current folder."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the URL, or `OWN`; fail with what was expected."""
        from pydantic import ValidationError

        from watcher.settings import StoreSettings

        if value == OWN:
            return value
        try:
            # An empty one would be the settings' own.
            return StoreSettings.model_validate({"url": value or " "}).url
        except ValidationError as error:
            self.fail(error.errors()[0]["msg"].removeprefix("Value error, "), param, ctx)


@click.group()
def store() -> None:
    """Move the store from one database to another."""


@store.command("copy")
@click.argument("source", metavar="FROM", type=StoreType())
@click.argument("target", metavar="TO", type=StoreType())
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def copy_store(source: str, target: str, config: Path | None, as_json: bool) -> None:
    """Copy a store, row by row, into an empty one, and compare both.

    FROM and TO are URLs such as sqlite:///data/eightk.db or postgresql://user@host/name, or - for the store of the
    settings. TO is made if it is not there; one with filings, alerts or silences in it is never overwritten. FROM may
    be in use, and stays as it is; what is written to it after the copy began is not in the copy.

    Exit code 3: TO is not empty or in use, or the copy is not the same; TO is as it was before then.
    """
    from watcher.keeping.moving import copy_between, daemon_of

    one, other = _url(source, config), _url(target, config)
    if one == other:
        raise click.UsageError("FROM and TO are the same store")
    user = daemon_of(one)
    if user:
        say(f"eightk: {user} uses FROM: what it writes from now on is not in the copy", err=True)
    with Bar() as bar:
        copied = copy_between(one, other, bar.show)
    if as_json:
        say_json({"rows": copied.rows, "changed": copied.changed, "was_in_use": bool(user)})
        return
    _tell(copied)


def _tell(copied: Copied) -> None:
    rows = copied.rows
    said = ", ".join(f"{rows[table]:,} {words}" for table, words in _WORDS.items())
    say(f"copied and compared: {said}; {sum(rows.values()):,} rows of {len(rows)} tables")
    if copied.changed:
        say(f"{copied.changed:,} rows had U+0000 in a text, which PostgreSQL cannot hold: it is U+FFFD there")


def _url(given: str, config: Path | None) -> str:
    return settings_of(config).store_url if given == OWN else given


COMMANDS = [store]
