"""``eightk endpoint``: the places that are told; trying one out, giving it a new secret, enabling it again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from watcher.cli._daemon import ask_daemon
from watcher.cli._options import AccessionType, config_option, settings_of, store_of
from watcher.cli._printing import say, say_json, say_line
from watcher.cli.silence import SpanType
from watcher.errors import EightkError, ReadError, Skip

if TYPE_CHECKING:
    from watcher.clock import Clock
    from watcher.models import Message, Report
    from watcher.settings import EndpointSettings, Settings
    from watcher.store.endpoint_records import EndpointRecord
    from watcher.tryout import Tried

__all__ = ["COMMANDS", "files_open_to_others"]

EXIT_NO = 1
SHOWN_ANSWER = 200
_NO_SECRET_FILES = frozenset({"ca_file"})


class OverlapType(SpanType):
    """A span of time, or 0."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return it, or fail with what was expected."""
        if isinstance(value, timedelta) or value == "0":
            return value if isinstance(value, timedelta) else timedelta()
        return super().convert(value, param, ctx)


class FilingType(AccessionType):
    """A file, or an accession number."""

    name = "filing"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a file's path or an accession number, or fail with what was expected."""
        return Path(value) if Path(value).is_file() else super().convert(value, param, ctx)


@click.group()
def endpoint() -> None:
    """Endpoints: list them, try one out, give one a new secret, enable one again."""


