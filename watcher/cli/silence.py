"""``eightk silence``: what nobody wants to be told for a while."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._daemon import ask_daemon
from watcher.cli._options import CIK, config_option, settings_of, store_of
from watcher.cli._printing import say, say_json, say_row
from watcher.errors import ConfigError, UnknownFiling
from watcher.models import OWN_RULES

if TYPE_CHECKING:
    from watcher.plan import Silence
    from watcher.settings import Settings

__all__ = ["COMMANDS"]

UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
SPAN = re.compile(r"([1-9]\d{0,5})([smhdw])")
LONGEST = timedelta(days=3660)
MAX_DIGITS = 18  # of what a database counts


class SpanType(click.ParamType[timedelta]):
    """A span of time, such as 15s, 30m, 12h, 7d or 2w."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return it, or fail with what was expected."""
        found = SPAN.fullmatch(value)
        span = int(found[1]) * UNITS[found[2]] if found else None
        if span is None or span > LONGEST:
            self.fail(f"{value!r} is no span of at most ten years such as 15s, 30m, 12h, 7d or 2w", param, ctx)
        return span


class NumberType(click.ParamType[int]):
    """The number of a silence."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return it, or fail with where such numbers stand."""
        is_number = value.isascii() and value.isdecimal() and len(value) <= MAX_DIGITS
        if not is_number or not int(value):
            self.fail(f"{value!r} is no number of a silence: they stand first in each line of eightk silence list")
        return int(value)


class MomentType(click.ParamType[datetime]):
    """A day or an instant; UTC unless it names an offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return it, aware, or fail with what was expected."""
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time such as 2026-05-20 or 2026-05-20T16:00-04:00", param, ctx)


@click.group()
def silence() -> None:
    """Silence rules and companies for a while, list silences, end one. Alerts are recorded all the same."""


@silence.command()
@config_option
@click.option("--rule", metavar="ID", help="Silence this rule; with a company, only about that company.")
@click.option("--cik", "--company", "cik", type=CIK, metavar="CIK", help="Silence this company.")
@click.option("--ticker", metavar="TICKER", help="The same by its ticker, as the store knows it from EDGAR's list.")
@click.option("--for", "span", type=SpanType(), metavar="SPAN", help="For so long, such as 15s, 30m, 12h, 7d, 2w.")
@click.option("--until", type=MomentType(), metavar="TIME", help="Until then, such as 2026-05-20T16:00 (UTC).")
@click.option("--why", required=True, metavar="TEXT", help="The reason, for whoever wonders.")
@click.option("--by", default="", metavar="NAME", help="Who asks for it.")
@click.option("--even-unknown", is_flag=True, help="--rule may name one that is still to come.")
def add(
    config: Path | None,
    rule: str | None,
    cik: int | None,
    ticker: str | None,
    span: timedelta | None,
    until: datetime | None,
    why: str,
    by: str,
    even_unknown: bool,
) -> None:
    """Tell nobody of a rule's alerts, of a company's, or of that rule's about that company.

    What is owed or held already is still told. Exit code 2: neither the rule files nor the store have such a rule.
    """
    if rule is None and cik is None and ticker is None:
        raise click.UsageError("name a rule, a company, or both: --rule ID, --cik CIK or --ticker TICKER")
    if cik is not None and ticker is not None:
        raise click.UsageError("name the company by one of --cik and --ticker")
    if (span is None) == (until is None):
        raise click.UsageError("say how long: either --for SPAN or --until TIME")
    settings = settings_of(config)
    if rule is not None and not even_unknown and not rule.startswith(OWN_RULES):
        _check_rule(settings, rule)
    if ticker is not None:
        cik = _cik_of(settings, ticker)
    added = _add(settings, {"rule": rule, "cik": cik, "why": why, "by": by}, span, until)
    say(_words(added))
    if even_unknown and not added["is_rule_known"]:
        say(f"note: this store has seen no rule {rule!r} yet", err=True)


@silence.command(name="list")
@config_option
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(config: Path | None, every: bool, as_json: bool) -> None:
    """List the silences that count now."""
    from watcher.store import silences
    from watcher.web.show import silence_json

    now = _now(settings_of(config))
    with store_of(config) as store:
        found = store.read_now(silences.find) if every else store.read_now(silences.find_open, now)
    rows = [silence_json(one, now) for one in found]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say_row(_words(row))
    if not rows:
        say("no silences")


