"""``eightk reread``: read stored filings again, from the archive."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._bar import Bar
from watcher.cli._daemon import ask_daemon
from watcher.cli._options import CIK, DATE, check_period, config_option, settings_of
from watcher.cli._places import jobs_option, on_option, place_of
from watcher.cli._printing import say
from watcher.config import DEFAULT_FILE

if TYPE_CHECKING:
    from watcher.bulk.rereading import Asked
    from watcher.lock import Owner
    from watcher.ready import Ready
    from watcher.store.choice import Choice
    from watcher.store.database import Store
    from watcher.store.rereading import Rereadable

__all__ = ["COMMANDS"]

EXIT_FAILED = 3
# Of those that a daemon is asked for, so many are under way at once: live filings go first all the same.
HANDED_OVER = 64
LOOK_SECONDS = 0.2


@click.command()
@config_option
@click.option("--since", type=DATE, help="Only those filed on this day or later.")
@click.option("--until", type=DATE, help="Only those filed on this day or before.")
@click.option("--form", help="Only this form, such as 8-K/A.")
@click.option("--cik", type=CIK, help="Only those of this filer.")
@click.option("--rules", "with_rules", is_flag=True, help="Also those that were read with other rules than today's.")
@click.option("--all", "is_all", is_flag=True, help="Those that are up to date, too; from the first again each time.")
@jobs_option
@on_option
def reread(
    config: Path | None,
    since: datetime | None,
    until: datetime | None,
    form: str | None,
    cik: int | None,
    with_rules: bool,
    is_all: bool,
    jobs: int | None,
    on: str | None,
) -> None:
    """Read stored filings again whose report was made by another line: other code or settings of its handlers.

    After a better parser, say. Nobody is told of what is found: alerts are recorded. A filing that cannot be read keeps
    the report that it had. It can be broken off at any time: the same command goes on where it was. A running daemon
    does the work itself, with its own workers. Exit code 3: a filing could not be read again.
    """
    from watcher.errors import EightkError
    from watcher.lock import owner_of
    from watcher.ready import examine
    from watcher.store.choice import Choice

    check_period(since, until)
    choice = Choice(since=since and since.date(), until=until and until.date(), form=form and form.upper(), cik=cik)
    settings = settings_of(config)
    # Beside the daemons of a store that is shared there is room for one more.
    owner = None if settings.is_store_shared else owner_of(settings.store_path)
    if owner is not None and (on is not None or jobs is not None):
        raise EightkError(
            f"a daemon (process {owner.pid}) owns the store and reads with its own workers: leave out --on and --jobs, "
            "or end it first"
        )
    ready = examine(config or DEFAULT_FILE)
    asked = _asked(ready, choice, with_rules=with_rules, is_all=is_all)
    summed = _here(ready, asked, jobs, on) if owner is None else _by_daemon(ready, owner, asked)
    _sum_up(summed)


def _asked(ready: Ready, choice: Choice, *, with_rules: bool, is_all: bool) -> Asked:
    from watcher.bulk.fingerprint import line_version
    from watcher.bulk.rereading import Asked
    from watcher.line import VERSION

    versions = {VERSION: line_version(ready.spec, ready.handlers)}
    if with_rules:
        from watcher.rules.books import rules_handler

        handler = rules_handler(ready.settings)
        if (prepared := ready.spec.prepared.get(handler.name)) is not None:
            versions[handler.name] = handler.told_of(prepared)[0]
    return Asked(choice, () if is_all else tuple(versions.items()))


def _here(ready: Ready, asked: Asked, jobs: int | None, on: str | None) -> Counter[str]:
    from watcher.bulk.rereading import reread
    from watcher.bulk.saving import BulkStore
    from watcher.store.rereading import count

    with BulkStore.open(ready) as stores, place_of(ready.settings, ready.spec, jobs, on) as place, Bar() as bar:
        of = stores.store.read_now(count, asked.choice)
        return reread(place, stores, asked, lambda done: bar.show("filings", done, of))


def _by_daemon(ready: Ready, owner: Owner, asked: Asked) -> Counter[str]:
    """Have the daemon read them again, some at a time, and see what came of each."""
    from watcher.bulk.rereading import CURRENT, chosen
    from watcher.store.database import Store
    from watcher.store.rereading import count

    summed: Counter[str] = Counter()
    with Store(ready.settings.store_url, only_read=True) as store, Bar() as bar:
        of = store.read_now(count, asked.choice)
        for some in _portions(chosen(store, asked)):
            old = [one.stored.filing.accession for one, is_current in some if not is_current]
            summed[CURRENT] += len(some) - len(old)
            for accession in old:
                ask_daemon(owner, "POST", f"/v1/filings/{accession}/retry")
            for accession in old:
                summed[_outcome(store, accession)] += 1
                bar.show("filings", summed.total(), of)
    return summed


def _portions(found: Iterable[tuple[Rereadable, bool]]) -> Iterator[list[tuple[Rereadable, bool]]]:
    ahead = iter(found)
    while some := list(islice(ahead, HANDED_OVER)):
        yield some


def _outcome(store: Store, accession: str) -> str:
    """Wait until the daemon has tried it, and say what came of it."""
    from watcher.bulk.rereading import FAILED, READ, SKIPPED
    from watcher.models import FilingState
    from watcher.store import filings

    # What happens there is a question to the store, not an event.
    while (stored := store.read_now(filings.get, accession)).state is FilingState.SPOTTED and not stored.attempts:
        time.sleep(LOOK_SECONDS)
    if stored.state is FilingState.SKIPPED:
        return SKIPPED
    return READ if stored.state is FilingState.SAVED and stored.reason is None else FAILED


def _sum_up(summed: Counter[str]) -> None:
    from watcher.bulk.rereading import CURRENT, FAILED, GONE, READ, SKIPPED

    words = ", ".join(f"{summed[one]:,} {one}" for one in (READ, CURRENT, SKIPPED, GONE, FAILED) if summed[one])
    say(words or "there are no filings in the store to read again")
    if summed[FAILED]:
        say("those that failed keep the report that they had; why: eightk show ACCESSION")
    if summed[GONE]:
        say("what is not in the archive any more is fetched again by: eightk retry ACCESSION")
    if summed[FAILED] or summed[GONE]:
        sys.exit(EXIT_FAILED)


COMMANDS = [reread]
