"""The command line: one file for each group of commands. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from watcher.cli import deliveries, demo, filings, process, run, setup, simulate
from watcher.errors import ConfigError, EightkError, UnknownFiling

__all__ = ["main"]

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_FAILED = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="eightk", prog_name="eightk")
def cli() -> None:
    """Watch EDGAR for new 8-K filings: read, classify, match rules, notify, save.

    Exit codes: 0 done, 1 the answer is no, 2 wrong usage or settings, 3 could not do it.
    """


for group in (run, demo, process, filings, deliveries, setup, simulate):
    for command in group.COMMANDS:
        cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        cli.main(arguments and list(arguments), prog_name="eightk", standalone_mode=True)
    except ConfigError as error:
        for fault in error.faults:
            click.echo(f"eightk: {fault}", err=True)
        sys.exit(EXIT_USAGE)
    except EightkError as error:
        click.echo(f"eightk: {error}", err=True)
        sys.exit(EXIT_NO if isinstance(error, UnknownFiling) else EXIT_FAILED)
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does.
        sys.stderr.close()
        sys.exit(0)
