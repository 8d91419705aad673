"""``eightk rules schema``: the form of rule files, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli._options import config_option, rule_settings
from watcher.cli._printing import say_json
from watcher.printable import json_text

__all__ = ["schema"]


@click.command()
@config_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
def schema(config: Path | None, out: Path | None) -> None:
    """Print the JSON Schema of rule files, with which editors complete and check them as they are written.

    After `eightk rules schema --out config/rules/schema.json`, begin a rule file with this line, which editors with
    the YAML language server read: # yaml-language-server: $schema=schema.json
    """
    from watcher.rules.books import rules_handler

    made = rules_handler(rule_settings(config)).rule_schema()
    if out is None:
        say_json(made)
    else:
        out.write_text(json_text(made, indent=1) + "\n", encoding="utf-8")
