"""``eightk rules backtest`` and ``explain``: rules against the filings in the store."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import DATE, AccessionType, check_period, config_option, is_terminal, settings_of, store_of
from watcher.cli._printing import say, say_json, say_line
from watcher.errors import ConfigError, Fault
from watcher.printable import json_text

if TYPE_CHECKING:
    from watcher.models import Report
    from watcher.rulebook import RuleBook
    from watcher.rules.backtest import Backtest, Labels
    from watcher.store.database import Store

__all__ = ["backtest", "explain"]

EXIT_NO = 1
LABELS = {"match": True, "no-match": False}


@click.command()
@config_option
@click.option("--since", type=DATE, help="From this day on (New York). The first one if not given.")
@click.option("--until", type=DATE, help="Up to this day.")
@click.option(
    "--rules", "draft", type=click.Path(exists=True, path_type=Path), help="A file or folder of rules to try."
)
@click.option("--baseline", type=click.Path(exists=True, path_type=Path), help="Rules to compare with, by id.")
@click.option("--lists", type=click.Choice(["as-was", "now"]), help="Lists of each day, or as they stand; see below.")
@click.option(
    "--limit-per-week", type=click.IntRange(0), help="Exit code 1 when a rule tells more than so many a week."
)
@click.option("--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV; see below.")
@click.option("--samples", type=click.IntRange(0, 3), default=0, help="Show the words of so many matches of each rule.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write each rule's matches here, as JSONL."
)
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
    samples: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run rules over the stored filings: what would have been raised, and how much of it told.

    By the code that the daemon runs, throttles, digests, inhibition and hours included; nobody is told. The same
    store and rules give the same output, to the byte.

    Lists are those of each day, as far as a daemon of this store ever read them; for rules of --rules, as they stand.
    --labels names a CSV file with the columns rule, accession and expect (match or no-match).
    """
    from watcher.rules.backtest import backtest as run
    from watcher.rules.books import read_book
    from watcher.rules.dated import DatedBook
    from watcher.rules.telling import backtest_json, backtest_lines
    from watcher.store.saved import Period, reports_in

    check_period(since, until)
    settings = settings_of(config)
    book = read_book(settings, (draft,) if draft else ())
    other = read_book(settings, (baseline,)) if baseline else None
    period = Period(since and since.date(), until and until.date())
    is_dated = (lists or ("now" if draft else "as-was")) == "as-was"
    with store_of(config) as store:
        made = run(
            _counted(reports_in(store, period)),
            book,
            as_of=DatedBook(book, store).as_of if is_dated else None,
            endpoints=settings.endpoint,
            baseline=other,
            labels=_labels(labels, book) if labels else None,
        )
    if as_json:
        say_json(backtest_json(made))
    else:
        for line in backtest_lines(made, samples=samples):
            say_line(line)
    each = made.seconds / made.filings * 1_000_000 if made.filings else 0
    say(f"eightk: matching took {each:,.0f} µs for each filing", err=True)
    if out is not None:
        _write(made, out)
    if limit_per_week is not None:
        _keep_limit(made, limit_per_week)


@click.command()
@click.argument("rule")
@click.argument("accession", type=AccessionType(), metavar="ACC")
@config_option
@click.option(
    "--rules", "draft", type=click.Path(exists=True, path_type=Path), help="A file or folder of rules to try."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(rule: str, accession: str, config: Path | None, draft: Path | None, as_json: bool) -> None:
    """Tell why a rule fires on a stored filing, or why not: clause by clause, with the words.

    An alert that was raised by another revision of the rule is told with the rule as it was then. Exit code 0: it
    fires; 1: it does not.
    """
    from watcher.cli.rules import rule_of
    from watcher.report_json import to_json
    from watcher.rules.books import read_book
    from watcher.rules.telling import explanation_lines
    from watcher.store import reports

    book = read_book(settings_of(config), (draft,) if draft else ())
    known = rule_of(book, rule, "RULE")
    with store_of(config) as store:
        report = store.read_now(reports.load, accession)
        told = book.explain(known.id, report)
        earlier = list(_earlier(store, report, known.id, known.revision))
    if as_json:
        say_json({**to_json(told), "earlier": earlier})
    else:
        for line in explanation_lines(told):
            say_line(line)
        for one in earlier:
            say(one)
    sys.exit(0 if told.fires else EXIT_NO)


def _earlier(store: Store, report: Report, rule: str, revision: str) -> Iterator[str]:
    """Tell of the alert that this rule raised on the filing, when the rule was another one then."""
    from watcher.store import revisions

    for alert in report.alerts:
        if alert.rule != rule or alert.revision == revision:
            continue
        yield f"its alert was raised by revision {alert.revision} of the rule, which is {revision} now"
        was = store.read_now(revisions.of, rule, alert.revision)
        yield was.source if was else "what that one said is not known to this store"


def _counted(reports: Iterator[tuple[datetime, Report]]) -> Iterator[tuple[datetime, Report]]:
    """Show how far it is, while a person looks at it."""
    is_shown = is_terminal(err=True)
    count = 0
    for count, one in enumerate(reports, 1):
        if is_shown and count % 100 == 0:
            click.echo(f"\r{count:,} filings, at {one[0]:%Y-%m-%d}", err=True, nl=False)
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
            else:
                labels[row["rule"], row["accession"]] = LABELS[row["expect"]]
    if faults:
        raise ConfigError(faults)
    return labels


def _write(made: Backtest, out: Path) -> None:
    from watcher.rules.telling import match_json

    out.mkdir(parents=True, exist_ok=True)
    for result in made.results:
        lines = (json_text(match_json(one)) for one in result.matches)
        (out / f"{result.rule.id}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _keep_limit(made: Backtest, limit: int) -> None:
    over = [(one.rule.id, most) for one in made.results if (most := made.per_week(one)[2]) > limit]
    for rule, most in over:
        say(f"eightk: {rule} tells {most} in a week, and {limit} is the limit", err=True)
    if over:
        sys.exit(EXIT_NO)
