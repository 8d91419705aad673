"""``eightk backfill``: take in what EDGAR listed in the past."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._bar import Bar
from watcher.cli._daemon import ask_daemon
from watcher.cli._options import DATE, check_period, config_option, is_terminal, settings_of
from watcher.cli._places import jobs_option, on_option, place_of
from watcher.cli._printing import say
from watcher.config import DEFAULT_FILE
from watcher.printable import printable

if TYPE_CHECKING:
    from watcher.lock import Owner
    from watcher.ready import Ready
    from watcher.sources.backfill_progress import BackfillRequest, Progress

__all__ = ["COMMANDS"]

EXIT_FAILED = 3
LOOK_SECONDS = 0.5
# Plain lines, for a log: a first one soon, and then now and then.
LINE_SECONDS = 15.0
BAR = 24


@click.command()
@config_option
@click.option("--from", "first", type=DATE, help="The first filing date, such as 2024-01-02.")
@click.option("--to", "last", type=DATE, help="The last filing date.")
@click.option(
    "--index",
    type=click.Choice(["auto", "daily", "quarterly"]),
    default="auto",
    show_default=True,
    help="Which of EDGAR's indexes; auto takes what needs fewer requests.",
)
@click.option(
    "--archives",
    type=click.Path(exists=True, path_type=Path),
    help="Day archives on disk, YYYYMMDD.nc.tar.gz, in this folder or below it: EDGAR is not asked.",
)
@click.option(
    "--from-disk",
    "on_disk",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Full submissions on disk, in this folder and below, or in this .tar.gz; may be repeated; no daemon may run.",
)
@click.option("--notify", is_flag=True, help="Tell endpoints of what is found; else alerts are recorded only.")
@jobs_option
@on_option
def backfill(  # one for each option
    config: Path | None,
    first: datetime | None,
    last: datetime | None,
    index: Any,
    archives: Path | None,
    on_disk: tuple[Path, ...],
    notify: bool,
    jobs: int | None,
    on: str | None,
) -> None:
    """Take in the filings of the 8-K family that EDGAR listed in these days, and run them through the line.

    What is in the store is not fetched again, and live filings go first. It can be broken off at any time: the same
    command goes on where it was. If a daemon is running, it does the work and this follows it. Exit code 3: a day has
    no index, or a filing could not be had or read.

    With --from-disk EDGAR is not asked and the days may be left out: the files are read in bulk, by --jobs processes or
    --on a cluster.
    """
    if on_disk:
        if archives is not None or notify or index != "auto":
            raise click.UsageError("--from-disk goes with --from, --to, --jobs and --on alone")
        check_period(first, last)
        _from_disk(config, on_disk, (first and first.date(), last and last.date()), jobs, on)
    elif jobs is not None or on is not None:
        raise click.UsageError(
            "--jobs and --on are for --from-disk: what EDGAR has to be asked for is not done in bulk"
        )
    elif first is None or last is None:
        raise click.UsageError("--from and --to say which days; without them only --from-disk knows what is meant")
    else:
        _of_days(config, first, last, index, archives, notify=notify)


def _of_days(
    config: Path | None, first: datetime, last: datetime, index: Any, archives: Path | None, *, notify: bool
) -> None:
    from watcher.lock import owner_of
    from watcher.sources.backfill_progress import BackfillRequest

    place = str(archives.resolve()) if archives else ""
    request = BackfillRequest(first.date(), last.date(), index, place, notify)
    owner = owner_of(settings_of(config).store_path)
    shown = _Shown()
    try:
        if owner is not None:
            done = _by_daemon(owner, request, shown)
        else:
            from watcher.ready import examine

            done = asyncio.run(_here(examine(config or DEFAULT_FILE), request, shown))
    except KeyboardInterrupt:
        shown.leave_line()
        say("eightk: stopped; the same command goes on from here", err=True)
        raise
    shown.leave_line()
    _sum_up(done)
    if not done.is_whole:
        sys.exit(EXIT_FAILED)


def _from_disk(
    config: Path | None,
    paths: tuple[Path, ...],
    days: tuple[date | None, date | None],
    jobs: int | None,
    on: str | None,
) -> None:
    """Read what lies on disk in bulk, in this process and its workers."""
    from watcher.bulk.saving import BulkStore
    from watcher.ready import examine
    from watcher.sources.from_disk import FAILED, UNREADABLE, DiskRequest, take_in

    ready = examine(config or DEFAULT_FILE)
    settings = ready.settings
    request = DiskRequest(paths, settings.limits.submission_megabytes * 2**20, settings.wanted.choice, *days)
    with BulkStore.open(ready) as stores, place_of(settings, ready.spec, jobs, on) as place, Bar() as bar:
        summed = take_in(place, stores, request, lambda done: bar.show("files", done, None), _complain)
    say(", ".join(f"{count:,} {what}" for what, count in summed.items()) or "there are no filings in these files")
    if summed[FAILED]:
        say("  those that are parked: eightk filings --state failed")
    if summed[FAILED] or summed[UNREADABLE]:
        sys.exit(EXIT_FAILED)


def _complain(words: str) -> None:
    say(f"eightk: {words}", err=True)


async def _here(ready: Ready, request: BackfillRequest, shown: _Shown) -> Progress:
    """No daemon owns the store: do it in this process, deliveries included."""
    from watcher.daemon import Daemon

    async with Daemon.open(ready) as daemon, daemon.working():
        work = asyncio.create_task(daemon.spotting.backfill.run(request))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=LOOK_SECONDS)
                if daemon.spotting.backfill.progress is not None:
                    shown.show(daemon.spotting.backfill.progress)
            return await work
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def _by_daemon(owner: Owner, request: BackfillRequest, shown: _Shown) -> Progress:
    """Hand it to the daemon, and follow it to its end; at Ctrl-C have it stopped."""
    from watcher.report_json import to_json
    from watcher.sources.backfill_progress import progress_from_json

    progress = progress_from_json(ask_daemon(owner, "POST", "/v1/backfill", to_json(request)))
    try:
        while progress.state == "running":
            shown.show(progress)
            time.sleep(LOOK_SECONDS)
            progress = progress_from_json(ask_daemon(owner, "GET", "/v1/backfill"))
    except KeyboardInterrupt:
        ask_daemon(owner, "DELETE", "/v1/backfill")
        raise
    return progress


@dataclass(slots=True)
class _Shown:
    """The progress on standard error: a bar on a terminal, plain lines elsewhere."""

    _began: float = field(default_factory=time.monotonic)
    _first: Progress | None = None
    _line_at: float = 0.0
    _width: int = 0

    def show(self, progress: Progress) -> None:
        """Show how far it is, if it is time to."""
        self._first = self._first or progress
        if is_terminal(err=True):
            line = printable(f"{_bar(progress)} {self._words(progress)}", is_line=True)
            click.echo(f"\r{line:<{self._width}}", err=True, nl=False)
            self._width = len(line)
        elif time.monotonic() >= self._line_at:
            say(self._words(progress), err=True)
            self._line_at = time.monotonic() + LINE_SECONDS

    def leave_line(self) -> None:
        """End the bar's line."""
        if self._width:
            click.echo(err=True)
            self._width = 0

    def _words(self, progress: Progress) -> str:
        days = f"{progress.days_done}/{progress.days} days"
        words = f"{days}, {_done(progress):,} filings taken in, {progress.waiting:,} under way"
        return f"{words}, {progress.reason}" if progress.reason else f"{words}{self._rate(progress)}"

    def _rate(self, progress: Progress) -> str:
        """How many filings a second, and how long for the rest if its days are like those done."""
        seconds = time.monotonic() - self._began
        first = self._first or progress
        done, days = _done(progress) - _done(first), progress.days_done - first.days_done
        if seconds < 2 or done <= 0:
            return ""
        rate = done / seconds
        taken = progress.taken - first.taken
        ahead = progress.waiting + (taken / days * (progress.days - progress.days_done) if days else 0)
        return f", {rate:.1f}/s, {_duration(ahead / rate)} left"


def _done(progress: Progress) -> int:
    return max(0, progress.taken - progress.waiting)


def _bar(progress: Progress) -> str:
    full = round(BAR * progress.days_done / progress.days) if progress.days else BAR
    return f"[{'#' * full}{'.' * (BAR - full)}]"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _sum_up(done: Progress) -> None:
    request = done.request
    if done.state == "failed":
        say(f"eightk: stopped at {done.next_day}: {done.reason}; the same command goes on from there", err=True)
    elif done.state == "stopped":
        say(f"eightk: stopped at {done.next_day} by somebody else", err=True)
    new = f"{done.taken:,} of {done.listed:,} filings were not in the store"
    say(f"{request.first} to {request.last}: {done.days_done} of {done.days} days read, {new}")
    for day in done.without_index:
        say(f"  {day}: EDGAR has no index of this business day")
    for problem in done.problems:
        say(f"  {problem}")
    if done.waiting:
        say(f"  {done.waiting} could not be had yet; eightk tries them again when it runs")
    if done.failed:
        say(f"  {done.failed} are parked: eightk filings --state failed")


COMMANDS = [backfill]
