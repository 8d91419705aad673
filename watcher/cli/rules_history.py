"""``eightk rules backtest``: rules against the filings in the store."""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import DATE, AccessionType, check_period, config_option, is_terminal, settings_of, store_of
from watcher.cli._places import jobs_option, on_option, place_of
from watcher.cli._printing import say, say_json, say_line
from watcher.errors import ConfigError, Fault
from watcher.printable import json_text

if TYPE_CHECKING:
    from watcher.rulebook import RuleBook
    from watcher.rules.backtest import Backtest, Labels
    from watcher.rules.matched import Books as DatedBooks
    from watcher.rules.matched import Matched
    from watcher.settings import Settings
    from watcher.store.database import Store
    from watcher.store.saved import Period

__all__ = ["backtest", "file_names"]

EXIT_NO = 1
SHOWN = 10
DAYS = 30  # before the newest filing, that are proposed where there was none
# What is not part of a file's name everywhere; a point in front would hide the file.
UNSAFE = re.compile(r"^[.-]|[^A-Za-z0-9._-]")
LABELS = {"match": True, "no-match": False}


@click.command()
@config_option
@click.option("--since", type=DATE, help="From this day on (New York). From the first stored filing if not given.")
@click.option("--until", type=DATE, help="Up to this day. Up to the last stored filing if not given.")
@click.option(
    "--rules", "draft", type=click.Path(exists=True, path_type=Path), help="A file or folder of rules to try."
)
@click.option("--baseline", type=click.Path(exists=True, path_type=Path), help="Rules to compare with, by id.")
@click.option("--lists", type=click.Choice(["as-was", "now"]), help="Lists of each day, or as they stand; see below.")
@click.option(
    "--limit-per-week", type=click.IntRange(0), help="Exit code 1 when a rule tells more than so many a week."
)
@click.option("--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV; see below.")
@click.option("--strict", is_flag=True, help="Exit code 1 when a label is of a filing that the store does not have.")
@click.option("--samples", type=click.IntRange(0, 3), default=0, help="Show the words of so many matches of each rule.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write each rule's matches here, as JSONL."
)
@jobs_option
@on_option
@click.option("--out-at-most", type=click.IntRange(1), hidden=True, help="Of each rule, write so many matches.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def backtest(  # noqa: PLR0913, PLR0917  # one for each option
    config: Path | None,
    since: datetime | None,
    until: datetime | None,
    draft: Path | None,
    baseline: Path | None,
    lists: str | None,
    limit_per_week: int | None,
    labels: Path | None,
    strict: bool,
    samples: int,
    out: Path | None,
    out_at_most: int | None,
    jobs: int | None,
    on: str | None,
    as_json: bool,
) -> None:
    """Run rules over the stored filings: what would have been raised, and how much of it told.

    By the code that the daemon runs, throttles, digests, inhibition and hours included; nobody is told. The same
    store and rules give the same output, to the byte.

    Lists are those of each day, as far as a daemon of this store ever read them; for rules of --rules, as they stand.
    --labels names a CSV file with the columns rule, accession and expect (match or no-match). Labels of filings that
    the store does not have are told, and count for nothing.
    """
    from watcher.rules.backtest import backtest_of
    from watcher.rules.books import read_book
    from watcher.rules.dated import DatedBook
    from watcher.rules.matched import Books
    from watcher.rules.telling import backtest_json, backtest_lines
    from watcher.store.newest import newest_day
    from watcher.store.saved import Period

    check_period(since, until)
    settings = settings_of(config)
    book = read_book(settings, (draft,) if draft else ())
    other = read_book(settings, (baseline,)) if baseline else None
    period = Period(since and since.date(), until and until.date())
    is_dated = (lists or ("now" if draft else "as-was")) == "as-was"
    wanted = _labels(labels, book) if labels else None
    with store_of(config) as store:
        unknown, newest = _unknown(store, wanted or {}), store.read_now(newest_day)
        books = Books(DatedBook(book, store).as_of if is_dated else lambda _: book, other)
        with _matched(settings, store, period, books, jobs, on) as matched:
            made = backtest_of(_counted(matched), book, endpoints=settings.endpoint, baseline=other, labels=wanted)
    if as_json:
        say_json(backtest_json(made))
    else:
        for line in backtest_lines(made, samples=samples):
            say_line(line)
        if not made.filings:
            say(f"there are no filings in the store{_span(period)}{_others(newest)}")
    if made.filings:
        say(f"eightk: matching took {made.seconds / made.filings * 1_000_000:,.0f} µs for each filing", err=True)
    _write(made, out, out_at_most)
    is_over = limit_per_week is not None and _tell_over(made, limit_per_week)
    is_unknown = _tell_unknown(unknown) and strict
    sys.exit(EXIT_NO if is_over or is_unknown else 0)


