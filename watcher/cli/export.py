"""``eightk export``: stored reports for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from watcher.cli._bar import Bar
from watcher.cli._options import CIK, DATE, check_period, config_option, is_terminal, store_of
from watcher.cli._printing import say
from watcher.errors import EightkError
from watcher.items import is_item_number

if TYPE_CHECKING:
    from watcher.store.choice import Choice

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
        form=filed_as and filed_as.upper(),
        item=item and _item_number(item),
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
    from watcher.export import writer
    from watcher.store.export import chosen_reports, count_chosen

    count = 0
    with store_of(config) as store, Bar() as bar, writer(form, out, has_text=has_text) as write:
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


def _item_number(text: str) -> str:
    number = text.lower().removeprefix("item").strip()
    if not is_item_number(number):
        raise click.BadParameter(f"{text!r} is no item of Form 8-K, such as 5.02", param_hint="'--item'")
    return number


COMMANDS = [export]