@endpoint.command(name="list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(config: Path | None, as_json: bool) -> None:
    """List the endpoints: where each tells, how it fares, what it is owed. No secret is shown."""
    from watcher.endpoints_shown import endpoint_rows

    settings = settings_of(config)
    rows = list(endpoint_rows(settings, _records(settings, config), _clock_of(settings).now()))
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say_line(_table_line(row))


@endpoint.command()
@click.argument("name")
@config_option
@click.option("--filing", type=FilingType(), metavar="ACC|FILE", help="Tell what its first alert would tell.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def test(name: str, config: Path | None, filing: Path | str | None, as_json: bool) -> None:
    """Tell an endpoint of a test, by the same notifier and the same way out as the daemon.

    Nothing is kept of it, and a failure is not tried again. Exit code 0: it was told; 1: it was not.
    """
    settings = settings_of(config)
    chosen = _endpoint_of(settings, name)
    tried = asyncio.run(_test(settings, name, chosen, filing, config))
    if as_json:
        from watcher.report_json import to_json

        say_json({"endpoint": name, **to_json(tried)})
    else:
        from watcher.endpoints_shown import where_it_tells

        _tell(f"{name} ({chosen.kind}{_prefixed(', ', where_it_tells(settings, chosen))})", tried)
    if not tried.ok:
        sys.exit(EXIT_NO)


@endpoint.command(name="rotate-secret")
@click.argument("name")
@config_option
@click.option(
    "--overlap",
    type=OverlapType(),
    default=timedelta(hours=24),
    metavar="SPAN",
    help="For how long the old secret signs as well: 0, or a span of at most 7d such as 90m, 12h; 24h if not given.",
)
def rotate_secret(name: str, config: Path | None, overlap: timedelta) -> None:
    """Put a new secret on the first line of an endpoint's secret_file; it counts from the next attempt on.

    Until the overlap has passed each message is signed with the old one, too. No restart is needed.
    """
    from watcher.secret_file import rotate

    settings = settings_of(config)
    given = _endpoint_of(settings, name).notifier_settings.get("secret_file")
    if not isinstance(given, str):
        raise click.UsageError(f"endpoint {name} has no secret_file")
    path = settings.base / Path(given).expanduser()
    now = _clock_of(settings).now()
    try:
        held = rotate(path, now, overlap)
    except ValueError as error:
        raise click.UsageError(f"{path}: {error}") from error
    except OSError as error:
        raise EightkError(f"{path}: cannot be written: {error.strerror}") from error
    say(f"{path}: the new secret is on its first line; give it to the receiver")
    for one in held[1:]:
        say(f"an old one signs as well until {one.until:%Y-%m-%d %H:%M:%S} UTC")


@endpoint.command()
@click.argument("name")
@config_option
def enable(name: str, config: Path | None) -> None:
    """Send to an endpoint again that was disabled, or rests; what it is owed goes out at once."""
    from watcher.lock import StoreLock, owner_of

    settings = settings_of(config)
    _endpoint_of(settings, name)
    owner = owner_of(settings.store_path)
    if owner is not None:
        was_disabled = ask_daemon(owner, "POST", f"/v1/endpoints/{quote(name, safe='')}/enable")["was_disabled"]
    else:
        from watcher.store import endpoints
        from watcher.store.database import Store

        with StoreLock(settings.store_path), Store(settings.store_url) as store:
            was_disabled = store.write_now(endpoints.enable, name)
    say_line(f"{name} is enabled{'' if was_disabled else ' (it was not disabled)'}")


def files_open_to_others(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Give each file of a secret that other users of this machine may read, with the setting that names it."""
    from watcher.secret_file import is_open_to_others

    for name, one in settings.endpoint.items():
        for key, value in one.notifier_settings.items():
            if not (key.endswith("_file") and key not in _NO_SECRET_FILES and isinstance(value, str)):
                continue
            path = settings.base / Path(value).expanduser()
            if path.is_file() and is_open_to_others(path):
                yield f"endpoint.{name}.{key}", path


def _endpoint_of(settings: Settings, name: str) -> EndpointSettings:
    if name not in settings.endpoint:
        raise click.UsageError(f"no endpoint {name!r}; there are {', '.join(sorted(settings.endpoint))}")
    return settings.endpoint[name]


def _clock_of(settings: Settings) -> Clock:
    from watcher.clock import Clock, shared_clock

    return Clock() if settings.edgar.clock == "real" else shared_clock(settings.edgar.base_url)


def _records(settings: Settings, config: Path | None) -> dict[str, EndpointRecord]:
    from watcher.store.endpoint_records import records

    if not settings.has_store:
        return {}
    with store_of(config) as store:
        found: dict[str, EndpointRecord] = store.read_now(records)
        return found


def _table_line(row: dict[str, Any]) -> str:
    where = f"{row['kind']}{_prefixed(' ', row['where'])}" if row["kind"] else "not in the settings any more"
    times = f"told {row['last_success_at'] or 'never'}, failed {row['last_failure_at'] or 'never'}"
    resumes = f" until {row['resumes_at']}" if row["resumes_at"] else ""
    problem = _prefixed(": ", row["last_error"])
    return f"{row['name']:<14} {where:<36} owed {row['owed']:<5} {times}  {row['state']}{resumes}{problem}"


def _prefixed(prefix: str, value: object) -> str:
    return f"{prefix}{value}" if value else ""


async def _test(
    settings: Settings, name: str, chosen: EndpointSettings, filing: Path | str | None, config: Path | None
) -> Tried:
    from watcher.registry import build_notifiers
    from watcher.tryout import try_out

    # This one alone: a fault of another endpoint is no reason not to try it.
    notifier = build_notifiers(settings.model_copy(update={"endpoint": {name: chosen}}))[name]
    clock = _clock_of(settings)
    message = await _message(settings, name, filing, config, clock.now())
    return await try_out(notifier, chosen.allow, message, clock)


async def _message(
    settings: Settings, name: str, filing: Path | str | None, config: Path | None, now: datetime
) -> Message:
    from watcher.lock import owner_of
    from watcher.tryout import message_about, ping

    owner = owner_of(settings.store_path)
    url = owner.url if owner and owner.url else f"http://{settings.web.listen}"
    if filing is None:
        return ping(name, at=now, url=url)
    report = await _report(settings, filing, config)
    message = message_about(report, name, at=now, url=url)
    if message is None:
        raise click.ClickException(f"{filing}: no rule raises an alert on it")
    return message


async def _report(settings: Settings, filing: Path | str, config: Path | None) -> Report:
    """The report of a file, or of a filing in the store. Raises ``EightkError``."""
    if isinstance(filing, Path):
        return await _examined(settings, filing)
    from watcher.store import reports

    with store_of(config) as store:
        found: Report = store.read_now(reports.load, filing)
        return found


async def _examined(settings: Settings, file: Path) -> Report:
    from watcher.edgar.submission import split_submission
    from watcher.models import Filing
    from watcher.registry import line_spec, prepare_line
    from watcher.small_files import read_small
    from watcher.workers import Bounds, Workers

    try:
        raw = await asyncio.to_thread(read_small, file, settings.limits.submission_megabytes * 2**20)
    except OSError as error:
        raise ReadError(f"{file}: cannot be read: {error.strerror}") from error
    accession = split_submission(raw, file.name).accession
    limits = settings.limits
    spec = prepare_line(line_spec(settings))
    workers = Workers(spec, count=1, bounds=Bounds(limits.handle_seconds, limits.memory_megabytes))
    try:
        return await workers.examine(Filing(accession), raw)
    except Skip as reason:
        raise click.ClickException(f"{file}: skipped: {reason}") from reason
    finally:
        workers.close()


def _tell(what: str, tried: Tried) -> None:
    say_line(f"{what}: {'told' if tried.ok else f'not told: {tried.error}'}")
    status = f"{tried.status} in " if tried.status else ""
    say_line(f"  {'answered ' if tried.status else 'tried for'} {status}{tried.milliseconds} ms")
    if tried.address:
        say_line(f"  dialled   {tried.address}{_prefixed(', ', tried.tls) or ', without TLS'}")
    if tried.signed:
        count = f" ({tried.signatures} signature{'' if tried.signatures == 1 else 's'})"
        say_line(f"  signed    {', '.join(tried.signed)}{count}")
    if tried.answer:
        say_line(f"  it says   {tried.answer[:SHOWN_ANSWER]}{'…' if len(tried.answer) > SHOWN_ANSWER else ''}")


COMMANDS = [endpoint]
