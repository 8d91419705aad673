"""``eightk process``: read files and print what is in them; nothing is saved, no one is told."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._inputs import InputFile, input_files, next_input
from watcher.cli._options import config_option, is_terminal
from watcher.cli._printing import say
from watcher.config import DEFAULT_FILE, load_settings
from watcher.errors import EightkError
from watcher.handler import Stage
from watcher.printable import json_text
from watcher.settings import Settings

if TYPE_CHECKING:
    from watcher.workers import Workers

__all__ = ["COMMANDS"]

EXIT_FAILED = 3
QUEUED_PER_WORKER = 4
MAX_HELD_BYTES = 256 * 2**20


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@config_option
@click.option("--only", type=click.Choice(["parse"]), help="Stop after this stage.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Worker processes; one for each processor if not given.")
def process(paths: tuple[str, ...], config: Path | None, only: str | None, jobs: int | None) -> None:
    """Parse, classify and match files, folders and .tar.gz archives; JSON Lines on standard output.

    PATH may be - for one filing on standard input. A file that cannot be read gives a line with "error" set, and the
    exit code is then 3. Inside a folder, hidden files are left out and links to folders are not followed.
    """
    has_file = config is not None or DEFAULT_FILE.exists()
    settings = load_settings(config or (DEFAULT_FILE if has_file else None))
    until = Stage.PARSE if only == "parse" else Stage.ALERT
    failed = asyncio.run(_process(paths, settings, until, jobs, rules=has_file))
    if failed:
        say(f'eightk: {failed} could not be read; see "error" in their lines', err=True)
        sys.exit(EXIT_FAILED)


async def _process(paths: tuple[str, ...], settings: Settings, until: Stage, jobs: int | None, *, rules: bool) -> int:
    """Print a line for each file, in order; return how many could not be read."""
    from watcher.registry import build_handlers, line_spec, prepare_line
    from watcher.workers import Bounds, Workers

    spec = prepare_line(line_spec(settings, until=until, rules=rules))
    build_handlers(spec)  # faults are told here, once, and not by each worker
    limits = settings.limits
    count = jobs or os.cpu_count() or 1
    workers = Workers(spec, count=count, bounds=Bounds(limits.handle_seconds, limits.memory_megabytes))
    lines = _Lines(workers, count * QUEUED_PER_WORKER)
    files = input_files(paths, limits.submission_megabytes * 2**20, lambda words: say(f"eightk: {words}", err=True))
    try:
        while (one := await next_input(files)) is not None:
            await lines.add(one)
        await lines.print_rest()
    finally:
        workers.close()
        await lines.end()
    return lines.failed


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


@dataclass(slots=True)
class _Lines:
    """The lines that are being made, printed in the order of their files; only so many, and so large, at once."""

    workers: Workers
    most: int
    most_bytes: int = MAX_HELD_BYTES
    failed: int = 0
    _held_bytes: int = 0
    _waiting: deque[tuple[asyncio.Task[tuple[str, bool]], int]] = field(default_factory=deque)
    _progress: _Progress = field(default_factory=_Progress)

    async def add(self, one: InputFile) -> None:
        """Have its line made, once there is room."""
        size = len(one.raw or b"")
        while self._waiting and (len(self._waiting) >= self.most or self._held_bytes + size > self.most_bytes):
            await self._print_first()
        self._waiting.append((asyncio.create_task(_line_of(self.workers, one)), size))
        self._held_bytes += size

    async def print_rest(self) -> None:
        """Print what is still being made."""
        while self._waiting:
            await self._print_first()

    async def end(self) -> None:
        """Drop what is still being made: whoever reads our output may have gone. The workers are closed by now."""
        self._progress.end()
        tasks = [task for task, _ in self._waiting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _print_first(self) -> None:
        task, size = self._waiting.popleft()
        line, is_error = await task
        self._held_bytes -= size
        self.failed += is_error
        click.echo(line)  # which `json_text` has made
        self._progress.advance()


async def _line_of(workers: Workers, one: InputFile) -> tuple[str, bool]:
    """The JSON line of one file, and whether it holds an error."""
    from watcher.report_json import error_line
    from watcher.workers import examine_to_line

    if one.raw is None:
        return json_text(error_line(one.path, one.error)), True
    try:
        return await workers.run(one.path, examine_to_line, one.path, one.raw)
    except EightkError as error:
        return json_text(error_line(one.path, str(error))), True


COMMANDS = [process]
