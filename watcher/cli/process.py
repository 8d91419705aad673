"""``eightk process``: read files and print what is in them; nothing is saved, no one is told."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._inputs import InputFile, input_files
from watcher.cli._options import config_option, is_terminal
from watcher.cli._places import jobs_option, on_option, place_of
from watcher.cli._printing import say
from watcher.config import DEFAULT_FILE, load_settings
from watcher.errors import ReadError
from watcher.handler import Stage
from watcher.printable import json_text
from watcher.settings import Settings

if TYPE_CHECKING:
    from watcher.bulk.chunks import Done, Item

__all__ = ["COMMANDS"]

EXIT_FAILED = 3


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@config_option
@click.option("--only", type=click.Choice(["parse"]), help="Stop after this stage.")
@jobs_option
@on_option
def process(paths: tuple[str, ...], config: Path | None, only: str | None, jobs: int | None, on: str | None) -> None:
    """Parse, classify and match files, folders and .tar.gz archives; JSON Lines on standard output.

    PATH may be - for one filing on standard input. A file that cannot be read gives a line with "error" set, and the
    exit code is then 3. Inside a folder, hidden files are left out and links to folders are not followed. The .reason
    files that the watched folder writes beside what it refuses are passed over.
    """
    has_file = config is not None or DEFAULT_FILE.exists()
    settings = load_settings(config or (DEFAULT_FILE if has_file else None))
    until = Stage.PARSE if only == "parse" else Stage.ALERT
    failed = _process(paths, settings, until, jobs, on, rules=has_file)
    if failed:
        say(f'eightk: {failed} could not be read; see "error" in their lines', err=True)
        sys.exit(EXIT_FAILED)


def _process(
    paths: tuple[str, ...], settings: Settings, until: Stage, jobs: int | None, on: str | None, *, rules: bool
) -> int:
    """Print a line for each file, in order; return how many could not be read."""
    from watcher.bulk.chunks import in_order
    from watcher.registry import build_handlers, line_spec, prepare_line
    from watcher.workers import examine_to_line

    spec = prepare_line(line_spec(settings, until=until, rules=rules))
    build_handlers(spec)  # faults are told here, once, and not by each worker
    max_bytes = settings.limits.submission_megabytes * 2**20
    files = input_files(paths, max_bytes, lambda words: say(f"eightk: {words}", err=True))
    failed = 0
    progress = _Progress()
    try:
        with (
            place_of(settings, spec, jobs, on) as place,
            closing(in_order(place, examine_to_line, _items(files))) as made,
        ):
            for done in made:
                line, is_error = _line_of(done)
                failed += is_error
                click.echo(line)  # which `json_text` has made
                progress.advance()
    finally:
        progress.end()
    return failed


class _Progress:
    """A count on standard error while a person looks at it and not at the lines."""

    def __init__(self) -> None:
        self._is_shown = is_terminal(err=True) and not is_terminal()
        self._count = 0

    def advance(self) -> None:
        """Count one more."""
        self._count += 1
        if self._is_shown and self._count % 20 == 0:
            click.echo(f"\r{self._count} filings", err=True, nl=False)

    def end(self) -> None:
        """Leave the line."""
        if self._is_shown:
            click.echo(f"\r{self._count} filings", err=True)


def _items(files: Iterable[InputFile]) -> Iterator[Item]:
    from watcher.bulk.chunks import Item

    for one in files:
        if one.raw is None:
            yield Item(one.path, error=ReadError(one.error))
        else:
            yield Item(one.path, (one.path, one.raw), len(one.raw))


def _line_of(done: Done) -> tuple[str, bool]:
    """The JSON line of one file, and whether it holds an error."""
    from watcher.report_json import error_line

    if done.error is not None:
        return json_text(error_line(done.item.name, str(done.error))), True
    line, is_error = done.value
    return line, is_error


COMMANDS = [process]
