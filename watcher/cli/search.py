"""``eightk search``: filings whose texts have these words, with the passages in which they stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._names import names_as_stored
from watcher.cli._options import CIK, DATE, LIMIT, check_period, config_option, is_terminal, store_of
from watcher.cli._printing import say, say_json, say_line
from watcher.cli.filings import cell
from watcher.models import Origin, Severity

if TYPE_CHECKING:
    from watcher.store.search import Found, Hit, Search

__all__ = ["COMMANDS"]

ROWS = 20
PAGE = 100
COLUMNS = ("accession", "form", "company", "accepted_at", "filed_on", "document", "label", "start", "end", "passage")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@config_option
@click.option("--form", help="Only this form, such as 8-K/A.")
@click.option("--item", help="Only those with this item, such as 5.02.")
@click.option("--event", help="Only those that tell of this event, such as cfo-departure.")
@click.option(
    "--severity", type=click.Choice([one.value for one in Severity]), help="Only those with an event of this severity."
)
@click.option("--cik", type=CIK, help="Only those of this filer.")
@click.option("--ticker", help="Only those of the company with this ticker.")
@click.option("--company", help="Only those with these words in a filer's name.")
@click.option("--origin", type=click.Choice([one.value for one in Origin]), help="Only those that came this way.")
@click.option("--since", type=DATE, help="Only those filed on this day or later.")
@click.option("--until", type=DATE, help="Only those filed on this day or before.")
@click.option("--limit", type=LIMIT, default=ROWS, show_default=True, help="At most so many filings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets, a line for each document.")
def search(  # noqa: PLR0913, PLR0917  # one for each option
    words: tuple[str, ...],
    config: Path | None,
    form: str | None,
    item: str | None,
    event: str | None,
    severity: str | None,
    cik: int | None,
    ticker: str | None,
    company: str | None,
    origin: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Search the texts of all stored filings, the latest first.

    All WORDS must stand in one document. "a phrase" stands as it is, -word must not be there, OR between two makes
    either enough, merg* is any word that begins so. Words that begin with - come after --.
    """
    from watcher.store.search import Search

    if as_json and as_csv:
        raise click.UsageError("give one of --json and --csv")
    check_period(since, until)
    asked = Search(
        " ".join(words),
        form=form,
        item=item,
        event=event,
        severity=severity,
        cik=cik,
        ticker=ticker,
        company=company,
        since=since and since.date(),
        until=until and until.date(),
        origin=Origin(origin) if origin else None,
    )
    found = _found(config, asked, limit)
    if as_json:
        say_json([_line(one) for one in found])
    elif as_csv:
        say(_csv(found).removesuffix("\n"))
    else:
        for one in found:
            _show(one)
        if not found:
            say("nothing found")


def _found(config: Path | None, asked: Search, limit: int) -> list[Found]:
    """Read page after page until there are so many. Raises a usage error for what cannot be asked."""
    from dataclasses import replace

    from watcher.store.names import Names
    from watcher.store.search import find

    found: list[Found] = []
    with store_of(config) as store:
        names = names_as_stored(store, config, Names(asked.form, asked.item, asked.event))
        asked = replace(asked, form=names.form, item=names.item, event=names.event)
        while len(found) < limit:
            try:
                page = store.read_now(find, replace(asked, limit=min(PAGE, limit - len(found))))
            except ValueError as error:
                raise click.UsageError(str(error)) from error
            found += page.found
            if page.next is None:
                break
            asked = replace(asked, before=page.next)
    return found


def _line(one: Found) -> dict[str, Any]:
    from watcher.report_json import to_json
    from watcher.web.show import stored_json

    return {**stored_json(one.stored), "hits": to_json(one.hits), "more": one.more}


def _csv(found: list[Found]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in found:
        line = _line(one)
        for hit in one.hits:
            row = line | {name: getattr(hit, name) for name in ("document", "label", "start", "end")}
            values = row | {"passage": _plain(hit, "", "")}
            table.writerow([cell(values[column]) for column in COLUMNS])
    return out.getvalue()


def _show(one: Found) -> None:
    filing = one.stored.filing
    when = f"{filing.accepted_at:%Y-%m-%d %H:%M}" if filing.accepted_at else str(filing.filed_on or "?")
    say_line(f"{when:<16}  {filing.accession}  {filing.form or '?':<7} {filing.company}")
    for text in _passages(one):
        say_line(f"    {text}")


def _passages(one: Found) -> Iterator[str]:
    marks = ("[", "]") if is_terminal() else ("", "")
    for hit in one.hits:
        yield f"{hit.label}: {_plain(hit, *marks)}"
    if one.more:
        yield f"and {one.more} more of its documents"


def _plain(hit: Hit, begin: str, end: str) -> str:
    """The passage on one line."""
    text = "".join(f"{begin}{piece.text}{end}" if piece.is_match else piece.text for piece in hit.pieces)
    return " ".join(text.split())


COMMANDS = [search]
