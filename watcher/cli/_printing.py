"""What commands print: the one way to the terminal for whatever a filing, or anyone else, may have written."""

from __future__ import annotations

import shutil
from typing import Any

import click

from watcher.cli._options import is_terminal
from watcher.printable import json_text, printable

__all__ = ["say", "say_json", "say_line", "say_row"]


def say(text: str, *, err: bool = False) -> None:
    """Print lines for a person."""
    click.echo(printable(text), err=err)


def say_line(text: str) -> None:
    """Print one line, whatever stands in it."""
    click.echo(printable(text, is_line=True))


def say_row(text: str) -> None:
    """Print one row of a list: one line whatever stands in it, and no wider than the terminal."""
    line = printable(text, is_line=True)
    width = shutil.get_terminal_size().columns if is_terminal() else 0
    click.echo(f"{line[: width - 1]}…" if 0 < width < len(line) else line)


def say_json(value: Any) -> None:
    """Print JSON for a program."""
    click.echo(json_text(value, indent=1))
