"""The names by which a command's list is narrowed: read as the API reads them, refused as wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import settings_of
from watcher.errors import ConfigError

if TYPE_CHECKING:
    from watcher.settings import Settings
    from watcher.store.database import Store
    from watcher.store.names import Names

__all__ = ["names_as_stored"]


def names_as_stored(store: Store, config: Path | None, asked: Names) -> Names:
    """Return the names as they are stored. Raises a usage error for one that nobody knows, and ``ConfigError``."""
    from watcher.event_names import names_in_force
    from watcher.store.names import UnknownNames, stored_names

    try:
        return store.read_now(
            stored_names,
            asked,
            lambda: names_in_force(settings_of(config)),
            lambda: _rules_of(settings_of(config)),
        )
    except UnknownNames as error:
        name, problem = next(iter(error.faults.items()))
        raise click.BadParameter(problem, param_hint=f"'--{name}'") from error


def _rules_of(settings: Settings) -> frozenset[str]:
    """What alerts can go by: handlers that may raise some, and the rules of the files, in force yet or not."""
    from watcher.event_names import alerting_handlers
    from watcher.rules.books import read_book

    try:
        written = frozenset(one.id for one in read_book(settings).rules)
    except ConfigError:  # files with faults are not in force: what was before them is in the store
        written = frozenset()
    return alerting_handlers(settings) | written
