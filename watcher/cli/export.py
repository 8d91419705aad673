"""``eightk export``: stored reports for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from watcher.cli._bar import Bar
from watcher.cli._names import names_as_stored
from watcher.cli._options import CIK, DATE, check_period, config_option, is_terminal, store_of
from watcher.cli._printing import say
from watcher.errors import EightkError

if TYPE_CHECKING:
    from watcher.store.choice import Choice
    from watcher.store.database import Store

__all__ = ["COMMANDS"]


@click.command()
@config_option
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "parquet"]), required=True, help="What is written."
)
@click.option("--since", type=DATE, help="Only those filed on this day or later.")
@click.option("--until", type=DATE, help="Only those filed on this day or before.")
@click.option("--form", "filed_as", help="Only this form, such as 8-K/A.")
@click.option("--item", help="Only those with this item, such as 5.02.")
@click.option("--event", help="Only those that tell of this event, such as cfo-departure.")
@click.option("--cik", type=CIK, help="Only those of this filer.")
@click.option("--no-text", is_flag=True, help="Leave out the texts of items and exhibits.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output else.")
def export(  # noqa: PLR0913, PLR0917  # one for each option
    config: Path | None,
    form: str,
    since: datetime | None,
    until: datetime | None,
    filed_as: str | None,
    item: str | None,
    event: str | None,
    cik: int | None,
    no_text: bool,
    output: Path | None,
) -> None:
    """Write the stored reports, those that EDGAR accepted first coming first: JSON Lines, CSV or Parquet.

    The lines of jsonl are those of eightk process; csv and parquet have one row for each filing. A file given with -o
    appears when it is whole, in place of one that was there.
    """
    from watcher.store.choice import Choice

    check_period(since, until)
    choice = Choice(
        since=since and since.date(),
        until=until and until.date(),
        form=filed_as,
        item=item,
        event=event,
        cik=cik,
    )
    if output is None and form == "parquet" and is_terminal():
        raise click.UsageError("Parquet is no text for a terminal: give -o FILE")
    with _opened(output) as out:
        count = _write(config, form, choice, out, has_text=not no_text)
    if output is not None:
        say(f"{output}: {count:,} reports", err=True)


def _write(config: Path | None, form: str, choice: Choice, out: IO[bytes], *, has_text: bool) -> int:
    from watcher.keeping.export import writer
    from watcher.store.export import chosen_reports, count_chosen

    count = 0
    with ExitStack() as stack:
        store = stack.enter_context(store_of(config))
        choice = _as_stored(store, config, choice)  # before a writer has begun its table
        bar, write = stack.enter_context(Bar()), stack.enter_context(writer(form, out, has_text=has_text))
        of = store.read_now(count_chosen, choice) if bar.is_shown else None
        for report in chosen_reports(store, choice):
            write(report)
            count += 1
            bar.show("reports", count, of)
    return count


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its name when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    aside = output.with_name(f".{output.name}.part")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(output)
    except OSError as error:
        raise EightkError(f"{output}: cannot be written: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)


def _as_stored(store: Store, config: Path | None, choice: Choice) -> Choice:
    """The same with names as they are stored. Raises a usage error for one that nobody knows, and ``ConfigError``."""
    from watcher.store.names import Names

    names = names_as_stored(store, config, Names(choice.form, choice.item, choice.event))
    return replace(choice, form=names.form, item=names.item, event=names.event)


COMMANDS = [export]
