"""``eightk filings``, ``show`` and ``retry``: what is in the store, and running it again."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.background import NOTHING, Background
from watcher.cli._daemon import ask_daemon
from watcher.cli._happened import event_lines, link_lines
from watcher.cli._names import names_as_stored
from watcher.cli._options import (
    CIK,
    DATE,
    LIMIT,
    AccessionType,
    check_period,
    config_option,
    is_terminal,
    settings_of,
    store_of,
)
from watcher.cli._printing import say, say_json, say_line, say_row
from watcher.cli.alerts import told_words
from watcher.config import DEFAULT_FILE
from watcher.cover_facts import cover_facts
from watcher.models import Event, FilingState, Severity
from watcher.printable import printable

if TYPE_CHECKING:
    from watcher.lock import Owner
    from watcher.ready import Ready

__all__ = ["COMMANDS", "cell"]

TERMINAL_ROWS = 50
EXIT_FAILED = 3
COLUMNS = ("accession", "form", "company", "accepted_at", "filed_on", "items", "origin", "source", "state", "reason")
KEYS = (
    "accession",
    "form",
    "state",
    "reason",
    "gone_on",
    "filed_on",
    "accepted_at",
    "period_of_report",
    "origin",
    "source",
)
LOOK_SECONDS = 0.2
FOLLOW_SECONDS = 120.0


@click.command()
@config_option
@click.option("--state", type=click.Choice([state.value for state in FilingState]), help="Only those in this state.")
@click.option("--form", help="Only this form, such as 8-K/A.")
@click.option("--item", help="Only those with this item, such as 5.02.")
@click.option("--event", help="Only those that tell of this event, such as cfo-departure: see eightk events list.")
@click.option(
    "--severity", type=click.Choice([one.value for one in Severity]), help="Only those with an event of this severity."
)
@click.option("--cik", type=CIK, help="Only those of this filer.")
@click.option("--since", type=DATE, help="Only those filed on this day or later.")
@click.option("--until", type=DATE, help="Only those filed on this day or before.")
@click.option("--limit", type=LIMIT, help=f"At most so many; {TERMINAL_ROWS} on a terminal, else all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets.")
def filings(  # noqa: PLR0913, PLR0917  # one for each option
    config: Path | None,
    state: str | None,
    form: str | None,
    item: str | None,
    event: str | None,
    severity: str | None,
    cik: int | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the filings in the store, the latest first."""
    from watcher.store.listing import Query

    if as_json and as_csv:
        raise click.UsageError("give one of --json and --csv")
    check_period(since, until)
    query = Query(
        state=FilingState(state) if state else None,
        form=form,
        item=item,
        event=event,
        severity=severity,
        cik=cik,
        since=since and since.date(),
        until=until and until.date(),
        limit=limit or (TERMINAL_ROWS if is_terminal() and not (as_json or as_csv) else None),
    )
    rows = _rows(config, query)
    if as_json:
        say_json(rows)
    elif as_csv:
        say(_csv(rows).removesuffix("\n"))
    else:
        if rows and is_terminal():
            say_row(_columns("ACCEPTED (UTC)", "ACCESSION", "FORM", "STATE", "ITEMS", "COMPANY"))
        for row in rows:
            say_row(_table_line(row))
        if not rows:
            say("no filings")


@click.command()
@click.argument("accession", type=AccessionType(), metavar="ACC")
@config_option
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object, with texts.")
def show(accession: str, config: Path | None, as_json: bool) -> None:
    """Show one filing: what was found in it, and who was told."""
    line, events, behind = _whole(config, accession)
    if as_json:
        say_json(line)
    else:
        say(_page(line, events, behind))


@click.command()
@click.argument("accession", type=AccessionType(), metavar="ACC")
@config_option
def retry(accession: str, config: Path | None) -> None:
    """Run a filing through the line again: a failed one from its start, a saved one as a reread."""
    from watcher.lock import owner_of

    settings = settings_of(config)
    owner = owner_of(settings.store_path)
    if owner is not None:
        state, reason = _retry_by_daemon(owner, accession)
    else:
        from watcher.logs import set_up_logging
        from watcher.ready import examine

        set_up_logging("critical", "text")  # what came of it is told below
        state, reason = asyncio.run(_retry_here(examine(config or DEFAULT_FILE), accession))
    words = "not read again, its report stays as it was" if state == FilingState.SAVED and reason else state
    say_line(f"{accession}: {words}{f': {reason}' if reason else ''}")
    if state != FilingState.SAVED or reason:
        sys.exit(EXIT_FAILED)


def _rows(config: Path | None, query: Any) -> list[dict[str, Any]]:
    from watcher.store import filings as stored_filings
    from watcher.store.names import Names
    from watcher.web.show import stored_json

    with store_of(config) as store:
        names = names_as_stored(store, config, Names(query.form, query.item, query.event))
        query = replace(query, form=names.form, item=names.item, event=names.event)
        found = store.read_now(stored_filings.find, query)
        items = store.read_now(stored_filings.items_of, [one.filing.accession for one in found])
    return [stored_json(one, items.get(one.filing.accession)) for one in found]


