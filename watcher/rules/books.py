"""Finds the handler that keeps the rules, and reads its book for given settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from watcher.errors import ConfigError, Fault
from watcher.registry import discover
from watcher.rulebook import RuleBook, RuleBookHandler
from watcher.settings import Settings

__all__ = ["read_book", "rule_paths", "rules_handler"]


def rules_handler(settings: Settings) -> RuleBookHandler:
    """Return the first handler class, by name, that keeps rules. Raises ``ConfigError`` when there is none."""
    found = sorted(discover(settings.handlers.path), key=lambda one: one.name)
    for one in found:
        handler: object = one.handler
        if one.name not in settings.handlers.disabled and isinstance(handler, RuleBookHandler):
            return handler
    remedy = "take 'rules' out of handlers.disabled"
    raise ConfigError([Fault(settings.file, "handlers.disabled", "there is no handler that keeps rules", remedy)])


def rule_paths(settings: Settings, paths: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Return these paths, or else the folder of the settings. Raises ``ConfigError`` when that is not there."""
    if paths:
        return tuple(paths)
    folder = settings.rules.path
    if not folder.is_dir():
        remedy = "make it, or set [rules] path"
        raise ConfigError([Fault(settings.file, "rules.path", f"{folder}: there is no such folder", remedy)])
    return (_from_here(folder),)


def read_book(settings: Settings, paths: Sequence[Path] = ()) -> RuleBook:
    """Read these files and folders, or else the folder of the settings. Raises ``ConfigError`` with every fault."""
    return rules_handler(settings).read_book(rule_paths(settings, paths), frozenset(settings.endpoint))


def _from_here(folder: Path) -> Path:
    """The folder as a person in the current one would write it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
