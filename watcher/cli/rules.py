"""``eightk rules``: what can be asked of alert rules without a daemon. One command for each question."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._options import config_option, rule_settings
from watcher.cli._printing import say, say_json, say_line
from watcher.cli.rules_explain import explain, no_such_rule
from watcher.cli.rules_history import backtest
from watcher.cli.rules_schema import schema
from watcher.cli.rules_tests import test

if TYPE_CHECKING:
    from watcher.rulebook import Finding, RuleBook, RuleInfo

__all__ = ["COMMANDS", "rule_of", "rules"]

EXIT_NO = 1


@click.group()
def rules() -> None:
    """Alert rules: check, test, backtest and explain them, and have editors check them as they are written."""


@rules.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@config_option
@click.option("--strict", is_flag=True, help="Exit code 1 for warnings, too.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", help="json: one object.")
@click.option("--explain", "rule_id", metavar="ID", help="Print what this rule asks for, as it is understood.")
def check(paths: tuple[Path, ...], config: Path | None, strict: bool, shape: str, rule_id: str | None) -> None:
    """Check rule files, or all of a folder: every fault and every warning, as file:line:column: code: what.

    Without PATH the folder of the settings is checked. Exit code 0: nothing was found, or warnings only; 1: faults,
    or with --strict warnings, or no rules at all; 2: the settings cannot be used, or there is no such folder.
    """
    from watcher.event_names import names_in_force
    from watcher.rules.books import read_book, rule_paths, rules_handler

    settings = rule_settings(config)
    places = rule_paths(settings, paths)
    found = rules_handler(settings).check_book(places, frozenset(settings.endpoint), names_in_force(settings))
    has_faults = any(not one.is_warning for one in found)
    book = None if has_faults else read_book(settings, places)
    if rule_id is not None and book is not None:
        _print_rule(rule_of(book, rule_id, "'--explain'"), shape)
        return
    if shape == "json":
        say_json(_as_json(found, book))
    else:
        for line in (*map(str, found), _last_line(found, book, places)):
            say_line(line)
    is_empty = book is not None and not book.rules
    sys.exit(EXIT_NO if has_faults or (strict and (found or is_empty)) else 0)


def _last_line(found: Sequence[Finding], book: RuleBook | None, places: Sequence[Path]) -> str:
    warnings = sum(one.is_warning for one in found)
    if book is None:
        faults = _count(len(found) - warnings, "fault")
        return f"{faults}, {_count(warnings, 'warning')}: no rule counts while there is a fault"
    if not book.rules:
        return f"there are no rules in {', '.join(map(str, places))}"
    return f"{_count(len(book.rules), 'rule')} in {_count(_files(book), 'file')}, {_count(warnings, 'warning')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _files(book: RuleBook) -> int:
    return len({rule.where.rsplit(":", 2)[0] for rule in book.rules})


def _as_json(found: Sequence[Finding], book: RuleBook | None) -> dict[str, Any]:
    warnings = sum(one.is_warning for one in found)
    return {
        "findings": [asdict(one) for one in found],
        "faults": len(found) - warnings,
        "warnings": warnings,
        "rules": None if book is None else len(book.rules),
        "files": None if book is None else _files(book),
        "rules_in": None if book is None else Counter(one.where.rsplit(":", 2)[0] for one in book.rules),
    }


def rule_of(book: RuleBook, rule_id: str, hint: str) -> RuleInfo:
    """The rule of this id. Raises a usage error that names the closest one, and what was given wrong."""
    known = {one.id: one for one in book.rules}
    if rule_id in known:
        return known[rule_id]
    raise no_such_rule(rule_id, known, hint)


def _print_rule(rule: RuleInfo, shape: str) -> None:
    if shape == "json":
        say_json(asdict(rule))
        return
    say(f"{rule.id}: {rule.title}")
    say(f"{rule.where}, revision {rule.revision}, {rule.status}, {_count(rule.test_count, 'test')}\n")
    say(rule.tree)
    say(f"severity    {rule.severity.value}")
    say(f"notify      {', '.join(rule.notify) or 'nobody'}")
    say(f"found by    {rule.found_by}")


for command in (test, backtest, explain, schema):
    rules.add_command(command)

COMMANDS = [rules]