@silence.command()
@click.argument("number", type=NumberType(), metavar="ID")
@config_option
def end(number: int, config: Path | None) -> None:
    """End a silence before its time."""
    from watcher.lock import owner_of

    settings = settings_of(config)
    owner = owner_of(settings.store_path)
    ended = ask_daemon(owner, "DELETE", f"/v1/silences/{number}") if owner else _end_here(settings, number)
    say(_words(ended))


def _check_rule(settings: Settings, rule: str) -> None:
    """Raise a usage error for a rule that neither the rule files nor the store have: it may be mistyped."""
    from watcher.cli.rules_explain import no_such_rule
    from watcher.rules.books import read_book
    from watcher.store import revisions, silences
    from watcher.store.database import Store

    try:
        known = {one.id for one in read_book(settings).rules}
    except ConfigError:  # files with faults are not in force: what was before them is in the store
        known = set()
    if rule in known:
        return
    if settings.has_store:
        with Store(settings.store_url, only_read=True) as store:
            if store.read_now(silences.is_rule_known, rule):
                return
            known |= set(store.read_now(revisions.names))
    raise no_such_rule(rule, known, "'--rule'", remedy="--even-unknown silences one that is still to come")


def _cik_of(settings: Settings, ticker: str) -> int:
    """The company of this ticker. Raises a usage error unless the store knows just one."""
    from watcher.store import companies
    from watcher.store.database import Store

    with Store(settings.store_url, only_read=True) as store:
        found = store.read_now(companies.by_ticker, ticker)
    if not found:
        known = f"no company of the ticker {ticker!r} is known to this store"
        raise click.BadParameter(f"{known}; eightk company NAME finds its CIK, for --cik", param_hint="'--ticker'")
    if len(found) > 1:
        names = " and ".join(f"{one.cik} ({one.name})" for one in sorted(found, key=lambda one: one.cik))
        raise click.BadParameter(f"{ticker!r} is the ticker of {names}: give --cik", param_hint="'--ticker'")
    return found[0].cik


def _add(settings: Settings, asked: dict[str, Any], span: timedelta | None, until: datetime | None) -> dict[str, Any]:
    from watcher.lock import owner_of

    owner = owner_of(settings.store_path)
    if owner is None:
        return _add_here(settings, asked, span, until)
    # The daemon counts the span by its own clock.
    how_long = {"seconds": span.total_seconds()} if span else {"until": until.isoformat() if until else None}
    return ask_daemon(owner, "POST", "/v1/silences", asked | how_long)


def _add_here(
    settings: Settings, asked: dict[str, Any], span: timedelta | None, until: datetime | None
) -> dict[str, Any]:
    """No daemon owns the store: write it in this process."""
    from watcher.lock import StoreLock
    from watcher.store import silences
    from watcher.store.database import Store

    now = _now(settings)
    with StoreLock(settings.store_path), Store(settings.store_url) as store:
        try:
            added = store.write_now(silences.add, **asked, now=now, until=until or now + (span or timedelta()))
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        is_known = added.rule is None or store.read_now(silences.is_rule_known, added.rule)
    return _json(added, now) | {"is_rule_known": is_known}


def _end_here(settings: Settings, number: int) -> dict[str, Any]:
    from watcher.lock import StoreLock
    from watcher.store import silences
    from watcher.store.database import Store

    now = _now(settings)
    with StoreLock(settings.store_path), Store(settings.store_url) as store:
        ended = store.write_now(silences.end, number, now)
    if ended is None:
        raise UnknownFiling(f"no silence {number} in the store")
    return _json(ended, now)


def _now(settings: Settings) -> datetime:
    """The time by the clock that a daemon with these settings has. Raises ``EightkError``."""
    from watcher.clock import Clock, shared_clock

    clock = Clock() if settings.edgar.clock == "real" else shared_clock(settings.edgar.base_url)
    return clock.now()


def _json(one: Silence, now: datetime) -> dict[str, Any]:
    from watcher.web.show import silence_json

    return silence_json(one, now)


def _words(row: dict[str, Any]) -> str:
    about = [f"rule {row['rule']}" if row["rule"] else "", f"company {row['cik']}" if row["cik"] is not None else ""]
    state = "open" if row["is_open"] else "ended" if row["ended_at"] else "over"
    by = f" by {row['by']}" if row["by"] else ""
    until = f"{row['begins_at']} to {row['ended_at'] or row['until']}"
    return f"{row['id']:>4}  {state:<5}  {until}  {', '.join(filter(None, about))}{by}: {row['why']}"


COMMANDS = [silence]
