"""``eightk init``, ``check`` and ``handlers``: what is set up, and whether it can work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import config_option
from watcher.cli._printing import say, say_json
from watcher.cli.endpoint import files_open_to_others
from watcher.config import DEFAULT_FILE, template_folder
from watcher.errors import ConfigError, EightkError, Fault
from watcher.handler import Stage

if TYPE_CHECKING:
    from watcher.edgar.assumptions import Finding
    from watcher.registry import Found
    from watcher.settings import Settings

__all__ = ["COMMANDS"]

_EXAMPLE = "config/handlers/large_sums.py"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".", metavar="[DIR]")
def init(folder: Path) -> None:
    """Write config/ with comments into DIR (the current folder). Never overwrites."""
    template = template_folder()
    for source in sorted(path for path in template.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        target = folder / "config" / source.relative_to(template)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(source.read_bytes())
        except FileExistsError:
            say(f"kept     {target}")
            continue
        except OSError as error:
            raise EightkError(f"{target}: cannot be written: {error.strerror}") from error
        say(f"written  {target}")
    say(f"Note: {_EXAMPLE} is an example that runs from the start, and is quiet until its notify is set")
    there = "" if folder == Path() else f"cd {folder} && "
    say(f"Next: set [edgar] contact in {folder / 'config' / 'eightk.toml'}, then: {there}eightk run")


@click.command()
@config_option
@click.option("--live", is_flag=True, help="Ask EDGAR, too, whether what eightk assumes of it still holds.")
def check(config: Path | None, *, live: bool) -> None:
    """Check settings, rules, handlers, endpoints, folders, the store and the page's port in one go.

    With --live some twenty requests go to EDGAR, one a second, under your contact. Exit code 1: an assumption does not
    hold any more; 3: EDGAR could not be asked.
    """
    from watcher.ready import examine
    from watcher.surroundings import port_faults, store_faults

    ready = examine(config or DEFAULT_FILE, store_faults, port_faults)
    settings = ready.settings
    say(f"settings   {settings.file}: fine")
    say(f"handlers   {', '.join(handler.name for handler in ready.handlers)}")
    for handler in ready.handlers:
        if words := handler.describe():
            say(f"{handler.name:<10} {words}")
    if not any(handler.stage is Stage.PARSE for handler in ready.handlers):
        say("warning    no handler reads filings: they are saved as listed, without their items (handlers.disabled)")
    say(f"folder     {settings.folder.path if settings.folder.enabled else 'not watched'}")
    say(f"endpoints  {', '.join(f'{name} ({one.name})' for name, one in ready.notifiers.items()) or 'none'}")
    say(f"store      {settings.store_name}{'' if settings.has_store else ' (made at the first run)'}")
    for key, path in files_open_to_others(settings):
        say(f"warning: {path} ({key}) may be read by every user of this machine: chmod 600 {path}", err=True)
    if warnings := _rule_warnings(settings):
        say(f"warning: rules may not mean what they say ({warnings}): eightk rules check", err=True)
    contact = settings.edgar.contact or "none: EDGAR is not polled until [edgar] contact is set"
    say(f"contact    {contact}")
    if live:
        _check_live(settings)


def _rule_warnings(settings: Settings) -> int:
    """Count what is in order and still looks mistaken, such as an event that nothing finds."""
    from watcher.event_names import names_in_force
    from watcher.rules.books import rule_paths, rules_handler

    try:
        handler, places = rules_handler(settings), rule_paths(settings)
    except ConfigError:  # no rules are wanted: had they faults, that would have been told before
        return 0
    found = handler.check_book(places, frozenset(settings.endpoint), names_in_force(settings))
    return sum(one.is_warning for one in found)


def _check_live(settings: Settings) -> None:
    import asyncio

    if not settings.edgar.contact:
        words = 'the SEC asks for a contact: set it to "Your Firm you@firm.com", or EIGHTK_CONTACT'
        raise ConfigError([Fault(settings.file, "edgar.contact", words)])
    findings = asyncio.run(_findings(settings))
    say(f"\nasked {settings.edgar.base_url}:")
    for one in findings:
        word = {True: "holds", False: "DOES NOT HOLD", None: "cannot be told now"}[one.holds]
        say(f"{word:<18}  {one.assumption}\n{'':<18}  {one.found}")
    if any(one.holds is False for one in findings):
        raise click.exceptions.Exit(1)


async def _findings(settings: Settings) -> tuple[Finding, ...]:
    from watcher.clock import Clock
    from watcher.edgar.assumptions import check_assumptions
    from watcher.edgar.client import EdgarClient

    edgar, clock = settings.edgar, Clock()
    async with EdgarClient(
        contact=edgar.contact,
        clock=clock,
        base_url=edgar.base_url,
        # Beside a daemon's own requests, which may be running.
        requests_per_second=min(1.0, edgar.requests_per_second),
    ) as client:
        return await check_assumptions(client, clock.now())


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def handlers(config: Path | None, as_json: bool) -> None:
    """List the line as it will run, and what can notify: name, stage, and where each comes from."""
    from watcher.cli._options import settings_of
    from watcher.handler import Handler
    from watcher.registry import build_handlers, discover, line_spec

    settings = settings_of(config)
    found = {one.name: one for one in discover(settings.handlers.path)}
    line = [handler.name for handler in build_handlers(line_spec(settings))]
    notifiers = sorted(name for name, one in found.items() if not issubclass(one.handler, Handler))
    left_out = sorted(set(found) - set(line) - set(notifiers))
    order = {name: place for place, name in enumerate(line, start=1)}
    names = (*line, *notifiers, *left_out)
    if as_json:
        rows = [_row(found[name], order.get(name), is_left_out=name in left_out) for name in names]
        say_json(rows)
        return
    for name in names:
        place = "off" if name in left_out else str(order.get(name, ""))
        say(f"{place:>3}  {found[name].stage.name.lower():<9} {name:<16} {found[name].origin}")


def _row(found: Found, order: int | None, *, is_left_out: bool) -> dict[str, object]:
    stage = found.stage.name.lower()
    return {"order": order, "name": found.name, "stage": stage, "origin": found.origin, "disabled": is_left_out}


COMMANDS = [init, check, handlers]