def _span(period: Period) -> str:
    since = f" from {period.first}" if period.first else ""
    until = f" {'to' if since else 'until'} {period.last}" if period.last else ""
    return since + until


def _others(newest: date | None) -> str:
    """Which days to ask for instead."""
    return f"; its newest is of {newest}: try --since {newest - timedelta(days=DAYS)}" if newest else ""


def _unknown(store: Store, labels: Labels) -> list[str]:
    """The filings that labels name and the store does not have, one for each label."""
    from watcher.store import filings

    unknown = store.read_now(filings.unknown, {accession for _, accession in labels})
    return sorted(accession for _, accession in labels if accession in unknown)


def _tell_unknown(unknown: Sequence[str]) -> bool:
    """Say which filings the store does not have, and return whether there are any."""
    if unknown:
        which = list(dict.fromkeys(unknown))
        more = f" and {len(which) - SHOWN} more" if len(which) > SHOWN else ""
        many = f"{len(unknown)} labels are" if len(unknown) > 1 else "1 label is"
        told = f"{', '.join(which[:SHOWN])}{more}"
        say(f"eightk: {many} of filings that the store does not have: {told}", err=True)
    return bool(unknown)


@contextmanager
def _matched(
    settings: Settings, store: Store, period: Period, books: DatedBooks, jobs: int | None, on: str | None
) -> Iterator[Iterator[Matched]]:
    """Give what the rules raise on each filing: matched in this process, or in bulk if that is asked for."""
    from watcher.rules.matched import matched_here, matched_in
    from watcher.store.packed import packed_in
    from watcher.store.saved import reports_in

    if jobs is None and on is None:
        yield matched_here(reports_in(store, period), books)
        return
    from watcher.registry import line_spec
    from watcher.rules.books import rules_handler

    name = rules_handler(settings).name
    with (
        place_of(settings, line_spec(settings, rules=False), jobs, on) as place,
        closing(matched_in(place, packed_in(store, period), books, name)) as matched,
    ):
        yield matched


def _counted(matched: Iterator[Matched]) -> Iterator[Matched]:
    """Show how far it is, while a person looks at it."""
    is_shown = is_terminal(err=True)
    count = 0
    for count, one in enumerate(matched, 1):
        if is_shown and count % 100 == 0:
            click.echo(f"\r{count:,} filings, at {one.at:%Y-%m-%d}", err=True, nl=False)
        yield one
    if is_shown and count:
        click.echo(f"\r{count:,} filings                  ", err=True)


def _labels(path: Path, book: RuleBook) -> Labels:
    """Read the labels. Raises ``ConfigError`` with every fault."""
    known = {rule.id for rule in book.rules}
    labels: dict[tuple[str, str], bool] = {}
    faults = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if missing := {"rule", "accession", "expect"} - set(rows.fieldnames or ()):
            raise ConfigError([Fault(f"{path}:1", "", f"there is no column {', '.join(sorted(missing))}")])
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if row["rule"] not in known:
                faults.append(Fault(where, "rule", f"there is no rule {row['rule']!r}"))
            if row["expect"] not in LABELS:
                faults.append(Fault(where, "expect", f"expected match or no-match, came {row['expect']!r}"))
            try:
                accession = AccessionType().convert(row["accession"] or "", None, None)
            except click.BadParameter as error:
                faults.append(Fault(where, "accession", error.message))
            else:
                labels[row["rule"], accession] = LABELS.get(row["expect"], False)
    if faults:
        raise ConfigError(faults)
    return labels


def _write(made: Backtest, out: Path | None, at_most: int | None) -> None:
    """Write the matches of each rule, all or the first, if they are asked for."""
    from watcher.rules.telling import match_json

    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    names = file_names([result.rule.id for result in made.results])
    for result in made.results:
        lines = (json_text(match_json(one)) for one in result.matches[:at_most])
        (out / names[result.rule.id]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def file_names(rules: Iterable[str]) -> dict[str, str]:
    """Return a file's name for each rule id: one that is safe, and differs from the others by more than case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for rule in rules:
        name = UNSAFE.sub("_", rule)
        if name != rule or name.lower() in taken:
            name = f"{name}-{hashlib.sha256(rule.encode()).hexdigest()[:8]}"
        taken.add(name.lower())
        names[rule] = f"{name}.jsonl"
    return names


def _tell_over(made: Backtest, limit: int) -> bool:
    """Say which rules tell more than so many a week, and return whether there are any."""
    over = [(one.rule.id, most) for one in made.results if (most := made.per_week(one)[2]) > limit]
    for rule, most in over:
        say(f"eightk: {rule} tells {most} in a week, and {limit} is the limit", err=True)
    return bool(over)
