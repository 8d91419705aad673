"""``eightk events``: what can be asked of the rules that find events. One command for each question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import config_option, rule_settings
from watcher.cli._printing import say_json, say_line
from watcher.errors import ConfigError, Fault

if TYPE_CHECKING:
    from watcher.eventbook import EventBook, EventBookHandler, EventInfo
    from watcher.settings import Settings

__all__ = ["COMMANDS", "events"]

EXIT_NO = 1
_PATHS = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")


@click.group()
def events() -> None:
    """What happened: list, check and test the rules that find it."""


@events.command(name="list")
@_PATHS
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(paths: tuple[Path, ...], config: Path | None, as_json: bool) -> None:
    """List every event that can be found: its name, its severity, its usual items, and what it means."""
    from watcher.event_names import declared_events

    handler, settings = _handler(config)
    book = handler.read_events(_paths(settings, handler, paths)).events
    by_rules = {one.event for one in book}
    found = [*book, *(one for one in declared_events(settings) if one.event not in by_rules)]
    if as_json:
        say_json([asdict(one) for one in found])
        return
    for one in found:
        say_line(f"{one.event:24} {_severity(one):24} {' '.join(one.items):20} {one.meaning}")


def _severity(one: EventInfo) -> str:
    by_item = (f"{severity} with {item}" for item, severity in one.severity_by_item.items())
    return ", ".join((one.severity.value, *by_item))


@events.command()
@_PATHS
@config_option
def check(paths: tuple[Path, ...], config: Path | None) -> None:
    """Check files of event rules, or all of a folder: every fault, as file:line:column.

    They are read on top of the built-in rules. Without PATH those of the settings are checked. Exit code 0: no fault;
    1: faults; 2: the settings cannot be used.
    """
    handler, settings = _handler(config)
    try:
        book = handler.read_events(_paths(settings, handler, paths))
    except ConfigError as error:
        for fault in error.faults:
            say_line(str(fault))
        say_line(f"{len(error.faults)} faults: no rule counts while there is a fault")
        sys.exit(EXIT_NO)
    clues, tests = sum(one.clue_count for one in book.events), sum(one.test_count for one in book.events)
    say_line(f"{len(book.events)} events, {clues} clues, {tests} tests")


@events.command()
@_PATHS
@config_option
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that passed, too.")
def test(paths: tuple[Path, ...], config: Path | None, verbose: bool) -> None:
    """Run the tests that stand in the rules. Exit code 0: all passed; 1: some did not; 2: files cannot be used."""
    trials = _book(config, paths).run_tests()
    failed = [one for one in trials if not one.is_ok]
    for one in trials:
        if verbose or not one.is_ok:
            wanted = "expected" if one.expected else "not expected"
            say_line(
                f"{'ok' if one.is_ok else 'FAILED'}  {one.where}: {one.event} {wanted} under {one.place}: {one.text}"
            )
    say_line(f"{len(trials)} tests, {len(failed)} failed")
    sys.exit(EXIT_NO if failed else 0)


def _book(config: Path | None, paths: Sequence[Path]) -> EventBook:
    """The rules with these files on top, or else those of the settings. Raises ``ConfigError``."""
    handler, settings = _handler(config)
    return handler.read_events(_paths(settings, handler, paths))


def _handler(config: Path | None) -> tuple[EventBookHandler, Settings]:
    """The handler class that finds events by rules. Raises ``ConfigError`` when there is none."""
    from watcher.event_names import event_handler

    settings = rule_settings(config)
    handler = event_handler(settings)
    if handler is None:
        remedy = "take 'events' out of handlers.disabled"
        raise ConfigError([Fault(settings.file, "handlers.disabled", "there is no handler that finds events", remedy)])
    return handler, settings


def _paths(settings: Settings, handler: EventBookHandler, paths: Sequence[Path]) -> tuple[Path, ...]:
    """These paths, or else the handler's own setting ``path``, if it is set."""
    from watcher.event_names import event_paths

    return tuple(paths) or event_paths(settings, handler)


COMMANDS = [events]
