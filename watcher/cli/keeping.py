"""``eightk backup`` and ``retention``: what is kept, and where."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._bar import Bar
from watcher.cli._options import config_option, settings_of
from watcher.cli._printing import say, say_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watcher.settings import Settings

__all__ = ["COMMANDS"]

MEGABYTE = 10**6
_WORDS = {"raw": "raw filings", "report": "reports"}


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@config_option
@click.option("--with-archive", is_flag=True, help="A .tar of the store and of all raw filings that it names.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def backup(file: Path, config: Path | None, with_archive: bool, force: bool, as_json: bool) -> None:
    """Copy the store to FILE while the daemon runs; the copy is checked before it bears that name.

    FILE is a SQLite store, whichever database the settings name.

    To restore: end the daemon, put FILE in the store's place (data/eightk.db, without the -wal and -shm files of the
    old one), or unpack the .tar where data/ was, and start again. In PostgreSQL: end all daemons, make an empty
    database, eightk store copy sqlite:///FILE postgresql://user@host/name, and name that in store.url.
    """
    from watcher.keeping.backup import back_up

    settings = settings_of(config)
    archive = settings.archive if with_archive else None
    source = settings.store_url if settings.is_store_shared else settings.store_path
    with Bar() as bar:
        made = back_up(source, file, bar.show, archive=archive, replace=force)
    if as_json:
        found = {"file": str(made.path), "bytes": made.bytes, "rows": made.rows}
        say_json(found | {"raw_files": made.raw_files, "missing": list(made.missing)})
        return
    rows = f"{made.rows['filing']:,} filings, {made.rows['report']:,} reports, {made.rows['delivery']:,} deliveries"
    raw = "" if made.raw_files is None else f", {made.raw_files:,} raw filings"
    say(f"{made.path}: {made.bytes / MEGABYTE:,.1f} MB, checked: {rows}{raw}")
    if made.missing:
        say(
            f"eightk: {len(made.missing):,} raw filings are not in the archive; EDGAR is asked when one is needed",
            err=True,
        )


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def retention(config: Path | None, as_json: bool) -> None:
    """Say what the settings of [retention] would take away now, and how full the disk is. Nothing is taken away."""
    found = _found(settings_of(config))
    if as_json:
        say_json(found)
        return
    sizes = (f"{what} {_size(found[f'{what}_bytes'])}" for what in ("archive", "store", "free"))
    say(f"on the disk: {', '.join(sizes)}")
    for what, words in _WORDS.items():
        say(f"{words:<11} {_told(found[what])}")
    if found["over_bytes"] is not None:
        over = found["over_bytes"]
        say(f"bound       {'kept' if not over else f'exceeded by {_size(over)}: the oldest go, raw filings first'}")


def _told(one: dict[str, Any] | None) -> str:
    if one is None:
        return "kept for ever"
    if not one["count"]:
        return "none is old enough to go"
    return f"{one['count']:,} would go ({_size(one['bytes'])}), spotted until {one['spotted_until']}"


def _found(settings: Settings) -> dict[str, Any]:
    from watcher.disk import GIGABYTE, Disk
    from watcher.keeping.retention import due_before
    from watcher.store import standing
    from watcher.store.database import Store

    disk = Disk(_standing(settings.data_dir), settings.store_path, settings.archive)
    before = due_before(settings.retention, datetime.now(UTC))
    with Store(settings.store_url, only_read=True) as store:
        old = {kind.value: store.read_now(_measured, kind, at) for kind, at in before.items()}
        used = store.read_now(standing.used_bytes)
    found: dict[str, Any] = {what: old.get(what) for what in _WORDS}
    taken, bound = disk.measure() + used, settings.retention.max_gigabytes * GIGABYTE
    found["over_bytes"] = max(0, round(taken - bound)) if bound else None
    found |= {"archive_bytes": disk.archive_bytes, "store_bytes": used, "free_bytes": disk.free_bytes()}
    return found


def _standing(folder: Path) -> Path:
    """The folder, or the one in which it would be: a server's store may be looked at where no daemon ever ran."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _measured(connection: Connection, kind: Any, before: datetime) -> dict[str, Any]:
    from watcher.report_json import to_json
    from watcher.store.retention import measure_old

    old: dict[str, Any] = to_json(measure_old(connection, kind, before))
    return old


def _size(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB"


COMMANDS = [backup, retention]
