"""The command line: one file for each group of commands. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from watcher.cli import (
    alerts,
    audit,
    backfill,
    company,
    deliveries,
    demo,
    endpoint,
    events,
    export,
    filings,
    keeping,
    process,
    redeliver,
    reread,
    rules,
    run,
    search,
    setup,
    silence,
    simulate,
    store,
    web,
)
from watcher.cli._printing import say
from watcher.errors import ConfigError, EightkError, UnknownDelivery, UnknownFiling

__all__ = ["main"]

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_FAILED = 3
EXIT_BROKEN_OFF = 130  # what shells give for Ctrl-C


class _Commands(click.Group):
    """Ends at Ctrl-C, and when whoever read the output has gone, with no words and an exit code of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(EXIT_BROKEN_OFF)
        except BrokenPipeError:
            # As `head` does, once it has its lines.
            _give_output_up()
            sys.exit(0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="eightk", prog_name="eightk")
def cli() -> None:
    """Watch EDGAR for new 8-K filings: read, classify, match rules, notify, save.

    Exit codes: 0 done, 1 the answer is no, 2 wrong usage or settings, 3 could not do it, 130 broken off.
    """


for group in (
    run,
    demo,
    process,
    filings,
    search,
    audit,
    backfill,
    reread,
    alerts,
    deliveries,
    redeliver,
    endpoint,
    silence,
    company,
    export,
    keeping,
    store,
    rules,
    events,
    setup,
    simulate,
    web,
):
    for command in group.COMMANDS:
        cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        cli.main(arguments and list(arguments), prog_name="eightk", standalone_mode=True)
    except ConfigError as error:
        for fault in error.faults:
            say(f"eightk: {fault}", err=True)
        sys.exit(EXIT_USAGE)
    except EightkError as error:
        say(f"eightk: {error}", err=True)
        sys.exit(EXIT_NO if isinstance(error, (UnknownFiling, UnknownDelivery)) else EXIT_FAILED)
    except OSError as error:
        _give_output_up()
        say(f"eightk: {_in_words(error)}", err=True)
        sys.exit(EXIT_FAILED)


def _in_words(error: OSError) -> str:
    """An error of the system that nobody below could make sense of, as one sentence."""
    reason = error.strerror or str(error)
    # Output that fails has no name, and leaves no trace by which to tell it from any other file without one.
    return f"{error.filename}: {reason}" if error.filename else f"cannot read or write: {reason}"


def _give_output_up() -> None:
    """Lead standard output nowhere, or the interpreter would try, and fail, to write the rest of it at the end."""
    with suppress(OSError, AttributeError):  # it is no file, or there is none
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