def _whole(config: Path | None, accession: str) -> tuple[dict[str, Any], tuple[Event, ...], Background]:
    """A filing as JSON, what happened in it, and what stands behind it."""
    from watcher.report_json import report_line, to_json
    from watcher.store import alerts, deliveries, reports
    from watcher.store import filings as stored_filings
    from watcher.store.history import background
    from watcher.web.show import alert_json, delivery_json, stored_json

    with store_of(config) as store:
        stored = store.read_now(stored_filings.get, accession)
        report = store.read_now(reports.load, accession) if stored.state is FilingState.SAVED else None
        told = store.read_now(deliveries.find, accession)
        raised = store.read_now(alerts.find, accession)
        behind = store.read_now(background, report) if report else NOTHING
    line = stored_json(stored) | (report_line(report) if report else {})
    line |= {
        "deliveries": [delivery_json(one) for one in told],
        "raised": [alert_json(one) for one in raised],
        "history": to_json(tuple(behind.history.values())),
        "amends": to_json(behind.amends),
        "amended_by": to_json(behind.amended_by),
    }
    return line, report.events if report else (), behind


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        values = {**row, "items": " ".join(row["items"])}
        table.writerow([cell(values[column]) for column in COLUMNS])
    return out.getvalue()


def cell(value: Any) -> str:
    """A spreadsheet would run a cell that begins with one of these as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _table_line(row: dict[str, Any]) -> str:
    when = row["accepted_at"] or row["filed_on"] or "?"
    reason = f"  {row['reason']}" if row["reason"] else ""
    items = " ".join(row["items"])
    form = row["form"] or "?"
    return _columns(when, row["accession"], form, row["state"], items, f"{row['company']}{reason}")


def _columns(when: str, accession: str, form: str, state: str, items: str, company: str) -> str:
    return f"{when:<20}  {accession:<20}  {form:<7} {state:<7} {items:<15} {company}"


def _page(line: dict[str, Any], events: tuple[Event, ...], behind: Background) -> str:
    """One filing for a person at a terminal: a line for each fact, and the texts of the items as they are."""
    facts = [printable(fact, is_line=True) for fact in _facts(line, events, behind)]
    return "\n".join([*facts, *_texts(line)])


def _facts(line: dict[str, Any], events: tuple[Event, ...], behind: Background) -> list[str]:
    out = [f"{key.replace('_', ' '):<17} {line[key]}" for key in KEYS if line.get(key) is not None]
    out += [f"{filer['role']:<17} {filer['name']} (CIK {filer['cik']})" for filer in line["filers"]]
    out += [f"{name.lower():<17} {fact}" for name, fact in cover_facts(line.get("cover") or {})]
    for signature in line.get("signatures") or filter(None, [line.get("signature")]):
        signed = [signature["name"], signature["title"], signature["date"]]
        out.append(f"{'signed':<17} {', '.join(part for part in signed if part)}")
    if amendment := line.get("amendment"):
        out.append(f"{'amends':<17} {_amended(amendment)}")
    out += [f"{name:<17} {words}" for name, words in link_lines(behind)]
    out += [f"{'warning':<17} {warning}" for warning in line.get("warnings", ())]
    out += [f"{'event':<17} {words}" for words in event_lines(events, behind)]
    out += [f"{'alert':<17} {one['title']} ({one['severity']}, rule {one['rule']})" for one in line.get("alerts", ())]
    for one in line["deliveries"]:
        problem = f": {one['last_error']}" if one["last_error"] else ""
        out.append(f"{'delivery':<17} {one['endpoint']}: {one['state']}, attempts {one['attempts']}{problem}")
    for one in line["raised"]:
        # Who is told of an alert alone stands under its deliveries.
        if one["untold"] or any(telling["digest"] for telling in one["told"]):
            out.append(f"{'told':<17} rule {one['rule']}: {told_words(one)}")
    return out


def _texts(line: dict[str, Any]) -> Iterator[str]:
    for item in line["items"] if "documents" in line else ():
        heading = f"Item {item['number']} {item['title']}{'' if item['found'] else ' (declared only)'}"
        yield from ("", printable(heading, is_line=True), item["text"])
    for exhibit in line.get("exhibits", ()):
        heading = f"Exhibit {exhibit['number']} {exhibit['title']}"
        yield from ("", *(printable(one, is_line=True) for one in (heading, exhibit["url"]) if one))


def _amended(amendment: dict[str, Any]) -> str:
    told = [
        f"amendment no. {amendment['number']}" if amendment["number"] else "",
        f"of the report filed on {amendment['original_filed_on']}" if amendment["original_filed_on"] else "",
        f"dated {amendment['original_dated']}" if amendment["original_dated"] else "",
        f"items {', '.join(amendment['items'])}" if amendment["items"] else "",
    ]
    return ", ".join(filter(None, told)) or "what, it does not tell"


async def _retry_here(ready: Ready, accession: str) -> tuple[str, str | None]:
    """No daemon owns the store: do it in this process, deliveries included."""
    from watcher.daemon import Daemon
    from watcher.store import filings as stored_filings

    async with Daemon.open(ready) as daemon:
        await daemon.retry(accession)
        await daemon.run_once(sources=False)
        stored = await daemon.store.read(stored_filings.get, accession)
    return stored.state, stored.reason


def _retry_by_daemon(owner: Owner, accession: str) -> tuple[str, str | None]:
    """Hand it to the daemon, and follow it until it settles."""
    answer = ask_daemon(owner, "POST", f"/v1/filings/{accession}/retry")
    until = time.monotonic() + FOLLOW_SECONDS
    while answer["state"] == FilingState.SPOTTED and not answer["reason"]:
        if time.monotonic() > until:
            return answer["state"], "still under way; see: eightk show"
        time.sleep(LOOK_SECONDS)
        answer = ask_daemon(owner, "GET", f"/v1/filings/{accession}")
    return answer["state"], answer["reason"]


COMMANDS = [filings, show, retry]
